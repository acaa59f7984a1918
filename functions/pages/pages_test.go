package pages_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/functions/pages"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/web"
)

// districts is a Finder over what it holds.
type districts map[string]district.District

func (d districts) Find(_ context.Context, slug string) (district.District, error) {
	found, ok := d[slug]
	if !ok {
		return district.District{}, district.ErrUnknown
	}
	return found, nil
}

func springfield() district.District {
	d := district.Default("springfield", "Springfield Public Schools")
	d.Office, d.Phone, d.MailFrom = "Springfield family help desk", "555-0100", "no-reply@signin.example.org"
	return d
}

var everything = []string{district.ForgotPassword, district.ForgotUsername, pages.Code, district.SignIn, pages.ChangePassword}

// visit asks the flow for a page as API Gateway would: under the stage's path, in
// a deployment that has those flows, of that district.
type visit struct {
	served []string
	root   []pages.Entry
	d      district.District
	accept string
	lang   string
	cookie string
}

func (v visit) get(t *testing.T, resource, address string) gateway.Response {
	t.Helper()
	base, _ := url.Parse("https://reset.example.org/prod")
	site := web.NewSite(base)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	query := map[string]string{}
	for name := range u.Query() {
		query[name] = u.Query().Get(name)
	}
	vars := map[string]string{}
	pattern := regexp.MustCompile(`\\\{(\w+)(\\\+)?\\\}`).ReplaceAllStringFunc(regexp.QuoteMeta(resource), func(v string) string {
		one := "[^/]+"
		if strings.Contains(v, "+") {
			one = ".+"
		}
		return "(?P<" + strings.Trim(v, `\{}+`) + ">" + one + ")"
	})
	match := regexp.MustCompile("^" + pattern + "$")
	for i, name := range match.SubexpNames() {
		if name != "" {
			vars[name] = match.FindStringSubmatch(u.Path)[i]
		}
	}
	accept := v.accept
	if accept == "" {
		accept = "text/html"
	}
	edge := gateway.Edge{
		Function: "pages", Districts: districts{v.d.Slug: v.d}, Pages: web.Open(site, i18n.Default, pages.Pages),
		Log: slog.New(slog.DiscardHandler), Now: time.Now,
	}
	flow := pages.Flow{Site: site, Districts: edge.Districts, Served: v.served, Root: v.root}
	response, err := edge.Serve(flow.Routes())(context.Background(), gateway.Event{
		Resource: resource, HTTPMethod: http.MethodGet, PathParameters: vars, QueryStringParameters: query,
		Headers: map[string]string{"Accept": accept, "Accept-Language": v.lang, "Cookie": v.cookie},
	})
	if err != nil {
		t.Fatal(err)
	}
	return response
}

func location(r gateway.Response) string { return http.Header(r.MultiValueHeaders).Get("Location") }

func links(body string) []string {
	var all []string
	for _, m := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(body, -1) {
		all = append(all, m[1])
	}
	return all
}

func TestTheHubNamesOnlyWhatIsThere(t *testing.T) {
	off := springfield()
	off.Flows = nil
	for _, c := range []struct {
		name      string
		visit     visit
		has, lack []string
	}{
		{
			"all of it",
			visit{served: everything, d: springfield()},
			[]string{"/prod/springfield/forgot-password", "/prod/springfield/forgot-username", "/prod/springfield/code", "/prod/springfield/sign-in", "/prod/springfield/change-password"},
			[]string{"help#username", "help#active", "help#change"},
		},
		{
			"a flow that is not deployed has help in its place",
			visit{served: []string{district.ForgotPassword, pages.Code}, d: springfield()},
			[]string{"/prod/springfield/forgot-password", "/prod/springfield/help#username"},
			[]string{"/prod/springfield/forgot-username", "/prod/springfield/sign-in"},
		},
		{
			"a district that has all of it off",
			visit{served: everything, d: off},
			[]string{"/prod/springfield/help#username", "/prod/springfield/help#no-email", "/prod/springfield/help#active", "/prod/springfield/help#change", "Your school does not offer this online", "555-0100"},
			[]string{"/prod/springfield/forgot-password", "/prod/springfield/forgot-username", "/prod/springfield/code", "/prod/springfield/sign-in", "/prod/springfield/change-password", "We email you"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := c.visit.get(t, "/{district}", "/springfield")
			if r.StatusCode != http.StatusOK {
				t.Fatalf("status %d", r.StatusCode)
			}
			for _, want := range c.has {
				if !strings.Contains(r.Body, want) {
					t.Errorf("lacks %q", want)
				}
			}
			for _, not := range c.lack {
				if strings.Contains(r.Body, not) {
					t.Errorf("has %q", not)
				}
			}
		})
	}
}

