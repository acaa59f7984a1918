// Package promises_test holds the whole service to what it promises, through its
// front door: every test is named after the promise that it keeps.
//
// Each runs the service in one process, on the embedded drivers or, in the second
// tier, on those for AWS, and looks inside through the local run's hooks alone.
package promises_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/local/browse"
	"github.com/sparekey/sparekey/infra/local/emulated/emulatedtest"
	"github.com/sparekey/sparekey/infra/local/server"
	"github.com/sparekey/sparekey/infra/tools"
)

const (
	maria      = "maria.lopez@example.org"
	oldWords   = "purple-kite-river-71"
	newWords   = "seven quiet herons dancing"
	mixedWords = "Seven quiet herons 7" // PowerSchool's rules take it too
	formType   = "application/x-www-form-urlencoded"
	jsonType   = "application/json"
)

// slow: the race detector makes everything eight times slower, emulators still
// more, and the stories under faults are one thing after another. They meet every
// call and every fault, but not each with each.
var slow = race || tools.AWS()

// world is the service of one test, with its clock standing still.
type world struct {
	testing.TB
	root    *url.URL
	service *server.Server
	logs    *journal
}

// journal is what the functions logged.
type journal struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.all.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.all.String()
}

// at is a service that is reached there, on the backend of the tier.
func at(t testing.TB, address string) *world {
	t.Helper()
	return on(t, emulatedtest.Backend(t), address)
}

// on makes a service on a backend, without any listener.
func on(t testing.TB, backend server.Backend, address string) *world {
	t.Helper()
	root, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{TB: t, root: root, logs: &journal{}}
	if w.service, err = server.New(server.Config{Base: root, Log: w.logs, Backend: backend}); err != nil {
		t.Fatal(err)
	}
	w.hook(http.MethodPost, "clock", map[string]any{"freeze": true}, nil)
	return w
}

const home = "http://127.0.0.1:8080"

func here(t testing.TB) *world {
	t.Helper()
	return at(t, home)
}

// inMemory is a service on the embedded backend, for what no driver can change.
func inMemory(t testing.TB) *world {
	t.Helper()
	return on(t, server.Backend{}, home)
}

// answer is what came back.
type answer struct {
	Status int
	Header http.Header
	Body   string
}

// ask is one request, down to its headers.
type ask struct {
	Method string
	Path   string // without the base path
	Kind   string // media type
	Body   string
	Header map[string]string
	From   string // caller's address; empty: 192.0.2.1
	Host   string
}

func (w *world) send(a ask) answer {
	w.Helper()
	path, query, _ := strings.Cut(a.Path, "?")
	r := &http.Request{
		Method: cmp.Or(a.Method, http.MethodGet), URL: &url.URL{Path: w.root.Path + path, RawQuery: query}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: io.NopCloser(strings.NewReader(a.Body)), Host: cmp.Or(a.Host, w.root.Host),
		RemoteAddr: cmp.Or(a.From, "192.0.2.1") + ":40000",
	}
	if strings.Contains(a.From, ":") {
		r.RemoteAddr = "[" + a.From + "]:40000"
	}
	if plain, err := url.PathUnescape(r.URL.Path); err == nil && plain != r.URL.Path {
		r.URL.RawPath, r.URL.Path = r.URL.Path, plain
	}
	if a.Kind != "" {
		r.Header.Set("Content-Type", a.Kind)
	}
	for name, value := range a.Header {
		if value != "" {
			r.Header[http.CanonicalHeaderKey(name)] = []string{value}
		}
	}
	rec := httptest.NewRecorder()
	w.service.ServeHTTP(rec, r.WithContext(w.Context()))
	return answer{Status: rec.Code, Header: rec.Header(), Body: rec.Body.String()}
}

func (w *world) get(path string) answer {
	w.Helper()
	return w.send(ask{Path: path, Header: map[string]string{"Accept": "text/html"}})
}

// form posts as a browser does, from our own page.
func (w *world) form(path string, pairs ...string) answer {
	w.Helper()
	return w.send(ask{Method: http.MethodPost, Path: path, Kind: formType, Body: encode(pairs), Header: map[string]string{"Origin": w.origin(), "Accept": "text/html"}})
}

// json posts as a machine does.
func (w *world) json(path string, pairs ...string) answer {
	w.Helper()
	return w.send(ask{Method: http.MethodPost, Path: path, Kind: jsonType, Body: object(pairs)})
}

func (w *world) origin() string { return w.root.Scheme + "://" + w.root.Host }

func encode(pairs []string) string {
	values := url.Values{}
	for pair := range slices.Chunk(pairs, 2) {
		values.Set(pair[0], pair[1])
	}
	return values.Encode()
}

func object(pairs []string) string {
	fields := map[string]string{}
	for pair := range slices.Chunk(pairs, 2) {
		fields[pair[0]] = pair[1]
	}
	text, _ := json.Marshal(fields)
	return string(text)
}

func (a answer) want(t testing.TB, status int) answer {
	t.Helper()
	if a.Status != status {
		t.Fatalf("got %d, want %d: %s", a.Status, status, a.Body)
	}
	return a
}

// member is a member of a JSON answer, as text.
func (a answer) member(name string) string {
	var all map[string]any
	_ = json.Unmarshal([]byte(a.Body), &all)
	switch v := all[name].(type) {
	case string:
		return v
	case float64:
		text, _ := json.Marshal(v)
		return string(text)
	}
	return ""
}

