package tabletest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sparekey/sparekey/shared/table"
)

var lists = map[string]promise{
	"a partition lists its items whole and sorted":        listsWhole,
	"a prefix lists what begins so":                       listsPrefix,
	"a partition pages in both directions":                listsPages,
	"a cursor holds its place while items come and go":    listsSteady,
	"a partition without items lists nothing":             listsNothing,
	"the by index lists keys, sorted by its own sort key": listsBy,
	"the by index pages in both directions":               listsByPages,
	"the by index keeps items of the same sort key apart": listsByTies,
	"an item leaves the by index with its By":             listsByLeft,
	"sort keys sort as bytes, in any script":              listsScripts,
}

// all pages through a range and demands that no page is longer than its limit.
func all(t *testing.T, tab table.Table, r table.Range) []table.Item {
	t.Helper()
	var items []table.Item
	for range 1000 {
		page, next, err := tab.List(t.Context(), r)
		if err != nil {
			t.Fatalf("list: %v", err)
		}
		if len(page) > r.Limit {
			t.Fatalf("got a page of %d, want at most %d", len(page), r.Limit)
		}
		items = append(items, page...)
		if r.After = next; next == "" {
			return items
		}
	}
	t.Fatal("the pages have no end")
	return nil
}

// wantKeys demands these sort keys in this order.
func wantKeys(t *testing.T, got []table.Item, want ...string) {
	t.Helper()
	keys := make([]string, len(got))
	for i := range got {
		keys[i] = got[i].SK
	}
	if !slices.Equal(keys, want) {
		t.Errorf("got  %.300q (%d)\nwant %.300q (%d)", keys, len(keys), want, len(want))
	}
}

// fill writes many ops, a transaction at a time.
func fill(t *testing.T, tab table.Table, n int, op func(i int) table.Op) {
	t.Helper()
	ops := make([]table.Op, n)
	for i := range ops {
		ops[i] = op(i)
	}
	for some := range slices.Chunk(ops, 100) {
		write(t, tab, some...)
	}
}

func listsWhole(t *testing.T, tab table.Table) {
	key := table.K("ACCOUNT", "a")
	var want []table.Item
	for _, sk := range []string{"STATE", "BLOCK#2", "PROFILE", "BLOCK#10"} {
		op := put(key.At(sk), "v-"+sk, "")
		op.Item.Expires = noon.Truncate(1e9)
		write(t, tab, op)
		want = append(want, op.Item)
	}
	write(t, tab, put(table.K("ACCOUNT", "b"), "1", ""))
	slices.SortFunc(want, func(a, b table.Item) int { return strings.Compare(a.SK, b.SK) })
	got := all(t, tab, table.Range{Partition: key.PK, Limit: 10})
	wantKeys(t, got, "BLOCK#10", "BLOCK#2", "PROFILE", "STATE")
	for i := range min(len(got), len(want)) {
		wantItem(t, got[i], want[i])
	}
}

func listsPrefix(t *testing.T, tab table.Table) {
	key := table.K("ACCOUNT", "a")
	for _, sk := range []string{"BLOC", "BLOCK", "BLOCK#1", "BLOCK#2", "BLOCL", "A", "BLOCK#é"} {
		write(t, tab, put(key.At(sk), "1", ""))
	}
	for _, limit := range []int{1, 2, 10} {
		r := table.Range{Partition: key.PK, Prefix: "BLOCK", Limit: limit}
		wantKeys(t, all(t, tab, r), "BLOCK", "BLOCK#1", "BLOCK#2", "BLOCK#é")
		r.Newest = true
		wantKeys(t, all(t, tab, r), "BLOCK#é", "BLOCK#2", "BLOCK#1", "BLOCK")
		r.Prefix = "BLOCK#3"
		wantKeys(t, all(t, tab, r))
	}
}

func listsPages(t *testing.T, tab table.Table) {
	key := table.K("AUDIT", "a")
	want := make([]string, 250)
	fill(t, tab, len(want), func(i int) table.Op {
		want[i] = fmt.Sprintf("%04d", i)
		return put(key.At(want[i]), "1", "")
	})
	for _, limit := range []int{7, 125, 1000} {
		wantKeys(t, all(t, tab, table.Range{Partition: key.PK, Limit: limit}), want...)
	}
	slices.Reverse(want)
	for _, limit := range []int{7, 125, 1000} {
		wantKeys(t, all(t, tab, table.Range{Partition: key.PK, Limit: limit, Newest: true}), want...)
	}
}

