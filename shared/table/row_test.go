package table_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/sparekey/sparekey/shared/table"
)

type state struct {
	Epoch  int      `json:"epoch"`
	Name   string   `json:"name"`
	Living []string `json:"living"`
}

func item(body string) table.Item { return table.Item{Key: here, Version: "v1", Body: []byte(body)} }

func read(t *testing.T, i table.Item) table.Row[state] {
	t.Helper()
	row, err := table.As[state](i)
	if err != nil {
		t.Fatal(err)
	}
	return row
}

func fields(t *testing.T, body []byte) map[string]string {
	t.Helper()
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for name, field := range raw {
		all[name] = string(field)
	}
	return all
}

func TestARowKeepsTheFieldsItDoesNotKnow(t *testing.T) {
	row := read(t, item(`{"epoch":7,"name":"old","living":["a"],"newer":{"deep":[1,2.50]},"also":null}`))
	row.Value = state{Epoch: 8}
	want := map[string]string{
		"epoch": "8", "name": `""`, "living": "null", // known ones are as the value says, zero or not
		"newer": `{"deep":[1,2.50]}`, "also": "null", // unknown ones are as they were
	}
	if got := fields(t, row.Put().Item.Body); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestARowIsPutBackOnlyUnchanged(t *testing.T) {
	for was, row := range map[string]table.Row[state]{
		"v1": read(t, item(`{"epoch":7}`)),
		"":   read(t, table.Item{Key: here}),
	} {
		row.Value.Name = "new"
		for act, op := range map[table.Act]table.Op{
			table.Put: row.Put(), table.Delete: row.Delete(), table.Check: row.Check(),
		} {
			if op.Act != act || op.Was != was || op.Item.Key != here {
				t.Errorf("act %d: got act %d on %v was %q, want was %q", act, op.Act, op.Item.Key, op.Was, was)
			}
		}
	}
}

func TestARowKeepsWhatItWasReadAt(t *testing.T) {
	row := read(t, item(`{"epoch":7}`))
	row.Version = "somebody set this" // a Store does, on the op
	if got := row.Put().Was; got != "v1" {
		t.Errorf("got %q, want the version that was read", got)
	}
}

func TestAnAbsentItemIsAZeroValue(t *testing.T) {
	row := read(t, table.Item{Key: here})
	if row.Exists() || row.Value.Epoch != 0 || row.Value.Name != "" {
		t.Errorf("got %v, want nothing", row.Value)
	}
	if got, want := string(row.Put().Item.Body), `{"epoch":0,"name":"","living":null}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestANewRowIsOnlyMadeOnAbsent(t *testing.T) {
	op := table.New(here, state{Epoch: 1}).Put()
	if op.Act != table.Put || op.Was != "" || op.Item.Key != here || !strings.Contains(string(op.Item.Body), `"epoch":1`) {
		t.Errorf("got %v", op)
	}
}

func TestABodyThatCannotBeReadIsAnErrorOfItsKind(t *testing.T) {
	_, err := table.As[state](table.Item{Key: table.K("USERNAME", "homer"), Version: "1", Body: []byte(`{"epoch":"seven"}`)})
	if err == nil || !strings.Contains(err.Error(), "USERNAME") || strings.Contains(err.Error(), "homer") {
		t.Errorf("got %v, want an error that names the kind and not the key", err)
	}
}

func TestKeysAreKindAndParts(t *testing.T) {
	k := table.K("USERNAME", "springfield", "a#b")
	if k.PK != "USERNAME#springfield#a#b" || k.SK != "-" || k.Kind() != "USERNAME" {
		t.Errorf("got %v of kind %q", k, k.Kind())
	}
	if got := k.At("STATE"); got.PK != k.PK || got.SK != "STATE" || table.K("SOLE").Kind() != "SOLE" {
		t.Errorf("got %v", got)
	}
}

func TestAmendChangesOneRow(t *testing.T) {
	s, store := stage()
	interfere := rival(s, 1)
	amend := func(change func(*table.Row[state]) bool) (table.Row[state], bool) {
		row, done, err := table.Amend(t.Context(), store, here, change)
		if err != nil {
			t.Fatal(err)
		}
		return row, done
	}
	row, done := amend(func(r *table.Row[state]) bool {
		interfere([]table.Item{r.Item})
		r.Value.Epoch++
		return true
	})
	if !done || row.Value.Epoch != 1 || row.Check().Was != row.Version {
		t.Errorf("got %v, done %t; want epoch 1, as stored", row.Value, done)
	}
	row, done = amend(func(r *table.Row[state]) bool { return r.Value.Epoch != 1 })
	if done || row.Value.Epoch != 1 {
		t.Errorf("got %v, done %t; want what is stored and nothing done", row.Value, done)
	}
}
