package runtime_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/runtime"
	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/change"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/notice"
	"github.com/sparekey/sparekey/shared/request"
	"github.com/sparekey/sparekey/shared/table"
)

// debts are families to whom something is owed: a mail that they asked for, the
// end of a change that nobody ended, the end of their sign-ins, a notice.
type debts struct {
	*stack
	n int // of each
}

// owing makes them; the accounts come in the order of the debts.
func owing(t *testing.T, n int) debts {
	t.Helper()
	d := debts{stack: newStack(t), n: n}
	people := make([]account.Profile, 4*n)
	for i := range people {
		people[i] = account.Profile{
			Username: fmt.Sprintf("parent%d", i), First: "Pat", Last: "Example", Role: district.Guardian, Address: d.address(i),
		}
	}
	d.settle(people...)
	d.owe()
	return d
}

func (d debts) address(i int) string {
	return fmt.Sprintf("parent%d.%s@example.org", i, strings.ToLower(d.rows.Table))
}

func (d debts) id(i int) string { return fmt.Sprintf("person-%04d", i) }

func (d debts) owe() {
	d.t.Helper()
	now := time.Now().Add(-time.Minute)
	for i := range d.n {
		if _, err := request.File(d.t.Context(), d.store, request.Request{
			District: "springfield", Flow: request.ForgotPassword, Language: "en", Asked: now,
			Typed: request.Typed{Username: fmt.Sprintf("parent%d", i), Email: d.address(i)},
		}); err != nil {
			d.t.Fatal(err)
		}
		at := d.n + i
		lock := table.New(change.Key("springfield", d.id(at)), change.Lock{
			ID: "lock " + d.id(at), District: "springfield", Account: d.id(at), Token: "none", Ends: now,
			Told: change.Told{Route: "link", Language: "en", To: []string{d.address(at)}},
		})
		lock.Due = table.Due{Queue: change.Queue, At: now}
		end := table.New(change.SignOutKey("springfield", d.id(2*d.n+i)), struct{}{})
		end.Due = table.Due{Queue: change.SignOutQueue, At: now}
		told := notice.Notice{
			District: "springfield", Account: d.id(3*d.n + i), Kind: notice.Changed, Route: "link", At: now, Language: "en",
			To: []string{d.address(3*d.n + i)},
		}
		if err := d.store.Write(d.t.Context(), lock.Put(), end.Put(), told.Put(d.id(3*d.n+i), now)); err != nil {
			d.t.Fatal(err)
		}
	}
}

// paid demands that everything was done, and nothing twice.
func (d debts) paid() {
	d.t.Helper()
	v := &victim{T: d.t, s: d.stack}
	if left := v.owes(); len(left) != 0 {
		d.t.Errorf("still owed: %v", left)
	}
	mails := map[string]int{}
	for _, m := range d.ses.taken.All() {
		mails[m.To[0]]++
	}
	for i := range 4 * d.n {
		v.id = d.id(i)
		settled := i/d.n == 1
		wantMails, wantEpoch := 1, 0
		if settled {
			wantEpoch = 1
		}
		if i/d.n == 2 {
			wantMails = 0
		}
		said := v.audits()["password-may-have-changed"]
		if epoch := v.state().Epoch; mails[d.address(i)] != wantMails || epoch != wantEpoch || said != wantEpoch {
			d.t.Errorf("account %d: %d mails, epoch %d, %d audit entries; want %d, %d, %d", i, mails[d.address(i)], epoch, said,
				wantMails, wantEpoch, wantEpoch)
		}
	}
}

// Two sweeps, two of the courier's minutes, and the feed twice, forwards and
// backwards, all at once over the same items.
func TestSweepsAndCouriersBesideEachOtherDoEverythingOnce(t *testing.T) {
	d := owing(t, 20)
	batch := deployedPoller(t).passing(t, d.read())
	if len(batch) != 2*d.n {
		t.Fatalf("the stream has %d requests and notices, want %d", len(batch), 2*d.n)
	}
	backwards := slices.Clone(batch)
	slices.Reverse(backwards)
	minute := [][]byte{runtime.Scheduled(time.Now())}
	var work sync.WaitGroup
	for _, one := range []struct {
		folder string
		events [][]byte
	}{
		{"cleanup", minute},
		{"cleanup", minute},
		{"courier", minute},
		{"courier", minute},
		{"courier", streamed(batch)},
		{"courier", streamed(backwards)},
	} {
		p := d.another(one.folder)
		work.Go(func() {
			for _, event := range one.events {
				if _, err := p.Invoke(t.Context(), event); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	d.minute("cleanup")
	d.minute("courier") // what the sweeps owed to say
	d.paid()
	d.minute("cleanup")
	d.minute("courier")
	d.paid()
}

// minutes lets a function's minutes come until its queues are empty: one, unless
// the machine is very busy.
func (d debts) minutes(folder string, queues ...string) {
	d.t.Helper()
	for range 10 {
		d.minute(folder)
		late, err := d.store.Overdue(d.t.Context(), time.Now(), queues...)
		if err != nil {
			d.t.Fatal(err)
		}
		if late == 0 {
			return
		}
	}
	d.t.Errorf("%s does not come to an end", folder)
}

// sweepsAmong runs the sweep where those who owe lie among many rows: it looks at
// nothing else.
func (d debts) sweepsAmong(t *testing.T, rows int) {
	t.Helper()
	began := time.Now()
	d.dynamo.reset()
	d.minutes("cleanup", change.Queue, change.SignOutQueue)
	calls, looked := d.dynamo.reset()
	t.Logf("%v for %d changes and %d sign-outs among %d rows; calls %v; %d rows looked at by queries",
		time.Since(began).Round(time.Millisecond), d.n, d.n, rows, calls, looked)
	d.onlyLooksUp(calls)
	// Each is found once in its queue, a sign-out of a settled change beside it; but a
	// page asks each shard for as much as it may show, and shows the rest again.
	if most := 8 * d.n; looked > most {
		t.Errorf("queries looked at %d rows, want %d at most", looked, most)
	}
	for i := d.n; i < 3*d.n; i++ {
		v := &victim{T: t, s: d.stack, id: d.id(i)}
		if v.item(change.Key("springfield", v.id)).Exists() || v.item(change.SignOutKey("springfield", v.id)).Exists() {
			t.Errorf("account %d still owes", i)
		}
	}
}
