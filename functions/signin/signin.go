// Package signin lets people in with a password, and out again.
//
// It promises that a wrong password, an unknown name, a disabled account and one
// of another kind are refused with the same answer after the same calls, and that
// a try was taken before anything was compared. No token of Cognito's leaves this
// process: its holder could change the password past policy, audit and notice.
//
// Read [Flow.signIn] first.
package signin

import (
	"context"
	"embed"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/device"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/password"
	"github.com/sparekey/sparekey/shared/pepper"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/session"
	"github.com/sparekey/sparekey/shared/slowhash"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/throttle"
	"github.com/sparekey/sparekey/shared/tries"
	"github.com/sparekey/sparekey/shared/typed"
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
		"/{district}/sign-in":         {http.MethodGet: f.form, http.MethodPost: f.signIn},
		"/{district}/sign-out":        {http.MethodPost: f.signOut},
		"/{district}/home":            {http.MethodGet: f.home},
		"/{district}/sessions":        {http.MethodGet: f.sessions, http.MethodPost: f.manage},
		"/{district}/prove":           {http.MethodGet: f.proveForm, http.MethodPost: f.prove},
		"/{district}/change-password": {http.MethodGet: f.changeForm, http.MethodPost: f.changePassword},
	}
}

// Started is the JSON answer to signing in.
type Started struct {
	Session string `json:"session"`
}

// signIn compares a password once a try is taken, and starts a session.
func (f Flow) signIn(ctx context.Context, r *gateway.Request) (gateway.Reply, error) {
	if !r.District.Offers(district.SignIn) {
		return gateway.Reply{Page: web.Page{Name: web.OffPage}}, problem.New(problem.NotAllowed).Saying("problem.not-allowed.off")
	}
	typedName, typedPassword, err := parse(r)
	if err != nil {
		return gateway.Reply{Page: signInPage(r, Form{})}, err
	}
	now := f.Now()
	if err := throttle.Take(ctx, f.Table, r.Network, now); err != nil {
		return gateway.Reply{}, err
	}
	who, known, err := device.Find(ctx, f.Table, r, typedName, now)
	if err != nil {
		throttle.GiveBack(ctx, f.Table, r.Network, now)
		return gateway.Reply{Page: signInPage(r, Form{})}, problem.New(problem.Unavailable).Because(err)
	}
	ticket, err := tries.Tries{Store: f.Table, Pepper: f.Pepper}.Take(ctx, tries.Guess{
		Kind: tries.SignIn, District: r.District, Typed: typedName, Browser: known.Name, Now: now,
		Clock: func(t time.Time) string { return r.Until(t, now) },
	})
	if err != nil {
		return gateway.Reply{Page: signInPage(r, Form{})}, err
	}
	answer, err := credential.Compare(ctx, f.Credentials, who.ID, typedPassword)
	if err == nil && answer == credential.Paused && known.Name != "" {
		err = problem.New(problem.Busy).Saying("sign-in.paused").After(longestPause)
	}
	if err == nil && !mayIn(r.District, who, answer, now) {
		return gateway.Reply{Page: signInPage(r, Form{})}, ticket.Wrong()
	}
	ticket.GiveBack(ctx)
	throttle.GiveBack(ctx, f.Table, r.Network, now)
	_, chosen := r.Fields["new_password"]
	switch {
	case err != nil:
		return gateway.Reply{Page: signInPage(r, Form{})}, err // nothing was compared: no try is used up
	case forOnce(who, answer), chosen && who.State.Value.Must.Change:
		return f.mustChange(ctx, r, who, known, typedPassword)
	case chosen: // to let them in would say that it was set
		return gateway.Reply{Page: signInPage(r, Form{})}, problem.Invalid(problem.Field{Name: "new_password", Says: i18n.Say("password.unneeded")})
	}
	return f.start(ctx, r, who, known)
}

func parse(r *gateway.Request) (name, secret string, err error) {
	if err := r.Fields.Only("username", "password", "new_password"); err != nil {
		return "", "", err
	}
	var faults typed.Faults
	name, secret = faults.Username("username", r.Fields["username"]), current(&faults, r.Fields["password"])
	return name, secret, faults.Err()
}

// current is a password that somebody has, as it is compared.
func current(faults *typed.Faults, text string) string {
	secret := password.Normal(text)
	switch {
	case secret == "":
		faults.Say("password", "password.missing")
	case utf8.RuneCountInString(secret) > password.Longest:
		faults.Say("password", "password.long")
	case strings.ContainsFunc(secret, unicode.IsControl):
		faults.Say("password", "password.control")
	}
	return secret
}

// longestPause is how long Cognito compares nothing, at the most. The public tries
// alone keep that within a minute; beside a known browser's that somebody misuses
// it may be all of it. It hits everybody, a browser that the account knows too:
// that one may be told.
const longestPause = 15 * time.Minute

// mayIn decides, after the comparing, whether its answer opens anything. What is
// not allowed is refused as a wrong password is.
func mayIn(d district.District, who account.Account, answer credential.Answer, now time.Time) bool {
	right := answer == credential.Right || answer == credential.Temporary
	must := who.State.Value.Must
	lapsed := forOnce(who, answer) && !must.Ends.IsZero() && !now.Before(must.Ends)
	return right && who.Live() && !who.State.Value.Disputed && !lapsed &&
		who.Profile.Value.Elsewhere == "" && d.Allows(district.SignIn, who.Profile.Value.Role)
}

// forOnce reports whether the password must be changed before it lets anybody in:
// a temporary one, or one that has expired. Where the table says temporary and
// the store says permanent, a change gave no answer and was done all the same:
// its owner has chosen already.
func forOnce(who account.Account, answer credential.Answer) bool {
	must := who.State.Value.Must
	chosen := answer == credential.Right && !must.Ends.IsZero()
	return answer == credential.Temporary || must.Change && !chosen
}

// start begins a session, and makes the browser known to the account.
func (f Flow) start(ctx context.Context, r *gateway.Request, who account.Account, known device.Known) (gateway.Reply, error) {
	now := f.Now()
	text, err := session.Start(ctx, f.Table, r, who, now)
	if err != nil {
		return gateway.Reply{Page: signInPage(r, Form{})}, err
	}
	return gateway.Reply{
		Status: http.StatusOK, JSON: Started{Session: text}, Location: r.Link(whither(r).Path()),
		Cookie: []*http.Cookie{session.Cookie(r, text), device.Again(ctx, f.Table, r, who, known, now)}, Outcome: "signed-in",
	}, nil
}

// signOut ends the session, and with it the way back to its page. The browser is
// told to forget the pages it kept.
func (f Flow) signOut(ctx context.Context, r *gateway.Request) (gateway.Reply, error) {
	if err := r.Fields.Only(); err != nil {
		return gateway.Reply{}, err
	}
	if err := session.End(ctx, f.Table, r, f.Now()); err != nil {
		return gateway.Reply{}, err
	}
	return gateway.Reply{
		Status: http.StatusOK, Page: signInPage(r, Form{SignedOut: true}),
		Cookie: []*http.Cookie{session.Cookie(r, "")}, Forget: true, Outcome: "signed-out",
	}, nil
}
