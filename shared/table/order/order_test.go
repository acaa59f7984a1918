package order_test

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/table/order"
)

// letters hold what sorts awkwardly: what comes before '#', what follows ASCII,
// what needs two units in UTF-16.
var letters = []rune(" !#A~é學😀")

func word(dice *rand.Rand, least int) string {
	w := make([]rune, least+dice.IntN(3))
	for i := range w {
		w[i] = letters[dice.IntN(len(letters))]
	}
	return string(w)
}

func some(dice *rand.Rand) table.Item {
	at := time.Date(2026, 1, 1, 0, 0, 0, dice.IntN(3), time.UTC).Add(time.Duration(dice.IntN(3)) * time.Hour)
	return table.Item{
		Key: table.Key{PK: word(dice, 1), SK: word(dice, 1)},
		By:  table.Key{PK: "DAY", SK: word(dice, 0)},
		Due: table.Due{Queue: "QUEUE", At: at.In(time.FixedZone("", dice.IntN(7200)))},
	}
}

func TestPositionsSortAsTheirPartsDo(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		a, b := some(dice), some(dice)
		keys := cmp.Or(cmp.Compare(a.PK, b.PK), cmp.Compare(a.SK, b.SK))
		if got, want := cmp.Compare(order.By(a), order.By(b)), cmp.Or(cmp.Compare(a.By.SK, b.By.SK), keys); got != want {
			t.Fatalf("by: got %d for %q and %q, want %d", got, order.By(a), order.By(b), want)
		}
		if got, want := cmp.Compare(order.Due(a), order.Due(b)), cmp.Or(a.Due.At.Compare(b.Due.At), keys); got != want {
			t.Fatalf("due: got %d for %q and %q, want %d", got, order.Due(a), order.Due(b), want)
		}
		if got, want := order.Due(a) <= order.Until(b.Due.At), !a.Due.At.After(b.Due.At); got != want {
			t.Fatalf("until: got %t for %v until %v", got, a.Due.At, b.Due.At)
		}
		if got, want := order.By(b) >= order.Behind(order.By(a)), order.By(b) > order.By(a); got != want {
			t.Fatalf("behind: got %t for %q behind %q", got, order.By(b), order.By(a))
		}
	}
}

func TestAPositionNamesItsItem(t *testing.T) {
	dice := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		i := some(dice)
		row, ok := order.Row(table.Range{Index: table.By}, order.By(i))
		if !ok || row.Key != i.Key || order.Sort(order.By(i)) != i.By.SK {
			t.Fatalf("by: got %v, want %v", row.Key, i.Key)
		}
		row, ok = order.Row(table.Range{Index: table.ByDue, Partition: "QUEUE"}, order.Due(i))
		if !ok || row.Key != i.Key || !row.Due.At.Equal(i.Due.At) || row.Due.Queue != "QUEUE" {
			t.Fatalf("due: got %v, want %v", row, i)
		}
	}
}

func TestWhatIsInNoIndexHasNoPosition(t *testing.T) {
	i := table.Item{Key: table.K("A"), Due: table.Due{At: time.Unix(1, 0)}, By: table.Key{SK: "a"}}
	if order.Due(i) != "" || order.By(i) != "" {
		t.Errorf("got %q and %q, want none", order.Due(i), order.By(i))
	}
}

// Cursors come back from strangers. Whatever they made of one, it is refused or
// it is a place in the range.
func FuzzAfter(f *testing.F) {
	f.Add(0, "", order.Cursor("a"))
	f.Add(1, "", order.Cursor("2026-11-22T12:00:00.000000000Z\x01PK\x01SK"))
	f.Add(2, "b", order.Cursor("by\x01PK\x01SK"))
	f.Add(2, "b", "%")
	f.Fuzz(func(t *testing.T, index int, prefix, cursor string) {
		r := table.Range{Index: table.Index(index), Partition: "P", Prefix: prefix, Limit: 1, After: cursor}
		if order.CheckRange(r) != nil {
			return
		}
		at, err := order.After(r)
		if err != nil {
			if !errors.Is(err, table.ErrCursor) {
				t.Errorf("got %v, want ErrCursor", err)
			}
			return
		}
		if at == "" {
			if cursor != "" {
				t.Errorf("got the beginning for %q", cursor)
			}
			return
		}
		if row, ok := order.Row(r, at); r.Index != table.Primary && (!ok || order.CheckKey(row.Key) != nil) {
			t.Errorf("got %q, which is no position", at)
		}
		if r.Index == table.Primary && order.CheckKey(table.Key{PK: "P", SK: at}) != nil {
			t.Errorf("got %q, which is no sort key", at)
		}
	})
}

func TestStoredCutsOffWhatNoDriverKeeps(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 5e8, time.FixedZone("east", 3600))
	got := order.Stored(table.Item{
		Key: table.K("A"), Body: []byte{}, Due: table.Due{At: now}, By: table.Key{SK: "x"}, Expires: now,
	})
	if got.Body != nil || got.Due != (table.Due{}) || got.By != (table.Key{}) {
		t.Errorf("got %v", got)
	}
	if want := now.Truncate(time.Second); !got.Expires.Equal(want) || got.Expires.Location() != time.UTC {
		t.Errorf("got %v, want %v", got.Expires, want)
	}
}
