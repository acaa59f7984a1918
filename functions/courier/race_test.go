package courier_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/functions/courier"
	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/infra/gate"
	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/outbox"
	"github.com/sparekey/sparekey/shared/pepper"
	"github.com/sparekey/sparekey/shared/request"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
	"github.com/sparekey/sparekey/shared/web"
)

// office is a courier with one account, achen, to write to.
type office struct {
	*testing.T
	now     time.Time
	store   table.Store
	rows    *embedded.Table
	boxes   *embedded.Mailbox
	flow    courier.Flow
	answer  error  // of the mail service; nil: it takes the mail
	sending func() // done while a mail is sent
	before  func() // done once, before the next Write that touches an account
}

const (
	school = "springfield"
	achen  = "p-achen"
	family = "chen@example.org"
)

func opened(t *testing.T) *office {
	t.Helper()
	o := &office{T: t, now: time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC), rows: embedded.NewTable()}
	clock := func() time.Time { return o.now }
	o.store, o.boxes = table.Store{Table: o.rows, Rand: rand.Reader}, embedded.NewMailbox(clock)
	d := district.Default(school, "Springfield Public Schools")
	d.MailFrom = "no-reply@springfield.example.org"
	fatal(t, district.Save(t.Context(), o.store, d))
	profile := account.Profile{Username: "achen", Role: district.Guardian, Address: family, Status: account.Active}
	fatal(t, account.Create(t.Context(), o.store, school, achen, profile, account.State{Status: account.Active, Activated: true}))
	secret, err := pepper.Random(rand.Reader)
	fatal(t, err)
	watched := o.store
	watched.Table = gate.Table(o.rows, "courier", func(_ context.Context, call gate.Call, do func() error) error {
		for _, touch := range call.Touches {
			if meddle := o.before; meddle != nil && call.Name == "Write" && touch.Kind == "ACCOUNT" {
				o.before = nil
				meddle()
				break // what it has left to be done is for the next
			}
		}
		return do()
	})
	o.flow = courier.Flow{
		Table: watched, Mail: o, Districts: &district.Directory{Table: o.store, Now: clock}, Pepper: secret,
		Site: web.NewSite(&url.URL{Scheme: "https", Host: "recover.example.org"}), Words: i18n.Default,
		Log: slog.New(slog.DiscardHandler), Now: clock, Rate: 10,
		Pause: func(context.Context, time.Duration) bool { return false },
	}
	return o
}

// Send is the office's mail service.
func (o *office) Send(ctx context.Context, m mail.Mail) (string, error) {
	if o.sending != nil {
		o.sending()
	}
	if o.answer != nil {
		return "", o.answer
	}
	return o.boxes.Send(ctx, m)
}

func (o *office) ask(username, email string) table.Key {
	o.Helper()
	reference, err := request.File(o.Context(), o.store, request.Request{
		District: school, Flow: request.ForgotPassword, Typed: request.Typed{Username: username, Email: email}, Language: "en", Asked: o.now,
	})
	fatal(o.T, err)
	return request.Key(reference)
}

func (o *office) run() {
	o.Helper()
	fatal(o.T, o.flow.Run(o.Context()))
}

func (o *office) item(key table.Key) table.Item {
	o.Helper()
	items, err := o.store.Get(o.Context(), key)
	fatal(o.T, err)
	return items[0]
}

func (o *office) outcome(key table.Key) outbox.Outcome {
	o.Helper()
	row, err := table.As[request.Request](o.item(key))
	fatal(o.T, err)
	return row.Value.Outcome
}

func (o *office) living() token.Living {
	o.Helper()
	row, err := table.As[token.Living](o.item(token.LivingKey(school, achen, token.Reset)))
	fatal(o.T, err)
	return row.Value
}

func (o *office) roster(change func(*account.Profile, *account.State)) {
	o.Helper()
	fatal(o.T, account.Amend(o.Context(), o.store, school, achen, change))
}

// disable disables the account in one of its two parts alone.
func (o *office) disable(part string) {
	o.Helper()
	if part == "PROFILE" {
		_, _, err := table.Amend(o.Context(), o.store, account.Key(school, achen).At(part), func(row *table.Row[account.Profile]) bool {
			row.Value.Status = account.Disabled
			return true
		})
		fatal(o.T, err)
		return
	}
	o.amend(func(s *account.State) { s.Status = account.Disabled })
}

func (o *office) amend(change func(*account.State)) {
	o.Helper()
	_, _, err := table.Amend(o.Context(), o.store, account.StateKey(school, achen), func(row *table.Row[account.State]) bool {
		change(&row.Value)
		return true
	})
	fatal(o.T, err)
}

func TestNoLinkIsMailedIfTheAccountMovedWhileItWasDecided(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"PROFILE", "STATE"} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			o := opened(t)
			key := o.ask("achen", family)
			o.before = func() { o.disable(part) }
			o.run()
			if got := o.outcome(key); got != outbox.Disabled || len(o.boxes.All()) != 0 || o.living().Digest != "" {
				t.Errorf("got %q and %d mails", got, len(o.boxes.All()))
			}
		})
	}
}

