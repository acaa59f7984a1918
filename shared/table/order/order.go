// Package order is what the drivers of the table port have in common: where an
// item stands in an index, what a cursor holds, and which calls are mistakes.
//
// It promises that two drivers sort alike, page alike and refuse alike. A
// position is text whose bytes sort as the index does, different for every item,
// so it can be stored as a sort key, compared, and kept in a cursor. It leaves
// storing to the drivers. Flows have no use for it.
//
// Read [Due] first, then [CheckWrite].
package order

import (
	"strings"
	"time"

	"github.com/sparekey/sparekey/shared/table"
)

// sep stands between the parts of a position. It sorts before everything that a
// key may hold, so that "a" comes before "ab" whatever follows; keys hold no
// control characters, so that it parts what it seems to part.
const sep = "\x01"

// moment is fixed in width, and in UTC: as text it sorts as time does.
const moment = "2006-01-02T15:04:05.000000000Z"

// Counter is the version of everything that Count made: a counter is an item,
// but nobody can demand that it is unchanged.
const Counter = "counter"

// Due is where an item stands in its due queue; empty if it owes nothing.
func Due(i table.Item) string {
	if i.Due.Queue == "" {
		return ""
	}
	return position(i.Due.At.UTC().Format(moment), i.Key)
}

// Until is the end of what is due at or before t: not below any of it, and below
// all of the rest.
func Until(t time.Time) string { return t.UTC().Format(moment) + "\x02" }

// Behind is the first text behind a position: below all that follows it.
func Behind(at string) string { return at + sep }

// By is where an item stands in its partition of the by index; empty if it is
// not in it.
func By(i table.Item) string {
	if i.By.PK == "" {
		return ""
	}
	return position(i.By.SK, i.Key)
}

func position(sort string, k table.Key) string { return sort + sep + k.PK + sep + k.SK }

// Sort is the part of a position that its owner chose.
func Sort(at string) string {
	sort, _, _ := strings.Cut(at, sep)
	return sort
}

// Row is the item that stands at a position of an index: its key, and in a due
// queue the moment. ok is false for what is no position.
func Row(r table.Range, at string) (row table.Item, ok bool) {
	parts := strings.Split(at, sep)
	if len(parts) != 3 || parts[1] == "" || parts[2] == "" {
		return row, false
	}
	row.Key = table.Key{PK: parts[1], SK: parts[2]}
	if r.Index != table.ByDue {
		return row, true
	}
	due, err := time.Parse(moment, parts[0])
	row.Due = table.Due{Queue: r.Partition, At: due}
	return row, err == nil
}

// Stored is the item as a driver gives it back: what no driver keeps is cut off,
// so that all of them cut alike.
func Stored(i table.Item) table.Item {
	if len(i.Body) == 0 {
		i.Body = nil
	}
	i.Due.At = i.Due.At.UTC().Round(0)
	if i.Due.Queue == "" {
		i.Due = table.Due{}
	}
	if i.By.PK == "" {
		i.By = table.Key{}
	}
	if !i.Expires.IsZero() {
		i.Expires = time.Unix(i.Expires.Unix(), 0).UTC()
	}
	return i
}
