package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	stdruntime "runtime"
	"slices"
	"strings"
	"time"

	"github.com/sparekey/sparekey/infra/runtime"
)

// Report is what a run of the bench found.
type Report struct {
	Machine Machine
	Runs    int
	Against string  // the revision that was started beside this one; empty: none
	Foreign float64 // cores that others used meanwhile
	Rows    []Row
}

// Machine is where it ran, and what was built with what.
type Machine struct {
	When, CPU, System, Go string
	Cores                 int
	MemoryGiB             float64
	Revision              string
	Modules               map[string]string
}

// Row is what was found of one program with one way to reach the table.
type Row struct {
	Name, Asks, Table string
	Before            bool    // it is of the revision Against
	Next, First       Spread  // ms from the start to its first question, and its first answer
	Ratio             float64 // First's median in the no-op's
	OfFloor           float64 // and in the floor's
	Most              float64 // the goal for Ratio; 0: none
	CPU               Spread  // ms
	Faults            Spread  // pages touched for the first time
	PeakMiB           Spread
	RawMB, ZipMB      float64 // for arm64
}

// Spread is a median and where nine in ten lie.
type Spread struct{ Median, P5, P95 float64 }

func (r *Report) judge(subjects []*subject) {
	for _, s := range subjects {
		r.Rows = append(r.Rows, Row{
			Name: s.name, Asks: s.asks, Table: s.table, Before: s.before, Most: s.most, RawMB: float64(s.raw) / 1e6, ZipMB: float64(s.zip) / 1e6,
			Next:    spread(s.usage, func(u runtime.Usage) float64 { return ms(u.Next) }),
			First:   spread(s.usage, func(u runtime.Usage) float64 { return ms(u.Response) }),
			CPU:     spread(s.usage, func(u runtime.Usage) float64 { return ms(u.CPU) }),
			Faults:  spread(s.usage, func(u runtime.Usage) float64 { return float64(u.Faults) }),
			PeakMiB: spread(s.usage, func(u runtime.Usage) float64 { return float64(u.Peak) / (1 << 20) }),
		})
	}
	for i := range r.Rows {
		r.Rows[i].Ratio = r.Rows[i].First.Median / r.of(noop).First.Median
		r.Rows[i].OfFloor = r.Rows[i].First.Median / r.of(floor).First.Median
	}
}

// of is the row of the no-op or the floor.
func (r *Report) of(name string) Row {
	i := slices.IndexFunc(r.Rows, func(row Row) bool { return row.Name == name && row.Table == dynoxide })
	return r.Rows[i]
}

// earlier is the same program, with the same first event, before.
func (r *Report) earlier(row Row) (before Row, ok bool) {
	i := slices.IndexFunc(r.Rows, func(b Row) bool { return b.Before && b.Name == row.Name && b.Asks == row.Asks && b.Table == row.Table })
	if i < 0 {
		return Row{}, false
	}
	return r.Rows[i], true
}

func spread(all []runtime.Usage, of func(runtime.Usage) float64) Spread {
	values := make([]float64, len(all))
	for i, u := range all {
		values[i] = of(u)
	}
	slices.Sort(values)
	return Spread{Median: quantile(values, 0.5), P5: quantile(values, 0.05), P95: quantile(values, 0.95)}
}

// quantile of sorted values, drawn straight between neighbours.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	at := q * float64(len(sorted)-1)
	below := int(at)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + (at-float64(below))*(sorted[above]-sorted[below])
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// tracked are the modules that a start depends on most.
var tracked = []string{
	"github.com/aws/aws-lambda-go", "github.com/aws/aws-sdk-go-v2", "github.com/aws/aws-sdk-go-v2/service/dynamodb",
}

func machine(ctx context.Context) Machine {
	m := Machine{
		When: time.Now().UTC().Format(time.DateOnly), Go: stdruntime.Version(), Cores: stdruntime.NumCPU(), Modules: map[string]string{},
		CPU: "unknown processor", System: stdruntime.GOOS + "/" + stdruntime.GOARCH, Revision: "unknown",
	}
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		_, rest, _ := strings.Cut(string(text), "model name\t: ")
		if name, _, ok := strings.Cut(rest, "\n"); ok {
			m.CPU = name
		}
	}
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		var kilobytes float64
		_, _ = fmt.Sscanf(string(text), "MemTotal: %f", &kilobytes)
		m.MemoryGiB = kilobytes / (1 << 20)
	}
	if out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty").Output(); err == nil {
		m.Revision = strings.TrimSpace(string(out))
	}
	for _, name := range tracked {
		out, _ := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Version}}", name).Output() //nolint:gosec // our own names
		m.Modules[name] = strings.TrimSpace(string(out))
	}
	return m
}
