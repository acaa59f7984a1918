package change_test

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/infra/gate"
	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/change"
	"github.com/sparekey/sparekey/shared/choice"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
)

const chosen = "seven quiet herons"

// setter sets passwords, unless something comes first.
type setter struct {
	credential.Store
	first func() error
	sets  int
}

func (s *setter) Set(ctx context.Context, who, password string, kind credential.Kind) error {
	s.sets++
	if s.first != nil {
		if err := s.first(); err != nil {
			return err
		}
	}
	return s.Store.Set(ctx, who, password, kind)
}

// proved is an account with a link that was proved, and nothing done yet.
func proved(t *testing.T, state account.State) (*stage, *setter) {
	t.Helper()
	s := &stage{store: table.Store{Table: embedded.NewTable(), Rand: rand.Reader}, now: time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)}
	profile := account.Profile{Username: "mlopez71", Address: "old@example.org", Status: account.Active}
	state.Status = account.Active
	fatal(t, account.Create(t.Context(), s.store, slug, id, profile, state))
	_, s.digest = token.Mint(rand.Reader)
	made := token.Token{District: slug, Account: id, Purpose: token.Reset, Epoch: state.Epoch, Ends: s.now.Add(30 * time.Minute)}
	living := table.New(token.LivingKey(slug, id, token.Reset), token.Living{Digest: s.digest, Ends: made.Ends})
	fatal(t, s.store.Write(t.Context(), made.Put(s.digest), living.Put()))
	return s, &setter{Store: embedded.NewCredentials(func() time.Time { return s.now })}
}

// maker makes changes; before its first Write, meddle is done.
func (s *stage) maker(set *setter, meddle func()) change.Maker {
	store := s.store
	store.Table = gate.Table(s.store.Table, "change", func(_ context.Context, call gate.Call, do func() error) error {
		if call.Name == "Write" && meddle != nil {
			now := meddle
			meddle = nil
			now()
		}
		return do()
	})
	return change.Maker{Store: store, Password: set, Sessions: set, Now: func() time.Time { return s.now }}
}

func (s *stage) item(t *testing.T, key table.Key) table.Item {
	t.Helper()
	items, err := s.store.Get(t.Context(), key)
	fatal(t, err)
	return items[0]
}

// touch stores an item as it is, under a new version.
func (s *stage) touch(t *testing.T, key table.Key) {
	t.Helper()
	item := s.item(t, key)
	fatal(t, s.store.Write(t.Context(), table.Op{Act: table.Put, Item: item, Was: item.Version}))
}

func (s *stage) state(t *testing.T) account.State {
	t.Helper()
	return s.proof(t).Account.State.Value
}

// kinds counts what is stored, by kind.
func (s *stage) kinds() map[string]int {
	n := map[string]int{}
	for _, item := range s.store.Table.(*embedded.Table).Dump() {
		n[item.Kind()]++
	}
	return n
}

func code(err error) problem.Code {
	if p, ok := errors.AsType[*problem.Error](err); ok {
		return p.Code
	}
	return ""
}

