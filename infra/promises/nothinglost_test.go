package promises_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/tools"
)

// faults are all that can come of a call.
var faults = []string{"throttled", "unavailable", "timeout", "lost-reply", "crash-before", "crash-after"}

// story is something that somebody does, and what is made ready for it first.
// Ready and act share what they know in a person.
type story struct {
	name  string
	ready func(w *world, p *person)
	act   func(w *world, p *person)
	only  string // the function whose calls fail; empty: every one
}

// person is one family through all the rounds of a world.
type person struct {
	district, username, email string

	password string   // that works as far as the person knows
	tried    []string // passwords that were sent to be set since then
	link     string   // a token
	code     string
	notMe    string    // of a mail about a request
	mine     string    // of a mail about a change
	accepted []string  // references
	mails    int       // so many mails before the round
	since    time.Time // when the round began
	frozen   bool
	round    int
}

func (p *person) path(route string) string { return "/" + p.district + "/" + route }

// chosen is a fresh password.
func (p *person) chosen() string {
	p.round++
	words := fmt.Sprintf("seven quiet herons %05d", p.round)
	p.tried = append(p.tried, words)
	return words
}

func (p *person) asks(w *world) {
	w.Helper()
	if a := w.json(p.path("forgot-password"), "username", p.username, "email", p.email); a.Status == http.StatusAccepted {
		p.accepted = append(p.accepted, a.member("reference"))
	}
}

// reads remembers what the newest mails carry.
func (p *person) reads(w *world) {
	w.Helper()
	for _, m := range w.mails(p.email)[p.mails:] {
		if strings.Contains(m.Text, "/r/") {
			p.link, p.code, p.notMe = tokenOf(m.Link(w, "/r/")), m.Code(w), tokenOf(m.Link(w, "/not-me/"))
		} else if strings.Contains(m.Text, "/not-me/") {
			p.mine = tokenOf(m.Link(w, "/not-me/"))
		}
	}
}

func asksForALink(w *world, p *person) {
	p.asks(w)
	p.reads(w)
	if p.link == "" {
		w.Fatal("no link before the story")
	}
}

func changes(w *world, p *person) {
	asksForALink(w, p)
	w.json(p.path("set-password"), "token", p.link, "new_password", p.chosen()).want(w, http.StatusOK)
	p.password = p.tried[len(p.tried)-1]
	p.reads(w)
	if p.mine == "" {
		w.Fatal("no notice before the story")
	}
}

var stories = []story{
	{"asking for a link", func(*world, *person) {}, func(w *world, p *person) { p.asks(w) }, ""},
	{"setting a password with a link", asksForALink, func(w *world, p *person) {
		w.json(p.path("set-password"), "token", p.link, "new_password", p.chosen(), "attempt", "tap")
	}, ""},
	{"setting a password with a code", asksForALink, func(w *world, p *person) {
		w.json(p.path("set-password"), "username", p.username, "code", p.code, "new_password", p.chosen(), "attempt", "tap")
	}, "verifytoken"},
	{"asking for a new link in place of a dead one", func(w *world, p *person) {
		asksForALink(w, p)
		w.advance(2 * time.Hour)
	}, func(w *world, p *person) {
		if a := w.json(p.path("link-again"), "token", p.link); a.Status == http.StatusAccepted {
			p.accepted = append(p.accepted, a.member("reference"))
		}
	}, ""},
	{"disowning a request", asksForALink, func(w *world, p *person) {
		w.form(p.path("not-me/"+p.notMe), "confirm", "yes")
	}, "verifytoken"},
	{"disowning a change", changes, func(w *world, p *person) {
		for range 12 { // its owner presses until it is said to be done
			if p.frozen = w.form(p.path("not-me/"+p.mine), "confirm", "yes").Status == http.StatusOK; p.frozen {
				return
			}
		}
	}, ""},
	{"signing in", func(*world, *person) {}, func(w *world, p *person) {
		w.json(p.path("sign-in"), "username", p.username, "password", p.password)
	}, "signin"},
	{"changing a password for one use", func(w *world, p *person) {
		w.account(p.district, p.username, map[string]any{"status": "temporary"})
		p.password = oldWords
	}, func(w *world, p *person) {
		w.json(p.path("sign-in"), "username", p.username, "password", p.password, "new_password", p.chosen())
	}, "signin"},
}

