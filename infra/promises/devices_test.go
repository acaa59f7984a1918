package promises_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// browser is one that keeps its cookies, as a family's does.
type browser struct {
	*world
	from string
	jar  map[string]string
}

func (w *world) browser(from string) *browser {
	return &browser{world: w, from: from, jar: map[string]string{}}
}

// do sends with the cookies of before and keeps those of the answer.
func (b *browser) do(method, path string, kind, body string) answer {
	b.Helper()
	header := map[string]string{"Origin": b.origin(), "Accept": "text/html"}
	if kind == jsonType {
		header["Accept"] = jsonType
	}
	var held []string
	for _, name := range slices.Sorted(maps.Keys(b.jar)) {
		held = append(held, name+"="+b.jar[name])
	}
	header["Cookie"] = strings.Join(held, "; ")
	a := b.send(ask{Method: method, Path: path, Kind: kind, Body: body, Header: header, From: b.from})
	for _, c := range (&http.Response{Header: a.Header}).Cookies() {
		if c.MaxAge < 0 {
			delete(b.jar, c.Name)
			continue
		}
		b.jar[c.Name] = c.Value
	}
	return a
}

func (b *browser) post(path string, pairs ...string) answer {
	b.Helper()
	return b.do(http.MethodPost, path, formType, encode(pairs))
}

func (b *browser) api(path string, pairs ...string) answer {
	b.Helper()
	return b.do(http.MethodPost, path, jsonType, object(pairs))
}

// enters reports whether a password lets in from this browser.
func (b *browser) enters(slug, username, password string) bool {
	b.Helper()
	return b.api("/"+slug+"/sign-in", "username", username, "password", password).Status == http.StatusOK
}

func (a answer) device() *http.Cookie {
	for _, c := range (&http.Response{Header: a.Header}).Cookies() {
		if strings.HasPrefix(strings.TrimPrefix(c.Name, "__Secure-"), "d-") {
			return c
		}
	}
	return nil
}

// burn takes every try there is for a name, from many networks.
func (w *world) burn(slug, username string) {
	w.Helper()
	for i := range 12 {
		a := w.send(ask{
			Method: http.MethodPost, Path: "/" + slug + "/sign-in", Kind: jsonType, From: fmt.Sprintf("203.0.113.%d", i),
			Body: object([]string{"username", username, "password", "wrong-wrong-wrong-1"}),
		})
		if a.slug() != "not-proved" {
			w.Fatalf("a stranger: %d %s", a.Status, a.Body)
		}
	}
}

func TestDevicesAStrangerWhoBurnsEveryTryCannotKeepTheOwnerOut(t *testing.T) {
	t.Parallel()
	for _, d := range []struct{ slug, username, password, email string }{
		{"springfield", "mlopez71", oldWords, maria},
		{"shelbyville", "mlopez71", "different-person-88", "milo.lopez@example.org"}, // which locks
	} {
		t.Run(d.slug, func(t *testing.T) {
			t.Parallel()
			w := here(t)
			known, fresh := w.browser("192.0.2.10"), w.browser("192.0.2.11")
			if !known.enters(d.slug, d.username, d.password) {
				t.Fatal("the owner cannot sign in at all")
			}
			for range 6 * 60 {
				w.burn(d.slug, d.username)
				w.advance(time.Minute) // Cognito has paused for less than that
				if !known.enters(d.slug, d.username, d.password) {
					t.Fatal("kept out of a browser that the account knows")
				}
			}
			w.burn(d.slug, d.username)
			if fresh.enters(d.slug, d.username, d.password) {
				t.Fatal("a stranger's browser has tries left: this test shows nothing")
			}
			token, _ := w.link(d.slug, d.username, d.email)
			fresh.post("/"+d.slug+"/set-password", "token", token, "new_password", mixedWords).want(t, http.StatusOK)
			if !fresh.enters(d.slug, d.username, mixedWords) {
				t.Error("kept out after recovery by mail")
			}
			if w.browser("192.0.2.12").enters(d.slug, d.username, mixedWords) {
				t.Error("recovery gave the strangers their tries back")
			}
		})
	}
}

func TestDevicesRecoveryByCodeMakesTheBrowserKnownToo(t *testing.T) {
	t.Parallel()
	w := here(t)
	_, code := w.link("springfield", "mlopez71", maria)
	fresh := w.browser("192.0.2.11")
	w.burn("springfield", "mlopez71")
	fresh.post("/springfield/set-password", "username", "mlopez71", "code", code, "new_password", newWords).want(t, http.StatusOK)
	if !fresh.enters("springfield", "mlopez71", newWords) {
		t.Error("kept out")
	}
}