func fatal(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestNothingIsDoneIfWhatWasProvedHasMoved(t *testing.T) {
	t.Parallel()
	profile := account.Key(slug, id).At("PROFILE")
	for name, meddle := range map[string]func(*testing.T, *stage){
		"the roster's part was written": func(t *testing.T, s *stage) { t.Helper(); s.touch(t, profile) },
		"our part was written":          func(t *testing.T, s *stage) { t.Helper(); s.touch(t, account.StateKey(slug, id)) },
		"the token was written":         func(t *testing.T, s *stage) { t.Helper(); s.touch(t, token.Key(s.digest)) },
		"the newest link was written": func(t *testing.T, s *stage) {
			t.Helper()
			s.touch(t, token.LivingKey(slug, id, token.Reset))
		},
		"the newest link went": func(t *testing.T, s *stage) {
			t.Helper()
			fatal(t, s.store.Write(t.Context(), s.proof(t).Living.Delete()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, set := proved(t, account.State{Activated: true})
			err := s.maker(set, func() { meddle(t, s) }).Make(t.Context(), s.proof(t), choice.Choice{Password: chosen}, change.Told{})
			if !errors.Is(err, change.ErrAgain) {
				t.Errorf("got %v, want to prove again", err)
			}
			if n := s.kinds(); set.sets != 0 || n["NOTICE"] != 0 || n["AUDIT"] != 0 || s.item(t, change.Key(slug, id)).Exists() {
				t.Errorf("something was done: %d sets, %v", set.sets, n)
			}
		})
	}
}

// Whatever was proved, and whoever forgot to ask: an account of another service
// gets no password (standards R56).
func TestAnAccountOfAnotherServiceNeverGetsAPassword(t *testing.T) {
	t.Parallel()
	s, set := proved(t, account.State{Activated: true})
	fatal(t, account.Amend(t.Context(), s.store, slug, id, func(p *account.Profile, _ *account.State) { p.Elsewhere = "Google" }))
	if err := s.maker(set, nil).Make(t.Context(), s.proof(t), choice.Choice{Password: chosen}, change.Told{}); code(err) != problem.NotAllowed {
		t.Errorf("got %v", err)
	}
	if n := s.kinds(); set.sets != 0 || n["NOTICE"] != 0 || n["AUDIT"] != 0 || s.item(t, change.Key(slug, id)).Exists() {
		t.Errorf("something was done: %d sets, %v", set.sets, n)
	}
}

func TestALinkThatEndedWhileItWasProvedIsProvedAgain(t *testing.T) {
	t.Parallel()
	s, set := proved(t, account.State{})
	proof := s.proof(t)
	s.now = proof.Token.Value.Ends
	if err := s.maker(set, nil).Make(t.Context(), proof, choice.Choice{Password: chosen}, change.Told{}); !errors.Is(err, change.ErrAgain) || set.sets != 0 {
		t.Errorf("got %v and %d sets", err, set.sets)
	}
}

func TestADefiniteRefusalUsesNothingUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer error
		want   problem.Code
	}{
		"throttled":   {port.ErrThrottled, problem.Busy},
		"not reached": {port.ErrUnavailable, problem.Busy},
		"by policy":   {credential.ErrPolicy, problem.PasswordRefused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, set := proved(t, account.State{Activated: true})
			set.first = func() error { return c.answer }
			if err := s.maker(set, nil).Make(t.Context(), s.proof(t), choice.Choice{Password: chosen}, change.Told{Attempt: "one"}); code(err) != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
			p := s.proof(t)
			if p.Token.Value.Judge(s.digest, p.Living.Value, p.Account, s.now) != token.Good || p.Account.State.Value.Epoch != 0 {
				t.Error("the link is used up")
			}
			if n := s.kinds(); n["NOTICE"] != 0 || n["AUDIT"] != 0 {
				t.Errorf("it is told of: %v", n)
			}
			set.first = nil
			fatal(t, s.maker(set, nil).Make(t.Context(), p, choice.Choice{Password: chosen}, change.Told{Attempt: "one"}))
		})
	}
}

// A maker that comes back late, whose lock has lapsed and is another's by now,
// touches nothing of the other's.
func TestAnothersLockIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer error
		want   problem.Code
	}{
		"after it was set":     {nil, problem.ChangeUnknown},
		"after it was refused": {credential.ErrPolicy, problem.PasswordRefused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, set := proved(t, account.State{Activated: true})
			set.first = func() error {
				lock, err := table.As[change.Lock](s.item(t, change.Key(slug, id)))
				fatal(t, err)
				lock.Value.ID = "another's"
				fatal(t, s.store.Write(t.Context(), lock.Put()))
				return c.answer
			}
			if err := s.maker(set, nil).Make(t.Context(), s.proof(t), choice.Choice{Password: chosen}, change.Told{}); code(err) != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
			lock, err := table.As[change.Lock](s.item(t, change.Key(slug, id)))
			fatal(t, err)
			if p := s.proof(t); lock.Value.ID != "another's" || p.Token.Value.Used || p.Account.State.Value.Epoch != 0 {
				t.Errorf("lock of %q, used %t, epoch %d", lock.Value.ID, p.Token.Value.Used, p.Account.State.Value.Epoch)
			}
			if n := s.kinds(); n["NOTICE"] != 0 || n["AUDIT"] != 0 {
				t.Errorf("it is told of: %v", n)
			}
		})
	}
}

