package browser_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/sparekey/sparekey/shared/password"
	"github.com/sparekey/sparekey/shared/problem"
)

// lost is a family with a link in its mailbox, in English and with JavaScript.
func lost(t *testing.T) (s *story, link string) {
	t.Helper()
	s = begin(t, "en", true)
	s.desk.JSON("/springfield/forgot-password", map[string]string{"username": "mlopez71", "email": maria}, nil).Want(202)
	return s, s.desk.LastMail(maria, 1).Link(t, "/r/")
}

func TestTheFirstPageIsSmallAndFromOneHost(t *testing.T) {
	t.Parallel()
	needChromium(t)
	_, link := lost(t)
	w := open(t, true)
	w.to(link)
	host := w.host()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.requests {
		at, err := url.Parse(r.URL)
		if err != nil || at.Host != host {
			t.Errorf("a request leaves for %s", r.URL)
		}
		if referrer, _ := r.Headers["Referer"].(string); strings.Contains(referrer, "/r/") {
			t.Errorf("%s is told the link: %s", at.Path, referrer)
		}
	}
	if n := len(w.requests); n == 0 || n > 6 {
		t.Errorf("%d requests, want 1 to 6", n)
	}
	if w.bytes == 0 || w.bytes > 50_000 {
		t.Errorf("%.0f bytes, want no more than 50,000", w.bytes)
	}
	t.Logf("%d requests, %.0f bytes", len(w.requests), w.bytes)
}

func TestAPasswordCanBeLookedAt(t *testing.T) {
	t.Parallel()
	needChromium(t)
	s, link := lost(t)
	w := open(t, true)
	w.to(link)
	if w.has("#new_password_again") {
		t.Error("the password is asked for twice although it can be looked at")
	}
	w.paste("new_password", newWords)
	const state = `[new_password.type, document.querySelector("[data-pw] button").textContent, document.querySelector("[data-pw] [role=status]").textContent]`
	for _, want := range [][]string{
		{"password", s.say("password.show"), ""},
		{"text", s.say("password.hide"), s.say("password.shown")},
		{"password", s.say("password.show"), s.say("password.hidden")},
		{"text", s.say("password.hide"), s.say("password.shown")},
	} {
		if got := ask[[]string](w, state); strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("got %q, want %q", got, want)
		}
		w.do(chromedp.Click("[data-pw] button", chromedp.ByQuery))
	}
	w.do(chromedp.Click("[data-pw] button", chromedp.ByQuery))
	w.look(shots{lang: "en", folder: s.shots.folder, widths: map[string][]int64{"light": {phone}}}, "set-password-shown")
	// Posted in plain sight, the browser would keep it among what was typed.
	if kind := ask[string](w, `new Promise(tell => {
		const form = new_password.form;
		form.addEventListener("submit", e => { e.preventDefault(); tell(new_password.type) });
		form.requestSubmit();
	})`); kind != "password" {
		t.Errorf("the password is posted from a field of type %s", kind)
	}
}

func TestTheRulesAreTickedOff(t *testing.T) {
	t.Parallel()
	needChromium(t)
	s, link := lost(t)
	w := open(t, true)
	w.to(link)
	const ticks = `[...document.querySelectorAll(".rules li")].map(li => li.dataset.rule + ":" + li.className).join(" ")`
	for _, c := range []struct{ typed, want string }{
		{"short", "length: own-words: common: spaces:ok"},
		{" short", "length: own-words: common: spaces:no"},
		{"mlopez71", "length: own-words:no common: spaces:ok"},
		{newWords, "length:ok own-words: common: spaces:ok"},
	} {
		w.paste("new_password", c.typed)
		if got := ask[string](w, ticks); got != c.want {
			t.Errorf("%q: got %q, want %q", c.typed, got, c.want)
		}
	}
	spoken := ""
	for wait := time.Now().Add(5 * time.Second); spoken == "" && time.Now().Before(wait); {
		spoken = ask[string](w, `document.getElementById("new_password-state").textContent`)
	}
	if want := s.say("rules.state", "n", "2", "all", "2"); spoken != want {
		t.Errorf("a screen reader is told %q once typing rests, want %q", spoken, want)
	}
	w.look(shots{lang: "en", folder: s.shots.folder, widths: map[string][]int64{"light": {phone}, "dark": {phone}}}, "set-password-ticked")
}

