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

var everything = []string{district.ForgotPassword, district.ForgotUsername, pages.Code, district.SignIn}

// visit asks the flow for a page as API Gateway would: under the stage's path, in
// a deployment that has those flows, of that district.
type visit struct {
	served []string
	root   []pages.Entry
	d      district.District
	accept string
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
	flow := pages.Flow{Site: site, Served: v.served, Root: v.root}
	response, err := edge.Serve(flow.Routes())(context.Background(), gateway.Event{
		Resource: resource, HTTPMethod: http.MethodGet, PathParameters: vars, QueryStringParameters: query,
		Headers: map[string]string{"Accept": accept},
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
	adults := springfield()
	adults.Flows = map[string][]district.Role{district.ForgotPassword: {district.Guardian}}
	for _, c := range []struct {
		name      string
		visit     visit
		has, lack []string
	}{
		{
			"all of it",
			visit{served: everything, d: springfield()},
			[]string{"/prod/springfield/forgot-password", "/prod/springfield/forgot-username", "/prod/springfield/code", "/prod/springfield/sign-in", "Does your school have an email for you?"},
			nil,
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
			[]string{"/prod/springfield/help#username", "/prod/springfield/help#no-email", "Your school does not offer this online", "555-0100", "Ask a parent or your teacher"},
			[]string{"/prod/springfield/forgot-password", "/prod/springfield/forgot-username", "/prod/springfield/code", "/prod/springfield/sign-in"},
		},
		{
			"students are not sent to a form that is for adults",
			visit{served: everything, d: adults},
			[]string{"/prod/springfield/forgot-password", "Ask a parent or your teacher"},
			[]string{"Does your school have an email for you?"},
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

func TestEveryAnchorLinkedFromAHubIsOnTheHelpPage(t *testing.T) {
	v := visit{d: springfield()}
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

func TestWellKnownAddresses(t *testing.T) {
	if r := (visit{}).get(t, "/.well-known/{rest+}", "/.well-known/change-password"); r.StatusCode != http.StatusSeeOther || location(r) != "/prod/" {
		t.Errorf("change-password: %d %q", r.StatusCode, location(r))
	}
	const none = "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200"
	if r := (visit{}).get(t, "/.well-known/{rest+}", none); r.StatusCode != http.StatusNotFound {
		t.Errorf("what cannot exist: %d", r.StatusCode)
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
