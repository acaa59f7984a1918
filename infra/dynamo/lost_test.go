package dynamo_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/sparekey/sparekey/infra/dynamo"
	"github.com/sparekey/sparekey/infra/dynamo/dynamotest"
	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/table/tabletest"
)

// client is what Config takes to send requests.
type client interface {
	Do(*http.Request) (*http.Response, error)
}

// losing has the request done and drops the reply, wherever the context says so.
type losing struct{ client }

type loss struct{}

func (l losing) Do(r *http.Request) (*http.Response, error) {
	response, err := l.client.Do(r)
	lose, armed := r.Context().Value(loss{}).(*atomic.Int32)
	if err != nil || !armed || lose.Add(-1) < 0 {
		return response, err
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return nil, errReset
}

// losingReplies is a context in which that many replies are lost.
func losingReplies(ctx context.Context, n int32) context.Context {
	lose := &atomic.Int32{}
	lose.Store(n)
	return context.WithValue(ctx, loss{}, lose)
}

func openLosing(t *testing.T) *dynamo.Table {
	t.Helper()
	config := dynamotest.Config(t)
	config.HTTP = losing{config.HTTP}
	return dynamo.Open(config)
}

// forgetful loses the first reply to every transaction that holds a Put, and asks
// again.
type forgetful struct {
	*dynamo.Table
	t *testing.T
}

func (f forgetful) Write(ctx context.Context, ops ...table.Op) error {
	if len(ops) == 1 || !slices.ContainsFunc(ops, func(op table.Op) bool { return op.Act == table.Put }) {
		return f.Table.Write(ctx, ops...)
	}
	switch err := f.Table.Write(losingReplies(ctx, 1), ops...); {
	case err == nil:
		f.t.Error("the reply was not lost")
		return nil
	case !errors.Is(err, port.ErrUnknown):
		return err // not sent at all
	}
	return f.Table.Write(ctx, ops...)
}

func TestTableKeepsTheContractWhenRepliesAreLost(t *testing.T) {
	tabletest.Run(t, func(t *testing.T) table.Table { return forgetful{openLosing(t), t} })
}

func TestAWriteWhoseReplyIsLostIsDoneOnce(t *testing.T) {
	for name, ops := range map[string][]table.Op{
		"made":      {put(token, "", "")},
		"replaced":  {put(state, "", "s0")},
		"together":  {put(token, "", ""), put(state, "", "s0"), check(state.At("other"), "")},
		"and freed": {put(token, "", ""), drop(state, "s0")},
	} {
		t.Run(name, func(t *testing.T) {
			tab := openLosing(t)
			if err := tab.Write(t.Context(), put(state, "s0", "")); err != nil {
				t.Fatal(err)
			}
			store := table.Store{Table: tab, Rand: rand.NewChaCha8([32]byte{})}
			if err := store.Write(losingReplies(t.Context(), 3), ops...); err != nil {
				t.Fatalf("got %v, want it done", err)
			}
			for _, op := range ops {
				items, err := tab.Get(t.Context(), op.Item.Key)
				if want := op.Item.Version; err != nil || items[0].Version != want {
					t.Errorf("got %q, %v; want %q", items[0].Version, err, want)
				}
			}
		})
	}
}

func TestAWriteWhoseRepliesAreAllLostIsInDoubt(t *testing.T) {
	tab := openLosing(t)
	store := table.Store{Table: tab, Rand: rand.NewChaCha8([32]byte{})}
	wantError(t, store.Write(losingReplies(t.Context(), 4), put(token, "", "")), port.ErrUnknown)
	items, err := tab.Get(t.Context(), token)
	if err != nil || !items[0].Exists() {
		t.Errorf("got %v, %v; want it done, for it was", items, err)
	}
}

// What was lost may count; asking again would count twice.
func TestACountWhoseReplyIsLostIsInDoubt(t *testing.T) {
	tab, key := openLosing(t), table.K("COUNT", "a")
	_, err := tab.Count(losingReplies(t.Context(), 1), key, 1, noon)
	wantError(t, err, port.ErrUnknown)
	if sum, err := tab.Count(t.Context(), key, 0, noon); sum != 1 || err != nil {
		t.Errorf("got %d, %v; want 1", sum, err)
	}
}

func TestAReadWhoseReplyIsLostIsReadAgain(t *testing.T) {
	tab := openLosing(t)
	if err := tab.Write(t.Context(), put(token, "n", "")); err != nil {
		t.Fatal(err)
	}
	for name, do := range readings {
		if name == "check" {
			continue // of an item that is absent
		}
		if err := do(losingReplies(t.Context(), 2), tab); err != nil {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
