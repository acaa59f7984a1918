// Package credential is the port to where passwords are kept and compared.
//
// It is Cognito seen through four acts. The table is the truth for an account's
// status; what is kept here is the password, and a mirror of enabled or not.
// Accounts are named by their opaque id, never by username, so two districts
// cannot collide and a renamed pupil keeps everything.
//
// It promises that a password is compared nowhere else and never read back. It
// leaves to its callers the rules for a good password, the counting of tries
// and every sentence said about an answer.
package credential

import (
	"context"
	"errors"
)

// Answer is what comes of comparing a password.
type Answer string

// Right and Temporary are right answers; the account may have no password at
// all, be disabled or not exist: that is Wrong. Paused: the store has had too
// many wrong ones and compares nothing for a while. Busy: it is full, nothing
// was compared.
const (
	Right     Answer = "right"
	Temporary Answer = "temporary" // right, but must be changed at once
	Wrong     Answer = "wrong"
	Paused    Answer = "paused"
	Busy      Answer = "busy"
)

// Kind is how long a password that is set shall last.
type Kind string

// Permanent stays; ForOnce is a temporary password, to be changed at first use.
const (
	Permanent Kind = "permanent"
	ForOnce   Kind = "temporary"
)

// ErrPolicy says that the store does not take this password, ever. Not done.
var ErrPolicy = errors.New("password refused by the store")

// The powers, one by one, so that a flow can name just those it needs. Errors
// are those of package port, and [ErrPolicy]. Every call has a deadline of the
// driver's own: after Set's, nothing of it can take effect any more.
type (
	// Checker compares.
	Checker interface {
		// Check compares a password. For an account that does not exist it does the
		// same and answers Wrong.
		Check(ctx context.Context, account, password string) (Answer, error)
	}
	// Setter sets.
	Setter interface {
		// Set replaces the password and ends a pause; it creates what is missing.
		Set(ctx context.Context, account, password string, kind Kind) error
	}
	// Ender ends.
	Ender interface {
		// SignOut ends what the store itself remembers of sign-ins. An account that
		// the store does not know has nothing to end: nil.
		SignOut(ctx context.Context, account string) error
	}
	// Switch mirrors an account's status.
	Switch interface {
		Enable(ctx context.Context, account string) error
		Disable(ctx context.Context, account string) error
	}
)

// Store is the whole port: what a driver implements.
type Store interface {
	Checker
	Setter
	Ender
	Switch
}