func TestDevicesRecoveryForgivesWhatTheOwnerMistyped(t *testing.T) {
	t.Parallel()
	w := here(t)
	mine := w.browser("192.0.2.10")
	if !mine.enters("shelbyville", "mlopez71", "different-person-88") {
		t.Fatal("no")
	}
	for range 5 {
		mine.enters("shelbyville", "mlopez71", "forgotten-words-77")
	}
	if mine.enters("shelbyville", "mlopez71", "different-person-88") {
		t.Fatal("a known browser is not bounded")
	}
	token, _ := w.link("shelbyville", "mlopez71", "milo.lopez@example.org")
	mine.post("/shelbyville/set-password", "token", token, "new_password", mixedWords).want(t, http.StatusOK)
	if !mine.enters("shelbyville", "mlopez71", mixedWords) {
		t.Error("locked out after recovery")
	}
}

func TestDevicesCodesToo(t *testing.T) {
	t.Parallel()
	w := here(t)
	mine := w.browser("192.0.2.10")
	mine.enters("springfield", "mlopez71", oldWords)
	_, code := w.link("springfield", "mlopez71", maria)
	for range 6 {
		w.json("/springfield/code", "username", "mlopez71", "code", "0000-0000")
	}
	if a := w.json("/springfield/code", "username", "mlopez71", "code", code); a.slug() != "not-proved" {
		t.Fatalf("public tries are left: %d", a.Status)
	}
	mine.api("/springfield/code", "username", "mlopez71", "code", code).want(t, http.StatusOK)
	for range 5 {
		mine.api("/springfield/code", "username", "mlopez71", "code", "0000-0000")
	}
	if a := mine.api("/springfield/code", "username", "mlopez71", "code", code); a.slug() != "not-proved" || a.member("wait_until") == "" {
		t.Errorf("a known browser is not bounded: %d %s", a.Status, a.Body)
	}
}

func TestDevicesTheDistrictThatLocksSaysWhoHelps(t *testing.T) {
	t.Parallel()
	w := here(t)
	said := map[string][]string{}
	for _, username := range []string{"mlopez71", "nobody71"} {
		for range 8 {
			a := w.json("/shelbyville/sign-in", "username", username, "password", "wrong-wrong-1")
			said[username] = append(said[username], w.mask(a, username))
		}
		w.advance(24 * time.Hour)
		a := w.form("/shelbyville/sign-in", "username", username, "password", "different-person-88").want(t, http.StatusUnprocessableEntity)
		if !strings.Contains(a.Body, "contact your school") || !strings.Contains(a.Body, "555-0199") || a.Header.Get("Retry-After") != "" {
			t.Errorf("%s: %s", username, a.Body)
		}
	}
	if !slices.Equal(said["mlopez71"], said["nobody71"]) {
		t.Errorf("they differ:\n%v\n%v", said["mlopez71"], said["nobody71"])
	}
	w.advance(30 * 24 * time.Hour)
	if !w.signsIn("shelbyville", "mlopez71", "different-person-88") {
		t.Error("thirty quiet days do not open it")
	}
}

func TestDevicesThatAreNotGenuineHavePublicTries(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(w *world) *browser{
		"an invented cookie": func(w *world) *browser {
			b := w.browser("192.0.2.10")
			b.jar["d-springfield"] = strings.Repeat("0", 52)
			return b
		},
		"nonsense": func(w *world) *browser {
			b := w.browser("192.0.2.10")
			b.jar["d-springfield"] = "nonsense"
			return b
		},
		"another account's": func(w *world) *browser {
			b := w.browser("192.0.2.10")
			b.enters("springfield", "jlopez72", "silver-boat-garden-72")
			return b
		},
		"a copy from before the owner signed in there": func(w *world) *browser {
			pupil, library := w.browser("192.0.2.10"), w.browser("192.0.2.11")
			pupil.enters("springfield", "jlopez72", "silver-boat-garden-72")
			maps.Copy(library.jar, pupil.jar)
			library.enters("springfield", "mlopez71", oldWords)
			return pupil
		},
		"another district's": func(w *world) *browser {
			b := w.browser("192.0.2.10")
			b.enters("shelbyville", "mlopez71", "different-person-88")
			b.jar["d-springfield"] = b.jar["d-shelbyville"]
			return b
		},
		"one that was not used for a year": func(w *world) *browser {
			b := w.browser("192.0.2.10")
			b.enters("springfield", "mlopez71", oldWords)
			w.advance(365 * 24 * time.Hour)
			return b
		},
		"one of before the owner disowned a change": func(w *world) *browser {
			thief := w.browser("192.0.2.10")
			token, _ := w.link("springfield", "mlopez71", maria)
			thief.post(setPassword, "token", token, "new_password", newWords).want(w, http.StatusOK)
			w.form(w.path(w.last(maria).Link(w, "/not-me/")), "confirm", "yes").want(w, http.StatusOK)
			return thief
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := here(t)
			b := make(w)
			w.burn("springfield", "mlopez71")
			if a := b.api("/springfield/sign-in", "username", "mlopez71", "password", oldWords); a.slug() != "not-proved" || a.member("wait_until") == "" {
				t.Errorf("got %d %s", a.Status, a.Body)
			}
		})
	}
}

