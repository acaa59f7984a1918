package embedded_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/table/tabletest"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestTableKeepsTheContract(t *testing.T) {
	tabletest.Run(t, func(*testing.T) table.Table { return embedded.NewTable() })
}

func item(key table.Key, version string) table.Item { return table.Item{Key: key, Version: version} }

func put(i table.Item, was string) table.Op { return table.Op{Act: table.Put, Item: i, Was: was} }

func write(t *testing.T, tab *embedded.Table, ops ...table.Op) {
	t.Helper()
	if err := tab.Write(t.Context(), ops...); err != nil {
		t.Fatal(err)
	}
}

func TestTheFeedTellsWhatAWriteMade(t *testing.T) {
	tab := embedded.NewTable()
	var fed []table.Key
	tab.Feed = func(keys []table.Key) {
		fed = append(fed, keys...)
		if len(tab.Dump()) == 0 {
			t.Error("the feed came before the write")
		}
	}
	a, b := table.K("REQUEST", "a"), table.K("NOTICE", "b")
	for range 2 { // the second time it is done already
		write(t, tab, put(item(a, "1"), ""), put(item(b, "1"), ""))
	}
	write(t, tab, put(item(a, "2"), "1"))
	if tab.Write(t.Context(), put(item(table.K("NOTICE", "c"), "3"), ""), put(item(a, "3"), "1")) == nil {
		t.Error("a lost race was won")
	}
	if want := []table.Key{a, b}; !slices.Equal(fed, want) {
		t.Errorf("got %v, want %v", fed, want)
	}
}

func TestDumpShowsEverythingSorted(t *testing.T) {
	tab := embedded.NewTable()
	write(t, tab, put(item(table.K("B").At("2"), "1"), ""), put(item(table.K("B").At("1"), "1"), ""))
	if _, err := tab.Count(t.Context(), table.K("A"), 5, noon); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range tab.Dump() {
		got = append(got, i.PK+" "+i.SK+" "+string(i.Body))
	}
	if want := []string{`A - {"count":5}`, "B 1 ", "B 2 "}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTheBroomTakesWhatExpiredBeforeNow(t *testing.T) {
	tab := embedded.NewTable()
	for i, expires := range []time.Time{{}, noon.Add(-time.Second), noon, noon.Add(time.Second)} {
		one := item(table.K("TOKEN", fmt.Sprint(i)), "1")
		one.Expires = expires
		one.Due = table.Due{Queue: "REQUEST", At: noon}
		write(t, tab, put(one, ""))
	}
	if _, err := tab.Count(t.Context(), table.K("COUNT"), 5, noon.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := tab.Sweep(noon); got != 2 {
		t.Errorf("got %d swept, want 2", got)
	}
	if got := len(tab.Dump()); got != 3 {
		t.Errorf("got %d left, want 3", got)
	}
	if sum, err := tab.Count(t.Context(), table.K("COUNT"), 1, noon); sum != 1 || err != nil {
		t.Errorf("got %d, %v; want a counter that begins again", sum, err)
	}
}

func TestNextDueIsTheEarliestOfAllQueues(t *testing.T) {
	tab := embedded.NewTable()
	if at, owed := tab.NextDue(); owed {
		t.Errorf("got %v, want nothing owed", at)
	}
	for i, queue := range []string{"REQUEST", "NOTICE", "CHANGE"} {
		one := item(table.K(queue), "1")
		one.Due = table.Due{Queue: queue, At: noon.Add(time.Duration(i*2%3) * time.Minute)}
		write(t, tab, put(one, ""))
	}
	for _, want := range []time.Duration{0, time.Minute, 2 * time.Minute} {
		at, owed := tab.NextDue()
		if !owed || !at.Equal(noon.Add(want)) {
			t.Errorf("got %v %t, want %v", at, owed, noon.Add(want))
		}
		for _, i := range tab.Dump() {
			if i.Due.At.Equal(at) {
				write(t, tab, table.Op{Act: table.Delete, Item: i, Was: i.Version})
			}
		}
	}
}

// A local run holds demo districts and a simulated one holds more. Scanning for
// each row would take minutes here.
func TestAHundredThousandRowsAreNoBurden(t *testing.T) {
	const rows = 100_000
	tab := embedded.NewTable()
	for i := range rows {
		one := item(table.K("REQUEST", "r").At(fmt.Sprintf("%06d", i*7919%rows)), "1")
		one.Due = table.Due{Queue: "REQUEST", At: noon.Add(time.Duration(i*31%rows) * time.Second)}
		write(t, tab, put(one, ""))
	}
	for i := range rows {
		want := noon.Add(time.Duration(i) * time.Second)
		at, _ := tab.NextDue()
		due, _, err := tab.List(t.Context(), table.Range{Index: table.ByDue, Partition: "REQUEST", Until: at, Limit: 10})
		if err != nil || len(due) != 1 || !at.Equal(want) {
			t.Fatalf("got %d due at %v, %v; want one at %v", len(due), at, err, want)
		}
		write(t, tab, put(item(due[0].Key, "2"), "1"))
	}
	page, next, err := tab.List(t.Context(), table.Range{Partition: "REQUEST#r", Limit: 1000, Newest: true})
	if err != nil || len(page) != 1000 || next == "" || page[0].SK != "099999" {
		t.Errorf("got %d rows, next %q, %v", len(page), next, err)
	}
}
