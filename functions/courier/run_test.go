package courier_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/gate"
	"github.com/sparekey/sparekey/shared/outbox"
	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/table"
)

// line is what a scheduled run writes of itself: alarms are made of it.
type line struct {
	Level  string `json:"level"`
	Msg    string `json:"msg"`
	Oldest *int   `json:"oldest_seconds"`
	Done   *int   `json:"done"`
	Failed *int   `json:"failed"`
}

// runs has the courier run once, and returns its lines about runs.
func (o *office) runs() (all []line, err error) {
	o.Helper()
	var log bytes.Buffer
	o.flow.Log = slog.New(slog.NewJSONHandler(&log, nil))
	err = o.flow.Run(o.Context())
	for lines := json.NewDecoder(&log); lines.More(); {
		var one line
		fatal(o.T, lines.Decode(&one))
		if one.Msg == "run" {
			all = append(all, one)
		}
	}
	return all, err
}

// wants demands that one run says just this of itself.
func (o *office) wants(oldest, done, failed int) {
	o.Helper()
	all, err := o.runs()
	fatal(o.T, err)
	if len(all) != 1 || all[0].Level != "INFO" || all[0].Oldest == nil || all[0].Done == nil || all[0].Failed == nil {
		o.Fatalf("got %+v, want one line with all of it", all)
	}
	if got := all[0]; *got.Oldest != oldest || *got.Done != done || *got.Failed != failed {
		o.Errorf("oldest %d, done %d, failed %d; want %d, %d, %d", *got.Oldest, *got.Done, *got.Failed, oldest, done, failed)
	}
}

func TestEachRunSaysHowLateTheMailIs(t *testing.T) {
	t.Parallel()
	o := opened(t)
	o.wants(0, 0, 0)
	o.ask("achen", family)
	o.owe(family)
	o.answer = throttled
	o.wants(0, 0, 2) // both are put off, so neither is late yet
	o.flow.Rate, o.now = 0, o.now.Add(3*time.Minute)
	o.wants(0, 0, 0) // no slot is no try: both are due in a second
	o.now = o.now.Add(5 * time.Minute)
	fatal(t, o.store.Write(t.Context(), table.Op{Act: table.Put, Item: table.Item{
		Key: table.K("REQUEST", "broken"), Body: []byte(`{"asked":1}`), Due: table.Due{Queue: "REQUEST", At: o.now.Add(-time.Hour)},
	}}))
	o.flow.Rate, o.answer = 10, nil
	o.wants(3600, 2, 1) // what cannot even be read stays due, and the line tells it
}

func TestARunBesideAnotherSaysHowLateTheMailIsToo(t *testing.T) {
	t.Parallel()
	o := opened(t)
	fatal(t, o.store.Write(t.Context(), table.New(table.K("RUN", "courier"), map[string]any{"until": o.now.Add(time.Second)}).Put()))
	o.ask("achen", family)
	o.now = o.now.Add(time.Second - 1)
	o.wants(0, 0, 0)
	o.now = o.now.Add(1)
	o.wants(0, 1, 0)
}

func TestARunThatCannotTellHowLateTheMailIsFails(t *testing.T) {
	t.Parallel()
	o := opened(t)
	o.flow.Table.Table = gate.Table(o.rows, "courier", func(_ context.Context, call gate.Call, do func() error) error {
		if call.Name == "List" {
			return port.ErrUnavailable
		}
		return do()
	})
	if all, err := o.runs(); !errors.Is(err, port.ErrUnavailable) || len(all) != 0 {
		t.Errorf("got %v, %+v, want an error and no line", err, all)
	}
}

// What the feed brings when its time is over is due, and goes with the minute.
func TestTheFeedBeginsNothingWhenItsTimeIsOver(t *testing.T) {
	t.Parallel()
	o := opened(t)
	keys := []table.Key{o.owe(family), o.ask("achen", family)}
	o.sending = func() { o.now = o.now.Add(time.Minute) }
	o.flow.Feed(o.Context(), keys)
	if n := len(o.boxes.All()); n != 1 {
		t.Fatalf("%d mails, want the first alone", n)
	}
	o.run()
	if n := len(o.boxes.All()); n != 2 {
		t.Errorf("%d mails after the minute", n)
	}
}

// An outcome that is not written down would send the mail again.
func TestAnOutcomeThatTheTableRefusesForTheMomentIsWrittenAllTheSame(t *testing.T) {
	t.Parallel()
	for refusals := 1; refusals <= 3; refusals++ {
		o, refused := opened(t), 0
		key := o.ask("achen", family)
		o.flow.Table.Table = gate.Table(o.rows, "courier", func(_ context.Context, call gate.Call, do func() error) error {
			if len(o.boxes.All()) == 1 && call.Name == "Write" && refused < refusals {
				refused++
				return port.ErrThrottled
			}
			return do()
		})
		o.wants(0, 1, 0)
		if got := o.outcome(key); got != outbox.Sent || refused != refusals {
			t.Errorf("refused %d times of %d: outcome %q", refused, refusals, got)
		}
		o.now = o.now.Add(time.Hour)
		o.run()
		if n := len(o.boxes.All()); n != 1 {
			t.Errorf("refused %d times: %d mails", refusals, n)
		}
	}
}

// Nothing is due in most minutes of most nights, and every queue is many reads.
func TestARunThatFindsNothingAsksEachQueueOnce(t *testing.T) {
	t.Parallel()
	o, asked := opened(t), 0
	o.flow.Table.Table = gate.Table(o.rows, "courier", func(_ context.Context, call gate.Call, do func() error) error {
		if call.Name == "List" {
			asked++
		}
		return do()
	})
	o.wants(0, 0, 0)
	if asked != 2 {
		t.Errorf("%d lists, want one of requests and one of notices", asked)
	}
}
