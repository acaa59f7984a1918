package outbox_test

import (
	"testing"
	"time"

	"github.com/sparekey/sparekey/shared/outbox"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestTriedAgainAfterAMinuteDoublingToAnHour(t *testing.T) {
	t.Parallel()
	var p outbox.Progress
	for i, minutes := range []int{1, 2, 4, 8, 16, 32, 60, 60, 60} {
		p = p.Claimed("me", noon)
		var due time.Time
		p, due = p.Later("throttled", noon)
		if due.Sub(noon) != time.Duration(minutes)*time.Minute {
			t.Errorf("after try %d: %v, want %d minutes", i+1, due.Sub(noon), minutes)
		}
		if p.LastWhat != "throttled" || !p.Open(due) || p.Open(due.Add(-1)) { // a late record of the feed must not open it
			t.Errorf("after try %d: %+v", i+1, p)
		}
	}
	p.Tries = 1 << 40
	if _, due := p.Later("", noon); due.Sub(noon) != time.Hour {
		t.Errorf("after very many: %v", due.Sub(noon))
	}
	p.Tries = 0
	if _, due := p.Later("", noon); due.Sub(noon) != time.Minute {
		t.Errorf("after none: %v", due.Sub(noon))
	}
}

func TestAClaimKeepsOthersOutUntilItsLeaseEnds(t *testing.T) {
	t.Parallel()
	p := outbox.Progress{}.Claimed("me", noon)
	if p.Open(noon) || p.Open(noon.Add(outbox.Lease-1)) {
		t.Error("open while somebody works on it")
	}
	if !p.Open(noon.Add(outbox.Lease)) {
		t.Error("lost with whoever claimed it")
	}
	if p.Claim != "me" || p.Tries != 1 {
		t.Errorf("%+v", p)
	}
}

func TestWhatIsDecidedIsNotOpenAgain(t *testing.T) {
	t.Parallel()
	for _, o := range []outbox.Outcome{outbox.Sent, outbox.NoMatch, outbox.Failed} {
		p := outbox.Progress{}.Claimed("me", noon).Done(o, "mail", noon)
		if p.Open(noon.Add(365 * 24 * time.Hour)) {
			t.Errorf("%s is open", o)
		}
		if p.Outcome != o || p.MailID != "mail" || !p.Decided.Equal(noon) {
			t.Errorf("%+v", p)
		}
	}
}

func TestGivenUpAfterADay(t *testing.T) {
	t.Parallel()
	if outbox.Hopeless(noon, noon.Add(24*time.Hour-1)) || !outbox.Hopeless(noon, noon.Add(24*time.Hour)) {
		t.Error("not a day")
	}
}

func TestWhoKeepsDyingIsTriedLessAndLess(t *testing.T) {
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	var p outbox.Progress
	tries := 0
	for end := now.Add(outbox.GiveUp); now.Before(end); now = p.Until { // each dies with the claim in its hands
		p = p.Claimed("one who dies", now)
		tries++
	}
	if tries > 30 {
		t.Errorf("tried %d times in a day, want at most 30", tries)
	}
}
