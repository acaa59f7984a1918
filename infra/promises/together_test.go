package promises_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/infra/gate"
	"github.com/sparekey/sparekey/infra/local/emulated/emulatedtest"
	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/change"
	"github.com/sparekey/sparekey/shared/choice"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
)

// bench is one account with one living link, and the ports that change it.
type bench struct {
	t           *testing.T
	now         time.Time
	rows        table.Table
	keys        func(context.Context) ([]table.Key, error)
	credentials credential.Store
	digest      string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	if backend := emulatedtest.Backend(t); backend.Rows != nil {
		b.rows, b.keys, b.credentials = backend.Rows, backend.Keys, backend.Credentials
	} else {
		memory := embedded.NewTable()
		b.rows, b.keys, b.credentials = memory, keysOf(memory), embedded.NewCredentials(func() time.Time { return b.now })
	}
	store := table.Store{Table: b.rows, Rand: rand.Reader}
	profile := account.Profile{Username: "mlopez71", Address: maria, Status: account.Active}
	if err := account.Create(t.Context(), store, "springfield", "a1", profile, account.State{Status: account.Active, Activated: true}); err != nil {
		t.Fatal(err)
	}
	_, b.digest = token.Mint(rand.Reader)
	link := token.Token{District: "springfield", Account: "a1", Purpose: token.Reset, Made: b.now, Ends: b.now.Add(30 * time.Minute)}
	living := table.New(token.LivingKey("springfield", "a1", token.Reset), token.Living{Digest: b.digest, Ends: link.Ends})
	if err := store.Write(t.Context(), link.Put(b.digest), living.Put()); err != nil {
		t.Fatal(err)
	}
	if err := b.credentials.Set(t.Context(), "a1", oldWords, credential.Permanent); err != nil {
		t.Fatal(err)
	}
	return b
}

// sets lets one invocation change the password, with around at each of its calls.
// Proving again, it is told what moved.
func (b *bench) sets(words string, around gate.Around) error {
	store := table.Store{Table: gate.Table(b.rows, "verifytoken", around), Rand: rand.Reader}
	keys := gate.Credentials(b.credentials, "verifytoken", around)
	maker := change.Maker{Store: store, Password: keys, Sessions: keys, Now: func() time.Time { return b.now }}
	for range 3 {
		items, err := store.Get(b.t.Context(), append(account.Keys("springfield", "a1"), token.Key(b.digest), token.LivingKey("springfield", "a1", token.Reset))...)
		if err != nil {
			return err
		}
		proof := change.Proof{Digest: b.digest}
		if proof.Account, err = account.From("springfield", "a1", items); err != nil {
			return err
		}
		if proof.Token, err = table.As[token.Token](items[2]); err != nil {
			return err
		}
		if proof.Living, err = table.As[token.Living](items[3]); err != nil {
			return err
		}
		if verdict := proof.Token.Value.Judge(b.digest, proof.Living.Value, proof.Account, b.now); verdict != token.Good {
			return problem.New(problem.LinkDead)
		}
		if err = maker.Make(b.t.Context(), proof, choice.Choice{Password: words}, change.Told{Route: "link"}); !errors.Is(err, change.ErrAgain) {
			return err
		}
	}
	return change.ErrAgain
}

func plain(_ context.Context, _ gate.Call, do func() error) error { return do() }

func keysOf(rows *embedded.Table) func(context.Context) ([]table.Key, error) {
	return func(context.Context) (all []table.Key, err error) {
		for _, item := range rows.Dump() {
			all = append(all, item.Key)
		}
		return all, nil
	}
}

