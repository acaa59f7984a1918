package boot_test

import (
	"context"
	"errors"
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

// Two that wait for each other are done only if both have begun.
func TestWhatIsBegunGoesOnBesideTheRest(t *testing.T) {
	here, there := make(chan int), make(chan int)
	begun := boot.Begin(func() (int, error) {
		there <- 1
		return <-here, errors.New("told when asked for")
	})
	<-there
	here <- 2
	if got, err := begun(); got != 2 || err == nil {
		t.Errorf("%d, %v", got, err)
	}
}
