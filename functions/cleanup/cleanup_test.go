package cleanup_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/functions/cleanup"
	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/change"
	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/table"
)

const slug = "springfield"

// world is a table with what is owed in it, and the clock.
type world struct {
	*testing.T
	store table.Store
	rows  *embedded.Table
	now   time.Time
	asked []string // whose sign-ins were to end, done or not
	ended []string
	deaf  string        // the account that Cognito does not take
	took  time.Duration // how long each sign-out takes
	log   bytes.Buffer  // of the latest run
}

func here(t *testing.T) *world {
	t.Helper()
	rows := embedded.NewTable()
	return &world{T: t, store: table.Store{Table: rows, Rand: rand.Reader}, rows: rows, now: time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)}
}

// SignOut is the world's Cognito.
func (w *world) SignOut(_ context.Context, id string) error {
	w.now = w.now.Add(w.took)
	w.asked = append(w.asked, id)
	if id == w.deaf {
		return port.ErrThrottled
	}
	w.ended = append(w.ended, id)
	return nil
}

func (w *world) run() {
	w.Helper()
	w.log.Reset()
	flow := cleanup.Flow{Table: w.store, Sessions: w, Log: slog.New(slog.NewJSONHandler(&w.log, nil)), Now: func() time.Time { return w.now }}
	if err := flow.Run(w.Context()); err != nil {
		w.Fatal(err)
	}
}

// said demands that the latest run has written one line about itself, which is
// what alarms are made of.
func (w *world) said(oldest, done, failed int) {
	w.Helper()
	want := fmt.Sprintf(`"level":"INFO","msg":"run","oldest_seconds":%d,"done":%d,"failed":%d}`+"\n", oldest, done, failed)
	if n := strings.Count(w.log.String(), `"msg":"run"`); n != 1 || !strings.HasSuffix(w.log.String(), want) {
		w.Errorf("got %s, want at its end one %s", w.log.String(), want)
	}
}

func (w *world) put(ops ...table.Op) {
	w.Helper()
	if err := w.store.Write(w.Context(), ops...); err != nil {
		w.Fatal(err)
	}
}

// lock is a change that gave no answer, with its lease until then.
func (w *world) lock(id string, ends time.Time) {
	w.Helper()
	row := table.New(change.Key(slug, id), change.Lock{ID: "lock of " + id, District: slug, Account: id, Token: "none", Ends: ends})
	row.Due = table.Due{Queue: change.Queue, At: ends}
	w.put(row.Put(), table.New(account.StateKey(slug, id), account.State{Status: account.Active}).Put())
}

func (w *world) owe(id string) {
	w.Helper()
	row := table.New(change.SignOutKey(slug, id), struct{}{})
	row.Due = table.Due{Queue: change.SignOutQueue, At: w.now}
	w.put(row.Put())
}

// left are the ids of the accounts that still have such an item.
func (w *world) left(sk string) (ids []string) {
	for _, item := range w.rows.Dump() {
		if item.SK == sk {
			ids = append(ids, item.PK[len("ACCOUNT#"+slug+"#"):])
		}
	}
	return ids
}

func TestAChangeIsSettledOnceItsLeaseIsOver(t *testing.T) {
	t.Parallel()
	w := here(t)
	w.lock("lapsed", w.now)
	w.lock("running", w.now.Add(1))
	w.run()
	if got := w.left("CHANGE"); !slices.Equal(got, []string{"running"}) {
		t.Errorf("left are %v", got)
	}
	notices := 0
	for _, item := range w.rows.Dump() {
		if item.Kind() == "NOTICE" {
			notices++
		}
	}
	if notices != 1 || !slices.Equal(w.ended, []string{"lapsed"}) {
		t.Errorf("%d notices, signed out %v", notices, w.ended)
	}
	w.now = w.now.Add(1)
	w.run()
	if got := w.left("CHANGE"); got != nil {
		t.Errorf("left are %v", got)
	}
}

func TestOwedSignOutsAreDoneAndStruckOff(t *testing.T) {
	t.Parallel()
	w := here(t)
	for _, id := range []string{"a", "b", "c"} {
		w.owe(id)
	}
	w.deaf = "a"
	w.run()
	w.said(0, 2, 1) // the one that failed is put off
	if got := w.left("SIGNOUT"); !slices.Equal(got, []string{"a"}) || !slices.Equal(w.ended, []string{"b", "c"}) {
		t.Errorf("left are %v, ended %v", got, w.ended)
	}
	w.deaf = ""
	w.now = w.now.Add(time.Hour)
	w.run()
	w.run()
	if got := w.left("SIGNOUT"); got != nil || !slices.Equal(w.ended, []string{"b", "c", "a"}) {
		t.Errorf("left are %v, ended %v", got, w.ended)
	}
}

// Those that Cognito does not take stand before no others, minute after minute.
func TestASignOutThatCognitoRefusesComesAgainInFiveMinutes(t *testing.T) {
	t.Parallel()
	w := here(t)
	w.owe("a")
	w.deaf = "a"
	w.run()
	w.now = w.now.Add(5*time.Minute - 1)
	w.owe("b")
	w.run()
	if !slices.Equal(w.asked, []string{"a", "b"}) {
		t.Errorf("before five minutes: %v", w.asked)
	}
	w.deaf = ""
	w.owe("c")
	w.now = w.now.Add(1)
	w.run()
	if !slices.Equal(w.asked, []string{"a", "b", "c", "a"}) || w.left("SIGNOUT") != nil {
		t.Errorf("after five minutes: %v, left %v", w.asked, w.left("SIGNOUT"))
	}
}

func TestAChangeThatCannotBeReadHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	w := here(t)
	w.put(table.Op{Act: table.Put, Item: table.Item{Key: change.Key(slug, "broken"), Body: []byte(`{"ends":"never"}`), Due: table.Due{Queue: change.Queue, At: w.now.Add(-time.Hour)}}})
	w.lock("lapsed", w.now)
	w.run()
	w.said(3600, 2, 1) // settled, and its sign-out done
	if got := w.left("CHANGE"); !slices.Equal(got, []string{"broken"}) {
		t.Errorf("left are %v", got)
	}
}

func TestMoreThanAPageIsDoneInOneRun(t *testing.T) {
	t.Parallel()
	w := here(t)
	for i := range 250 {
		w.owe(fmt.Sprintf("s-%03d", i))
		w.lock(fmt.Sprintf("c-%03d", i), w.now)
	}
	w.run()
	if changes, ends := w.left("CHANGE"), w.left("SIGNOUT"); changes != nil || ends != nil || len(w.ended) != 500 {
		t.Errorf("left are %d and %d; %d ended", len(changes), len(ends), len(w.ended))
	}
}

func TestARunStopsWhenItsTimeIsOver(t *testing.T) {
	t.Parallel()
	w := here(t)
	for i := range 30 {
		w.owe(fmt.Sprintf("s-%03d", i))
	}
	began := w.now
	w.took = 10 * time.Second
	w.run()
	w.said(int(w.now.Sub(began).Seconds()), len(w.ended), 0)
	if took := w.now.Sub(began); took >= time.Minute || len(w.ended) == 0 {
		t.Errorf("it took %s and did %d", took, len(w.ended))
	}
	if got := w.left("SIGNOUT"); len(got)+len(w.ended) != 30 {
		t.Errorf("left are %d of 30, ended %d", len(got), len(w.ended))
	}
}
