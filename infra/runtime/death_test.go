package runtime_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/sparekey/sparekey/infra/runtime"
	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/table"
)

// act is something that a function does in one invocation, which it may die in.
type act struct {
	name   string
	folder string
	ready  func(*victim)        // makes what it needs
	event  func(*victim) []byte // wakes it
	next   func(*victim)        // who comes after the dead, before the sweep; nil: nobody
	holds  func(*victim)        // what must be true in the end
}

// A real program is killed before the first of its calls of AWS, and then, each
// time anew, after every one of them: done, but nobody there to hear of it, which
// is as well before the next. Then others come, and the minutes; and nothing is
// lost, and nothing done twice.
func TestAProgramMayDieBetweenAnyTwoOfItsCalls(t *testing.T) {
	for _, a := range acts {
		t.Run(a.name, func(t *testing.T) {
			s := newStack(t)
			s.settle()
			well := s.victim(t, 0)
			calls := well.plays(a, &fuse{at: -2})
			if well.holds(a); len(calls) < 2 || t.Failed() {
				t.Fatalf("undisturbed, with %v", calls)
			}
			for at := -1; at < len(calls); at++ {
				if at > 0 && calls[at] == "Query" && calls[at-1] == "Query" {
					continue // the shards of a queue are read alike, and reading changes nothing
				}
				title := "before the first call"
				if at >= 0 {
					title = fmt.Sprintf("after call %d, %s", at+1, calls[at])
				}
				t.Run(title, func(t *testing.T) {
					v := s.victim(t, at+2)
					v.plays(a, &fuse{at: at})
					v.holds(a)
				})
			}
		})
	}
}

// fuse kills a process after its call of that number, from 0; -1: before the
// first; -2: never.
type fuse struct {
	at    int
	kill  func()
	mu    sync.Mutex
	calls []string // so far
}

func (f *fuse) burn(w http.ResponseWriter, r *http.Request, through http.Handler) {
	f.mu.Lock()
	n := len(f.calls)
	f.calls = append(f.calls, operation(r))
	f.mu.Unlock()
	switch {
	case n == 0 && f.at == -1:
	case n == f.at:
		through.ServeHTTP(httptest.NewRecorder(), r)
	default:
		through.ServeHTTP(w, r)
		return
	}
	f.kill()
	panic(http.ErrAbortHandler)
}

// victim is a parent whose function dies.
type victim struct {
	*testing.T
	s                   *stack
	id, username, email string
	second              string // another address of hers
	owed                table.Key
	to                  []string // whom the notice that is owed is for
	link, code, notMe   string
	told                int      // mails to the district before
	settled             int      // changes of her password before the act
	dead                []string // what was called by whoever died
	undecided           bool     // the item that was worked on had no outcome then
	chosen              []string // passwords that she sent, after oldWords
}

func (s *stack) victim(t *testing.T, n int) *victim {
	t.Helper()
	name := strings.ToLower(fmt.Sprintf("%s-%d", s.rows.Table, n))
	v := &victim{T: t, s: s, id: "person-" + name, username: "parent" + name, email: name + "@example.org", second: name + ".private@example.org"}
	v.told = len(v.letters("safety@springfield.example.org", ""))
	v.fatal(account.Create(t.Context(), s.store, "springfield", v.id, account.Profile{
		Username: v.username, First: "Pat", Last: "Example", Role: district.Guardian, Address: v.email, Status: account.Active,
	}, account.State{Status: account.Active, Activated: true}))
	return v
}

func (v *victim) fatal(err error) {
	v.Helper()
	if err != nil {
		v.Fatal(err)
	}
}

// plays makes ready, lets the act be done by a process that dies as the fuse
// says, and lets the time pass that it takes until all is at rest. It returns
// what the process called.
func (v *victim) plays(a act, f *fuse) []string {
	v.Helper()
	a.ready(v)
	v.endsRun()
	v.settled = v.changed()
	v.s.cognito.forget(v.id)
	p := v.s.another(a.folder)
	v.fatal(p.Ready(v.Context()))
	f.kill = p.Kill
	v.s.see(f.burn)
	_, err := p.Invoke(v.Context(), a.event(v))
	v.s.see(nil)
	var crash *runtime.Crash
	if died := errors.As(err, &crash); err != nil && !died || died != (f.at > -2) {
		v.Fatalf("%v after %v", err, f.calls)
	}
	p.Kill()
	if v.dead = f.calls; v.owed != (table.Key{}) {
		v.undecided = v.outcome(v.owed) == ""
	}
	if a.next != nil {
		v.lapse()
		a.next(v)
	}
	v.rests()
	return f.calls
}

// holds demands what must be true whenever somebody died.
func (v *victim) holds(a act) {
	v.Helper()
	for _, sk := range []string{"CHANGE", "SIGNOUT"} {
		if v.item(account.Key("springfield", v.id).At(sk)).Exists() {
			v.Errorf("%s is still there", sk)
		}
	}
	// What is owed is struck off once it is done: after the last password was set,
	// Cognito has ended her sign-ins.
	if v.changed() > v.settled && !v.s.cognito.signedOut(v.id) {
		v.Error("her password has changed, or may have, and Cognito has not ended her sign-ins")
	}
	a.holds(v)
}

