package web

import (
	"html"
	"html/template"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/problem"
)

// Page is a page that a flow wants shown: the name of its template, and what
// that template needs beyond the view.
type Page struct {
	Name    string
	Data    any
	Title   string   // the key of its heading; empty: that of its name
	Query   string   // what its address says behind the question mark
	Session *Session // of a page for somebody signed in
}

// Session is what such a page tells of being signed in.
type Session struct {
	Name  string        // who is
	Left  time.Duration // until the end
	Until string        // the same as a time of day
	More  bool          // its owner may ask for more time
}

// Seconds is how long is left, for the page's script.
func (s Session) Seconds() int { return max(int(s.Left.Seconds()), 0) }

// View is what a template sees. The flow's own part is Data; all else is the
// same for every page.
type View struct {
	District district.District // zero on the few pages that belong to none
	Data     any
	Problem  *problem.Error    // what was wrong with the last post, or nil
	Typed    map[string]string // the last post's fields
	Path     string            // this page, to come back to it in another language
	Session  *Session          // nil on a page for everybody

	name     string
	heading  string
	query    string
	site     Site
	language *i18n.Language
	chosen   bool // the language was chosen on a page, so links keep it
	words    *i18n.Catalogue
}

// T says a sentence: its key, then names and values. A sentence that the page's
// language lacks is said in English, and marked as such for screen readers.
func (v View) T(key string, args ...string) template.HTML {
	return v.Say(i18n.Say(key, args...))
}

// Say is T for a sentence that was made elsewhere.
func (v View) Say(t i18n.Text) template.HTML {
	said, own := v.language.Find(t)
	return marked(html.EscapeString(said), own)
}

// Show is T for values that read the same in every language: a name, an
// address, a code. Each stands out, and keeps its direction within a sentence
// that is written from right to left.
func (v View) Show(key string, args ...string) template.HTML {
	said, own := v.language.Find(i18n.Say(key)) // leaves {name} as it is
	values := make([]string, len(args)/2*2)
	for i := 0; i < len(values); i += 2 {
		values[i] = "{" + args[i] + "}"
		values[i+1] = `<bdi dir="ltr">` + html.EscapeString(args[i+1]) + `</bdi>`
	}
	return marked(strings.NewReplacer(values...).Replace(html.EscapeString(said)), own)
}

// marked takes text that is escaped already.
func marked(text string, own bool) template.HTML {
	if !own {
		text = `<span lang="en" dir="ltr">` + text + `</span>`
	}
	return template.HTML(text) //nolint:gosec // escaped by both callers
}

// Link makes the address of one of the district's own pages, "" being its hub.
// On a page without a district it is the page of that name at the root.
func (v View) Link(path string) string {
	path = strings.TrimPrefix(path, "/")
	if v.District.Slug == "" {
		return v.Root("/" + path)
	}
	return v.Root(strings.TrimSuffix("/"+v.District.Slug+"/"+path, "/"))
}

// Root makes the address of a page outside any district.
func (v View) Root(path string) string {
	path, anchor, _ := strings.Cut(path, "#")
	address := v.site.Path(path)
	if v.chosen {
		address = ask(address, "lang="+url.QueryEscape(v.language.Code))
	}
	if anchor != "" {
		address += "#" + anchor
	}
	return address
}

// Asset makes the address of a stylesheet, script or picture, which changes with
// its contents.
func (v View) Asset(name string) string {
	hashed, _ := digested()
	return v.site.Path("/assets/" + hashed[name])
}

// Host is what a person would type to come here.
func (v View) Host() string { return v.site.Host() }

// Lang and Dir are the page's language and the direction it is written in.
func (v View) Lang() string { return v.language.Code }

// Dir is the direction the page's language is written in.
func (v View) Dir() string { return v.language.Dir }

// Draft reports whether no named person has read this translation yet.
func (v View) Draft() bool { return v.language.Status != "reviewed" }

// Language speaks the page's language, for times of day.
func (v View) Language() *i18n.Language { return v.language }

// Languages lists what the page may be read in, in the district's order. The
// answer to a post offers none: asked for again in another language, it would be
// another page.
func (v View) Languages() []i18n.Meta {
	var all []i18n.Meta
	if v.Typed != nil {
		return nil
	}
	offered := v.District.Languages
	if v.District.Slug == "" {
		offered = v.words.Codes()
	}
	for _, code := range offered {
		if m, err := v.words.Meta(code); err == nil {
			all = append(all, m)
		}
	}
	return all
}

