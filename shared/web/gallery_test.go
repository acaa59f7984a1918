package web_test

import (
	"encoding/xml"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/web"
)

// state is one page as a family may come to see it. What a flow puts in Data is
// repeated here by name; the flows' own tests show the real thing.
type state struct {
	name    string
	page    string
	data    any
	problem *problem.Error
	typed   map[string]string
	nowhere bool // a page outside any district
	session *web.Session
}

type data = map[string]any

// offer stands for what the pages flow offers.
type offer struct {
	Students bool
	Sections []string
	First    []line
	Groups   []lines
	all      bool
}

type line struct{ Says, Icon, To, Text string }

type lines struct {
	Says  string
	Lines []line
}

var hubLines = []lines{{"hub.wrong", []line{{"help.link", "", "help#link", "hub.link.text"}, {"help.other", "", "help#other", "hub.other.text"}}}}

func (o offer) Serves(string) bool { return o.all }

type rule struct {
	Kind string
	Text i18n.Text
	Min  int
	Has  string
}

func setPassword(change data) data {
	d := data{
		"Username": "mlopez71", "Ask": false, "Token": "t0ken", "CodeUser": "", "Code": "", "Attempt": "a1", "Until": "3:45 PM EST", "First": false,
		"PasswordRules": "minlength: 15;",
		"Rules": []rule{
			{"length", i18n.Say("rule.length", "min", "15"), 15, ""},
			{"upper-lower", i18n.Say("rule.upper-lower"), 0, `\p{Lu} \p{Ll}`},
			{"own-words", i18n.Say("rule.own-words"), 0, ""},
			{"common", i18n.Say("rule.common"), 0, ""},
			{"spaces", i18n.Say("rule.spaces"), 0, ""},
		},
	}
	for k, v := range change {
		d[k] = v
	}
	return d
}

type place struct{ Page, Selection string }

var (
	here     = &web.Session{Name: "Maria Lopez", Left: time.Hour, Until: "3:45 PM EST", More: true}
	nameless = &web.Session{Left: time.Minute, Until: "3:45 PM EST"}
)

func home(change data) data {
	d := data{
		"Username": "mlopez71", "Role": "guardian", "Last": "Monday, 8:00 AM", "LastAgent": "Chrome, Android", "Changed": "Sunday, 9:00 AM",
		"Doubt": false, "Offer": (*place)(nil),
	}
	for k, v := range change {
		d[k] = v
	}
	return d
}

