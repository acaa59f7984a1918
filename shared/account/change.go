package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/sparekey/sparekey/shared/table"
)

// ErrTaken says that the district has somebody of that username already.
var ErrTaken = errors.New("username is taken")

// ErrUsername says that nobody can be called so.
var ErrUsername = errors.New("not a username")

// Create puts a new account, with its username and its address, in one Write.
func Create(ctx context.Context, store table.Store, slug, id string, profile Profile, state State) error {
	if !ValidUsername(profile.Username) {
		return ErrUsername
	}
	ops := []table.Op{
		table.New(usernameKey(slug, Fold(profile.Username)), username{Account: id}).Put(),
		table.New(profileKey(slug, id), profile).Put(),
		table.New(StateKey(slug, id), state).Put(),
	}
	fresh := Account{Profile: table.Row[Profile]{Value: profile}, State: table.Row[State]{Value: state}}
	if address := fresh.Address(); address != "" {
		ops = append(ops, table.New(addressKey(slug, address, id), struct{}{}).Put())
	}
	err := store.Write(ctx, ops...)
	if changed := (*table.Changed)(nil); errors.As(err, &changed) {
		return ErrTaken
	}
	return err
}

// Amend changes what the roster says of an account. A new status, address or way
// to sign in kills what was made before: the epoch is raised, and the index of addresses follows,
// in the same Write. A roster that says what it said before changes nothing.
func Amend(ctx context.Context, store table.Store, slug, id string, change func(*Profile, *State)) error {
	now, err := Load(ctx, store, slug, id)
	if err != nil {
		return err
	}
	if !now.Exists() {
		return fmt.Errorf("account %s: does not exist", id)
	}
	from, to := now.Address(), now.amended(change).Address()
	keys := Keys(slug, id)
	if !SameAddress(from, to) {
		keys = append(keys, addressKey(slug, from, id), addressKey(slug, to, id))
	}
	return store.Update(ctx, keys, func(items []table.Item) ([]table.Op, error) {
		before, err := From(slug, id, items)
		if err != nil {
			return nil, err
		}
		after := before.amended(change)
		if !SameAddress(before.Address(), from) || !SameAddress(after.Address(), to) {
			return nil, &table.Changed{}
		}
		if after.Profile.Value == before.Profile.Value && after.State.Value == before.State.Value {
			return nil, nil
		}
		ops := []table.Op{after.Profile.Put(), after.State.Put()}
		return append(ops, moveAddress(items[2:], from, to)...), nil
	})
}

func (a Account) amended(change func(*Profile, *State)) Account {
	after := a
	change(&after.Profile.Value, &after.State.Value)
	p, s, was, were := after.Profile.Value, after.State.Value, a.Profile.Value, a.State.Value
	if p.Status != was.Status || s.Status != were.Status || s.Activated != were.Activated || s.Must != were.Must ||
		p.Address != was.Address || s.Recovery != were.Recovery || p.Elsewhere != was.Elsewhere {
		after.State.Value.Epoch++
	}
	return after
}

// moveAddress keeps the index of addresses in step: its rows are those of the
// address before and of the one after, either of which may be none.
func moveAddress(rows []table.Item, from, to string) []table.Op {
	var ops []table.Op
	for i, item := range rows {
		row, _ := table.As[struct{}](item) // it holds nothing
		switch {
		case i == 0 && from != "" && item.Exists():
			ops = append(ops, row.Delete())
		case i == 1 && to != "" && !item.Exists():
			ops = append(ops, row.Put())
		}
	}
	return ops
}
