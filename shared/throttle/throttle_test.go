package throttle_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/throttle"
)

var (
	noon   = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	school = netip.MustParsePrefix("192.0.2.1/32")
)

func take(t *testing.T, rows table.Table, from netip.Prefix, now time.Time, times int) (last error) {
	t.Helper()
	for range times {
		last = throttle.Take(t.Context(), rows, from, now)
	}
	return last
}

func TestThreeHundredInTenMinutesAndNoneMore(t *testing.T) {
	t.Parallel()
	rows := embedded.NewTable()
	now := noon.Add(4 * time.Minute)
	if err := take(t, rows, school, now, throttle.Most); err != nil {
		t.Fatal(err)
	}
	p, ok := errors.AsType[*problem.Error](take(t, rows, school, now, 1))
	if !ok || p.Code != problem.TooManyRequests || p.RetryAfter != 6*time.Minute {
		t.Fatalf("%+v", p)
	}
	if err := take(t, rows, netip.MustParsePrefix("192.0.2.2/32"), now, 1); err != nil {
		t.Errorf("another network: %v", err)
	}
	if take(t, rows, school, noon.Add(10*time.Minute-1), 1) == nil {
		t.Error("the bound ends early")
	}
	if err := take(t, rows, school, noon.Add(10*time.Minute), 1); err != nil {
		t.Errorf("the next ten minutes: %v", err)
	}
}

func TestARightProofIsGivenBack(t *testing.T) {
	t.Parallel()
	rows := embedded.NewTable()
	for range 2 * throttle.Most {
		if err := take(t, rows, school, noon, 1); err != nil {
			t.Fatal(err)
		}
		throttle.GiveBack(t.Context(), rows, school, noon)
	}
}

func TestNothingGoesOnUncounted(t *testing.T) {
	t.Parallel()
	for _, fault := range []error{port.ErrThrottled, port.ErrUnavailable, port.ErrUnknown} {
		p, ok := errors.AsType[*problem.Error](throttle.Take(t.Context(), broken{fault: fault}, school, noon))
		if !ok || p.Code != problem.Unavailable {
			t.Errorf("%v: %v", fault, p)
		}
	}
}

type broken struct {
	table.Table
	fault error
}

func (b broken) Count(context.Context, table.Key, int64, time.Time) (int64, error) { return 0, b.fault }
