package dynamo_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sparekey/sparekey/infra/dynamo"
	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/table"
)

// every call of the port, by whether it has an effect.
var (
	effects = map[string]func(context.Context, table.Table) error{
		"put":    func(ctx context.Context, t table.Table) error { return t.Write(ctx, put(token, "n", "")) },
		"delete": func(ctx context.Context, t table.Table) error { return t.Write(ctx, drop(token, "n")) },
		"transaction": func(ctx context.Context, t table.Table) error {
			return t.Write(ctx, put(token, "n", ""), check(state, ""))
		},
		"count": func(ctx context.Context, t table.Table) error {
			_, err := t.Count(ctx, token, 1, noon)
			return err
		},
	}
	readings = map[string]func(context.Context, table.Table) error{
		"get one":  func(ctx context.Context, t table.Table) error { _, err := t.Get(ctx, token); return err },
		"get two":  func(ctx context.Context, t table.Table) error { _, err := t.Get(ctx, token, state); return err },
		"check":    func(ctx context.Context, t table.Table) error { return t.Write(ctx, check(token, "")) },
		"list":     func(ctx context.Context, t table.Table) error { return list(ctx, t, table.Primary) },
		"list by":  func(ctx context.Context, t table.Table) error { return list(ctx, t, table.By) },
		"list due": func(ctx context.Context, t table.Table) error { return list(ctx, t, table.ByDue) },
	}
)

func list(ctx context.Context, t table.Table, index table.Index) error {
	_, _, err := t.List(ctx, table.Range{Index: index, Partition: "P", Until: noon, Limit: 10})
	return err
}

// TestEachFaultSaysWhetherTheCallWasDone is the table of what may go wrong on the
// way, with what it says of a call with an effect and of one without, and how
// often either is tried.
func TestEachFaultSaysWhetherTheCallWasDone(t *testing.T) {
	refused := func(code string) answer { return refuses(http.StatusBadRequest, code, "") }
	type verdict struct {
		err   error
		tries int
	}
	for name, c := range map[string]struct {
		fault  answer
		effect verdict
		read   verdict
	}{
		"throughput exceeded": {refused("ProvisionedThroughputExceededException"), verdict{port.ErrThrottled, 4}, verdict{port.ErrThrottled, 4}},
		"request limit":       {refused("RequestLimitExceeded"), verdict{port.ErrThrottled, 4}, verdict{port.ErrThrottled, 4}},
		"throttling":          {refused("ThrottlingException"), verdict{port.ErrThrottled, 4}, verdict{port.ErrThrottled, 4}},
		"connection refused":  {breaks(errRefused), verdict{port.ErrUnavailable, 1}, verdict{port.ErrUnavailable, 1}},
		"no such host":        {breaks(errNoHost), verdict{port.ErrUnavailable, 1}, verdict{port.ErrUnavailable, 1}},
		"no permission":       {refused("AccessDeniedException"), verdict{port.ErrUnavailable, 1}, verdict{port.ErrUnavailable, 1}},
		"no such table":       {refused("ResourceNotFoundException"), verdict{port.ErrUnavailable, 1}, verdict{port.ErrUnavailable, 1}},
		"connection reset":    {breaks(errReset), verdict{port.ErrUnknown, 1}, verdict{port.ErrUnavailable, 4}},
		"internal error":      {refuses(http.StatusInternalServerError, "InternalServerError", ""), verdict{port.ErrUnknown, 1}, verdict{port.ErrUnavailable, 4}},
		"service unavailable": {says(http.StatusServiceUnavailable, `<html>homer.simpson</html>`), verdict{port.ErrUnknown, 1}, verdict{port.ErrUnavailable, 4}},
		"half an answer":      {says(http.StatusOK, `{"Item":{"PK":`), verdict{port.ErrUnknown, 1}, verdict{port.ErrUnavailable, 4}},
	} {
		for _, calls := range []struct {
			of   map[string]func(context.Context, table.Table) error
			want verdict
		}{{effects, c.effect}, {readings, c.read}} {
			for call, do := range calls.of {
				instantly(t, call+", "+name, func(t *testing.T) {
					tab, w := over(t, c.fault)
					err := do(t.Context(), tab)
					wantError(t, err, calls.want.err)
					if len(w.calls) != calls.want.tries {
						t.Errorf("got %d tries, want %d", len(w.calls), calls.want.tries)
					}
				})
			}
		}
	}
}

