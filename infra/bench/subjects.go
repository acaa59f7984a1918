package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/sparekey/sparekey/infra/runtime"
)

// program is one function, built, with its first event and what it must answer.
type program struct {
	name   string
	asks   string        // its first event, in words
	event  func() []byte // the event, which needs the table
	right  func(answer []byte) error
	rows   string  // the table that it works on: what one leaves there must not be another's work
	real   bool    // only a table that remembers does
	most   float64 // the goal: times the no-op
	before bool    // it is of an earlier revision

	path string
	raw  int64 // bytes, for arm64
	zip  int64
}

// subject is a program with one way to reach the table.
type subject struct {
	*program
	table string
	env   []string
	usage []runtime.Usage
}

// What the functions are measured by (design 9).
const (
	noop     = "no-op"
	floor    = "floor"
	mostZip  = 4.5e6
	mostAsk  = 1.5
	mostElse = 2
)

// programs are the no-op, the floor, and every function.
func programs(back *backend) []*program {
	nobodys := strings.Repeat("A", 43)
	at := map[string]string{"district": springfield}
	ask := func() []byte {
		return runtime.Post("/springfield/forgot-password", "/{district}/forgot-password", origin, at,
			url.Values{"username": {"mlopez71"}, "email": {"maria.lopez@example.org"}})
	}
	get := func(path, resource string, more ...string) func() []byte {
		variables := map[string]string{"district": springfield}
		for i := 0; i+1 < len(more); i += 2 {
			variables[more[i]] = more[i+1]
		}
		return func() []byte { return runtime.Get(path, resource, variables) }
	}
	minute := func() []byte { return runtime.Scheduled(time.Now()) }
	hub := get("/springfield", "/{district}")
	return []*program{
		{name: noop, asks: "GET, answered 204", event: hub, right: empty},
		{name: floor, asks: "GET, answered 204 after forgot-password's three calls of the table", event: hub, right: empty},
		{name: "forgotpassword", asks: "POST of its form: 202, check your email", event: ask, right: page(202), most: mostAsk},
		{name: "verifytoken", asks: "GET of a link that nobody has: 410, does not work", event: get("/springfield/r/"+nobodys, "/{district}/r/{token}", "token", nobodys), right: page(410), most: mostElse},
		{name: "signin", asks: "GET of its form: 200", event: get("/springfield/sign-in", "/{district}/sign-in"), right: page(200), most: mostElse},
		{name: "pages", asks: "GET of the district's hub: 200", event: hub, right: page(200), most: mostElse},
		{name: "courier", asks: "the feed: a request to which no account fits, decided and recorded", event: back.filed, right: back.decided, rows: "fed", real: true, most: mostElse},
		{name: "courier", asks: "the minute, with nothing due", event: minute, right: nothing, rows: "quiet", most: mostElse},
		{name: "cleanup", asks: "its schedule, with nothing due", event: minute, right: nothing, rows: "quiet", most: mostElse},
	}
}

// everywhere is each program with each way to reach the table that tells
// something of it.
func everywhere(all []*program, tables []connection) (subjects []*subject) {
	for _, there := range tables {
		for _, p := range all {
			if p.meets(there) {
				subjects = append(subjects, &subject{program: p, table: there.name, env: there.env(p.rows)})
			}
		}
	}
	return subjects
}

// meets reports whether there is something to learn: the no-op reaches no table,
// the floor has nothing of ours that makes a handshake cheaper, and an earlier
// revision is compared where a table does its work.
func (p *program) meets(there connection) bool {
	switch {
	case p.name == noop:
		return there.name == dynoxide
	case p.name == floor:
		return there.name != secured
	}
	return !there.forgets || !p.real && !p.before
}

// empty is the answer of a function that has nothing to say.
func empty(answer []byte) error {
	_, err := answered(answer, 204)
	return err
}

// page is an answer of that status with a whole page in it: what the gateway says
// when a page fails has the same status, and no heading.
func page(want int) func([]byte) error {
	return func(answer []byte) error {
		body, err := answered(answer, want)
		if err == nil && (!strings.Contains(body, "<h1>") || !strings.HasSuffix(strings.TrimSpace(body), "</html>")) {
			err = fmt.Errorf("it answered no whole page: %q", body)
		}
		return err
	}
}

func answered(answer []byte, want int) (body string, err error) {
	var a struct {
		StatusCode int
		Body       string
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return "", err
	}
	if a.StatusCode != want {
		return "", fmt.Errorf("it answered %d, want %d", a.StatusCode, want)
	}
	return a.Body, nil
}

// nothing is the answer to an event that waits for none.
func nothing(answer []byte) error {
	if !bytes.Equal(bytes.TrimSpace(answer), []byte("null")) {
		return fmt.Errorf("it answered %q to an event that wants no answer", answer)
	}
	return nil
}
