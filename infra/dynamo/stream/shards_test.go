package stream_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/sparekey/sparekey/infra/dynamo"
	"github.com/sparekey/sparekey/infra/dynamo/stream"
	"github.com/sparekey/sparekey/infra/emulator"
)

// played is a stream whose shards are what a test says.
type played struct {
	kind   string
	shards map[string][]string // what each has: the names of things
	over   map[string]bool     // no more will come
	lapsed bool                // iterators handed out by now have lapsed
}

func (p *played) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct{ ShardID, ShardIteratorType, SequenceNumber, ShardIterator string }
	_ = json.NewDecoder(r.Body).Decode(&in)
	var out any
	switch _, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), "."); operation {
	case "ListStreams":
		out = map[string]any{"Streams": []any{map[string]any{"StreamArn": strings.Repeat("arn", 20)}}}
	case "DescribeStream":
		var all []any
		for id := range p.shards {
			all = append(all, map[string]any{"ShardId": id})
		}
		out = map[string]any{"StreamDescription": map[string]any{"StreamViewType": p.kind, "Shards": all}}
	case "GetShardIterator":
		from := 0
		if in.ShardIteratorType == "AFTER_SEQUENCE_NUMBER" {
			_, _ = fmt.Sscanf(in.SequenceNumber, "%d", &from)
		}
		p.lapsed = false
		out = map[string]any{"ShardIterator": fmt.Sprint(in.ShardID, " ", from)}
	case "GetRecords":
		if p.lapsed {
			w.WriteHeader(http.StatusBadRequest)
			out = map[string]any{"__type": "com.amazonaws.dynamodb.v20120810#ExpiredIteratorException"}
			break
		}
		out = p.records(in.ShardIterator)
	}
	_ = json.NewEncoder(w).Encode(out)
}

func (p *played) records(iterator string) map[string]any {
	var id string
	var from int
	_, _ = fmt.Sscan(iterator, &id, &from)
	records := []any{}
	for n, name := range p.shards[id][from:] {
		records = append(records, map[string]any{"eventName": "INSERT", "dynamodb": map[string]any{
			"SequenceNumber": fmt.Sprintf("%021d", from+n+1), "Keys": map[string]any{"PK": map[string]string{"S": name}, "SK": map[string]string{"S": "-"}},
		}})
	}
	out := map[string]any{"Records": records}
	if !p.over[id] {
		out["NextShardIterator"] = fmt.Sprint(id, " ", len(p.shards[id]))
	}
	return out
}

func (p *played) open(t *testing.T) (*stream.Reader, error) {
	t.Helper()
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	return stream.Open(t.Context(), dynamo.Config{
		Table: "sparekey", Region: emulator.Region, Endpoint: server.URL, Credentials: emulator.Anybody, HTTP: server.Client(),
	})
}

func TestShardsThatEndAreFollowedByOthers(t *testing.T) {
	p := &played{kind: "KEYS_ONLY", shards: map[string][]string{"one": {"A", "B"}}, over: map[string]bool{}}
	r, err := p.open(t)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, r); !slices.Equal(got, []string{"INSERT A -", "INSERT B -"}) {
		t.Errorf("got %q", got)
	}
	p.shards["one"] = append(p.shards["one"], "C")
	p.over["one"] = true
	p.shards["two"] = []string{"D"}
	if got := read(t, r); !slices.Equal(got, []string{"INSERT C -", "INSERT D -"}) {
		t.Errorf("got %q", got)
	}
	if got := read(t, r); len(got) > 0 {
		t.Errorf("told twice: %q", got)
	}
}

func TestAPlaceThatHasLapsedIsFoundAgain(t *testing.T) {
	p := &played{kind: "KEYS_ONLY", shards: map[string][]string{"one": {"A", "B"}}, over: map[string]bool{}}
	r, err := p.open(t)
	if err != nil {
		t.Fatal(err)
	}
	read(t, r)
	p.shards["one"] = append(p.shards["one"], "C")
	p.lapsed = true
	if got, err := r.Read(t.Context()); err == nil || len(got) > 0 {
		t.Errorf("got %v, %v", got, err)
	}
	if got := read(t, r); !slices.Equal(got, []string{"INSERT C -"}) {
		t.Errorf("got %q, want what came since and no more", got)
	}
}

func TestAStreamThatCarriesMoreThanKeysIsRefused(t *testing.T) {
	p := &played{kind: "NEW_AND_OLD_IMAGES", shards: map[string][]string{"one": nil}}
	if _, err := p.open(t); err == nil || !strings.Contains(err.Error(), "keys only") {
		t.Errorf("got %v", err)
	}
}
