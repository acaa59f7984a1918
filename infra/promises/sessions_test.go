package promises_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// cookie is the session that an answer sets.
func (a answer) cookie() *http.Cookie {
	for _, c := range (&http.Response{Header: a.Header}).Cookies() {
		if strings.Contains(c.Name, "s-") && !strings.HasPrefix(c.Name, "lang") {
			return c
		}
	}
	return nil
}

// home opens the page of somebody signed in with a session, as cookie and as
// bearer, which must agree.
func (w *world) home(slug, session string) int {
	w.Helper()
	name := "s-" + slug
	if w.root.Scheme == "https" {
		name = "__Host-" + name
	}
	cookie := w.send(ask{Path: "/" + slug + "/home", Header: map[string]string{"Cookie": name + "=" + session}})
	bearer := w.send(ask{Path: "/" + slug + "/home", Header: map[string]string{"Authorization": "Bearer " + session}})
	if cookie.Status != bearer.Status {
		w.Errorf("as cookie %d, as bearer %d", cookie.Status, bearer.Status)
	}
	return cookie.Status
}

func (w *world) signIn(username, password string) string {
	w.Helper()
	return w.json("/springfield/sign-in", "username", username, "password", password).want(w, http.StatusOK).member("session")
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		end  func(w *world, session string)
	}{
		{"when their owner signs out", func(w *world, session string) {
			w.send(ask{Method: http.MethodPost, Path: "/springfield/sign-out", Kind: formType, Header: map[string]string{"Cookie": "s-springfield=" + session, "Origin": w.origin()}}).want(w, http.StatusOK)
		}},
		{"when a machine signs out", func(w *world, session string) {
			w.send(ask{Method: http.MethodPost, Path: "/springfield/sign-out", Kind: jsonType, Body: "{}", Header: map[string]string{"Authorization": "Bearer " + session}}).want(w, http.StatusOK)
		}},
		{"after an hour", func(w *world, session string) {
			w.advance(time.Hour - time.Second)
			if w.home("springfield", session) != http.StatusOK {
				w.Error("dead before its end")
			}
			w.advance(time.Second)
		}},
		{"when somebody signs in in its place", func(w *world, session string) {
			w.send(ask{
				Method: http.MethodPost, Path: "/springfield/sign-in", Kind: formType, Body: encode([]string{"username", "jlopez72", "password", "silver-boat-garden-72"}),
				Header: map[string]string{"Cookie": "s-springfield=" + session, "Origin": w.origin()},
			}).want(w, http.StatusSeeOther)
		}},
		{"when the password is reset", func(w *world, _ string) {
			token, _ := w.link("springfield", "mlopez71", maria)
			a := w.json(setPassword, "token", token, "new_password", newWords).want(w, http.StatusOK)
			if a.cookie() != nil || strings.Contains(a.Body, "session") {
				w.Error("a reset signs in")
			}
		}},
		{"when the account is disabled, and stay so", func(w *world, _ string) {
			w.account("springfield", "mlopez71", map[string]any{"status": "disabled"})
			w.account("springfield", "mlopez71", map[string]any{"status": "active"})
		}},
		{"when the district no longer offers signing in", func(w *world, _ string) { w.signInFor() }},
		{"when their role may not sign in any more", func(w *world, _ string) { w.signInFor("student", "staff") }},
		{"when the address changes", func(w *world, _ string) {
			w.account("springfield", "mlopez71", map[string]any{"email": "maria.new@example.org"})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := here(t)
			session := w.signIn("mlopez71", oldWords)
			if w.home("springfield", session) != http.StatusOK {
				t.Fatal("the session never worked")
			}
			c.end(w, session)
			if got := w.home("springfield", session); got != http.StatusUnauthorized {
				t.Errorf("got %d", got)
			}
		})
	}
}

// signInFor leaves signing in to these roles.
func (w *world) signInFor(roles ...string) {
	w.Helper()
	w.district("springfield", map[string]any{"flows": map[string]any{"sign-in": append([]string{}, roles...), "forgot-password": []string{"guardian", "student", "staff"}}})
}

