package choice_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/change"
	"github.com/sparekey/sparekey/shared/choice"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/pepper"
	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
)

const (
	now   = "purple kite river 71"
	fresh = "seven quiet herons"
)

// court is a judge, one account, and what was asked of the store.
type court struct {
	*testing.T
	judge  choice.Judge
	asked  choice.Asked
	keys   *embedded.Credentials
	checks int
	hashes int
	fault  error
}

func (c *court) Check(ctx context.Context, id, password string) (credential.Answer, error) {
	c.checks++
	if c.fault != nil {
		return "", c.fault
	}
	return c.keys.Check(ctx, id, password)
}

func sit(t *testing.T, profile string, keep int) *court {
	t.Helper()
	secret, err := pepper.Random(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &court{T: t, keys: embedded.NewCredentials(time.Now)}
	store := table.Store{Table: embedded.NewTable(), Rand: rand.Reader}
	c.judge = choice.Judge{Table: store, Credentials: c, Pepper: secret, Hash: func(secret string, salt []byte) []byte {
		c.hashes++
		sum := sha256.Sum256(append([]byte(secret), salt...))
		return sum[:]
	}}
	c.asked.District = district.Default("springfield", "Springfield Public Schools")
	c.asked.District.Profile, c.asked.District.PasswordHistory = profile, keep
	who := account.Profile{Username: "mlopez71", First: "Maria", Last: "Lopez", Role: district.Guardian, Status: account.Active}
	if err := account.Create(t.Context(), store, "springfield", "p-1", who, account.State{Status: account.Active, Activated: true}); err != nil {
		t.Fatal(err)
	}
	if c.asked.Account, err = account.Load(t.Context(), store, "springfield", "p-1"); err != nil {
		t.Fatal(err)
	}
	if err := c.keys.Set(t.Context(), "p-1", now, credential.Permanent); err != nil {
		t.Fatal(err)
	}
	return c
}

// hear tells what is said of a password, by key.
func (c *court) hear(typed string) (choice.Choice, []string) {
	c.Helper()
	c.checks, c.hashes = 0, 0
	c.asked.Typed = typed
	chosen, err := c.judge.Hear(c.Context(), c.asked)
	if err == nil {
		return chosen, nil
	}
	p, ok := errors.AsType[*problem.Error](err)
	if !ok || p.Code != problem.PasswordRefused || chosen.Password != "" {
		c.Fatalf("%q: %v, %q", typed, err, chosen.Password)
	}
	var said []string
	for _, f := range p.Fields {
		said = append(said, f.Name+" "+f.Says.Key)
	}
	return chosen, said
}

func (c *court) says(typed string, want ...string) {
	c.Helper()
	if _, got := c.hear(typed); !slices.Equal(got, want) {
		c.Errorf("%q: got %q, want %q", typed, got, want)
	}
}

func TestAGoodOneIsKeptInOneForm(t *testing.T) {
	t.Parallel()
	c := sit(t, "", 0)
	if chosen, said := c.hear("se\u0301ven quiet herons"); said != nil || chosen.Password != "s\u00e9ven quiet herons" {
		t.Errorf("%q %q", chosen.Password, said)
	}
	if c.checks != 0 || c.hashes != 0 {
		t.Errorf("%d checks and %d hashes", c.checks, c.hashes)
	}
}

func TestAllIsToldAtOnce(t *testing.T) {
	t.Parallel()
	again := "another"
	c := sit(t, "", 0)
	c.asked.Again = &again
	c.says("maria ", "new_password password.length", "new_password password.own-words", "new_password password.spaces", "new_password_again password.differ")
	c = sit(t, district.PowerSchool, 0)
	c.asked.Again, c.asked.Current = &again, "maria"
	c.says("maria", "new_password password.classic.length", "new_password password.classic.upper-lower", "new_password password.classic.letter-number", "new_password password.classic.special",
		"new_password password.own-words", "new_password_again password.classic.differ", "new_password password.classic.used")
}

func TestTypedTwiceInTwoFormsIsTheSame(t *testing.T) {
	t.Parallel()
	c := sit(t, "", 0)
	again := "se\u0301ven quiet herons"
	c.asked.Again = &again
	c.says("s\u00e9ven quiet herons")
	again = ""
	c.says("s\u00e9ven quiet herons", "new_password_again password.differ")
}

func TestThePasswordOfNow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		keep    int
		current string
		replace bool
		checks  int // of the store
		said    []string
	}{
		{"nobody asks", 0, "", false, 0, nil},
		{"they have just typed it", 0, now, false, 0, []string{"new_password password.same"}},
		{"it must give way", 0, "", true, 1, []string{"new_password password.same"}},
		{"it may not come back, and no history has it", 3, "", false, 1, []string{"new_password password.same"}},
		{"it may not come back, and they have typed it", 3, now, false, 0, []string{"new_password password.same"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			court := sit(t, "", c.keep)
			court.asked.Current, court.asked.Replace = c.current, c.replace
			court.says(now, c.said...)
			if court.checks != c.checks {
				t.Errorf("the store was asked %d times", court.checks)
			}
			court.says("short", "new_password password.length")
			if court.checks != 0 {
				t.Error("the store was asked about one that is refused anyway")
			}
		})
	}
}

