// Package verifytoken takes what a mail carried, a link or a code, and lets its
// reader set a password, ask for a new link, or say "this was not me".
//
// It promises: opening a link changes nothing; a link or code works once; a
// password that breaks the rules uses nothing up; a code is compared only after
// a try was taken, and a name that nobody has costs the same calls as any other.
// The change itself is package change's.
//
// Read [Flow.setPassword] first, then proof.go.
package verifytoken

import (
	"context"
	"embed"
	"errors"
	"net/http"
	"time"

	"github.com/sparekey/sparekey/shared/change"
	"github.com/sparekey/sparekey/shared/choice"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/device"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/password"
	"github.com/sparekey/sparekey/shared/pepper"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/slowhash"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
	"github.com/sparekey/sparekey/shared/web"
)

// Pages are the flow's own templates.
//
//go:embed pages/*.html
var Pages embed.FS

// Credentials are the powers over passwords that the flow needs.
type Credentials interface {
	credential.Checker
	credential.Setter
	credential.Ender
}

// Flow is what the flow needs.
type Flow struct {
	Table       table.Store
	Credentials Credentials
	Pepper      pepper.Pepper
	Hash        slowhash.Hash
	Now         func() time.Time
}

// Routes are what the flow serves.
func (f Flow) Routes() gateway.Routes {
	return gateway.Routes{
		"/{district}/r/{token}":      {http.MethodGet: f.open},
		"/{district}/code":           {http.MethodGet: f.codeForm, http.MethodPost: f.code},
		"/{district}/set-password":   {http.MethodGet: f.toCode, http.MethodPost: f.setPassword},
		"/{district}/link-again":     {http.MethodGet: f.toAsk, http.MethodPost: f.linkAgain},
		"/{district}/not-me/{token}": {http.MethodGet: f.notMeForm, http.MethodPost: f.notMe},
	}
}

// Form is what the set-password page shows. Token, or the username and code, are
// what the next post proves itself with.
type Form struct {
	Username       string // empty where it is asked for
	Ask            bool
	Token          string
	CodeUser, Code string
	Attempt        string
	Rules          []password.Rule
	PasswordRules  string // for password managers
	Until          string
	First          bool // an activation: the first password
	Forced         bool // the one of now let its owner in to choose another, no further
}

// open shows the form to whoever holds a good link. It reads, and no more: mail
// scanners open links too.
func (f Flow) open(ctx context.Context, r *gateway.Request) (gateway.Reply, error) {
	claim := claim{token: r.Vars["token"]}
	proof, err := f.prove(ctx, r, claim)
	if err != nil {
		return claim.refusal(proof, err), err
	}
	return gateway.Reply{Status: http.StatusOK, Page: f.form(r, proof, claim)}, nil
}

// setPassword is the story: what is asked, proved, held to the rules, and done.
func (f Flow) setPassword(ctx context.Context, r *gateway.Request) (gateway.Reply, error) {
	asked, err := parse(r)
	if err != nil {
		return asked.malformed(), err
	}
	for range 3 {
		proof, err := f.prove(ctx, r, asked.claim)
		if err != nil {
			return f.refused(ctx, r, asked, proof, err)
		}
		page := f.form(r, proof, asked.claim)
		if err := f.named(ctx, r, asked, proof); err != nil {
			return gateway.Reply{Page: page}, err
		}
		chosen, err := f.judge().Hear(ctx, choice.Asked{
			District: r.District, Account: proof.Account, Typed: asked.password, Again: asked.again,
			Replace: proof.Token.Value.Purpose == token.ForcedChange, // a password for one use must give way to another
		})
		if err != nil {
			return gateway.Reply{Page: page}, err
		}
		err = f.maker().Make(ctx, proof, chosen, f.told(r, asked, proof))
		switch {
		case err == nil:
			return f.changed(ctx, r, proof), nil
		case !errors.Is(err, change.ErrAgain):
			return gateway.Reply{Page: page}, storeRefused(err)
		}
	}
	return gateway.Reply{}, problem.New(problem.ChangedMeanwhile)
}

func (f Flow) judge() choice.Judge {
	return choice.Judge{Table: f.Table, Credentials: f.Credentials, Pepper: f.Pepper, Hash: f.Hash}
}

func (f Flow) maker() change.Maker {
	return change.Maker{Store: f.Table, Password: f.Credentials, Sessions: f.Credentials, Now: f.Now}
}

func (f Flow) told(r *gateway.Request, asked asked, proof change.Proof) change.Told {
	route := "link"
	switch {
	case asked.code != "":
		route = "code"
	case proof.Token.Value.Purpose != token.Reset:
		route = string(proof.Token.Value.Purpose)
	}
	return change.Told{
		Route: route, Attempt: asked.attempt, Agent: r.Agent, Network: r.Network.String(), Request: r.ID, Language: r.Language.Code,
	}
}

// changed is the page after success. It signs nobody in: whoever reads over the
// shoulder of a mailbox should not be let in by it (standards R98). But the account
// knows the browser from now on: whoever has burnt the public tries, its owner gets
// in from here.
func (f Flow) changed(ctx context.Context, r *gateway.Request, proof change.Proof) gateway.Reply {
	page := web.Page{Name: "password-changed", Data: Changed{Portal: r.District.Portal}}
	if proof.Token.Value.Purpose == token.Activation {
		page.Title, page.Data = "password-set.title", Changed{Portal: r.District.Portal, First: true}
	}
	return gateway.Reply{
		Status: http.StatusOK, Page: page,
		Cookie: []*http.Cookie{device.Proved(ctx, f.Table, r, proof.Account, f.Now())}, Forget: true, Outcome: "changed",
	}
}

// Changed is what the page after success shows.
type Changed struct {
	Portal string
	First  bool // there was none before it
}

// storeRefused says of a password that only Cognito found fault with what its
// owner can do about it.
func storeRefused(err error) error {
	if p, ok := errors.AsType[*problem.Error](err); ok && p.Code == problem.PasswordRefused {
		p.Fields = []problem.Field{{Name: password.Field, Says: sayStore}}
	}
	return err
}

// refused says why there was no proof; but a double tap, which finds its link
// used up by its own first half, is told how that ended.
func (f Flow) refused(ctx context.Context, r *gateway.Request, asked asked, proof change.Proof, err error) (gateway.Reply, error) {
	if f.tapped(asked, proof) {
		switch again := f.sameAgain(ctx, r, asked, proof); {
		case again == nil:
			return f.changed(ctx, r, proof), nil
		case !errors.Is(again, errNotTheSame):
			return gateway.Reply{}, again
		}
	}
	return asked.refusal(proof, err), err
}
