package sim

import (
	"container/heap"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/sparekey/sparekey/infra/gate"
)

// scheduler lets one goroutine run at a time and decides which. What happens is
// a queue of events in the order of their moments; a call of a port is two of
// them, its effect and its reply, and between them anything else may happen.
type scheduler struct {
	now    time.Time
	dice   *rand.Rand
	seed   uint64
	queue  agenda
	order  uint64
	parked chan *invocation
	count  int
	alive  map[int]*invocation
	acting *invocation // whose call is taking effect
	call   int         // and which of its calls, counted from 1
}

func newScheduler(seed uint64) scheduler {
	return scheduler{
		now: monday, dice: rand.New(rand.NewPCG(seed, 0x5eed)), seed: seed,
		parked: make(chan *invocation), alive: map[int]*invocation{},
	}
}

// Now is the world's clock.
func (s *scheduler) Now() time.Time { return s.now }

// event is something that happens at a moment. Of two at the same moment the one
// that was arranged first comes first.
type event struct {
	at    time.Time
	order uint64
	do    func()
}

type agenda []event

func (e agenda) Len() int      { return len(e) }
func (e agenda) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e agenda) Less(i, j int) bool {
	if !e[i].at.Equal(e[j].at) {
		return e[i].at.Before(e[j].at)
	}
	return e[i].order < e[j].order
}
func (e *agenda) Push(x any) { *e = append(*e, x.(event)) }
func (e *agenda) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

// arrange lets something happen after a while.
func (s *scheduler) arrange(after time.Duration, do func()) {
	s.order++
	heap.Push(&s.queue, event{at: s.now.Add(after), order: s.order, do: do})
}

// invocation is one run of a function: a goroutine that stands still at every
// call of a port until the scheduler says what came of it.
type invocation struct {
	number   int
	function string
	what     string
	began    time.Time
	ends     time.Time // the function's timeout
	target   bool      // Options.Fate decides its calls
	slow     bool      // every call of it takes long
	rand     *rand.ChaCha8
	process  *gate.Process
	room     *container

	resume  chan verdict
	over    bool
	crashed any
	call    gate.Call
	do      func() error
	err     error // what the effect said
	calls   int
	pause   time.Duration // it sleeps, and calls nothing

	deeds // what it has done to the world
}

// verdict is what came of a call.
type verdict struct {
	err error
	die bool
}

type invocationKey struct{}

// invoke starts a function after a while. It may take so long and no longer.
func (w *world) invoke(after time.Duration, inv *invocation, timeout time.Duration, run func(context.Context, *invocation)) *invocation {
	w.count++
	inv.number = w.count
	inv.resume = make(chan verdict)
	inv.rand = entropy(w.seed, inv.number)
	inv.slow = !w.o.Fair && w.dice.IntN(100) < w.sluggish
	ctx, process := gate.Within(context.WithValue(context.Background(), invocationKey{}, inv))
	inv.process = process
	w.arrange(after, func() {
		inv.began, inv.ends = w.now, w.now.Add(timeout)
		inv.room = w.occupy(inv.function)
		w.alive[inv.number] = inv
		w.say("#%d %s begins: %s", inv.number, inv.function, inv.what)
		go func() {
			defer func() {
				inv.crashed = recover()
				inv.over = true
				w.parked <- inv
			}()
			<-inv.resume
			run(ctx, inv)
		}()
		w.step(inv, verdict{})
	})
	return inv
}

// entropy is the randomness of one invocation, the same whatever the others do.
func entropy(seed uint64, number int) *rand.ChaCha8 {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	binary.LittleEndian.PutUint64(key[8:], uint64(number)) //nolint:gosec // counts from 1
	return rand.NewChaCha8(key)
}

// step lets an invocation run to its next call, or to its end.
func (w *world) step(inv *invocation, v verdict) {
	inv.resume <- v
	<-w.parked
	if !inv.over {
		w.decide(inv)
		return
	}
	delete(w.alive, inv.number)
	died := inv.process.Dead()
	w.leave(inv, died)
	if inv.crashed != nil {
		w.broke("no function panics", "#%d %s: %v", inv.number, inv.function, inv.crashed)
	}
	if died {
		w.say("#%d died", inv.number)
	}
}