// What the page ticks is what the server takes: both read the same rules.
func TestThePageTicksWhatTheServerTakes(t *testing.T) {
	t.Parallel()
	needChromium(t)
	s := begin(t, "en", true)
	s.desk.JSON("/shelbyville/forgot-password", map[string]string{"username": "mlopez71", "email": "milo.lopez@example.org"}, nil).Want(202)
	w := open(t, true)
	w.to(s.desk.LastMail("milo.lopez@example.org", 1).Link(t, "/r/"))
	policy := password.Policy{Minimum: 8, Classic: true}
	const state = `[...document.querySelectorAll(".rules li")].filter(li => !["own-words", "common", "used"].includes(li.dataset.rule)).map(li => [li.dataset.rule, li.className == "ok"])`
	for _, typed := range []string{
		"x", "Quiet7#Herons", "quiet7#herons", "QUIET7#HERONS", "QuietHerons#", "Quiet7Herons", "Quiet 7 Herons", "7777777", " Quiet7#Herons", "Quiet7#Herons\u3000", "\u00a0Quiet7#", "Quiet7#\ufeff",
		"E\u0301te\u0301", "E\u0301te\u0301-7-\u00e9", strings.Repeat("e\u0301", 7), strings.Repeat("e\u0301", 8), strings.Repeat("\U0001F600", 7), strings.Repeat("\U0001F600", 8), "\u0633\u0628\u0639\u0629-\u0637\u064a\u0648\u0631-\u0667", "\u01c5\u01c5\u01c5\u01c5\u01c5\u01c5\u01c57", "Quiet\u00b2\u2163-",
		"\U0001F468\u200d\U0001F469\u200d\U0001F467", "\u4e03\u53ea\u5b89\u9759\u7684\u82cd\u9e6d7", "stra\u00dfeN\u00ba7", "\u1e9eabcdef7",
	} {
		w.paste("new_password", typed)
		broken := map[string]bool{}
		for _, b := range policy.Broken(typed) {
			broken[b.Says.Key[strings.LastIndexByte(b.Says.Key, '.')+1:]] = true
		}
		rules := ask[[][]any](w, state)
		if len(rules) != 5 {
			t.Fatalf("the page has %v", rules)
		}
		for _, rule := range rules {
			if kind, ok := rule[0].(string), rule[1].(bool); ok == broken[kind] {
				t.Errorf("%q, %s: ticked %t, broken on the server %t", typed, kind, ok, broken[kind])
			}
		}
	}
}

// The page knows no other of their own words than the username. Of that it says
// what the server says, and nothing while nothing is wrong yet.
func TestThePageKnowsAUsernameAsTheServerDoes(t *testing.T) {
	t.Parallel()
	needChromium(t)
	_, link := lost(t)
	w := open(t, true)
	w.to(link)
	const rule = `document.querySelector("[data-rule=own-words]")`
	if name := ask[string](w, rule+".dataset.not"); name != "mlopez71" {
		t.Fatalf("the page knows %q", name)
	}
	for username, texts := range map[string][]string{
		"mlopez71": {
			"mlopez71", "mlopez", "MLOPEZ-71", "mlopez712026mlopez", "71 mlopez 71", "mlopez71 !?", // theirs
			"", " ", "7", "71", "582930174658", "\u0667\u0667", "!?", // no letters
			"m", "mlop", "mlopez7m", "mlopez71 h", "mlopez71 herons", "quiet mlopez71", "xmlopez71",
		},
		"ana anab bex":                   {"anabex", "anab-bex-7", "ana", "anabe", "anabexx", "bexanab"},
		"20261234":                       {"20261234", "2026123499", "2026 1234", "2026123", "1", "20261234 x"},
		"ab 1234":                        {"ab", "ab1234", "1234", "99ab1234"},
		"M\u00fcller.\u00e9":             {"mu\u0308ller e\u0301", "m\u00dcLLER\u00c9-1", "muller"},
		"\u043c\u0430\u0440\u0438\u044f": {"\u041c\u0410\u0420\u0418\u042f 7", "\u041c\u0410\u0420\u0418"},
		"\u03bd\u03b9\u03ba\u03bf\u03c2": {"\u03bd\u03b9\u03ba\u03bf\u03c2 1", "\u039d\u0399\u039a\u039f\u03a3"},
		"\U0001D7D8abc":                  {"abc", "\U0001D7D8abc\U0001D7D9", "\U0001D7D8", "\U0001D7D8ab"},
		"":                               {"a", "7", "mlopez71"},
	} {
		w.do(chromedp.Evaluate(fmt.Sprintf("%s.dataset.not = %q, 0", rule, username), nil))
		for _, typed := range texts {
			w.do(chromedp.Evaluate(fmt.Sprintf(`new_password.value = %q, new_password.dispatchEvent(new Event("input")), 0`, typed), nil))
			theirs := slices.ContainsFunc(password.Policy{Own: []string{username}}.Broken(typed), func(f problem.Field) bool { return f.Says.Key == "password.own-words" })
			if got, want := ask[string](w, rule+".className"), map[bool]string{true: "no"}[theirs]; got != want {
				t.Errorf("%q of %q: the page says %q, the server's answer makes it %q", typed, username, got, want)
			}
		}
	}
}