// TestTheHubHasEveryProblemOfTheSeed holds the hub to the ten problems that
// PowerSource's page asks families to pick from, each with its next way in, where
// all is on and where all is off.
func TestTheHubHasEveryProblemOfTheSeed(t *testing.T) {
	off := springfield()
	off.Flows = nil
	on := visit{served: everything, d: springfield()}.get(t, "/{district}", "/springfield").Body
	none := visit{served: everything, d: off}.get(t, "/{district}", "/springfield").Body
	for _, c := range []struct{ problem, on, off string }{
		{"I forgot my password", "forgot-password", ""}, // off: the box with the phone number
		{"I forgot my PIN or my secret answers", "help#answers", "help#answers"},
		{"I did not get the email", "help#no-email", "help#no-email"},
		{"My password is not accepted", "help#rejected", "help#rejected"},
		{"I want a different password", "change-password", "help#change"},
		{"I am new here and need an account", "help#new", "help#new"},
		{"My account is new and not active yet", "forgot-password", "help#active"},
		{"I need help with another app or product", "help#other", "help#other"},
		{"I can sign in, but a page does not open for me", "help#access", "help#access"},
		{"My problem is not in this list", "help#contact", "help#contact"},

		{"I do not know my username", "forgot-username", "help#username"},
		{"I am a student", "help#student", "help#student"},
		{"My child forgot their password", "help#child", "help#child"},
		{"My link does not work", "help#link", "help#link"},
	} {
		for body, to := range map[string]string{on: c.on, none: c.off} {
			if to != "" && !leads(body, c.problem, "/prod/springfield/"+to) {
				t.Errorf("%q does not lead to %s", c.problem, to)
			}
		}
	}
	if !strings.Contains(none, "<h2>I forgot my password</h2>") {
		t.Error("where it is off, nobody says what to do about a forgotten password")
	}
}

// leads reports whether a link with that text leads there.
func leads(body, text, to string) bool {
	for _, link := range strings.Split(body, "<a ")[1:] {
		link, _, _ = strings.Cut(link, "</a>")
		if strings.HasPrefix(link, `href="`+to+`"`) && (strings.Contains(link, ">"+text+"<") || strings.HasSuffix(link, ">"+text)) {
			return true
		}
	}
	return false
}

func TestStudentsAreNotSentToAFormThatIsForAdults(t *testing.T) {
	adults := springfield()
	adults.Flows = map[string][]district.Role{district.ForgotPassword: {district.Guardian}}
	for d, want := range map[bool]district.District{true: springfield(), false: adults} {
		help := visit{served: everything, d: want}.get(t, "/{district}/{rest+}", "/springfield/help").Body
		for _, text := range []string{"Does your school have an email for you?", "Does the school have an email for your child?"} {
			if strings.Contains(help, text) != d {
				t.Errorf("%q: %t", text, !d)
			}
		}
	}
}

// TestPagesStaySmall shows the largest that a district can make them.
func TestPagesStaySmall(t *testing.T) {
	d := springfield()
	for range 5 {
		d.Announcements = append(d.Announcements, district.Announcement{Date: "2026-11-25", Text: strings.Repeat("\u4e16", 300)})
	}
	for range 6 {
		d.OtherProducts = append(d.OtherProducts, district.Product{Name: strings.Repeat("x", 60), Office: strings.Repeat("x", 120), Phone: strings.Repeat("5", 20)})
	}
	d.Code = "4821"
	if err := d.Check(); err != nil {
		t.Fatal(err)
	}
	for _, lang := range i18n.Default.Codes() {
		v := visit{served: everything, d: d, lang: lang}
		for name, r := range map[string]gateway.Response{"hub": v.get(t, "/{district}", "/springfield"), "help": v.get(t, "/{district}/{rest+}", "/springfield/help?lang="+lang)} {
			if len(r.Body) > 15<<10 || !strings.Contains(r.Body, `<html lang="`+lang+`"`) {
				t.Errorf("%s in %s: %d bytes", name, lang, len(r.Body))
			}
		}
	}
}

