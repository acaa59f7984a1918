package web_test

import (
	"io/fs"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/web"
)

// say renders one template over a view, without the frame around it.
func say(t *testing.T, template string, asked web.Asked) string {
	t.Helper()
	base, _ := url.Parse("https://reset.example.org/prod")
	pages := web.Open(web.NewSite(base), i18n.Default, fstest.MapFS{
		"pages/made.html": {Data: []byte(`{{define "made"}}[[` + template + `]]{{end}}`)},
	})
	if asked.Language == nil {
		asked.Language = i18n.Default.Language("en")
	}
	body, err := pages.Render(web.Page{Name: "made"}, asked)
	if err != nil {
		t.Fatal(err)
	}
	_, said, _ := strings.Cut(string(body), "[[")
	said, _, _ = strings.Cut(said, "]]")
	return said
}

func TestWhatAViewSays(t *testing.T) {
	here := web.Asked{District: springfield()}
	chosen := web.Asked{District: springfield(), Language: i18n.Default.Language("es"), Chosen: true}
	far := springfield()
	far.Phone = "+1 (555) 010-0199 ext. 12"
	waits := func(p *problem.Error) web.Asked { return web.Asked{District: springfield(), Problem: p} }
	for _, c := range []struct {
		name, template, want string
		asked                web.Asked
	}{
		{"a page of the district", `{{.Link "code"}}`, "/prod/springfield/code", here},
		{"its hub", `{{.Link ""}}`, "/prod/springfield", here},
		{"a place on a page, in a language that was chosen", `{{.Link "help#link"}}`, "/prod/springfield/help?lang=es#link", chosen},
		{"a page outside any district", `{{.Link "help"}}`, "/prod/help", web.Asked{}},
		{"the front page from outside any district", `{{.Link ""}}`, "/prod/", web.Asked{}},
		{"markup in a value is text", `{{.T "sent.open" "district" "<b>&\""}}`, "Open the email from &lt;b&gt;&amp;&#34;.", here},
		{"markup in a value shown is text", `{{.Show "sent.typed.username" "username" "<b>{username}"}}`, `Check what you typed: <bdi dir="ltr">&lt;b&gt;{username}</bdi>`, here},
		{"a reference is read in fours", `{{.Grouped "7F3K9QPD"}} {{.Grouped "7F3"}}`, "7F3K-9QPD 7F3", here},
		{"a number as a phone wants it", `{{.Dial .District.Phone}}`, "+15550100199", web.Asked{District: far}},
		{"no wait", `{{.Wait}}`, "0", here},
		{"a wait is rounded up to minutes", `{{.Wait}}`, "10", waits(problem.New(problem.TooManyRequests).After(9*time.Minute + time.Second))},
		{"a sentence that says until when needs none", `{{.Wait}}`, "0", waits(problem.New(problem.NotProved).Saying("not-proved.wait", "time", "3:45 PM").After(time.Hour))},
		{"why a link is dead", `{{.Reason}}`, "used", waits(problem.New(problem.LinkDead).With("why", "used"))},
	} {
		t.Run(c.name, func(t *testing.T) {
			// Template contexts escape + and &; what is compared is what a browser reads.
			if got := strings.ReplaceAll(say(t, c.template, c.asked), "&#43;", "+"); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestAFieldShowsWhatWasTypedLast(t *testing.T) {
	for _, c := range []struct {
		name, template, want string
		typed                map[string]string
	}{
		{"nothing typed yet", `{{((.Field "username" "text" "").Preset "preset").Text}}`, "preset", nil},
		{"typed since", `{{((.Field "username" "text" "").Preset "preset").Text}}`, "typed", map[string]string{"username": "typed"}},
		{"a secret has no preset either", `{{((.Field "code" "text" "").Preset "preset").Text}}`, "", nil},
		{"a name of a person may be in any script", `{{(.Field "first_name" "text" "").Exact}}`, "false", nil},
		{"a password may not be corrected", `{{(.Field "new_password" "password" "").Exact}}`, "true", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := say(t, c.template, web.Asked{District: springfield(), Typed: c.typed}); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestWithoutAPhoneTheOfficeIsNamedAndWithoutAnOfficeTheSchool(t *testing.T) {
	d := springfield()
	for _, c := range []struct{ office, phone, want string }{
		{"Help desk", "555-0100", "Call Help desk:"},
		{"", "555-0100", "Call your school:"},
		{"Help desk", "", "Ask Help desk."},
		{"", "", "Ask your school."},
	} {
		d.Office, d.Phone, d.Hours = c.office, c.phone, ""
		got := say(t, `{{template "call" .}}`, web.Asked{District: d})
		if !strings.Contains(got, c.want) || strings.Contains(got, "tel:") != (c.phone != "") {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// rightToLeft is a made-up language with one sentence of its own: a language is
// only files.
func rightToLeft(t *testing.T) *i18n.Catalogue {
	t.Helper()
	all := fstest.MapFS{
		"locales/ar/meta.json":  {Data: []byte(`{"name":"عربية","dir":"rtl","status":"draft","clock":"15:04","date":"{day} {month}","months":["1","2","3","4","5","6","7","8","9","10","11","12"]}`)},
		"locales/ar/pages.json": {Data: []byte(`{"sign-in.title":"تسجيل الدخول"}`)},
	}
	english, err := fs.Glob(os.DirFS("../i18n"), "locales/en/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range english {
		raw, err := os.ReadFile("../i18n/" + name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = &fstest.MapFile{Data: raw}
	}
	return i18n.Open(all)
}

func TestALanguageIsOnlyFiles(t *testing.T) {
	pages := open(t, rightToLeft(t))
	d := springfield()
	d.Languages = []string{"en", "ar"}
	body, err := pages.Render(web.Page{Name: "sign-in", Data: data{"SignedOut": false}}, web.Asked{
		District: d, Language: pages.Words.Language("ar"), Chosen: true, Path: "/springfield/sign-in",
		Typed: nil, Problem: problem.New(problem.NotProved),
	})
	if err != nil {
		t.Fatal(err)
	}
	page := string(body)
	for what, want := range map[string]string{
		"its direction":                           `<html lang="ar" dir="rtl">`,
		"its own heading":                         `<h1>تسجيل الدخول</h1>`,
		"a missing sentence, marked":              `<label for="username"><span lang="en" dir="ltr">Username</span></label>`,
		"a missing sentence in an attribute":      `data-show="Show password"`,
		"a title without markup":                  `<title>Error: تسجيل الدخول – Springfield`,
		"a name that is typed from left to right": `id="username" name="username" type="text" autocomplete="username" dir="ltr"`,
		"its own name in the menu":                `hreflang="ar" lang="ar" dir="rtl" aria-current="true">عربية</a>`,
		"links that keep it":                      `href="/prod/springfield/code?lang=ar"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%s: lacks %s in %s", what, want, page[:400])
		}
	}
	for _, s := range gallery() {
		show(t, pages, s, "ar")
	}
}

func TestOneLanguageNeedsNoMenu(t *testing.T) {
	d := springfield()
	d.Languages = []string{"en"}
	pages := open(t, i18n.Default)
	body, err := pages.Render(web.Page{Name: "off"}, web.Asked{District: d, Language: i18n.Default.Language("en")})
	if err != nil || strings.Contains(string(body), `class="langs"`) {
		t.Errorf("%v, or a menu of one", err)
	}
	body, err = pages.Render(web.Page{Name: "off"}, web.Asked{District: district.District{}, Language: i18n.Default.Language("en")})
	if err != nil || strings.Contains(string(body), "//help") {
		t.Errorf("%v, or an address of another host", err)
	}
}

func TestAnnouncementsAreDatedAndMarkedWhereTheyAreInAnotherLanguage(t *testing.T) {
	d := springfield()
	d.Announcements = []district.Announcement{
		{Date: "2026-11-02", Text: "Old & <b>bold</b>", Translations: map[string]string{"es": "Viejo"}},
		{Date: "2026-11-20", Text: "New"},
	}
	for _, c := range []struct {
		language string
		want     []string
	}{
		{"en", []string{`<time datetime="2026-11-20">November 20, 2026</time> <span>New</span>`, `<time datetime="2026-11-02">November 2, 2026</time> <span>Old &amp; &lt;b&gt;bold&lt;/b&gt;</span>`}},
		{"es", []string{`<time datetime="2026-11-20">20 de noviembre de 2026</time> <span lang="en" dir="ltr">New</span>`, `<span>Viejo</span>`}},
	} {
		page := say(t, `{{template "announcements" .}}`, web.Asked{District: d, Language: i18n.Default.Language(c.language)})
		at := 0
		for _, want := range c.want {
			i := strings.Index(page[at:], want)
			if i < 0 {
				t.Errorf("%s: %s is not where it should be in %s", c.language, want, page)
				break
			}
			at += i
		}
	}
	d.Announcements = nil
	if page := say(t, `{{template "announcements" .}}`, web.Asked{District: d}); page != "" {
		t.Errorf("of no news it says %s", page)
	}
}
