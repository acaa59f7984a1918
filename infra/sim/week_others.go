package sim

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/table"
)

func (w *world) strangerAsks(*person) {
	w.post(w.soon(), "forgotpassword", "forgot-password", nil, "a stranger asks",
		map[string]string{"username": typedMark + "stranger", "email": typedMark + "@example.org"})
}

func (w *world) open(after time.Duration, method, route, link, what string) {
	w.send(after, ask{
		function: "verifytoken", route: route, method: method, vars: map[string]string{"token": link}, form: true, what: what, deeds: deeds{reads: true},
	})
}

// scans is a mail program that opens all links of a mail and submits each form
// as it stands.
func (w *world) scans(p *person) {
	mail := w.mail(p)
	if len(mail) == 0 {
		return
	}
	l := mail[len(mail)-1-w.dice.IntN(min(len(mail), 2))]
	after := w.soon()
	if l.link != "" {
		w.open(after, pick(w.dice, "GET", "HEAD"), "/{district}/r/{token}", l.link, "a scanner opens a link")
		w.send(after, ask{
			function: "verifytoken", route: "/{district}/set-password", method: "POST", form: true, what: "a scanner submits the form",
			fields: map[string]string{"token": l.link, "attempt": "scanned", "new_password": "", "new_password_again": ""}, deeds: deeds{reads: true},
		})
	}
	if l.notMe != "" {
		w.open(after, pick(w.dice, "GET", "HEAD"), "/{district}/not-me/{token}", l.notMe, "a scanner opens a not-me link")
		w.send(after, ask{
			function: "verifytoken", route: "/{district}/not-me/{token}", method: "POST", form: true, vars: map[string]string{"token": l.notMe},
			what: "a scanner submits not-me", fields: map[string]string{}, deeds: deeds{reads: true},
		})
	}
	w.send(after, ask{
		function: "verifytoken", route: "/{district}/code", method: "POST", form: true, what: "a scanner submits the code form",
		fields: map[string]string{"username": "", "code": ""}, deeds: deeds{reads: true},
	})
}

// rosterAmends is the district's own doing: an address moves, an account is
// switched off or on.
func (w *world) rosterAmends(p *person) {
	var what string
	var amend func(*account.Profile, *account.State)
	switch w.dice.IntN(4) {
	case 0, 1:
		w.count++
		address := fmt.Sprintf("moved%d@example.org", w.count)
		if len(p.boxes) > 0 && w.dice.IntN(3) == 0 {
			address = p.boxes[0]
		}
		if !slices.Contains(p.boxes, address) {
			p.boxes = append(p.boxes, address)
		}
		what = "moves to another address"
		amend = func(profile *account.Profile, _ *account.State) { profile.Address = address }
	case 2:
		what = "is disabled"
		amend = func(profile *account.Profile, _ *account.State) { profile.Status = account.Disabled }
	case 3:
		what = "is enabled"
		amend = func(profile *account.Profile, _ *account.State) { profile.Status = account.Active }
	}
	inv := &invocation{function: "roster", what: p.username + " " + what}
	w.invoke(w.soon(), inv, workTimeout, func(ctx context.Context, inv *invocation) {
		err := account.Amend(ctx, w.store(inv), slug, p.id, amend)
		w.say("#%d amended: %v", inv.number, err)
	})
	if what != "moves to another address" && w.dice.IntN(2) == 0 {
		back := &invocation{function: "roster", what: p.username + " is enabled again"}
		w.invoke(w.between(time.Minute, 3*time.Hour), back, workTimeout, func(ctx context.Context, inv *invocation) {
			_ = account.Amend(ctx, w.store(inv), slug, p.id, func(profile *account.Profile, _ *account.State) { profile.Status = account.Active })
		})
	}
}

// somethingFails begins an outage in the middle of things.
func (w *world) somethingFails(*person) {
	if !w.fair {
		w.outages = append(w.outages, w.outage(w.now, time.Duration(1+w.dice.IntN(5))*time.Minute))
	}
}

// staffGivesTemporary is the helpdesk: a password for one use, and whatever was
// made before is dead. It stands outside the functions, and happens at once.
func (w *world) staffGivesTemporary(p *person) {
	if p.elsewhere != "" || w.lockOf(p.id).ID != "" {
		return
	}
	password := w.newPassword()
	must(w.creds.Set(timeless, p.id, password, credential.ForOnce))
	w.passwords[p.id] = password
	store := table.Store{Table: &watchedTable{Table: w.memory, w: w}, Rand: entropy(w.seed^1, w.count)}
	must(account.Amend(timeless, store, slug, p.id, func(_ *account.Profile, state *account.State) {
		state.Must, state.Activated = account.Must{Change: true, Ends: w.now.Add(24 * time.Hour)}, true
	}))
	w.say("staff give %s a temporary password", p.username)
	for range 1 + w.dice.IntN(2) {
		w.signsIn(p)
	}
}

// strangerGuesses at codes, passwords and links.
func (w *world) strangerGuesses(p *person) {
	for range pick(w.dice, 1, 4, 8) {
		switch w.dice.IntN(3) {
		case 0:
			w.post(w.soon(), "verifytoken", "code", nil, "guesses a code of "+p.username, map[string]string{"username": p.username, "code": "1234-5678"})
		case 1:
			w.post(w.soon(), "signin", "sign-in", nil, "guesses a password of "+p.username, map[string]string{"username": p.username, "password": secretMark + " guess"})
		case 2:
			w.open(w.soon(), "GET", "/{district}/r/{token}", strings.Repeat("1", linkLength), "a stranger opens an invented link")
		}
	}
}

// strangerBurnsEveryTry at the password of somebody who then comes to sign in.
func (w *world) strangerBurnsEveryTry(p *person) {
	for range 6 {
		w.post(w.between(0, 20*time.Second), "signin", "sign-in", nil, "burns the tries of "+p.username, map[string]string{"username": p.username, "password": secretMark + " guess"})
	}
	w.signsInAfter(w.between(20*time.Second, 3*time.Minute), p)
}
