// Package pages serves what is the same for everybody: the front page, each
// district's hub, help, styles, and the addresses that browsers ask every site for.
//
// It promises that no line leads to a dead end: a hub names only what this
// deployment has and the district offers, and what is off has another way beside
// it. It knows no account and holds no key; district settings are all it reads.
//
// Read [Flow.Routes] first.
package pages

import (
	"context"
	"embed"
	"net/http"
	"strconv"
	"strings"

	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/session"
	"github.com/sparekey/sparekey/shared/web"
)

// Pages are the flow's own templates.
//
//go:embed pages/*.html
var Pages embed.FS

// Flow is what the flow needs to know: where it is, and what is beside it.
type Flow struct {
	Site      web.Site
	Districts gateway.Finder
	// Served are the pages of a district that this deployment has.
	Served []string
	// Root are the districts that the front page lists. It may be empty: then a
	// family types the short name of its own.
	Root []Entry
}

// Entry is one district on the front page.
type Entry struct{ Slug, Name string }

// Routes are what the flow serves. The last two catch whatever no other flow does.
func (f Flow) Routes() gateway.Routes {
	return gateway.Routes{
		"/":                    {http.MethodGet: f.root},
		"/help":                {http.MethodGet: f.help},
		"/help/{code}":         {http.MethodGet: explain},
		"/assets/{rest+}":      {http.MethodGet: asset},
		"/.well-known/{rest+}": {http.MethodGet: f.wellKnown},
		"/{district}":          {http.MethodGet: f.hub},
		"/{district}/{rest+}":  {http.MethodGet: f.rest, gateway.Any: missing},
	}
}

// Front is what the front page shows.
type Front struct{ Districts []Entry }

// root shows the districts, or takes a family to the one whose short name it
// typed. Whether there is such a district, its hub says.
func (f Flow) root(_ context.Context, r *gateway.Request) (gateway.Reply, error) {
	front := gateway.Reply{Status: http.StatusOK, Page: web.Page{Name: "root", Data: Front{Districts: f.Root}}}
	typed := strings.ToLower(strings.TrimSpace(r.Query("district")))
	switch {
	case typed == "":
		return front, nil
	case !district.ValidSlug(typed):
		return front, problem.Invalid(problem.Field{Name: "district", Says: i18n.Say("district.malformed")})
	}
	return gateway.Reply{Location: f.Site.Path("/" + typed)}, nil
}

// Help is what the help page shows.
type Help struct {
	Offer
	Sections []string
}

// sections of the help page, in its order. Each is an anchor that other pages
// and mails link to, so none may be renamed.
var sections = []string{
	"no-email", "link", "rejected", "username", "temporary", "change", "answers", "active", "new", "access",
	"student", "child", "app", "other", "changed-email", "safe", "contact",
}

func (f Flow) help(_ context.Context, r *gateway.Request) (gateway.Reply, error) {
	return gateway.Reply{Status: http.StatusOK, Page: web.Page{Name: "help", Data: Help{f.offer(r.District), sections}}}, nil
}

// missing answers every other method: of a page that is not there nothing is
// said of methods.
func missing(_ context.Context, r *gateway.Request) (gateway.Reply, error) {
	if r.Vars["rest"] == "help" {
		return gateway.Reply{}, problem.New(problem.MethodNotAllowed)
	}
	return gateway.Reply{}, problem.New(problem.NotFound)
}

func (f Flow) rest(ctx context.Context, r *gateway.Request) (gateway.Reply, error) {
	if r.Vars["rest"] != "help" {
		return gateway.Reply{}, problem.New(problem.NotFound)
	}
	return f.help(ctx, r)
}

// Explained is what the page about one kind of problem shows.
type Explained struct{ Code, Status string }

// explain is where the type of a problem leads (RFC 9457): what it means.
func explain(_ context.Context, r *gateway.Request) (gateway.Reply, error) {
	code := problem.Code(r.Vars["code"])
	status, ok := problem.Statuses[code]
	if !ok {
		return gateway.Reply{}, problem.New(problem.NotFound)
	}
	return gateway.Reply{
		Status: http.StatusOK,
		Page:   web.Page{Name: "help-problem", Data: Explained{Code: string(code), Status: strconv.Itoa(status)}},
	}, nil
}

func asset(_ context.Context, r *gateway.Request) (gateway.Reply, error) {
	body, kind, ok := web.Asset(r.Vars["rest"])
	if !ok {
		return gateway.Reply{}, problem.New(problem.NotFound)
	}
	return gateway.Reply{Asset: body, AssetType: kind}, nil
}

// wellKnown sends a password manager, which asks the whole site where a password
// is changed, to the district that its browser is signed in to; else to the front
// page, where people choose. Any other name is
// not found: managers ask for one that cannot exist to learn whether a found one
// means anything.
func (f Flow) wellKnown(ctx context.Context, r *gateway.Request) (gateway.Reply, error) {
	if r.Vars["rest"] != "change-password" {
		return gateway.Reply{}, problem.New(problem.NotFound)
	}
	return gateway.Reply{Status: http.StatusFound, Location: f.Site.Path(f.changing(ctx, session.Districts(r)))}, nil
}

// changing is the page of the one district among these; its hub, where it does
// not let people sign in or its settings cannot be read: a hub says what is.
func (f Flow) changing(ctx context.Context, slugs []string) string {
	if len(slugs) != 1 {
		return "/"
	}
	hub := "/" + slugs[0]
	d, err := f.Districts.Find(ctx, slugs[0])
	if err == nil && f.offer(d).Serves(ChangePassword) {
		return hub + "/" + ChangePassword
	}
	return hub
}
