// Package tries bounds guessing: how often a typed name's code, password or PIN
// may be compared.
//
// The counter belongs to what was typed, known or unknown alike, under a keyed
// digest; so what a page says about tries left and waiting tells nothing about
// an account. A browser that the account knows (package device) has a counter of
// its own by the same rule: strangers, who can spend the other, cannot spend that. A try is taken before anything is compared, by a conditional write:
// a hundred guesses at once cannot be more than the tries. Time alone gives them
// back, but a right answer gives back its own. A district may have sign-in locked
// instead: then no time does, until the counter is forgotten.
//
// It leaves to its callers what is compared. Read [Counter.Take] first: it is
// the rule.
package tries

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/pepper"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/table"
)

// Kind is what is guessed at; each has tries of its own (standards R35).
type Kind string

// The kinds, with their rules below.
const (
	Code   Kind = "code"
	SignIn Kind = "sign-in"
)

// Rule is how tries come back.
type rule struct {
	free   int           // tries before any waiting
	window time.Duration // they come back after this, each for itself; or, where zero:
	first  time.Duration // the wait for one more, doubling
	most   time.Duration // to this
	lock   bool          // no wait brings another
}

var rules = map[Kind]rule{
	Code:   {free: 5, window: 30 * time.Minute},
	SignIn: {free: 5, first: time.Minute, most: 15 * time.Minute},
}

// quiet is after how long without a try a counter is forgotten.
const quiet = 30 * 24 * time.Hour

// Counter is what is stored: the latest tries, at most as many as are free, and
// how many there were in all.
type Counter struct {
	Used   int         `json:"used"`
	Latest []time.Time `json:"latest"`
}

// Take takes a try at this moment. Where there is none, ok is false and the
// counter unchanged. Left is how many remain after it; until is when the next
// comes if none does; zero, where it is locked and none will.
func (c Counter) Take(kind Kind, lock bool, now time.Time) (after Counter, left int, until time.Time, ok bool) {
	r := rules[kind]
	r.lock = lock
	c = c.forget(r, now)
	if left, until = c.standing(r, now); left == 0 {
		return c, 0, until, false
	}
	c.Used++
	c.Latest = append(slices.Clone(c.Latest), now)
	c.Latest = c.Latest[max(0, len(c.Latest)-r.free):]
	left, until = c.standing(r, now)
	return c, left, until, true
}

func (c Counter) forget(r rule, now time.Time) Counter {
	if n := len(c.Latest); n > 0 && now.Sub(c.Latest[n-1]) >= quiet {
		return Counter{}
	}
	if r.window > 0 {
		for len(c.Latest) > 0 && now.Sub(c.Latest[0]) >= r.window {
			c.Latest = c.Latest[1:]
		}
		c.Used = len(c.Latest)
	}
	return c
}

func (c Counter) standing(r rule, now time.Time) (left int, until time.Time) {
	if c.Used < r.free {
		return r.free - c.Used, time.Time{}
	}
	switch {
	case r.lock:
		return 0, time.Time{}
	case r.window > 0:
		return 0, c.Latest[0].Add(r.window)
	}
	until = c.Latest[len(c.Latest)-1].Add(min(r.first<<min(c.Used-r.free, 10), r.most))
	if now.Before(until) {
		return 0, until
	}
	return 1, time.Time{}
}

// giveBack takes one try of that moment off the counter.
func (c Counter) giveBack(at time.Time) Counter {
	if i := slices.IndexFunc(c.Latest, at.Equal); i >= 0 {
		c.Latest = slices.Delete(slices.Clone(c.Latest), i, i+1)
		c.Used--
	}
	return c
}

// Tries keeps the counters.
type Tries struct {
	Store  table.Store
	Pepper pepper.Pepper
}

// Guess is somebody about to prove something.
type Guess struct {
	Kind     Kind
	District district.District
	Typed    string // the name that was typed
	Browser  string // of a browser that the account knows, its name: it has tries of its own
	Now      time.Time
	Clock    func(time.Time) string // how this family reads a time of day
}

// Ticket is a try that was taken.
type Ticket struct {
	tries Tries
	guess Guess
	key   table.Key
	left  int
	until time.Time
}

// Take takes a try for a typed name, or says not-proved. Losing the counter to
// another try of the same moment is a refusal too: who guesses in parallel gets
// no more than who does not.
func (t Tries) Take(ctx context.Context, g Guess) (Ticket, error) {
	ticket := Ticket{tries: t, guess: g, key: table.K("TRIES", string(g.Kind), t.counter(g))}
	items, err := t.Store.Get(ctx, ticket.key)
	if err != nil {
		return ticket, unavailable(err)
	}
	row, err := table.As[Counter](items[0])
	if err != nil {
		return ticket, err
	}
	var ok bool
	row.Value, ticket.left, ticket.until, ok = row.Value.Take(g.Kind, g.locks(), g.Now)
	if !ok {
		return ticket, ticket.Wrong()
	}
	row.Expires = g.Now.Add(quiet)
	err = t.Store.Write(ctx, row.Put())
	if lost := (*table.Changed)(nil); errors.As(err, &lost) {
		return ticket, ticket.Wrong()
	}
	if err != nil {
		return ticket, unavailable(err)
	}
	return ticket, nil
}

// counter is whose tries they are: of whoever types the name, or of a browser
// that the account knows.
func (t Tries) counter(g Guess) string {
	if g.Browser != "" {
		return t.Pepper.Digest("tries", g.District.Slug, "known browser", g.Browser)
	}
	return t.Pepper.Digest("tries", g.District.Slug, account.Fold(g.Typed))
}

func (g Guess) locks() bool { return g.Kind == SignIn && g.District.LockSignIn }

// GiveBack gives the try back: after a right answer, and where nothing was
// compared through no fault of whoever asked. That it may fail costs them one.
func (t Ticket) GiveBack(ctx context.Context) {
	_, _, _ = table.Amend(ctx, t.tries.Store, t.key, func(row *table.Row[Counter]) bool {
		row.Value = row.Value.giveBack(t.guess.Now)
		return row.Exists()
	})
}

// Wrong is the one answer to everything that did not prove it: with what the
// counter, which anybody may know, says of tries left and waiting.
func (t Ticket) Wrong() error {
	p := problem.New(problem.NotProved).With("tries_left", t.left)
	if t.left > 0 {
		return p.Saying("not-proved.left", "n", strconv.Itoa(t.left))
	}
	if t.until.IsZero() {
		return t.guess.locked(p)
	}
	return p.With("wait_until", t.until.UTC().Format(time.RFC3339)).
		After(t.until.Sub(t.guess.Now)).
		Saying("not-proved.wait", "time", t.guess.Clock(t.until))
}

// locked says that waiting does not help, and who does.
func (g Guess) locked(p *problem.Error) error {
	if phone := g.District.Phone; phone != "" {
		return p.Saying("not-proved.locked.phone", "phone", phone)
	}
	return p.Saying("not-proved.locked")
}

func unavailable(err error) error {
	return problem.New(problem.Unavailable).Because(fmt.Errorf("take a try: %w", err))
}
