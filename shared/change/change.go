// Package change sets passwords: every act that does goes through here.
//
// A password lives in Cognito and all else in the table, and no transaction
// spans both. So a change begins with one Write that checks the proof once more
// and puts a CHANGE item on the account, sets the password, and finishes with one
// Write that removes the item, uses up the token, raises the epoch, and adds the
// audit entry and the notice. Whoever dies in between leaves the CHANGE item,
// which carries all that finish would have written; once its lease has lapsed the
// next comer or the sweep settles it.
//
// It promises: of all who hold a proof at the same time one wins; a password is
// never changed without an audit entry and a notice; a definite refusal uses
// nothing up; an account that signs in with another service never gets a password.
// It leaves the proof itself to its callers, and the rules for a password to package
// choice.
//
// Read [Maker.Make] first.
package change

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/choice"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/history"
	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
)

// Lease is how long a change that gives no answer keeps others out. The
// deadline for setting the password lies inside it, and it lies beyond the
// timeout of every function that changes passwords: when it lapses, nobody works
// on the change any more.
const Lease = 30 * time.Second

// The queues that a change owes in: itself once its lease lapses, and the sign-out.
const (
	Queue        = "CHANGE"
	SignOutQueue = "SIGNOUT"
)

// Lock is the CHANGE item: who changes, and all that finishing will write.
type Lock struct {
	ID       string       `json:"id"`
	District string       `json:"district"`
	Account  string       `json:"account"`
	Epoch    int          `json:"epoch"` // at proof
	Token    string       `json:"token"` // digest of the token that proved it, or of the session: then no token has it
	Ends     time.Time    `json:"ends"`
	History  history.Mark `json:"history"` // what the password leaves
	Told
}

// Told is what the audit and the notice will say.
type Told struct {
	Route    string   `json:"route"`
	Attempt  string   `json:"attempt"` // the form's, so that a double tap is known
	Agent    string   `json:"agent"`
	Network  string   `json:"network"`
	Request  string   `json:"request"`
	Language string   `json:"language"`
	To       []string `json:"to"` // addresses as they were at proof
}

// Proof is what showed that the owner may: a token, as it was read together with
// the account and the pointer to the living token; or a session in which they
// proved it with the password they have.
type Proof struct {
	Account account.Account
	Digest  string // of the token, or of the session
	Token   table.Row[token.Token]
	Living  table.Row[token.Living]
	Session table.Op // demands that it is as it was; of a proof by token the zero one
}

// checks demand that nothing which was proved has moved.
func (p Proof) checks() []table.Op {
	if p.Token.Exists() {
		return []table.Op{p.Account.Profile.Check(), p.Account.State.Check(), p.Token.Check(), p.Living.Check()}
	}
	return []table.Op{p.Account.Profile.Check(), p.Account.State.Check(), p.Session}
}

// Maker makes changes.
type Maker struct {
	Store    table.Store
	Password credential.Setter
	Sessions credential.Ender
	Now      func() time.Time
}

// ErrAgain says that something moved between proof and change; nothing was done.
// Prove again, and then it is known what moved.
var ErrAgain = errors.New("prove again")

// Make sets the password, or returns a problem, or ErrAgain.
func (m Maker) Make(ctx context.Context, proof Proof, chosen choice.Choice, told Told) error {
	lock, err := m.begin(ctx, proof, chosen.History, told)
	if err != nil {
		return err
	}
	if err := m.set(ctx, lock, chosen.Password); err != nil {
		return err
	}
	if err := settle(ctx, m.Store, lock.Value, certain, m.Now()); err != nil {
		return unknown(lock.Value, m.Now()).Because(fmt.Errorf("finish: %w", err))
	}
	_ = SignOut(ctx, m.Store, m.Sessions, lock.Value.District, lock.Value.Account) // owed until done: the sweep comes by
	return nil
}

func key(l Lock) table.Key { return Key(l.District, l.Account) }

