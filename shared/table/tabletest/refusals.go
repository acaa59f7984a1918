package tabletest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/shared/table"
)

var refusals = map[string]promise{
	"a write that nobody could do is a plain error":        refusesWrites,
	"a range that nobody could list is a plain error":      refusesRanges,
	"an empty key is a plain error":                        refusesKeys,
	"a cursor that is not one of this range is told apart": refusesCursors,
	"no error names a key":                                 refusesQuietly,
}

func refusesWrites(t *testing.T, tab table.Table) {
	good := put(table.K("TOKEN", "good"), "1", "")
	with := func(change func(*table.Op)) []table.Op {
		op := put(table.K("TOKEN", "bad"), "1", "")
		change(&op)
		return []table.Op{good, op}
	}
	for what, ops := range map[string][]table.Op{
		"no ops":              {},
		"101 ops":             hundredAndOne(),
		"the same key twice":  {good, check(good.Item.Key, "")},
		"no version":          with(func(o *table.Op) { o.Item.Version = "" }),
		"no such act":         with(func(o *table.Op) { o.Act = 7 }),
		"no partition key":    with(func(o *table.Op) { o.Item.PK = "" }),
		"no sort key":         with(func(o *table.Op) { o.Item.SK = "" }),
		"a control character": with(func(o *table.Op) { o.Item.SK = "a\x01b" }),
		"no text":             with(func(o *table.Op) { o.Item.PK = "a\xff" }),
		"a body of no text":   with(func(o *table.Op) { o.Item.Body = []byte{'"', 0xff, '"'} }),
		"too big a body":      with(func(o *table.Op) { o.Item.Body = make([]byte, 360<<10) }),
		"too long a key":      with(func(o *table.Op) { o.Item.SK = strings.Repeat("x", 1000) }),
		"too long an index":   with(func(o *table.Op) { o.Item.By = table.Key{PK: "DAY", SK: strings.Repeat("x", 1000)} }),
		"due beyond reason": with(func(o *table.Op) {
			o.Item.Due = table.Due{Queue: "Q", At: time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)}
		}),
	} {
		wantMistake(t, what, tab.Write(t.Context(), ops...))
	}
	wantVersion(t, tab, good.Item.Key, "")
}

func hundredAndOne() []table.Op {
	ops := make([]table.Op, 101)
	for i := range ops {
		ops[i] = put(table.K("TOKEN", fmt.Sprint(i)), "1", "")
	}
	return ops
}

func refusesRanges(t *testing.T, tab table.Table) {
	for what, r := range map[string]table.Range{
		"no limit":          {Partition: "A"},
		"a negative limit":  {Partition: "A", Limit: -1},
		"too high a limit":  {Partition: "A", Limit: 1001},
		"no partition":      {Limit: 1},
		"no such index":     {Index: 3, Partition: "A", Limit: 1},
		"due newest first":  {Index: table.ByDue, Partition: "A", Until: noon, Limit: 1, Newest: true},
		"due with a prefix": {Index: table.ByDue, Partition: "A", Until: noon, Limit: 1, Prefix: "a"},
	} {
		_, _, err := tab.List(t.Context(), r)
		wantMistake(t, what, err)
	}
}

func refusesKeys(t *testing.T, tab table.Table) {
	for _, key := range []table.Key{{}, {PK: "A"}, {SK: "-"}} {
		_, err := tab.Get(t.Context(), key)
		wantMistake(t, "get", err)
		_, err = tab.Get(t.Context(), table.K("TOKEN"), key)
		wantMistake(t, "get two", err)
		_, err = tab.Count(t.Context(), key, 1, noon)
		wantMistake(t, "count", err)
	}
}

func refusesCursors(t *testing.T, tab table.Table) {
	key := table.K("AUDIT", "a")
	for i := range 4 {
		write(t, tab, indexed(key.At(fmt.Sprint("x", i)), table.Key{PK: "DAY", SK: fmt.Sprint("x", i)}))
	}
	_, cursor, err := tab.List(t.Context(), table.Range{Partition: key.PK, Limit: 2})
	if err != nil || cursor == "" {
		t.Fatalf("got the cursor %q, %v", cursor, err)
	}
	text := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	for _, r := range []table.Range{
		{Partition: key.PK, After: "%%%"},
		{Partition: key.PK, After: text("\xff\xff")},
		{Partition: key.PK, After: text("x\x01y")},
		{Partition: key.PK, Prefix: "y", After: cursor},
		{Index: table.By, Partition: "DAY", After: cursor},
		{Index: table.By, Partition: "DAY", Prefix: "y", After: text("x\x01a\x01b")},
		{Index: table.ByDue, Partition: "DAY", Until: noon, After: text("x\x01a\x01b")},
	} {
		r.Limit = 10
		if items, _, err := tab.List(t.Context(), r); !errors.Is(err, table.ErrCursor) {
			t.Errorf("after %q: got %d items, %v; want ErrCursor", r.After, len(items), err)
		}
	}
}

func refusesQuietly(t *testing.T, tab table.Table) {
	secret := table.K("USERNAME", "springfield", "homer.simpson")
	write(t, tab, put(secret, "1", ""))
	broken := secret
	broken.SK = ""
	_, get := tab.Get(t.Context(), broken)
	_, count := tab.Count(t.Context(), secret, 1, noon)
	for _, err := range []error{
		get, count,
		tab.Write(t.Context(), put(secret, "2", "")),
		tab.Write(t.Context(), put(secret, "", "")),
		tab.Write(t.Context(), put(secret, "2", "1"), check(secret, "")),
		tab.Write(ended(t), put(secret, "2", "1")),
	} {
		if err == nil || strings.Contains(err.Error(), "homer") {
			t.Errorf("got %v, want an error without the name", err)
		}
	}
}