// fault is one fault at one call.
type fault struct {
	Port     string `json:"port"`
	Call     string `json:"call"`
	Function string `json:"function"`
	Skip     int    `json:"skip"`
	Times    int    `json:"times"`
	Error    string `json:"error"`
}

func (f fault) String() string {
	return fmt.Sprintf("%s at %s.%s number %d of %s, %d times", f.Error, f.Port, f.Call, f.Skip+1, f.Function, f.Times)
}

// everyCall names each call that a story makes, with the one fault at it.
func everyCall(w *world, s story) (all []fault) {
	w.Helper()
	p := maryLopez()
	s.ready(w, p)
	w.forgetCalls()
	s.act(w, p)
	w.sweeps()
	var calls []call
	w.hook(http.MethodGet, "calls.json", nil, &calls)
	seen := map[call]int{}
	for _, c := range calls {
		if s.only == "" || s.only == c.Function {
			all = append(all, fault{Port: c.Port, Call: c.Call, Function: c.Function, Skip: seen[c], Times: 1})
		}
		seen[c]++
	}
	return all
}

// sweeps lets the feed run out, and what runs every minute run once.
func (w *world) sweeps() {
	w.Helper()
	w.settle()
	for _, name := range []string{"courier", "cleanup"} {
		w.hook(http.MethodPost, "run", map[string]string{"function": name}, nil)
	}
}

func maryLopez() *person {
	return &person{district: "springfield", username: "mlopez71", email: maria, password: oldWords}
}

func TestNothingLostWhateverFailsAndWhenever(t *testing.T) {
	t.Parallel()
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			calls := everyCall(here(t), s)
			if len(calls) < 3 {
				t.Fatalf("the story makes %d calls", len(calls))
			}
			for k, kind := range faults {
				t.Run(kind, func(t *testing.T) {
					t.Parallel()
					w, p := here(t), maryLopez()
					for i, f := range calls {
						if slow && i%len(faults) != k {
							continue
						}
						f.Error = kind
						rehearse(w, p, s, f)
						if !tools.AWS() && f.Port == "table" && f.Call == "Write" && (kind == "timeout" || kind == "lost-reply") {
							f.Times = 4 // as often as a store asks again
							rehearse(w, p, s, f)
						}
					}
				})
			}
		})
	}
}

func TestNothingLostInAnOutageOfAWholePort(t *testing.T) {
	t.Parallel()
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			w, p := here(t), maryLopez()
			for i, port := range []string{"table", "credential", "mail"} {
				for k, kind := range faults {
					if slow && i != k%3 || tools.AWS() && i != k {
						continue
					}
					rehearse(w, p, s, fault{Port: port, Times: 9, Error: kind})
				}
			}
		})
	}
}

// rehearse tells the story once with the fault, lets half an hour pass and looks
// at the world; then a day, so that the next round begins with full budgets.
func rehearse(w *world, p *person, s story, f fault) {
	w.Helper()
	p.link, p.code, p.notMe, p.mine, p.accepted, p.frozen = "", "", "", "", nil, false
	w.hook(http.MethodDelete, "inbox.json", nil, nil)
	p.mails = 0
	s.ready(w, p)
	p.tried, p.accepted = nil, nil
	w.advance(time.Second)
	p.mails, p.since = len(w.mails(p.email)), w.now()
	w.hook(http.MethodPost, "fault", f, nil)
	s.act(w, p)
	w.sweeps()
	w.advance(31 * time.Minute)
	w.hook(http.MethodDelete, "fault", nil, nil)
	w.advance(61 * time.Minute)
	if faults := w.faultsOf(p); len(faults) > 0 {
		w.Fatalf("%s: %s:\n%s", s.name, f, strings.Join(faults, "\n"))
	}
	if err := w.getsIn(p); err != "" {
		w.Fatalf("%s: %s: the owner does not get in: %s", s.name, f, err)
	}
	w.advance(25 * time.Hour)
}

