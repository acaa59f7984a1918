package courier

import (
	"slices"
	"testing"
	"time"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/outbox"
	"github.com/sparekey/sparekey/shared/request"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
)

var decidedAt = time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)

// guardianOf is a live, activated guardian with an address.
func guardianOf(id, address string) account.Account {
	a := account.Account{District: "springfield", ID: id}
	a.Profile = table.Row[account.Profile]{
		Item:  table.Item{Version: "1"},
		Value: account.Profile{Username: id, Role: district.Guardian, Address: address, Status: account.Active},
	}
	a.State = table.Row[account.State]{Item: table.Item{Version: "1"}, Value: account.State{Status: account.Active, Activated: true}}
	return a
}

func TestWhatIsMailed(t *testing.T) {
	t.Parallel()
	const theirs = "maria@example.org"
	ask := func() facts {
		maria := guardianOf("maria", theirs)
		return facts{
			Now: decidedAt, District: district.Default("springfield", "Springfield Public Schools"), Named: maria, Sharing: []account.Account{maria},
			Request: request.Request{District: "springfield", Flow: request.ForgotPassword, Typed: request.Typed{Username: "maria", Email: theirs}},
		}
	}
	again := func() facts {
		f := ask()
		f.Request.Flow, f.Request.Typed, f.Sharing = request.LinkAgain, request.Typed{Link: "digest"}, nil
		f.Link = token.Token{District: "springfield", Account: "maria", Purpose: token.Reset}
		return f
	}
	elsewhere := func(f *facts) { f.Named.Profile.Value.Elsewhere = "Google" }
	fresh := func(f *facts) { f.Named.State.Value.Activated = false }
	nobody := func(f *facts) { f.Named = account.Account{District: "springfield", ID: "nobody"} }
	other := func(f *facts) { f.Request.Typed.Email, f.Sharing = "juan@example.org", nil }
	shared := func(all ...account.Account) func(*facts) {
		return func(f *facts) { f.Request.Typed.Email, f.Sharing = "juan@example.org", all }
	}
	juan := guardianOf("juan", "juan@example.org")
	disabled, staff := guardianOf("gone", "juan@example.org"), guardianOf("staff", "juan@example.org")
	disabled.Profile.Value.Status, staff.Profile.Value.Role = account.Disabled, district.Staff

	for _, c := range []struct {
		name    string
		facts   func() facts
		but     []func(*facts)
		outcome outbox.Outcome
		about   []string
		purpose token.Purpose
	}{
		{"the right name and address", ask, nil, outbox.Sent, []string{"maria"}, token.Reset},
		{"the address in other letters", ask, []func(*facts){func(f *facts) { f.Request.Typed.Email = "MARIA@Example.org" }}, outbox.Sent, []string{"maria"}, token.Reset},
		{"never activated", ask, []func(*facts){fresh}, outbox.ActivationSent, []string{"maria"}, token.Activation},
		{"of another service", ask, []func(*facts){elsewhere}, outbox.Sent, []string{"maria"}, ""},
		{"of another service, never activated", ask, []func(*facts){elsewhere, fresh}, outbox.Sent, []string{"maria"}, ""},
		{"a confirmed address of one's own", ask, []func(*facts){func(f *facts) {
			f.Named.State.Value.Recovery, f.Request.Typed.Email = "own@example.org", "own@example.org"
		}}, outbox.Sent, []string{"maria"}, token.Reset},
		{"the roster's, where one has one's own", ask, []func(*facts){func(f *facts) { f.Named.State.Value.Recovery, f.Sharing = "own@example.org", nil }}, outbox.NoMatch, nil, ""},
		{"a temporary password", ask, []func(*facts){func(f *facts) { f.Named.State.Value.Must.Change = true }}, outbox.Sent, []string{"maria"}, token.Reset},
		{"a disowned password, no longer frozen", ask, []func(*facts){func(f *facts) { f.Named.State.Value.Disputed, f.Named.State.Value.Frozen = true, decidedAt }}, outbox.Sent, []string{"maria"}, token.Reset},

		{"disabled by the roster", ask, []func(*facts){func(f *facts) { f.Named.Profile.Value.Status = account.Disabled }}, outbox.Disabled, []string{"maria"}, ""},
		{"disabled by us", ask, []func(*facts){func(f *facts) { f.Named.State.Value.Status = account.Disabled }}, outbox.Disabled, []string{"maria"}, ""},
		{"disabled and never activated", ask, []func(*facts){fresh, func(f *facts) { f.Named.Profile.Value.Status = account.Disabled }}, outbox.Disabled, []string{"maria"}, ""},
		{"frozen", ask, []func(*facts){func(f *facts) { f.Named.State.Value.Frozen = decidedAt.Add(1) }}, outbox.Frozen, []string{"maria"}, ""},
		{"frozen and of another service", ask, []func(*facts){elsewhere, func(f *facts) { f.Named.State.Value.Frozen = decidedAt.Add(1) }}, outbox.Frozen, []string{"maria"}, ""},
		{"without any address", ask, []func(*facts){func(f *facts) { f.Named.Profile.Value.Address, f.Sharing = "", nil }}, outbox.NoAddress, []string{"maria"}, ""},
		{"nothing typed, and no address", ask, []func(*facts){func(f *facts) { f.Named.Profile.Value.Address, f.Request.Typed.Email, f.Sharing = "", "", nil }}, outbox.NoAddress, []string{"maria"}, ""},

		{"an unknown name", ask, []func(*facts){nobody, other}, outbox.NoMatch, nil, ""},
		{"the wrong address", ask, []func(*facts){other}, outbox.NoMatch, nil, ""},
		{"no address typed", ask, []func(*facts){func(f *facts) { f.Request.Typed.Email, f.Sharing = "", nil }}, outbox.NoMatch, nil, ""},
		{"an unknown name, and somebody's address", ask, []func(*facts){nobody, shared(juan)}, outbox.UsernamesSent, []string{"juan"}, ""},
		{"a name, and somebody else's address", ask, []func(*facts){shared(juan)}, outbox.UsernamesSent, []string{"juan"}, ""},
		{"the address of two", ask, []func(*facts){nobody, shared(juan, guardianOf("ana", "juan@example.org"))}, outbox.UsernamesSent, []string{"juan", "ana"}, ""},
		{"the address of one disabled", ask, []func(*facts){nobody, shared(disabled)}, outbox.NoMatch, nil, ""},
		{"the address of two, one of them disabled", ask, []func(*facts){nobody, shared(disabled, juan)}, outbox.UsernamesSent, []string{"juan"}, ""},
		{"the address of a role that may not ask for usernames", ask, []func(*facts){nobody, shared(staff), func(f *facts) { f.District.Flows[district.ForgotUsername] = []district.Role{district.Guardian} }}, outbox.NoMatch, nil, ""},
		{"nobody may ask for usernames", ask, []func(*facts){nobody, shared(juan), func(f *facts) { f.District.Flows[district.ForgotUsername] = nil }}, outbox.NoMatch, nil, ""},

		{"the name alone, where the district asks no more", ask, []func(*facts){other, func(f *facts) { f.District.AskEmail, f.Request.Typed.Email = false, "" }}, outbox.Sent, []string{"maria"}, token.Reset},
		{"an unknown name alone", ask, []func(*facts){nobody, other, func(f *facts) { f.District.AskEmail, f.Request.Typed.Email = false, "" }}, outbox.NoMatch, nil, ""},
		{"the name alone, without an address", ask, []func(*facts){func(f *facts) {
			f.District.AskEmail, f.Request.Typed.Email, f.Named.Profile.Value.Address, f.Sharing = false, "", "", nil
		}}, outbox.NoAddress, []string{"maria"}, ""},

		{"switched off meanwhile", ask, []func(*facts){func(f *facts) { f.District.Flows[district.ForgotPassword] = nil }}, outbox.Off, nil, ""},
		{"switched off for the role", ask, []func(*facts){func(f *facts) { f.District.Flows[district.ForgotPassword] = []district.Role{district.Student} }}, outbox.Off, []string{"maria"}, ""},
		{"switched off for the role, and disabled", ask, []func(*facts){func(f *facts) {
			f.District.Flows[district.ForgotPassword], f.Named.Profile.Value.Status = []district.Role{district.Student}, account.Disabled
		}}, outbox.Off, []string{"maria"}, ""},

		{"again, for a dead link", again, nil, outbox.Sent, []string{"maria"}, token.Reset},
		{"again, for a dead activation", again, []func(*facts){fresh, func(f *facts) { f.Link.Purpose = token.Activation }}, outbox.ActivationSent, []string{"maria"}, token.Activation},
		{"again, for a reset of an account not activated yet", again, []func(*facts){fresh}, outbox.ActivationSent, []string{"maria"}, token.Activation},
		{"again, while one lives", again, []func(*facts){func(f *facts) { f.Living = true }}, outbox.Living, []string{"maria"}, ""},
		{"again, while one lives and the account is disabled", again, []func(*facts){func(f *facts) { f.Living, f.Named.State.Value.Status = true, account.Disabled }}, outbox.Disabled, []string{"maria"}, ""},
		{"again, of another service", again, []func(*facts){elsewhere}, outbox.Sent, []string{"maria"}, ""},
		{"again, frozen", again, []func(*facts){func(f *facts) { f.Named.State.Value.Frozen = decidedAt.Add(1) }}, outbox.Frozen, []string{"maria"}, ""},
		{"again, without an address", again, []func(*facts){func(f *facts) { f.Named.Profile.Value.Address = "" }}, outbox.NoAddress, []string{"maria"}, ""},
		{"again, for a link that never was", again, []func(*facts){func(f *facts) { f.Link, f.Named = token.Token{}, account.Account{} }}, outbox.NoMatch, nil, ""},
		{"again, for a link of another district", again, []func(*facts){func(f *facts) { f.Link.District = "shelbyville" }}, outbox.NoMatch, nil, ""},
		{"again, for a not-me link", again, []func(*facts){func(f *facts) { f.Link.Purpose = token.NotMe }}, outbox.NoMatch, nil, ""},
		{"again, for a forced change", again, []func(*facts){func(f *facts) { f.Link.Purpose = token.ForcedChange }}, outbox.NoMatch, nil, ""},
		{"again, of an account that is gone", again, []func(*facts){nobody}, outbox.NoMatch, nil, ""},
		{"again, switched off", again, []func(*facts){func(f *facts) { f.District.Flows[district.ForgotPassword] = nil }}, outbox.Off, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := c.facts()
			for _, but := range c.but {
				but(&f)
			}
			got := decide(f)
			var about []string
			for _, who := range got.Accounts {
				about = append(about, who.ID)
			}
			if got.Outcome != c.outcome || !slices.Equal(about, c.about) || got.Purpose != c.purpose {
				t.Errorf("got %s about %v with %q, want %s about %v with %q", got.Outcome, about, got.Purpose, c.outcome, c.about, c.purpose)
			}
			if got.mails() && len(got.Accounts) == 0 {
				t.Error("a mail to nobody")
			}
			if !got.mails() && got.Purpose != "" {
				t.Error("a link in no mail")
			}
		})
	}
}