func TestASureChange(t *testing.T) {
	t.Parallel()
	s, set := proved(t, account.State{Epoch: 4, Disputed: true, Must: account.Must{Change: true, Ends: time.Date(2026, time.November, 23, 0, 0, 0, 0, time.UTC)}})
	fatal(t, s.maker(set, nil).Make(t.Context(), s.proof(t), choice.Choice{Password: chosen}, change.Told{Attempt: "one", Route: "link"}))
	got := s.state(t)
	want := account.State{Status: account.Active, Epoch: 5, Activated: true, Last: account.Last{Attempt: "one", Proof: s.digest, At: s.now, Route: "link"}}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if !s.proof(t).Token.Value.Used || s.item(t, change.Key(slug, id)).Exists() || s.item(t, change.SignOutKey(slug, id)).Exists() {
		t.Error("the link is not used up, or something is owed still")
	}
	if n := s.kinds(); n["NOTICE"] != 1 || n["AUDIT"] != 1 {
		t.Errorf("told %v", n)
	}
}

func TestWhatIsDisownedWhileAChangeRunsStaysDisowned(t *testing.T) {
	t.Parallel()
	s, set := proved(t, account.State{Activated: true})
	set.first = func() error {
		_, _, err := table.Amend(t.Context(), s.store, account.StateKey(slug, id), func(row *table.Row[account.State]) bool {
			row.Value.Disputed = true
			row.Value.Epoch++
			return true
		})
		return err
	}
	fatal(t, s.maker(set, nil).Make(t.Context(), s.proof(t), choice.Choice{Password: chosen}, change.Told{}))
	if got := s.state(t); !got.Disputed || got.Epoch != 2 {
		t.Errorf("got disputed %t, epoch %d", got.Disputed, got.Epoch)
	}
}

func TestWhoComesWhileAChangeRuns(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first, second string
		want          problem.Code
	}{
		"the other tap of a double tap": {"one", "one", problem.ChangeUnknown},
		"another attempt":               {"one", "two", problem.ChangedMeanwhile},
		"two that say nothing":          {"", "", problem.ChangedMeanwhile},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, set := proved(t, account.State{Activated: true})
			set.first = func() error { return port.ErrUnknown }
			if err := s.maker(set, nil).Make(t.Context(), s.proof(t), choice.Choice{Password: chosen}, change.Told{Attempt: c.first}); code(err) != problem.ChangeUnknown {
				t.Fatalf("got %v", err)
			}
			s.now = s.now.Add(10 * time.Second)
			err := s.maker(set, nil).Make(t.Context(), s.proof(t), choice.Choice{Password: chosen}, change.Told{Attempt: c.second})
			p, _ := errors.AsType[*problem.Error](err)
			if code(err) != c.want || p.RetryAfter != change.Lease-10*time.Second || set.sets != 1 {
				t.Errorf("got %v after %d sets", err, set.sets)
			}
			s.now = s.now.Add(change.Lease - 10*time.Second - 1)
			fatal(t, change.Lapsed(t.Context(), s.store, change.Key(slug, id), s.now))
			if !s.item(t, change.Key(slug, id)).Exists() {
				t.Error("it was settled before its lease was over")
			}
			s.now = s.now.Add(1)
			if err := s.maker(set, nil).Make(t.Context(), s.proof(t), choice.Choice{Password: chosen}, change.Told{Attempt: c.second}); !errors.Is(err, change.ErrAgain) {
				t.Errorf("once the lease is over: got %v", err)
			}
			if n := s.kinds(); n["NOTICE"] != 1 || n["AUDIT"] != 1 || s.state(t).Epoch != 1 || s.item(t, change.Key(slug, id)).Exists() {
				t.Errorf("settled with %v, epoch %d", n, s.state(t).Epoch)
			}
		})
	}
}

// deaf ends nobody's sign-ins.
type deaf struct{ credential.Store }

func (deaf) SignOut(context.Context, string) error { return port.ErrThrottled }

func TestASignOutIsOwedUntilItIsDone(t *testing.T) {
	t.Parallel()
	s, set := proved(t, account.State{Activated: true})
	maker := s.maker(set, nil)
	maker.Sessions = deaf{}
	fatal(t, maker.Make(t.Context(), s.proof(t), choice.Choice{Password: chosen}, change.Told{}))
	if owed := s.item(t, change.SignOutKey(slug, id)); owed.Due.Queue != change.SignOutQueue || !owed.Due.At.Equal(s.now) {
		t.Errorf("owed %+v", owed.Due)
	}
	fatal(t, change.SignOut(t.Context(), s.store, set, slug, id))
	if s.item(t, change.SignOutKey(slug, id)).Exists() {
		t.Error("it is owed still")
	}
}
