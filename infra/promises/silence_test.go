package promises_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/local/browse"
)

type mailed = browse.Mail

var (
	instance  = regexp.MustCompile(`urn:uuid:[0-9a-f-]{36}`)
	attemptID = regexp.MustCompile(`name="attempt" value="[0-9a-f]+"`)
)

// mask is an answer in bytes, headers and all, without its date, its reference
// and what the caller typed.
func (w *world) mask(a answer, typed ...string) string {
	w.Helper()
	h := a.Header.Clone()
	h.Del("Date")
	head, _ := json.Marshal(h) // sorted by name
	body := instance.ReplaceAllString(a.Body, "urn:uuid:-")
	body = attemptID.ReplaceAllString(body, "attempt")
	var all []asked
	w.hook(http.MethodGet, "requests.json", nil, &all)
	for _, r := range all {
		body = strings.ReplaceAll(body, r.Reference, "REFERENCE")
		body = strings.ReplaceAll(body, r.Reference[:4]+"-"+r.Reference[4:], "REFERENCE")
	}
	for i, text := range typed {
		body = strings.ReplaceAll(body, text, fmt.Sprint("TYPED", i))
	}
	return fmt.Sprintf("%d %s\n%s", a.Status, head, body)
}

// condition is what may be true of an account that is asked about.
type condition struct {
	name, username, email string
	before                func(w *world)
}

func (w *world) freezes(username, email string) {
	w.Helper()
	token, _ := w.link("springfield", username, email)
	w.json(setPassword, "token", token, "new_password", newWords).want(w, http.StatusOK)
	w.form(w.path(w.last(email).Link(w, "/not-me/")), "confirm", "yes").want(w, http.StatusOK)
}

// conditions are those of standards R19 and more.
func conditions() []condition {
	return []condition{
		{name: "an account that exists", username: "mlopez71", email: maria},
		{name: "a name that nobody has", username: "nobody71", email: "nobody@example.org"},
		{name: "a disabled account", username: "dgreen", email: "dora.green@example.org"},
		{name: "an account without an address", username: "npatel", email: "nila.patel@example.org"},
		{name: "another account's address", username: "mlopez71", email: "juan.lopez@example.org"},
		{name: "an address that nobody has", username: "mlopez71", email: "somebody@example.org"},
		{name: "an account of another service", username: "fpark", email: "finn.park@students.example.org"},
		{name: "an account over its budget", username: "jlopez72", email: "juan.lopez@example.org", before: func(w *world) {
			for range 20 {
				w.json("/springfield/forgot-password", "username", "jlopez72", "email", "juan.lopez@example.org")
				w.advance(2 * time.Minute)
			}
		}},
		{name: "an account never activated", username: "tnowak", email: "tomas.nowak@example.org"},
		{name: "an account whose recovery is frozen", username: "wchen", email: "chen.family@example.org", before: func(w *world) { w.freezes("wchen", "chen.family@example.org") }},
		{name: "a role that may not", username: "alopez7", email: "ana.lopez@students.example.org", before: func(w *world) {
			w.district("springfield", map[string]any{"flows": map[string]any{"forgot-password": []string{"guardian", "staff"}}})
		}},
		{name: "another district's account", username: "zlopez", email: "zoe.lopez@students.example.org"},
		{name: "a name that no account can have", username: "\u202e\u0661\ufffe", email: "nobody@example.org"},
		{name: "a long name", username: strings.Repeat("\ufdfa", 128), email: strings.Repeat("a", 200) + "@example.org"},
	}
}