// around is what happens at a call of a port: the caller stands still.
func (w *world) around(ctx context.Context, call gate.Call, do func() error) error {
	inv, _ := ctx.Value(invocationKey{}).(*invocation)
	inv.call, inv.do, inv.err = call, do, nil
	w.parked <- inv
	v := <-inv.resume
	if v.die {
		gate.Die(ctx)
	}
	return v.err
}

// sleep is the courier's pause; it is a turn for others too.
func (w *world) sleep(ctx context.Context, d time.Duration) bool {
	inv, _ := ctx.Value(invocationKey{}).(*invocation)
	inv.pause = d
	w.parked <- inv
	if v := <-inv.resume; v.die {
		gate.Die(ctx)
	}
	return true
}

// decide draws what comes of the call that an invocation stands at, and arranges
// it.
func (w *world) decide(inv *invocation) {
	if inv.pause > 0 {
		pause := inv.pause
		inv.pause = 0
		w.reply(inv, pause, verdict{})
		return
	}
	f := w.fate(inv)
	do := inv.do
	inv.calls++
	w.say("#%d %s.%s%s: %s", inv.number, inv.call.Port, inv.call.Name, touched(inv.call), f)
	inv.meets(f.kind)
	if number := inv.calls; f.kind.happens() {
		w.arrange(f.effect, func() {
			w.acting, w.call = inv, number
			w.effect(inv, f, do)
			w.acting = nil
		})
	}
	w.reply(inv, f.reply, verdict{err: f.kind.answer(inv.call), die: f.kind.dies()})
}

// effect does a call. Nobody else runs meanwhile.
func (w *world) effect(inv *invocation, f drawn, do func() error) {
	err := do()
	w.steps++
	if f.effect <= f.reply {
		inv.err = err
	}
	if err != nil {
		w.say("   #%d answered: %v", inv.number, err)
	}
	if w.o.Told && f.effect != f.reply {
		w.say("   #%d took effect", inv.number)
	}
}

// reply brings the answer, unless the function's time is up before: then it dies
// standing.
func (w *world) reply(inv *invocation, after time.Duration, v verdict) {
	if left := inv.ends.Sub(w.now); after > left {
		after, v = max(left, 0), verdict{die: true}
		inv.trouble, inv.troubled = inv.calls, true
	}
	w.arrange(after, func() {
		w.steps++
		if v.err == nil && !v.die {
			v.err = inv.err
		}
		w.step(inv, v)
	})
}

// until lets everything happen up to a moment: events, and schedules as what is
// due falls due.
func (w *world) until(end time.Time) {
	for w.promise == "" {
		tick, due := w.nextTick()
		switch {
		case len(w.queue) > 0 && !w.queue[0].at.After(end) && !(due && tick.Before(w.queue[0].at)):
			e := heap.Pop(&w.queue).(event)
			w.now = later(w.now, e.at)
			e.do()
		case due && !tick.After(end):
			w.now = later(w.now, tick)
			w.tick(tick)
		default:
			w.now = later(w.now, end)
			return
		}
		if w.steps > runaway {
			w.broke("the week comes to an end", "%d steps", w.steps)
		}
	}
}

const runaway = 200_000

// stop ends every goroutine that still stands at a call.
func (w *world) stop() {
	for number := 1; number <= w.count && len(w.alive) > 0; number++ {
		inv := w.alive[number]
		if inv == nil {
			continue
		}
		for !inv.over {
			inv.resume <- verdict{die: true}
			<-w.parked
		}
		delete(w.alive, number)
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func touched(c gate.Call) string {
	text := ""
	for _, t := range c.Touches {
		text += fmt.Sprintf(" %s:%s", t.Act, t.Kind)
		if sk := t.Key.SK; sk != "-" && sk != "" && t.Kind == "ACCOUNT" {
			text += "/" + sk
		}
	}
	return text
}