// instantly runs a test on a clock of its own, which jumps wherever all wait.
func instantly(t *testing.T, name string, test func(*testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

// wantError demands the port's error and no other of them, no word of the
// service's, and nothing of the SDK's to be taken out of it.
func wantError(t *testing.T, err, want error) {
	t.Helper()
	for _, e := range []error{port.ErrThrottled, port.ErrUnavailable, port.ErrUnknown} {
		if errors.Is(err, e) != (e == want) { //nolint:errorlint // which of the three
			t.Errorf("got %v, want %v and nothing else", err, want)
		}
	}
	if strings.Contains(err.Error(), "homer") {
		t.Errorf("got %q, which names somebody", err)
	}
	for e := range tree(err) {
		if from := reflect.Indirect(reflect.ValueOf(e)).Type().PkgPath(); strings.Contains(from, "aws") {
			t.Errorf("got a %T out of %v", e, err)
		}
	}
}

func tree(err error) map[error]bool {
	all := map[error]bool{err: true}
	var inner []error
	switch e := err.(type) { //nolint:errorlint // this is the walk itself
	case interface{ Unwrap() error }:
		inner = []error{e.Unwrap()}
	case interface{ Unwrap() []error }:
		inner = e.Unwrap()
	}
	for _, e := range inner {
		for e := range tree(e) {
			all[e] = true
		}
	}
	return all
}

func TestACallThatIsThrottledForAMomentIsDone(t *testing.T) {
	busy := refuses(http.StatusBadRequest, "ThrottlingException", "")
	for name, do := range effects {
		ok := fine
		if name == "count" {
			ok = says(http.StatusOK, `{"Attributes":{"tally":{"N":"1"}}}`)
		}
		instantly(t, name, func(t *testing.T) {
			tab, w := over(t, busy, busy, busy, ok)
			begun := time.Now()
			if err := do(t.Context(), tab); err != nil || len(w.calls) != 4 {
				t.Errorf("got %v after %d tries, want it done with the fourth", err, len(w.calls))
			}
			// Half of 25, 50 and 100 ms, where the jitter draws nothing.
			if got, want := time.Since(begun), 175*time.Millisecond/2; got != want {
				t.Errorf("got %v of waiting, want %v", got, want)
			}
		})
	}
}

func TestAReadOverADeadConnectionIsReadAgain(t *testing.T) {
	for name, do := range readings {
		instantly(t, name, func(t *testing.T) {
			tab, _ := over(t, breaks(errReset), fine)
			if err := do(t.Context(), tab); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestASilentTableIsGivenUpAtTheDeadline(t *testing.T) {
	for want, calls := range map[error]map[string]func(context.Context, table.Table) error{
		port.ErrUnknown: effects, port.ErrUnavailable: readings,
	} {
		for name, do := range calls {
			instantly(t, name, func(t *testing.T) {
				tab, w := over(t, hangs)
				begun := time.Now()
				wantError(t, do(t.Context(), tab), want)
				if took := time.Since(begun); len(w.calls) != 1 || took != 2*time.Second {
					t.Errorf("got %d tries in %v, want one in 2 s", len(w.calls), took)
				}
			})
		}
	}
}

func TestACallWhoseTimeIsUpIsNotSent(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, calls := range []map[string]func(context.Context, table.Table) error{effects, readings} {
		for name, do := range calls {
			tab, w := over(t, fine)
			if err := do(ctx, tab); !errors.Is(err, port.ErrUnavailable) || len(w.calls) != 0 {
				t.Errorf("%s: got %v after %d tries, want ErrUnavailable after none", name, err, len(w.calls))
			}
		}
	}
}

func TestWithoutCredentialsNothingIsDone(t *testing.T) {
	w := &wire{t: t, answers: []answer{fine}}
	tab := dynamo.Open(dynamo.Config{
		Table: "sparekey", Region: "eu-central-1", HTTP: w, Credentials: dynamo.Credentials(func(string) (string, bool) { return "", false }),
	})
	if _, err := tab.Get(t.Context(), token); !errors.Is(err, port.ErrUnavailable) || len(w.calls) != 0 {
		t.Errorf("got %v after %d requests, want ErrUnavailable after none", err, len(w.calls))
	}
}

func TestCredentialsAreThoseOfTheEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "session",
	} {
		t.Setenv(name, value)
	}
	got, err := dynamo.Credentials(os.LookupEnv).Retrieve(t.Context())
	if err != nil || got.AccessKeyID != "id" || got.SecretAccessKey != "secret" || got.SessionToken != "session" {
		t.Errorf("got %q, %v", got.AccessKeyID, err)
	}
}
