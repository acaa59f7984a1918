package dynamo_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/table"
)

// TestWhatCanceledATransactionIsUnderstood reads every mixture of reasons. The
// ops put TOKEN (nobody else's) and STATE (everybody's).
func TestWhatCanceledATransactionIsUnderstood(t *testing.T) {
	changed := &table.Changed{}
	for name, c := range map[string]struct {
		answers []answer
		want    error
		tries   int
	}{
		"a conflict that passes": {[]answer{cancels(none, conflict), cancels(conflict, none), fine}, nil, 3},
		"a conflict that stays":  {[]answer{cancels(none, conflict)}, port.ErrThrottled, 4},
		"throttling that passes": {[]answer{cancels(throttled, none), fine}, nil, 2},
		"throttling that stays":  {[]answer{cancels(none, exceeded)}, port.ErrThrottled, 4},
		"a lost race":            {[]answer{cancels(none, failed(state, "theirs"))}, changed, 1},
		"a lost reply":           {[]answer{cancels(failed(token, "n"), failed(state, "n"))}, nil, 1},
		"a lost reply, overwritten since": {
			[]answer{cancels(failed(token, "n"), failed(state, "theirs"))}, nil, 1,
		},
		"a lost reply, in conflict since": {[]answer{cancels(failed(token, "n"), conflict)}, nil, 1},
		"a lost race beside a conflict is asked again": {
			[]answer{cancels(conflict, failed(state, "theirs")), cancels(failed(token, "n"), failed(state, "theirs"))}, nil, 2,
		},
		"a lost race beside a conflict, lost indeed": {
			[]answer{cancels(conflict, failed(state, "theirs")), cancels(none, failed(state, "theirs"))}, changed, 2,
		},
		"a reason nobody expects": {[]answer{cancels(none, invalid)}, port.ErrUnavailable, 1},
		"no reasons":              {[]answer{cancels()}, port.ErrUnavailable, 1},
		"still in progress":       {[]answer{refuses(400, "TransactionInProgressException", ""), fine}, nil, 2},
	} {
		instantly(t, name, func(t *testing.T) {
			tab, w := over(t, c.answers...)
			err := tab.Write(t.Context(), put(token, "n", ""), put(state, "n", "s0"))
			if len(w.calls) != c.tries {
				t.Errorf("got %d tries, want %d", len(w.calls), c.tries)
			}
			var lost *table.Changed
			switch {
			case c.want == nil && err != nil:
				t.Errorf("got %v, want it done", err)
			case errors.Is(c.want, changed):
				if !errors.As(err, &lost) || len(lost.Now) != 1 || lost.Now[0].Key != state || lost.Now[0].Version != "theirs" {
					t.Errorf("got %v, want STATE in the way", err)
				}
			case c.want != nil:
				wantError(t, err, c.want)
			}
		})
	}
}

func TestAConflictOfASingleWriteIsTriedAgain(t *testing.T) {
	busy := refuses(http.StatusBadRequest, "TransactionConflictException", "")
	for _, op := range []table.Op{put(token, "n", ""), drop(token, "n")} {
		tab, w := over(t, busy, busy, fine)
		if err := tab.Write(t.Context(), op); err != nil || len(w.calls) != 3 {
			t.Errorf("got %v after %d tries, want it done with the third", err, len(w.calls))
		}
		tab, w = over(t, busy)
		wantError(t, tab.Write(t.Context(), op), port.ErrThrottled)
		if len(w.calls) != 4 {
			t.Errorf("got %d tries, want 4", len(w.calls))
		}
	}
}

// Repeating is safe only if the very same write is repeated.
func TestARepeatedWriteIsTheSameWrite(t *testing.T) {
	tab, w := over(t, cancels(conflict, none), fine)
	if err := tab.Write(t.Context(), put(token, "n", ""), put(state, "n", "s0")); err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(w.calls[0].body, `"ClientRequestToken"`)
	after, _, _ := strings.Cut(w.calls[1].body, `"ClientRequestToken"`)
	if before != after {
		t.Errorf("got  %s\nwant %s", after, before)
	}
}

func TestOneOpIsNoTransaction(t *testing.T) {
	for want, op := range map[string]table.Op{
		"PutItem": put(token, "n", ""), "DeleteItem": drop(token, "n"), "GetItem": check(token, ""),
	} {
		tab, w := over(t, fine)
		if err := tab.Write(t.Context(), op); err != nil || len(w.calls) != 1 || w.calls[0].operation != want {
			t.Errorf("got %v by %v, want %s", err, w.calls, want)
		}
	}
}

func TestAnAttributeThatIsNotOursIsAnErrorOfItsKind(t *testing.T) {
	for _, attribute := range []string{`"expires":{"N":"soon"}`, `"dueQueue":{"S":"REQUEST#1"},"dueAt":{"S":"soon"}`} {
		tab, _ := over(t, says(http.StatusOK, `{"Item":{"PK":{"S":"TOKEN#homer.simpson"},"SK":{"S":"-"},`+attribute+`}}`))
		_, err := tab.Get(t.Context(), token)
		if err == nil || !strings.Contains(err.Error(), "TOKEN") || strings.Contains(err.Error(), "homer") {
			t.Errorf("got %v, want an error that names the kind and not the key", err)
		}
	}
}
