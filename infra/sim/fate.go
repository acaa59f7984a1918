package sim

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/sparekey/sparekey/infra/gate"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/port"
)

// Fate is what a call comes to.
type Fate string

// The fates. A timeout was not done; a lost reply was; a late call is done after
// its caller has given it up, but within the driver's deadline. Who dies late
// leaves a call on the wire. Refused is a definite no of the other side itself.
const (
	Well        Fate = ""
	Throttled   Fate = "throttled"
	Unavailable Fate = "unavailable"
	Timeout     Fate = "timeout"
	LostReply   Fate = "lost-reply"
	Late        Fate = "late"
	DieBefore   Fate = "die-before"
	DieAfter    Fate = "die-after"
	DieLate     Fate = "die-late"
	Refused     Fate = "refused"
)

// Fates are all but Well.
var Fates = []Fate{Throttled, Unavailable, Timeout, LostReply, Late, DieBefore, DieAfter, DieLate, Refused}

func (f Fate) happens() bool {
	switch f {
	case Well, LostReply, Late, DieAfter, DieLate:
		return true
	}
	return false
}

func (f Fate) dies() bool { return f == DieBefore || f == DieAfter || f == DieLate }

func (f Fate) answer(c gate.Call) error {
	switch f {
	case Throttled:
		return port.ErrThrottled
	case Unavailable:
		return port.ErrUnavailable
	case Timeout, LostReply, Late:
		return port.ErrUnknown
	case Refused:
		return refusal(c)
	}
	return nil
}

// refusal is the definite no of a port; the table has none, so it throttles.
func refusal(c gate.Call) error {
	switch c.Port + "." + c.Name {
	case "mail.Send":
		return mail.ErrRejected
	case "credential.Set":
		return credential.ErrPolicy
	}
	return port.ErrThrottled
}

// deadlines are the drivers': after them nothing of a call takes effect.
func deadline(c gate.Call) time.Duration {
	switch {
	case c.Port == "table":
		return 2 * time.Second
	case c.Port == "mail":
		return 10 * time.Second
	case c.Name == "Set":
		return 8 * time.Second
	}
	return 5 * time.Second
}

// weather is how bad a week it is.
type weather struct {
	fair     bool
	faults   int // of a thousand calls
	deaths   int // of a thousand calls
	sluggish int // of a hundred invocations
	lag      int // of a hundred lists of an index
	outages  []outage
	failing  map[string]Fate // calls by name that always meet this
}

// outage is a port that mostly fails for a while.
type outage struct {
	port, name string
	from, to   time.Time
	fate       Fate
}

func newWeather(dice *rand.Rand, o Options) weather {
	if o.Fair {
		return weather{fair: true}
	}
	w := weather{
		faults: pick(dice, 2, 10, 40, 120), deaths: pick(dice, 0, 5, 15, 40), sluggish: pick(dice, 0, 3, 15), lag: pick(dice, 0, 30, 60),
	}
	return w
}

// outage draws one of that length.

func (w *world) outage(from time.Time, length time.Duration) outage {
	return outage{
		port: pick(w.dice, "mail", "mail", "credential", "credential", "table"), name: pick(w.dice, "", "", "Set", "Write"),
		from: from, to: from.Add(length),
		fate: pick(w.dice, Throttled, Unavailable, Timeout, LostReply, Late, DieAfter, Refused),
	}
}

// clear is fine weather from now on.
func (w *weather) clear() { *w = weather{fair: true} }

func pick[T any](dice *rand.Rand, from ...T) T { return from[dice.IntN(len(from))] }

// drawn is a fate and its moments, from now.
type drawn struct {
	kind          Fate
	effect, reply time.Duration
}

func (d drawn) String() string {
	kind := d.kind
	if kind == Well {
		kind = "goes well"
	}
	return fmt.Sprintf("%s (effect %v, reply %v)", kind, d.effect.Round(time.Millisecond), d.reply.Round(time.Millisecond))
}

// fate draws what comes of a call, and when.
func (w *world) fate(inv *invocation) drawn {
	kind := w.drawKind(inv)
	longest := deadline(inv.call)
	reply := w.latency(inv, longest)
	effect := reply
	switch kind {
	case Well:
		if w.dice.IntN(2) == 0 {
			effect = w.between(0, reply)
		}
	case LostReply:
		effect = w.between(0, reply)
		if w.dice.IntN(2) == 0 {
			reply = longest
		}
	case Late, DieLate:
		effect = w.between(reply, longest)
	case Timeout:
		if w.dice.IntN(2) == 0 {
			reply = longest
		}
	}
	return drawn{kind: kind, effect: effect, reply: reply}
}

func (w *world) drawKind(inv *invocation) Fate {
	if inv.target && w.o.Fate != nil {
		return w.o.Fate(inv.calls)
	}
	if fate, fails := w.failing[inv.call.Name]; fails {
		return fate
	}
	if w.fair {
		return Well
	}
	for _, o := range w.outages {
		if o.port == inv.call.Port && (o.name == "" || o.name == inv.call.Name) && !w.now.Before(o.from) && w.now.Before(o.to) &&
			w.dice.IntN(10) < 8 {
			return o.fate
		}
	}
	switch n := w.dice.IntN(1000); {
	case n < w.deaths:
		return pick(w.dice, DieBefore, DieAfter, DieLate)
	case n < w.deaths+w.faults:
		return pick(w.dice, Throttled, Unavailable, Timeout, LostReply, Late, Refused)
	}
	return Well
}

// latency is short for most calls, and sometimes as long as the driver waits.
func (w *world) latency(inv *invocation, longest time.Duration) time.Duration {
	n := w.dice.IntN(100)
	switch {
	case w.fair:
		return w.between(time.Millisecond, 20*time.Millisecond)
	case inv.slow:
		return w.between(longest/4, longest)
	case n < 80:
		return w.between(time.Millisecond, 30*time.Millisecond)
	case n < 97:
		return w.between(30*time.Millisecond, 600*time.Millisecond)
	}
	return w.between(600*time.Millisecond, longest)
}

func (w *world) between(least, most time.Duration) time.Duration {
	if most <= least {
		return least
	}
	return least + time.Duration(w.dice.Int64N(int64(most-least)))
}
