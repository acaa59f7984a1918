package web

import (
	"html"
	"html/template"
	"net/url"
	"strconv"
	"strings"

	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/problem"
)

// Page is a page that a flow wants shown: the name of its template, and what
// that template needs beyond the view.
type Page struct {
	Name string
	Data any
}

// View is what a template sees. The flow's own part is Data; all else is the
// same for every page.
type View struct {
	District district.District // zero on the few pages that belong to none
	Data     any
	Problem  *problem.Error    // what was wrong with the last post, or nil
	Typed    map[string]string // the last post's fields
	Path     string            // this page, to come back to it in another language

	name     string
	site     Site
	language *i18n.Language
	chosen   bool // the language was chosen on a page, so links keep it
	words    *i18n.Catalogue
}

// T says a sentence: its key, then names and values. A sentence that the page's
// language lacks is said in English, and marked as such for screen readers.
func (v View) T(key string, args ...string) template.HTML {
	return v.say(i18n.Say(key, args...))
}

func (v View) say(t i18n.Text) template.HTML {
	said, own := v.language.Find(t)
	text := html.EscapeString(said)
	if !own {
		text = `<span lang="en" dir="ltr">` + text + `</span>`
	}
	return template.HTML(text) //nolint:gosec // escaped in the line above
}

// Link makes the address of one of the district's own pages, "" being its hub.
func (v View) Link(path string) string {
	return v.Root(strings.TrimSuffix("/"+v.District.Slug+"/"+strings.TrimPrefix(path, "/"), "/"))
}

// Root makes the address of a page outside any district.
func (v View) Root(path string) string {
	path, anchor, _ := strings.Cut(path, "#")
	address := v.site.Path(path)
	if v.chosen {
		address += "?lang=" + url.QueryEscape(v.language.Code)
	}
	if anchor != "" {
		address += "#" + anchor
	}
	return address
}

// Asset makes the address of a stylesheet, script or picture, which changes with
// its contents.
func (v View) Asset(name string) string { return v.site.Path("/assets/" + hashed[name]) }

// Host is what a person would type to come here.
func (v View) Host() string { return v.site.Host() }

// Lang and Dir are the page's language and the direction it is written in.
func (v View) Lang() string { return v.language.Code }

// Dir is the direction the page's language is written in.
func (v View) Dir() string { return v.language.Meta.Dir }

// Draft reports whether no named person has read this translation yet.
func (v View) Draft() bool { return v.language.Meta.Status != "reviewed" }

// Language speaks the page's language, for times of day.
func (v View) Language() *i18n.Language { return v.language }

// Languages lists what the page may be read in, in the district's order.
func (v View) Languages() []i18n.Meta {
	var all []i18n.Meta
	for _, code := range v.District.Languages {
		if m, err := v.words.Meta(code); err == nil {
			all = append(all, m)
		}
	}
	return all
}

// In is the address of this same page in another language.
func (v View) In(code string) string { return v.site.Path(v.Path) + "?lang=" + url.QueryEscape(code) }

// secret are the fields whose value is never shown again.
func secret(name string) bool {
	for _, part := range []string{"password", "pin", "answer", "code", "token"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// Value is what was typed into a field, but never a secret.
func (v View) Value(name string) string {
	if secret(name) {
		return ""
	}
	return v.Typed[name]
}

// Fault is one line of the error summary.
type Fault struct {
	Field string
	Says  template.HTML
}

// Faults lists what was wrong with the last post, in the order of the fields.
func (v View) Faults() []Fault {
	if v.Problem == nil {
		return nil
	}
	var all []Fault
	for _, f := range v.Problem.Fields {
		all = append(all, Fault{Field: f.Name, Says: v.say(f.Says)})
	}
	if len(all) == 0 {
		all = append(all, Fault{Says: v.Sentence()})
	}
	return all
}

// Sentence is the problem in one sentence: its own, or its code's.
func (v View) Sentence() template.HTML {
	if v.Problem.Detail.Key != "" {
		return v.say(v.Problem.Detail)
	}
	return v.T("problem." + string(v.Problem.Code) + ".text")
}

// Reason is the member "why" of the problem: expired, used, replaced, or empty.
func (v View) Reason() string {
	if v.Problem == nil {
		return ""
	}
	why, _ := v.Problem.More["why"].(string)
	return why
}

// Field is one input with all that belongs to it; see the template "field".
type Field struct {
	View
	Name, Type, Complete string
	Hint                 bool
	Faults               []template.HTML
}

// Field describes an input: its name, its type and what browsers may fill in.
// Its label is said under field.<name>; a hint under field.<name>.hint is
// shown where there is one.
func (v View) Field(name, kind, complete string) Field {
	f := Field{View: v, Name: name, Type: kind, Complete: complete}
	f.Hint = v.Has("field." + name + ".hint")
	if v.Problem != nil {
		for _, p := range v.Problem.Fields {
			if p.Name == name {
				f.Faults = append(f.Faults, v.say(p.Says))
			}
		}
	}
	return f
}

// Described lists the ids of what describes the input, for aria-describedby.
func (f Field) Described() string {
	var ids []string
	if f.Hint {
		ids = append(ids, f.Name+"-hint")
	}
	if len(f.Faults) > 0 {
		ids = append(ids, f.Name+"-error")
	}
	return strings.Join(ids, " ")
}

// Has reports whether there is such a sentence in any language.
func (v View) Has(key string) bool {
	said, _ := v.language.Find(i18n.Say(key))
	return said != key
}

// N is a number as an argument to T.
func (v View) N(n int) string { return strconv.Itoa(n) }