func TestHelpSaysWhichAccountThisIsAndWhoHelpsWithOthers(t *testing.T) {
	d := springfield()
	help := func() string {
		return visit{served: everything, d: d}.get(t, "/{district}/{rest+}", "/springfield/help").Body
	}
	lacks := help()
	for _, want := range []string{
		"your account for the portal of Springfield Public Schools", "Your school has it", "It stops working after 24 hours",
		`<bdi dir="ltr">signin.example.org</bdi>`, "Junk or Spam", "The newest email works for 7 days", "Google or another service", "a reference",
	} {
		if !strings.Contains(lacks, want) {
			t.Errorf("lacks %q", want)
		}
	}
	for _, not := range []string{"4821", "Who helps with them"} {
		if strings.Contains(lacks, not) {
			t.Errorf("has %q", not)
		}
	}
	d.Code, d.OtherProducts = "4821", []district.Product{{Name: "Lunch & more", Office: "Food Services", Phone: "555-0120"}}
	has := help()
	for _, want := range []string{"4821", "Lunch &amp; more", "Food Services", `href="tel:5550120"`, "Who helps with them"} {
		if !strings.Contains(has, want) {
			t.Errorf("lacks %q", want)
		}
	}
}

func TestEveryAnchorLinkedFromAHubIsOnTheHelpPage(t *testing.T) {
	v := visit{served: everything, d: springfield()}
	help := v.get(t, "/{district}/{rest+}", "/springfield/help")
	if help.StatusCode != http.StatusOK {
		t.Fatalf("status %d", help.StatusCode)
	}
	hub := v.get(t, "/{district}", "/springfield")
	for _, link := range append(links(hub.Body), links(help.Body)...) {
		if _, anchor, ok := strings.Cut(link, "#"); ok && !strings.Contains(help.Body, `id="`+anchor+`"`) {
			t.Errorf("%s leads nowhere", link)
		}
	}
}

func TestHelpWithoutADistrictNamesNoPageOfOne(t *testing.T) {
	r := visit{served: everything}.get(t, "/help", "/help")
	if r.StatusCode != http.StatusOK {
		t.Fatalf("status %d", r.StatusCode)
	}
	for _, link := range links(r.Body) {
		if !strings.HasPrefix(link, "#") && !strings.HasPrefix(link, "/prod/assets/") && link != "/prod/" && !strings.HasPrefix(link, "/prod/help") {
			t.Errorf("links to %s", link)
		}
	}
}

func TestAnyOtherPageIsNotFoundAndOffersTheHub(t *testing.T) {
	v := visit{d: springfield()}
	for _, address := range []string{"/springfield/nothing", "/springfield/help/more", "/springfield/Help"} {
		r := v.get(t, "/{district}/{rest+}", address)
		if r.StatusCode != http.StatusNotFound || !strings.Contains(r.Body, `href="/prod/springfield"`) || !strings.Contains(r.Body, "555-0100") {
			t.Errorf("%s: %d", address, r.StatusCode)
		}
	}
	if r := v.get(t, "/{district}", "/shelbyville"); r.StatusCode != http.StatusNotFound || !strings.Contains(r.Body, "We do not know this school district") {
		t.Errorf("unknown district: %d", r.StatusCode)
	}
}

func TestTheTypeOfAProblemLeadsToItsMeaning(t *testing.T) {
	for code := range problem.Statuses {
		r := visit{}.get(t, "/help/{code}", "/help/"+string(code))
		if r.StatusCode != http.StatusOK || !strings.Contains(r.Body, string(code)) || strings.Contains(r.Body, "problem.") {
			t.Errorf("%s: %d", code, r.StatusCode)
		}
	}
	if r := (visit{}).get(t, "/help/{code}", "/help/account-not-found"); r.StatusCode != http.StatusNotFound {
		t.Errorf("a code that is none: %d", r.StatusCode)
	}
	machine := visit{accept: "application/json"}.get(t, "/help/{code}", "/help/none")
	var said struct{ Type string }
	if err := json.Unmarshal([]byte(machine.Body), &said); err != nil || said.Type != "https://reset.example.org/prod/help/not-found" {
		t.Errorf("a problem has the type %q", said.Type)
	}
}

func TestTheFrontPageLeadsToADistrict(t *testing.T) {
	listed := visit{root: []pages.Entry{{Slug: "springfield", Name: "Springfield Public Schools"}}}.get(t, "/", "/")
	if !strings.Contains(listed.Body, `href="/prod/springfield"`) || !strings.Contains(listed.Body, `name="district"`) {
		t.Error("neither listed nor asked for")
	}
	for _, c := range []struct {
		name, address string
		status        int
		location      string
	}{
		{"a short name", "/?district=springfield", http.StatusSeeOther, "/prod/springfield"},
		{"as phones type it", "/?district=+Springfield+", http.StatusSeeOther, "/prod/springfield"},
		{"nothing typed", "/?district=", http.StatusOK, ""},
		{"no name of a district", "/?district=springfield+schools", http.StatusBadRequest, ""},
		{"another site", "/?district=//evil.example", http.StatusBadRequest, ""},
		{"one of our own pages", "/?district=assets", http.StatusBadRequest, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := visit{}.get(t, "/", c.address)
			if r.StatusCode != c.status || location(r) != c.location {
				t.Errorf("got %d %q, want %d %q", r.StatusCode, location(r), c.status, c.location)
			}
		})
	}
}

