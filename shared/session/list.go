package session

import (
	"context"
	"fmt"
	"strings"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/audit"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/table"
)

// most is how many of an account's sessions are listed, the newest.
const most = 100

// Line is one of its owner's sessions as they see it. Its id names it and opens
// nothing.
type Line struct {
	ID string
	Session
	This bool
}

// idLength is how much of a digest names a session among those of its owner.
const idLength = 16

// List lists the sessions of its owner that are going on, the newest first.
func (h Held) List(ctx context.Context, t table.Table) ([]Line, error) {
	pointers, _, err := t.List(ctx, table.Range{
		Partition: account.Key(h.Who.District, h.Who.ID).PK, Prefix: "SESSION#", Newest: true, Limit: most,
	})
	if err != nil {
		return nil, problem.New(problem.Unavailable).Because(fmt.Errorf("list sessions: %w", err))
	}
	keys := []table.Key{key(h.digest)} // its own, however many came after
	for _, p := range pointers {
		digest := p.SK[strings.LastIndexByte(p.SK, '#')+1:]
		if digest != h.digest && len(keys) < most {
			keys = append(keys, key(digest))
		}
	}
	items, err := t.Get(ctx, keys...)
	if err != nil {
		return nil, problem.New(problem.Unavailable).Because(fmt.Errorf("read sessions: %w", err))
	}
	var lines []Line
	for i, item := range items {
		row, err := table.As[Session](item)
		if err != nil {
			return nil, err
		}
		if row.Exists() && row.Value.good(h.Who, h.now) {
			_, digest, _ := strings.Cut(item.PK, "#")
			lines = append(lines, Line{ID: digest[:idLength], Session: row.Value, This: i == 0})
		}
	}
	return lines, nil
}

// Is reports whether the session of that id is this one.
func (h Held) Is(id string) bool {
	return id != "" && strings.HasPrefix(h.digest, id) && len(id) == idLength
}

// EndOne ends another of its owner's sessions. One that is not there is as good
// as ended.
func (h Held) EndOne(ctx context.Context, store table.Store, r *gateway.Request, id string) error {
	pointers, _, err := store.List(ctx, table.Range{
		Partition: account.Key(h.Who.District, h.Who.ID).PK, Prefix: "SESSION#", Newest: true, Limit: most,
	})
	if err != nil {
		return problem.New(problem.Unavailable).Because(fmt.Errorf("list sessions: %w", err))
	}
	for _, p := range pointers {
		if digest := p.SK[strings.LastIndexByte(p.SK, '#')+1:]; len(id) == idLength && strings.HasPrefix(digest, id) {
			return end(ctx, store, r, digest, audit.SignedOut, h.now)
		}
	}
	return nil
}

// EndOthers ends all of its owner's sessions but this one, which goes over into
// the new epoch. Links that were mailed before die with them, and no browser is
// known any more (package device): whoever calls makes this one known again.
func (h *Held) EndOthers(ctx context.Context, store table.Store, r *gateway.Request) error {
	keys := []table.Key{account.StateKey(h.Who.District, h.Who.ID), key(h.digest)}
	var ops []table.Op
	err := store.Update(ctx, keys, func(items []table.Item) ([]table.Op, error) {
		state, err := table.As[account.State](items[0])
		if err != nil {
			return nil, err
		}
		mine, err := table.As[Session](items[1])
		if err != nil {
			return nil, err
		}
		if !mine.Exists() || mine.Value.Epoch != state.Value.Epoch {
			return nil, problem.New(problem.NotSignedIn) // ended meanwhile, by another who did the same
		}
		state.Value.Epoch++
		state.Value.Devices++
		mine.Value.Epoch++
		ops = []table.Op{state.Put(), mine.Put(), entry(r, h.Who.ID, audit.OthersSignedOut, h.now).Put(store.Rand)}
		return ops, nil
	})
	if _, said := err.(*problem.Error); said { //nolint:errorlint // decide's own, as it is
		return err
	}
	if err != nil {
		return problem.New(problem.Unavailable).Because(fmt.Errorf("end sessions: %w", err))
	}
	if h.Who.State, err = table.As[account.State](ops[0].Item); err != nil {
		return err
	}
	h.row, err = table.As[Session](ops[1].Item)
	return err
}
