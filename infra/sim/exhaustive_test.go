package sim_test

import (
	"runtime"
	"sync"
	"testing"

	"github.com/sparekey/sparekey/infra/sim"
)

// Every flow is killed before and after each of its calls in turn, and each of
// its calls fails in every way there is. Then time passes, whoever was not told
// of success tries again, and all promises hold.
func TestEveryCallOfEveryFlowMayBeTheLast(t *testing.T) {
	for _, name := range sim.Scripts() {
		t.Run(name, func(t *testing.T) {
			well := sim.Play(name, -1, sim.Well, sim.Options{Told: true})
			if well.Promise != "" {
				t.Fatalf("undisturbed: %s: %s\n%s", well.Promise, well.How, well.Text())
			}
			t.Logf("%d calls", well.Calls)
			fates := sim.Fates
			if raced {
				fates = []sim.Fate{sim.DieBefore, sim.DieAfter}
			}
			each(well.Calls*len(fates), func(i int) {
				call, fate := i/len(fates), fates[i%len(fates)]
				if story := sim.Play(name, call, fate, sim.Options{}); story.Promise != "" {
					if why := reported(story); why != "" {
						t.Logf("call %d, %s: %s: %s (known: %s)", call, fate, story.Promise, story.How, why)
						return
					}
					story = sim.Play(name, call, fate, sim.Options{Told: true})
					t.Errorf("call %d, %s: %s: %s\n%s", call, fate, story.Promise, story.How, story.Text())
				}
			})
		})
	}
}

// each does many things, as many at once as there are cores.
func each(many int, do func(int)) {
	var wait sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range many {
		next <- i
	}
	close(next)
	wait.Wait()
}
