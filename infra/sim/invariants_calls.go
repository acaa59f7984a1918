package sim

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/shared/notice"
	"github.com/sparekey/sparekey/shared/outbox"
	"github.com/sparekey/sparekey/shared/request"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
)

// passwordSet holds of every password at the moment it takes effect.
func (w *world) passwordSet(by *invocation, id, password string) {
	w.passwords[id] = password
	if by == nil {
		return // setting up
	}
	by.sets++
	if w.account(id).Elsewhere() {
		w.broke("an account of another service gets no password and no link", "#%d %s: a password was set on account %s", by.number, by.what, id)
	}
	lock := w.locks[w.lockOf(id).ID]
	switch {
	case lock == nil:
		w.broke("a password changes only under its change", "#%d %s: there is none on account %s", by.number, by.what, id)
		return
	case lock.maker != by:
		w.broke("a password changes only under its change", "#%d %s: it is that of #%d", by.number, by.what, lock.maker.number)
	case !w.now.Before(lock.Ends):
		w.broke("a password changes only under its change", "#%d %s: its lease is over", by.number, by.what)
	}
	if by.refused {
		w.broke("a definite refusal changes nothing", "#%d %s: its password took effect after it", by.number, by.what)
	}
	lock.sets++
}

// mailed holds of every mail at the moment it is handed over.
func (w *world) mailed(by *invocation, m embedded.Received) {
	key := itemOf(m)
	fault := ""
	switch item := w.seen[key]; key.Kind() {
	case "REQUEST":
		row := as[request.Request](w, item)
		fault = w.mailedFor(by, m, row.Value.Progress, item.Exists())
		if fault == "" {
			fault = w.mailedRequest(m, row.Value)
		}
		w.receive(m, row.Value.Plan.Accounts, strings.TrimPrefix(key.PK, "REQUEST#"))
	case "NOTICE":
		row := as[notice.Notice](w, item)
		fault = w.mailedFor(by, m, row.Value.Progress, item.Exists())
		if known := w.mayHear(row.Value); fault == "" && !slices.Contains(known, m.To[0]) {
			fault = "it goes to no address on file"
		}
		w.receive(m, []string{row.Value.Account}, "")
	}
	if fault != "" {
		w.broke("mail goes once, to the stored address, from the courier who claimed it", "#%d, %s mail for %s: %s", by.number, m.Kind, key.PK, fault)
	}
	w.mails[key] = append(w.mails[key], sent{by: by, call: w.call})
	w.say("   #%d mails %s to %s for %s", by.number, m.Kind, m.To[0], key.PK)
}

func (w *world) mailedFor(by *invocation, m embedded.Received, p outbox.Progress, there bool) string {
	key := itemOf(m)
	switch {
	case !there:
		return "nobody asked for it"
	case p.Outcome != "" && !by.over:
		return "it was decided before: " + string(p.Outcome)
	case w.claims[p.Claim] != by:
		return "another works on it"
	case !w.now.Before(p.Until) && p.Outcome == "" && !by.troubled:
		return "its claim is over"
	}
	for _, before := range w.mails[key] {
		if before.by.trouble < before.call {
			return "it was mailed before, and nothing was in the way"
		}
	}
	return ""
}

func (w *world) mailedRequest(m embedded.Received, r request.Request) string {
	if r.Plan.Outcome == "" || len(r.Plan.Accounts) == 0 {
		return "nobody paid for it"
	}
	since := w.now.Add(-workTimeout)
	if w.account(r.Plan.Accounts[0]).Elsewhere() && m.Kind != "usernames" && m.Kind != "elsewhere" {
		w.broke("an account of another service gets no password and no link", "a mail of kind %s", m.Kind)
	}
	if m.Kind != "usernames" {
		if !w.had(r.Plan.Accounts[0], m.To[0], since) {
			return "it goes to no address on file"
		}
		return ""
	}
	for _, p := range w.people {
		if strings.Contains(m.Text, p.username) && !w.had(p.id, m.To[0], since) {
			return fmt.Sprintf("it tells the username of %s to an address that is not theirs", p.id)
		}
	}
	return ""
}

// mayHear are the addresses at which a notice may arrive.
func (w *world) mayHear(n notice.Notice) []string {
	if n.Kind == notice.Disputed {
		return []string{w.home.SafetyEmail}
	}
	return w.hears[n.Account]
}

// mostHashes is one for each of three rounds of proving and, where there is no
// history yet, one for the password of now.
const mostHashes = 6

