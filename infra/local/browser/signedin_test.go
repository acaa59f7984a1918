package browser_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

const button = "main > form:not(.more) button:not([type=button])"

func (s *story) signsIn(w *window, username, password string) {
	s.Helper()
	w.fill("username", username, "password", password)
	w.press(button)
}

// signedIn is a parent who signs in, looks about, changes the password and ends
// what is open elsewhere.
func signedIn(s *story) {
	w := s.hub()
	w.to(s.root + "/springfield/sign-in")
	s.see(w, "sign-in", http.StatusOK, "sign-in.title")
	w.press(`main a[href*="as=guardian"]`)
	s.see(w, "sign-in-parent", http.StatusOK, "sign-in.title.guardian")
	s.signsIn(w, "mlopez71", "wrong words")
	s.see(w, "sign-in-parent-wrong", http.StatusUnprocessableEntity, "sign-in.title.guardian")
	s.signsIn(w, "mlopez71", "purple-kite-river-71")
	s.see(w, "home", http.StatusOK, "home.title")
	w.says(s.say("signed-in.welcome", "name", "Maria Lopez"))
	w.press(".who button")
	s.signsIn(w, "mlopez71", "purple-kite-river-71") // there is a time before to doubt now
	w.press(`main a[href*="show=security"]`)
	s.see(w, "home-was-it-not-you", http.StatusOK, "home.title")

	w.press(`main a[href*="/change-password"]`)
	s.see(w, "change-password", http.StatusOK, "change-password.title")
	w.fill("password", "wrong words", "new_password", newWords, "new_password_again?", newWords)
	w.press(button)
	s.see(w, "change-password-wrong", http.StatusUnprocessableEntity, "change-password.title")
	w.says(s.say("password.current"))
	w.fill("password", "purple-kite-river-71", "new_password", newWords, "new_password_again?", newWords)
	w.press(button)
	s.see(w, "password-changed-here", http.StatusOK, "password-changed-here.title")

	other := s.hub()
	other.to(s.root + "/springfield/sign-in")
	s.signsIn(other, "mlopez71", newWords)
	w.to(s.root + "/springfield/sessions")
	s.see(w, "sessions", http.StatusOK, "sessions.title")
	w.press(`form:has([value=others]) button`)
	s.see(w, "sessions-ended", http.StatusOK, "sessions.title")
	other.to(s.root + "/springfield/home")
	other.is(http.StatusUnauthorized, s.say("sign-in.title"))
	w.to(s.root + "/springfield/prove")
	s.see(w, "prove", http.StatusOK, "prove.title")
	w.fill("password", newWords)
	w.press(button)
	w.is(http.StatusOK, s.say("sessions.title"))
	w.press(".who button")
	w.is(http.StatusOK, s.say("sign-in.title"))
}

// awayForAWhile is one who is told before the end, asks for more time, comes too
// late, and goes back to where they were.
func awayForAWhile(s *story) {
	w := s.hub()
	w.to(s.root + "/springfield/sign-in")
	s.signsIn(w, "mlopez71", "purple-kite-river-71")
	w.to(s.root + "/springfield/sessions")
	s.desk.Advance("59m2s")
	w.to(s.root + "/springfield/sessions")
	if s.js {
		w.do(chromedp.WaitVisible("dialog[data-soon][open]", chromedp.ByQuery))
		w.says(s.say("signed-in.soon"))
		s.see(w, "sessions-soon", http.StatusOK, "sessions.title")
		w.press("dialog[data-soon] button")
	} else {
		w.press("form.more button")
	}
	w.is(http.StatusOK, s.say("sessions.title"))
	s.desk.Advance("59m56s")
	if s.js {
		w.to(s.root + "/springfield/sessions")
		w.do(chromedp.WaitVisible("dialog[data-gone][open]", chromedp.ByQuery))
		if said := ask[string](w, "document.body.innerText"); !strings.Contains(said, s.say("session.ended")) || strings.Contains(said, s.say("sessions.title")) {
			w.Errorf("at the end the page shows %q", said)
		}
	}
	s.desk.Advance("1m")
	w.to(s.root + "/springfield/sessions")
	s.see(w, "came-to-its-end", http.StatusUnauthorized, "signed-out.title")
	w.press("main .lead a")
	s.signsIn(w, "mlopez71", "purple-kite-river-71")
	s.see(w, "home-back-to-a-page", http.StatusOK, "home.title")
	w.says(s.say("restore.text"))
	w.press(".box.first button")
	w.is(http.StatusOK, s.say("sessions.title"))
}

// A password manager knows a form by its tokens, and files a password under the
// username in it.
func TestAPasswordManagerKnowsTheForms(t *testing.T) {
	t.Parallel()
	needChromium(t)
	s := begin(t, "en", true)
	w := s.hub()
	tokens := func(page string, want ...string) {
		t.Helper()
		w.to(s.root + "/springfield/" + page)
		got := ask[[]string](w, `[...document.querySelectorAll("main input[autocomplete]")].map(e => e.autocomplete + (e.value ? "=" + e.value : ""))`)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", page, got, want)
		}
	}
	tokens("sign-in", "username", "current-password")
	s.signsIn(w, "mlopez71", "purple-kite-river-71")
	tokens("change-password", "username=mlopez71", "current-password", "new-password")
	tokens("prove", "username=mlopez71", "current-password")
	w.press(".who button")
	tokens("sign-in", "username", "current-password") // and nobody's name
}
