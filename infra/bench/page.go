package main

import (
	"fmt"
	"strings"
)

// Markdown is the report as a page.
func (r *Report) Markdown() string {
	var b strings.Builder
	r.head(&b)
	r.starts(&b)
	r.elsewhere(&b)
	if r.Against != "" {
		r.compared(&b)
	}
	return b.String()
}

func (r *Report) head(b *strings.Builder) {
	m := r.Machine
	b.WriteString("# Performance: starts\n\nWritten by `make bench`; what the numbers mean, and what was done about them, is in [startup.md](startup.md).\n\n")
	fmt.Fprintf(b, "%s, revision %s. %s, %d cores, %.0f GiB, %s, %s", m.When, m.Revision, m.CPU, m.Cores, m.MemoryGiB, m.System, m.Go)
	for _, name := range tracked {
		fmt.Fprintf(b, ", %s %s", name[strings.LastIndexByte(name, '/')+1:], m.Modules[name])
	}
	fmt.Fprintf(b, ".\n\nEach program was started %d times, all of them in turn, in an order drawn anew for each round. "+
		"Others used %.1f of the cores meanwhile", r.Runs, r.Foreign)
	if r.Foreign >= quiet {
		b.WriteString(": **the machine was busy**, so trust ratios, CPU and page faults, not milliseconds")
	}
	if r.Runs < enough {
		b.WriteString(". **So few starts show that it works, and nothing else**")
	}
	b.WriteString(".\n\nInit is from the start of the process to its first question to the Runtime API, first answer to the end of its first " +
		"event: a real one, with a table behind it (Dynoxide, plain HTTP on this machine; no Lambda, no AWS, no network), and the right " +
		"answer. The no-op is a function on the same aws-lambda-go that does nothing. The floor is one that makes forgot-password's calls " +
		"of the table through the same SDK and does nothing else. Of milliseconds there are medians [nine in ten lie within]; the rest are " +
		"medians. Sizes are of what is deployed: arm64, stripped, without the old runtime protocol and HTTP/2, zipped as SAM does.\n\n")
}

func (r *Report) starts(b *strings.Builder) {
	b.WriteString("| function | its first event | init ms | first answer ms | × no-op | goal | × floor | CPU ms | page faults | peak MiB | binary MB | zip MB | goal |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, row := range r.Rows {
		if row.Table == dynoxide && !row.Before {
			fmt.Fprintf(b, "| %s | %s | %s | %s | %.2f | %s | %.2f | %.1f | %.0f | %.1f | %s |\n", row.Name, row.Asks, row.Next, row.First,
				row.Ratio, verdict(row.Ratio, row.Most, "≤ %.1f"), row.OfFloor, row.CPU.Median, row.Faults.Median, row.PeakMiB.Median, row.weight())
		}
	}
}

func (r *Report) elsewhere(b *strings.Builder) {
	b.WriteString("\n## With other tables behind them\n\nThe same starts, in the same rounds: what is left with a table that " +
		"answers at once is the function's own, and over TLS, as on AWS, each has its handshakes.\n\n" +
		"| function | its first event | table | init ms | first answer ms | × no-op | CPU ms | page faults |\n|---|---|---|---|---|---|---|---|\n")
	for _, row := range r.Rows {
		if row.Table != dynoxide && !row.Before {
			fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %.2f | %.1f | %.0f |\n", row.Name, row.Asks, row.Table, row.Next, row.First, row.Ratio,
				row.CPU.Median, row.Faults.Median)
		}
	}
}

func (r *Report) compared(b *strings.Builder) {
	fmt.Fprintf(b, "\n## Before and after\n\nBefore is revision %s, started in the same rounds.\n\n"+
		"| function | its first event | table | first answer ms, before | after | × no-op, before | after | CPU ms, before | after | page faults, before | after | zip MB, before | after |\n"+
		"|---|---|---|---|---|---|---|---|---|---|---|---|---|\n", r.Against)
	for _, row := range r.Rows {
		before, ok := r.earlier(row)
		if !ok || row.Before {
			continue
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %.2f | %.2f | %.1f | %.1f | %.0f | %.0f | %.2f | %.2f |\n", row.Name, row.Asks, row.Table, before.First, row.First,
			before.Ratio, row.Ratio, before.CPU.Median, row.CPU.Median, before.Faults.Median, row.Faults.Median, before.ZipMB, row.ZipMB)
	}
}

const (
	quiet  = 0.4 // how much of the cores others may use for milliseconds to be trusted
	enough = 21  // how many starts it takes for a median to be quoted
)

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
