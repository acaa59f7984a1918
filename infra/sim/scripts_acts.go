package sim

import (
	"slices"
	"time"

	"github.com/sparekey/sparekey/shared/notice"
	"github.com/sparekey/sparekey/shared/outbox"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
)

func nothing(*actors) {}

func noop(*actors) {}

func then(first, second func(*actors)) func(*actors) {
	return func(a *actors) {
		first(a)
		second(a)
	}
}

// still does something with neither feed nor schedule behind it.
func still(do func(*actors)) func(*actors) {
	return func(a *actors) {
		a.still = true
		do(a)
	}
}

func (a *actors) wait(d time.Duration) { a.until(a.now.Add(d)) }

func (a *actors) post(function, page string, d deeds, fields map[string]string) *invocation {
	a.last = answer{}
	inv := a.send(0, ask{
		function: function, route: "/{district}/" + page, method: "POST", fields: fields, what: a.maria.username + ": " + page, deeds: d,
		then: func(got answer) { a.last = got },
	})
	return inv
}

func asking(a *actors) *invocation {
	return a.post("forgotpassword", "forgot-password", deeds{}, map[string]string{
		"username": a.maria.username, "email": a.account(a.maria.id).Address(),
	})
}

func filed(a *actors) {
	asking(a)
	a.wait(5 * time.Second)
}

func mailed(a *actors) {
	asking(a)
	a.wait(2 * time.Minute)
}

func filedForTheFamily(a *actors) {
	a.maria = a.people[2]
	a.post("forgotpassword", "forgot-password", deeds{}, map[string]string{"username": typedMark + "name", "email": "chen@example.org"})
	a.wait(5 * time.Second)
}

// newest is the newest letter of a kind; zero if there is none.
func (a *actors) newest(kinds ...string) letter {
	found := letter{}
	for _, l := range a.mail(a.maria) {
		if slices.Contains(kinds, l.kind) {
			found = *l
		}
	}
	return found
}

func (a *actors) invitation() letter { return a.newest("reset", "activation") }

func hasLink(a *actors) bool {
	l := a.invitation()
	digest, _ := token.Digest(l.link)
	k := a.tokens[digest]
	return k != nil && k.Judge(digest, a.living(k.Account, k.Purpose), a.account(k.Account), a.now) == token.Good
}

func linkIsDead(a *actors) bool { return !hasLink(a) && a.last.status == 200 }

func hasUsernames(a *actors) bool { return a.newest("usernames").kind != "" }

func (a *actors) setting(proof map[string]string) *invocation {
	a.password = a.newPassword()
	fields := map[string]string{"new_password": a.password, "attempt": a.password[len(secretMark)+1:]}
	for name, value := range proof {
		fields[name] = value
	}
	return a.post("verifytoken", "set-password", deeds{account: a.maria.id, password: a.password, attempt: fields["attempt"]}, fields)
}

func byLink(a *actors) *invocation { return a.setting(map[string]string{"token": a.invitation().link}) }

func byCode(a *actors) *invocation {
	return a.setting(map[string]string{"username": a.maria.username, "code": a.invitation().code})
}

func changed(a *actors) {
	quiet := a.still
	a.still = false
	mailed(a)
	a.still = quiet
	byLink(a)
	a.wait(10 * time.Second)
	if !quiet {
		a.wait(2 * time.Minute)
	}
}

// recovers presses the same link once more, and if that is no use asks for
// another.
func recovers(a *actors) {
	a.wait(time.Minute)
	if byLink(a); a.settles() {
		return
	}
	asking(a)
	a.wait(5 * time.Minute)
	byLink(a)
	a.settles()
}

func (a *actors) settles() bool {
	a.wait(time.Minute)
	return a.last.status == 200
}

// isIn: the password that was last chosen is the one that works, and its owner
// was told so.
func isIn(a *actors) bool {
	return a.last.status == 200 && a.password != "" && a.creds.Matches(a.maria.id, a.password)
}

func again(a *actors) *invocation {
	return a.post("verifytoken", "link-again", deeds{}, map[string]string{"token": a.invitation().link})
}

func disowning(kind string) func(*actors) *invocation {
	return func(a *actors) *invocation {
		return a.send(0, ask{
			function: "verifytoken", route: "/{district}/not-me/{token}", method: "POST", vars: map[string]string{"token": a.newest(kind).notMe},
			fields: map[string]string{"confirm": "yes"}, what: "not me: " + kind, then: func(got answer) { a.last = got },
		})
	}
}