// faultsOf tells everything that a world must not be after a story.
func (w *world) faultsOf(p *person) (faults []string) {
	w.Helper()
	say := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	mails := w.mails(p.email)[p.mails:]

	var told []string
	outcomes := map[string]string{}
	for _, i := range w.items() {
		kind, rest, _ := strings.Cut(i.PK, "#")
		var body struct {
			Outcome, Act string
			At, Asked    time.Time
			Typed        struct{ Username, Email string }
			To           []string
		}
		if kind == "REQUEST" || kind == "NOTICE" || kind == "AUDIT" {
			if err := json.Unmarshal(i.Body, &body); err != nil {
				w.Fatal(err)
			}
		}
		switch {
		case i.Due != nil:
			say("%s %s is still due in %s at %s", i.PK, i.SK, i.Due.Queue, i.Due.At)
		case kind == "AUDIT" && !body.At.Before(p.since) && strings.HasPrefix(body.Act, "password-"):
			told = append(told, body.Act)
		case kind == "REQUEST" && !body.Asked.Before(p.since):
			outcomes[rest] = body.Outcome
		}
		if body.Typed.Username+body.Typed.Email != "" || len(body.To) > 0 {
			say("%s keeps what was typed, or where it went: %s", kind, i.Body)
		}
	}
	for reference, outcome := range outcomes {
		if outcome == "" {
			say("the request %s has no outcome", reference)
		}
	}
	for _, reference := range p.accepted {
		switch outcome := outcomes[reference]; outcome {
		case "":
			say("the accepted request %s is lost", reference)
		case "sent":
			if !slices.ContainsFunc(mails, hasLink) {
				say("the request %s is sent, and there is no mail", reference)
			}
		case "living", "over-budget":
		default:
			say("the request %s ended as %s", reference, outcome)
		}
	}

	if good := w.goodLinks(p); good > 1 {
		say("%d links are good", good)
	}

	if working := w.working(p); working == "" {
		if !p.frozen {
			say("no password works")
		}
	} else if working != p.password {
		noticed := slices.ContainsFunc(mails, isNotice)
		if len(told) == 0 || !noticed {
			say("the password changed: audit %v, notice %t", told, noticed)
		}
		p.password = working
	} else if slices.Contains(told, "password-changed") {
		say("the audit says that the password changed, and it did not")
	}

	if p.frozen {
		if n := len(w.mails("safety@springfield.example.org")); n == 0 {
			say("the district was not told")
		}
	}
	return faults
}

func hasLink(m mailed) bool  { return strings.Contains(m.Text, "/r/") }
func isNotice(m mailed) bool { return !hasLink(m) && strings.Contains(m.Text, "/not-me/") }

// goodLinks counts the links in all of somebody's mails that open.
func (w *world) goodLinks(p *person) (good int) {
	w.Helper()
	mails := w.mails(p.email)
	for _, m := range mails {
		if hasLink(m) && w.get(p.path("r/"+tokenOf(m.Link(w, "/r/")))).Status == http.StatusOK {
			good++
		}
	}
	return good
}

// working is the password that lets its owner in: of those tried the newest, else
// the one from before. A wrong one costs a try, and tries come back with time.
func (w *world) working(p *person) string {
	w.Helper()
	for _, words := range backward(append([]string{p.password}, p.tried...)) {
		if w.signsIn(p.district, p.username, words) {
			return words
		}
		w.advance(16 * time.Minute)
	}
	return ""
}

// getsIn lets the owner go on as the pages tell: with the link, or with a new one.
func (w *world) getsIn(p *person) string {
	w.Helper()
	if p.frozen {
		w.advance(72 * time.Hour)
	}
	for range 3 {
		w.advance(91 * time.Minute) // the budget is back
		p.asks(w)
		w.advance(2 * time.Minute)
		p.reads(w)
		words := p.chosen()
		a := w.json(p.path("set-password"), "token", p.link, "new_password", words)
		if a.Status == http.StatusOK {
			w.settle()
			p.password = words
			if !w.signsIn(p.district, p.username, words) {
				return "the new password does not sign in"
			}
			return ""
		}
		if a.slug() != "link-dead" {
			return fmt.Sprint(a.Status, a.Body)
		}
	}
	return cmp.Or(p.link, "no link") + " is dead"
}

