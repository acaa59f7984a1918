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
	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/pepper"
	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/request"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/web"
)

// moody is a mail service that takes nothing for a while.
type moody struct {
	mail.Sender
	down bool
}

func (m *moody) Send(ctx context.Context, letter mail.Mail) (string, error) {
	if m.down {
		return "", port.ErrThrottled
	}
	return m.Sender.Send(ctx, letter)
}

// A mail of usernames that goes late must not tell a family's names to somebody
// who has left it meanwhile.
func TestALateListOfUsernamesGoesOnlyToThoseWhoStillShareTheAddress(t *testing.T) {
	const slug = "springfield"
	for leaver, want := range map[string]string{"achen": "", "bchen": "chen@example.org"} {
		t.Run(leaver+" leaves", func(t *testing.T) {
			ctx, now := t.Context(), time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)
			clock := func() time.Time { return now }
			store := table.Store{Table: embedded.NewTable(), Rand: rand.Reader}
			d := district.Default(slug, "Springfield Public Schools")
			d.MailFrom = "no-reply@springfield.example.org"
			fatal(t, district.Save(ctx, store, d))
			for _, name := range []string{"achen", "bchen"} {
				profile := account.Profile{Username: name, Role: district.Guardian, Address: "chen@example.org", Status: account.Active}
				fatal(t, account.Create(ctx, store, slug, "p-"+name, profile, account.State{Status: account.Active, Activated: true}))
			}
			secret, err := pepper.Random(rand.Reader)
			fatal(t, err)
			boxes := embedded.NewMailbox(clock)
			post := &moody{Sender: boxes, down: true}
			flow := courier.Flow{
				Table: store, Mail: post, Districts: &district.Directory{Table: store, Now: clock}, Pepper: secret,
				Site: web.NewSite(&url.URL{Scheme: "https", Host: "recover.example.org"}), Words: i18n.Default,
				Log: slog.New(slog.DiscardHandler), Now: clock, Rate: 10,
				Pause: func(context.Context, time.Duration) bool { return false },
			}
			_, err = request.File(ctx, store, request.Request{
				District: slug, Flow: request.ForgotPassword, Typed: request.Typed{Username: "nobody", Email: "chen@example.org"}, Language: "en", Asked: now,
			})
			fatal(t, err)
			fatal(t, flow.Run(ctx))
			fatal(t, account.Amend(ctx, store, slug, "p-"+leaver, func(p *account.Profile, _ *account.State) { p.Address = "elsewhere@example.org" }))
			post.down, now = false, now.Add(time.Hour)
			fatal(t, flow.Run(ctx))
			var to []string
			for _, m := range boxes.All() {
				to = append(to, m.To...)
				if strings.Contains(m.Text, leaver) {
					t.Errorf("%s is told the username of %s", m.To, leaver)
				}
			}
			if got := strings.Join(to, " "); got != want {
				t.Errorf("got mail to %q, want %q", got, want)
			}
		})
	}
}

func fatal(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
