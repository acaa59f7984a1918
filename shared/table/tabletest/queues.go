package tabletest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sparekey/sparekey/shared/table"
)

var queues = map[string]promise{
	"a queue holds only what owes":                                      owesOnly,
	"what is due at the moment asked for is due, a moment later is not": owesUntil,
	"a queue is sorted by the moment due, to the nanosecond":            owesSorted,
	"a queue's rows carry the key and the moment":                       owesRows,
	"a queue pages over hundreds of rows, none missed or doubled":       owesPages,
	"a queue's cursor holds its place while items come and go":          owesSteady,
	"items due at the same moment are told apart":                       owesTies,
	"an item leaves the queue when its debt is cleared":                 owesNoMore,
	"an item moves when it is due later":                                owesLater,
	"an item deleted owes nothing":                                      owesDeleted,
}

// owing is an op on an item that owes something.
func owing(sk, queue string, at time.Time) table.Op {
	op := put(table.K("REQUEST", sk).At(sk), "1", "")
	op.Item.Due = table.Due{Queue: queue, At: at}
	return op
}

func due(queue string, until time.Time) table.Range {
	return table.Range{Index: table.ByDue, Partition: queue, Until: until, Limit: 50}
}

func owesOnly(t *testing.T, tab table.Table) {
	write(t, tab, owing("a", "REQUEST", noon), owing("b", "NOTICE", noon), put(table.K("REQUEST", "c"), "1", ""))
	wantKeys(t, all(t, tab, due("REQUEST", noon)), "a")
	wantKeys(t, all(t, tab, due("NOTICE", noon)), "b")
	wantKeys(t, all(t, tab, due("CHANGE", noon)))
}

func owesUntil(t *testing.T, tab table.Table) {
	write(t, tab, owing("a", "REQUEST", noon.Add(-time.Hour)), owing("b", "REQUEST", noon), owing("c", "REQUEST", noon.Add(1)))
	wantKeys(t, all(t, tab, due("REQUEST", noon.Add(-2*time.Hour))))
	wantKeys(t, all(t, tab, due("REQUEST", noon.Add(-1))), "a")
	wantKeys(t, all(t, tab, due("REQUEST", noon)), "a", "b")
	wantKeys(t, all(t, tab, due("REQUEST", noon.Add(1).In(time.FixedZone("far west", -9*3600)))), "a", "b", "c")
	wantKeys(t, all(t, tab, due("REQUEST", time.Time{})))
}

func owesSorted(t *testing.T, tab table.Table) {
	whole := noon.Truncate(time.Second)
	zone := time.FixedZone("far east", 9*3600)
	moments := []time.Time{whole.Add(-time.Second), whole, whole.Add(1), whole.Add(10).In(zone), whole.Add(1e8), whole.Add(time.Second)}
	var want []string
	for i := range moments {
		want = append(want, fmt.Sprint(i))
	}
	for _, i := range []int{3, 0, 5, 2, 4, 1} {
		write(t, tab, owing(want[i], "REQUEST", moments[i]))
	}
	wantKeys(t, all(t, tab, due("REQUEST", noon.Add(time.Hour))), want...)
}

func owesRows(t *testing.T, tab table.Table) {
	op := owing("a", "REQUEST", noon)
	op.Item.By, op.Item.Expires = table.Key{PK: "DAY", SK: "1"}, noon
	write(t, tab, op)
	got := all(t, tab, due("REQUEST", noon))
	if len(got) != 1 {
		t.Fatalf("got %d rows, want one", len(got))
	}
	wantItem(t, got[0], table.Item{Key: op.Item.Key, Due: op.Item.Due})
}

// owesPages keeps to few moments, so that pages end in the middle of ties.
func owesPages(t *testing.T, tab table.Table) {
	moments := map[string]time.Time{}
	fill(t, tab, 500, func(i int) table.Op {
		sk := fmt.Sprintf("%03d", i)
		moments[sk] = noon.Add(time.Duration(i*7919%20) * time.Second)
		return owing(sk, "REQUEST", moments[sk])
	})
	for _, limit := range []int{9, 100, 1000} {
		r := due("REQUEST", noon.Add(time.Hour))
		r.Limit = limit
		rows := all(t, tab, r)
		seen := map[string]bool{}
		for i, row := range rows {
			seen[row.SK] = true
			if i > 0 && moments[row.SK].Before(moments[rows[i-1].SK]) {
				t.Errorf("limit %d: row %d is due before the one before it", limit, i)
			}
		}
		if len(rows) != 500 || len(seen) != 500 {
			t.Errorf("limit %d: got %d rows, %d of them different; want 500", limit, len(rows), len(seen))
		}
	}
}

// owesSteady works a queue off as the courier does: each page's items are put
// back for later, and others arrive; what stood behind the cursor all the time
// comes exactly once.
func owesSteady(t *testing.T, tab table.Table) {
	fill(t, tab, 60, func(i int) table.Op {
		return owing(fmt.Sprintf("%03d", i), "REQUEST", noon.Add(time.Duration(i)*time.Second))
	})
	dice, seen := rand.New(rand.NewPCG(3, 4)), map[string]int{}
	r := due("REQUEST", noon.Add(time.Hour))
	for r.Limit = 7; ; {
		rows, next, err := tab.List(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			seen[row.SK]++
			later := owing(row.SK, "REQUEST", noon.Add(2*time.Hour))
			later.Item.Version, later.Was = "2", "1"
			write(t, tab, later)
		}
		write(t, tab, owing(fmt.Sprint("new", len(seen)), "REQUEST", noon.Add(-time.Duration(dice.IntN(100))*time.Second)))
		if r.After = next; next == "" {
			break
		}
	}
	for i := range 60 {
		if got := seen[fmt.Sprintf("%03d", i)]; got != 1 {
			t.Errorf("%03d: got it %d times, want once", i, got)
		}
	}
}

func owesTies(t *testing.T, tab table.Table) {
	want := make([]string, 40)
	fill(t, tab, len(want), func(i int) table.Op {
		want[i] = fmt.Sprintf("%03d", i)
		return owing(want[i], "REQUEST", noon)
	})
	r := due("REQUEST", noon)
	r.Limit = 3
	wantKeys(t, all(t, tab, r), want...)
}

func owesNoMore(t *testing.T, tab table.Table) {
	op := owing("a", "REQUEST", noon)
	write(t, tab, op)
	write(t, tab, put(op.Item.Key, "2", "1"))
	wantKeys(t, all(t, tab, due("REQUEST", noon)))
	op = owing("a", "NOTICE", noon)
	op.Item.Version, op.Was = "3", "2"
	write(t, tab, op)
	wantKeys(t, all(t, tab, due("NOTICE", noon)), "a")
	wantKeys(t, all(t, tab, due("REQUEST", noon)))
}

func owesLater(t *testing.T, tab table.Table) {
	op := owing("a", "REQUEST", noon)
	write(t, tab, op, owing("b", "REQUEST", noon.Add(time.Second)))
	op.Item.Due.At, op.Item.Version, op.Was = noon.Add(time.Minute), "2", "1"
	write(t, tab, op)
	wantKeys(t, all(t, tab, due("REQUEST", noon.Add(time.Second))), "b")
	wantKeys(t, all(t, tab, due("REQUEST", noon.Add(time.Minute))), "b", "a")
}

func owesDeleted(t *testing.T, tab table.Table) {
	op := owing("a", "REQUEST", noon)
	write(t, tab, op)
	write(t, tab, drop(op.Item.Key, "1"))
	wantKeys(t, all(t, tab, due("REQUEST", noon)))
}