// Key is where the change of an account is kept.
func Key(slug, id string) table.Key { return account.Key(slug, id).At("CHANGE") }

// SignOutKey is where an owed sign-out is kept.
func SignOutKey(slug, id string) table.Key { return account.Key(slug, id).At("SIGNOUT") }

// begin puts the lock, if nothing that was proved has moved.
func (m Maker) begin(ctx context.Context, proof Proof, mark history.Mark, told Told) (table.Row[Lock], error) {
	who, now := proof.Account, m.Now()
	if who.Elsewhere() {
		return table.Row[Lock]{}, problem.New(problem.NotAllowed) // whatever was proved: it has no password here
	}
	if proof.Token.Exists() && !now.Before(proof.Token.Value.Ends) {
		return table.Row[Lock]{}, ErrAgain // it ended while it was being proved
	}
	told.To = who.Addresses()
	lock := table.New(Key(who.District, who.ID), Lock{
		ID: m.Store.Nonce(), District: who.District, Account: who.ID, Epoch: who.State.Value.Epoch,
		Token: proof.Digest, Ends: now.Add(Lease), History: mark, Told: told,
	})
	lock.Due = table.Due{Queue: Queue, At: lock.Value.Ends}
	err := m.Store.Write(ctx, append(proof.checks(), lock.Put())...)
	var changed *table.Changed
	switch {
	case err == nil:
		return lock, nil
	case errors.As(err, &changed):
		return lock, m.meet(ctx, key(lock.Value), told.Attempt, now)
	}
	return lock, problem.New(problem.Unavailable).Because(fmt.Errorf("begin change: %w", err))
}

// meet finds out who is in the way: somebody who is changing it now, somebody
// who died doing so (then this settles it), or nobody any more.
func (m Maker) meet(ctx context.Context, at table.Key, attempt string, now time.Time) error {
	items, err := m.Store.Get(ctx, at)
	if err != nil {
		return problem.New(problem.Unavailable).Because(fmt.Errorf("read change: %w", err))
	}
	other, err := table.As[Lock](items[0])
	if err != nil {
		return err
	}
	switch {
	case !other.Exists():
		return ErrAgain
	case !now.Before(other.Value.Ends):
		if err := settle(ctx, m.Store, other.Value, uncertain, now); err != nil && !errors.Is(err, errSettled) {
			return problem.New(problem.Unavailable).Because(fmt.Errorf("settle change: %w", err))
		}
		return ErrAgain
	case attempt != "" && attempt == other.Value.Attempt:
		return unknown(other.Value, now) // the other tap of a double tap
	}
	return problem.New(problem.ChangedMeanwhile).After(other.Value.Ends.Sub(now))
}

// set sets the password. A definite no releases the account at once; no answer
// keeps the lease, because the password may be set already.
func (m Maker) set(ctx context.Context, lock table.Row[Lock], password string) error {
	err := m.Password.Set(ctx, lock.Value.Account, password, credential.Permanent)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, credential.ErrPolicy):
		m.release(ctx, lock)
		return problem.New(problem.PasswordRefused).Because(err)
	case port.NotDone(err):
		m.release(ctx, lock)
		return problem.New(problem.Busy).After(busyWait).Because(err)
	}
	return unknown(lock.Value, m.Now()).Because(err)
}

const busyWait = 5 * time.Second

// release takes the lock away. Where even that fails it lapses, and is settled as
// a change that may have happened: one notice too many, never one too few.
func (m Maker) release(ctx context.Context, lock table.Row[Lock]) {
	_ = m.Store.Update(ctx, []table.Key{lock.Key}, func(items []table.Item) ([]table.Op, error) {
		now, err := table.As[Lock](items[0])
		if err != nil || now.Value.ID != lock.Value.ID {
			return nil, err
		}
		return []table.Op{now.Delete()}, nil
	})
}

func unknown(l Lock, now time.Time) *problem.Error {
	return problem.New(problem.ChangeUnknown).After(max(l.Ends.Sub(now), time.Second))
}
