package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// week is what happens in one: scenes, with minutes to a day between them.
func (w *world) week() {
	scenes := w.o.Scenes
	if scenes == 0 {
		scenes = 40
	}
	for range w.dice.IntN(5) {
		if from := w.now.Add(w.between(0, 6*24*time.Hour)); !w.fair {
			w.outages = append(w.outages, w.outage(from, time.Duration(pick(w.dice, 1, 10, 90, 600))*time.Minute))
		}
	}
	for range scenes {
		if w.promise != "" {
			return
		}
		w.scene()
		switch n := w.dice.IntN(100); {
		case n < 40:
			w.until(w.now.Add(w.between(0, 40*time.Second)))
		case n < 70:
			w.until(w.now.Add(w.between(time.Minute, 45*time.Minute)))
		case n < 95:
			w.until(w.now.Add(w.between(time.Hour, 9*time.Hour)))
		default:
			w.until(w.now.Add(w.between(20*time.Hour, 80*time.Hour)))
			w.sweep()
		}
	}
}

// rest is what comes after: nobody asks any more, nothing fails, and within a
// day all that is owed is paid.
func (w *world) rest() {
	w.clear()
	w.until(w.now.Add(25 * time.Hour))
	if w.promise == "" {
		w.nothingOwed()
	}
}

// scene is one person, or more, doing something at about the same time.
func (w *world) scene() {
	w.act(w.somebody())
	for w.dice.IntN(3) == 0 {
		w.act(w.somebody())
	}
}

func (w *world) act(p *person) {
	acts := []struct {
		weight int
		do     func(*person)
	}{
		{22, w.asks},
		{6, w.asksForTheFamily},
		{4, w.strangerAsks},
		{8, w.opens},
		{4, w.scans},
		{22, w.setsByLink},
		{10, w.setsByCode},
		{6, w.asksAgain},
		{6, w.disowns},
		{12, w.signsIn},
		{8, w.rosterAmends},
		{4, w.strangerGuesses},
		{4, w.strangerBurnsEveryTry},
		{4, w.staffGivesTemporary},
		{3, w.somethingFails},
	}
	total := 0
	for _, a := range acts {
		total += a.weight
	}
	n := w.dice.IntN(total)
	for _, a := range acts {
		if n -= a.weight; n < 0 {
			a.do(p)
			return
		}
	}
}

// soon is when the next thing of a scene happens: at once, or a little after.
func (w *world) soon() time.Duration {
	return w.between(0, pick(w.dice, 20*time.Millisecond, 300*time.Millisecond, 5*time.Second, 40*time.Second))
}

func (w *world) asks(p *person) {
	address := "nobody@example.org"
	if who := w.account(p.id); who.Address() != "" {
		address = who.Address()
	}
	if w.dice.IntN(6) == 0 {
		address = typedMark + "elsewhere@example.org"
	}
	for range pick(w.dice, 1, 1, 1, 2, 3) {
		w.post(w.soon(), "forgotpassword", "forgot-password", p, "asks", map[string]string{"username": p.username, "email": address})
	}
}

// asksForTheFamily asks by an address on file under a name that is not. Families
// change: sometimes the roster moves one of them the same hour.
func (w *world) asksForTheFamily(p *person) {
	if w.dice.IntN(2) == 0 {
		p = w.people[2+w.dice.IntN(2)]
	}
	if w.dice.IntN(3) == 0 {
		w.somethingFails(p)
		w.rosterAmends(w.people[2+w.dice.IntN(2)])
	}
	if len(p.boxes) == 0 {
		return
	}
	w.post(w.soon(), "forgotpassword", "forgot-password", p, "asks under a wrong name",
		map[string]string{"username": typedMark + "name", "email": p.boxes[w.dice.IntN(len(p.boxes))]})
}

// post sends fields to a page of the district, as a browser or as a machine.
func (w *world) post(after time.Duration, function, page string, p *person, what string, fields map[string]string) {
	w.send(after, ask{
		function: function, route: "/{district}/" + page, method: "POST", fields: fields, form: w.dice.IntN(4) == 0, what: name(p) + " " + what,
	})
}

func name(p *person) string {
	if p == nil {
		return "somebody:"
	}
	return p.username
}

func (w *world) opens(p *person) {
	for _, l := range w.mail(p) {
		if l.link != "" && w.dice.IntN(3) == 0 {
			w.open(w.soon(), "GET", "/{district}/r/{token}", l.link, p.username+" opens a link")
		}
		if l.notMe != "" && w.dice.IntN(4) == 0 {
			w.open(w.soon(), "GET", "/{district}/not-me/{token}", l.notMe, p.username+" opens a not-me link")
		}
	}
}

// links are the letters with a link, oldest first; newest is most often chosen.
func (w *world) links(p *person) []*letter {
	return slices.DeleteFunc(w.mail(p), func(l *letter) bool { return l.link == "" })
}