func (s *stack) see(b between) {
	for _, tap := range []*tap{s.dynamo, s.cognito, s.ses} {
		tap.see(b)
	}
}

// owes is all that is due to be done some day.
func (v *victim) owes() (all []table.Key) {
	v.Helper()
	for _, queue := range []string{"REQUEST", "NOTICE", "CHANGE", "SIGNOUT"} {
		rows, _, err := v.s.store.List(v.Context(), table.Range{Index: table.ByDue, Partition: queue, Until: time.Now().Add(48 * time.Hour), Limit: 100})
		v.fatal(err)
		for _, row := range rows {
			all = append(all, row.Key)
		}
	}
	return all
}

// lapse ends every lease there is, as time does.
func (v *victim) lapse() {
	v.Helper()
	for _, key := range v.owes() {
		v.s.lapse(key)
	}
	v.endsRun()
}

// endsRun ends the lease of whoever ran last and did not live to end it.
func (v *victim) endsRun() {
	v.Helper()
	if run := table.K("RUN", "courier"); v.item(run).Exists() {
		v.s.lapse(run)
	}
}

// rests lets leases end and minutes come until nothing is owed.
func (v *victim) rests() {
	v.Helper()
	for range 5 {
		if len(v.owes()) == 0 {
			return
		}
		v.lapse()
		v.s.minute("cleanup")
		v.s.minute("courier")
	}
	v.Fatalf("still owed: %v", v.owes())
}

func (v *victim) item(key table.Key) table.Item {
	v.Helper()
	items, err := v.s.store.Get(v.Context(), key)
	v.fatal(err)
	return items[0]
}

func (v *victim) outcome(key table.Key) string {
	v.Helper()
	row, err := table.As[struct{ Outcome string }](v.item(key))
	v.fatal(err)
	return row.Value.Outcome
}

func (v *victim) state() account.State {
	v.Helper()
	row, err := table.As[account.State](v.item(account.StateKey("springfield", v.id)))
	v.fatal(err)
	return row.Value
}

// audits counts the entries about her, by what was done.
func (v *victim) audits() map[string]int {
	v.Helper()
	rows, _, err := v.s.store.List(v.Context(), table.Range{Partition: "AUDIT#springfield#" + v.id, Limit: 100})
	v.fatal(err)
	acts := map[string]int{}
	for _, item := range rows {
		row, err := table.As[struct{ Act string }](item)
		v.fatal(err)
		acts[row.Value.Act]++
	}
	return acts
}

// changed is how often her password was, or may have been.
func (v *victim) changed() int {
	v.Helper()
	said := v.audits()
	return said["password-changed"] + said["password-may-have-changed"]
}

// letters are the mails to an address that have such a link, as SES took them.
func (v *victim) letters(to, part string) (texts []string) {
	for _, m := range v.s.ses.taken.All() {
		if m.To[0] == to && strings.Contains(m.Text, part) {
			texts = append(texts, m.Text)
		}
	}
	return texts
}

// tokens are what stands behind such a link in mails, each once, oldest first.
func tokens(texts []string, part string) (all []string) {
	for _, text := range texts {
		for line := range strings.Lines(text) {
			if _, token, ok := strings.Cut(strings.TrimSpace(line), part); ok {
				all = append(all, token)
			}
		}
	}
	return all
}

// post is the event of a post of JSON.
func post(resource string, variables map[string]string, pairs ...string) []byte {
	fields := map[string]string{}
	for pair := range slices.Chunk(pairs, 2) {
		fields[pair[0]] = pair[1]
	}
	body, _ := json.Marshal(fields)
	vars := map[string]string{"district": "springfield"}
	path := strings.Replace(resource, "{district}", "springfield", 1)
	for name, value := range variables {
		vars[name] = value
		path = strings.Replace(path, "{"+name+"}", value, 1)
	}
	r := &http.Request{
		Method: http.MethodPost, URL: &url.URL{Path: path}, Host: "reset.example.org", RemoteAddr: "203.0.113.7:52000",
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body)),
	}
	return runtime.Request(r, body, resource, stage, vars)
}

// asks sends an event to a function that nobody kills, and returns the answer.
func (v *victim) asks(folder string, event []byte) (answer events.APIGatewayProxyResponse) {
	v.Helper()
	raw, err := v.s.process(folder).Invoke(v.Context(), event)
	v.fatal(err)
	v.fatal(json.Unmarshal(raw, &answer))
	return answer
}

// opens looks at a link, which changes nothing, and returns the status.
func (v *victim) opens(link string) int {
	v.Helper()
	return v.asks("verifytoken", runtime.Get("/springfield/r/"+link, "/{district}/r/{token}", map[string]string{"district": "springfield", "token": link})).StatusCode
}