// listsSteady takes a page, deletes the very item the cursor stands on, adds
// items before and behind, and goes on.
func listsSteady(t *testing.T, tab table.Table) {
	key := table.K("AUDIT", "a")
	for _, index := range []table.Index{table.Primary, table.By} {
		op := func(sk string) table.Op {
			op := put(key.At(sk), "1", "")
			op.Item.By = table.Key{PK: key.PK, SK: sk}
			return op
		}
		for _, sk := range []string{"1", "3", "5", "7"} {
			write(t, tab, op(sk))
		}
		r := table.Range{Index: index, Partition: key.PK, Limit: 2}
		page, next, err := tab.List(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		wantKeys(t, page, "1", "3")
		write(t, tab, drop(key.At("3"), "1"), op("2"), op("4"))
		r.After = next
		wantKeys(t, all(t, tab, r), "4", "5", "7")
		for _, sk := range []string{"1", "2", "4", "5", "7"} {
			write(t, tab, drop(key.At(sk), "1"))
		}
	}
}

func listsNothing(t *testing.T, tab table.Table) {
	for _, index := range []table.Index{table.Primary, table.ByDue, table.By} {
		r := table.Range{Index: index, Partition: "NOTHING", Limit: 10, Until: noon}
		wantKeys(t, all(t, tab, r))
	}
}

func indexed(key table.Key, by table.Key) table.Op {
	op := put(key, "1", "")
	op.Item.By = by
	return op
}

func listsBy(t *testing.T, tab table.Table) {
	day := func(sk string) table.Key { return table.Key{PK: "AUDIT#springfield#2026-11-22", SK: sk} }
	write(t, tab,
		indexed(table.K("AUDIT", "z").At("first"), day("09:00")),
		indexed(table.K("AUDIT", "a").At("last"), day("17:00")),
		indexed(table.K("AUDIT", "m").At("middle"), day("12:00")),
		indexed(table.K("AUDIT", "m").At("elsewhere"), table.Key{PK: "AUDIT#shelbyville#2026-11-22", SK: "1"}),
		put(table.K("AUDIT", "n").At("nowhere"), "1", ""))
	r := table.Range{Index: table.By, Partition: day("").PK, Limit: 10}
	got := all(t, tab, r)
	wantKeys(t, got, "first", "middle", "last")
	wantItem(t, got[0], table.Item{Key: table.K("AUDIT", "z").At("first")})
	r.Newest = true
	wantKeys(t, all(t, tab, r), "last", "middle", "first")
	r.Prefix = "1"
	wantKeys(t, all(t, tab, r), "last", "middle")
}

func listsByPages(t *testing.T, tab table.Table) {
	want := make([]string, 250)
	fill(t, tab, len(want), func(i int) table.Op {
		want[i] = fmt.Sprintf("%04d", i)
		key := table.K("REQUEST", fmt.Sprint(997*i%250)).At(want[i])
		return indexed(key, table.Key{PK: "DAY", SK: "r" + want[i]})
	})
	r := table.Range{Index: table.By, Partition: "DAY", Prefix: "r", Limit: 23}
	wantKeys(t, all(t, tab, r), want...)
	slices.Reverse(want)
	r.Newest = true
	wantKeys(t, all(t, tab, r), want...)
}

func listsByTies(t *testing.T, tab table.Table) {
	var want []string
	for _, pk := range []string{"a", "ab", "b"} {
		for _, sk := range []string{"1", "10", "2"} {
			write(t, tab, indexed(table.Key{PK: pk, SK: pk + sk}, table.Key{PK: "DAY", SK: "same"}))
			want = append(want, pk+sk)
		}
	}
	write(t, tab, indexed(table.Key{PK: "a", SK: "longer"}, table.Key{PK: "DAY", SK: "same!"}))
	want = append(want, "longer")
	for _, limit := range []int{1, 2, 100} {
		wantKeys(t, all(t, tab, table.Range{Index: table.By, Partition: "DAY", Limit: limit}), want...)
	}
}

func listsByLeft(t *testing.T, tab table.Table) {
	key := table.K("REQUEST", "a")
	r := table.Range{Index: table.By, Partition: "DAY", Limit: 10}
	write(t, tab, indexed(key, table.Key{PK: "DAY", SK: "1"}))
	moved := put(key, "2", "1")
	moved.Item.By = table.Key{PK: "DAY", SK: "2"}
	write(t, tab, moved)
	wantKeys(t, all(t, tab, r), "-")
	write(t, tab, put(key, "3", "2"))
	wantKeys(t, all(t, tab, r))
}

func listsScripts(t *testing.T, tab table.Table) {
	want := []string{"A", "Z", "a", "z", "é", "Ж", "學", "😀"}
	for _, i := range []int{5, 2, 7, 0, 6, 3, 1, 4} {
		op := indexed(table.K("NAME", "n").At(want[i]), table.Key{PK: "DAY", SK: want[i]})
		write(t, tab, op)
	}
	for _, r := range []table.Range{{Partition: table.K("NAME", "n").PK, Limit: 3}, {Index: table.By, Partition: "DAY", Limit: 3}} {
		wantKeys(t, all(t, tab, r), want...)
	}
}