func TestSilenceOfAskingOverEveryCondition(t *testing.T) {
	t.Parallel()
	w := here(t)
	var page, machine string
	for _, c := range conditions() {
		if c.before != nil {
			c.before(w)
		}
		for kind, first := range map[string]*string{"page": &page, "JSON": &machine} {
			w.forgetCalls()
			post := w.form
			if kind == "JSON" {
				post = w.json
			}
			a := post("/springfield/forgot-password", "username", c.username, "email", c.email)
			w.settle()
			if calls := w.calls("forgotpassword"); !slices.Equal(calls, []string{"table.Count", "table.Write"}) {
				t.Errorf("%s, %s: calls %v", c.name, kind, calls)
			}
			got := unclock(w.mask(a, c.username, c.email))
			if *first == "" {
				*first = got
			}
			if got != *first {
				t.Errorf("%s, %s: differs\n%s\n%s", c.name, kind, got, *first)
			}
			if a.Status != http.StatusAccepted {
				t.Errorf("%s, %s: %d", c.name, kind, a.Status)
			}
		}
	}
}

// clockTimes are the times of day on a page. Where conditions are made one after
// the other, the clock has moved between them.
var clockTimes = regexp.MustCompile(`(?:(?:November|December) \d+, )?\d{1,2}:\d{2}\s?[AP]M [A-Z]{3}(?: today)?`)

func unclock(text string) string { return clockTimes.ReplaceAllString(text, "TIME") }

func TestSilenceOfAskingForANewLink(t *testing.T) {
	t.Parallel()
	w := here(t)
	expired, _ := w.link("springfield", "jlopez72", "juan.lopez@example.org")
	disabled, _ := w.link("springfield", "ograntham", "olive.grantham@students.example.org")
	w.account("springfield", "ograntham", map[string]any{"status": "disabled"})
	activation, _ := w.link("springfield", "tnowak", "tomas.nowak@example.org")
	w.advance(time.Hour)
	used, _ := w.link("springfield", "wchen", "chen.family@example.org")
	w.json(setPassword, "token", used, "new_password", newWords).want(t, http.StatusOK)
	w.advance(2 * time.Minute)
	replaced, _ := w.link("springfield", "mlopez71", maria)
	w.advance(2 * time.Minute)
	living, _ := w.link("springfield", "mlopez71", maria)
	notMe := tokenOf(w.last(maria).Link(t, "/not-me/"))
	var page, machine string
	for name, token := range map[string]string{
		"an expired link": expired, "a used link": used, "a replaced link": replaced, "a living link": living, "a link of a disabled account": disabled,
		"an activation": activation, "a link that never was": strings.Repeat("z", 52), "nonsense": "<b>\u202e", "nothing": "", "a not-me link": notMe,
		"half a link": living[:30], "a megabyte's worth": strings.Repeat("x", 60000),
	} {
		for kind, first := range map[string]*string{"page": &page, "JSON": &machine} {
			w.forgetCalls()
			post := w.form
			if kind == "JSON" {
				post = w.json
			}
			a := post("/springfield/link-again", "token", token).want(t, http.StatusAccepted)
			w.settle()
			if calls := w.calls("verifytoken"); !slices.Equal(calls, []string{"table.Count", "table.Write"}) {
				t.Errorf("%s, %s: calls %v", name, kind, calls)
			}
			got := w.mask(a)
			if *first == "" {
				*first = got
			}
			if got != *first {
				t.Errorf("%s, %s: differs\n%s\n%s", name, kind, got, *first)
			}
		}
	}
	w.get("/springfield/r/"+living).want(t, http.StatusOK)
}

// compare holds answers and calls of a function to those of the first.
type compare struct {
	t           *testing.T
	w           *world
	function    string
	body, calls string
	before      string
}

func (c *compare) of(name string, a answer, typed ...string) {
	c.t.Helper()
	c.w.settle()
	body, calls := c.w.mask(a, typed...), fmt.Sprint(c.w.calls(c.function))
	if c.body == "" {
		c.before, c.body, c.calls = name, body, calls
	}
	if body != c.body {
		c.t.Errorf("%s does not answer as %s does:\n%s\n%s", name, c.before, body, c.body)
	}
	if calls != c.calls {
		c.t.Errorf("%s does not call as %s does:\n%s\n%s", name, c.before, calls, c.calls)
	}
}

