package promises_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

const setPassword = "/springfield/set-password"

func TestOnceAThousandAtTheSameTime(t *testing.T) {
	t.Parallel()
	w := here(t)
	link, _ := w.link("springfield", "mlopez71", maria)
	const crowd = 1000
	answers := make([]answer, crowd)
	words := func(i int) string { return fmt.Sprintf("seven quiet herons %04d", i) }
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range crowd {
		all.Go(func() {
			<-start
			answers[i] = w.json(setPassword, "token", link, "new_password", words(i), "attempt", fmt.Sprint("tap ", i))
		})
	}
	close(start)
	all.Wait()
	winner := -1
	for i, a := range answers {
		switch {
		case a.Status == http.StatusOK && winner >= 0:
			t.Errorf("both %d and %d won", winner, i)
		case a.Status == http.StatusOK:
			winner = i
		case a.slug() == "link-dead" && a.member("why") == "used", a.slug() == "changed-meanwhile":
		default:
			t.Errorf("%d: %d %s", i, a.Status, a.Body)
		}
	}
	if winner < 0 {
		t.Fatal("nobody won")
	}
	if !w.signsIn("springfield", "mlopez71", words(winner)) {
		t.Error("the winner's password does not work")
	}
	changed := 0
	for _, e := range w.audit() {
		if e.Act == "password-changed" {
			changed++
		}
	}
	if mails := w.mails(maria); changed != 1 || len(mails) != 2 {
		t.Errorf("%d audit entries and %d mails, want 1 and 2", changed, len(mails))
	}
}

// dead asserts that a link is refused, and how, to machine and person alike.
func (w *world) dead(token, why string) {
	w.Helper()
	open := w.send(ask{Path: "/springfield/r/" + token, Header: map[string]string{"Accept": "application/json"}})
	set := w.json(setPassword, "token", token, "new_password", newWords)
	for _, a := range []answer{open, set} {
		if a.Status != http.StatusGone || a.slug() != "link-dead" || a.member("why") != why {
			w.Errorf("got %d %s why=%q, want link-dead why=%q", a.Status, a.slug(), a.member("why"), why)
		}
	}
	w.get("/springfield/r/"+token).want(w, http.StatusGone)
}

func TestOnceALinkDies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, why string
		kill      func(w *world, token, code string)
	}{
		{"when it is used", "used", func(w *world, token, _ string) {
			w.json(setPassword, "token", token, "new_password", newWords).want(w, http.StatusOK)
		}},
		{"when its code is used", "used", func(w *world, _, code string) {
			w.json(setPassword, "username", "mlopez71", "code", code, "new_password", newWords).want(w, http.StatusOK)
		}},
		{"when a newer one is mailed", "replaced", func(w *world, _, _ string) {
			w.advance(61 * time.Second)
			w.link("springfield", "mlopez71", maria)
		}},
		{"when a newer one is used", "replaced", func(w *world, _, _ string) {
			w.advance(61 * time.Second)
			newer, _ := w.link("springfield", "mlopez71", maria)
			w.json(setPassword, "token", newer, "new_password", newWords).want(w, http.StatusOK)
		}},
		{"at its end", "expired", func(w *world, _, _ string) { w.advance(30 * time.Minute) }},
		{"when the address changes", "replaced", func(w *world, _, _ string) {
			w.account("springfield", "mlopez71", map[string]any{"email": "maria.new@example.org"})
		}},
		{"when the account is disabled", "replaced", func(w *world, _, _ string) {
			w.account("springfield", "mlopez71", map[string]any{"status": "disabled"})
		}},
		{"and stays dead when the account is enabled again", "replaced", func(w *world, _, _ string) {
			w.account("springfield", "mlopez71", map[string]any{"status": "disabled"})
			w.account("springfield", "mlopez71", map[string]any{"status": "active"})
		}},
		{"when its mail is disowned", "replaced", func(w *world, _, _ string) {
			w.form(w.path(w.last(maria).Link(w, "/not-me/")), "confirm", "yes").want(w, http.StatusOK)
		}},
		{"without a reason if it never was", "", func(*world, string, string) {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := here(t)
			token, code := w.link("springfield", "mlopez71", maria)
			c.kill(w, token, code)
			if c.why == "" {
				token = strings.Repeat("0", len(token))
			}
			w.dead(token, c.why)
			if c.why == "used" || strings.Contains(c.name, "newer") || c.why == "" {
				return
			}
			if !strings.Contains(c.name, "disabled") && !strings.Contains(c.name, "enabled") && !w.signsIn("springfield", "mlopez71", oldWords) {
				t.Error("the password is not what it was")
			}
		})
	}
}

