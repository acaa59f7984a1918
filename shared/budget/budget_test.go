package budget_test

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/shared/budget"
	"github.com/sparekey/sparekey/shared/table"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestPaying(t *testing.T) {
	t.Parallel()
	const minute = time.Minute
	type step struct {
		after time.Duration
		ok    bool
	}
	ten := make([]step, 10, 12)
	for i := range ten {
		ten[i].ok = true
	}
	for _, c := range []struct {
		name  string
		rule  budget.Rule
		steps []step
	}{
		{"no second within a minute", budget.PerAccount, []step{{0, true}, {minute - 1, false}, {1, true}}},
		{"three at once", budget.PerAccount, []step{{0, true}, {minute, true}, {minute, true}, {minute, false}, {80 * minute, false}}},
		{"one back after ninety minutes, and no two", budget.PerAccount, []step{{0, true}, {minute, true}, {minute, true}, {88*minute - 1, false}, {1, true}, {minute, false}, {89 * minute, true}}},
		{"a refusal costs nothing", budget.PerAccount, []step{{0, true}, {1, false}, {1, false}, {minute - 2, true}, {minute, true}}},
		{"full again after four and a half hours, and no fuller", budget.PerAccount, []step{{0, true}, {minute, true}, {minute, true}, {30 * 24 * time.Hour, true}, {minute, true}, {minute, true}, {minute, false}}},
		{"ten at once to one address", budget.PerDestination, append(ten, step{0, false}, step{15 * minute, true}, step{0, false})},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var b budget.Bucket
			now := noon
			for i, s := range c.steps {
				now = now.Add(s.after)
				after, ok := b.Pay(c.rule, now)
				if ok != s.ok {
					t.Fatalf("step %d, %v after the first: paid %t, want %t", i+1, now.Sub(noon), ok, s.ok)
				}
				if !ok && after != b {
					t.Fatalf("step %d: a refusal changed the bucket", i+1)
				}
				b = after
			}
		})
	}
}

func TestABucketIsSpentOnce(t *testing.T) {
	t.Parallel()
	rows := embedded.NewTable()
	store := table.Store{Table: rows, Rand: rand.Reader}
	key := budget.AccountKey("springfield", "a1", "reset")
	items, err := store.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	first, ok, err := budget.Spend(items[0], budget.PerAccount, noon)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	second, ok, err := budget.Spend(items[0], budget.PerAccount, noon)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if err := store.Write(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if err := store.Write(t.Context(), second); err == nil {
		t.Error("two paid from one reading")
	}
	items, err = store.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, _ := budget.Spend(items[0], budget.PerAccount, noon); ok {
		t.Error("a second within a minute is paid")
	}
	if want := noon.Add(90 * time.Minute); !items[0].Expires.Equal(want) {
		t.Errorf("expires %v, want %v", items[0].Expires, want)
	}
	if budget.AccountKey("springfield", "a1", "activation") == key || budget.AccountKey("shelbyville", "a1", "reset") == key {
		t.Error("two kinds, or two districts, share a bucket")
	}
}
