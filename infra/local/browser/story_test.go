package browser_test

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/sparekey/sparekey/infra/local/browse"
	"github.com/sparekey/sparekey/infra/local/server"
	"github.com/sparekey/sparekey/shared/i18n"
)

const (
	maria    = "maria.lopez@example.org"
	newWords = "seven quiet herons dancing"
)

// story is a service of its own, in one language, with JavaScript or without.
type story struct {
	*testing.T
	root  string
	js    bool
	shots shots
	words *i18n.Language
	desk  *browse.Browser // to see the mails and to move the clock
}

func TestEveryPageOfEveryStory(t *testing.T) {
	needChromium(t)
	if err := os.RemoveAll(screens); err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"en", "es"} {
		for _, js := range []bool{true, false} {
			for name, tell := range map[string]func(*story){
				"a parent forgot a password":     forgot,
				"a code on another device":       code,
				"dead links":                     deadLinks,
				"this was not me":                notMe,
				"passwords for one use":          firstAndForced,
				"signed in":                      signedIn,
				"away for a while":               awayForAWhile,
				"what is wrong is said":          errors,
				"what cannot be done right now":  trouble,
				"help, and what is off":          helpAndOff,
				"every line of the hub":          everyLine,
				"another service":                anotherService,
				"mails as the local inbox shows": inbox,
			} {
				t.Run(fmt.Sprintf("%s/js %t/%s", lang, js, name), func(t *testing.T) {
					t.Parallel()
					tell(begin(t, lang, js))
				})
			}
		}
	}
}

