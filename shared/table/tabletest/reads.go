package tabletest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/shared/table"
)

var reads = map[string]promise{
	"items come in the order of the keys, absent ones with their key alone": getsInOrder,
	"the same key twice is read twice":                                      getsTwice,
	"many items are read at once":                                           getsMany,
	"no keys, no items":                                                     getsNothing,
	"everything that was stored comes back":                                 keepsAll,
	"a big body comes back whole":                                           keepsBig,
	"what an item was stored without comes back as nothing":                 keepsLittle,
	"keys and bodies may be in any script":                                  keepsScripts,
	"an expired item is returned until the broom comes":                     keepsExpired,
	"what a caller does to an item stays with the caller":                   givesCopies,
	"a call whose context is over fails as the port says":                   obeysContext,
}

func getsInOrder(t *testing.T, tab table.Table) {
	a, b, c := table.K("TOKEN", "a"), table.K("TOKEN", "b"), table.K("TOKEN", "b").At("other")
	write(t, tab, put(a, "1", ""), put(c, "3", ""))
	for _, keys := range [][]table.Key{{a, b, c}, {c, b, a}, {b}, {c}} {
		items, err := tab.Get(t.Context(), keys...)
		if err != nil || len(items) != len(keys) {
			t.Fatalf("got %d items, %v; want %d", len(items), err, len(keys))
		}
		for i, item := range items {
			want := map[table.Key]string{a: "1", c: "3"}[keys[i]]
			if item.Key != keys[i] || item.Version != want || item.Exists() != (want != "") {
				t.Errorf("at %d: got %v at %q, want %v at %q", i, item.Key, item.Version, keys[i], want)
			}
		}
	}
	wantItem(t, get(t, tab, b), table.Item{Key: b})
}

func getsTwice(t *testing.T, tab table.Table) {
	a := table.K("TOKEN", "a")
	write(t, tab, put(a, "1", ""))
	items, err := tab.Get(t.Context(), a, a, table.K("TOKEN", "b"), a)
	if err != nil || len(items) != 4 {
		t.Fatalf("got %d items, %v; want 4", len(items), err)
	}
	for _, i := range []int{0, 1, 3} {
		wantItem(t, items[i], put(a, "1", "").Item)
	}
}

func getsMany(t *testing.T, tab table.Table) {
	keys, ops := make([]table.Key, 230), make([]table.Op, 230)
	for i := range keys {
		keys[i] = table.K("TOKEN", fmt.Sprint(i))
		ops[i] = put(keys[i], fmt.Sprint("v", i), "")
	}
	for i := 0; i < len(ops); i += 100 {
		write(t, tab, ops[i:min(i+100, len(ops))]...)
	}
	items, err := tab.Get(t.Context(), keys...)
	if err != nil || len(items) != len(keys) {
		t.Fatalf("got %d items, %v; want %d", len(items), err, len(keys))
	}
	for i := range items {
		wantItem(t, items[i], ops[i].Item)
	}
}

func getsNothing(t *testing.T, tab table.Table) {
	if items, err := tab.Get(t.Context()); len(items) != 0 || err != nil {
		t.Errorf("got %d items, %v; want none", len(items), err)
	}
}

func keepsAll(t *testing.T, tab table.Table) {
	item := table.Item{
		Key:     table.K("REQUEST", "springfield", "7").At("part"),
		Version: "0123456789abcdef0123456789abcdef",
		Body:    []byte(`{"text":"quote \" backslash \\ newline \n","n":1.50}`),
		Due:     table.Due{Queue: "REQUEST", At: noon.In(time.FixedZone("far east", 9*3600))},
		By:      table.Key{PK: "REQUEST#springfield#2026-11-22", SK: "12:00:00.5#7"},
		Expires: noon.Truncate(time.Second),
	}
	write(t, tab, table.Op{Act: table.Put, Item: item})
	got := get(t, tab, item.Key)
	wantItem(t, got, item)
	if got.Due.At.Location() != time.UTC || got.Expires.Location() != time.UTC {
		t.Errorf("got moments in %v and %v, want UTC", got.Due.At.Location(), got.Expires.Location())
	}
}