// count tells how many items there are whose key is so.
func (b *bench) count(so func(table.Key) bool) (n int) {
	b.t.Helper()
	all, err := b.keys(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	for _, key := range all {
		if so(key) {
			n++
		}
	}
	return n
}

func isEntry(key table.Key) bool    { return key.Kind() == "AUDIT" }
func isNotified(key table.Key) bool { return key.Kind() == "NOTICE" }
func isChange(key table.Key) bool   { return key.SK == "CHANGE" }

// signsIn reports whether the password is the account's.
func (b *bench) signsIn(words string) bool {
	b.t.Helper()
	answer, err := b.credentials.Check(b.t.Context(), "a1", words)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer == credential.Right
}

// At each call of one who sets a password, before it and after it, another sets
// one with the same link from beginning to end.
func TestOnceWhoeverComesBetweenAnyTwoCalls(t *testing.T) {
	t.Parallel()
	for _, before := range []bool{true, false} {
		for at := 0; ; at++ {
			b := newBench(t)
			calls, second := 0, errors.New("never came")
			first := b.sets("the words of the first", func(_ context.Context, _ gate.Call, do func() error) error {
				mine := calls
				calls++
				if mine != at {
					return do()
				}
				if before {
					second = b.sets("the words of the second", plain)
					return do()
				}
				err := do()
				second = b.sets("the words of the second", plain)
				return err
			})
			if at >= calls {
				if at < 6 {
					t.Fatalf("only %d calls", calls)
				}
				break
			}
			name := fmt.Sprintf("call %d, before it %t", at+1, before)
			if (first == nil) == (second == nil) {
				t.Errorf("%s: first %v, second %v", name, first, second)
				continue
			}
			words := map[bool]string{true: "the words of the first", false: "the words of the second"}[first == nil]
			if !b.signsIn(words) {
				t.Errorf("%s: the winner's password does not work", name)
			}
			if b.count(isEntry) != 1 || b.count(isNotified) != 1 {
				t.Errorf("%s: %d audit entries, %d notices", name, b.count(isEntry), b.count(isNotified))
			}
			loser := errors.Join(first, second)
			if p, ok := errors.AsType[*problem.Error](loser); !ok || p.Code != problem.LinkDead && p.Code != problem.ChangedMeanwhile {
				t.Errorf("%s: the loser is told %v", name, loser)
			}
		}
	}
}

// One dies, or gets no answer, at each of its calls; half a minute later another
// comes with the same link, before or after the sweep.
func TestNothingLostWhoeverComesAfterOneWhoDied(t *testing.T) {
	t.Parallel()
	for _, swept := range []bool{true, false} {
		for _, done := range []bool{true, false} {
			for at := 0; ; at++ {
				b := newBench(t)
				calls := 0
				first := b.sets("the words of the first", func(_ context.Context, _ gate.Call, do func() error) error {
					calls++
					if calls-1 < at {
						return do()
					}
					if calls-1 == at && done {
						_ = do()
					}
					return port.ErrUnknown // from then on nothing answers
				})
				if at >= calls {
					break
				}
				name := fmt.Sprintf("silent from call %d, done %t, swept %t", at+1, done, swept)
				changed := b.signsIn("the words of the first")
				b.now = b.now.Add(change.Lease)
				store := table.Store{Table: b.rows, Rand: rand.Reader}
				if swept {
					if err := change.Lapsed(t.Context(), store, change.Key("springfield", "a1"), b.now); err != nil {
						t.Errorf("%s: %v", name, err)
					}
					if changed && (b.count(isEntry) != 1 || b.count(isNotified) != 1) {
						t.Errorf("%s: changed, with %d audit entries and %d notices", name, b.count(isEntry), b.count(isNotified))
					}
				}
				second := b.sets("the words of the second", plain)
				used := false
				if p, ok := errors.AsType[*problem.Error](second); ok {
					used = p.Code == problem.LinkDead
				}
				switch {
				case second == nil && b.signsIn("the words of the second"):
				case used && changed && b.signsIn("the words of the first"):
				default:
					t.Errorf("%s: first %v, second %v", name, first, second)
				}
				told := 1
				if changed && second == nil {
					told = 2
				}
				if b.count(isEntry) < told || b.count(isNotified) < told {
					t.Errorf("%s: %d audit entries, %d notices, want %d", name, b.count(isEntry), b.count(isNotified), told)
				}
				if b.count(isChange) > 0 {
					t.Errorf("%s: a change is left", name)
				}
			}
		}
	}
}
