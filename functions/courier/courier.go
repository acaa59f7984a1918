// Package courier turns requests and notices into mail.
//
// It promises an outcome for every request: a mail, or a recorded reason why
// not, whatever fails and whenever. It never leaves two living links, never pays
// or decides twice, and lets no mail that cannot go hold up another. It alone
// looks an account up for somebody who only asked, long after the page has
// answered; nothing it finds out can reach whoever asked.
//
// The table's stream makes it fast, the minute makes it sure: both run the same
// [Flow.deliver], over the same items.
//
// Read request.go first, then decide.go.
package courier

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/notice"
	"github.com/sparekey/sparekey/shared/pepper"
	"github.com/sparekey/sparekey/shared/request"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/web"
)

// Flow is what the courier needs.
type Flow struct {
	Table     table.Store
	Mail      mail.Sender
	Districts gateway.Finder
	Pepper    pepper.Pepper
	Site      web.Site
	Words     *i18n.Catalogue
	Log       *slog.Logger
	Now       func() time.Time
	// Pause waits until there is a send slot again; false: there is no time left.
	Pause func(context.Context, time.Duration) bool
	// Rate is how many mails the mail service takes in a second.
	Rate int64
}

// Feed delivers what the table's stream says is new, one item after another. It
// returns nothing: what does not go now is due, and the minute finds it.
func (f Flow) Feed(ctx context.Context, keys []table.Key) {
	ends := f.Now().Add(runFor)
	for _, key := range keys {
		if f.Now().Before(ends) {
			_ = f.deliver(ctx, key)
		}
	}
}

// runFor is how long one run may begin deliveries. The slowest delivery, with SES
// and the table each at the end of their patience, fits between it and the
// function's own timeout: a courier is not killed over a mail that SES has taken.
const runFor = 35 * time.Second

// Run delivers what is due, requests before notices, until nothing is or the
// time is over, and writes one line about it. Only one run goes on at a time.
func (f Flow) Run(ctx context.Context) error {
	t := tally{idle: map[string]bool{}}
	err := f.run(ctx, &t)
	return errors.Join(err, f.report(ctx, t))
}

func (f Flow) run(ctx context.Context, t *tally) error {
	ends := f.Now().Add(runFor)
	lease, mine, err := f.lease(ctx, ends)
	if err != nil || !mine {
		return err
	}
	defer f.release(ctx, lease)
	for f.Now().Before(ends) {
		waiting := t.waiting
		if err := f.round(ctx, ends, t); err != nil || t.waiting == waiting || !f.Pause(ctx, time.Second) {
			return err
		}
	}
	return nil
}

// round goes once over what is due.
func (f Flow) round(ctx context.Context, ends time.Time, t *tally) error {
	for _, queue := range []string{request.Queue, notice.Queue} {
		after := ""
		for {
			due, next, err := f.Table.List(ctx, table.Range{Index: table.ByDue, Partition: queue, Until: f.Now(), After: after, Limit: 100})
			if err != nil {
				return fmt.Errorf("list what is due: %w", err)
			}
			t.idle[queue] = after == "" && len(due) == 0
			for _, item := range due {
				if !f.Now().Before(ends) {
					return nil
				}
				t.count(f.deliver(ctx, item.Key))
			}
			if after = next; next == "" {
				break
			}
		}
	}
	return nil
}

// tally is what a run did.
type tally struct {
	done, failed, waiting int
	idle                  map[string]bool // the queues in which nothing was due
}

func (t *tally) count(err error) {
	switch {
	case err == nil:
		t.done++
	case errors.Is(err, errNoSlot):
		t.waiting++
	case !errors.Is(err, errTaken):
		t.failed++
	}
}

// report writes what alarms are made of: how late the latest of the mail is now.
// A queue in which the run found nothing is not asked again. Where not even that can be read there is no line, and the run has failed.
func (f Flow) report(ctx context.Context, t tally) error {
	queues := slices.DeleteFunc([]string{request.Queue, notice.Queue}, func(queue string) bool { return t.idle[queue] })
	oldest, err := f.Table.Overdue(ctx, f.Now(), queues...)
	if err != nil {
		return err
	}
	f.Log.InfoContext(ctx, "run", "oldest_seconds", int64(oldest/time.Second), "done", t.done, "failed", t.failed, "waiting", t.waiting)
	return nil
}

// run is the item that lets one run go on at a time.
type run struct {
	Until time.Time `json:"until"`
}

func (f Flow) lease(ctx context.Context, until time.Time) (table.Row[run], bool, error) {
	lease, mine, err := table.Amend(ctx, f.Table, table.K("RUN", "courier"), func(row *table.Row[run]) bool {
		free := !f.Now().Before(row.Value.Until)
		row.Value.Until = until
		return free
	})
	return lease, mine, ignoreLost(err) // lost: another run has it
}

func (f Flow) release(ctx context.Context, lease table.Row[run]) {
	lease.Value.Until = time.Time{}
	_ = f.Table.Write(ctx, lease.Put()) // else it runs out by itself
}

// deliver does what one item owes; whatever comes of it is in the item. A fault in
// one item, even a mistake of ours, is that item's alone.
func (f Flow) deliver(ctx context.Context, key table.Key) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("panic: %v", fault)
			f.Log.ErrorContext(ctx, "deliver", "kind", key.Kind(), "panic", fmt.Sprint(fault))
		}
	}()
	switch key.Kind() {
	case "REQUEST":
		err = f.request(ctx, key)
	case "NOTICE":
		err = f.notice(ctx, key)
	}
	if err != nil && !errors.Is(err, errNoSlot) && !errors.Is(err, errTaken) {
		f.Log.WarnContext(ctx, "deliver", "kind", key.Kind(), "cause", err.Error())
	}
	return err
}

var (
	// errNoSlot says that the mail service takes no more in this second.
	errNoSlot = errors.New("no send slot")
	// errTaken says that the item owes nothing now, or somebody else works on it.
	errTaken = errors.New("taken")
)

// slot takes one of the mails that the mail service takes in this second.
func (f Flow) slot(ctx context.Context) error {
	now := f.Now()
	key := table.K("COUNT", "slot", strconv.FormatInt(now.Unix(), 10))
	sum, err := f.Table.Count(ctx, key, 1, now.Add(time.Hour))
	if err != nil {
		return fmt.Errorf("take a send slot: %w", err)
	}
	if sum > f.Rate {
		return errNoSlot
	}
	return nil
}

// errCompose has no cause: what a letter fails on may be somebody's address.
var errCompose = errors.New("compose")

// send composes a mail, hands it over, and sorts what comes of it: an address
// that no letter can be written to is refused like one that SES will not take.
func (f Flow) send(ctx context.Context, write letter) (id string, refused bool, err error) {
	m, err := write()
	if err == nil {
		id, err = f.Mail.Send(ctx, m)
	} else if !errors.Is(err, mail.ErrRejected) {
		err = errCompose
	}
	if errors.Is(err, mail.ErrRejected) {
		return "", true, nil
	}
	return id, false, err
}

func (f Flow) district(ctx context.Context, slug string) (district.District, error) {
	d, err := f.Districts.Find(ctx, slug)
	if err != nil {
		return d, fmt.Errorf("find district: %w", err)
	}
	return d, nil
}