func TestSilenceOfProvingACode(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"page", "JSON"} {
		for _, route := range []string{"code", "set-password"} {
			t.Run(kind+" "+route, func(t *testing.T) {
				t.Parallel()
				w := here(t)
				codes := map[string]string{}
				for username, email := range map[string]string{
					"mlopez71": maria, "jlopez72": "juan.lopez@example.org", "ograntham": "olive.grantham@students.example.org", "rdiaz": "rosa.diaz@springfield.example.org",
					"alopez7": "ana.lopez@students.example.org",
				} {
					_, codes[username] = w.link("springfield", username, email)
				}
				w.account("springfield", "jlopez72", map[string]any{"status": "disabled"})
				w.account("springfield", "alopez7", map[string]any{"email": "ana.new@example.org"})
				w.form(w.path(w.last("rosa.diaz@springfield.example.org").Link(t, "/not-me/")), "confirm", "yes").want(t, http.StatusOK)
				w.freezes("wchen", "chen.family@example.org")
				w.advance(61 * time.Second)
				w.link("springfield", "ograntham", "olive.grantham@students.example.org")
				both := &compare{t: t, w: w, function: "verifytoken"}
				for _, c := range []struct{ name, username, code string }{
					{"a wrong code", "mlopez71", "0000-0000"},
					{"an unknown name", "nobody71", "0000-0000"},
					{"a name with no living link", "lchen", "0000-0000"},
					{"a disabled account's right code", "jlopez72", codes["jlopez72"]},
					{"a disabled account", "dgreen", "0000-0000"},
					{"a replaced code", "ograntham", codes["ograntham"]},
					{"a disowned code", "rdiaz", codes["rdiaz"]},
					{"a code mailed to an address of before", "alopez7", codes["alopez7"]},
					{"a frozen account", "wchen", "0000-0000"},
					{"an account never activated", "tnowak", "0000-0000"},
					{"an account of another service", "fpark", "0000-0000"},
					{"another district's account", "zlopez", "0000-0000"},
					{"another account's code", "hfox", codes["mlopez71"]},
				} {
					w.forgetCalls()
					post, pairs := w.json, []string{"username", c.username, "code", c.code}
					if kind == "page" {
						post = w.form
					}
					if route == "set-password" {
						pairs = append(pairs, "new_password", newWords)
					}
					a := post("/springfield/"+route, pairs...)
					if a.Status != http.StatusUnprocessableEntity {
						t.Errorf("%s: %d %s", c.name, a.Status, a.Body)
					}
					both.of(c.name, a, c.username, c.code)
				}
			})
		}
	}
}

func TestSilenceOfSigningIn(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"page", "JSON"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := here(t)
			w.freezes("wchen", "chen.family@example.org")
			w.district("springfield", map[string]any{"flows": map[string]any{
				"sign-in": []string{"guardian", "student"}, "forgot-password": []string{"guardian", "student", "staff"},
			}})
			w.advance(25 * time.Hour) // the temporary password is over
			both := &compare{t: t, w: w, function: "signin"}
			for _, c := range []struct{ name, username, password string }{
				{"a wrong password", "mlopez71", "wrong-wrong-wrong-1"},
				{"an unknown name", "nobody71", "wrong-wrong-wrong-1"},
				{"a disabled account's right password", "dgreen", "marble-cabin-violet-3"},
				{"an account never activated", "tnowak", "wrong-wrong-wrong-1"},
				{"an account of another service", "fpark", "wrong-wrong-wrong-1"},
				{"a temporary password that is over", "sbaker", "temporary-bridge-6612"},
				{"a password that its owner disowned", "wchen", newWords},
				{"a role that may not", "rdiaz", "office-morning-bell-22"},
				{"another district's account", "zlopez", "zebra-coat-9"},
				{"a name that no account can have", "\u202e\u0661\ufffe", "wrong-wrong-wrong-1"},
				{"a long wrong password", "jlopez72", strings.Repeat("\u00e9", 256)},
			} {
				w.forgetCalls()
				post := w.json
				if kind == "page" {
					post = w.form
				}
				a := post("/springfield/sign-in", "username", c.username, "password", c.password)
				if a.Status != http.StatusUnprocessableEntity || len(a.Header["Set-Cookie"]) > 0 {
					t.Errorf("%s: %d %s", c.name, a.Status, a.Body)
				}
				both.of(c.name, a, c.username)
				if strings.Contains(a.Body, c.password) {
					t.Errorf("%s: the password is shown again", c.name)
				}
			}
		})
	}
}

