package signin

import (
	"context"
	"net/http"
	"slices"

	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/web"
)

// Form is what the sign-in page shows.
type Form struct {
	As        district.Role   // for whom the page says it is; empty: for everybody
	Others    []district.Role // for whom there is a page beside it
	SignedOut bool
}

func (f Flow) form(_ context.Context, r *gateway.Request) (gateway.Reply, error) {
	if !r.District.Offers(district.SignIn) {
		return gateway.Reply{Status: http.StatusOK, Page: web.Page{Name: web.OffPage}}, nil
	}
	return gateway.Reply{Status: http.StatusOK, Page: signInPage(r, Form{})}, nil
}

// signInPage says for whom it is, if its address does: families look for their own.
// It decides nothing by that; the account's role does.
func signInPage(r *gateway.Request, form Form) web.Page {
	page := web.Page{Name: "sign-in"}
	for _, role := range district.Roles {
		switch {
		case !r.District.Allows(district.SignIn, role):
		case string(role) == r.Query("as"):
			form.As = role
			page.Title, page.Query = "sign-in.title."+string(role), "as="+string(role)
		default:
			form.Others = append(form.Others, role)
		}
	}
	if form.As == "" && len(form.Others) == 1 {
		form.Others = slices.Delete(form.Others, 0, 1) // they have this page
	}
	page.Data = form
	return page
}
