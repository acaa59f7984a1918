package signin

import (
	"context"
	"net/http"

	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/session"
	"github.com/sparekey/sparekey/shared/web"
)

// Home is what the page of somebody signed in shows.
type Home struct {
	Username, Role string
	Last           string // when the account was signed in to before, as a moment; empty: never here
	LastAgent      string // and with which browser
	Changed        string // when its password was last set here
	Doubt          bool   // somebody says that this was not them
	Offer          *session.Place
}

// Hello is the same for a machine.
type Hello struct {
	Name      string         `json:"name"`
	Username  string         `json:"username"`
	Role      string         `json:"role"`
	LastSign  string         `json:"last_sign_in"`
	LastSet   string         `json:"last_changed"`
	Ends      string         `json:"ends"`
	TakenBack *session.Place `json:"restore"`
}

// signedIn finds who is signed in; else it says so, with the page that fits: whose
// session came to its end is told that, everybody else can sign in right there,
// where signing in is offered.
func (f Flow) signedIn(ctx context.Context, r *gateway.Request) (session.Held, gateway.Reply, error) {
	held, err := session.Of(ctx, f.Table, r, f.Now())
	if err == nil {
		return held, gateway.Reply{}, nil
	}
	return held, refused(r, err), err
}

func refused(r *gateway.Request, err error) gateway.Reply {
	page := session.Refusal(err)
	switch {
	case !is(err, problem.NotSignedIn):
	case !r.District.Offers(district.SignIn): // no form that would let nobody in
		page = web.Page{Name: web.OffPage}
	case page.Name == "":
		page = signInPage(r, Form{})
	}
	return gateway.Reply{Page: page}
}

// at notes that a page was looked at, for the way back to it; a machine needs none.
func (f Flow) at(ctx context.Context, r *gateway.Request, held *session.Held, page string) session.Place {
	place := session.At(page, r.Query("show"))
	if !r.JSON() {
		held.Visit(ctx, f.Table, place)
	}
	return place
}

func (f Flow) home(ctx context.Context, r *gateway.Request) (gateway.Reply, error) {
	held, reply, err := f.signedIn(ctx, r)
	if err != nil {
		return reply, err
	}
	place := f.at(ctx, r, &held, "home")
	p, s, last := held.Who.Profile.Value, held.Session(), held.Who.State.Value.Last
	home := Home{Username: p.Username, Role: string(p.Role), LastAgent: s.Before.Agent, Doubt: place.Selection == "security"}
	hello := Hello{Name: p.Full(), Username: p.Username, Role: string(p.Role), Ends: wire(s.Ends)}
	if at := s.Before.At; !at.IsZero() {
		home.Last, hello.LastSign = r.Language.Moment(r.District.In(at)), wire(at)
	}
	if !last.At.IsZero() {
		home.Changed, hello.LastSet = r.Language.Moment(r.District.In(last.At)), wire(last.At)
	}
	if !s.Offer.Start() {
		home.Offer, hello.TakenBack = &s.Offer, &s.Offer
	}
	return gateway.Reply{Status: http.StatusOK, Page: held.Page(r, "home", home), JSON: hello}, nil
}
