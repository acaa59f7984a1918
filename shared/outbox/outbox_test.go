package outbox_test

import (
	"testing"
	"time"

	"github.com/sparekey/sparekey/shared/outbox"
)

var now = time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)

func TestWhatIsClaimedOrPutOffIsNotOpenUntilItIsDue(t *testing.T) {
	claimed := outbox.Progress{}.Claimed("somebody", now)
	if claimed.Open(now.Add(outbox.Lease - 1)) {
		t.Error("claimed: open to another")
	}
	if !claimed.Open(now.Add(outbox.Lease)) {
		t.Error("claimed: not open when the lease is over")
	}
	off, due := claimed.Later("no answer", now)
	if off.Open(due.Add(-1)) {
		t.Error("put off: a late record of the feed opens it")
	}
	if !off.Open(due) {
		t.Error("put off: not open when it is due")
	}
	if done := off.Done(outbox.Sent, "id", now); done.Open(due) {
		t.Error("done: open")
	}
}

func TestTheWaitDoublesFromAMinuteToAnHour(t *testing.T) {
	var p outbox.Progress
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		var due time.Time
		p, due = p.Claimed("somebody", now).Later("throttled", now)
		if got := due.Sub(now); got != want*time.Minute {
			t.Errorf("try %d: got %v, want %v", p.Tries, got, want*time.Minute)
		}
	}
}
