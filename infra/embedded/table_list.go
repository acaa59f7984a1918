package embedded

import (
	"context"
	"iter"
	"strings"

	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/table/order"
)

// List implements [table.Table].
func (t *Table) List(ctx context.Context, r table.Range) (items []table.Item, next string, err error) {
	if err := order.CheckRange(r); err != nil {
		return nil, "", err
	}
	after, err := order.After(r)
	if err != nil {
		return nil, "", err
	}
	if err := alive(ctx); err != nil {
		return nil, "", err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	last := ""
	for at := range t.walk(r, after) {
		if outside(r, at) {
			break
		}
		if len(items) == r.Limit {
			return items, order.Cursor(last), nil
		}
		items, last = append(items, t.row(r, at)), at
	}
	return items, "", nil
}

// walk goes along a line from behind the cursor, or from where the range begins.
func (t *Table) walk(r table.Range, after string) iter.Seq[string] {
	line := t.line(r)
	switch {
	case r.Newest && after != "":
		return line.down(after)
	case r.Newest:
		return line.down(r.Prefix + "\xff") // no byte of any text
	case after != "":
		return line.up(order.Behind(after))
	default:
		return line.up(r.Prefix)
	}
}

func (t *Table) line(r table.Range) *line {
	all := map[table.Index]lines{table.Primary: t.parts, table.ByDue: t.due, table.By: t.by}
	if l := all[r.Index][r.Partition]; l != nil {
		return l
	}
	return &line{}
}

func outside(r table.Range, at string) bool {
	if r.Index == table.ByDue {
		return at > order.Until(r.Until)
	}
	return !strings.HasPrefix(at, r.Prefix)
}

func (t *Table) row(r table.Range, at string) table.Item {
	if r.Index == table.Primary {
		return t.read(table.Key{PK: r.Partition, SK: at})
	}
	row, _ := order.Row(r, at)
	return row
}
