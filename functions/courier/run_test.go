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