func TestAPasswordManagerIsSentToWhereThePasswordIsChanged(t *testing.T) {
	open, shut := springfield(), springfield()
	delete(shut.Flows, district.SignIn)
	for _, c := range []struct {
		name, cookie string
		served       []string
		d            district.District
		want         string
	}{
		{"nobody knows the district", "", everything, open, "/prod/"},
		{"a browser that is signed in", "lang=es; __Host-s-springfield=x", everything, open, "/prod/springfield/change-password"},
		{"signed in to two", "__Host-s-shelbyville=x; __Host-s-springfield=y", everything, open, "/prod/"},
		{"no page to change it", "__Host-s-springfield=x", []string{district.SignIn}, open, "/prod/springfield"},
		{"the district lets nobody sign in", "__Host-s-springfield=x", everything, shut, "/prod/springfield"},
		{"a district that is gone", "__Host-s-ogdenville=x", everything, open, "/prod/ogdenville"},
		{"a cookie that names no district", "__Host-s-..%2fevil=x; __Host-s-assets=x; __Host-s-=x", everything, open, "/prod/"},
		{"a cookie of another kind", "s-springfield=x; springfield=x", everything, open, "/prod/"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := visit{served: c.served, d: c.d, cookie: c.cookie}.get(t, "/.well-known/{rest+}", "/.well-known/change-password")
			if r.StatusCode != http.StatusFound || location(r) != c.want {
				t.Errorf("got %d %q, want %q", r.StatusCode, location(r), c.want)
			}
		})
	}
	for _, none := range []string{"resource-that-should-not-exist-whose-status-code-should-not-be-200", "security.txt", "change-password/", "Change-Password"} {
		if r := (visit{}).get(t, "/.well-known/{rest+}", "/.well-known/"+none); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", none, r.StatusCode)
		}
	}
}

func TestWhatAPageIsMadeOfMayBeKeptForAYear(t *testing.T) {
	hub := visit{d: springfield()}.get(t, "/{district}", "/springfield")
	made := regexp.MustCompile(`/prod(/assets/[^"#]+)`).FindAllStringSubmatch(hub.Body, -1)
	if len(made) < 3 {
		t.Fatalf("found %d", len(made))
	}
	for _, m := range made {
		r := visit{}.get(t, "/assets/{rest+}", m[1])
		if r.StatusCode != http.StatusOK || http.Header(r.MultiValueHeaders).Get("Cache-Control") != "public, max-age=31536000, immutable" || r.Body == "" {
			t.Errorf("%s: %d", m[1], r.StatusCode)
		}
	}
	for _, none := range []string{"/assets/app.css", "/assets/../pages.go", "/assets/app.00000000.css"} {
		if r := (visit{}).get(t, "/assets/{rest+}", none); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", none, r.StatusCode)
		}
	}
}

func TestHelpWithARejectedPasswordIsTrueOfTheDistrict(t *testing.T) {
	help := func(d district.District) string {
		_, rest, _ := strings.Cut(visit{d: d, served: everything}.get(t, "/{district}/{rest+}", "/springfield/help").Body, `<section id="rejected">`)
		section, _, _ := strings.Cut(rest, "</section>")
		return section
	}
	locked, shut := springfield(), springfield()
	locked.LockSignIn = true
	delete(shut.Flows, district.ForgotPassword)
	const waits, locks, link = "tells you until when", "sign-in is locked", "A link that we email you"
	for _, c := range []struct {
		name   string
		d      district.District
		has    []string
		hasNot []string
	}{
		{"one waits", springfield(), []string{waits, link}, []string{locks}},
		{"sign-in is locked", locked, []string{locks, link}, []string{waits}},
		{"no link by mail", shut, []string{waits}, []string{link, "/forgot-password"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			section := help(c.d)
			for _, says := range append(c.has, `href="#username"`, `href="#new"`, `href="#other"`) {
				if !strings.Contains(section, says) {
					t.Errorf("does not say %q: %s", says, section)
				}
			}
			for _, says := range c.hasNot {
				if strings.Contains(section, says) {
					t.Errorf("says %q", says)
				}
			}
		})
	}
}
