package boot_test

import (
	"context"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/boot"
)

func TestPauseLeavesTimeForAMail(t *testing.T) {
	if !boot.Pause(t.Context(), time.Millisecond) {
		t.Error("without an end there is time")
	}
	near, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if began := time.Now(); boot.Pause(near, 2*time.Second) || time.Since(began) > time.Second {
		t.Error("it waited although the invocation is nearly over")
	}
	far, end := context.WithTimeout(t.Context(), time.Hour)
	time.AfterFunc(10*time.Millisecond, end)
	if boot.Pause(far, time.Minute) {
		t.Error("it went on after the end")
	}
}
