package embedded_test

import (
	"context"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/credential/credentialtest"
)

// start is when the tests begin; none of them reads the real time.
var start = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func TestCredentialsKeepTheContract(t *testing.T) {
	t.Parallel()
	credentialtest.Run(t, func(*testing.T) (credential.Store, func(time.Duration)) {
		now := start
		return embedded.NewCredentials(func() time.Time { return now }),
			func(d time.Duration) { now = now.Add(d) }
	})
}

func TestSignOutsAreCounted(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := embedded.NewCredentials(func() time.Time { return start })
	for range 2 {
		if err := c.SignOut(ctx, "ada"); err != nil { // unknown: not counted
			t.Fatal(err)
		}
	}
	if got := c.SignedOut("ada"); got != 0 {
		t.Errorf("an unknown account was signed out %d times, want 0", got)
	}
	if err := c.Set(ctx, "ada", "first-password", credential.Permanent); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := c.SignOut(ctx, "ada"); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.SignedOut("ada"); got != 3 {
		t.Errorf("signed out %d times, want 3", got)
	}
}

func TestMatchesCountsNoTryAndMindsNoStatus(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := embedded.NewCredentials(func() time.Time { return start })
	if c.Matches("ada", "") {
		t.Error("an unknown account matches")
	}
	if err := c.Set(ctx, "ada", "first-password", credential.Permanent); err != nil {
		t.Fatal(err)
	}
	for range 9 {
		if c.Matches("ada", "other-password") {
			t.Fatal("another password matches")
		}
	}
	if got, err := c.Check(ctx, "ada", "first-password"); got != credential.Right || err != nil {
		t.Errorf("after nine that did not match, Check = %s, %v, want right", got, err)
	}
	if err := c.Disable(ctx, "ada"); err != nil {
		t.Fatal(err)
	}
	if !c.Matches("ada", "first-password") {
		t.Error("the password of a disabled account does not match")
	}
}
