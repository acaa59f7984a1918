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
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/password"
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
	{"whatever our own rules take is taken, and told from what is nearly the same", false, oursAreTaken},
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

// ours are passwords over scripts, lengths and forms of letters, as they are typed.
var ours = []string{
	"seven quiet herons", "sevenqui", "582930174658", "Quiet7#Herons", `q"u'i<e>t&\h%00{}$~|`, "seven  quiet   herons", "seven\u00a0quiet\u3000herons",
	"se\u0301ven quie\u0302t hero\u0303ns", "s\u00e9ven qui\u00eat her\u00f5ns", "\u212bngstr\u00f6m herons", "\ufb01ve quiet herons", "stra\u00dfe und gasse", "\u0130stanbul \u0131rmak",
	"\u0441\u0435\u043c\u044c \u0442\u0438\u0445\u0438\u0445 \u0446\u0430\u043f\u0435\u043b\u044c", "\u03b5\u03c0\u03c4\u03ac \u03ae\u03c3\u03c5\u03c7\u03bf\u03b9", "\u0633\u0628\u0639\u0629 \u0637\u064a\u0648\u0631 \u0647\u0627\u062f\u0626\u0629", "\u05e9\u05d1\u05e2 \u05d0\u05e0\u05e4\u05d5\u05ea \u05e9\u05e7\u05d8\u05d5\u05ea", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u067e\u0631\u0648\u0627\u0632",
	"\u0938\u093e\u0924 \u0936\u093e\u0902\u0924 \u092c\u0917\u0941\u0932\u0947", "\u0995\u09cd\u09b7\u09c1\u09a6\u09cd\u09b0 \u09ac\u0995", "\u0e19\u0e01\u0e01\u0e23\u0e30\u0e2a\u0e32\u0e40\u0e08\u0e47\u0e14\u0e15\u0e31\u0e27", "\u4e03\u53ea\u5b89\u9759\u7684\u82cd\u9e6d\u5728\u8df3\u821e", "\uc870\uc6a9\ud55c \uc65c\uac00\ub9ac \uc77c\uacf1", "\u1112\u1161\u11ab\u1100\u1173\u11af \u1112\u1161\u11ab\u1100\u1173\u11af \u1112\u1161\u11ab\u1100\u1173\u11af", "\u3057\u305a\u304b\u306a\u30b5\u30ae\u304c\u4e03\u7fbd", "\u1230\u1263\u1275 \u133d\u1325 \u12c8\u134e\u127d",
	"\U0001F600\U0001F601\U0001F602\U0001F603\U0001F604\U0001F605\U0001F606\U0001F607", "\U0001F468\u200d\U0001F469\u200d\U0001F467\u200d\U0001F466 herons", "\u2764\ufe0f herons \U0001F1FA\U0001F1F8", "\U0001D510\U0001D51E\U0001D52F\U0001D526\U0001D51E quiet",
	strings.Repeat("seven herons ", 4) + "quietly sing", strings.Repeat("quiet heron ", 21) + "sing", strings.Repeat("\u00e9t\u00e9 ", 63) + "fini", strings.Repeat("e\u0301te ", 63) + "fini", strings.Repeat("\u9e6d\u9759", 128),
}

// oursAreTaken: of what a family may choose nothing is refused, cut off or taken
// for something else; a letter in its other form is the same letter.
func oursAreTaken(b bench) {
	for i, typed := range ours {
		if broken := (password.Policy{Minimum: 8}).Broken(typed); len(broken) > 0 {
			b.Errorf("%q breaks %v", typed, broken)
		}
		kept, who := password.Normal(typed), fmt.Sprintf("%s-%d", ada, i)
		b.set(who, kept, credential.Permanent)
		b.check(who, kept, credential.Right)
		b.check(who, password.Normal(norm.NFD.String(typed)), credential.Right)
		letters := []rune(kept)
		b.check(who, string(letters[:len(letters)-1])+"\u00f8", credential.Wrong) // the last one counts
		b.check(who, kept, credential.Right)
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
