package courier

import (
	"context"
	"errors"
	"time"

	"github.com/sparekey/sparekey/shared/outbox"
	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/table"
)

// claim takes an item that owes something and that nobody works on: until the
// lease ends it is not due. The claim holds only if the item is as it was read,
// so of all who try at once one has it. The others have nothing to do: errTaken.
func claim[T any](ctx context.Context, f Flow, key table.Key, progress func(*T) *outbox.Progress) (table.Row[T], error) {
	now := f.Now()
	row, mine, err := table.Amend(ctx, f.Table, key, func(row *table.Row[T]) bool {
		p := progress(&row.Value)
		if !row.Exists() || !p.Open(now) {
			return false
		}
		*p = p.Claimed(f.Table.Nonce(), now)
		row.Due.At = p.Until
		return true
	})
	if lost(err) || err == nil && !mine {
		return row, errTaken
	}
	return row, err
}

// putOff lets a claimed item go that could not be done: it is due again later, or
// in a moment where only a send slot was missing, which is no try.
func putOff[T any](ctx context.Context, f Flow, was table.Row[T], progress func(*T) *outbox.Progress, why error) error {
	now := f.Now()
	_, _, err := table.Amend(ctx, f.Table, was.Key, func(row *table.Row[T]) bool {
		p := progress(&row.Value)
		if p.Claim != progress(&was.Value).Claim || p.Outcome != "" {
			return false // somebody else's by now
		}
		if errors.Is(why, errNoSlot) {
			*p, row.Due.At = p.Unclaimed(), now.Add(time.Second)
		} else {
			*p, row.Due.At = p.Later(brief(why), now)
		}
		return true
	})
	return ignoreLost(err)
}

func ignoreLost(err error) error {
	if lost(err) {
		return nil
	}
	return err
}

func lost(err error) bool {
	_, yes := errors.AsType[*table.Changed](err)
	return yes
}

// brief names a fault in a word for the trace: never its text, which may hold
// what was typed.
func brief(err error) string {
	switch {
	case errors.Is(err, port.ErrThrottled):
		return "throttled"
	case errors.Is(err, port.ErrUnavailable):
		return "unavailable"
	case errors.Is(err, port.ErrUnknown):
		return "no answer"
	}
	return "fault"
}
