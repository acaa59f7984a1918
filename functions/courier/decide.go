package courier

import (
	"time"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/outbox"
	"github.com/sparekey/sparekey/shared/request"
	"github.com/sparekey/sparekey/shared/token"
)

// facts is all that a decision is made of, read before it is made.
type facts struct {
	Now      time.Time
	District district.District
	Request  request.Request
	Named    account.Account   // whom the typed username names; may not exist
	Sharing  []account.Account // whose address the typed one is
	Link     token.Token       // the dead link that a new one is asked for
	Living   bool              // a link of that account still works
}

// decision is what shall be mailed, or why nothing is.
type decision struct {
	Outcome  outbox.Outcome
	Accounts []account.Account // whom the mail is about
	Purpose  token.Purpose     // of the link in it; empty: it carries none
}

// mails reports whether anything is mailed at all.
func (d decision) mails() bool {
	return d.Outcome == outbox.Sent || d.Outcome == outbox.ActivationSent || d.Outcome == outbox.UsernamesSent
}

func no(o outbox.Outcome, about ...account.Account) decision {
	return decision{Outcome: o, Accounts: about}
}

// decide is the rule. It is pure: the same facts, the same decision.
func decide(f facts) decision {
	switch {
	case !f.District.Offers(district.ForgotPassword):
		return no(outbox.Off)
	case f.Request.Flow == request.LinkAgain:
		return decideAgain(f)
	case !f.Named.Exists() || f.District.AskEmail && !sameAddress(f):
		return decideMismatch(f)
	}
	return decideFor(f, f.Named)
}

func sameAddress(f facts) bool {
	return f.Named.Address() != "" && account.SameAddress(f.Named.Address(), f.Request.Typed.Email)
}

// decideAgain: a dead link asks for a living one of its own account, and gets
// none while one lives.
func decideAgain(f facts) decision {
	genuine := f.Link.Purpose == token.Reset || f.Link.Purpose == token.Activation
	if !genuine || f.Link.District != f.Request.District || !f.Named.Exists() {
		return no(outbox.NoMatch)
	}
	if d := decideFor(f, f.Named); d.Purpose == "" || !f.Living {
		return d
	}
	return no(outbox.Living, f.Named)
}

// decideMismatch: the address is on file, but under another username. Its owner
// finds out by mail, which tells a stranger nothing.
func decideMismatch(f facts) decision {
	var theirs []account.Account
	for _, who := range f.Sharing {
		if who.Live() && f.District.Allows(district.ForgotUsername, who.Profile.Value.Role) {
			theirs = append(theirs, who)
		}
	}
	switch {
	case len(theirs) > 0:
		return decision{Outcome: outbox.UsernamesSent, Accounts: theirs}
	case f.Named.Exists() && f.Named.Address() == "":
		return no(outbox.NoAddress, f.Named)
	}
	return no(outbox.NoMatch)
}

// decideFor: the right account was named.
func decideFor(f facts, who account.Account) decision {
	switch {
	case !f.District.Allows(district.ForgotPassword, who.Profile.Value.Role):
		return no(outbox.Off, who)
	case !who.Live():
		return no(outbox.Disabled, who)
	case who.Frozen(f.Now):
		return no(outbox.Frozen, who)
	case who.Address() == "":
		return no(outbox.NoAddress, who)
	case who.Elsewhere(): // a mail that says so, and no link
		return decision{Outcome: outbox.Sent, Accounts: []account.Account{who}}
	case !who.State.Value.Activated:
		return decision{Outcome: outbox.ActivationSent, Accounts: []account.Account{who}, Purpose: token.Activation}
	}
	return decision{Outcome: outbox.Sent, Accounts: []account.Account{who}, Purpose: token.Reset}
}