// A stranger is not told that Cognito pauses: only an account that exists is paused.
// What makes the pause are the tries of a browser that the account knows.
func TestSilenceOfSigningInToAPausedAccount(t *testing.T) {
	t.Parallel()
	w := inMemory(t) // moto never pauses
	mine := w.browser("192.0.2.10")
	mine.enters("springfield", "mlopez71", oldWords)
	for range 5 {
		mine.enters("springfield", "mlopez71", "wrong-wrong-wrong-1")
	}
	both := &compare{t: t, w: w, function: "signin"}
	for _, c := range []struct{ username, password string }{
		{"nobody71", oldWords}, {"mlopez71", "wrong-wrong-wrong-1"}, {"jlopez72", "wrong-wrong-wrong-1"},
	} {
		w.forgetCalls()
		both.of(c.username, w.json("/springfield/sign-in", "username", c.username, "password", c.password), c.username)
	}
	if w.signsIn("springfield", "mlopez71", oldWords) {
		t.Error("the account is not paused: this test shows nothing")
	}
}

func TestSilenceOfTriesForRealAndInventedNamesAlike(t *testing.T) {
	t.Parallel()
	for route, secret := range map[string]string{"sign-in": "password", "code": "code"} {
		t.Run(route, func(t *testing.T) {
			t.Parallel()
			w := here(t)
			w.link("springfield", "mlopez71", maria)
			said := map[string][]string{}
			for range 12 {
				for _, username := range []string{"mlopez71", "nobody71", "dgreen"} {
					a := w.json("/springfield/"+route, "username", username, secret, "wrong123")
					said[username] = append(said[username], w.mask(a, username))
				}
				w.advance(25 * time.Second)
			}
			for _, username := range []string{"nobody71", "dgreen"} {
				if !slices.Equal(said[username], said["mlopez71"]) {
					t.Errorf("%s:\n%s\n%s", username, strings.Join(said[username], "\n"), strings.Join(said["mlopez71"], "\n"))
				}
			}
			if !strings.Contains(said["nobody71"][5], "Retry-After") {
				t.Errorf("the sixth try: %s", said["nobody71"][5])
			}
		})
	}
}

func TestSilenceOfPagesBeforeProof(t *testing.T) {
	t.Parallel()
	w := here(t)
	for _, page := range []string{"forgot-password", "code", "sign-in", "help", ""} {
		first := w.mask(w.get("/springfield/" + page))
		for _, query := range []string{"?username=mlopez71", "?username=nobody71", "?email=" + maria} {
			if got := w.mask(w.get("/springfield/" + page + query)); got != first {
				t.Errorf("%s%s differs", page, query)
			}
		}
	}
}

func TestSilenceOfTheNetworkThrottle(t *testing.T) {
	t.Parallel()
	w := here(t)
	for i := range 300 {
		w.json("/springfield/forgot-password", "username", fmt.Sprint("nobody", i), "email", "nobody@example.org").want(t, http.StatusAccepted)
	}
	first := ""
	for _, c := range conditions() {
		a := w.json("/springfield/forgot-password", "username", c.username, "email", c.email)
		if a.slug() != "too-many-requests" || a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
			t.Fatalf("%s: %d %s", c.name, a.Status, a.Body)
		}
		got := w.mask(a, c.username, c.email)
		if first == "" {
			first = got
		}
		if got != first {
			t.Errorf("%s: differs:\n%s\n%s", c.name, got, first)
		}
	}
	w.forgetCalls()
	a := w.json("/springfield/sign-in", "username", "mlopez71", "password", oldWords)
	if a.slug() != "too-many-requests" || !slices.Equal(w.calls("signin"), []string{"table.Count"}) {
		t.Errorf("signing in: %d, calls %v", a.Status, w.calls("signin"))
	}
}
