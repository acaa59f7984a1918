package table

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/sparekey/sparekey/shared/port"
)

// Row is an item with its body read: the value may be changed and put back.
type Row[T any] struct {
	Item
	Value T
	was   string // the version that was read
}

// As reads an item's body. An absent item gives a zero value.
//
// A stored type has no omitempty: see [Row.Put].
func As[T any](item Item) (Row[T], error) {
	row := Row[T]{Item: item, was: item.Version}
	if !item.Exists() {
		return row, nil
	}
	if err := json.Unmarshal(item.Body, &row.Value); err != nil {
		return row, fmt.Errorf("decode %s: %w", item.Kind(), err)
	}
	return row, nil
}

// Put stores the value, if the item is unchanged since it was read. Fields of
// the stored body which this version does not know are kept: during a
// deployment two versions run side by side, and the older must not drop what the
// newer wrote. That is why stored types write all their fields, always.
func (r Row[T]) Put() Op {
	r.Body = overlay(r.Item.Body, r.Value)
	return Op{Act: Put, Item: r.Item, Was: r.was}
}

// Delete removes the item, if it is unchanged since it was read.
func (r Row[T]) Delete() Op { return Op{Act: Delete, Item: Item{Key: r.Key}, Was: r.was} }

// Check demands that the item is unchanged since it was read.
func (r Row[T]) Check() Op { return Unchanged(r.Item) }

// Unchanged demands that the item is as it was read, or still absent.
func Unchanged(i Item) Op { return Op{Act: Check, Item: Item{Key: i.Key}, Was: i.Version} }

// New is a row that is not there yet: its Put succeeds only on absent.
func New[T any](key Key, value T) Row[T] { return Row[T]{Item: Item{Key: key}, Value: value} }

func overlay(stored []byte, value any) []byte {
	body, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Errorf("a stored type must marshal: %w", err))
	}
	if len(stored) == 0 {
		return body
	}
	var before, now map[string]json.RawMessage
	if json.Unmarshal(stored, &before) != nil || json.Unmarshal(body, &now) != nil {
		return body
	}
	for name, field := range before {
		if _, known := now[name]; !known {
			now[name] = field
		}
	}
	if len(now) > 0 {
		body, _ = json.Marshal(now)
	}
	return body
}

func isLost(err error) bool { return errors.Is(err, port.ErrUnknown) }

// Amend reads one item, lets change alter its row, and puts it back if nothing
// has come between; else it tries again as [Store.Update] does. It returns the
// row as it is stored now. Where change declines, nothing is written and done is
// false.
func Amend[T any](ctx context.Context, s Store, key Key, change func(*Row[T]) bool) (row Row[T], done bool, err error) {
	var ops []Op
	err = s.Update(ctx, []Key{key}, func(items []Item) ([]Op, error) {
		ops = nil
		if row, err = As[T](items[0]); err != nil || !change(&row) {
			return nil, err
		}
		ops = []Op{row.Put()}
		return ops, nil
	})
	if err != nil || ops == nil {
		return row, false, err
	}
	row, err = As[T](ops[0].Item)
	return row, err == nil, err
}
