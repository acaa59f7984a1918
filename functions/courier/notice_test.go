package courier_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/notice"
	"github.com/sparekey/sparekey/shared/outbox"
	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/table"
)

var throttled = port.ErrThrottled

// owe puts a notice to some addresses.
func (o *office) owe(to ...string) table.Key {
	o.Helper()
	n := notice.Notice{District: school, Account: achen, Kind: notice.Changed, Route: "link", At: o.now, Language: "en", To: to}
	fatal(o.T, o.store.Write(o.Context(), n.Put("n-1", o.now)))
	return notice.Key("n-1")
}

func (o *office) notice(key table.Key) notice.Notice {
	o.Helper()
	row, err := table.As[notice.Notice](o.item(key))
	fatal(o.T, err)
	return row.Value
}

func TestANoticeIsMailedOnceToEachAddress(t *testing.T) {
	t.Parallel()
	o := opened(t)
	key := o.owe("one@example.org", "two@example.org")
	for range 3 {
		o.run()
		o.now = o.now.Add(time.Hour)
	}
	var to []string
	for _, m := range o.boxes.All() {
		to = append(to, m.To...)
	}
	slices.Sort(to)
	if !slices.Equal(to, []string{"one@example.org", "two@example.org"}) || o.notice(key).To != nil {
		t.Errorf("mailed to %v", to)
	}
}

func TestANoticeThatNobodyTakesForADayHasFailed(t *testing.T) {
	t.Parallel()
	o := opened(t)
	key := o.owe(family)
	o.answer = throttled
	o.run()
	o.now = o.now.Add(outbox.GiveUp - 1)
	o.run()
	if got := o.notice(key); got.Outcome != "" {
		t.Errorf("given up early: %q", got.Outcome)
	}
	o.answer, o.now = nil, o.now.Add(2*time.Hour)
	o.run()
	if got := o.notice(key); got.Outcome != outbox.Failed || got.To != nil || len(o.boxes.All()) != 0 {
		t.Errorf("got %q, %d mails", got.Outcome, len(o.boxes.All()))
	}
}

// slow is a mail service during whose answer somebody else takes the notice.
type slow struct {
	*office
	key table.Key
}

// Send lets another claim the notice, and answers as the office does.
func (s slow) Send(ctx context.Context, m mail.Mail) (string, error) {
	_, _, err := table.Amend(ctx, s.store, s.key, func(row *table.Row[notice.Notice]) bool {
		row.Value.Claim = "another"
		return true
	})
	fatal(s.T, err)
	return s.office.Send(ctx, m)
}

func TestOnlyWhoClaimedANoticeRecordsIt(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]error{"taken": nil, "throttled": throttled, "refused": mail.ErrRejected} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := opened(t)
			key := o.owe(family)
			o.flow.Mail = slow{office: o, key: key}
			o.answer = answer
			o.run()
			if got := o.notice(key); got.Claim != "another" || got.Outcome != "" || len(got.To) != 1 || got.LastWhat != "" {
				t.Errorf("recorded over another's claim: %+v", got)
			}
		})
	}
}
