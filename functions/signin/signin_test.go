package signin_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/functions/signin"
	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/pepper"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/web"
)

const (
	slug     = "springfield"
	id       = "p-1"
	held     = "purple-kite-river-71"
	chosen   = "seven quiet herons dancing"
	jsonType = "application/json"
)

// world is the flow behind its edge, with one account.
type world struct {
	*testing.T
	now       time.Time
	rows      *embedded.Table
	store     table.Store
	passwords *embedded.Credentials
	serve     func(context.Context, gateway.Event) (gateway.Response, error)
}

func here(t *testing.T, but ...func(*district.District)) *world {
	t.Helper()
	w := &world{T: t, now: time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC), rows: embedded.NewTable()}
	clock := func() time.Time { return w.now }
	w.store, w.passwords = table.Store{Table: w.rows, Rand: rand.Reader}, embedded.NewCredentials(clock)
	secret, err := pepper.Random(rand.Reader)
	w.fatal(err)
	d := district.Default(slug, "Springfield Public Schools")
	d.MailFrom = "no-reply@springfield.example.org"
	for _, change := range but {
		change(&d)
	}
	w.fatal(district.Save(t.Context(), w.store, d))
	profile := account.Profile{Username: "mlopez71", First: "Maria", Role: district.Guardian, Address: "maria@example.org", Status: account.Active}
	w.fatal(account.Create(t.Context(), w.store, slug, id, profile, account.State{Status: account.Active, Activated: true, Epoch: 2}))
	w.fatal(w.passwords.Set(t.Context(), id, held, credential.Permanent))
	edge := gateway.Edge{
		Function: "signin", Districts: &district.Directory{Table: w.store, Now: clock}, Now: clock, Log: slog.New(slog.DiscardHandler),
		Pages: web.Open(web.NewSite(&url.URL{Scheme: "https", Host: "recover.example.org"}), i18n.Default, signin.Pages),
	}
	w.serve = edge.Serve(signin.Flow{Table: w.store, Credentials: w.passwords, Pepper: secret, Now: clock}.Routes())
	return w
}

