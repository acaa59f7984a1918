// Package tabletest is the contract of the table port, as a suite.
//
// It promises that a driver which passes cannot be told from another by a flow:
// each sentence of the port's comments is a test here, and so is what both
// drivers must refuse. It leaves a driver's own faults (throttling, conflicts,
// replies lost in the SDK) to that driver's tests.
//
// Read [Run] first: it lists the promises.
package tabletest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/table"
)

// Run holds the tables that open makes to the contract. Each must be empty, and
// is used by one test.
//
// The index tests expect a row as soon as its item is written. DynamoDB itself
// may lag; every backend that the suite runs on today does not.
func Run(t *testing.T, open func(t *testing.T) table.Table) {
	t.Helper()
	for _, promises := range []map[string]promise{reads, writes, transactions, repeats, races, counters, lists, queues, refusals} {
		for sentence, holds := range promises {
			t.Run(sentence, func(t *testing.T) { holds(t, open(t)) })
		}
	}
}

type promise = func(*testing.T, table.Table)

// noon is when all of this happens: with nanoseconds, as clocks have them.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 123456789, time.UTC)

// put is an op on an ordinary item.
func put(key table.Key, version, was string) table.Op {
	body := fmt.Appendf(nil, `{"version":%q}`, version)
	return table.Op{Act: table.Put, Item: table.Item{Key: key, Version: version, Body: body}, Was: was}
}

func drop(key table.Key, was string) table.Op {
	return table.Op{Act: table.Delete, Item: table.Item{Key: key}, Was: was}
}

func check(key table.Key, was string) table.Op {
	return table.Op{Act: table.Check, Item: table.Item{Key: key}, Was: was}
}

// write does ops that must succeed.
func write(t *testing.T, tab table.Table, ops ...table.Op) {
	t.Helper()
	if err := tab.Write(t.Context(), ops...); err != nil {
		t.Fatalf("write: %v", err)
	}
}

// get reads one item, which may be absent.
func get(t *testing.T, tab table.Table, key table.Key) table.Item {
	t.Helper()
	items, err := tab.Get(t.Context(), key)
	if err != nil || len(items) != 1 {
		t.Fatalf("get: got %d items, %v; want one", len(items), err)
	}
	return items[0]
}

// wantVersion demands an item's version, "" for absent.
func wantVersion(t *testing.T, tab table.Table, key table.Key, want string) {
	t.Helper()
	if got := get(t, tab, key); got.Version != want || got.Key != key {
		t.Errorf("got %s at version %q, want %s at %q", got.PK, got.Version, key.PK, want)
	}
}

// wantChanged demands that a Write was refused, and which versions were in the way.
func wantChanged(t *testing.T, err error, want map[table.Key]string) {
	t.Helper()
	var changed *table.Changed
	if !errors.As(err, &changed) {
		t.Fatalf("got %v, want *Changed", err)
	}
	if len(changed.Now) != len(want) {
		t.Errorf("got %d items in the way, want %d", len(changed.Now), len(want))
	}
	for _, now := range changed.Now {
		version, expected := want[now.Key]
		if !expected || now.Version != version {
			t.Errorf("got %q at version %q in the way, want %q (expected: %t)", now.PK, now.Version, version, expected)
		}
		if now.Exists() != (len(now.Body) > 0) {
			t.Errorf("got a body of %d bytes in the way at version %q", len(now.Body), now.Version)
		}
	}
}

func wantItem(t *testing.T, got, want table.Item) {
	t.Helper()
	same := got.Key == want.Key && got.Version == want.Version && bytes.Equal(got.Body, want.Body) &&
		got.Due.Queue == want.Due.Queue && got.Due.At.Equal(want.Due.At) && got.By == want.By &&
		got.Expires.Equal(want.Expires)
	if !same {
		t.Errorf("got  %.200v\nwant %.200v", got, want)
	}
}

// wantPortError demands an error that tells whether the call was done.
func wantPortError(t *testing.T, call string, err error) {
	t.Helper()
	if !port.NotDone(err) && !errors.Is(err, port.ErrUnknown) {
		t.Errorf("%s: got %v, want an error of package port", call, err)
	}
}

// wantMistake demands a plain error: the caller is wrong, and trying again is vain.
func wantMistake(t *testing.T, what string, err error) {
	t.Helper()
	var changed *table.Changed
	if err == nil || port.NotDone(err) || errors.Is(err, port.ErrUnknown) || errors.As(err, &changed) {
		t.Errorf("%s: got %v, want a plain error", what, err)
	}
}

// ended is a context that is over.
func ended(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
