package courier

import (
	"time"

	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/token"
	"github.com/sparekey/sparekey/shared/web"
)

// letters writes every mail the courier sends.
//
// Each letter is described once, as a row of blocks; text and HTML are two
// renderings of that row, so neither can say what the other does not. No
// password, PIN or answer is ever in a letter, and of a student no more than
// the first name and a last initial: mailboxes are shared, and parents part.
type letters struct {
	Site  web.Site
	Words *i18n.Catalogue
}

// envelope is what any mail needs to be addressed.
type envelope struct {
	District district.District
	Language string
	To       string // the stored address, byte for byte
	Now      time.Time
	ID       string // unique per mail, for Message-ID
}

// listed is one account in the letter that lists them.
type listed struct {
	Username, Name string // Name: first name and last initial, students only
	Role           district.Role
}

// reset is the letter with the link and the code to set a new password.
func (l letters) reset(e envelope, username, link, code, notMe string, ends time.Time) (mail.Mail, error) {
	return l.invitation("reset", e, username, link, code, notMe, ends)
}

// activation is the same for an account that never had a password.
func (l letters) activation(e envelope, username, link, code, notMe string, ends time.Time) (mail.Mail, error) {
	return l.invitation("activation", e, username, link, code, notMe, ends)
}

func (l letters) invitation(kind string, e envelope, username, link, code, notMe string, ends time.Time) (mail.Mail, error) {
	w := l.begin(e, kind)
	before := w.before(ends)
	w.preview = before
	w.put(block{Kind: "title", Says: w.own("title")})
	w.put(block{Kind: "paragraph", Says: w.own("text", "username", username)})
	w.put(block{Kind: "button", Says: w.own("button"), Note: before, URL: w.address("/r/" + link)})
	w.put(block{Kind: "section", Says: w.common("device.title")})
	w.put(block{Kind: "code", Says: w.common("device.text", "page", w.typed("/code")), Code: token.SpellCode(code)})
	w.put(block{Kind: "paragraph", Says: w.common("once")})
	w.put(block{Kind: "section", Says: w.common("notme.title")})
	w.put(block{Kind: "link", Note: w.own("notme.text"), Says: w.own("notme.link"), URL: w.address("/not-me/" + notMe)})
	return w.finish()
}

// usernames lists the accounts of an address, for somebody who typed another
// username with it. It holds no token: whoever reads it must ask again.
func (l letters) usernames(e envelope, accounts []listed) (mail.Mail, error) {
	w := l.begin(e, "usernames")
	w.count = len(accounts)
	w.preview = w.own("list")
	w.put(block{Kind: "title", Says: w.own("title")})
	w.put(block{Kind: "paragraph", Says: w.own("text")})
	w.put(block{Kind: "list", Says: w.own("list"), Items: w.accounts(accounts)})
	w.put(block{Kind: "paragraph", Says: w.own("note")})
	w.put(block{Kind: "button", Says: w.own("button"), URL: w.address("/forgot-password")})
	w.put(block{Kind: "section", Says: w.common("notme.title")})
	w.put(block{Kind: "paragraph", Says: w.own("notme.text")})
	return w.finish()
}

func (w *writing) accounts(all []listed) []line {
	lines := make([]line, len(all))
	for i, a := range all {
		role := w.common("role." + string(a.Role)).said
		if a.Role == district.Student && a.Name != "" {
			lines[i] = w.own("student", "username", a.Username, "role", role, "name", a.Name)
			continue
		}
		lines[i] = w.own("adult", "username", a.Username, "role", role)
	}
	return lines
}

// elsewhere says that the account signs in with another service, where, and who
// helps: there is no password here to set, so it holds no token.
func (l letters) elsewhere(e envelope, username, service string) (mail.Mail, error) {
	w := l.begin(e, "elsewhere")
	if plain(service) == "" {
		service = w.own("another").Plain() // the roster has changed its mind since
	}
	w.preview = w.own("unchanged")
	w.put(block{Kind: "title", Says: w.own("title")})
	w.put(block{Kind: "paragraph", Says: w.own("text", "username", username)})
	w.put(block{Kind: "paragraph", Says: w.own("service", "service", service)})
	if e.District.Portal == "" { // our own sign-in page has no other service to choose
		w.put(block{Kind: "paragraph", Says: w.own("usual", "service", service)})
	} else {
		w.put(block{Kind: "paragraph", Says: w.own("where", "service", service)})
		w.put(block{Kind: "button", Says: w.own("button"), URL: e.District.Portal})
	}
	w.put(block{Kind: "section", Says: w.own("lost.title")})
	w.put(block{Kind: "paragraph", Says: w.own("lost", "service", service)})
	w.put(block{Kind: "section", Says: w.common("notme.title")})
	w.put(block{Kind: "paragraph", Says: w.own("unchanged")})
	return w.finish()
}

// changed is the notice that a password was changed; where the change was begun
// and its outcome never learnt, that it may have been.
func (l letters) changed(e envelope, username, route, agent string, at time.Time, certain bool, notMe string) (mail.Mail, error) {
	w := l.begin(e, "changed")
	if !certain {
		w.wording = "maybe"
	}
	w.preview = w.own("yours")
	w.put(block{Kind: "title", Says: w.own("title")})
	w.put(block{Kind: "paragraph", Says: w.own("text", "username", username)})
	w.put(block{Kind: "details", Items: w.circumstances(route, agent, at)})
	w.put(block{Kind: "paragraph", Says: w.own("yours")})
	if !certain {
		w.put(block{Kind: "paragraph", Says: w.own("again", "page", w.typed("/forgot-password"))})
	}
	w.put(block{Kind: "section", Says: w.common("notme.title")})
	w.put(block{Kind: "paragraph", Says: w.common("notme.text")})
	w.put(block{Kind: "button", Says: w.common("notme.button"), URL: w.address("/not-me/" + notMe)})
	return w.finish()
}

// circumstances tell when and how a password was changed: what the owner can
// compare with what they did. A route that no sentence is known for is left out.
func (w *writing) circumstances(route, agent string, at time.Time) []line {
	lines := []line{w.common("when", "time", w.moment(at))}
	if how := w.common("how." + route); how.said != how.key {
		lines = append(lines, how)
	}
	if agent != "" {
		lines = append(lines, w.common("device", "agent", agent))
	}
	return lines
}

// disputePause is how long a dispute stops recovery of the account.
const disputePause = 72 * time.Hour

// disputed tells the district's safety mailbox that somebody said "this was not
// me". It names nobody: staff find the account by its id.
func (l letters) disputed(e envelope, account string, at time.Time) (mail.Mail, error) {
	w := l.begin(e, "disputed")
	w.preview = w.own("text")
	w.put(block{Kind: "title", Says: w.own("title")})
	w.put(block{Kind: "paragraph", Says: w.own("text")})
	w.put(block{Kind: "details", Items: []line{w.own("account", "account", account), w.common("when", "time", w.moment(at))}})
	w.put(block{Kind: "list", Says: w.own("done"), Items: []line{
		w.own("done.signout"), w.own("done.links"), w.own("done.paused", "time", w.moment(at.Add(disputePause))),
	}})
	w.put(block{Kind: "list", Says: w.own("next"), Items: []line{
		w.own("next.find"), w.own("next.call"), w.own("next.wait"),
	}})
	return w.finish()
}
