// Package forgotpassword answers "I forgot my password".
//
// It promises that the answer is the same whatever is true of the account,
// because it looks nothing up: it counts the caller's network, files a request
// and says its reference. What becomes of the request is the courier's business.
//
// Read [Flow.ask] first: it is the whole story, in order.
package forgotpassword

import (
	"context"
	"embed"
	"net/http"
	"time"

	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/request"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/throttle"
	"github.com/sparekey/sparekey/shared/typed"
	"github.com/sparekey/sparekey/shared/web"
)

// Pages are the flow's own templates.
//
//go:embed pages/*.html
var Pages embed.FS

// Flow is what the flow needs: a table, and a clock.
type Flow struct {
	Table table.Store
	Now   func() time.Time
}

// Routes are what the flow serves.
func (f Flow) Routes() gateway.Routes {
	return gateway.Routes{
		"/{district}/forgot-password": {http.MethodGet: f.form, http.MethodPost: f.ask},
	}
}

// Filed is the JSON answer.
type Filed struct {
	Reference string `json:"reference"`
}

// Sent is what the page "check your email" shows: what was typed, and nothing
// of an account.
type Sent struct {
	Username, Email string
	Reference       string
	Time, Until     string // clock times
	Minutes         int
}

var (
	form = web.Page{Name: "forgot-password"}
	off  = web.Page{Name: "off"}
)

func (f Flow) form(_ context.Context, r *gateway.Request) (gateway.Reply, error) {
	if !r.District.Offers(district.ForgotPassword) {
		return gateway.Reply{Status: http.StatusOK, Page: off}, nil
	}
	return gateway.Reply{Status: http.StatusOK, Page: form}, nil
}

func (f Flow) ask(ctx context.Context, r *gateway.Request) (gateway.Reply, error) {
	if !r.District.Offers(district.ForgotPassword) {
		return gateway.Reply{Page: off}, problem.New(problem.NotAllowed).Saying("problem.not-allowed.off")
	}
	what, err := parse(r)
	if err != nil {
		return gateway.Reply{Page: form}, err
	}
	now := f.Now()
	if err := throttle.Take(ctx, f.Table, r.Network, now); err != nil {
		return gateway.Reply{Page: form}, err
	}
	reference, err := request.File(ctx, f.Table, request.Request{
		District: r.District.Slug, Flow: request.ForgotPassword, Typed: what, Language: r.Language.Code, Asked: now,
	})
	if err != nil {
		return gateway.Reply{Page: form}, problem.New(problem.Unavailable).Because(err)
	}
	return gateway.Reply{
		Status: http.StatusAccepted,
		JSON:   Filed{Reference: reference},
		Page:   web.Page{Name: "forgot-password-sent", Data: sent(r, what, reference, now)},
	}, nil
}

func parse(r *gateway.Request) (request.Typed, error) {
	if err := r.Fields.Only("username", "email"); err != nil {
		return request.Typed{}, err
	}
	var faults typed.Faults
	what := request.Typed{Username: faults.Username("username", r.Fields["username"])}
	if r.District.AskEmail {
		what.Email = faults.Email("email", r.Fields["email"])
	}
	return what, faults.Err()
}

func sent(r *gateway.Request, what request.Typed, reference string, now time.Time) Sent {
	return Sent{
		Username: what.Username, Email: what.Email, Reference: reference,
		Time: r.Until(now, now), Until: r.Until(now.Add(r.District.LinkLife()), now), Minutes: r.District.LinkMinutes,
	}
}
