package dynamo_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/dynamo"
	"github.com/sparekey/sparekey/infra/dynamo/dynamotest"
	"github.com/sparekey/sparekey/shared/table"
)

var update = flag.Bool("update", false, "rewrite docs/capacity.md")

// units is what DynamoDB charges for: strongly consistent reads of 4 KB count 1,
// of an index half; writes of 1 KB count 1, in a transaction 2.
type units struct {
	calls                int
	read, write, indexes float64
}

// meter asks with each request what it consumed, and adds it up.
type meter struct {
	client
	mu  sync.Mutex
	all units
}

type consumed struct {
	CapacityUnits          float64
	GlobalSecondaryIndexes map[string]struct{ CapacityUnits float64 }
}

func (m *meter) Do(r *http.Request) (*http.Response, error) {
	if err := askConsumed(r); err != nil {
		return nil, err
	}
	response, err := m.client.Do(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return response, m.add(r.Header.Get("X-Amz-Target"), body)
}

func askConsumed(r *http.Request) error {
	var body map[string]any
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return err
	}
	body["ReturnConsumedCapacity"] = "INDEXES"
	asking, err := json.Marshal(body)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(asking)), int64(len(asking))
	return err
}

// add reads one ConsumedCapacity, or a list of one for each table.
func (m *meter) add(target string, body []byte) error {
	var answer struct{ ConsumedCapacity json.RawMessage }
	if err := json.Unmarshal(body, &answer); err != nil {
		return err
	}
	list := answer.ConsumedCapacity
	if !bytes.HasPrefix(list, []byte("[")) {
		list = fmt.Appendf(nil, "[%s]", list)
	}
	var tables []consumed
	if err := json.Unmarshal(list, &tables); err != nil {
		return fmt.Errorf("%s says not what it consumed: %w", target, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all.calls++
	for _, c := range tables {
		if strings.HasSuffix(target, "GetItem") || strings.HasSuffix(target, "Query") {
			m.all.read += c.CapacityUnits
			continue
		}
		m.all.write += c.CapacityUnits
		for _, index := range c.GlobalSecondaryIndexes {
			m.all.indexes += index.CapacityUnits
		}
	}
	return nil
}

// sized is a put of an item whose body makes it about so many KB, below the round
// number, in the indexes named.
func sized(k table.Key, version, was string, kilobytes int, indexes string) table.Op {
	op := put(k, version, was)
	op.Item.Body = fmt.Appendf(nil, `{"text":%q}`, strings.Repeat("x", kilobytes<<10-330))
	op.Item.Expires = noon
	if strings.Contains(indexes, "due") {
		op.Item.Due = table.Due{Queue: "REQUEST", At: noon}
	}
	if strings.Contains(indexes, "later") {
		op.Item.Due.At = noon.Add(time.Minute)
	}
	if strings.Contains(indexes, "by") {
		op.Item.By = table.Key{PK: "REQUEST#springfield#2026-11-22", SK: "12:00:00"}
	}
	return op
}

// costs are the port's calls and what they consume by DynamoDB's published rule.
// That the emulator says the same is what the test proves; so a difference is a
// change of ours, or a mistake of the emulator's.
var costs = []struct {
	call  string
	given []table.Op // written before, not counted
	do    func(*testing.T, table.Table) error
	rule  units
}{
	{"Get of one that is absent", nil, gets(1), units{1, 1, 0, 0}},
	{"Get of one, 1 KB", numbered(1, 1, ""), gets(1), units{1, 1, 0, 0}},
	{"Get of one, 5 KB", numbered(1, 5, ""), gets(1), units{1, 2, 0, 0}},
	{"Get of five, 1 KB each", numbered(5, 1, ""), gets(5), units{1, 5, 0, 0}},
	{"Get of five that are absent", nil, gets(5), units{1, 5, 0, 0}},
	{"Write: check of one", numbered(1, 1, ""), writes(check(numberedKey(0), "1")), units{1, 1, 0, 0}},
	{"Write: put of a fresh item, 1 KB", nil, writes(numbered(1, 1, "")...), units{1, 0, 1, 0}},
	{"Write: put of a fresh item, 1 KB, due", nil, writes(numbered(1, 1, "due")...), units{1, 0, 2, 1}},
	{"Write: put of a fresh item, 1 KB, in by", nil, writes(numbered(1, 1, "by")...), units{1, 0, 2, 1}},
	{"Write: put of a fresh item, 1 KB, due and in by", nil, writes(numbered(1, 1, "due by")...), units{1, 0, 3, 2}},
	{"Write: put of a fresh item, 3 KB, due and in by", nil, writes(numbered(1, 3, "due by")...), units{1, 0, 5, 2}},
	{"Write: replace, 1 KB", numbered(1, 1, ""), writes(replacing("")), units{1, 0, 1, 0}},
	{"Write: replace, 3 KB by 1 KB", numbered(1, 3, ""), writes(replacing("")), units{1, 0, 3, 0}},
	{"Write: replace, due and in by as before", numbered(1, 1, "due by"), writes(replacing("due by")), units{1, 0, 1, 0}},
	{"Write: replace, due later (a claim)", numbered(1, 1, "due by"), writes(replacing("due later by")), units{1, 0, 3, 2}},
	{"Write: replace, due no more", numbered(1, 1, "due by"), writes(replacing("by")), units{1, 0, 2, 1}},
	{"Write: delete, 1 KB", numbered(1, 1, ""), writes(drop(numberedKey(0), "1")), units{1, 0, 1, 0}},
	{"Write: delete, 1 KB, due and in by", numbered(1, 1, "due by"), writes(drop(numberedKey(0), "1")), units{1, 0, 3, 2}},
	{"Write: transaction of five fresh puts, 1 KB", nil, writes(numbered(5, 1, "")...), units{1, 0, 10, 0}},
	{
		"Write: transaction of two fresh puts (one due and in by), a replace, a delete, a check", numbered(3, 1, ""),
		writes(replacing(""), drop(numberedKey(1), "1"), check(numberedKey(2), "1"),
			sized(numberedKey(7), "2", "", 1, ""), sized(numberedKey(8), "2", "", 1, "due by")),
		units{1, 0, 12, 2},
	},
	{"Count, first or later", nil, counting, units{1, 0, 1, 0}},
	{"List of a partition, 25 items of 1 KB", parted(25), lists(table.Primary, 25), units{1, 5, 0, 0}},
	{"List of a partition, nothing there", nil, lists(table.Primary, 25), units{1, 1, 0, 0}},
	{"List of by, 25 rows", numbered(25, 1, "by"), lists(table.By, 25), units{1, 0.5, 0, 0}},
	{"List of due, nothing due", nil, lists(table.ByDue, 25), units{8, 4, 0, 0}},
	{"List of due, 25 rows", numbered(25, 1, "due"), lists(table.ByDue, 25), units{8, 4, 0, 0}},
	{"List of due, 100 rows", numbered(100, 1, "due"), lists(table.ByDue, 100), units{8, 4, 0, 0}},
}

func numberedKey(i int) table.Key { return table.K("REQUEST", fmt.Sprintf("%08d", i)) }

func numbered(n, kilobytes int, indexes string) []table.Op {
	ops := make([]table.Op, n)
	for i := range ops {
		ops[i] = sized(numberedKey(i), "1", "", kilobytes, indexes)
	}
	return ops
}

func parted(n int) []table.Op {
	ops := make([]table.Op, n)
	for i := range ops {
		ops[i] = sized(table.K("ACCOUNT", "a").At(fmt.Sprint(i)), "1", "", 1, "")
	}
	return ops
}

func replacing(indexes string) table.Op {
	return sized(numberedKey(0), "2", "1", 1, indexes)
}

func gets(n int) func(*testing.T, table.Table) error {
	return func(t *testing.T, tab table.Table) error {
		keys := make([]table.Key, n)
		for i := range keys {
			keys[i] = numberedKey(i)
		}
		_, err := tab.Get(t.Context(), keys...)
		return err
	}
}

func writes(ops ...table.Op) func(*testing.T, table.Table) error {
	return func(t *testing.T, tab table.Table) error { return tab.Write(t.Context(), ops...) }
}

func counting(t *testing.T, tab table.Table) error {
	_, err := tab.Count(t.Context(), table.K("COUNT", "a").At("12:00"), 1, noon)
	return err
}

func lists(index table.Index, limit int) func(*testing.T, table.Table) error {
	partition := map[table.Index]string{
		table.Primary: "ACCOUNT#a", table.By: "REQUEST#springfield#2026-11-22", table.ByDue: "REQUEST",
	}[index]
	return func(t *testing.T, tab table.Table) error {
		_, _, err := tab.List(t.Context(), table.Range{Index: index, Partition: partition, Until: noon, Limit: limit})
		return err
	}
}

const capacityFile = "../../docs/capacity.md"

const capacityHead = `# What the table consumes

Capacity units of each call of the table port on DynamoDB, on demand. Written by a test, which asks for what each request consumed
and compares it with the published rule: ` + "`SPAREKEY_TEST_AWS=1 go test ./infra/dynamo -run Capacity -update`" + `.

A read costs a unit for each 4 KB, half of that along an index, which cannot be read consistently; nothing found costs as much as
the least. A write costs a unit for each KB of the larger, the item before and the item after; in a transaction two, also for a
check. An index costs a unit for a row that comes or goes, two for one that moves, none for one that stays. Sizes are of the whole
item: "1 KB" is some 900 bytes with the names of the attributes and the indexes' keys.

Not in the table: a write whose condition fails consumes too, by the size of the item that is there, and a transaction that is
canceled does. The broom and the stream to Lambda cost nothing.

| call | requests | read units | write units | of these, on indexes |
|---|--:|--:|--:|--:|
`

func TestCapacityIsWhatThePublishedRuleSays(t *testing.T) {
	page := capacityHead
	for _, c := range costs {
		t.Run(c.call, func(t *testing.T) {
			got := measure(t, c.given, c.do)
			if got != c.rule {
				t.Errorf("got %+v, want %+v", got, c.rule)
			}
			page += fmt.Sprintf("| %s | %d | %v | %v | %v |\n", c.call, got.calls, got.read, got.write, got.indexes)
		})
	}
	if os.Getenv("SPAREKEY_TEST_AWS") != "1" {
		return // nothing was measured
	}
	if *update {
		if err := os.WriteFile(capacityFile, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	stored, err := os.ReadFile(capacityFile)
	if err != nil || string(stored) != page {
		t.Errorf("docs/capacity.md is not what was measured (%v); run with -update and review", err)
	}
}

func measure(t *testing.T, given []table.Op, do func(*testing.T, table.Table) error) units {
	t.Helper()
	config := dynamotest.Config(t)
	m := &meter{client: config.HTTP}
	if len(given) > 0 {
		if err := dynamo.Open(config).Write(t.Context(), given...); err != nil {
			t.Fatal(err)
		}
	}
	config.HTTP = m
	if err := do(t, dynamo.Open(config)); err != nil {
		t.Fatal(err)
	}
	return m.all
}
