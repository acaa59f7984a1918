package web

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"io/fs"

	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/problem"
)

//go:embed templates/*.html
var templates embed.FS

// Pages are the templates of one flow beside the common ones.
type Pages struct {
	Site  Site
	Words *i18n.Catalogue
	all   *template.Template
}

// Open reads the common templates and those of a flow (pages/*.html). Names
// are unique over both. A template that does not parse is a mistake in the
// binary: Open panics, and a test holds it.
func Open(site Site, words *i18n.Catalogue, flow ...fs.FS) *Pages {
	all := template.Must(template.ParseFS(templates, "templates/*.html"))
	for _, f := range flow {
		template.Must(all.ParseFS(f, "pages/*.html"))
	}
	return &Pages{Site: site, Words: words, all: all}
}

// Asked is how a page was asked for, as far as it shows.
type Asked struct {
	District district.District
	Language *i18n.Language
	Chosen   bool              // the language was chosen on a page
	Path     string            // the page's own path, without base and query
	Typed    map[string]string // the fields of the post it answers
	Problem  *problem.Error    // what was wrong with them
}

// Render writes a page.
func (p *Pages) Render(page Page, asked Asked) ([]byte, error) {
	view := View{
		District: asked.District, Data: page.Data, Problem: asked.Problem, Typed: asked.Typed, Path: asked.Path, Session: page.Session,
		name: page.Name, heading: page.Title, query: page.Query, site: p.Site, language: asked.Language, chosen: asked.Chosen, words: p.Words,
	}
	var out bytes.Buffer
	if err := p.all.ExecuteTemplate(&out, "layout-head", view); err != nil {
		return nil, fmt.Errorf("render head of %s: %w", page.Name, err)
	}
	if err := p.all.ExecuteTemplate(&out, page.Name, view); err != nil {
		return nil, fmt.Errorf("render %s: %w", page.Name, err)
	}
	if err := p.all.ExecuteTemplate(&out, "layout-foot", view); err != nil {
		return nil, fmt.Errorf("render foot of %s: %w", page.Name, err)
	}
	return out.Bytes(), nil
}

// Title is the heading of the page, said under <name>.title; a page that
// answers a problem has the problem's.
func (v View) Title() template.HTML { return v.T(v.title()) }

func (v View) title() string {
	if v.name == ProblemPage {
		return "problem." + string(v.Problem.Code) + ".title"
	}
	return cmp.Or(v.heading, v.name+".title")
}

// Tab is what the browser calls the page: its heading and whose page it is, as
// text, because markup has no place there. That a form failed is said first.
func (v View) Tab() string {
	words := v.language
	tab, whose := words.T(v.title()), v.District.Name
	if whose == "" {
		whose = words.T("site.name")
	}
	if v.Failed() {
		tab = words.T("error.prefix") + " " + tab
	}
	return tab + " – " + whose
}

// The common pages: for a problem that no form can show, for what the district
// has switched off, and for whoever was signed in until a moment ago.
const (
	ProblemPage   = "problem"
	OffPage       = "off"
	SignedOutPage = "signed-out" // a session came to its end
)
