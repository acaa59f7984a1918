package twins_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/credential"
)

// story is something that Maria does, and what is made ready for it first. Only
// what is called in the act fails.
type story struct {
	name     string
	ready    func(*world)
	act      func(*world)
	newcomer bool
}

func (s story) play(w *world) {
	w.Helper()
	s.ready(w)
	w.acts = true
	s.act(w)
	w.acts = false
	w.passes()
}

var stories = []story{
	{"asking for a link by mail", nothing, func(w *world) {
		w.asks("mlopez71", maria)
		w.passes()
	}, false},
	{"a mail that lists usernames", nothing, func(w *world) {
		w.asks("somebody", maria)
		w.passes()
	}, false},
	{"a new password by link, and the notices of it", func(w *world) {
		w.amend(func(s *account.State) { s.Recovery = second })
		w.hasLink(second)
	}, func(w *world) {
		w.insists(http.StatusOK, func() answer {
			return w.ask("verifytoken", http.MethodGet, "r/{token}", "", map[string]string{"token": w.token("/r/")})
		})
		w.sets("token", w.token("/r/"))
		w.passes()
	}, false},
	{"a new password by code", func(w *world) { w.hasLink(maria) }, func(w *world) {
		code := w.newest("/r/").Code(w)
		w.insists(http.StatusOK, func() answer {
			return w.ask("verifytoken", http.MethodPost, "code", "", nil, "username", "mlopez71", "code", code)
		})
		w.sets("username", "mlopez71", "code", code)
	}, false},
	{"a first password", func(w *world) { w.hasLink(maria) }, func(w *world) { w.sets("token", w.token("/r/")) }, true},
	{"a password for one use", func(w *world) {
		w.amend(func(s *account.State) { s.Must = account.Must{Change: true, Ends: w.now.Add(24 * time.Hour)} })
		w.fatal(w.passwords.Set(w.Context(), w.id, oldWords, credential.ForOnce))
	}, func(w *world) {
		w.insists(http.StatusForbidden, func() answer { return w.signsIn(oldWords) })
		for range 4 { // Maria does not know which of the two it is, where nobody told her
			if w.signsIn(oldWords, "new_password", newWords).status == http.StatusOK || w.signsIn(newWords).status == http.StatusOK {
				return
			}
			w.now = w.now.Add(31 * time.Second)
		}
		w.Fatal("she is not in")
	}, false},
	{"signing in and out", nothing, func(w *world) {
		session := w.insists(http.StatusOK, func() answer { return w.signsIn(oldWords) }).text("session")
		w.insists(http.StatusUnprocessableEntity, func() answer { return w.signsIn(newWords) })
		w.insists(http.StatusOK, func() answer { return w.ask("signin", http.MethodGet, "home", session, nil) })
		w.insists(http.StatusOK, func() answer { return w.ask("signin", http.MethodPost, "sign-out", session, nil) })
	}, false},
	{"this was not me", func(w *world) {
		w.hasLink(maria)
		w.sets("token", w.token("/r/"))
		w.passes()
	}, func(w *world) {
		w.insists(http.StatusOK, func() answer {
			return w.ask("verifytoken", http.MethodPost, "not-me/{token}", "", map[string]string{"token": w.token("/not-me/")}, "confirm", "yes")
		})
		w.passes()
	}, false},
	{"a change that nobody ended", func(w *world) {
		w.hasLink(maria)
		w.silent = true
		w.ask("verifytoken", http.MethodPost, "set-password", "", nil, "token", w.token("/r/"), "new_password", newWords)
		w.silent = false
		w.now = w.now.Add(time.Minute)
	}, func(w *world) { w.passes() }, false},
	{"another link in place of a dead one", func(w *world) {
		w.hasLink(maria)
		w.now = w.now.Add(2 * time.Hour)
	}, func(w *world) {
		w.insists(http.StatusAccepted, func() answer {
			return w.ask("verifytoken", http.MethodPost, "link-again", "", nil, "token", w.token("/r/"))
		})
		w.passes()
	}, false},
}

func nothing(*world) {}

func (w *world) asks(username, email string) {
	w.Helper()
	w.insists(http.StatusAccepted, func() answer {
		return w.ask("forgotpassword", http.MethodPost, "forgot-password", "", nil, "username", username, "email", email)
	})
}

func (w *world) hasLink(email string) {
	w.Helper()
	w.asks("mlopez71", email)
	w.passes()
}

// sets presses until it is done.
func (w *world) sets(proof ...string) {
	w.Helper()
	w.insists(http.StatusOK, func() answer {
		return w.ask("verifytoken", http.MethodPost, "set-password", "", nil, append(proof, "new_password", newWords, "attempt", "tap")...)
	})
}

func (w *world) signsIn(password string, more ...string) answer {
	w.Helper()
	return w.ask("signin", http.MethodPost, "sign-in", "", nil, append([]string{"username", "mlopez71", "password", password}, more...)...)
}

// Cognito has no time for a change: it waits a little, then says so, and when to
// come again; and nothing is used up.
func TestAThrottledChangeSaysThatTheLinkStillWorks(t *testing.T) {
	onBoth(t, func(w *world) {
		w.hasLink(maria)
		before := w.portrait()
		w.acts = true
		w.fault = &fault{call: 3, lasting: true, fate: throttled}
		heard := len(w.heard)
		a := w.ask("verifytoken", http.MethodPost, "set-password", "", nil, "token", w.token("/r/"), "new_password", newWords)
		w.acts = false
		if met := w.calls[w.fault.call].name; met != "credential.Set" {
			w.Fatalf("the fault met %s", met)
		}
		said := w.heard[heard]
		if a.status != http.StatusServiceUnavailable || !strings.HasSuffix(a.text("type"), "/busy") ||
			!strings.Contains(a.text("detail"), "still works") || !strings.Contains(said, "Retry-After [5]") {
			w.Errorf("told %s", said)
		}
		w.heard = w.heard[:heard]
		if after := w.portrait(); !slices.Equal(after, before) {
			w.Errorf("something was used up:\n%s\n\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
		}
		w.sets("token", w.token("/r/"))
	})
}