// answered holds of every answer at the moment it is given.
func (w *world) answered(inv *invocation, got answer) {
	if got.status == 500 || got.code == "internal" {
		w.broke("no answer is our mistake", "#%d %s", inv.number, inv.what)
	}
	if inv.hashes > mostHashes {
		w.broke("a request costs few slow hashes", "#%d %s made %d", inv.number, inv.what, inv.hashes)
	}
	if got.status == 202 && got.said["reference"] != "" {
		reference := got.said["reference"]
		if !w.seenRequest(reference) {
			w.broke("an accepted request stays, and its outcome with it", "#%d %s: %s is not there", inv.number, inv.what, reference)
		}
		w.accepted = append(w.accepted, reference)
	}
	w.answeredInSession(inv, got)
	if inv.password == "" {
		return
	}
	second := inv.right[inv.account] == inv.password && inv.attempt != ""
	switch {
	case got.status == 200 && !inv.finished && !second:
		w.broke("success means that the password is set", "#%d %s", inv.number, inv.what)
	case definite(got):
		inv.refused = true
		if inv.sets > 0 || inv.finished {
			w.broke("a definite refusal changes nothing", "#%d %s: %d %s after %d passwords", inv.number, inv.what, got.status, got.code, inv.sets)
		}
	}
}

// answeredInSession holds of whoever brought a session.
func (w *world) answeredInSession(inv *invocation, got answer) {
	known := w.bySession[inv.held.digest]
	signsOut := strings.HasSuffix(inv.what, "signs out")
	switch {
	case inv.held.digest == "" || got.status >= 400 && got.code != "not-proved" && got.code != "password-refused":
	case signsOut && w.lets(known):
		w.broke("who signs out is out", "#%d %s", inv.number, inv.what)
	case !signsOut && !inv.held.good:
		w.broke("a session lets in nobody once it has ended", "#%d %s: %d", inv.number, inv.what, got.status)
	}
}

// definite refusals say that nothing was changed. Only change-unknown leaves it
// open; a page says no code, so of pages 503 is left open too.
func definite(got answer) bool {
	return got.status >= 400 && got.code != "change-unknown" && (got.status != 503 || got.code != "")
}

func (w *world) seenRequest(reference string) bool { return w.seen[request.Key(reference)].Exists() }

// logged holds of every line of a log.
func (w *world) logged(level slog.Level, message, text string) {
	switch {
	case strings.Contains(text, secretMark) || strings.Contains(text, typedMark) || strings.Contains(text, "@"):
		w.broke("no log holds what was typed, an address or a secret", "%s", text)
	case level >= slog.LevelError && message != "failed":
		w.broke("no function fails by itself", "%s", text)
	}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '=' || r == '/' }) {
		if what := w.secrets[word]; what != "" {
			w.broke("no log holds what was typed, an address or a secret", "a %s", what)
		}
	}
}

// nothingOwed holds once everything has had its time.
func (w *world) nothingOwed() {
	if at, owed := w.memory.NextDue(); owed {
		w.broke("at the end nothing is owed", "something is due at %v", at)
	}
	for _, item := range w.memory.Dump() {
		switch {
		case item.Kind() == "ACCOUNT" && (item.SK == "CHANGE" || item.SK == "SIGNOUT"):
			w.broke("at the end nothing is owed", "%s of %s", item.SK, accountOf(item.Key))
		case item.Kind() == "REQUEST":
			row := as[request.Request](w, item)
			w.decided(item, row.Value.Progress)
		case item.Kind() == "NOTICE":
			row := as[notice.Notice](w, item)
			w.decided(item, row.Value.Progress)
		}
		if seen := w.seen[item.Key]; item.Kind() != "COUNT" && seen.Version != item.Version {
			w.broke("nothing changes the table behind our back", "%s", item.PK)
		}
	}
	for _, reference := range w.accepted {
		if !w.seenRequest(reference) {
			w.broke("an accepted request stays, and its outcome with it", "%s", reference)
		}
	}
	for _, word := range slices.Sorted(maps.Keys(w.words)) {
		if what := w.secrets[strings.ToLower(word)]; what != "" {
			w.broke("nothing stored opens a door", "%s holds a %s", w.words[word].Kind(), what)
		}
	}
}

func (w *world) decided(item table.Item, p outbox.Progress) {
	if p.Outcome == "" {
		w.broke("every request and notice has an outcome", "%s has none", item.PK)
	}
}

// receive puts a mail before its readers, who find in it what they can press.
func (w *world) receive(m embedded.Received, accounts []string, reference string) {
	l := &letter{at: w.now, kind: m.Kind, reference: reference}
	if len(accounts) > 0 {
		l.account = accounts[0]
		l.username = w.account(accounts[0]).Profile.Value.Username
	}
	l.link, l.notMe, l.code = after(m.Text, "/r/", linkLength), after(m.Text, "/not-me/", linkLength), codeIn(m.Text)
	for _, secret := range []struct{ text, what string }{{l.link, "link"}, {l.notMe, "not-me link"}, {strings.ReplaceAll(strings.ToLower(l.code), "-", ""), "code"}} {
		if secret.text != "" {
			w.secrets[secret.text] = secret.what
		}
	}
	w.letters[m.To[0]] = append(w.letters[m.To[0]], l)
}

func after(text, mark string, length int) string {
	_, rest, found := strings.Cut(text, mark)
	if !found || len(rest) < length {
		return ""
	}
	return rest[:length]
}

// codeIn finds a code: two groups of four, alone on their line.
func codeIn(text string) string {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if len(line) == codeLength+1 && line[codeLength/2] == '-' {
			if _, ok := token.ParseCode(line); ok {
				return line
			}
		}
	}
	return ""
}