// gallery is every page in every state worth looking at.
func gallery() []state {
	sections := strings.Fields("no-email link rejected username temporary change answers active new access student child app other changed-email safe contact")
	id := "0f8c2b1e-1111-4222-8333-abcdefabcdef"
	refused := &problem.Error{Code: problem.PasswordRefused, Fields: []problem.Field{
		{Name: "new_password", Says: i18n.Say("password.length", "min", "15", "used", "9")},
		{Name: "new_password", Says: i18n.Say("password.spaces")},
		{Name: "new_password_again", Says: i18n.Say("password.differ")},
	}}
	dead := func(why string) *problem.Error {
		return problem.New(problem.LinkDead).With("why", why).Saying("link." + why)
	}
	posted := map[string]string{}
	return []state{
		{name: "hub", page: "hub", data: offer{Students: true, First: []line{{"hub.forgot", "lock", "forgot-password", "hub.forgot.text"}}, Groups: hubLines, all: true}},
		{name: "hub with all of it off", page: "hub", data: offer{Groups: hubLines}},
		{name: "help", page: "help", data: offer{Students: true, Sections: sections, all: true}},
		{name: "help outside a district", page: "help", data: offer{Sections: sections}, nowhere: true},
		{name: "a problem explained", page: "help-problem", data: data{"Code": "busy", "Status": "503"}, nowhere: true},
		{name: "front page", page: "root", data: data{"Districts": []data{{"Slug": "springfield", "Name": "Springfield Public Schools"}}}, nowhere: true},
		{name: "front page of none", page: "root", data: data{"Districts": nil}, nowhere: true},
		{name: "forgot password", page: "forgot-password"},
		{name: "forgot password, empty", page: "forgot-password", typed: map[string]string{"username": "", "email": "maria"}, problem: problem.Invalid(
			problem.Field{Name: "username", Says: i18n.Say("username.missing")}, problem.Field{Name: "email", Says: i18n.Say("email.malformed")})},
		{name: "sent", page: "forgot-password-sent", typed: posted, data: data{
			"Username": "mlopez71", "Email": "maria.lopez@example.org", "Reference": "7F3K9QPD", "Time": "3:15 PM EST", "Until": "3:45 PM EST", "Minutes": 30,
		}},
		{name: "set password", page: "set-password", data: setPassword(nil)},
		{name: "set password by code", page: "set-password", typed: posted, data: setPassword(data{"Token": "", "CodeUser": "MLopez71", "Code": "K7QM2RXP", "First": true})},
		{name: "set password, username asked again", page: "set-password", typed: posted, data: setPassword(data{"Username": "", "Ask": true})},
		{name: "set password, refused", page: "set-password", typed: posted, problem: refused, data: setPassword(nil)},
		{name: "code", page: "code", data: data{"Username": ""}},
		{name: "code, wrong", page: "code", data: data{"Username": "mlopez71"}, typed: map[string]string{"username": "mlopez71", "code": "K7QM2RXP"}, problem: problem.New(problem.NotProved).Saying("not-proved.left", "n", "1")},
		{name: "link dead", page: "link-dead", data: data{"Token": "t0ken"}, problem: problem.New(problem.LinkDead)},
		{name: "link expired", page: "link-dead", data: data{"Token": "t0ken"}, problem: dead("expired")},
		{name: "link used", page: "link-dead", data: data{"Token": "t0ken"}, problem: dead("used")},
		{name: "link without a token", page: "link-dead", data: data{"Token": ""}, problem: dead("replaced")},
		{name: "new link sent", page: "link-again-sent", typed: posted, data: data{"Reference": "7F3K9QPD", "Time": "3:15 PM EST"}},
		{name: "changed", page: "password-changed", typed: posted, data: data{"Portal": "https://portal.example.org/"}},
		{name: "changed, no portal", page: "password-changed", typed: posted, data: data{"Portal": ""}},
		{name: "not me", page: "not-me", data: data{"Token": "t0ken", "Kind": "request"}},
		{name: "not me, unticked", page: "not-me", data: data{"Token": "t0ken", "Kind": "change"}, typed: posted, problem: problem.Invalid(problem.Field{Name: "confirm", Says: i18n.Say("confirm.missing")})},
		{name: "not me, said", page: "not-me-done", data: data{"Kind": "request"}, typed: posted},
		{name: "not me, said of a change", page: "not-me-done", data: data{"Kind": "change"}, typed: posted},
		{name: "sign in", page: "sign-in", data: data{"SignedOut": false, "Others": district.Roles}},
		{name: "signed out", page: "sign-in", data: data{"SignedOut": true}, typed: posted},
		{name: "sign in, too often", page: "sign-in", data: data{"SignedOut": false}, typed: map[string]string{"username": "mlopez71", "password": "secret words"}, problem: problem.New(problem.NotProved).After(12*time.Minute).Saying("not-proved.wait", "time", "3:45 PM EST")},
		{name: "sign in for parents", page: "sign-in", data: data{"As": district.Guardian, "Others": []district.Role{district.Student, district.Staff}}},
		{name: "home", page: "home", session: here, data: home(nil)},
		{name: "home for the first time", page: "home", session: nameless, data: home(data{"Last": "", "LastAgent": "", "Changed": ""})},
		{name: "home, was it not you", page: "home", session: here, data: home(data{"Doubt": true})},
		{name: "home, back to a page", page: "home", session: here, data: home(data{"Offer": &place{Page: "sessions"}})},
		{name: "home, back to a selection", page: "home", session: here, data: home(data{"Offer": &place{Page: "home", Selection: "security"}})},
		{name: "sessions", page: "sessions", session: here, typed: posted, data: data{"Ended": true, "Others": true, "Lines": []data{
			{"ID": "0123456789abcdef", "Agent": "Chrome, Android", "Signed": "Monday 8:00 AM", "Proved": "Monday 8:00 AM", "This": true},
			{"ID": "123456789abcdef0", "Agent": "", "Signed": "Monday 7:00 AM", "Proved": "Monday 7:30 AM", "This": false},
		}}},
		{name: "prove", page: "prove", session: nameless, data: "mlopez71"},
		{name: "change password", page: "change-password", session: here, data: setPassword(nil)},
		{name: "change password, wrong", page: "change-password", session: here, typed: posted, data: setPassword(nil), problem: &problem.Error{
			Code: problem.NotProved, Fields: []problem.Field{{Name: "password", Says: i18n.Say("password.current")}},
		}},
		{name: "password changed here", page: "password-changed-here", typed: posted},
		{name: "came to its end", page: "signed-out", problem: problem.New(problem.NotSignedIn).With("why", "ended").Saying("session.ended")},
		{name: "off", page: "off", problem: problem.New(problem.NotAllowed).Saying("problem.not-allowed.off")},
		{name: "not found", page: "problem", data: id, problem: problem.New(problem.NotFound)},
		{name: "not found outside a district", page: "problem", data: id, problem: problem.New(problem.NotFound), nowhere: true},
		{name: "signed out meanwhile", page: "problem", data: id, problem: problem.New(problem.NotSignedIn)},
		{name: "too many", page: "problem", data: id, problem: problem.New(problem.TooManyRequests).After(9*time.Minute + time.Second)},
		{name: "our fault", page: "problem", data: id, problem: problem.New(problem.Internal)},
	}
}

