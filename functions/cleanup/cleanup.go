// Package cleanup does what nobody came back to do: it settles changes whose
// lease has lapsed, and ends sign-ins that are still owed their end.
//
// It sends nothing itself; what it settles owes a notice, and the courier pays
// that. It may run twice at once, and beside every other function: each step is
// one Write that holds only if nothing has come between.
package cleanup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/sparekey/sparekey/shared/change"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/table"
)

// Flow is what the sweep needs.
type Flow struct {
	Table    table.Store
	Sessions credential.Ender
	Log      *slog.Logger
	Now      func() time.Time
}

// runFor is how long one run may take.
const runFor = 45 * time.Second

// Run settles what is due, and writes one line about it. What fails is due again
// at the next run.
func (f Flow) Run(ctx context.Context) error {
	t := tally{idle: map[string]bool{}}
	ends := f.Now().Add(runFor)
	errChanges := f.sweep(ctx, change.Queue, ends, &t, func(item table.Item) error {
		return change.Lapsed(ctx, f.Table, item.Key, f.Now())
	})
	errSignOuts := f.sweep(ctx, change.SignOutQueue, ends, &t, func(item table.Item) error {
		slug, id, _ := strings.Cut(strings.TrimPrefix(item.PK, "ACCOUNT#"), "#")
		err := change.SignOut(ctx, f.Table, f.Sessions, slug, id)
		if err != nil {
			f.putOff(ctx, item.Key)
		}
		return err
	})
	return errors.Join(errChanges, errSignOuts, f.report(ctx, t))
}

// tally is what a run did.
type tally struct {
	done, failed int
	idle         map[string]bool // the queues in which nothing was due
}

// report writes what alarms are made of: how late the latest of what is owed is
// now. A queue in which the run found nothing is not asked again. Where not even that can be read there is no line, and the run has failed.
func (f Flow) report(ctx context.Context, t tally) error {
	queues := slices.DeleteFunc([]string{change.Queue, change.SignOutQueue}, func(queue string) bool { return t.idle[queue] })
	oldest, err := f.Table.Overdue(ctx, f.Now(), queues...)
	if err != nil {
		return err
	}
	f.Log.InfoContext(ctx, "run", "oldest_seconds", int64(oldest/time.Second), "done", t.done, "failed", t.failed)
	return nil
}

// sweep goes once over a queue; one item that cannot be done holds up no other.
func (f Flow) sweep(ctx context.Context, queue string, ends time.Time, t *tally, do func(table.Item) error) error {
	after := ""
	for f.Now().Before(ends) {
		due, next, err := f.Table.List(ctx, table.Range{Index: table.ByDue, Partition: queue, Until: f.Now(), After: after, Limit: 100})
		if err != nil {
			return fmt.Errorf("list what is due: %w", err)
		}
		t.idle[queue] = after == "" && len(due) == 0
		for _, item := range due {
			if !f.Now().Before(ends) {
				return nil
			}
			if err := do(item); err != nil {
				f.Log.WarnContext(ctx, "sweep", "queue", queue, "cause", err.Error())
				t.failed++
				continue
			}
			t.done++
		}
		if after = next; next == "" {
			break
		}
	}
	return nil
}

// putOff makes an owed sign-out due a little later, so that those which Cognito
// does not take stand before no others in the next run. Where even that fails it
// stays due.
func (f Flow) putOff(ctx context.Context, key table.Key) {
	_, _, _ = table.Amend(ctx, f.Table, key, func(row *table.Row[struct{}]) bool {
		row.Due.At = f.Now().Add(again)
		return row.Exists()
	})
}

// again is after how long an item that could not be done is tried again.
const again = 5 * time.Minute
