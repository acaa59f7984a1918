package verifytoken

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/audit"
	"github.com/sparekey/sparekey/shared/change"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/notice"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
	"github.com/sparekey/sparekey/shared/typed"
	"github.com/sparekey/sparekey/shared/web"
)

// freeze is how long recovery is paused after a change was disowned, unless the
// district's staff lift it.
const freeze = 72 * time.Hour

// Disown is what the not-me pages show: of whose account it is about, to whoever
// holds the mail.
type Disown struct{ Token, Kind, Username, When string }

func (f Flow) notMeForm(ctx context.Context, r *gateway.Request) (gateway.Reply, error) {
	row, err := f.readNotMe(ctx, r)
	if err != nil {
		return claim{}.refusal(change.Proof{}, err), err
	}
	if row.Value.Used {
		return disowned(row), nil // said before
	}
	return gateway.Reply{Status: http.StatusOK, Page: f.disownPage(ctx, r, row)}, nil
}

func disowned(row table.Row[token.Token]) gateway.Reply {
	return gateway.Reply{Status: http.StatusOK, Page: web.Page{Name: "not-me-done", Data: Disown{Kind: row.Value.About.Kind}}}
}

func (f Flow) disownPage(ctx context.Context, r *gateway.Request, row table.Row[token.Token]) web.Page {
	t, shown := row.Value, Disown{Token: r.Vars["token"], Kind: row.Value.About.Kind}
	if who, err := account.Load(ctx, f.Table, t.District, t.Account); err == nil { // else the page does without
		shown.Username, shown.When = who.Profile.Value.Username, r.Language.Moment(r.District.In(t.Made))
	}
	return web.Page{Name: "not-me", Data: shown}
}

// notMe acts only on a post that carries a box ticked by hand: a mail scanner
// that submits forms leaves them as they are.
func (f Flow) notMe(ctx context.Context, r *gateway.Request) (gateway.Reply, error) {
	row, err := f.readNotMe(ctx, r)
	if err != nil {
		return claim{}.refusal(change.Proof{}, err), err
	}
	if err := confirmed(r); err != nil {
		return gateway.Reply{Page: f.disownPage(ctx, r, row)}, err
	}
	if row.Value.About.Kind == token.AboutRequest {
		err = f.disownLink(ctx, r, row)
	}
	if errors.Is(err, errUsed) {
		row.Value.About.Kind = token.AboutChange
	}
	if row.Value.About.Kind == token.AboutChange {
		err = f.disownChange(ctx, r, row)
	}
	if err != nil {
		if lost := (*table.Changed)(nil); errors.As(err, &lost) {
			return gateway.Reply{Page: f.disownPage(ctx, r, row)}, problem.New(problem.ChangedMeanwhile).Because(err)
		}
		return gateway.Reply{}, problem.New(problem.Unavailable).Because(err)
	}
	reply := disowned(row)
	reply.Outcome = "disowned"
	return reply, nil
}

func confirmed(r *gateway.Request) error {
	if err := r.Fields.Only("confirm"); err != nil {
		return err
	}
	var faults typed.Faults
	if r.Fields["confirm"] != "yes" {
		faults.Say("confirm", "confirm.missing")
	}
	return faults.Err()
}

// readNotMe reads a not-me token: each works until its end, however often, and
// outlives every epoch.
func (f Flow) readNotMe(ctx context.Context, r *gateway.Request) (table.Row[token.Token], error) {
	digest, ok := token.Digest(r.Vars["token"])
	if !ok {
		return table.Row[token.Token]{}, dead(token.Fake)
	}
	items, err := f.Table.Get(ctx, token.Key(digest))
	if err != nil {
		return table.Row[token.Token]{}, problem.New(problem.Unavailable).Because(fmt.Errorf("read token: %w", err))
	}
	row, err := table.As[token.Token](items[0])
	switch {
	case err != nil:
		return row, err
	case row.Value.Purpose != token.NotMe || row.Value.District != r.District.Slug:
		return row, dead(token.Fake)
	case !f.Now().Before(row.Value.Ends):
		return row, dead(token.Expired)
	case row.Value.About.Kind == token.AboutRequest:
		return f.withWhatBecame(ctx, row)
	}
	return row, nil
}

