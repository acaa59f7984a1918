package tries_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/pepper"
	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/tries"
)

var (
	springfield = district.District{Slug: "springfield", Phone: "555-0100"}
	locking     = district.District{Slug: "springfield", Phone: "555-0100", LockSignIn: true}
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestTriesOfEachKind(t *testing.T) {
	t.Parallel()
	type step struct {
		after time.Duration // since the step before
		left  int
		wait  time.Duration // where there is no try: until the next
	}
	const (
		taken = 0
		never = -1
	)
	for _, c := range []struct {
		name  string
		kind  tries.Kind
		lock  bool
		steps []step
	}{
		{"five codes, and none more", tries.Code, false, []step{{0, 4, taken}, {0, 3, taken}, {0, 2, taken}, {0, 1, taken}, {0, 0, taken}, {0, 0, 30 * time.Minute}, {time.Minute, 0, 29 * time.Minute}}},
		{"each code comes back after half an hour, for itself", tries.Code, false, []step{
			{0, 4, taken}, {10 * time.Minute, 3, taken}, {0, 2, taken}, {0, 1, taken}, {0, 0, taken}, {20*time.Minute - 1, 0, 1}, {1, 0, taken}, {0, 0, 10 * time.Minute}, {10 * time.Minute, 3, taken},
		}},
		{"all codes are back after half an hour", tries.Code, false, []step{{0, 4, taken}, {0, 3, taken}, {0, 2, taken}, {0, 1, taken}, {0, 0, taken}, {30 * time.Minute, 4, taken}}},
		{"signing in waits longer and longer", tries.SignIn, false, []step{
			{0, 4, taken},
			{0, 3, taken},
			{0, 2, taken},
			{0, 1, taken},
			{0, 0, taken},
			{0, 0, time.Minute},
			{time.Minute, 0, taken},
			{time.Minute, 0, time.Minute},
			{time.Minute, 0, taken},
			{3 * time.Minute, 0, time.Minute},
			{time.Minute, 0, taken},
			{7 * time.Minute, 0, time.Minute},
			{time.Minute, 0, taken},
			{14 * time.Minute, 0, time.Minute},
			{time.Minute, 0, taken},
			{15*time.Minute - 1, 0, 1},
			{1, 0, taken},
			{24 * time.Hour, 0, taken},
		}},
		{"signing in is forgotten after thirty quiet days", tries.SignIn, false, []step{
			{0, 4, taken}, {0, 3, taken}, {0, 2, taken}, {0, 1, taken}, {0, 0, taken}, {30*24*time.Hour - 1, 0, taken}, {30 * 24 * time.Hour, 4, taken},
		}},
		{"signing in may be locked: no time brings a try, but thirty quiet days do", tries.SignIn, true, []step{
			{0, 4, taken}, {0, 3, taken}, {0, 2, taken}, {0, 1, taken}, {0, 0, taken}, {0, 0, never}, {time.Hour, 0, never}, {29 * 24 * time.Hour, 0, never}, {23*time.Hour - 1, 0, never}, {1, 4, taken},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var counter tries.Counter
			now := noon
			for i, s := range c.steps {
				now = now.Add(s.after)
				before := fmt.Sprint(counter)
				after, left, until, ok := counter.Take(c.kind, c.lock, now)
				if fmt.Sprint(counter) != before {
					t.Fatal("taking changes what was read")
				}
				if left != s.left || ok != (s.wait == 0) {
					t.Fatalf("step %d: %d left, taken %t; want %d, %t", i+1, left, ok, s.left, s.wait == 0)
				}
				if s.wait == never && !until.IsZero() {
					t.Fatalf("step %d: locked until %v", i+1, until)
				}
				if !ok && s.wait != never && until.Sub(now) != s.wait {
					t.Fatalf("step %d: wait %v, want %v", i+1, until.Sub(now), s.wait)
				}
				if ok && left == 0 && !c.lock && !until.After(now) {
					t.Fatalf("step %d: none left, and none to come", i+1)
				}
				if ok {
					counter = after
				}
				if len(counter.Latest) > 5 {
					t.Fatalf("step %d: %d moments are kept", i+1, len(counter.Latest))
				}
			}
		})
	}
}

func open(t *testing.T) (tries.Tries, *embedded.Table) {
	t.Helper()
	rows := embedded.NewTable()
	secret, err := pepper.Random(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return tries.Tries{Store: table.Store{Table: rows, Rand: rand.Reader}, Pepper: secret}, rows
}

func guess(typed string) tries.Guess {
	return tries.Guess{Kind: tries.Code, District: springfield, Typed: typed, Now: noon, Clock: func(at time.Time) string { return at.Format(time.Kitchen) }}
}

func TestAHundredGuessesAtOnceAreNoMoreThanTheTries(t *testing.T) {
	t.Parallel()
	all, _ := open(t)
	var taken sync.Map
	var crowd sync.WaitGroup
	for i := range 100 {
		crowd.Go(func() {
			if _, err := all.Take(t.Context(), guess("mlopez71")); err == nil {
				taken.Store(i, true)
			} else if p := (*problem.Error)(nil); !errors.As(err, &p) || p.Code != problem.NotProved {
				t.Error(err)
			}
		})
	}
	crowd.Wait()
	n := 0
	taken.Range(func(any, any) bool { n++; return true })
	if n < 1 || n > 5 {
		t.Errorf("%d guesses were compared", n)
	}
}

func TestARightAnswerGivesBackItsOwn(t *testing.T) {
	t.Parallel()
	all, _ := open(t)
	for range 50 {
		ticket, err := all.Take(t.Context(), guess("mlopez71"))
		if err != nil {
			t.Fatal(err)
		}
		ticket.GiveBack(t.Context())
	}
	for range 4 {
		if _, err := all.Take(t.Context(), guess("mlopez71")); err != nil {
			t.Fatal(err)
		}
	}
	ticket, err := all.Take(t.Context(), guess("mlopez71"))
	if err != nil {
		t.Fatal(err)
	}
	ticket.GiveBack(t.Context()) // its own alone: the four wrong ones stay
	if _, err := all.Take(t.Context(), guess("mlopez71")); err != nil {
		t.Fatal(err)
	}
	if _, err := all.Take(t.Context(), guess("mlopez71")); err == nil {
		t.Error("a right answer gave back the tries of wrong ones")
	}
}

func TestWhoseTriesTheyAre(t *testing.T) {
	t.Parallel()
	spend := func(t *testing.T, all tries.Tries, g tries.Guess) {
		t.Helper()
		for range 5 {
			if _, err := all.Take(t.Context(), g); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		name  string
		other tries.Guess
		same  bool
	}{
		{"the same name", guess("mlopez71"), true},
		{"in other letters", guess(" MLopez71 "), true},
		{"in wide letters", guess("\uff4d\uff2c\uff4f\uff50\uff45\uff5a\uff17\uff11"), true},
		{"another name", guess("jlopez72"), false},
		{"another kind", tries.Guess{Kind: tries.SignIn, District: springfield, Typed: "mlopez71", Now: noon}, false},
		{"a browser that the account knows", tries.Guess{Kind: tries.Code, District: springfield, Typed: "mlopez71", Browser: "p-1#digest#made", Now: noon}, false},
		{"a name like that browser's", guess("p-1#digest#made"), false},
		{"another district", tries.Guess{Kind: tries.Code, District: district.District{Slug: "shelbyville"}, Typed: "mlopez71", Now: noon}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			all, rows := open(t)
			spend(t, all, guess("mlopez71"))
			if c.other.Clock == nil {
				c.other.Clock = guess("").Clock
			}
			if _, err := all.Take(t.Context(), c.other); (err != nil) != c.same {
				t.Errorf("got %v", err)
			}
			for _, item := range rows.Dump() {
				if strings.Contains(strings.ToLower(item.PK+item.SK+string(item.Body)), "lopez") {
					t.Errorf("the counter names its owner: %s %s", item.PK, item.Body)
				}
				if want := noon.Add(30 * 24 * time.Hour); !item.Expires.Equal(want) {
					t.Errorf("expires %v, want %v", item.Expires, want)
				}
			}
		})
	}
}

func TestWhatAPageSaysOfTries(t *testing.T) {
	t.Parallel()
	all, _ := open(t)
	for left := 4; left > 0; left-- {
		ticket, err := all.Take(t.Context(), guess("nobody"))
		if err != nil {
			t.Fatal(err)
		}
		wrong, _ := errors.AsType[*problem.Error](ticket.Wrong())
		if wrong.Code != problem.NotProved || wrong.More["tries_left"] != left || wrong.RetryAfter != 0 {
			t.Errorf("%+v", wrong)
		}
	}
	last, err := all.Take(t.Context(), guess("nobody"))
	if err != nil {
		t.Fatal(err)
	}
	_, refused := all.Take(t.Context(), guess("nobody"))
	for _, err := range []error{last.Wrong(), refused} {
		wrong, _ := errors.AsType[*problem.Error](err)
		if wrong == nil || wrong.More["tries_left"] != 0 || wrong.More["wait_until"] != "2026-11-22T12:30:00Z" || wrong.RetryAfter != 30*time.Minute {
			t.Errorf("%+v", wrong)
		}
	}
}

func TestEachKnownBrowserHasTriesOfItsOwn(t *testing.T) {
	t.Parallel()
	all, _ := open(t)
	for _, browser := range []string{"", "p-1#one#made", "p-1#two#made", "p-1#one#made again"} {
		g := guess("mlopez71")
		g.Browser = browser
		for i := range 6 {
			if _, err := all.Take(t.Context(), g); (err == nil) != (i < 5) {
				t.Errorf("%q: try %d: %v", browser, i+1, err)
			}
		}
	}
}

func TestWhatALockedPageSays(t *testing.T) {
	t.Parallel()
	all, _ := open(t)
	for phone, key := range map[string]string{"555-0100": "not-proved.locked.phone", "": "not-proved.locked"} {
		g := guess("nobody" + phone)
		g.Kind, g.District = tries.SignIn, locking
		g.District.Phone = phone
		var last tries.Ticket
		for range 5 {
			var err error
			if last, err = all.Take(t.Context(), g); err != nil {
				t.Fatal(err)
			}
		}
		_, refused := all.Take(t.Context(), g)
		for _, err := range []error{last.Wrong(), refused} {
			wrong, _ := errors.AsType[*problem.Error](err)
			if wrong == nil || wrong.Code != problem.NotProved || wrong.More["tries_left"] != 0 || wrong.More["wait_until"] != nil || wrong.RetryAfter != 0 || wrong.Detail.Key != key {
				t.Errorf("%+v", wrong)
			}
		}
		g.Kind = tries.Code // a code is another matter: it is asked for anew
		if ticket, err := all.Take(t.Context(), g); err != nil {
			t.Errorf("%v, %+v", err, ticket)
		}
	}
}

// failing is a table one call of which fails.
type failing struct {
	table.Table
	get, write error
}

func (f failing) Get(ctx context.Context, keys ...table.Key) ([]table.Item, error) {
	if f.get != nil {
		return nil, f.get
	}
	return f.Table.Get(ctx, keys...)
}

func (f failing) Write(ctx context.Context, ops ...table.Op) error {
	if f.write != nil {
		return f.write
	}
	return f.Table.Write(ctx, ops...)
}

func TestNothingIsComparedWhereNoTryCanBeTaken(t *testing.T) {
	t.Parallel()
	for _, err := range []error{port.ErrThrottled, port.ErrUnavailable, port.ErrUnknown} {
		for _, broken := range []failing{{get: err}, {write: err}} {
			all, rows := open(t)
			broken.Table = rows
			all.Store.Table = broken
			_, got := all.Take(t.Context(), guess("mlopez71"))
			if p, ok := errors.AsType[*problem.Error](got); !ok || p.Code != problem.Unavailable || !errors.Is(got, err) {
				t.Errorf("%v: %v", err, got)
			}
		}
	}
}