// In is the address of this same page in another language.
func (v View) In(code string) string {
	return ask(ask(v.site.Path(v.Path), v.query), "lang="+url.QueryEscape(code))
}

// ask adds a query to an address that may have one.
func ask(address, query string) string {
	switch {
	case query == "":
		return address
	case strings.Contains(address, "?"):
		return address + "&" + query
	}
	return address + "?" + query
}

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

// Failed reports whether a form was sent back: its page begins with a summary of
// what was wrong. The pages that exist to say a problem do not say it twice, and
// who is asked to sign in first has done nothing wrong.
func (v View) Failed() bool {
	return v.Problem != nil && v.Problem.Code != problem.LinkDead && v.Problem.Code != problem.NotSignedIn && v.name != ProblemPage && v.name != OffPage && v.name != SignedOutPage
}

// Wait is how many minutes to wait before the same is worth trying; zero if
// waiting does not help, takes seconds only, or the problem's own sentence says
// until when.
func (v View) Wait() int {
	if v.Problem == nil || v.Problem.Detail.Key != "" || v.Problem.RetryAfter < time.Minute {
		return 0
	}
	return int(math.Ceil(v.Problem.RetryAfter.Minutes()))
}

// Dial is a phone number as a phone wants it: what follows the number itself,
// such as an extension, is left to the caller.
func (v View) Dial(number string) string {
	if i := strings.IndexFunc(number, unicode.IsLetter); i >= 0 {
		number = number[:i]
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("+0123456789", r) {
			return r
		}
		return -1
	}, number)
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
		all = append(all, Fault{Field: f.Name, Says: v.Say(f.Says)})
	}
	if len(all) == 0 {
		all = append(all, Fault{Says: v.Sentence()})
	}
	return all
}

// Sentence is the problem in one sentence: its own, or its code's.
func (v View) Sentence() template.HTML {
	if v.Problem.Detail.Key != "" {
		return v.Say(v.Problem.Detail)
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
	Label                template.HTML
	preset               string
	again                []string
}

// Field describes an input: its name, its type and what browsers may fill in.
// Its label is said under field.<name>; a hint under field.<name>.hint is
// shown where there is one.
func (v View) Field(name, kind, complete string) Field {
	f := Field{View: v, Name: name, Type: kind, Complete: complete, Label: v.T("field." + name)}
	f.Hint = v.Has("field." + name + ".hint")
	if v.Problem != nil {
		for _, p := range v.Problem.Fields {
			if p.Name == name {
				f.Faults = append(f.Faults, v.Say(p.Says))
			}
		}
	}
	return f
}

// Called is the field under another label than its name's; again is the label of
// the one in which the same is typed again.
func (f Field) Called(key string, again ...string) Field {
	f.Label, f.again = f.T(key), again
	return f
}

// Again is the field in which the same is typed again.
func (f Field) Again() Field {
	second := f.View.Field(f.Name+"_again", f.Type, f.Complete)
	if len(f.again) > 0 {
		return second.Called(f.again[0])
	}
	return second
}

// Preset is the field with something in it that a person need not type again.
// What was typed since goes before it.
func (f Field) Preset(value string) Field {
	f.preset = value
	return f
}

// Text is what the field shows.
func (f Field) Text() string {
	if typed := f.Value(f.Name); typed != "" || secret(f.Name) {
		return typed
	}
	return f.preset
}

// Exact reports whether the field holds something that is read letter by letter,
// in whatever language the page is: no phone may correct it or turn it round.
func (f Field) Exact() bool {
	return secret(f.Name) || f.Type == "email" || f.Name == "username" || f.Name == "district"
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

// Announced is an announcement as a page shows it. Lang is empty where its text
// is in the page's own language.
type Announced struct{ Date, Day, Text, Lang, Dir string }

// Announcements are the district's news, the newest first.
func (v View) Announcements() []Announced {
	var all []Announced
	for _, a := range v.District.News() {
		text, spoken := a.In(v.language.Code, v.District)
		one := Announced{Date: a.Date, Day: v.language.Full(a.Day()), Text: text}
		if meta, err := v.words.Meta(spoken); err == nil && spoken != v.language.Code {
			one.Lang, one.Dir = spoken, meta.Dir
		}
		all = append(all, one)
	}
	return all
}

// Grouped is a reference or code of eight characters as it is read aloud: in two
// fours.
func (v View) Grouped(code string) string {
	if len(code) != 8 {
		return code
	}
	return code[:4] + "-" + code[4:]
}

// N is a number as an argument to T.
func (v View) N(n int) string { return strconv.Itoa(n) }
