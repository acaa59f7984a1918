// Package credentialtest is what every driver of the credential port has to pass.
//
// It promises that a flow proved on one driver may run on another. It leaves to
// the drivers' own tests what only they can show: how an answer of the outside
// is understood, and what is done when none comes.
//
// Read [Run] first: its list is the contract.
package credentialtest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/port"
)

// Open returns an empty store, and how to move its clock on: nil where it has a
// clock of its own. What is about time is then skipped.
type Open func(t *testing.T) (store credential.Store, advance func(time.Duration))

// Run holds a driver to the contract. Known names what the outside, an emulator
// say, is known to get wrong: those are skipped, and the driver's tests assert
// the wrong answers instead.
func Run(t *testing.T, open Open, known ...string) {
	t.Helper()
	for _, promise := range promises {
		t.Run(promise.name, func(t *testing.T) {
			if slices.Contains(known, promise.name) {
				t.Skip("known to be answered wrongly here")
			}
			store, advance := open(t)
			if promise.timed && advance == nil {
				t.Skip("this driver's clock cannot be moved")
			}
			promise.kept(bench{t, store, advance})
		})
	}
}

var promises = []struct {
	name  string
	timed bool
	kept  func(bench)
}{
	{"the password that was set is right", false, setIsRight},
	{"any other password is wrong", false, otherIsWrong},
	{"an account that does not exist is wrong", false, unknownIsWrong},
	{"a new password puts an end to the old one", false, newEndsOld},
	{"accounts do not know each other's passwords", false, accountsApart},
	{"a temporary password says so until a permanent one replaces it", false, temporarySaysSo},
	{"a temporary password is wrong after a day", true, temporaryEnds},
	{"short, long, foreign and spaced passwords are taken", false, oddAreTaken},
	{"a password against the policy is refused and changes nothing", false, policyRefuses},
	{"a password against the policy gives a new account no password", false, policyGivesNone},
	{"a disabled account is wrong until it is enabled", false, disabledIsWrong},
	{"a new password does not enable a disabled account", false, setLeavesDisabled},
	{"what is done to an unknown account leaves nothing behind", false, unknownLeavesNothing},
	{"signing out twice is like once and leaves the password alone", false, signOutTwice},
	{"five wrong ones in a row bring a pause, in which nothing is compared", true, fivePause},
	{"each further failure doubles the pause, to fifteen minutes", true, pauseDoubles},
	{"trying during a pause does not lengthen it", true, pauseNotLengthened},
	{"a right answer forgets the wrong ones before it", true, rightForgets},
	{"fifteen quiet minutes forget the wrong ones", true, quietForgets},
	{"a new password ends the pause", true, setEndsPause},
	{"a call whose time was up before is not done", false, overIsNotDone},
	{"many at once neither block nor mix", false, manyAtOnce},
}

// The people of these tests.
const (
	ada   = "01J0000000000000000000000A"
	bob   = "01J0000000000000000000000B"
	first = "first-password"
	other = "other-password"
)

// bench is a test with the store on it.
type bench struct {
	*testing.T
	store   credential.Store
	advance func(time.Duration)
}

func (b bench) set(account, password string, kind credential.Kind) {
	b.Helper()
	if err := b.store.Set(context.Background(), account, password, kind); err != nil {
		b.Fatalf("Set(%s, %q, %s): %v", account, password, kind, err)
	}
}

func (b bench) check(account, password string, want credential.Answer) {
	b.Helper()
	got, err := b.store.Check(context.Background(), account, password)
	if err != nil {
		b.Fatalf("Check(%s, %q): %v", account, password, err)
	}
	if got != want {
		b.Fatalf("Check(%s, %q) = %s, want %s", account, password, got, want)
	}
}

// do calls SignOut, Enable or Disable, which all must do.
func (b bench) do(act func(context.Context, string) error, account string) {
	b.Helper()
	if err := act(context.Background(), account); err != nil {
		b.Fatal(err)
	}
}

func setIsRight(b bench) {
	b.set(ada, first, credential.Permanent)
	b.check(ada, first, credential.Right)
	b.check(ada, first, credential.Right)
}

func otherIsWrong(b bench) {
	b.set(ada, first, credential.Permanent)
	for _, wrong := range []string{
		other, "", " ", "First-password", "first-passwor", "first-password ", strings.Repeat("x", 257), "first-password\xff",
	} {
		b.check(ada, wrong, credential.Wrong)
		b.check(ada, first, credential.Right) // so that no pause comes in between
	}
}

func unknownIsWrong(b bench) {
	for range 7 { // and stays wrong, however often it is asked
		b.check(ada, first, credential.Wrong)
	}
	b.check(ada, "", credential.Wrong)
}

func newEndsOld(b bench) {
	b.set(ada, first, credential.Permanent)
	b.set(ada, other, credential.Permanent)
	b.check(ada, first, credential.Wrong)
	b.check(ada, other, credential.Right)
	b.set(ada, other, credential.Permanent) // once more the same: history is not the store's
	b.check(ada, other, credential.Right)
}