func TestSessionsEndWhenAChangeIsDisowned(t *testing.T) {
	t.Parallel()
	w := here(t)
	token, _ := w.link("springfield", "mlopez71", maria)
	w.json(setPassword, "token", token, "new_password", newWords).want(t, http.StatusOK)
	thief := w.signIn("mlopez71", newWords)
	w.form(w.path(w.last(maria).Link(t, "/not-me/")), "confirm", "yes").want(t, http.StatusOK)
	if w.home("springfield", thief) != http.StatusUnauthorized {
		t.Error("the thief is still in")
	}
	if w.signsIn("springfield", "mlopez71", newWords) {
		t.Error("the thief gets in again")
	}
}

func TestSessionsCannotBeFixed(t *testing.T) {
	t.Parallel()
	w := here(t)
	planted := strings.Repeat("0", 52)
	a := w.send(ask{
		Method: http.MethodPost, Path: "/springfield/sign-in", Kind: formType, Body: encode([]string{"username", "mlopez71", "password", oldWords}),
		Header: map[string]string{"Cookie": "s-springfield=" + planted, "Origin": w.origin()},
	}).want(t, http.StatusSeeOther)
	first, second := a.cookie().Value, w.signIn("mlopez71", oldWords)
	if first == planted || first == second || len(first) != 52 {
		t.Errorf("sessions %q and %q", first, second)
	}
	if w.home("springfield", planted) != http.StatusUnauthorized {
		t.Error("the planted session works")
	}
	if a.Header.Get("Location") != "/springfield/home" {
		t.Errorf("leads to %q", a.Header.Get("Location"))
	}
}

func TestSessionsBelongToOneDistrict(t *testing.T) {
	t.Parallel()
	w := here(t)
	session := w.signIn("mlopez71", oldWords)
	if w.home("shelbyville", session) != http.StatusUnauthorized {
		t.Error("another district lets it in")
	}
	w.send(ask{Method: http.MethodPost, Path: "/shelbyville/sign-out", Kind: jsonType, Body: "{}", Header: map[string]string{"Authorization": "Bearer " + session}}).want(t, http.StatusOK)
	if w.home("springfield", session) != http.StatusOK {
		t.Error("another district ended it")
	}
	if w.signsIn("shelbyville", "mlopez71", oldWords) {
		t.Error("the password of one district lets into another")
	}
}

func TestSessionsTravelInAGuardedCookie(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]http.Cookie{
		"http://127.0.0.1:8080":          {Name: "s-springfield"},
		"https://reset.example.org":      {Name: "__Host-s-springfield", Secure: true},
		"https://reset.example.org/prod": {Name: "__Host-s-springfield", Secure: true},
	} {
		w := at(t, base)
		c := w.form("/springfield/sign-in", "username", "mlopez71", "password", oldWords).want(t, http.StatusSeeOther).cookie()
		if c.Name != want.Name || c.Secure != want.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 86400 {
			t.Errorf("%s: %+v", base, c)
		}
		if w.home("springfield", c.Value) != http.StatusOK {
			t.Errorf("%s: the cookie does not work", base)
		}
		out := w.form("/springfield/sign-out").want(t, http.StatusOK).cookie()
		if out.Name != want.Name || out.MaxAge != -1 || out.Value != "" {
			t.Errorf("%s: signing out sets %+v", base, out)
		}
	}
}

func TestSessionsAreNotMadeByAnotherSite(t *testing.T) {
	t.Parallel()
	w := here(t)
	before := w.state()
	body := encode([]string{"username", "mlopez71", "password", oldWords})
	for name, headers := range map[string]map[string]string{
		"a cross-site form":        {"Sec-Fetch-Site": "cross-site", "Origin": "https://attacker.example"},
		"a sister site's form":     {"Sec-Fetch-Site": "same-site", "Origin": "https://other.example.org"},
		"an old browser's":         {"Origin": "https://attacker.example"},
		"an opaque origin's":       {"Origin": "null"},
		"one that does not say":    {},
		"one that says our origin": {"Origin": "https://127.0.0.1:8080.attacker.example"},
		"another port of ours":     {"Origin": "http://127.0.0.1:9090"},
	} {
		a := w.send(ask{Method: http.MethodPost, Path: "/springfield/sign-in", Kind: formType, Body: body, Header: headers})
		if a.Status != http.StatusForbidden || a.cookie() != nil {
			t.Errorf("%s: %d", name, a.Status)
		}
	}
	if w.state() != before {
		t.Error("something changed")
	}
}