func springfield() district.District {
	d := district.Default("springfield", "Springfield Public Schools")
	d.Office, d.Phone, d.Hours, d.MailFrom = "Springfield family help desk", "555-0100", "Monday to Friday", "no-reply@signin.example.org"
	d.Announcements = []district.Announcement{{Date: "2026-11-20", Text: "Closed on Friday."}}
	d.OtherProducts = []district.Product{{Name: "Lunch", Office: "Food Services", Phone: "555-0120"}}
	return d
}

// open reads the pages of every flow, as a browser would find them under /prod.
func open(t *testing.T, words *i18n.Catalogue) *web.Pages {
	t.Helper()
	base, _ := url.Parse("https://reset.example.org/prod")
	folders, err := filepath.Glob("../../functions/*/pages")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	var flows []fs.FS
	for _, folder := range folders {
		flows = append(flows, os.DirFS(filepath.Dir(folder)))
	}
	return web.Open(web.NewSite(base), words, flows...)
}

// TestTheGalleryHasEveryPage holds it to the templates of all flows.
func TestTheGalleryHasEveryPage(t *testing.T) {
	files, _ := filepath.Glob("../../functions/*/pages/*.html")
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".html")
		if !slices.ContainsFunc(gallery(), func(s state) bool { return s.page == name }) {
			t.Errorf("%s is not in the gallery", file)
		}
	}
}

func show(t *testing.T, pages *web.Pages, s state, language string) string {
	t.Helper()
	asked := web.Asked{
		District: springfield(), Language: pages.Words.Language(language), Path: "/springfield/somewhere", Typed: s.typed, Problem: s.problem,
	}
	if s.nowhere {
		asked.District = district.District{}
	}
	body, err := pages.Render(web.Page{Name: s.page, Data: s.data, Session: s.session}, asked)
	if err != nil {
		t.Fatalf("%s in %s: %v", s.name, language, err)
	}
	return string(body)
}

// element is a tag with its attributes, and the elements that it stands in.
type element struct {
	name    string
	attr    map[string]string
	within  []string
	content string // of a leaf
}

// elements reads a page as XML that is generous about what HTML may leave out.
func elements(f *faults, page string) []element {
	dec := xml.NewDecoder(strings.NewReader(page))
	dec.Strict, dec.AutoClose, dec.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	var all []element
	var within []string
	for {
		token, err := dec.Token()
		if err != nil {
			break
		}
		switch tag := token.(type) {
		case xml.StartElement:
			e := element{name: tag.Name.Local, attr: map[string]string{}, within: slices.Clone(within)}
			for _, a := range tag.Attr {
				e.attr[a.Name.Local] = a.Value
			}
			all, within = append(all, e), append(within, e.name)
		case xml.EndElement:
			within = within[:len(within)-1]
		case xml.CharData:
			if len(all) > 0 {
				all[len(all)-1].content += string(tag)
			}
		}
	}
	if len(within) > 0 || len(all) < 10 {
		f.find("the page does not parse: within %v", within)
	}
	return all
}

// faults are what a check finds wrong with a page.
type faults []string

func (f *faults) find(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// looked runs a check over every page in every language.
func looked(t *testing.T, check func(f *faults, s state, page string)) {
	t.Helper()
	pages := open(t, i18n.Default)
	for _, code := range i18n.Default.Codes() {
		for _, s := range gallery() {
			var f faults
			check(&f, s, show(t, pages, s, code))
			for _, fault := range f {
				t.Errorf("%s in %s: %s", s.name, code, fault)
			}
		}
	}
}
