package verifytoken

import (
	"context"
	"net/http"

	"github.com/sparekey/sparekey/shared/change"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/password"
	"github.com/sparekey/sparekey/shared/token"
	"github.com/sparekey/sparekey/shared/typed"
	"github.com/sparekey/sparekey/shared/web"
)

var sayStore = i18n.Say("password.store")

// asked is a post to set-password.
type asked struct {
	claim
	password string
	again    *string // nil where it was typed once
	attempt  string
}

func parse(r *gateway.Request) (asked, error) {
	if err := r.Fields.Only("token", "username", "code", password.Field, password.FieldAgain, "attempt"); err != nil {
		return asked{}, err
	}
	var faults typed.Faults
	a := asked{password: r.Fields[password.Field], attempt: faults.Attempt("attempt", r.Fields["attempt"])}
	if text, linked := r.Fields["token"]; linked {
		a.token, a.username = text, r.Fields["username"]
		if _, both := r.Fields["code"]; both {
			faults.Say("code", "form.unknown")
		}
	} else {
		a.username = faults.Username("username", r.Fields["username"])
		a.code = code(&faults, r.Fields["code"])
	}
	if again, twice := r.Fields[password.FieldAgain]; twice {
		a.again = &again
	}
	return a, faults.Err()
}

// malformed is the page for a post that could not be read: the form to type a
// code, unless a link was held, whose page is still behind "back".
func (a asked) malformed() gateway.Reply {
	if a.token != "" {
		return gateway.Reply{}
	}
	return gateway.Reply{Page: web.Page{Name: "code", Data: CodeForm{Username: a.username}}}
}

func code(faults *typed.Faults, text string) string {
	if text == "" {
		faults.Say("code", "code.missing")
		return ""
	}
	parsed, ok := token.ParseCode(text)
	if !ok {
		faults.Say("code", "code.malformed")
	}
	return parsed
}

func (f Flow) form(r *gateway.Request, proof change.Proof, c claim) web.Page {
	rules := password.For(r.District, proof.Account)
	now := f.Now()
	form := Form{
		Username: proof.Account.Profile.Value.Username, Token: c.token, CodeUser: c.username, Code: c.code,
		Attempt: f.attempt(r), Rules: rules.Rules(), PasswordRules: rules.Manager(),
		Until: r.Until(proof.Token.Value.Ends, now),
		First: proof.Token.Value.Purpose == token.Activation, Forced: proof.Token.Value.Purpose == token.ForcedChange,
	}
	if asksName(r.District, c, proof) {
		form.Username, form.Ask = "", true
	}
	return web.Page{Name: "set-password", Data: form}
}

// asksName reports whether the form asks for the username again: where the district
// wants it of everybody who comes by a link in a mail.
func asksName(d district.District, c claim, proof change.Proof) bool {
	return d.AskUsername && c.token != "" && proof.Token.Value.Purpose != token.ForcedChange
}

// attempt is the id that a form keeps while it is mended, and that both halves
// of a double tap carry.
func (f Flow) attempt(r *gateway.Request) string {
	if kept := r.Fields["attempt"]; kept != "" && len(kept) <= 64 {
		return kept
	}
	return f.Table.Nonce()
}

// CodeForm is what the page to type a code shows.
type CodeForm struct{ Username string }

func (f Flow) codeForm(context.Context, *gateway.Request) (gateway.Reply, error) {
	return gateway.Reply{Status: http.StatusOK, Page: web.Page{Name: "code", Data: CodeForm{}}}, nil
}

// code shows the form to whoever types a good code. The code is not used up by
// that: it proves the next post again, which takes a try again.
func (f Flow) code(ctx context.Context, r *gateway.Request) (gateway.Reply, error) {
	page := web.Page{Name: "code", Data: CodeForm{Username: r.Fields["username"]}}
	if err := r.Fields.Only("username", "code"); err != nil {
		return gateway.Reply{Page: page}, err
	}
	var faults typed.Faults
	c := claim{username: faults.Username("username", r.Fields["username"]), code: code(&faults, r.Fields["code"])}
	if err := faults.Err(); err != nil {
		return gateway.Reply{Page: page}, err
	}
	proof, err := f.prove(ctx, r, c)
	if err != nil {
		return c.refusal(proof, err), err
	}
	return gateway.Reply{Status: http.StatusOK, Page: f.form(r, proof, c)}, nil
}

// toCode and toAsk send somebody who reloads a page that only posts reach to
// where they can go on.
func (f Flow) toCode(_ context.Context, r *gateway.Request) (gateway.Reply, error) {
	return gateway.Reply{Status: http.StatusOK, Location: r.Link("code")}, nil
}

func (f Flow) toAsk(_ context.Context, r *gateway.Request) (gateway.Reply, error) {
	return gateway.Reply{Status: http.StatusOK, Location: r.Link("forgot-password")}, nil
}