func keepsBig(t *testing.T, tab table.Table) {
	op := put(table.K("DISTRICT", "springfield"), "1", "")
	op.Item.Body = []byte(`{"text":"` + strings.Repeat("Zażółć 學校 ", 100<<10/22) + `"}`)
	write(t, tab, op, put(table.K("TOKEN", "a"), "1", ""))
	wantItem(t, get(t, tab, op.Item.Key), op.Item)
	op.Item.Version, op.Was = "2", "1"
	write(t, tab, op)
	wantItem(t, get(t, tab, op.Item.Key), op.Item)
}

func keepsLittle(t *testing.T, tab table.Table) {
	key := table.K("ONCE", "a")
	bare := table.Item{Key: key, Version: "1"}
	op := table.Op{Act: table.Put, Item: bare}
	op.Item.Body = []byte{}
	op.Item.Due.At, op.Item.By.SK = noon, "no partition"
	write(t, tab, op)
	got := get(t, tab, key)
	wantItem(t, got, bare)
	if got.Body != nil || !got.Expires.IsZero() || !got.Due.At.IsZero() {
		t.Errorf("got body %v, expires %v, due %v; want nothing", got.Body, got.Expires, got.Due)
	}
}

func keepsScripts(t *testing.T, tab table.Table) {
	for i, name := range []string{"maría josé", "王小明", "الطالب", "Дмитро", "ẹ̀kọ́", "😀 space", "a#b#c", "'\";--"} {
		key := table.K("USERNAME", "springfield", name).At(name)
		op := put(key, fmt.Sprint("v", i), "")
		op.Item.Body = fmt.Appendf(nil, `{"name":%q}`, name)
		write(t, tab, op)
		wantItem(t, get(t, tab, key), op.Item)
		wantChanged(t, tab.Write(t.Context(), put(key, "other", "")), map[table.Key]string{key: op.Item.Version})
	}
}

func keepsExpired(t *testing.T, tab table.Table) {
	op := put(table.K("TOKEN", "a"), "1", "")
	op.Item.Expires = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	write(t, tab, op)
	wantItem(t, get(t, tab, op.Item.Key), op.Item)
	wantChanged(t, tab.Write(t.Context(), put(op.Item.Key, "2", "")), map[table.Key]string{op.Item.Key: "1"})
}

func givesCopies(t *testing.T, tab table.Table) {
	op := put(table.K("TOKEN", "a"), "1", "")
	want := string(op.Item.Body)
	write(t, tab, op)
	spoil := func(body []byte) { clear(body) }
	spoil(op.Item.Body)
	spoil(get(t, tab, op.Item.Key).Body)
	items, _, err := tab.List(t.Context(), table.Range{Partition: op.Item.PK, Limit: 1})
	if err != nil || len(items) != 1 {
		t.Fatalf("got %d items, %v; want one", len(items), err)
	}
	spoil(items[0].Body)
	if got := string(get(t, tab, op.Item.Key).Body); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func obeysContext(t *testing.T, tab table.Table) {
	key := table.K("TOKEN", "a")
	_, err := tab.Get(ended(t), key)
	wantPortError(t, "get", err)
	_, _, err = tab.List(ended(t), table.Range{Partition: key.PK, Limit: 1})
	wantPortError(t, "list", err)
	_, err = tab.Count(ended(t), table.K("COUNT", "a"), 1, noon)
	wantPortError(t, "count", err)
	wantPortError(t, "write one", tab.Write(ended(t), put(key, "1", "")))
	wantPortError(t, "write two", tab.Write(ended(t), put(key, "1", ""), check(key.At("b"), "")))
	wantVersion(t, tab, key, "")
}
