package verifytoken

import (
	"context"
	"net/http"

	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/request"
	"github.com/sparekey/sparekey/shared/throttle"
	"github.com/sparekey/sparekey/shared/token"
	"github.com/sparekey/sparekey/shared/web"
)

// Filed is the JSON answer of link-again.
type Filed struct {
	Reference string `json:"reference"`
}

// Again is what the page after link-again shows.
type Again struct{ Reference, Time string }

// linkAgain files a request for a new link in place of a dead one. It is asking:
// nothing is looked up, and the answer is the same for a link that never was.
func (f Flow) linkAgain(ctx context.Context, r *gateway.Request) (gateway.Reply, error) {
	if err := r.Fields.Only("token"); err != nil {
		return gateway.Reply{}, err
	}
	if _, given := r.Fields["token"]; !given {
		return gateway.Reply{}, problem.Invalid(problem.Field{Name: "token", Says: i18n.Say("link.missing")})
	}
	if !r.District.Offers(district.ForgotPassword) {
		return gateway.Reply{Page: web.Page{Name: web.OffPage}}, problem.New(problem.NotAllowed).Saying("problem.not-allowed.off")
	}
	now := f.Now()
	if err := throttle.Take(ctx, f.Table, r.Network, now); err != nil {
		return gateway.Reply{}, err
	}
	digest, ok := token.Digest(r.Fields["token"])
	if !ok {
		digest = token.NoDigest(r.Fields["token"])
	}
	reference, err := request.File(ctx, f.Table, request.Request{
		District: r.District.Slug, Flow: request.LinkAgain, Typed: request.Typed{Link: digest}, Language: r.Language.Code, Asked: now,
	})
	if err != nil {
		return gateway.Reply{}, problem.New(problem.Unavailable).Because(err)
	}
	return gateway.Reply{
		Status: http.StatusAccepted, JSON: Filed{Reference: reference},
		Page: web.Page{Name: "link-again-sent", Data: Again{Reference: reference, Time: r.Until(now, now)}},
	}, nil
}