func (w *world) choose(all []*letter) *letter {
	if w.dice.IntN(10) < 7 {
		return all[len(all)-1]
	}
	return pick(w.dice, all...)
}

// setsByLink presses a link: well, badly, twice, or from two devices at once.
func (w *world) setsByLink(p *person) {
	all := w.links(p)
	if len(all) == 0 {
		w.asks(p)
		return
	}
	l := w.choose(all)
	w.sets(p, l.account, map[string]string{"token": l.link})
}

func (w *world) setsByCode(p *person) {
	all := w.links(p)
	if len(all) == 0 {
		w.asks(p)
		return
	}
	l := w.choose(all)
	code := l.code
	if w.dice.IntN(4) == 0 {
		code = "0000-0000"
	}
	fields := map[string]string{"username": " " + l.username, "code": strings.ToLower(code)}
	if w.dice.IntN(2) == 0 {
		w.post(w.soon(), "verifytoken", "code", p, "types a code", fields)
	}
	w.sets(p, l.account, fields)
}

func (w *world) sets(p *person, id string, proof map[string]string) {
	password, attempt := w.newPassword(), fmt.Sprintf("attempt-%d", w.count)
	switch w.dice.IntN(8) {
	case 0:
		w.set(w.soon(), p, id, "short "+secretMark, attempt, proof, "sets a bad password")
	case 1, 2:
		after := w.soon()
		w.set(after, p, id, password, attempt, proof, "sets a password")
		w.set(after+w.between(0, pick(w.dice, 100*time.Millisecond, 3*time.Second, 20*time.Second)), p, id, password, attempt, proof, "taps twice")
		return
	case 3:
		w.set(w.soon(), p, id, w.newPassword(), attempt+"b", proof, "sets a password on another device")
	}
	w.set(w.soon(), p, id, password, attempt, proof, "sets a password")
}

func (w *world) set(after time.Duration, p *person, id, password, attempt string, proof map[string]string, what string) {
	fields := map[string]string{"new_password": password, "attempt": attempt}
	for name, value := range proof {
		fields[name] = value
	}
	w.send(after, ask{
		function: "verifytoken", route: "/{district}/set-password", method: "POST", fields: fields, form: w.dice.IntN(4) == 0,
		what: p.username + " " + what, deeds: deeds{account: id, password: password, attempt: attempt},
	})
}

func (w *world) asksAgain(p *person) {
	link := strings.Repeat("0", linkLength)
	if all := w.links(p); len(all) > 0 {
		link = pick(w.dice, all...).link
	}
	w.post(w.soon(), "verifytoken", "link-again", p, "asks for a new link", map[string]string{"token": link})
}

// disowns says "this was not me", seldom: it stops recovery for three days.
func (w *world) disowns(p *person) {
	all := slices.DeleteFunc(w.mail(p), func(l *letter) bool { return l.notMe == "" })
	if len(all) == 0 {
		return
	}
	l := w.choose(all)
	if l.kind == "changed" && w.dice.IntN(2) == 0 {
		return
	}
	for range pick(w.dice, 1, 1, 2) {
		w.send(w.soon(), ask{
			function: "verifytoken", route: "/{district}/not-me/{token}", method: "POST", vars: map[string]string{"token": l.notMe},
			fields: map[string]string{"confirm": "yes"}, form: w.dice.IntN(2) == 0, what: p.username + " says not me, of " + l.kind,
		})
	}
}

// signsIn is right, wrong, or due to choose a new password.
func (w *world) signsIn(p *person) { w.signsInAfter(w.soon(), p) }

func (w *world) signsInAfter(after time.Duration, p *person) {
	password := w.passwords[p.id]
	if password == "" || w.dice.IntN(4) == 0 {
		password = secretMark + " something else"
	}
	fields := map[string]string{"username": strings.ToUpper(p.username), "password": password}
	a := ask{
		function: "signin", route: "/{district}/sign-in", method: "POST", fields: fields, what: p.username + " signs in",
		then: func(got answer) {
			w.keepSession(p, got)
			if link := got.said["token"]; link != "" {
				w.secrets[link] = "link"
				w.letters["screen of "+p.id] = append(w.letters["screen of "+p.id], &letter{at: w.now, kind: "screen", account: p.id, username: p.username, link: link, code: "0000-0000"})
				if !slices.Contains(p.boxes, "screen of "+p.id) {
					p.boxes = append(p.boxes, "screen of "+p.id)
				}
			}
		},
	}
	if w.account(p.id).State.Value.Must.Change && w.dice.IntN(2) == 0 {
		fields["new_password"] = w.newPassword()
		a.deeds = deeds{account: p.id, password: fields["new_password"]}
		a.what += " and sets a new password"
	}
	w.fromDevice(p, &a)
	w.send(after, a)
	for _, text := range p.sessions {
		if w.dice.IntN(3) == 0 {
			w.whileSignedIn(p, text)
		}
	}
}
