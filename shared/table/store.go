package table

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/sparekey/sparekey/shared/port"
)

// Store is a [Table] in the hands of a flow. It mints the nonces, repeats a
// write whose reply was lost, and decides again after a lost race.
type Store struct {
	Table
	// Rand is where nonces come from: crypto/rand.Reader, or a seeded source in
	// the simulator.
	Rand io.Reader
}

// repeats bounds both: how often a lost reply is asked for again, and how often
// the loser of a race decides anew.
const repeats = 4

// Nonce mints 128 random bits as text.
func (s Store) Nonce() string {
	var b [16]byte
	if _, err := io.ReadFull(s.Rand, b[:]); err != nil {
		panic(fmt.Errorf("no randomness: %w", err)) // a machine without it must not mint tokens either
	}
	return hex.EncodeToString(b[:])
}

// Write does all ops or none, as [Table.Write], under one fresh nonce, which it
// stamps on the items of the caller's Puts: after it they are as they are stored. A reply
// that is lost is asked for again, so ErrUnknown remains only if the table stays
// silent.
func (s Store) Write(ctx context.Context, ops ...Op) error {
	nonce := s.Nonce()
	for i := range ops {
		if ops[i].Act == Put {
			ops[i].Item.Version = nonce
		}
	}
	return s.repeat(ctx, ops)
}

// repeat asks for a lost reply again. An answer of "not done" to that says nothing
// of the time before: what was once in doubt stays so until the table has said
// that it is done, or that something else is there.
func (s Store) repeat(ctx context.Context, ops []Op) error {
	err := s.Table.Write(ctx, ops...)
	if !isLost(err) {
		return err
	}
	for try := 1; try < repeats && (isLost(err) || port.NotDone(err)) && ctx.Err() == nil; try++ {
		err = s.Table.Write(ctx, ops...)
	}
	if port.NotDone(err) {
		return fmt.Errorf("%w: and asked again, %s", port.ErrUnknown, err.Error())
	}
	return err
}

// Update reads the keys, lets decide turn the items into ops (they come in the
// order of the keys) and writes them if nothing has changed. Where something has,
// decide is asked again with the items as they are now, a bounded number of
// times; then Update returns [*Changed] and nothing is done. No ops: nothing is
// written. An error of decide is returned as it is.
func (s Store) Update(ctx context.Context, keys []Key, decide func([]Item) ([]Op, error)) error {
	items, err := s.Get(ctx, keys...)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	for range repeats {
		ops, err := decide(items)
		if err != nil || len(ops) == 0 {
			return err
		}
		err = s.Write(ctx, ops...)
		var changed *Changed
		if !errors.As(err, &changed) {
			return err
		}
		if items, err = s.refresh(ctx, items, changed.Now); err != nil {
			return fmt.Errorf("read again: %w", err)
		}
	}
	return &Changed{}
}

// refresh puts what was in the way into its place among the items, or reads all
// of them again where the driver could not say what it was.
func (s Store) refresh(ctx context.Context, items, now []Item) ([]Item, error) {
	moved := false
	for i := range items {
		for _, n := range now {
			if n.Key == items[i].Key && n.Version != items[i].Version {
				items[i], moved = n, true
			}
		}
	}
	if moved {
		return items, nil
	}
	keys := make([]Key, len(items))
	for i := range items {
		keys[i] = items[i].Key
	}
	return s.Get(ctx, keys...)
}
