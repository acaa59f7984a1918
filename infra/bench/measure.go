package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/sparekey/sparekey/infra/runtime"
)

// warm rounds are run first and thrown away: they bring the programs into the
// page cache.
const warm = 2

// measure starts every subject once in each round, in an order drawn anew. It
// tells how much of the machine others used meanwhile, in cores.
func measure(ctx context.Context, subjects []*subject, runs int) (foreign float64, err error) {
	began, all, ours := time.Now(), 0.0, 0.0
	for round := range warm + runs {
		if round == warm {
			began, all, ours = time.Now(), busy(), own()
		}
		for _, i := range rand.Perm(len(subjects)) { //nolint:gosec // an order, no secret
			used, err := subjects[i].start(ctx)
			if err != nil {
				return 0, fmt.Errorf("%s, %s: %w", subjects[i].name, subjects[i].table, err)
			}
			if round >= warm {
				subjects[i].usage = append(subjects[i].usage, used)
			}
		}
	}
	return max(0, busy()-all-(own()-ours)) / time.Since(began).Seconds(), nil
}

// start starts the program, hands it its first event, ends it and looks whether
// the answer was the right one.
func (s *subject) start(ctx context.Context) (runtime.Usage, error) {
	event := s.event()
	p, err := runtime.Start(runtime.Config{Function: s.name, Program: s.path, Env: s.env})
	if err != nil {
		return runtime.Usage{}, err
	}
	answer, err := p.Invoke(ctx, event)
	used := p.End()
	if err == nil {
		err = s.right(answer)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w\n%s", s.asks, err, p.Log())
	}
	return used, err
}

// busy is how many seconds all cores together have been at work; 0 where nobody
// says.
func busy() float64 {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(text), "\n")
	var user, nice, system, idle, waiting, hard, soft float64
	_, _ = fmt.Sscanf(line, "cpu %f %f %f %f %f %f %f", &user, &nice, &system, &idle, &waiting, &hard, &soft)
	return (user + nice + system + hard + soft) / 100
}

// own is how many seconds this program and those it has started and ended have
// worked. Dynoxide is not among them: it counts as others.
func own() (seconds float64) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var used syscall.Rusage
		if syscall.Getrusage(who, &used) == nil {
			seconds += time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
		}
	}
	return seconds
}
