// Package sim lives through a district's week in no time, with everything going
// wrong that can, and holds the promises to what it sees.
//
// One seed is one story: people ask, ask again, double-tap, press old links and
// type codes; scanners and strangers come by; the roster moves addresses; calls
// are throttled, lost or late; processes die between any two calls; invocations
// take turns at every call of a port. The functions are the real ones, on the
// embedded drivers, behind the real edge. After every step the promises are
// checked over the table, the letter boxes and the passwords; at the end of the
// week nothing may be owed.
//
// It promises that a seed is the same story every time, to the byte: one
// goroutine runs at a time, and all chance and all time come from the seed. It
// leaves alone what lies outside the ports: DynamoDB and Cognito themselves are
// the drivers' tests' business.
//
// Read [Live] first, then scheduler.go, then invariants.go.
package sim

import (
	"context"
	"math/rand/v2"
	"net/url"
	"time"

	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/pepper"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/web"
)

// Options are what may be chosen beside the seed.
type Options struct {
	Told   bool   // keep the story: every step in a line
	Broken Broken // what is broken on purpose
	Scenes int    // how much happens in the week; 0: the usual
	// Fair lets no call fail but those that Fate names.
	Fair bool
	// Fate, if set, decides what a call comes to: the n-th (from 0) of an
	// invocation that was started as a target. Empty: it goes well.
	Fate func(n int) Fate
}

// Broken puts something between a function and a port that makes the real code
// behave as if it had been written wrongly: that is how the promises are tested
// themselves.
type Broken struct {
	Table       func(function string, inner table.Table) table.Table
	Credentials func(function string, inner credential.Store) credential.Store
	Mail        func(inner mail.Sender) mail.Sender
}

// Live lives through the week of a seed. It stops at the first broken promise.
func Live(seed uint64, o Options) Story {
	w := newWorld(seed, o)
	w.week()
	w.rest()
	return w.ended()
}

var (
	monday = time.Date(2026, time.November, 23, 6, 0, 0, 0, time.UTC)
	site   = web.NewSite(&url.URL{Scheme: "https", Host: "recover.example.org"})
)

// world is all there is: the drivers, who works on them, who lives there, and
// what is known of it.
type world struct {
	scheduler
	weather
	model
	story

	seed   uint64
	o      Options
	memory *embedded.Table
	creds  *embedded.Credentials
	boxes  *embedded.Mailbox
	secret pepper.Pepper
	home   district.District
	people []*person
	warm   map[string][]*container
	ticked time.Time
	still  bool        // neither feed nor schedule
	aim    *invocation // the one that a script is about
}

func newWorld(seed uint64, o Options) *world {
	w := &world{seed: seed, o: o, warm: map[string][]*container{}}
	w.scheduler = newScheduler(seed)
	w.weather = newWeather(w.dice, o)
	w.model = newModel()
	w.story = story{seed: seed, told: o.Told}
	w.memory = embedded.NewTable()
	w.memory.Feed = w.feed
	w.creds, w.boxes = embedded.NewCredentials(w.Now), embedded.NewMailbox(w.Now)
	var key [32]byte
	copy(key[:], "a pepper of the simulator's own")
	w.secret, _ = pepper.Random(rand.NewChaCha8(key))
	w.ticked = w.now
	w.settle(context.Background())
	return w
}
