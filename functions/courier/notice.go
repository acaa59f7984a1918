package courier

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/notice"
	"github.com/sparekey/sparekey/shared/outbox"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
)

// notice claims a notice; expands it into one for each recipient, or mails it to
// its only one; and records what became of it. No budget holds it back.
func (f Flow) notice(ctx context.Context, key table.Key) error {
	row, err := claim(ctx, f, key, progressOfNotice)
	if err != nil {
		return err
	}
	if err := f.tell(ctx, row); err != nil {
		return errors.Join(err, putOff(ctx, f, row, progressOfNotice, err))
	}
	return nil
}

func progressOfNotice(n *notice.Notice) *outbox.Progress { return &n.Progress }

func (f Flow) tell(ctx context.Context, row table.Row[notice.Notice]) error {
	n := row.Value
	switch {
	case outbox.Hopeless(n.At, f.Now()):
		return f.told(ctx, row, outbox.Failed, "")
	case len(n.To) == 0:
		return f.told(ctx, row, outbox.NoAddress, "")
	case len(n.To) > 1:
		return f.expand(ctx, row)
	}
	if err := f.slot(ctx); err != nil {
		return err
	}
	letter, err := f.composeNotice(ctx, row)
	if err != nil {
		return err
	}
	id, refused, err := f.send(ctx, letter)
	switch {
	case err != nil:
		return fmt.Errorf("send: %w", err)
	case refused:
		return f.told(ctx, row, outbox.Refused, "")
	}
	return f.told(ctx, row, outbox.Sent, id)
}

// expand makes one notice for each recipient, in the Write that ends this one:
// a letter box that takes nothing holds up no other.
func (f Flow) expand(ctx context.Context, row table.Row[notice.Notice]) error {
	now := f.Now()
	var ops []table.Op
	for i, to := range row.Value.To {
		one := row.Value
		one.Progress, one.To = outbox.Progress{}, []string{to}
		ops = append(ops, one.Put(fmt.Sprintf("%s.%d", idOf(row.Key), i+1), now))
	}
	return f.told(ctx, row, outbox.Sent, "", ops...)
}

// told ends a notice on its own claim's version, and forgets where it went.
func (f Flow) told(ctx context.Context, row table.Row[notice.Notice], o outbox.Outcome, mailID string, more ...table.Op) error {
	n := &row.Value
	n.Progress, n.To = n.Done(o, mailID, f.Now()), nil
	row.Due = table.Due{}
	if o == outbox.Failed {
		f.Log.ErrorContext(ctx, "failed", "district", n.District, "notice", string(n.Kind), "fault", n.LastWhat)
	}
	return ignoreLost(f.insist(ctx, append([]table.Op{row.Put()}, more...)))
}

// composeNotice makes the letter; one about a change carries a link to say "this
// was not me", which is stored before it is mailed.
func (f Flow) composeNotice(ctx context.Context, row table.Row[notice.Notice]) (letter, error) {
	n, now := row.Value, f.Now()
	d, err := f.district(ctx, n.District)
	if err != nil {
		return nil, err
	}
	write := letters{Site: f.Site, Words: f.Words}
	e := envelope{District: d, Language: n.Language, To: n.To[0], Now: now, ID: fmt.Sprintf("%s.%d", idOf(row.Key), n.Tries)}
	if n.Kind == notice.Disputed {
		return func() (mail.Mail, error) { return write.disputed(e, n.Account, n.At) }, nil
	}
	who, err := account.Load(ctx, f.Table, n.District, n.Account)
	if err != nil {
		return nil, err
	}
	text, digest := token.Mint(f.Table.Rand)
	disown := token.Token{
		District: n.District, Account: n.Account, Purpose: token.NotMe, Made: now, Ends: now.Add(token.NotMeLife),
		About: token.About{Kind: token.AboutChange},
	}
	if err := f.Table.Write(ctx, disown.Put(digest), row.Check()); err != nil {
		return nil, fmt.Errorf("put not-me: %w", err)
	}
	username := who.Profile.Value.Username
	return func() (mail.Mail, error) {
		return write.changed(e, username, n.Route, n.Agent, n.At, n.Kind == notice.Changed, text)
	}, nil
}

func idOf(key table.Key) string { return strings.TrimPrefix(key.PK, "NOTICE#") }
