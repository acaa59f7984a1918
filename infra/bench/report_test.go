package main

import (
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/runtime"
)

func TestQuantiles(t *testing.T) {
	for _, c := range []struct {
		sorted []float64
		q      float64
		want   float64
	}{
		{nil, 0.5, 0},
		{[]float64{7}, 0.95, 7},
		{[]float64{1, 2, 3}, 0.5, 2},
		{[]float64{1, 2, 3, 4}, 0.5, 2.5},
		{[]float64{0, 10}, 0.05, 0.5},
	} {
		if got := quantile(c.sorted, c.q); got != c.want {
			t.Errorf("quantile(%v, %v) is %v, want %v", c.sorted, c.q, got, c.want)
		}
	}
}

// A goal is met or missed by the ratio to the no-op of the same run.
func TestAGoalIsToldAsMetOrMissed(t *testing.T) {
	taking := func(d time.Duration) []runtime.Usage {
		return []runtime.Usage{{Times: runtime.Times{Next: d / 2, Response: d}}}
	}
	var r Report
	r.judge([]*subject{
		{name: noop, table: dynoxide, usage: taking(10 * time.Millisecond)},
		{name: "quick", table: dynoxide, most: 1.5, zip: 4.5e6, usage: taking(15 * time.Millisecond)},
		{name: "slow", table: dynoxide, most: 1.5, zip: 4.6e6, usage: taking(16 * time.Millisecond)},
	})
	text := r.Markdown()
	for _, line := range []string{
		"| quick | 7.5 [7.5-7.5] | 15.0 [15.0-15.0] | 1.50 | ≤ 1.5 met |", "| 4.50 | ≤ 4.5 met |",
		"| slow | 8.0 [8.0-8.0] | 16.0 [16.0-16.0] | 1.60 | **≤ 1.5 missed** |", "| 4.60 | **≤ 4.5 missed** |",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("%q is not in\n%s", line, text)
		}
	}
}
