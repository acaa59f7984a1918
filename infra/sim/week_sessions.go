package sim

import (
	"slices"
	"strings"
	"time"

	"github.com/sparekey/sparekey/shared/device"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
)

// keepSession is what somebody keeps of an answer that signs them in.
func (w *world) keepSession(p *person, got answer) {
	if text := got.said["session"]; text != "" {
		w.secrets[text] = "session"
		p.sessions = append(p.sessions, text)
		for range w.dice.IntN(4) {
			w.whileSignedIn(p, text)
		}
	}
	if _, text, ok := strings.Cut(got.device, "="); ok {
		w.secrets[text] = "known browser"
		if p.device == "" || w.dice.IntN(4) == 0 {
			p.device, p.unlucky = got.device, false
		}
	}
}

// whileSignedIn does something with a session: look at a page, ask for more time,
// see or end the others, type the password again, choose another, sign out.
func (w *world) whileSignedIn(p *person, text string) {
	ask := ask{function: "signin", bearer: text, method: "POST", fields: map[string]string{}, then: func(got answer) { w.keepSession(p, got) }}
	password := w.passwords[p.id]
	if w.dice.IntN(4) == 0 {
		password = secretMark + " something else"
	}
	page := "sessions"
	times, gap := pick(w.dice, 1, 1, 1, 2, 3), pick(w.dice, 10*time.Millisecond, 5*time.Second)
	switch w.dice.IntN(10) {
	case 0, 1:
		ask.method, page, ask.fields = "GET", pick(w.dice, "home", "sessions", "change-password", "prove"), nil
		ask.form = w.dice.IntN(2) == 0 // a browser is taken back there
	case 2:
		ask.fields["more"] = "yes"
	case 3:
		ask.fields["end"] = "others"
	case 4:
		ask.fields["end"] = w.idOf(pick(w.dice, p.sessions...))
	case 5:
		ask.fields["restore"] = pick(w.dice, "yes", "no")
	case 6:
		page, ask.fields["password"] = "prove", password
	case 7:
		page, ask.fields["password"], ask.fields["new_password"] = "change-password", password, w.newPassword()
		ask.deeds = deeds{account: p.id, password: ask.fields["new_password"]}
	case 8:
		page = "sign-out"
	case 9: // somebody else at an open browser
		page, ask.fields["password"] = "prove", secretMark+" something else"
		times, gap = 8, 20*time.Second
	}
	ask.route, ask.what = "/{district}/"+page, p.username+" while signed in: "+page
	if page == "sign-out" {
		ask.what = p.username + " signs out"
	}
	after := w.between(0, pick(w.dice, time.Second, time.Minute, 2*time.Hour))
	if page == "change-password" && w.dice.IntN(2) == 0 { // and in another tab, at the same moment, signs out
		out := ask
		out.route, out.what, out.fields, out.deeds = "/{district}/sign-out", p.username+" signs out", map[string]string{}, deeds{}
		w.send(after+w.between(0, 50*time.Millisecond), out)
	}
	for range times {
		w.send(after, ask)
		after += w.between(0, gap)
	}
}

// idOf names a session to its owner.
func (w *world) idOf(text string) string {
	digest, _ := token.Digest(text)
	return digest[:16]
}

// fromDevice makes of a sign-in with the right password one from a browser that
// the account knows, in which its owner never types a wrong one. Whatever
// strangers do: it lets them in.
func (w *world) fromDevice(p *person, a *ask) {
	if p.device == "" || a.fields["password"] != w.passwords[p.id] || a.fields["new_password"] != "" || w.dice.IntN(3) == 0 {
		return
	}
	a.cookie = p.device
	a.what += " from a known browser"
	alone, before := true, false
	then := a.then
	a.before = func() {
		p.entering++
		alone, before = p.entering == 1, w.letsIn(p, *a)
	}
	a.then = func(got answer) {
		then(got)
		if alone && before && p.entering == 1 && !p.unlucky && !got.inv.troubled && w.letsIn(p, *a) && got.code == "not-proved" {
			w.broke("nobody keeps the owner out of a known browser", "#%d %s", got.inv.number, a.what)
		}
		p.unlucky = p.unlucky || got.inv.troubled || !alone || p.entering > 1
		p.entering--
	}
}

// letsIn reports whether nothing of the account's own stands in the way of signing
// in from its known browser.
func (w *world) letsIn(p *person, a ask) bool {
	who := w.account(p.id)
	state := who.State.Value
	_, text, _ := strings.Cut(a.cookie, "=")
	known := slices.ContainsFunc(strings.Split(text, "."), func(text string) bool {
		digest, _ := token.Digest(text)
		row := as[device.Device](w, w.seen[table.Key{PK: "ACCOUNT#" + slug + "#" + p.id, SK: "DEVICE#" + digest}])
		return row.Exists() && row.Value.Generation == state.Devices && w.now.Before(row.Value.Ends)
	})
	open := who.Live() && !state.Disputed && !state.Must.Change && p.elsewhere == "" && slices.Contains(w.home.Flows["sign-in"], p.role)
	return known && open && w.lockOf(p.id).ID == "" && w.creds.Matches(p.id, a.fields["password"])
}
