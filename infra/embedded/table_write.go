package embedded

import (
	"context"

	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/table/order"
)

// Write implements [table.Table].
func (t *Table) Write(ctx context.Context, ops ...table.Op) error {
	if err := order.CheckWrite(ops); err != nil {
		return err
	}
	if err := alive(ctx); err != nil {
		return err
	}
	made, err := t.write(ops)
	if len(made) > 0 && t.Feed != nil {
		t.Feed(made)
	}
	return err
}

func (t *Table) write(ops []table.Op) (made []table.Key, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, done := t.inTheWay(ops)
	if done {
		return nil, nil
	}
	if len(now) > 0 {
		return nil, &table.Changed{Now: now}
	}
	for _, op := range ops {
		switch op.Act {
		case table.Put:
			if !t.items[op.Item.Key].Exists() {
				made = append(made, op.Item.Key)
			}
			t.put(op.Item)
		case table.Delete:
			t.delete(op.Item.Key)
		case table.Check:
		}
	}
	return made, nil
}

// inTheWay returns the items that are not as their ops demand. It is done where
// one of them bears the version of the Put that would store it: that Put, and
// so all of this Write, has been done before.
func (t *Table) inTheWay(ops []table.Op) (now []table.Item, done bool) {
	for _, op := range ops {
		item := t.read(op.Item.Key)
		if item.Version == op.Was {
			continue
		}
		if op.Act == table.Put && item.Version == op.Item.Version {
			return nil, true
		}
		now = append(now, item)
	}
	return now, false
}