// A mail that goes late is new: nothing that has happened since may be undone by it.
func TestALateLinkIsNotMailedOnceItIsOvertaken(t *testing.T) {
	t.Parallel()
	spent := func(o *office) {
		_, _, err := table.Amend(o.Context(), o.store, token.Key(o.living().Digest), func(row *table.Row[token.Token]) bool {
			row.Value.Used = true
			return true
		})
		fatal(o.T, err)
	}
	newer := func(o *office) {
		_, _, err := table.Amend(o.Context(), o.store, token.LivingKey(school, achen, token.Reset), func(row *table.Row[token.Living]) bool {
			row.Value.Digest = "newer"
			return true
		})
		fatal(o.T, err)
	}
	epoch := func(o *office) { o.amend(func(s *account.State) { s.Epoch++ }) }
	for name, happens := range map[string]func(*office){
		"used": spent, "replaced": newer, "of an epoch that is over": epoch,
	} {
		for when, meddle := range map[string]func(*office){
			"meanwhile":                 happens,
			"between reading and write": func(o *office) { o.before = func() { happens(o) } },
		} {
			t.Run(name+" "+when, func(t *testing.T) {
				t.Parallel()
				o := opened(t)
				o.answer = throttled
				key := o.ask("achen", family)
				o.run()
				o.answer = nil
				o.now = o.now.Add(5 * time.Minute)
				meddle(o)
				digest := o.living().Digest
				o.run()
				o.now = o.now.Add(2 * time.Hour)
				o.run()
				if n := len(o.boxes.All()); n != 0 || o.outcome(key) != outbox.Sent {
					t.Errorf("%d mails, %q", n, o.outcome(key))
				}
				if name == "used" && o.living().Digest != digest {
					t.Error("there is a new link all the same")
				}
			})
		}
	}
}

func TestALinkThatIsRefusedPutsBackTheOneThatWasLivingBeforeItsFirstTry(t *testing.T) {
	t.Parallel()
	o := opened(t)
	o.ask("achen", family)
	o.run()
	first := o.living()
	o.now = o.now.Add(2 * time.Minute)
	key := o.ask("achen", family)
	o.answer = throttled
	for range 3 {
		o.run()
		o.now = o.now.Add(5 * time.Minute)
	}
	if o.living() == first {
		t.Fatal("the second did not take its place")
	}
	o.answer = mail.ErrRejected
	o.run()
	if got := o.living(); o.outcome(key) != outbox.Refused || got.Digest != first.Digest || !got.Ends.Equal(first.Ends) {
		t.Errorf("%q, living is %+v, want %+v", o.outcome(key), got, first)
	}
}

func TestALinkThatIsRefusedLeavesANewerOneAlone(t *testing.T) {
	t.Parallel()
	o := opened(t)
	o.ask("achen", family)
	o.run()
	o.now = o.now.Add(2 * time.Minute)
	key := o.ask("achen", family)
	o.answer = mail.ErrRejected
	newer := token.Living{Digest: "newer", Ends: o.now.Add(time.Hour)}
	put := func() {
		_, _, err := table.Amend(o.Context(), o.store, token.LivingKey(school, achen, token.Reset), func(row *table.Row[token.Living]) bool {
			row.Value = newer
			return true
		})
		fatal(t, err)
	}
	o.before = func() { o.before = put } // the first such Write pays, the second puts back
	o.run()
	if got := o.living(); o.outcome(key) != outbox.Refused || got.Digest != newer.Digest {
		t.Errorf("%q, living is %q", o.outcome(key), got.Digest)
	}
	o.now = o.now.Add(5 * time.Hour)
	key, newer.Digest, o.sending = o.ask("achen", family), "newer still", put
	o.run()
	if got := o.living(); o.outcome(key) != outbox.Refused || got.Digest != newer.Digest {
		t.Errorf("while it was sent: %q, living is %q", o.outcome(key), got.Digest)
	}
}

// The index of addresses is a hint: a row that was left behind tells nobody's name.
func TestAnAddressThatIsAStrangersByNowIsToldNoUsername(t *testing.T) {
	t.Parallel()
	o := opened(t)
	stale := o.item(table.K("ADDRESS", school, account.FoldAddress(family)).At(achen))
	o.roster(func(p *account.Profile, _ *account.State) { p.Address = "moved@example.org" })
	fatal(t, o.store.Write(t.Context(), table.Op{Act: table.Put, Item: stale}))
	key := o.ask("nobody", family)
	o.run()
	for _, m := range o.boxes.All() {
		t.Errorf("mailed to %s", strings.Join(m.To, " "))
	}
	if got := o.outcome(key); got != outbox.NoMatch {
		t.Errorf("got %q", got)
	}
}