func (w *world) fatal(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// answer is what came back, and its members.
type answer struct {
	status int
	body   string
	all    map[string]any
}

func (a answer) slug() string { return a.text("type")[strings.LastIndexByte(a.text("type"), '/')+1:] }

func (a answer) text(name string) string {
	s, _ := a.all[name].(string)
	return s
}

func (w *world) call(method, page, bearer string, fields map[string]string) answer {
	w.Helper()
	body, _ := json.Marshal(fields)
	event := gateway.Event{
		Resource: "/{district}/" + page, HTTPMethod: method, PathParameters: map[string]string{"district": slug},
		Headers: map[string]string{"Content-Type": jsonType, "Accept": jsonType}, Body: string(body),
	}
	if bearer != "" {
		event.Headers["Authorization"] = "Bearer " + bearer
	}
	event.RequestContext.Identity.SourceIP = "192.0.2.1"
	response, err := w.serve(w.Context(), event)
	w.fatal(err)
	a := answer{status: response.StatusCode, body: response.Body}
	_ = json.Unmarshal([]byte(a.body), &a.all)
	return a
}

// look is what a browser without a session is shown.
func (w *world) look(page string, query map[string]string) answer {
	w.Helper()
	event := gateway.Event{
		Resource: "/{district}/" + page, HTTPMethod: "GET", PathParameters: map[string]string{"district": slug},
		Headers: map[string]string{"Accept": "text/html"}, QueryStringParameters: query,
	}
	event.RequestContext.Identity.SourceIP = "192.0.2.1"
	response, err := w.serve(w.Context(), event)
	w.fatal(err)
	return answer{status: response.StatusCode, body: response.Body}
}

// signIn posts a password, and a new one if there is any.
func (w *world) signIn(password string, more ...string) answer {
	w.Helper()
	fields := map[string]string{"username": "mlopez71", "password": password}
	for pair := range slices.Chunk(more, 2) {
		fields[pair[0]] = pair[1]
	}
	return w.call("POST", "sign-in", "", fields)
}

// opens asserts that a session opens the home page.
func (w *world) opens(a answer) {
	w.Helper()
	if a.status != 200 || a.text("session") == "" {
		w.Fatalf("got %d %s, want a session", a.status, a.body)
	}
	if home := w.call("GET", "home", a.text("session"), nil); home.status != 200 || home.text("username") != "mlopez71" {
		w.Errorf("home: %d %s", home.status, home.body)
	}
}

func (w *world) state(change func(*account.State)) account.State {
	w.Helper()
	row, _, err := table.Amend(w.Context(), w.store, account.StateKey(slug, id), func(row *table.Row[account.State]) bool {
		change(&row.Value)
		return true
	})
	w.fatal(err)
	return row.Value
}

func (w *world) count(kind string) (n int) {
	for _, item := range w.rows.Dump() {
		if item.Kind() == kind {
			n++
		}
	}
	return n
}

func TestAllThatIsNotAllowedIsRefusedAsAWrongPasswordIs(t *testing.T) {
	t.Parallel()
	wrong := here(t).signIn("another password 1")
	if wrong.slug() != "not-proved" {
		t.Fatalf("got %d %s", wrong.status, wrong.body)
	}
	profile := func(change func(*account.Profile)) func(*world) {
		return func(w *world) {
			_, _, err := table.Amend(w.Context(), w.store, account.Key(slug, id).At("PROFILE"), func(row *table.Row[account.Profile]) bool {
				change(&row.Value)
				return true
			})
			w.fatal(err)
		}
	}
	for name, but := range map[string]func(*world){
		"disowned":               func(w *world) { w.state(func(s *account.State) { s.Disputed = true }) },
		"disabled by us":         func(w *world) { w.state(func(s *account.State) { s.Status = account.Disabled }) },
		"disabled by the roster": profile(func(p *account.Profile) { p.Status = account.Disabled }),
		"of another service":     profile(func(p *account.Profile) { p.Elsewhere = "Google" }),
		"of a role that may not": profile(func(p *account.Profile) { p.Role = "visitor" }),
		"temporary, at its end": func(w *world) {
			w.fatal(w.passwords.Set(w.Context(), id, held, credential.ForOnce))
			w.state(func(s *account.State) { s.Must = account.Must{Change: true, Ends: w.now} })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := here(t)
			but(w)
			a := w.signIn(held)
			if a.status != wrong.status || a.body != wrong.body {
				t.Errorf("got %d %s, want what a wrong password gets: %s", a.status, a.body, wrong.body)
			}
			if w.count("SESSION") != 0 || w.count("TOKEN") != 0 {
				t.Error("it opened something")
			}
		})
	}
}

func TestAPasswordForOneUse(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*world){
		"temporary": func(w *world) {
			w.fatal(w.passwords.Set(w.Context(), id, held, credential.ForOnce))
			w.state(func(s *account.State) { s.Must = account.Must{Change: true, Ends: w.now.Add(time.Hour)} })
		},
		"expired": func(w *world) { w.state(func(s *account.State) { s.Must.Change = true }) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := here(t)
			prepare(w)
			if a := w.signIn(held); a.slug() != "must-change" || a.text("token") == "" || w.count("SESSION") != 0 {
				t.Fatalf("got %d %s", a.status, a.body)
			}
			before := w.state(func(*account.State) {})
			for _, weak := range []string{"short", "", held} {
				if a := w.signIn(held, "new_password", weak); a.status != 422 || a.slug() != "password-refused" {
					t.Errorf("%q: got %d %s", weak, a.status, a.body)
				}
			}
			if after := w.state(func(*account.State) {}); after != before || !w.passwords.Matches(id, held) || w.count("NOTICE")+w.count("SESSION") != 0 {
				t.Errorf("a refusal changed something: %+v", after)
			}
			w.opens(w.signIn(held, "new_password", chosen))
			w.now = w.now.Add(2 * time.Hour) // beyond the end of the temporary one
			w.opens(w.signIn(chosen))
			if a := w.signIn(held); a.slug() != "not-proved" || w.count("NOTICE") != 1 {
				t.Errorf("the old password: %d %s; %d notices", a.status, a.body, w.count("NOTICE"))
			}
		})
	}
}