func TestOnceUntilItsEndAndNotAMomentLonger(t *testing.T) {
	t.Parallel()
	w := here(t)
	token, _ := w.link("springfield", "mlopez71", maria)
	w.advance(29*time.Minute + 59*time.Second)
	w.get("/springfield/r/"+token).want(t, http.StatusOK)
	w.json(setPassword, "token", token, "new_password", newWords).want(t, http.StatusOK)

	w.advance(2 * time.Hour)
	token, code := w.link("springfield", "mlopez71", maria)
	w.advance(30 * time.Minute)
	w.dead(token, "expired")
	if a := w.json(setPassword, "username", "mlopez71", "code", code, "new_password", newWords); a.slug() != "not-proved" {
		t.Errorf("an expired code: %d %s", a.Status, a.Body)
	}
}

func TestOnceTheDistrictChoosesTheEnd(t *testing.T) {
	t.Parallel()
	w := here(t)
	w.district("springfield", map[string]any{"link_minutes": 10})
	token, _ := w.link("springfield", "mlopez71", maria)
	w.advance(9*time.Minute + 59*time.Second)
	w.get("/springfield/r/"+token).want(t, http.StatusOK)
	w.advance(time.Second)
	w.dead(token, "expired")
}

func TestOnceAPasswordThatBreaksTheRulesUsesNothingUp(t *testing.T) {
	t.Parallel()
	w := here(t)
	token, code := w.link("springfield", "mlopez71", maria)
	for range 10 {
		if a := w.json(setPassword, "token", token, "new_password", "short"); a.slug() != "password-refused" {
			t.Fatal(a.Body)
		}
		if a := w.json(setPassword, "username", "mlopez71", "code", code, "new_password", "short"); a.slug() != "password-refused" {
			t.Fatal(a.Body)
		}
		if a := w.json(setPassword, "token", token, "new_password", newWords, "new_password_again", newWords+"."); a.slug() != "password-refused" {
			t.Fatal(a.Body)
		}
	}
	// Cognito takes no line break that is no control character: our own rules do not know of it.
	a := w.json(setPassword, "token", token, "new_password", "seven quiet\u2028herons dancing")
	if a.slug() != "password-refused" {
		t.Fatalf("a line separator: %d %s", a.Status, a.Body)
	}
	w.json(setPassword, "token", token, "new_password", newWords).want(t, http.StatusOK)
}

func TestOnceForOneDistrict(t *testing.T) {
	t.Parallel()
	w := here(t)
	token, code := w.link("springfield", "mlopez71", maria)
	before := w.state()
	for _, a := range []answer{
		w.json("/shelbyville/set-password", "token", token, "new_password", newWords),
		w.get("/shelbyville/r/" + token),
		w.get("/shelbyville/not-me/" + tokenOf(w.last(maria).Link(t, "/not-me/"))),
		w.form("/shelbyville/not-me/"+tokenOf(w.last(maria).Link(t, "/not-me/")), "confirm", "yes"),
	} {
		if a.Status != http.StatusGone || a.member("why") != "" {
			t.Errorf("another district's page: %d %s", a.Status, a.Body)
		}
	}
	if a := w.json("/shelbyville/set-password", "username", "mlopez71", "code", code, "new_password", newWords); a.slug() != "not-proved" {
		t.Errorf("another district's code: %d %s", a.Status, a.Body)
	}
	if w.state() != before {
		t.Error("something changed")
	}
	w.json(setPassword, "token", token, "new_password", newWords).want(t, http.StatusOK)
}

