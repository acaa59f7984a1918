package sim

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/table/order"
)

// moved is one item that a call changed, as it was and as it is.
type moved struct {
	before, after table.Item
}

func (m moved) key() table.Key { return m.after.Key }

// watchedTable is the table under the eyes of the model: whatever a Write
// changed is looked at before anybody else runs.
type watchedTable struct {
	*embedded.Table
	w *world
}

func (t *watchedTable) Write(ctx context.Context, ops ...table.Op) error {
	err := t.Table.Write(ctx, ops...)
	t.w.touchedBy(t.w.acting, ops)
	return err
}

func (t *watchedTable) Count(ctx context.Context, key table.Key, by int64, expires time.Time) (int64, error) {
	t.w.counted(t.w.acting, key)
	return t.Table.Count(ctx, key, by, expires)
}

// List lets the rows of an index lag: what was written just now may be missing,
// and what has gone may be there still.
func (t *watchedTable) List(ctx context.Context, r table.Range) ([]table.Item, string, error) {
	if r.Index == table.Primary || t.w.dice.IntN(100) >= t.w.lag {
		return t.Table.List(ctx, r)
	}
	behind := t.w.now.Add(-t.w.between(0, 4*time.Second))
	whole := r
	whole.After, whole.Limit = "", 1000
	if r.Index == table.ByDue {
		whole.Until = r.Until.Add(48 * time.Hour)
	}
	rows, _, err := t.Table.List(ctx, whole)
	if err != nil {
		return nil, "", err
	}
	return page(r, t.w.undone(rows, r, behind))
}

// recent is a change of an item, kept while an index may not know of it yet.
type recent struct {
	at time.Time
	moved
}

// undone are the rows of a range as they were at a moment before.
func (w *world) undone(rows []table.Item, r table.Range, at time.Time) []table.Item {
	place := func(i table.Item) (string, bool) {
		if r.Index == table.ByDue {
			return order.Due(i), i.Due.Queue == r.Partition
		}
		return order.By(i), i.By.PK == r.Partition
	}
	places := map[string]bool{}
	var all []string
	for _, row := range rows {
		if r.Index == table.By {
			continue // the row does not say where it stands; no flow lists this index
		}
		p, _ := place(row)
		places[p] = true
	}
	for i := len(w.lately) - 1; i >= 0 && w.lately[i].at.After(at); i-- {
		if p, in := place(w.lately[i].after); in {
			delete(places, p)
		}
		if p, in := place(w.lately[i].before); in {
			places[p] = true
		}
	}
	for p := range places {
		all = append(all, p)
	}
	slices.Sort(all)
	var was []table.Item
	for _, p := range all {
		if row, ok := order.Row(r, p); ok && (r.Index != table.ByDue || !row.Due.At.After(r.Until)) {
			was = append(was, row)
		}
	}
	return was
}

// page cuts rows of a due queue as a driver does.
func page(r table.Range, rows []table.Item) ([]table.Item, string, error) {
	after, err := order.After(r)
	if err != nil {
		return nil, "", err
	}
	rows = slices.DeleteFunc(rows, func(i table.Item) bool { return order.Due(i) <= after })
	if len(rows) > r.Limit {
		return rows[:r.Limit], order.Cursor(order.Due(rows[r.Limit-1])), nil
	}
	return rows, "", nil
}

// watchedCredentials notes every password that takes effect.
type watchedCredentials struct {
	credential.Store
	w *world
}

func (c *watchedCredentials) Check(ctx context.Context, account, password string) (credential.Answer, error) {
	if !c.w.fair && c.w.dice.IntN(100) == 0 {
		return pick(c.w.dice, credential.Busy, credential.Paused), nil
	}
	answer, err := c.Store.Check(ctx, account, password)
	c.w.compared(c.w.acting, account, password, answer)
	return answer, err
}

func (c *watchedCredentials) Set(ctx context.Context, account, password string, kind credential.Kind) error {
	err := c.Store.Set(ctx, account, password, kind)
	if err == nil {
		c.w.passwordSet(c.w.acting, account, password)
	}
	return err
}

func (c *watchedCredentials) SignOut(ctx context.Context, account string) error {
	err := c.Store.SignOut(ctx, account)
	if err == nil {
		c.w.signedOut[account]++
	}
	return err
}

// watchedMail looks at every mail before it lies in its box.
type watchedMail struct {
	mail.Sender
	w *world
}

func (m *watchedMail) Send(ctx context.Context, letter mail.Mail) (string, error) {
	id, err := m.Sender.Send(ctx, letter)
	if err == nil {
		received, _ := m.w.boxes.Get(id)
		m.w.mailed(m.w.acting, received)
	}
	return id, err
}

// listener holds the functions' logs to the promise that they name nobody.
type listener struct{ w *world }

func (w *world) log() *slog.Logger { return slog.New(listener{w}) }

func (listener) Enabled(context.Context, slog.Level) bool { return true }
func (l listener) WithAttrs([]slog.Attr) slog.Handler     { return l }
func (l listener) WithGroup(string) slog.Handler          { return l }

func (l listener) Handle(_ context.Context, r slog.Record) error {
	var text strings.Builder
	text.WriteString(r.Message)
	r.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(&text, " %s=%v", a.Key, a.Value)
		return true
	})
	l.w.logged(r.Level, r.Message, text.String())
	return nil
}
