package sim

import (
	"fmt"
	"strings"
	"time"
)

// Story is what became of a seed.
type Story struct {
	Seed  uint64
	Steps int // effects and replies
	// Promise is the first one broken, and How; empty: all were kept.
	Promise, How string
	// Untold is how many requests were called sent, as the design has it, because
	// their link was overtaken before any mail of them had left.
	Untold int
	// Calls is how many calls of ports the invocation made that a script is about.
	Calls int
	// Lines tell it step by step, where that was asked for.
	Lines []string
}

// Text is the story to be read.
func (s Story) Text() string { return strings.Join(s.Lines, "\n") }

// story is one while it happens.
type story struct {
	seed         uint64
	told         bool
	lines        []string
	steps        int
	promise, how string
}

// say adds a line, if anybody listens.
func (w *world) say(format string, args ...any) {
	if !w.told {
		return
	}
	since := w.now.Sub(monday)
	clock := fmt.Sprintf("day %d %02d:%02d:%06.3f", since/(24*time.Hour)+1, int(since.Hours())%24, int(since.Minutes())%60,
		(since % time.Minute).Seconds())
	w.lines = append(w.lines, clock+"  "+fmt.Sprintf(format, args...))
}

// broke notes that a promise is broken. Only the first counts: what follows may
// follow from it.
func (w *world) broke(promise, format string, args ...any) {
	if w.promise != "" {
		return
	}
	w.promise, w.how = promise, fmt.Sprintf(format, args...)
	w.say("BROKEN: %s: %s", w.promise, w.how)
}

func (w *world) ended() Story {
	w.stop()
	s := Story{Seed: w.seed, Steps: w.steps, Promise: w.promise, How: w.how, Untold: w.overtaken, Lines: w.lines}
	if w.aim != nil {
		s.Calls = w.aim.calls
	}
	return s
}
