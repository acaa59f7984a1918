package tabletest

import (
	"sync"
	"testing"
	"time"

	"github.com/sparekey/sparekey/shared/table"
)

var counters = map[string]promise{
	"a counter is made with the first call and sums up":    counts,
	"32 who count at once count 32":                        countsAll,
	"counters of one partition count apart":                countsApart,
	"a counter's first expiry holds":                       countsExpire,
	"a counter is read like any item, and says its sum":    countsReadable,
	"a counter is deleted like any item, and begins again": countsAfresh,
	"an ordinary item is no counter":                       countsNoItem,
}

func wantCount(t *testing.T, tab table.Table, key table.Key, by, want int64) {
	t.Helper()
	if got, err := tab.Count(t.Context(), key, by, noon); got != want || err != nil {
		t.Errorf("count by %d: got %d, %v; want %d", by, got, err, want)
	}
}

func counts(t *testing.T, tab table.Table) {
	key := table.K("COUNT", "a")
	wantCount(t, tab, key, 1, 1)
	wantCount(t, tab, key, 1, 2)
	wantCount(t, tab, key, 0, 2)
	wantCount(t, tab, key, 1<<40, 1<<40+2)
	wantCount(t, tab, key, -(1<<40 + 5), -3)
	wantCount(t, tab, table.K("COUNT", "b"), 0, 0)
}

func countsAll(t *testing.T, tab table.Table) {
	key := table.K("COUNT", "a")
	sums := make([]int64, 32)
	var all sync.WaitGroup
	for i := range sums {
		all.Go(func() {
			var err error
			if sums[i], err = tab.Count(t.Context(), key, 1, noon); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	seen := map[int64]bool{}
	for _, sum := range sums {
		if seen[sum] || sum < 1 || sum > 32 {
			t.Errorf("got the sum %d twice, or out of 1 to 32", sum)
		}
		seen[sum] = true
	}
	wantCount(t, tab, key, 0, 32)
}

func countsApart(t *testing.T, tab table.Table) {
	key := table.K("COUNT", "a")
	wantCount(t, tab, key.At("10:00"), 3, 3)
	wantCount(t, tab, key.At("10:01"), 1, 1)
	wantCount(t, tab, key.At("10:00"), 1, 4)
}

func countsExpire(t *testing.T, tab table.Table) {
	key, first := table.K("COUNT", "a"), noon.Truncate(time.Second)
	for i := range 3 {
		if _, err := tab.Count(t.Context(), key, 1, first.Add(time.Duration(i)*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if got := get(t, tab, key).Expires; !got.Equal(first) {
		t.Errorf("got %v, want %v", got, first)
	}
	never := table.K("COUNT", "b")
	if _, err := tab.Count(t.Context(), never, 1, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if got := get(t, tab, never).Expires; !got.IsZero() {
		t.Errorf("got %v, want never", got)
	}
}

func countsReadable(t *testing.T, tab table.Table) {
	key := table.K("COUNT", "a")
	wantCount(t, tab, key, 41, 41)
	wantCount(t, tab, key, 1, 42)
	items, _, err := tab.List(t.Context(), table.Range{Partition: key.PK, Limit: 5})
	if err != nil || len(items) != 1 {
		t.Fatalf("got %d items, %v; want one", len(items), err)
	}
	for _, item := range []table.Item{get(t, tab, key), items[0]} {
		if got := string(item.Body); got != `{"count":42}` || !item.Exists() {
			t.Errorf("got %s at version %q", got, item.Version)
		}
	}
}

func countsAfresh(t *testing.T, tab table.Table) {
	key := table.K("COUNT", "a")
	wantCount(t, tab, key, 7, 7)
	write(t, tab, drop(key, get(t, tab, key).Version))
	wantCount(t, tab, key, 1, 1)
}

func countsNoItem(t *testing.T, tab table.Table) {
	key := table.K("TOKEN", "a")
	write(t, tab, put(key, "1", ""))
	_, err := tab.Count(t.Context(), key, 1, noon)
	wantMistake(t, "count", err)
	wantItem(t, get(t, tab, key), put(key, "1", "").Item)
}
