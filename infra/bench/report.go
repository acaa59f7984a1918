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

// Row is what was found of one program.
type Row struct {
	Name, Table  string
	Next, First  Spread  // ms from the start to its first question, and its first answer
	Ratio        float64 // First's median in no-op's
	Most         float64 // the goal for Ratio; 0: none
	CPU          float64 // ms, median
	Faults       float64 // median
	PeakMiB      float64 // median
	RawMB, ZipMB float64 // for arm64
}

// Spread is a median and where nine in ten lie.
type Spread struct{ Median, P5, P95 float64 }

func (r *Report) judge(subjects []*subject) {
	for _, s := range subjects {
		row := Row{
			Name: s.name, Table: s.table, Most: s.most, RawMB: float64(s.raw) / 1e6, ZipMB: float64(s.zip) / 1e6,
			Next:    spread(s.usage, func(u runtime.Usage) float64 { return ms(u.Next) }),
			First:   spread(s.usage, func(u runtime.Usage) float64 { return ms(u.Response) }),
			CPU:     spread(s.usage, func(u runtime.Usage) float64 { return ms(u.CPU) }).Median,
			Faults:  spread(s.usage, func(u runtime.Usage) float64 { return float64(u.Faults) }).Median,
			PeakMiB: spread(s.usage, func(u runtime.Usage) float64 { return float64(u.Peak) / (1 << 20) }).Median,
		}
		r.Rows = append(r.Rows, row)
		r.Rows[len(r.Rows)-1].Ratio = row.First.Median / r.Rows[0].First.Median
	}
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

// Markdown is the report as a page.
func (r Report) Markdown() string {
	var b strings.Builder
	m := r.Machine
	fmt.Fprintf(&b, "# Performance: starts\n\nWritten by `go run ./infra/bench -runs %d -out docs/performance.md`; do not edit.\n\n", r.Runs)
	fmt.Fprintf(&b, "%s, revision %s. %s, %d cores, %.0f GiB, %s, %s", m.When, m.Revision, m.CPU, m.Cores, m.MemoryGiB, m.System, m.Go)
	for _, name := range tracked {
		fmt.Fprintf(&b, ", %s %s", name[strings.LastIndexByte(name, '/')+1:], m.Modules[name])
	}
	fmt.Fprintf(&b, ".\n\nEach program was started %d times, all of them in turn, in an order drawn anew for each round. "+
		"Others used %.1f of the cores meanwhile", r.Runs, r.Foreign)
	if r.Foreign >= quiet {
		b.WriteString(": **the machine was busy**, so trust ratios and page faults, not milliseconds")
	}
	b.WriteString(".\n\nInit is from the start of the process to its first question to the Runtime API, first answer to the end of its first " +
		"event: a real one, with a table behind it (Dynoxide, plain HTTP on this machine; no Lambda, no AWS, no network). The no-op is a " +
		"function on the same aws-lambda-go that does nothing. Milliseconds are medians [nine in ten lie within]; the rest are medians. " +
		"Sizes are of what is deployed: arm64, stripped, `lambda.norpc`.\n\n")
	b.WriteString("| function | init ms | first answer ms | × no-op | goal | CPU ms | page faults | peak MiB | binary MB | zip MB | goal |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, row := range r.Rows {
		if row.Table == dynoxide {
			fmt.Fprintf(&b, "| %s | %s | %s | %.2f | %s | %.1f | %.0f | %.1f | %s |\n", row.Name, row.Next, row.First, row.Ratio,
				verdict(row.Ratio, row.Most, "≤ %.1f"), row.CPU, row.Faults, row.PeakMiB, row.weight())
		}
	}
	b.WriteString("\n## Where the time goes\n\nThe same starts, in the same rounds, with other tables behind them: what is left with one that " +
		"answers at once is the function's own, and a handshake is what TLS adds to the start.\n\n" +
		"| function | table | init ms | first answer ms | × no-op | CPU ms | page faults |\n|---|---|---|---|---|---|---|\n")
	for _, row := range r.Rows {
		if row.Table != dynoxide && row.Name != noop {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %.2f | %.1f | %.0f |\n", row.Name, row.Table, row.Next, row.First, row.Ratio, row.CPU, row.Faults)
		}
	}
	return b.String()
}

// quiet is how much of the cores others may use for milliseconds to be trusted.
const quiet = 0.4

func (s Spread) String() string { return fmt.Sprintf("%.1f [%.1f-%.1f]", s.Median, s.P5, s.P95) }

func (r Row) weight() string {
	goal := 0.0
	if r.Most > 0 {
		goal = mostZip / 1e6
	}
	return fmt.Sprintf("%.2f | %.2f | %s", r.RawMB, r.ZipMB, verdict(r.ZipMB, goal, "≤ %.1f"))
}

func verdict(is, most float64, goal string) string {
	switch {
	case most == 0:
		return ""
	case is <= most:
		return fmt.Sprintf(goal+" met", most)
	}
	return fmt.Sprintf("**"+goal+" missed**", most)
}

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
