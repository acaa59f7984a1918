// Package embedded is the ports in this process, with nothing but Go: for the
// local run and for the tests.
//
// It promises what the contract suite of each port demands, so that flows cannot
// tell it from AWS, and it is deterministic: no clock, no randomness, no
// goroutine of its own, so that a seed of the simulator is one story. It keeps
// nothing beyond the process, never throttles and never fails; faults are the
// simulator's business.
//
// Read [Table] first.
package embedded

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/table/order"
)

// Table is the table port in memory. Beyond the port it shows what a test or a
// local run wants to see: everything there is, what is due next, and the broom.
type Table struct {
	// Feed, if set, is told the keys of the items that a Write made: a stream of
	// keys filtered to INSERT. It is called after the Write, without any lock.
	Feed func([]table.Key)

	mu    sync.Mutex
	items map[table.Key]table.Item
	sums  map[table.Key]int64
	parts lines // sort keys, by partition key
	due   lines // positions, by queue
	by    lines // positions, by By.PK
}

var _ table.Table = (*Table)(nil)

// NewTable is an empty table.
func NewTable() *Table {
	return &Table{
		items: map[table.Key]table.Item{},
		sums:  map[table.Key]int64{},
		parts: lines{}, due: lines{}, by: lines{},
	}
}

// Get implements [table.Table].
func (t *Table) Get(ctx context.Context, keys ...table.Key) ([]table.Item, error) {
	for _, k := range keys {
		if err := order.CheckKey(k); err != nil {
			return nil, fmt.Errorf("get %s: %w", k.Kind(), err)
		}
	}
	if err := alive(ctx); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	items := make([]table.Item, len(keys))
	for i, k := range keys {
		items[i] = t.read(k)
	}
	return items, nil
}

// Count implements [table.Table].
func (t *Table) Count(ctx context.Context, key table.Key, by int64, expires time.Time) (int64, error) {
	if err := order.CheckKey(key); err != nil {
		return 0, fmt.Errorf("count %s: %w", key.Kind(), err)
	}
	if err := alive(ctx); err != nil {
		return 0, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	item, there := t.items[key]
	switch {
	case !there:
		item = table.Item{Key: key, Version: order.Counter, Expires: expires}
	case item.Version != order.Counter:
		return 0, fmt.Errorf("count %s: not a counter", key.Kind())
	}
	sum := t.sums[key] + by
	item.Body = fmt.Appendf(nil, `{"count":%d}`, sum)
	t.put(item)
	t.sums[key] = sum
	return sum, nil
}

// Dump is everything, sorted by key.
func (t *Table) Dump() []table.Item {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]table.Item, 0, len(t.items))
	for k := range t.items {
		all = append(all, t.read(k))
	}
	slices.SortFunc(all, func(a, b table.Item) int {
		return cmp.Or(cmp.Compare(a.PK, b.PK), cmp.Compare(a.SK, b.SK))
	})
	return all
}

// Sweep is the broom: it takes away what expired before now, and counts it.
func (t *Table) Sweep(now time.Time) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	swept := 0
	for k, i := range t.items {
		if !i.Expires.IsZero() && i.Expires.Before(now) {
			t.delete(k)
			swept++
		}
	}
	return swept
}

// NextDue is the earliest moment at which anything in any queue is due; false if
// nothing is owed at all.
func (t *Table) NextDue() (at time.Time, owed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for queue, line := range t.due {
		row, _ := order.Row(table.Range{Index: table.ByDue, Partition: queue}, line.first())
		if !owed || row.Due.At.Before(at) {
			at, owed = row.Due.At, true
		}
	}
	return at, owed
}

// read returns a copy: what a caller does to it stays with the caller.
func (t *Table) read(k table.Key) table.Item {
	item, there := t.items[k]
	if !there {
		return table.Item{Key: k}
	}
	item.Body = slices.Clone(item.Body)
	return item
}

func (t *Table) put(i table.Item) {
	t.delete(i.Key)
	i = order.Stored(i)
	i.Body = slices.Clone(i.Body)
	t.items[i.Key] = i
	t.parts.add(i.PK, i.SK)
	t.due.add(i.Due.Queue, order.Due(i))
	t.by.add(i.By.PK, order.By(i))
}

func (t *Table) delete(k table.Key) {
	i, there := t.items[k]
	if !there {
		return
	}
	delete(t.items, k)
	delete(t.sums, k)
	t.parts.remove(i.PK, i.SK)
	t.due.remove(i.Due.Queue, order.Due(i))
	t.by.remove(i.By.PK, order.By(i))
}

func alive(ctx context.Context) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", port.ErrUnavailable, context.Cause(ctx))
	}
	return nil
}
