package dynamo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sparekey/sparekey/shared/port"
)

// tries and wait bound how long a call is tried again: about 25, 50 and 100 ms
// between four tries. Conflicts between transactions are over in less; a table
// that is throttled for longer is for the caller to know.
const (
	tries = 4
	wait  = 25 * time.Millisecond
)

// write tries again what was surely not done, and nothing else: whether a lost
// reply may be asked for again, only its writer knows.
func (t *Table) write(ctx context.Context, do func() error) error {
	return t.patiently(ctx, do, func(err error) bool { return errors.Is(err, port.ErrThrottled) })
}

// read tries again whatever went wrong on the way: a connection that slept in a
// frozen Lambda is often dead. A read has no effect, so it is never in doubt.
func (t *Table) read(ctx context.Context, do func() error) error {
	err := t.patiently(ctx, do, func(err error) bool {
		return errors.Is(err, port.ErrThrottled) || errors.Is(err, port.ErrUnknown)
	})
	if errors.Is(err, port.ErrUnknown) {
		return fmt.Errorf("%w: %s", port.ErrUnavailable, err.Error()) // without what it wraps
	}
	return err
}

func (t *Table) patiently(ctx context.Context, do func() error, worthAnother func(error) bool) error {
	for try := 1; ; try++ {
		err := do()
		if err == nil || try == tries || !worthAnother(err) || !t.pause(ctx, wait<<(try-1)) {
			return err
		}
	}
}

// pause waits between half of d and all of it; false if the time is up first.
func (t *Table) pause(ctx context.Context, d time.Duration) bool {
	if t.config.Jitter != nil {
		d = d/2 + time.Duration(t.config.Jitter()*float64(d/2))
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
