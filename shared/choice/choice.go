// Package choice is somebody choosing a password: it is held to the policy of its
// owner, to the passwords they had and to the one they have.
//
// Every way to set a password goes through [Judge.Hear] and hands what it gives to
// package change. It promises that all that is wrong is told at once, that nothing
// is written, and that a hash or a comparing is spent only where it decides
// something. It leaves the proof to its callers: what it says tells of the account.
//
// Read [Judge.Hear] first.
package choice

import (
	"context"
	"unicode/utf8"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/history"
	"github.com/sparekey/sparekey/shared/password"
	"github.com/sparekey/sparekey/shared/pepper"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/slowhash"
	"github.com/sparekey/sparekey/shared/table"
)

// Judge holds passwords to what they must be.
type Judge struct {
	Table       table.Store
	Credentials credential.Checker
	Pepper      pepper.Pepper
	Hash        slowhash.Hash
}

// Asked is what somebody wants for a password.
type Asked struct {
	District district.District
	Account  account.Account
	Typed    string
	Again    *string // typed once more; nil where it was not asked
	Current  string  // the password of now, where they have just proved it
	Replace  bool    // the password of now must give way: where it is not known, it is asked for
}

// Choice is a password that may be set, and what it leaves in the history.
type Choice struct {
	Password string
	History  history.Mark
}

// Hear gives the choice, or password-refused with every rule that is broken, or
// what kept it from finding out.
func (j Judge) Hear(ctx context.Context, a Asked) (Choice, error) {
	policy := password.For(a.District, a.Account)
	broken := Broken(a)
	chosen := Choice{Password: password.Normal(a.Typed)}
	before, err := j.before(ctx, a, &chosen, len(broken) == 0)
	switch {
	case err != nil:
		return Choice{}, err
	case before == current:
		broken = append(broken, policy.Same())
	case before == earlier:
		broken = append(broken, policy.Used())
	}
	if len(broken) > 0 {
		return Choice{}, &problem.Error{Code: problem.PasswordRefused, Fields: broken}
	}
	return chosen, nil
}

// Broken tells every rule that the choice breaks by itself: nothing is read for
// it, and it says nothing of any password that the account has or had.
func Broken(a Asked) []problem.Field {
	policy := password.For(a.District, a.Account)
	broken := policy.Broken(a.Typed)
	if a.Again != nil && password.Normal(*a.Again) != password.Normal(a.Typed) {
		broken = append(broken, policy.Differ())
	}
	return broken
}

// when is which password of the account a chosen one was before.
type when int

const (
	never when = iota
	earlier
	current
)

// before finds that out. The password of now is known to who has just typed it;
// the history knows it too; else, and only for a choice that is good otherwise,
// the store is asked, which counts its tries.
func (j Judge) before(ctx context.Context, a Asked, chosen *Choice, good bool) (when, error) {
	if length := utf8.RuneCountInString(chosen.Password); length == 0 || length > password.Longest {
		return never, nil // no hash of what nobody can have
	}
	if chosen.Password == a.Current {
		return current, nil
	}
	book := history.Book{Table: j.Table, Pepper: j.Pepper, Hash: j.Hash}
	seen, err := book.Look(ctx, a.Account, a.District.PasswordHistory, chosen.Password, a.Current)
	switch {
	case err != nil:
		return never, problem.New(problem.Unavailable).Because(err)
	case seen.Used:
		return earlier, nil
	}
	chosen.History = seen.Mark
	unknown := a.Replace || a.District.PasswordHistory > 0 && !seen.Knows
	if a.Current != "" || !unknown || !good {
		return never, nil
	}
	answer, err := credential.Compare(ctx, j.Credentials, a.Account.ID, chosen.Password)
	if err == nil && (answer == credential.Right || answer == credential.Temporary) {
		return current, nil
	}
	return never, err
}
