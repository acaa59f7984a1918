package sim

import (
	"slices"
	"time"
)

// script is one flow with nobody else about: what comes before, the one
// invocation that it is about, and how its people finish whatever became of it.
type script struct {
	name   string
	before func(*actors)
	do     func(*actors) *invocation
	// finish presses once more, as a person would who was not told of success.
	finish func(*actors)
	// finished tells whether they got what they came for.
	finished func(*actors) bool
}

// actors are who plays a script.
type actors struct {
	*world
	maria    *person
	password string
	session  string
	last     answer
}

// Scripts are the names of what [Play] plays.
func Scripts() []string {
	var names []string
	for _, s := range scripts {
		names = append(names, s.name)
	}
	return names
}

// Play plays a script in fair weather, but for one call, counted from 0, which
// meets its fate; -1: none. Whatever becomes of that: the promises hold, its
// people get what they came for by trying again, and at the end nothing is owed.
func Play(name string, call int, fate Fate, o Options) Story {
	i := slices.IndexFunc(scripts, func(s script) bool { return s.name == name })
	s := scripts[i]
	o.Fair = true
	o.Fate = func(n int) Fate {
		if n == call {
			return fate
		}
		return Well
	}
	w := newWorld(uint64(i), o) //nolint:gosec // an index
	a := &actors{world: w, maria: w.people[0]}
	s.before(a)
	w.aim = s.do(a)
	w.aim.target = true
	w.until(w.now.Add(2 * time.Minute))
	w.still = false
	w.until(w.now.Add(5 * time.Minute))
	for range 4 {
		if w.promise != "" || s.finished(a) {
			break
		}
		s.finish(a)
		w.until(w.now.Add(5 * time.Minute))
	}
	if !s.finished(a) {
		w.broke("whoever tries again gets there", "%s", s.name)
	}
	w.rest()
	return w.ended()
}

var scripts = []script{
	{"ask", nothing, asking, func(a *actors) { asking(a) }, hasLink},
	{"deliver by the feed", still(filed), feeding("REQUEST"), func(a *actors) { asking(a) }, hasLink},
	{"deliver by the minute", still(filed), minute, func(a *actors) { asking(a) }, hasLink},
	{"list usernames", still(filedForTheFamily), feeding("REQUEST"), filedForTheFamily, hasUsernames},
	{"deliver in place of a living link", then(mailed, still(filed)), feeding("REQUEST"), func(a *actors) { asking(a) }, hasLink},
	{"set a password by link", mailed, byLink, recovers, isIn},
	{"set a password by code", mailed, byCode, recovers, isIn},
	{"activate", func(a *actors) { a.maria = a.people[5]; mailed(a) }, byLink, recovers, isIn},
	{"ask for a new link", then(mailed, func(a *actors) { a.wait(40 * time.Minute) }), again, func(a *actors) { again(a) }, hasLink},
	{"disown a link", mailed, disowning("reset"), func(a *actors) { disowning("reset")(a) }, linkIsDead},
	{"disown a change", changed, disowning("changed"), func(a *actors) { disowning("changed")(a) }, isFrozen},
	{"sign in", nothing, signingIn, func(a *actors) { signingIn(a) }, answered200},
	{"sign in with a temporary password", temporary, signingIn, signsInSomehow, answered200},
	{"change the password while signed in", enters, changing, changesSomehow, isIn},
	{"end the other sessions", enters, endingOthers, func(a *actors) { enters(a); endingOthers(a) }, answered200},
	{"prove again while signed in", enters, provingAgain, func(a *actors) { enters(a); provingAgain(a) }, answered200},
	{"tell of a change", still(changed), feeding("NOTICE"), noop, hasNotices(1)},
	{"tell two addresses of a change", func(a *actors) { a.maria = a.people[1]; still(changed)(a) }, feeding("NOTICE"), noop, hasNotices(2)},
	{"settle a lapsed change", still(unanswered), sweeping, recovers, isIn},
	{"strike off a sign-out", still(owing), sweeping, noop, owesNothing},
}
