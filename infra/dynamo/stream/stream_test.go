package stream_test

import (
	"crypto/rand"
	"fmt"
	"slices"
	"testing"

	"github.com/sparekey/sparekey/infra/dynamo"
	"github.com/sparekey/sparekey/infra/dynamo/dynamotest"
	"github.com/sparekey/sparekey/infra/dynamo/stream"
	"github.com/sparekey/sparekey/shared/table"
)

type thing struct{ N int }

// read reads on until there is nothing more, and tells events and keys.
func read(t *testing.T, r *stream.Reader) (all []string) {
	t.Helper()
	for {
		some, err := r.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(some) == 0 {
			return all
		}
		for _, c := range some {
			all = append(all, c.Event+" "+c.Key.PK+" "+c.Key.SK)
		}
	}
}

func TestEveryChangeIsToldOnceAndInOrder(t *testing.T) {
	config := dynamotest.Config(t)
	store := table.Store{Table: dynamo.Open(config), Rand: rand.Reader}
	var want []string
	put := func(from, until int) {
		for n := from; n < until; n++ {
			row := table.New(table.K("THING", fmt.Sprint(n)), thing{N: n})
			if err := store.Write(t.Context(), row.Put()); err != nil {
				t.Fatal(err)
			}
			want = append(want, "INSERT "+row.PK+" -")
		}
	}
	put(0, 5)
	r, err := stream.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, r); !slices.Equal(got, want) {
		t.Errorf("from before it was opened: got %q, want %q", got, want)
	}
	want = nil
	put(5, 1505) // more than one page
	_, _, err = table.Amend(t.Context(), store, table.K("THING", "7"), func(row *table.Row[thing]) bool {
		row.Value.N = -1
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, "MODIFY THING#7 -")
	if got := read(t, r); !slices.Equal(got, want) {
		t.Errorf("got %d changes, want %d", len(got), len(want))
	}
	if got := read(t, r); len(got) != 0 {
		t.Errorf("told twice: %q", got)
	}
}

func TestATableThatIsNotThereHasNoStream(t *testing.T) {
	config := dynamotest.Config(t)
	config.Table = "nowhere"
	if _, err := stream.Open(t.Context(), config); err == nil {
		t.Error("opened")
	}
}