// serve starts a service that ends with the test. Public is the address that it
// believes to have; empty: its own.
func serve(t *testing.T, public string) (root string) {
	t.Helper()
	listener := httptest.NewUnstartedServer(nil)
	root = "http://" + listener.Listener.Addr().String()
	at, err := url.Parse(cmp.Or(public, root))
	if err != nil {
		t.Fatal(err)
	}
	service, err := server.New(server.Config{Base: at, Log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	listener.Config.Handler = service
	listener.Start()
	t.Cleanup(listener.Close)
	return root
}

func begin(t *testing.T, lang string, js bool) *story {
	t.Helper()
	root := serve(t, "")
	return &story{T: t, root: root, js: js, shots: shotsOf(lang, js), words: i18n.Default.Language(lang), desk: browse.New(t, root)}
}

func (s *story) say(key string, args ...string) string { return s.words.T(key, args...) }

// hub opens a window on the district's hub, in the story's language, chosen on
// the page as a family does it.
func (s *story) hub() *window {
	s.Helper()
	w := open(s.T, s.js)
	w.to(s.root + "/springfield")
	if s.shots.lang != i18n.English {
		w.do(chromedp.Click(".langs summary", chromedp.ByQuery))
		w.press(fmt.Sprintf(".langs a[hreflang=%q]", s.shots.lang))
	}
	w.is(http.StatusOK, s.say("hub.title"))
	return w
}

// see holds a page to its status, its heading and all that pages are held to.
func (s *story) see(w *window, name string, status int64, heading string) {
	s.Helper()
	w.is(status, s.say(heading))
	w.look(s.shots, name)
}

// asks asks for a link and gives the mail that comes.
func (s *story) asks(w *window, username, address string) browse.Mail {
	s.Helper()
	before := len(s.desk.Mails(address))
	w.to(s.root + "/springfield/forgot-password")
	w.fill("username", username, "email", address)
	w.press("form button")
	w.is(http.StatusAccepted, s.say("forgot-password-sent.title"))
	return s.desk.LastMail(address, before+1)
}

// sets sets a password on the page that shows the form.
func sets(w *window, words string) {
	w.Helper()
	w.fill("new_password", words, "new_password_again?", words)
	w.press("main form button:not([type=button])")
}

func forgot(s *story) {
	w := s.hub()
	s.see(w, "hub", http.StatusOK, "hub.title")
	w.press(`.cards a[href*="forgot-password"]`)
	s.see(w, "forgot-password", http.StatusOK, "forgot-password.title")
	w.fill("username", "mlopez71", "email", maria)
	w.press("form button")
	s.see(w, "forgot-password-sent", http.StatusAccepted, "forgot-password-sent.title")
	w.says(maria)

	link := s.desk.LastMail(maria, 1).Link(s, "/r/")
	mailer := open(s.T, s.js) // the mail opens in another browser, which knows nothing yet
	mailer.to(link)
	s.see(mailer, "set-password", http.StatusOK, "set-password.title")
	weak := " lopez "
	mailer.fill("new_password", weak, "new_password_again?", weak)
	mailer.press("main form button:not([type=button])")
	s.see(mailer, "set-password-refused", http.StatusUnprocessableEntity, "set-password.title")
	for _, fault := range []string{s.say("password.length", "min", "15", "used", "7"), s.say("password.own-words"), s.say("password.spaces")} {
		mailer.says(fault)
	}
	s.summary(mailer, 3, "new_password")
	sets(mailer, newWords)
	s.see(mailer, "password-changed", http.StatusOK, "password-changed.title")

	mailer.press(`main a[href*="sign-in"]`)
	s.see(mailer, "sign-in", http.StatusOK, "sign-in.title")
	mailer.fill("username", "MLopez71", "password", newWords)
	mailer.press("main form button:not([type=button])")
	s.see(mailer, "home", http.StatusOK, "home.title")
	mailer.press("main form button")
	s.see(mailer, "signed-out", http.StatusOK, "sign-in.title")
	mailer.says(s.say("sign-in.out"))
	mailer.to(s.root + "/springfield/home")
	mailer.is(http.StatusUnauthorized, s.say("sign-in.title"))
}

// summary holds the list of faults above a form: how many, that reading begins
// there where JavaScript runs, and that each leads to its field.
func (s *story) summary(w *window, faults int, field string) {
	s.Helper()
	if n := ask[int](w, `document.querySelectorAll(".summary li").length`); n != faults {
		w.Errorf("the summary has %d faults, want %d", n, faults)
	}
	if at := ask[string](w, `document.activeElement.className`); s.js && at != "summary" {
		w.Errorf("reading begins at %q, want the summary", at)
	}
	w.do(chromedp.Click(".summary a", chromedp.ByQuery))
	if at := ask[string](w, `document.activeElement.id`); at != field {
		w.Errorf("the first fault leads to %q, want %q", at, field)
	}
	described := ask[[]string](w, fmt.Sprintf(`(document.getElementById(%q).getAttribute("aria-describedby") || "").split(" ").map(id => document.getElementById(id)?.innerText ?? "MISSING " + id)`, field))
	if all := strings.Join(described, " "); strings.Contains(all, "MISSING") || !strings.Contains(all, ask[string](w, `document.querySelector(".summary a").innerText`)) {
		w.Errorf("the field %s is described by %q", field, described)
	}
}

func code(s *story) {
	letter := s.asks(s.hub(), "mlopez71", maria)
	laptop := s.hub()
	laptop.press(`.cards a[href*="/code"]`)
	s.see(laptop, "code", http.StatusOK, "code.title")
	laptop.press("form button")
	s.see(laptop, "code-missing", http.StatusBadRequest, "code.title")
	s.summary(laptop, 2, "username")
	laptop.fill("username", "mlopez71", "code", "K7QM-2RXP")
	laptop.press("form button")
	s.see(laptop, "code-wrong", http.StatusUnprocessableEntity, "code.title")
	laptop.says(s.say("not-proved.left", "n", "4"))
	if kept := ask[[]string](laptop, `[username.value, code.value]`); kept[0] != "mlopez71" || kept[1] != "" {
		laptop.Errorf("the form keeps %q, want the username and no code", kept)
	}
	laptop.fill("code", strings.ToLower(letter.Code(s)))
	laptop.press("form button")
	s.see(laptop, "set-password-by-code", http.StatusOK, "set-password.title")
	sets(laptop, newWords)
	laptop.is(http.StatusOK, s.say("password-changed.title"))
}

func deadLinks(s *story) {
	w := s.hub()
	old := s.asks(w, "mlopez71", maria).Link(s, "/r/")
	s.desk.Advance("2m")
	newest := s.asks(w, "mlopez71", maria).Link(s, "/r/")
	w.to(old)
	s.see(w, "link-replaced", http.StatusGone, "link-dead.title")
	w.says(s.say("link.replaced"))
	w.to(newest)
	sets(w, newWords)
	w.to(newest)
	s.see(w, "link-used", http.StatusGone, "link-dead.title")
	w.says(s.say("link.used"))
	w.press("main form button") // one press
	s.see(w, "link-again-sent", http.StatusAccepted, "link-again-sent.title")
	s.desk.Advance("2h")
	again := s.desk.Mails(maria)
	last := s.asks(w, "mlopez71", maria)
	if len(again) < 3 {
		w.Errorf("%d mails, want one for the press", len(again))
	}
	s.desk.Advance("31m")
	w.to(last.Link(s, "/r/"))
	s.see(w, "link-expired", http.StatusGone, "link-dead.title")
	w.says(s.say("link.expired"))
	w.to(s.root + "/springfield/r/" + strings.Repeat("7", 52))
	s.see(w, "link-fake", http.StatusGone, "link-dead.title")
}

func notMe(s *story) {
	w := s.hub()
	s.disowns(w, s.asks(w, "mlopez71", maria), "request")
	w.to(s.asks(w, "jlopez72", "juan.lopez@example.org").Link(s, "/r/"))
	sets(w, newWords)
	w.is(http.StatusOK, s.say("password-changed.title"))
	s.disowns(w, s.desk.LastMail("juan.lopez@example.org", 2), "change")
}

// disowns says "this was not me" from a mail.
func (s *story) disowns(w *window, letter browse.Mail, kind string) {
	s.Helper()
	w.to(letter.Link(s, "/not-me/"))
	s.see(w, "not-me-"+kind, http.StatusOK, "not-me.title")
	w.press("main form button")
	s.see(w, "not-me-unticked-"+kind, http.StatusBadRequest, "not-me.title")
	s.summary(w, 1, "confirm")
	w.do(chromedp.Click("label[class=check]", chromedp.ByQuery))
	if !ask[bool](w, `document.getElementById("confirm").checked`) {
		w.do(chromedp.Click("#confirm", chromedp.ByQuery))
	}
	w.press("main form button")
	s.see(w, "not-me-done-"+kind, http.StatusOK, "not-me-done.title")
}

func firstAndForced(s *story) {
	w := s.hub()
	w.to(s.asks(w, "tnowak", "tomas.nowak@example.org").Link(s, "/r/"))
	s.see(w, "set-first-password", http.StatusOK, "set-password.title")
	sets(w, newWords)
	w.is(http.StatusOK, s.say("password-set.title"))

	w.to(s.root + "/springfield/sign-in")
	w.fill("username", "sbaker", "password", "temporary-bridge-6612")
	w.press("main form button:not([type=button])")
	s.see(w, "set-password-forced", http.StatusOK, "set-password.title")
	sets(w, newWords)
	w.is(http.StatusOK, s.say("password-changed.title"))
}

func errors(s *story) {
	w := s.hub()
	w.to(s.root + "/springfield/forgot-password")
	w.press("form button")
	s.see(w, "forgot-password-missing", http.StatusBadRequest, "forgot-password.title")
	s.summary(w, 2, "username")
	w.fill("username", "mlopez71", "email", "maria at home")
	w.press("form button")
	s.see(w, "forgot-password-malformed", http.StatusBadRequest, "forgot-password.title")
	s.summary(w, 1, "email")
	if kept := ask[[]string](w, `[username.value, email.value]`); kept[0] != "mlopez71" || kept[1] != "maria at home" {
		w.Errorf("the form keeps %q, want what was typed", kept)
	}
	w.to(s.root + "/springfield/sign-in")
	w.press("main form button:not([type=button])")
	s.see(w, "sign-in-missing", http.StatusBadRequest, "sign-in.title")
	for i := range 5 {
		w.fill("username", "mlopez71", "password", "wrong words")
		w.press("main form button:not([type=button])")
		if i == 0 {
			s.see(w, "sign-in-wrong", http.StatusUnprocessableEntity, "sign-in.title")
		}
	}
	s.see(w, "sign-in-wait", http.StatusUnprocessableEntity, "sign-in.title")
	if typed := ask[string](w, `password.value`); typed != "" {
		w.Errorf("the page gives a password back: %q", typed)
	}
	w.to(s.root + "/springfield/nothing-here")
	s.see(w, "not-found", http.StatusNotFound, "problem.not-found.title")
	w.to(s.root + "/springfield/sign-out")
	s.see(w, "method-not-allowed", http.StatusMethodNotAllowed, "problem.method-not-allowed.title")
}

// trouble is what a family sees when something of ours is down.
func trouble(s *story) {
	w := s.hub()
	link := s.asks(w, "mlopez71", maria).Link(s, "/r/")
	w.to(link)
	s.fault("credential", "Set", "throttled")
	sets(w, newWords)
	s.see(w, "set-password-busy", http.StatusServiceUnavailable, "set-password.title")
	s.fault("credential", "Set", "timeout")
	sets(w, newWords)
	s.see(w, "set-password-unknown", http.StatusServiceUnavailable, "set-password.title")
	s.fault("table", "Write", "unavailable")
	w.to(s.root + "/springfield/forgot-password")
	w.fill("username", "mlopez71", "email", maria)
	w.press("form button")
	s.see(w, "unavailable", http.StatusServiceUnavailable, "forgot-password.title")
	for range 300 { // the network's, whatever is asked
		s.desk.JSON("/springfield/forgot-password", map[string]string{"username": "x", "email": "x@example.org"}, nil)
	}
	w.to(s.root + "/springfield/forgot-password")
	w.fill("username", "mlopez71", "email", maria)
	w.press("form button")
	s.see(w, "too-many-requests", http.StatusTooManyRequests, "forgot-password.title")
}

func (s *story) fault(port, call, what string) {
	s.Helper()
	s.desk.Hook(http.MethodPost, "fault", map[string]any{"port": port, "call": call, "times": 1, "error": what}, nil)
}

func helpAndOff(s *story) {
	w := s.hub()
	w.press(`footer a[href*="/help"]`)
	s.see(w, "help", http.StatusOK, "help.title")
	s.desk.Hook(http.MethodPost, "district", map[string]any{"district": "springfield", "settings": map[string]any{
		"flows": map[string]any{"forgot-password": []string{}, "sign-in": []string{}},
	}}, nil)
	for _, page := range []string{"forgot-password", "sign-in"} {
		w.to(s.root + "/springfield/" + page)
		s.see(w, page+"-off", http.StatusOK, "off.title")
	}
	w.to(s.root + "/springfield")
	s.see(w, "hub-off", http.StatusOK, "hub.title")
	w.to(s.root + "/")
	s.see(w, "root", http.StatusOK, "root.title")
	w.fill("district", "no such district!")
	w.press("main form button")
	s.see(w, "root-malformed", http.StatusBadRequest, "root.title")
	w.to(s.root + "/help")
	s.see(w, "help-root", http.StatusOK, "help.title")
	w.to(s.root + "/help/link-dead")
	s.see(w, "help-problem", http.StatusOK, "help-problem.title")
	w.to(s.root + "/capital-city")
	s.see(w, "district-unknown", http.StatusNotFound, "problem.not-found.title")
	if s.shots.lang == i18n.English { // the only one that this district offers
		w.to(s.root + "/shelbyville")
		s.see(w, "hub-shelbyville", http.StatusOK, "hub.title")
	}
}

// everyLine follows each line of the hub: behind it is a page, and where it leads
// to a place in the help page, the place that is about it.
func everyLine(s *story) {
	w := s.hub()
	w.says(s.say("announcements.title"))
	lines := ask[[]struct{ Address, Says string }](w, `[...document.querySelectorAll("main ul a")].map(a => ({Address: a.href, Says: (a.querySelector("b") ?? a).innerText}))`)
	if len(lines) < 14 {
		w.Fatalf("the hub has %d lines", len(lines))
	}
	for _, line := range lines {
		w.to(s.root + "/springfield") // within one page a browser loads nothing
		w.to(line.Address)
		toSignIn := w.status == http.StatusUnauthorized && strings.Contains(line.Address, "/change-password") && w.has("#username")
		if w.status != http.StatusOK && !toSignIn {
			w.Errorf("%q leads to %s: %d", line.Says, line.Address, w.status)
		}
		_, place, _ := strings.Cut(line.Address, "#")
		if place == "" {
			continue
		}
		if got := ask[string](w, `document.querySelector(":target h2")?.innerText ?? ""`); got != line.Says && place != "contact" || got == "" {
			w.Errorf("%q leads to what is about %q", line.Says, got)
		}
	}
	s.desk.Hook(http.MethodPost, "district", map[string]any{"district": "springfield", "settings": map[string]any{
		"languages": []string{s.shots.lang}, "announcements": []any{}, "other_products": []any{}, "district_code": "4821", "flows": map[string]any{"forgot-password": []string{}},
	}}, nil)
	for _, page := range []string{"", "/help"} {
		w.to(s.root + "/springfield" + page)
		w.look(s.shots, "hub-alone"+strings.ReplaceAll(page, "/", "-"))
		if w.has(".langs") || w.has(".news") {
			w.Errorf("%s: a menu of one language, or news of none", page)
		}
	}
	w.says("4821")
}

// anotherService is a pupil who signs in with Google and asks for a link.
func anotherService(s *story) {
	letter := s.asks(s.hub(), "fpark", "finn.park@students.example.org")
	if !strings.Contains(letter.Text, "Google") || strings.Contains(letter.Text, "/r/") {
		s.Errorf("the mail says\n%s", letter.Text)
	}
}

// inbox is the local run's own, which a developer sees; its mails are in the
// story's language.
func inbox(s *story) {
	w := s.hub()
	s.asks(w, "mlopez71", maria)
	w.to(s.root + "/_local/inbox")
	w.hold(s.shots, "inbox")
	w.press("main ol a")
	w.hold(s.shots, "inbox-mail")
}