func TestDevicesAreSharedByBrothersAndSisters(t *testing.T) {
	t.Parallel()
	w := here(t)
	tablet := w.browser("192.0.2.10")
	tablet.enters("springfield", "alopez7", "yellow-drum-cloud")
	first := tablet.jar["d-springfield"]
	tablet.enters("springfield", "blopez9", "orange-fish-table")
	if first == "" || !strings.HasSuffix(tablet.jar["d-springfield"], "."+first) {
		t.Fatal("the second has no text of its own beside the first")
	}
	w.burn("springfield", "alopez7")
	w.burn("springfield", "blopez9")
	w.advance(time.Second)
	if !tablet.enters("springfield", "alopez7", "yellow-drum-cloud") || !tablet.enters("springfield", "blopez9", "orange-fish-table") {
		t.Error("one of them is kept out")
	}
}

func TestDevicesEndWithOnesOtherSessionsButForThisOne(t *testing.T) {
	t.Parallel()
	w := here(t)
	mine, lost := w.browser("192.0.2.10"), w.browser("192.0.2.11")
	for _, b := range []*browser{mine, lost} {
		b.enters("springfield", "mlopez71", oldWords)
	}
	mine.post(mySessions, "end", "others").want(t, http.StatusOK)
	w.burn("springfield", "mlopez71")
	w.advance(time.Second)
	if lost.enters("springfield", "mlopez71", oldWords) {
		t.Error("another is known still")
	}
	if !mine.enters("springfield", "mlopez71", oldWords) {
		t.Error("this one is a stranger")
	}
}

func TestDevicesOutliveANewPassword(t *testing.T) {
	t.Parallel()
	w := here(t)
	mine := w.browser("192.0.2.10")
	mine.enters("springfield", "mlopez71", oldWords)
	token, _ := w.link("springfield", "mlopez71", maria)
	w.json(setPassword, "token", token, "new_password", newWords).want(t, http.StatusOK)
	w.burn("springfield", "mlopez71")
	w.advance(time.Second)
	if !mine.enters("springfield", "mlopez71", newWords) {
		t.Error("a stranger again")
	}
}

func TestDevicesOfTheOwnerAreToldThatCognitoPauses(t *testing.T) {
	t.Parallel()
	w := inMemory(t) // moto never pauses
	mine := w.browser("192.0.2.10")
	mine.enters("springfield", "mlopez71", oldWords)
	w.burn("springfield", "mlopez71") // with the clock standing still, Cognito's second goes on
	for range 7 {                     // and none of it costs a try
		if a := mine.api("/springfield/sign-in", "username", "mlopez71", "password", oldWords); a.slug() != "busy" || a.Header.Get("Retry-After") == "" {
			t.Fatalf("got %d %s", a.Status, a.Body)
		}
	}
	w.advance(time.Second)
	if !mine.enters("springfield", "mlopez71", oldWords) {
		t.Error("kept out")
	}
}

func TestDevicesTravelInAGuardedCookieThatSaysNothing(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]http.Cookie{
		"http://127.0.0.1:8080":          {Name: "d-springfield", Path: "/springfield"},
		"https://reset.example.org":      {Name: "__Secure-d-springfield", Path: "/springfield", Secure: true},
		"https://reset.example.org/prod": {Name: "__Secure-d-springfield", Path: "/prod/springfield", Secure: true},
	} {
		w := at(t, base)
		c := w.form("/springfield/sign-in", "username", "mlopez71", "password", oldWords).want(t, http.StatusSeeOther).device()
		if c == nil || c.Name != want.Name || c.Path != want.Path || c.Secure != want.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Domain != "" || c.MaxAge != 365*86400 || len(c.Value) != 52 {
			t.Errorf("%s: %+v", base, c)
			continue
		}
		if strings.Contains(w.raw("table.json"), c.Value) {
			t.Errorf("%s: it is stored as it is", base)
		}
		for _, refused := range []answer{
			w.form("/springfield/sign-in", "username", "mlopez71", "password", "wrong-wrong-wrong-1"),
			w.form("/springfield/code", "username", "mlopez71", "code", "0000-0000"),
		} {
			if refused.device() != nil {
				t.Errorf("%s: set without proof", base)
			}
		}
		if w.form("/springfield/sign-out").device() != nil {
			t.Errorf("%s: signing out speaks of it", base)
		}
	}
}

func TestSilenceOfSigningInFromABrowserThatAnotherAccountKnows(t *testing.T) {
	t.Parallel()
	w := here(t)
	b := w.browser("192.0.2.10")
	b.enters("springfield", "jlopez72", "silver-boat-garden-72")
	both := &compare{t: t, w: w, function: "signin"}
	for _, username := range []string{"mlopez71", "nobody71", "dgreen", "tnowak", "fpark", "zlopez"} {
		w.forgetCalls()
		both.of(username, b.api("/springfield/sign-in", "username", username, "password", "wrong-wrong-wrong-1"), username)
	}
	code := &compare{t: t, w: w, function: "verifytoken"}
	for _, username := range []string{"mlopez71", "nobody71", "dgreen", "tnowak", "fpark", "zlopez"} {
		w.forgetCalls()
		code.of(username, b.api("/springfield/code", "username", username, "code", "0000-0000"), username)
	}
}
