package credential

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/problem"
)

// busyWait is after how long a full store is worth asking again.
const busyWait = 5 * time.Second

// Compare is [Checker].Check as a flow needs it: where nothing was compared it
// says so as a problem, busy or unavailable.
func Compare(ctx context.Context, store Checker, account, password string) (Answer, error) {
	answer, err := store.Check(ctx, account, password)
	switch {
	case answer == Busy || errors.Is(err, port.ErrThrottled):
		return answer, problem.New(problem.Busy).After(busyWait).Because(err)
	case err != nil:
		return answer, problem.New(problem.Unavailable).Because(fmt.Errorf("check password: %w", err))
	}
	return answer, nil
}