// slug is the kind of problem that an answer tells.
func (a answer) slug() string {
	kind := a.member("type")
	return kind[strings.LastIndexByte(kind, '/')+1:]
}

func (w *world) hook(method, path string, body, into any) {
	w.Helper()
	text, _ := json.Marshal(body)
	r := httptest.NewRequestWithContext(w.Context(), method, "/_local/"+path, bytes.NewReader(text))
	rec := httptest.NewRecorder()
	w.service.ServeHTTP(rec, r)
	if rec.Code/100 != 2 {
		w.Fatalf("%s %s: %d %s", method, path, rec.Code, rec.Body)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(rec.Body.Bytes(), into); err != nil {
		w.Fatalf("%s: %v", path, err)
	}
}

// raw is a hook's answer as it is.
func (w *world) raw(path string) string {
	w.Helper()
	var all json.RawMessage
	w.hook(http.MethodGet, path, nil, &all)
	return string(all)
}

// advance moves the clock; when it returns all that fell due has run. Zero lets
// the feed run out.
func (w *world) advance(by time.Duration) {
	w.Helper()
	w.hook(http.MethodPost, "clock", map[string]any{"advance": by.String()}, nil)
}

func (w *world) settle() { w.Helper(); w.advance(0) }

func (w *world) now() time.Time {
	w.Helper()
	var clock struct{ Now time.Time }
	w.hook(http.MethodGet, "clock", nil, &clock)
	return clock.Now
}

func (w *world) mails(to string) []browse.Mail {
	w.Helper()
	w.settle()
	var all []browse.Mail
	w.hook(http.MethodGet, "inbox.json", nil, &all)
	return slices.DeleteFunc(all, func(m browse.Mail) bool { return to != "" && !slices.Contains(m.To, to) })
}

// last is the newest mail to somebody.
func (w *world) last(to string) browse.Mail {
	w.Helper()
	all := w.mails(to)
	if len(all) == 0 {
		w.Fatalf("no mail to %s", to)
	}
	return all[len(all)-1]
}

// path is the path of a link without what every link begins with.
func (w *world) path(link string) string {
	w.Helper()
	rest, ours := strings.CutPrefix(link, w.root.String())
	if !ours {
		w.Fatalf("%s does not lead to %s", link, w.root)
	}
	return rest
}

// token is what stands behind the last slash.
func tokenOf(link string) string { return link[strings.LastIndexByte(link, '/')+1:] }

// link asks for a link for somebody and returns its token and code.
func (w *world) link(slug, username, email string) (token, code string) {
	w.Helper()
	before := len(w.mails(email))
	w.json("/"+slug+"/forgot-password", "username", username, "email", email).want(w, http.StatusAccepted)
	mails := w.mails(email)
	if len(mails) != before+1 {
		w.Fatalf("%s got %d mails for one ask", email, len(mails)-before)
	}
	m := mails[before]
	return tokenOf(m.Link(w, "/r/")), m.Code(w)
}

type asked struct {
	Reference, District string
	Outcome             *string
	At                  time.Time
}

func (w *world) requests() (all []asked) {
	w.Helper()
	w.settle()
	w.hook(http.MethodGet, "requests.json", nil, &all)
	return all
}

type entry struct {
	Account, Act, Route, Outcome string
	At                           time.Time
}

func (w *world) audit() (all []entry) {
	w.Helper()
	w.hook(http.MethodGet, "audit.json", nil, &all)
	return all
}

type item struct {
	PK, SK, Version string
	Body            json.RawMessage
	Due             *struct {
		Queue string
		At    time.Time
	}
}

func (w *world) items() (all []item) {
	w.Helper()
	w.hook(http.MethodGet, "table.json", nil, &all)
	return all
}

// state is all that is stored, but for counters, which anybody may move.
func (w *world) state() string {
	w.Helper()
	w.hook(http.MethodPost, "run", map[string]string{"function": "courier"}, nil) // what was asked for is at rest
	var all []item
	for _, i := range w.items() {
		if kind, _, _ := strings.Cut(i.PK, "#"); kind != "COUNT" && kind != "TRIES" && kind != "RUN" {
			all = append(all, i)
		}
	}
	text, _ := json.Marshal(all)
	return string(text)
}

type call struct{ Function, Port, Call string }

// calls are those of one function since they were last forgotten.
func (w *world) calls(function string) (names []string) {
	w.Helper()
	var all []call
	w.hook(http.MethodGet, "calls.json", nil, &all)
	for _, c := range all {
		if c.Function == function {
			names = append(names, c.Port+"."+c.Call)
		}
	}
	return names
}

func (w *world) forgetCalls() {
	w.Helper()
	w.settle()
	w.hook(http.MethodDelete, "calls.json", nil, nil)
}

func (w *world) account(slug, username string, more map[string]any) {
	w.Helper()
	body := map[string]any{"district": slug, "username": username}
	for name, value := range more {
		body[name] = value
	}
	w.hook(http.MethodPost, "account", body, nil)
}

func (w *world) district(slug string, settings map[string]any) {
	w.Helper()
	w.hook(http.MethodPost, "district", map[string]any{"district": slug, "settings": settings}, nil)
}

// signsIn reports whether a password lets somebody in.
func (w *world) signsIn(slug, username, password string) bool {
	w.Helper()
	a := w.json("/"+slug+"/sign-in", "username", username, "password", password)
	if a.Status != http.StatusOK && a.slug() != "not-proved" && a.slug() != "must-change" {
		w.Fatalf("sign-in: %d %s", a.Status, a.Body)
	}
	return a.slug() != "not-proved"
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