func TestANewPasswordThatNobodyAskedForIsNotSet(t *testing.T) {
	t.Parallel()
	w := here(t)
	w.opens(w.signIn(held))
	if a := w.signIn(held, "new_password", chosen); a.status != 400 && a.status != 422 || !w.passwords.Matches(id, held) {
		t.Errorf("got %d %s", a.status, a.body)
	}
}

func TestWhereSigningInIsOffNoPageShowsItsForm(t *testing.T) {
	t.Parallel()
	off, on := here(t, func(d *district.District) { delete(d.Flows, district.SignIn) }), here(t)
	for _, page := range []string{"home", "sessions", "prove", "change-password"} {
		if a := on.look(page, nil); a.status != 401 || !strings.Contains(a.body, `name="password"`) {
			t.Errorf("%s, on: got %d %s", page, a.status, a.body)
		}
		if a := off.look(page, nil); a.status != 401 || strings.Contains(a.body, `name="password"`) || !strings.Contains(a.body, "Your school does not") {
			t.Errorf("%s, off: got %d %s", page, a.status, a.body)
		}
	}
}

func TestChangingAPasswordNamesTheFaultsOfBothAtOnce(t *testing.T) {
	t.Parallel()
	for name, current := range map[string]string{"wrong": "another password 1", "none": ""} {
		w := here(t)
		session := w.signIn(held).text("session")
		faults := func(next, again string) (names []string) {
			a := w.call("POST", "change-password", session, map[string]string{"password": current, "new_password": next, "new_password_again": again})
			list, _ := a.all["errors"].([]any)
			for _, one := range list {
				fault, _ := one.(map[string]any)
				pointer, _ := fault["pointer"].(string)
				names = append(names, strings.TrimPrefix(pointer, "#/"))
			}
			return names
		}
		if got, want := faults("short", "shorter"), []string{"password", "new_password", "new_password_again"}; !slices.Equal(slices.Compact(got), want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
		// That it is the password of now is known to who has proved it.
		if got := faults(held, held); !slices.Equal(got, []string{"password"}) {
			t.Errorf("%s: got %q of the password of now", name, got)
		}
		if !w.passwords.Matches(id, held) {
			t.Errorf("%s: it was changed", name)
		}
	}
}

func TestSigningInLeadsToThePageThatAskedForItAndNowhereElse(t *testing.T) {
	t.Parallel()
	w := here(t)
	page := w.look("change-password", nil)
	if page.status != 401 || !strings.Contains(page.body, `action="/springfield/sign-in?to=change-password"`) ||
		!strings.Contains(page.body, "Sign in first.") || strings.Contains(page.body, "Error:") || strings.Contains(page.body, `role="alert"`) {
		t.Errorf("got %d %s", page.status, page.body)
	}
	for to, want := range map[string]string{
		"": "/springfield/home", "change-password": "/springfield/change-password", "sessions": "/springfield/sessions",
		"home": "/springfield/home", "prove": "/springfield/home", "https://example.org/": "/springfield/home",
		"//example.org": "/springfield/home", "home?show=security": "/springfield/home", "../shelbyville/home": "/springfield/home",
	} {
		query := map[string]string{"to": to}
		if shown := w.look("sign-in", query); strings.Contains(shown.body, "example.org/") || strings.Contains(shown.body, "//example") {
			t.Errorf("%q is on the page: %s", to, shown.body)
		}
		event := gateway.Event{
			Resource: "/{district}/sign-in", HTTPMethod: "POST", PathParameters: map[string]string{"district": slug}, QueryStringParameters: query,
			Headers: map[string]string{"Accept": "text/html", "Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"},
			Body:    url.Values{"username": {"mlopez71"}, "password": {held}}.Encode(),
		}
		event.RequestContext.Identity.SourceIP = "192.0.2.1"
		response, err := w.serve(w.Context(), event)
		w.fatal(err)
		if got := http.Header(response.MultiValueHeaders).Get("Location"); response.StatusCode != 303 || got != want {
			t.Errorf("%q: got %d to %q, want %q", to, response.StatusCode, got, want)
		}
	}
}