func isFrozen(a *actors) bool {
	state := a.account(a.maria.id).State.Value
	return state.Disputed && state.Frozen.After(a.now) && a.last.status == 200
}

func signingIn(a *actors) *invocation {
	fields := map[string]string{"username": a.maria.username, "password": a.maria.first}
	d := deeds{}
	if a.password != "" {
		fields["new_password"] = a.password
		d = deeds{account: a.maria.id, password: a.password}
	}
	return a.post("signin", "sign-in", d, fields)
}

// signsInSomehow tries the new password where it was set, else the old one once
// more; who is told to choose another does.
func signsInSomehow(a *actors) {
	if a.password != "" && a.creds.Matches(a.maria.id, a.password) {
		a.maria.first, a.password = a.password, ""
	}
	if a.last.code == "must-change" {
		a.password = a.newPassword()
	}
	signingIn(a)
}

// enters signs in with the password there is, and keeps the session.
func enters(a *actors) {
	a.post("signin", "sign-in", deeds{}, map[string]string{"username": a.maria.username, "password": a.passwords[a.maria.id]})
	a.wait(time.Minute)
	a.session = a.last.said["session"]
}

// within posts to a page of whoever is signed in.
func (a *actors) within(page string, d deeds, fields map[string]string) *invocation {
	a.last = answer{}
	return a.send(0, ask{
		function: "signin", route: "/{district}/" + page, method: "POST", fields: fields, bearer: a.session, what: a.maria.username + ": " + page, deeds: d,
		then: func(got answer) { a.last = got },
	})
}

func changing(a *actors) *invocation {
	a.password = a.newPassword()
	return a.within("change-password", deeds{account: a.maria.id, password: a.password}, map[string]string{
		"password": a.passwords[a.maria.id], "new_password": a.password,
	})
}

// changesSomehow signs in with the new password where it was set; else once more
// with the old one, and changes it.
func changesSomehow(a *actors) {
	a.wait(time.Minute)
	enters(a)
	if !a.creds.Matches(a.maria.id, a.password) {
		changing(a)
	}
}

func endingOthers(a *actors) *invocation {
	return a.within("sessions", deeds{}, map[string]string{"end": "others"})
}

func provingAgain(a *actors) *invocation {
	return a.within("prove", deeds{}, map[string]string{"password": a.passwords[a.maria.id]})
}

func answered200(a *actors) bool { return a.last.status == 200 }

func temporary(a *actors) {
	a.maria = a.people[7]
	a.password = a.newPassword()
}

func feeding(kind string) func(*actors) *invocation {
	return func(a *actors) *invocation {
		var keys []table.Key
		for _, item := range a.memory.Dump() {
			if item.Kind() == kind && item.Due.Queue != "" {
				keys = append(keys, item.Key)
			}
		}
		return a.deliver(0, keys...)
	}
}

func minute(a *actors) *invocation { return a.runCourier(0) }

func sweeping(a *actors) *invocation { return a.runCleanup(0) }

func hasNotices(want int) func(*actors) bool {
	return func(a *actors) bool {
		told := map[string]bool{}
		for _, box := range a.maria.boxes {
			for _, l := range a.letters[box] {
				if l.kind == "changed" {
					told[box] = true
				}
			}
		}
		return len(told) == want || a.refusedNotice()
	}
}

// refusedNotice: the mail service will not take it, and that is recorded.
func (a *actors) refusedNotice() (yes bool) {
	for _, item := range a.seen {
		if item.Kind() == "NOTICE" {
			yes = yes || as[notice.Notice](a.world, item).Value.Outcome == outbox.Refused
		}
	}
	return yes
}

// unanswered is a change whose setting of the password got no answer.
func unanswered(a *actors) {
	a.still = false
	mailed(a)
	a.still = true
	a.faulty("Set", Timeout)
	byLink(a)
	a.wait(40 * time.Second)
	a.failing = nil
}

// owing is a change whose sign-out failed.
func owing(a *actors) {
	a.still = false
	mailed(a)
	a.still = true
	a.faulty("SignOut", Unavailable)
	byLink(a)
	a.wait(40 * time.Second)
	a.failing = nil
}

// faulty lets a call of the credential port fail for a while.
func (a *actors) faulty(name string, fate Fate) { a.failing = map[string]Fate{name: fate} }

func owesNothing(a *actors) bool {
	return !a.owes("SIGNOUT") && a.signedOut[a.maria.id] > 0
}