func TestNothingLostWhatCannotBeAcceptedIsRefusedForEverybody(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"Count", "Write"} {
		for _, kind := range []string{"throttled", "unavailable", "timeout"} {
			w := here(t)
			var said []string
			for _, username := range []string{"mlopez71", "nobody71"} {
				before := len(w.requests())
				w.hook(http.MethodPost, "fault", fault{Port: "table", Call: call, Function: "forgotpassword", Times: 9, Error: kind}, nil)
				a := w.json("/springfield/forgot-password", "username", username, "email", maria)
				w.hook(http.MethodDelete, "fault", nil, nil)
				if a.Status != http.StatusServiceUnavailable || a.slug() != "unavailable" {
					t.Errorf("%s at %s: %d %s", kind, call, a.Status, a.Body)
				}
				if len(w.requests()) != before {
					t.Errorf("%s at %s: refused, and yet filed", kind, call)
				}
				said = append(said, w.mask(a, username, maria))
			}
			if said[0] != said[1] {
				t.Errorf("%s at %s differs:\n%s\n%s", kind, call, said[0], said[1])
			}
		}
	}
}

func TestNothingLostAMailServiceDownForADayIsRecorded(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"throttled", "unavailable", "timeout", "crash-before"} {
		if slow && kind != "timeout" {
			continue
		}
		w := here(t)
		w.hook(http.MethodPost, "fault", fault{Port: "mail", Times: 1 << 20, Error: kind}, nil)
		reference := w.json("/springfield/forgot-password", "username", "mlopez71", "email", maria).want(t, http.StatusAccepted).member("reference")
		w.advance(23 * time.Hour)
		if r := w.requests(); len(r) != 1 || r[0].Outcome != nil {
			t.Errorf("%s: given up within a day", kind)
		}
		if n := strings.Count(fmt.Sprint(w.calls("courier")), "mail.Send"); n < 20 || n > 40 {
			t.Errorf("%s: %d tries in 23 hours", kind, n)
		}
		w.advance(2 * time.Hour)
		r := w.requests()
		if len(r) != 1 || r[0].Reference != reference || r[0].Outcome == nil || *r[0].Outcome != "failed" {
			t.Errorf("%s: %v", kind, r)
		}
		if strings.Contains(w.raw("table.json"), `"email":"`+maria) {
			t.Errorf("%s: what was typed is kept", kind)
		}
		if !strings.Contains(w.logs.String(), "msg=failed") {
			t.Errorf("%s: nobody is alarmed", kind)
		}
		for _, i := range w.items() {
			if i.Due != nil {
				t.Errorf("%s: %s is due", kind, i.PK)
			}
		}
	}
}

func TestNothingLostOneMailThatCannotGoHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	w := here(t)
	w.account("springfield", "jlopez72", map[string]any{"email": "no address at all"})
	w.hook(http.MethodPost, "fault", fault{Port: "mail", Times: 1, Error: "unavailable"}, nil)
	w.json("/springfield/forgot-password", "username", "mlopez71", "email", maria).want(t, http.StatusAccepted)
	w.settle()
	w.json("/springfield/forgot-password", "username", "wchen", "email", "chen.family@example.org").want(t, http.StatusAccepted)
	if len(w.mails("chen.family@example.org")) != 1 {
		t.Error("the second mail waits for the first")
	}
	w.advance(2 * time.Minute)
	if len(w.mails(maria)) != 1 {
		t.Error("the first mail never came")
	}
}

func TestNothingLostEveryRequestHasAnOutcome(t *testing.T) {
	t.Parallel()
	w := here(t)
	want := map[string]string{}
	for _, c := range []struct{ username, email, outcome string }{
		{"mlopez71", maria, "sent"},
		{"MLOPEZ71", "Maria.Lopez@Example.org", "over-budget"}, // within a minute
		{"nobody71", "nobody@example.org", "no-match"},
		{"jlopez72", "another@example.org", "no-match"},
		{"nobody71", "juan.lopez@example.org", "usernames-sent"},
		{"dgreen", "dora.green@example.org", "disabled"},
		{"npatel", "somebody@example.org", "no-address"},
		{"tnowak", "tomas.nowak@example.org", "activation-sent"},
		{"fpark", "finn.park@students.example.org", "sent"},
		{"sbaker", "sam.baker@example.org", "sent"},
	} {
		want[w.json("/springfield/forgot-password", "username", c.username, "email", c.email).want(t, http.StatusAccepted).member("reference")] = c.outcome
		w.settle()
	}
	for _, r := range w.requests() {
		if r.Outcome == nil || *r.Outcome != want[r.Reference] {
			text, _ := json.Marshal(r)
			t.Errorf("%s, want %s", text, want[r.Reference])
		}
	}
}

func backward(words []string) []string {
	words = slices.Clone(words)
	slices.Reverse(words)
	return words
}
