package signin

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/session"
	"github.com/sparekey/sparekey/shared/web"
)

// Form is what the sign-in page shows.
type Form struct {
	As        district.Role   // for whom the page says it is; empty: for everybody
	Others    []district.Role // for whom there is a page beside it
	SignedOut bool
	To        string // the page that is opened then, if it is not the start page
	Post      string // where the form goes, which keeps both
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
	if at := whither(r); !at.Start() && !form.SignedOut {
		form.To = at.Page
		page.Query = strings.TrimPrefix(page.Query+"&to="+form.To, "&")
	}
	form.Post = "sign-in"
	if page.Query != "" {
		form.Post += "?" + page.Query
	}
	page.Data = form
	return page
}

// whither is the page that somebody was on the way to when they were asked to sign
// in: a name out of a list, never an address, and nothing that was chosen on the
// page, for another may sign in.
func whither(r *gateway.Request) session.Place {
	return session.At(cmp.Or(r.Query("to"), strings.TrimPrefix(r.Route, "/{district}/")), "")
}
