package dynamo_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/table"
)

func responds(items, unprocessed string) answer {
	if unprocessed != "" {
		unprocessed = `"sparekey":{"ConsistentRead":true,"Keys":[` + unprocessed + `]}`
	}
	return says(http.StatusOK, fmt.Sprintf(`{"Responses":{"sparekey":[%s]},"UnprocessedKeys":{%s}}`, items, unprocessed))
}

func keyJSON(k table.Key) string { return fmt.Sprintf(`{"PK":{"S":%q},"SK":{"S":%q}}`, k.PK, k.SK) }

func TestWhatABatchLeavesUnprocessedIsReadAgain(t *testing.T) {
	tab, w := over(t, responds("", keyJSON(token)+","+keyJSON(state)), responds(stored(state, "s"), keyJSON(token)), responds(stored(token, "t"), ""))
	items, err := tab.Get(t.Context(), token, state)
	if err != nil || len(items) != 2 || items[0].Version != "t" || items[1].Version != "s" {
		t.Fatalf("got %v, %v", items, err)
	}
	if last := w.calls[2].body; strings.Contains(last, "STATE") || !strings.Contains(last, `"ConsistentRead":true`) {
		t.Errorf("got %s, want what was left", last)
	}
}

func TestABatchThatStaysUnprocessedWasThrottled(t *testing.T) {
	tab, w := over(t, responds("", keyJSON(token)))
	_, err := tab.Get(t.Context(), token, state)
	wantError(t, err, port.ErrThrottled)
	if len(w.calls) != 4 {
		t.Errorf("got %d tries, want 4", len(w.calls))
	}
}

func TestManyKeysAreReadAHundredAtATime(t *testing.T) {
	keys := make([]table.Key, 201)
	for i := range keys {
		keys[i] = table.K("TOKEN", fmt.Sprint(i))
	}
	tab, w := over(t, responds("", ""))
	if _, err := tab.Get(t.Context(), keys...); err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, c := range w.calls {
		got = append(got, strings.Count(c.body, `"PK"`))
	}
	if want := []int{100, 100, 1}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func dueRow(at, pk string) string {
	return fmt.Sprintf(`{"PK":{"S":%q},"SK":{"S":"-"},"dueAt":{"S":"2026-11-22T11:00:0%s.000000000Z\u0001%s\u0001-"}}`, pk, at, pk)
}

func duePage(rows []string, more bool) answer {
	last := ""
	if more {
		last = `,"LastEvaluatedKey":` + rows[len(rows)-1]
	}
	return says(http.StatusOK, `{"Items":[`+strings.Join(rows, ",")+`]`+last+`}`)
}

// A shard may stop short of its page, because its rows are long. What the others
// hold beyond that must wait, or what the shard has kept back would be passed
// over for ever.
func TestAShardThatStopsShortHoldsTheOthersBack(t *testing.T) {
	short := duePage([]string{dueRow("1", "a"), dueRow("3", "c")}, true)
	whole := duePage([]string{dueRow("2", "b"), dueRow("4", "d")}, false)
	empty := duePage(nil, false)
	tab, w := over(t, short, whole, empty)
	page, next, err := tab.List(t.Context(), table.Range{Index: table.ByDue, Partition: "REQUEST", Until: noon, Limit: 10})
	if err != nil || next == "" {
		t.Fatalf("got next %q, %v", next, err)
	}
	var got []string
	for _, row := range page {
		got = append(got, row.PK)
	}
	if want := []string{"a", "b", "c"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(w.calls) != 8 {
		t.Errorf("got %d queries, want one for each shard", len(w.calls))
	}
}

func TestReadsAreConsistentWhereTheyCanBe(t *testing.T) {
	for name, do := range readings {
		tab, w := over(t, fine)
		if err := do(t.Context(), tab); err != nil {
			t.Fatal(err)
		}
		index := name == "list by" || name == "list due"
		if got := strings.Contains(w.calls[0].body, `"ConsistentRead":true`); got == index {
			t.Errorf("%s: got consistent %t", name, got)
		}
	}
}
