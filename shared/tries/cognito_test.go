package tries_test

import (
	"testing"
	"time"

	"github.com/sparekey/sparekey/shared/tries"
)

// lockout is what Cognito documents: n failed tries pause it for 2^(n-5) seconds,
// at most about 15 minutes; it is forgotten 15 minutes after the last.
type lockout struct {
	failed int
	last   time.Time
	until  time.Time
}

// fail is a wrong password that arrives there; paused, where nothing is compared.
func (l *lockout) fail(now time.Time) (paused bool) {
	if now.Sub(l.last) >= 15*time.Minute {
		l.failed = 0
	}
	l.last = now
	if now.Before(l.until) {
		return true
	}
	if l.failed++; l.failed >= 5 {
		l.until = now.Add(min(time.Second<<(l.failed-5), 15*time.Minute))
	}
	return false
}

// A stranger who takes every try that the public counter gives meets our wait,
// never Cognito's pause; and what pauses others for it is short, even while the
// owner mistypes twice in a known browser.
func TestOurCountStaysBelowCognitos(t *testing.T) {
	t.Parallel()
	const longest = time.Minute
	for name, own := range map[string]int{"a stranger alone": 0, "and an owner who mistypes twice an hour": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var public, known tries.Counter
			var there lockout
			taken := 0
			for now := noon; now.Before(noon.Add(48 * time.Hour)); now = now.Add(time.Second) {
				after, _, _, ok := public.Take(tries.SignIn, false, now)
				if public = after; ok {
					taken++
					if paused := there.fail(now); paused && own == 0 && taken > 5 {
						t.Fatalf("after %v Cognito pauses a try that we allow", now.Sub(noon))
					}
				}
				if now.Minute() == 30 && now.Second() < own {
					if after, _, _, ok = known.Take(tries.SignIn, false, now); ok {
						there.fail(now)
					}
					known = after
				}
				if pause := there.until.Sub(now); pause > longest {
					t.Fatalf("after %v Cognito pauses for %v", now.Sub(noon), pause)
				}
			}
			if taken < 150 || taken > 250 {
				t.Errorf("%d tries in two days", taken)
			}
		})
	}
}
