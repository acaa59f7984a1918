package account_test

import (
	"testing"
	"time"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/district"
)

func TestOneCauseRaisesOnceAndChangesNothingElse(t *testing.T) {
	t.Parallel()
	store, _ := open()
	state := account.State{
		Status: account.Active, Epoch: 4, Recovery: "own@example.org", Activated: true, Disputed: true,
		Frozen: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC), Last: account.Last{Attempt: "a"},
	}
	profile := account.Profile{Username: "mlopez71", Role: district.Guardian, Status: account.Active}
	if err := account.Create(t.Context(), store, "springfield", "A1", profile, state); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		cause string
		done  bool
		epoch int
	}{{"first", true, 5}, {"first", false, 5}, {"second", true, 6}, {"second", false, 6}} {
		done, err := account.Raise(t.Context(), store, "springfield", "A1", c.cause)
		if err != nil || done != c.done {
			t.Fatalf("%s: done %v, %v; want %v", c.cause, done, err, c.done)
		}
		who, err := account.Load(t.Context(), store, "springfield", "A1")
		state.Epoch = c.epoch
		if err != nil || who.State.Value != state {
			t.Fatalf("%s: %+v, %v; want %+v", c.cause, who.State.Value, err, state)
		}
	}
	if done, err := account.Raise(t.Context(), store, "springfield", "nobody", "first"); done || err != nil {
		t.Errorf("of nobody: %v, %v", done, err)
	}
}