func TestOnceForOnePurpose(t *testing.T) {
	t.Parallel()
	w := here(t)
	token, _ := w.link("springfield", "mlopez71", maria)
	notMe := tokenOf(w.last(maria).Link(t, "/not-me/"))
	session := w.json("/springfield/sign-in", "username", "mlopez71", "password", oldWords).want(t, http.StatusOK).member("session")
	for name, text := range map[string]string{"a not-me token": notMe, "a session": session} {
		if a := w.json(setPassword, "token", text, "new_password", newWords); a.slug() != "link-dead" || a.member("why") != "" {
			t.Errorf("%s sets a password: %d %s", name, a.Status, a.Body)
		}
		w.get("/springfield/r/"+text).want(t, http.StatusGone)
	}
	for name, text := range map[string]string{"a reset token": token, "a session": session} {
		if a := w.form("/springfield/not-me/"+text, "confirm", "yes"); a.Status != http.StatusGone {
			t.Errorf("%s disowns: %d", name, a.Status)
		}
	}
	for name, text := range map[string]string{"a reset token": token, "a not-me token": notMe} {
		a := w.send(ask{Path: "/springfield/home", Header: map[string]string{"Authorization": "Bearer " + text}})
		if a.Status != http.StatusUnauthorized {
			t.Errorf("%s is a session: %d", name, a.Status)
		}
	}
	w.get("/springfield/r/"+token).want(t, http.StatusOK)
}

func TestOnceOfADoubleTapBothHalvesAreTold(t *testing.T) {
	t.Parallel()
	w := here(t)
	token, code := w.link("springfield", "mlopez71", maria)
	w.json(setPassword, "token", token, "new_password", newWords, "attempt", "tap").want(t, http.StatusOK)
	before := w.state()
	w.json(setPassword, "token", token, "new_password", newWords, "attempt", "tap").want(t, http.StatusOK)
	w.advance(10 * time.Minute)
	w.json(setPassword, "token", token, "new_password", newWords, "attempt", "tap").want(t, http.StatusOK)
	for name, pairs := range map[string][]string{
		"another attempt":  {"token", token, "new_password", newWords, "attempt", "other"},
		"no attempt":       {"token", token, "new_password", newWords},
		"another password": {"token", token, "new_password", "nine loud ravens resting", "attempt", "tap"},
		"the old password": {"token", token, "new_password", oldWords, "attempt", "tap"},
	} {
		if a := w.json(setPassword, pairs...); a.slug() != "link-dead" || a.member("why") != "used" {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	if a := w.json(setPassword, "username", "mlopez71", "code", code, "new_password", newWords, "attempt", "tap"); a.Status == http.StatusInternalServerError {
		t.Errorf("the code of a used link: %d %s", a.Status, a.Body)
	}
	w.settle()
	if after := w.state(); len(w.mails(maria)) != 2 {
		t.Errorf("a double tap made something:\n%s\n%s", before, after)
	}
}

func TestOnceOfADoubleTapAtTheSameMomentNeitherIsToldItFailed(t *testing.T) {
	t.Parallel()
	w := here(t)
	for round := range 5 {
		token, _ := w.link("springfield", "mlopez71", maria)
		words := fmt.Sprintf("seven quiet herons %04d", round)
		var both [2]answer
		var taps sync.WaitGroup
		for i := range both {
			taps.Go(func() { both[i] = w.json(setPassword, "token", token, "new_password", words, "attempt", "tap") })
		}
		taps.Wait()
		good := 0
		for _, a := range both {
			switch {
			case a.Status == http.StatusOK:
				good++
			case a.slug() == "change-unknown":
			default:
				t.Errorf("%d %s", a.Status, a.Body)
			}
		}
		if good == 0 || !w.signsIn("springfield", "mlopez71", words) {
			t.Errorf("%d of 2 succeeded", good)
		}
		w.advance(4 * time.Hour)
	}
}

func TestOnceADoubleTapCannotBeUsedToGuessPasswords(t *testing.T) {
	t.Parallel()
	w := here(t)
	token, _ := w.link("springfield", "mlopez71", maria)
	w.json(setPassword, "token", token, "new_password", newWords, "attempt", "tap").want(t, http.StatusOK)
	for i := range 5 {
		w.json(setPassword, "token", token, "new_password", fmt.Sprint("wrong guess of somebody ", i), "attempt", "tap").want(t, http.StatusGone)
	}
	w.json(setPassword, "token", token, "new_password", newWords, "attempt", "tap").want(t, http.StatusGone)
	w.advance(time.Minute) // what the store itself pauses for
	if !w.signsIn("springfield", "mlopez71", newWords) {
		t.Error("who guessed with a used link has locked its owner out")
	}
}

func TestOnceACodeIsGuessedFiveTimes(t *testing.T) {
	t.Parallel()
	w := here(t)
	_, code := w.link("springfield", "mlopez71", maria)
	for left := 4; left >= 0; left-- {
		a := w.json("/springfield/code", "username", "mlopez71", "code", "0000-0000")
		if a.slug() != "not-proved" || a.member("tries_left") != fmt.Sprint(left) {
			t.Fatalf("with %d left: %d %s", left, a.Status, a.Body)
		}
	}
	for _, path := range []string{"/springfield/code", setPassword} {
		pairs := []string{"username", "mlopez71", "code", code}
		if path == setPassword {
			pairs = append(pairs, "new_password", newWords)
		}
		if a := w.json(path, pairs...); a.slug() != "not-proved" || a.Header.Get("Retry-After") != "1800" {
			t.Errorf("the right code after five wrong ones: %d %s", a.Status, a.Body)
		}
	}
	w.advance(30 * time.Minute)
	_, code = w.link("springfield", "mlopez71", maria)
	w.json("/springfield/code", "username", "mlopez71", "code", code).want(t, http.StatusOK)
}

func TestOnceACodeIsGuessedFiveTimesWhoeverGuessesTogether(t *testing.T) {
	t.Parallel()
	w := here(t)
	w.link("springfield", "mlopez71", maria)
	w.forgetCalls()
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			a := w.send(ask{Method: http.MethodPost, Path: "/springfield/code", Kind: jsonType, From: fmt.Sprintf("198.51.100.%d", i), Body: object([]string{"username", "MLopez71", "code", "00000000"})})
			if a.slug() != "not-proved" {
				t.Errorf("%d %s", a.Status, a.Body)
			}
		})
	}
	all.Wait()
	if a := w.json("/springfield/code", "username", "mlopez71", "code", "00000000"); a.slug() != "not-proved" {
		t.Error(a.Body)
	}
	reads := 0
	for _, call := range w.calls("verifytoken") {
		if call == "table.Get" {
			reads++
		}
	}
	if compared := reads - 3*101; compared > 5 { // each reads username, account and counter; who compares reads the token too
		t.Errorf("%d of 101 guesses were compared, want at most 5", compared)
	}
}

