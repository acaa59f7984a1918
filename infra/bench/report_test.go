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

// taking is one start of each duration.
func taking(all ...time.Duration) (usage []runtime.Usage) {
	for _, d := range all {
		usage = append(usage, runtime.Usage{Times: runtime.Times{Next: d / 2, Response: d}})
	}
	return usage
}

func reported(r Report) string {
	r.judge([]*subject{
		{program: &program{name: noop}, table: dynoxide, usage: taking(10 * time.Millisecond)},
		{program: &program{name: floor}, table: dynoxide, usage: taking(12 * time.Millisecond)},
		{program: &program{name: "quick", asks: "GET", most: 1.5, zip: 4.5e6}, table: dynoxide, usage: taking(15 * time.Millisecond)},
		{program: &program{name: "slow", asks: "GET", most: 1.5, zip: 4.6e6}, table: dynoxide, usage: taking(12*time.Millisecond, 18*time.Millisecond, 20*time.Millisecond)},
		{program: &program{name: "slow", asks: "GET", before: true}, table: dynoxide, usage: taking(30 * time.Millisecond)},
		{program: &program{name: "slow", asks: "GET"}, table: "another", usage: taking(40 * time.Millisecond)},
	})
	return r.Markdown()
}

// A goal is met or missed by the ratio to the no-op of the same run.
func TestAGoalIsToldAsMetOrMissed(t *testing.T) {
	text := reported(Report{Runs: enough, Against: "v0"})
	for _, line := range []string{
		"| quick | GET | 7.5 [7.5-7.5] | 15.0 [15.0-15.0] | 1.50 | ≤ 1.5 met | 1.25 |", "| 4.50 | ≤ 4.5 met |",
		"| slow | GET | 9.0 [6.3-9.9] | 18.0 [12.6-19.8] | 1.80 | **≤ 1.5 missed** | 1.50 |", "| 4.60 | **≤ 4.5 missed** |",
		"| slow | GET | another | 20.0 [20.0-20.0] | 40.0 [40.0-40.0] | 4.00 |",
		"| slow | GET | Dynoxide | 30.0 [30.0-30.0] | 18.0 [12.6-19.8] | 3.00 | 1.80 |",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("%q is not in\n%s", line, text)
		}
	}
}

func TestAReportSaysHowFarItCanBeTrusted(t *testing.T) {
	for _, c := range []struct {
		name        string
		report      Report
		busy, tried bool
	}{
		{"many starts, alone", Report{Runs: enough}, false, false},
		{"few starts", Report{Runs: enough - 1}, false, true},
		{"on a busy machine", Report{Runs: enough, Foreign: quiet}, true, false},
	} {
		text := reported(c.report)
		if strings.Contains(text, "machine was busy") != c.busy || strings.Contains(text, "So few starts") != c.tried {
			t.Errorf("%s:\n%s", c.name, text)
		}
		if strings.Contains(text, "Before is revision") {
			t.Errorf("%s: compared with nothing", c.name)
		}
	}
}

func TestOnlyTheRightAnswerIsOne(t *testing.T) {
	for _, c := range []struct {
		name   string
		right  func([]byte) error
		answer string
		want   bool
	}{
		{"its status", empty, `{"statusCode":204}`, true},
		{"another status", empty, `{"statusCode":500}`, false},
		{"no answer", empty, `null`, false},
		{"a page", page(200), `{"statusCode":200,"body":"<html><h1>Hello</h1></html>\n"}`, true},
		{"a page that failed", page(200), `{"statusCode":200,"body":"Sorry, there is a problem."}`, false},
		{"half a page", page(200), `{"statusCode":200,"body":"<html><h1>Hello</h1>"}`, false},
		{"a page with another status", page(200), `{"statusCode":503,"body":"<html><h1>Hello</h1></html>"}`, false},
		{"nothing", nothing, `null`, true},
		{"something", nothing, `{"batchItemFailures":[]}`, false},
	} {
		if err := c.right([]byte(c.answer)); (err == nil) != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestWhatIsStartedWithWhichTable(t *testing.T) {
	tables := []connection{{name: dynoxide}, {name: atOnce, forgets: true}, {name: secured}}
	for _, c := range []struct {
		program program
		want    string
	}{
		{program{name: noop}, dynoxide},
		{program{name: floor}, dynoxide + atOnce},
		{program{name: "signin"}, dynoxide + atOnce + secured},
		{program{name: "courier", real: true}, dynoxide + secured},
		{program{name: "signin", before: true}, dynoxide + secured},
	} {
		got := ""
		for _, there := range tables {
			if c.program.meets(there) {
				got += there.name
			}
		}
		if got != c.want {
			t.Errorf("%+v is started with %s, want %s", c.program, got, c.want)
		}
	}
}