func TestCapsLockIsPointedOut(t *testing.T) {
	t.Parallel()
	needChromium(t)
	s := begin(t, "en", true)
	w := open(t, true)
	w.to(s.root + "/springfield/sign-in")
	w.do(chromedp.Focus("#password", chromedp.ByQuery))
	hint := func() string { return ask[string](w, `document.getElementById("password-caps").textContent`) }
	key := func(caps bool) {
		// The protocol has no modifier for Caps Lock, so the event is made in the page.
		w.do(chromedp.Evaluate(`password.dispatchEvent(new KeyboardEvent("keydown", {key: "A", modifierCapsLock: `+map[bool]string{true: "true", false: "false"}[caps]+`})), 0`, nil))
	}
	key(true)
	if got := hint(); got != s.say("password.caps") {
		t.Errorf("with Caps Lock: %q", got)
	}
	w.look(shots{lang: "en", folder: s.shots.folder, widths: map[string][]int64{"light": {phone}}}, "sign-in-caps")
	key(false)
	if got := hint(); got != "" {
		t.Errorf("without Caps Lock: %q", got)
	}
	key(true)
	w.do(chromedp.Focus("#username", chromedp.ByQuery))
	if got := hint(); got != "" {
		t.Errorf("elsewhere: %q", got)
	}
}

// Back from success, nobody finds a password, nor who was signed in: browsers keep
// a page as it was left, with all that was typed.
func TestBackShowsNothingOfThePersonBefore(t *testing.T) {
	t.Parallel()
	needChromium(t)
	s, link := lost(t)
	w := open(t, true)
	w.to(link)
	sets(w, newWords)
	w.to(s.root + "/springfield/sign-in")
	w.goBack(newWords)
	w.to(s.root + "/springfield/sign-in")
	w.fill("username", "mlopez71", "password", newWords)
	w.press("main form button:not([type=button])")
	w.says("Maria Lopez")
	w.press("main form button")
	w.goBack(newWords, "Maria Lopez")
}

// goBack goes back page by page, and none of them may have any of the secrets.
func (w *window) goBack(secrets ...string) {
	w.Helper()
	for at := int64(2); at > 1; {
		var all, path string
		at, all, path = w.back()
		for _, secret := range secrets {
			if strings.Contains(all, secret) {
				w.Errorf("%q is still on %s:\n%s", secret, path, w.text())
			}
		}
	}
}

// back goes one page back, and tells how many are before it and all that is there.
func (w *window) back() (before int64, all, path string) {
	w.Helper()
	w.do(chromedp.ActionFunc(func(ctx context.Context) error {
		at, entries, err := page.GetNavigationHistory().Do(ctx)
		if err != nil || at == 0 {
			return err
		}
		before = at - 1
		return page.NavigateToHistoryEntry(entries[at-1].ID).Do(ctx)
	}), chromedp.Sleep(700*time.Millisecond))
	all = ask[string](w, `document.documentElement.outerHTML + [...document.querySelectorAll("input")].map(e => e.value).join(" ")`)
	return before, all, ask[string](w, `location.pathname`)
}

// Whoever uses no mouse comes past everything in the order it is read, sees where
// they are, and is caught nowhere.
func TestTheKeyboardGoesEverywhere(t *testing.T) {
	t.Parallel()
	needChromium(t)
	s, link := lost(t)
	for _, address := range []string{s.root + "/springfield", s.root + "/springfield/sign-in", link} {
		w := open(t, true)
		w.to(address)
		want := ask[int](w, `[...document.querySelectorAll("a[href], button, input, summary")].filter(e => e.tabIndex >= 0 && e.type !== "hidden" && e.checkVisibility() && !(e.closest("details:not([open])") && e.tagName !== "SUMMARY")).length`)
		seen, last := 0, -1
		for range want + 1 {
			w.do(input.DispatchKeyEvent(input.KeyDown).WithKey("Tab").WithCode("Tab").WithWindowsVirtualKeyCode(9),
				input.DispatchKeyEvent(input.KeyUp).WithKey("Tab").WithCode("Tab").WithWindowsVirtualKeyCode(9))
			at := ask[int](w, `[...document.querySelectorAll("*")].indexOf(document.activeElement)`)
			if at <= last {
				break
			}
			if ring := ask[string](w, `getComputedStyle(document.activeElement).outlineStyle`); ring == "none" {
				t.Errorf("nothing shows that %s has the focus", ask[string](w, `document.activeElement.outerHTML`))
			}
			seen, last = seen+1, at
		}
		if seen != want {
			t.Errorf("%s: the keyboard comes past %d of %d", ask[string](w, `document.title`), seen, want)
		}
	}
}