func TestOnceHoweverACodeIsTyped(t *testing.T) {
	t.Parallel()
	w := here(t)
	_, code := w.link("springfield", "mlopez71", maria)
	plain := strings.ReplaceAll(code, "-", "")
	for _, typed := range []string{
		code, plain, strings.ToLower(code), " " + code + " ", strings.Join(strings.Split(plain, ""), " "),
		strings.NewReplacer("0", "O", "1", "I").Replace(code), strings.NewReplacer("0", "o", "1", "l").Replace(code), plain[:4] + "\u2013" + plain[4:],
	} {
		if a := w.json("/springfield/code", "username", " MLOPEZ71 ", "code", typed); a.Status != http.StatusOK {
			t.Errorf("%q: %d %s", typed, a.Status, a.Body)
		}
	}
	w.form(setPassword, "username", "mlopez71", "code", strings.ToLower(code), "new_password", newWords).want(t, http.StatusOK)
}

func TestOnceRecoveryNeverLocksTheAccount(t *testing.T) {
	t.Parallel()
	w := here(t)
	for range 200 {
		w.json("/springfield/forgot-password", "username", "mlopez71", "email", maria).want(t, http.StatusAccepted)
	}
	for range 10 {
		w.json("/springfield/code", "username", "mlopez71", "code", "00000000")
	}
	if !w.signsIn("springfield", "mlopez71", oldWords) {
		t.Error("the old password does not sign in any more")
	}
	if mails := w.mails(maria); len(mails) != 1 {
		t.Errorf("200 asks in a moment mailed %d times", len(mails))
	}
}