// proof is a new link.
func (c *court) proof() change.Proof {
	c.Helper()
	_, digest := token.Mint(rand.Reader)
	who := c.asked.Account
	made := token.Token{District: who.District, Account: who.ID, Purpose: token.Reset, Epoch: who.State.Value.Epoch, Ends: time.Now().Add(time.Hour)}
	living := table.New(token.LivingKey(who.District, who.ID, token.Purpose("test "+digest)), token.Living{Digest: digest})
	ops := []table.Op{made.Put(digest), living.Put()}
	if err := c.judge.Table.Write(c.Context(), ops...); err != nil {
		c.Fatal(err)
	}
	items, err := c.judge.Table.Get(c.Context(), ops[0].Item.Key, ops[1].Item.Key)
	if err != nil {
		c.Fatal(err)
	}
	proof := change.Proof{Account: who, Digest: digest}
	proof.Token, _ = table.As[token.Token](items[0])
	proof.Living, _ = table.As[token.Living](items[1])
	return proof
}

// TestWhatWasSetIsRemembered goes through a change, as every flow does.
func TestWhatWasSetIsRemembered(t *testing.T) {
	t.Parallel()
	c := sit(t, district.PowerSchool, 3)
	maker := change.Maker{Store: c.judge.Table, Password: c.keys, Sessions: c.keys, Now: time.Now}
	c.asked.Current = now
	for _, typed := range []string{"Quiet7#Herons-ab", "Purple7#Kite-cde", "Marble7#Cabin-fg"} {
		chosen, said := c.hear(typed)
		if said != nil {
			t.Fatalf("%s: %q", typed, said)
		}
		if err := maker.Make(t.Context(), c.proof(), chosen, change.Told{}); err != nil {
			t.Fatal(err)
		}
		who, err := account.Load(t.Context(), c.judge.Table, "springfield", "p-1")
		if err != nil {
			t.Fatal(err)
		}
		c.asked.Account, c.asked.Current = who, ""
	}
	for _, typed := range []string{"Quiet7#Herons-ab", "Purple7#Kite-cde", "Marble7#Cabin-fg"} {
		c.says(typed, "new_password password.classic.used")
		if c.hashes != 1 || c.checks != 0 {
			t.Errorf("%s cost %d hashes and %d checks", typed, c.hashes, c.checks)
		}
	}
	c.says("Copper7#Field-hij")
}

func TestNoHashOfWhatNobodyCanHave(t *testing.T) {
	t.Parallel()
	c := sit(t, "", 3)
	c.says("", "new_password password.missing")
	long := make([]byte, 60_000)
	for i := range long {
		long[i] = "abcdefghijklmnopq"[i%17]
	}
	c.says(string(long), "new_password password.long")
	if c.hashes != 0 || c.checks != 0 {
		t.Errorf("%d hashes, %d checks", c.hashes, c.checks)
	}
}

func TestNoAnswerIsNoRefusal(t *testing.T) {
	t.Parallel()
	for fault, want := range map[error]problem.Code{port.ErrThrottled: problem.Busy, port.ErrUnavailable: problem.Unavailable} {
		c := sit(t, "", 0)
		c.asked.Replace, c.fault, c.asked.Typed = true, fault, fresh
		_, err := c.judge.Hear(t.Context(), c.asked)
		if p, ok := errors.AsType[*problem.Error](err); !ok || p.Code != want {
			t.Errorf("%v: got %v, want %s", fault, err, want)
		}
	}
}