// errUsed says that the link to be disowned has set a password meanwhile.
var errUsed = errors.New("the link was used")

// withWhatBecame makes of a disowned request a disowned change, where somebody
// has set a password with its link: to cancel the link would undo nothing, and
// "your password has not changed" would be untrue.
func (f Flow) withWhatBecame(ctx context.Context, row table.Row[token.Token]) (table.Row[token.Token], error) {
	items, err := f.Table.Get(ctx, token.Key(row.Value.About.Link))
	if err != nil {
		return row, problem.New(problem.Unavailable).Because(fmt.Errorf("read link: %w", err))
	}
	link, err := table.As[token.Token](items[0])
	if link.Value.Used {
		row.Value.About.Kind = token.AboutChange
	}
	return row, err
}

// disownLink kills the one link that the mail carried. Its token is marked, so
// that it stays dead even where a later mail fails and what was living before is
// put back; the pointer goes too, if it is this link's.
func (f Flow) disownLink(ctx context.Context, r *gateway.Request, row table.Row[token.Token]) error {
	mine := row.Value
	keys := []table.Key{
		token.LivingKey(mine.District, mine.Account, token.Reset),
		token.LivingKey(mine.District, mine.Account, token.Activation),
		row.Key,
		token.Key(mine.About.Link),
	}
	return f.Table.Update(ctx, keys, func(items []table.Item) ([]table.Op, error) {
		self, err := table.As[token.Token](items[2])
		if err != nil || self.Value.Used {
			return nil, err // said before
		}
		self.Value.Used = true
		link, err := table.As[token.Token](items[3])
		if err != nil {
			return nil, err
		}
		if link.Value.Used {
			return nil, errUsed
		}
		ops := []table.Op{self.Put(), f.entry(r, mine, audit.LinkDisowned).Put(f.Table.Rand)}
		if link.Exists() {
			link.Value.Disowned = true
			ops = append(ops, link.Put())
		}
		for _, item := range items[:2] {
			living, err := table.As[token.Living](item)
			if err != nil {
				return nil, err
			}
			if living.Exists() && living.Value.Digest == mine.About.Link {
				ops = append(ops, living.Delete())
			}
		}
		return ops, nil
	})
}

// disownChange ends every session, link and known browser, pauses recovery, marks the password
// as somebody else's, and owes the district a notice. Said twice it does nothing
// more.
func (f Flow) disownChange(ctx context.Context, r *gateway.Request, row table.Row[token.Token]) error {
	mine, now := row.Value, f.Now()
	keys := []table.Key{row.Key, account.StateKey(mine.District, mine.Account)}
	return f.Table.Update(ctx, keys, func(items []table.Item) ([]table.Op, error) {
		self, err := table.As[token.Token](items[0])
		if err != nil || self.Value.Used {
			return nil, err
		}
		state, err := table.As[account.State](items[1])
		if err != nil {
			return nil, err
		}
		self.Value.Used = true
		state.Value.Epoch++
		state.Value.Devices++ // whoever proved the change has used this account from their own browser
		state.Value.Frozen, state.Value.Disputed = now.Add(freeze), true
		told := notice.Notice{District: mine.District, Account: mine.Account, Kind: notice.Disputed, At: now, Language: r.District.Languages[0]}
		if r.District.SafetyEmail != "" {
			told.To = []string{r.District.SafetyEmail}
		}
		return []table.Op{
			self.Put(), state.Put(), f.entry(r, mine, audit.ChangeDisowned).Put(f.Table.Rand), told.Put(f.Table.Nonce(), now),
		}, nil
	})
}

func (f Flow) entry(r *gateway.Request, t token.Token, act audit.Act) audit.Entry {
	return audit.Entry{
		At: f.Now(), District: t.District, Account: t.Account, Act: act, Actor: "owner", Route: "not-me",
		Request: r.ID, Agent: r.Agent, Network: r.Network.String(),
	}
}