// Whatever is true of an account, a link goes to nobody but its live, thawed
// owner who was named together with the address, and has a password here.
func TestNoLinkForAnybodyElse(t *testing.T) {
	t.Parallel()
	both := []bool{false, true}
	for _, askEmail := range both {
		for _, match := range both {
			for _, live := range both {
				for _, frozen := range both {
					for _, exists := range both {
						for _, activated := range both {
							for _, service := range []string{"", "Google"} {
								who := guardianOf("maria", "maria@example.org")
								who.State.Value.Activated, who.Profile.Value.Elsewhere = activated, service
								if !live {
									who.State.Value.Status = account.Disabled
								}
								if frozen {
									who.State.Value.Frozen = decidedAt.Add(time.Hour)
								}
								if !exists {
									who = account.Account{District: "springfield", ID: "nobody"}
								}
								f := facts{Now: decidedAt, District: district.Default("springfield", "S"), Named: who}
								f.District.AskEmail = askEmail
								f.Request = request.Request{District: "springfield", Flow: request.ForgotPassword, Typed: request.Typed{Username: "maria", Email: "stranger@example.org"}}
								if match {
									f.Request.Typed.Email = "maria@example.org"
								}
								want := exists && live && !frozen && service == "" && (match || !askEmail)
								if got := decide(f); (got.Purpose != "") != want {
									t.Errorf("ask %t match %t live %t frozen %t exists %t service %q: %+v", askEmail, match, live, frozen, exists, service, got.Outcome)
								}
							}
						}
					}
				}
			}
		}
	}
}