func accountsApart(b bench) {
	b.set(ada, first, credential.Permanent)
	b.set(bob, other, credential.Permanent)
	b.check(ada, other, credential.Wrong)
	b.check(bob, first, credential.Wrong)
	b.do(b.store.Disable, bob)
	b.check(ada, first, credential.Right)
}

func temporarySaysSo(b bench) {
	b.set(ada, first, credential.ForOnce)
	b.check(ada, other, credential.Wrong)
	b.check(ada, first, credential.Temporary)
	b.check(ada, first, credential.Temporary) // seeing it does not use it up
	b.set(ada, other, credential.Permanent)
	b.check(ada, other, credential.Right)
	b.set(ada, first, credential.ForOnce)
	b.check(ada, other, credential.Wrong)
	b.check(ada, first, credential.Temporary)
}

func temporaryEnds(b bench) {
	b.set(ada, first, credential.ForOnce)
	b.set(bob, first, credential.Permanent)
	b.advance(24*time.Hour - time.Second)
	b.check(ada, first, credential.Temporary)
	b.advance(time.Second)
	b.check(ada, first, credential.Wrong)
	b.check(bob, first, credential.Right)
	b.set(ada, first, credential.ForOnce)
	b.check(ada, first, credential.Temporary)
}

func oddAreTaken(b bench) {
	for _, odd := range []string{
		"12345678",
		"aaaaaaaa",
		"four words and spaces",
		"пароль-для-школы",
		"密码密码密码密码",
		"كلمة سر طويلة",
		"🔑🔑🔑🔑🔑🔑🔑🔑",
		`quotes "'<>&\ and %00 {}`,
		strings.Repeat("x", 256),
		strings.Repeat("é", 256),
	} {
		b.set(ada, odd, credential.Permanent)
		b.check(ada, odd, credential.Right)
	}
}

// against are passwords that no store takes.
var against = []string{
	"", "1234567", "ééééééé", strings.Repeat("x", 257),
	" leading-space", "trailing-space ", "trailing-line\n", "\tleading-tab", "two\nlines-of-it", "not-utf8-\xff",
}

func policyRefuses(b bench) {
	b.set(ada, first, credential.Permanent)
	for _, password := range against {
		b.refuses(ada, password)
		b.check(ada, first, credential.Right)
	}
}

func policyGivesNone(b bench) {
	for _, password := range against {
		b.refuses(bob, password)
	}
	b.check(bob, "1234567", credential.Wrong)
	b.set(bob, first, credential.Permanent)
	b.check(bob, first, credential.Right)
}

func (b bench) refuses(account, password string) {
	b.Helper()
	err := b.store.Set(context.Background(), account, password, credential.Permanent)
	if !errors.Is(err, credential.ErrPolicy) {
		b.Errorf("Set(%q) = %v, want %v", password, err, credential.ErrPolicy)
	}
}

func disabledIsWrong(b bench) {
	b.set(ada, first, credential.Permanent)
	for range 2 { // the second time changes nothing
		b.do(b.store.Disable, ada)
		b.check(ada, first, credential.Wrong)
	}
	b.check(ada, other, credential.Wrong)
	for range 2 {
		b.do(b.store.Enable, ada)
		b.check(ada, first, credential.Right)
	}
}

func setLeavesDisabled(b bench) {
	b.set(ada, first, credential.Permanent)
	b.do(b.store.Disable, ada)
	b.set(ada, other, credential.Permanent)
	b.check(ada, other, credential.Wrong)
	b.do(b.store.Enable, ada)
	b.check(ada, other, credential.Right)
}

func unknownLeavesNothing(b bench) {
	b.do(b.store.SignOut, ada)
	b.do(b.store.Enable, ada)
	b.do(b.store.Disable, ada)
	b.check(ada, first, credential.Wrong)
	b.set(ada, first, credential.Permanent)
	b.check(ada, first, credential.Right) // not disabled: there was nothing to disable
}

func signOutTwice(b bench) {
	b.set(ada, first, credential.Permanent)
	b.check(ada, first, credential.Right)
	for range 2 {
		b.do(b.store.SignOut, ada)
		b.check(ada, first, credential.Right)
	}
}

func overIsNotDone(b bench) {
	b.set(ada, first, credential.Permanent)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, checked := b.store.Check(ctx, ada, first)
	for call, err := range map[string]error{
		"Check":   checked,
		"Set":     b.store.Set(ctx, ada, other, credential.Permanent),
		"SignOut": b.store.SignOut(ctx, ada),
		"Enable":  b.store.Enable(ctx, ada),
		"Disable": b.store.Disable(ctx, ada),
	} {
		if !port.NotDone(err) {
			b.Errorf("%s = %v, want an error that says: not done", call, err)
		}
	}
	b.check(ada, first, credential.Right)
}
