package runtime_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sparekey/sparekey/infra/runtime"
	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/budget"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/notice"
	"github.com/sparekey/sparekey/shared/request"
	"github.com/sparekey/sparekey/shared/table"
)

var acts = []act{
	{"asking", "forgotpassword", func(*victim) {}, (*victim).asking, nil, (*victim).isAnswered},
	{"the mail with a link", "courier", (*victim).hasAsked, (*victim).fed, nil, (*victim).hasOneLink},
	{"the mail with a link, by the minute", "courier", (*victim).hasAsked, (*victim).scheduled, nil, (*victim).hasOneLink},
	{"the mail with usernames", "courier", (*victim).hasAskedForNames, (*victim).fed, nil, (*victim).hasHerNames},
	{"a mail that SES refuses", "courier", (*victim).hasAskedInVain, (*victim).fed, nil, (*victim).keepsHerLink},
	{"a notice to two addresses", "courier", func(v *victim) { v.isOwed(v.email, v.second) }, (*victim).fed, nil, (*victim).isTold},
	{"a notice to one address", "courier", func(v *victim) { v.isOwed(v.email) }, (*victim).fed, nil, (*victim).isTold},
	{"a new password by link, settled by the sweep", "verifytoken", (*victim).hasLink, (*victim).setsByLink, nil, (*victim).hasOnePassword},
	{"a new password by link, settled by who comes next", "verifytoken", (*victim).hasLink, (*victim).setsByLink, (*victim).pressesAgain, (*victim).hasOnePassword},
	{"a new password by code", "verifytoken", (*victim).hasLink, (*victim).setsByCode, nil, (*victim).hasOnePassword},
	{"a password for one use", "signin", (*victim).mustChange, (*victim).changes, nil, (*victim).getsIn},
	{"settling", "cleanup", (*victim).leftAChange, (*victim).scheduled, nil, (*victim).isSettled},
	{"this was not me", "verifytoken", (*victim).hasChanged, (*victim).disowning, (*victim).disowns, (*victim).isSafe},
}

// asking is the event of asking for a link.
func (v *victim) asking() []byte {
	return post("/{district}/forgot-password", nil, "username", v.username, "email", v.email)
}

// asked files a request and keeps its key.
func (v *victim) asked(username, email string) {
	v.Helper()
	answer := v.asks("forgotpassword", post("/{district}/forgot-password", nil, "username", username, "email", email))
	var filed struct{ Reference string }
	if err := json.Unmarshal([]byte(answer.Body), &filed); err != nil || answer.StatusCode != http.StatusAccepted {
		v.Fatalf("%d %s", answer.StatusCode, answer.Body)
	}
	v.owed = request.Key(strings.ReplaceAll(filed.Reference, "-", ""))
}

func (v *victim) hasAsked() { v.asked(v.username, v.email) }

// fed is the event of the feed that has what is owed.
func (v *victim) fed() []byte {
	return runtime.Stream([]runtime.Change{{ID: "1", Event: "INSERT", Sequence: "1", PK: v.owed.PK, SK: v.owed.SK}})
}

func (v *victim) scheduled() []byte { return runtime.Scheduled(time.Now()) }

// Whoever asked and was not told that it was taken asks again. One mail comes, or
// one of each that were taken.
func (v *victim) isAnswered() {
	if n := len(v.letters(v.email, "/r/")); n > 1 {
		v.Errorf("%d mails", n)
	}
	v.hasAsked()
	v.rests()
	if n := len(v.letters(v.email, "/r/")); n != 1 || v.outcome(v.owed) == "" {
		v.Errorf("%d mails, outcome %q", n, v.outcome(v.owed))
	}
}

// mailed demands one mail of a kind to an address, and a second only where SES
// had taken the first and nobody had written that down.
func (v *victim) mailed(to, part string) (texts []string) {
	v.Helper()
	want := 1
	if slices.Contains(v.dead, "SendRawEmail") && v.undecided {
		want = 2
	}
	if texts = v.letters(to, part); len(texts) != want {
		v.Errorf("%d mails to %s, want %d", len(texts), to, want)
	}
	return texts
}

func (v *victim) hasOneLink() {
	links := tokens(v.mailed(v.email, "/r/"), "/r/")
	for i, link := range links {
		want := http.StatusOK
		if i < len(links)-1 {
			want = http.StatusGone
		}
		if got := v.opens(link); got != want {
			v.Errorf("link %d of %d: %d, want %d", i+1, len(links), got, want)
		}
	}
	row, err := table.As[request.Request](v.item(v.owed))
	v.fatal(err)
	if r := row.Value; r.Outcome != "sent" || r.Typed != (request.Typed{}) {
		v.Errorf("outcome %q, what was typed is erased: %t", r.Outcome, r.Typed == request.Typed{})
	}
	if got := v.audits(); got["link-mailed"] != 1 || len(got) != 1 {
		v.Errorf("audit %v", got)
	}
	paid, err := table.As[budget.Bucket](v.item(budget.AccountKey("springfield", v.id, "reset")))
	v.fatal(err)
	if got := paid.Value.Full.Sub(paid.Value.Last); got != budget.PerAccount.Back {
		v.Errorf("paid for %v, want once", got)
	}
}

// hasAskedInVain has a link, and asks for another when SES has given her up.
func (v *victim) hasAskedInVain() {
	v.hasLink()
	paid := v.item(budget.AccountKey("springfield", v.id, "reset"))
	v.fatal(v.s.store.Write(v.Context(), table.Op{Act: table.Delete, Item: table.Item{Key: paid.Key}, Was: paid.Version})) // as time does
	v.s.ses.refuses(v.email)
	v.hasAsked()
}

// keepsHerLink demands that the link which was living before lives again.
func (v *victim) keepsHerLink() {
	if n := len(v.letters(v.email, "/r/")); n != 1 || v.outcome(v.owed) != "refused" {
		v.Errorf("%d mails, outcome %q", n, v.outcome(v.owed))
	}
	if got := v.opens(v.link); got != http.StatusOK {
		v.Errorf("the link before answers %d", got)
	}
	if got := v.audits(); got["link-mailed"] != 1 || got["link-refused"] != 1 || len(got) != 2 {
		v.Errorf("audit %v", got)
	}
}

func (v *victim) hasAskedForNames() { v.asked("not."+v.username, v.email) }

func (v *victim) hasHerNames() {
	v.mailed(v.email, v.username)
	if got := v.outcome(v.owed); got != "usernames-sent" || v.audits()["link-mailed"] != 1 {
		v.Errorf("outcome %q, audit %v", got, v.audits())
	}
}

// isOwed puts a notice, as a change does.
func (v *victim) isOwed(to ...string) {
	n := notice.Notice{District: "springfield", Account: v.id, Kind: notice.Changed, Route: "link", At: time.Now(), Language: "en", To: to}
	v.fatal(v.s.store.Write(v.Context(), n.Put(v.id, time.Now())))
	v.owed, v.to = notice.Key(v.id), to
}

// isTold demands one mail to each address that the notice is for, and none to
// another. A notice to two is no mail itself: it becomes one notice for each.
func (v *victim) isTold() {
	if len(v.to) > 1 && slices.Contains(v.dead, "SendRawEmail") {
		v.Errorf("a notice to %v was mailed as it is", v.to)
	}
	var texts []string
	for _, to := range v.to {
		texts = append(texts, v.mailed(to, "/not-me/")...)
	}
	if n := len(v.letters(v.second, "/not-me/")); n > 0 && !slices.Contains(v.to, v.second) {
		v.Errorf("%d mails to an address that nobody was to tell", n)
	}
	for _, token := range tokens(texts, "/not-me/") {
		at := map[string]string{"district": "springfield", "token": token}
		if got := v.asks("verifytoken", runtime.Get("/springfield/not-me/"+token, "/{district}/not-me/{token}", at)).StatusCode; got != http.StatusOK {
			v.Errorf("its link answers %d", got)
		}
	}
	if got := v.outcome(v.owed); got != "sent" {
		v.Errorf("outcome %q", got)
	}
}

func (v *victim) hasLink() {
	v.fatal(v.s.users.Set(v.Context(), v.id, oldWords, credential.Permanent))
	v.hasAsked()
	v.rests()
	texts := v.letters(v.email, "/r/")
	if len(texts) != 1 {
		v.Fatalf("%d mails before the act", len(texts))
	}
	v.link = tokens(texts, "/r/")[0]
	for line := range strings.Lines(texts[0]) {
		if line = strings.TrimSpace(line); len(line) == 9 && line[4] == '-' {
			v.code = line
		}
	}
	v.owed = table.Key{}
}

// chooses is a password that she has not sent before.
func (v *victim) chooses() string {
	v.chosen = append(v.chosen, newWords+strings.Repeat(" again", len(v.chosen)))
	return v.chosen[len(v.chosen)-1]
}

func (v *victim) setsByLink() []byte {
	return post("/{district}/set-password", nil, "token", v.link, "new_password", v.chooses())
}

func (v *victim) setsByCode() []byte {
	return post("/{district}/set-password", nil, "username", v.username, "code", v.code, "new_password", v.chooses())
}

// pressesAgain comes with the same link once the lease is over: she settles, and
// goes on where the link is not used.
func (v *victim) pressesAgain() {
	want := []int{http.StatusOK}
	if v.audits()["password-changed"] == 1 {
		want = []int{http.StatusGone, http.StatusUnprocessableEntity}
	}
	if got := v.asks("verifytoken", v.setsByLink()); !slices.Contains(want, got.StatusCode) {
		v.Errorf("pressing again: %d %s, want %v", got.StatusCode, got.Body, want)
	}
}

// hasOnePassword demands that one password is right, that every change that was
// or may have been is in the audit and in a notice, and that the link works just
// until it has set one.
func (v *victim) hasOnePassword() {
	before := v.audits()
	v.isAccounted()
	if before["password-changed"] == 0 {
		if got := v.asks("verifytoken", v.setsByLink()); got.StatusCode != http.StatusOK {
			v.Errorf("the link was not used, and does not work: %d %s", got.StatusCode, got.Body)
		}
		v.rests()
		v.isAccounted()
	}
	if got := v.opens(v.link); got != http.StatusGone || v.audits()["password-changed"] != 1 {
		v.Errorf("the link answers %d after %v", got, v.audits())
	}
	if got := v.asks("verifytoken", v.setsByLink()).StatusCode; got != http.StatusGone {
		v.Errorf("a used link: %d", got)
	}
	v.isAccounted()
}

// isAccounted demands that what is set and what is told agree.
func (v *victim) isAccounted() {
	v.Helper()
	said := v.audits()
	changed, perhaps := said["password-changed"], said["password-may-have-changed"]
	if got := len(v.notices()); got != changed+perhaps {
		v.Errorf("%d notices of %v", got, said)
	}
	if got := v.state().Epoch; got != changed+perhaps {
		v.Errorf("epoch %d after %v", got, said)
	}
	right := v.right()
	if len(right) != 1 {
		v.Errorf("%v are right", right)
	}
	if set := !slices.Contains(right, oldWords); set && changed+perhaps == 0 || !set && changed > 0 {
		v.Errorf("%v is right after %v", right, said)
	}
}

// notices are the mails about her password, but for those with a link to set it.
func (v *victim) notices() []string {
	return slices.DeleteFunc(v.letters(v.email, "/not-me/"), func(text string) bool { return strings.Contains(text, "/r/") })
}

// right are the passwords that open her account.
func (v *victim) right() (all []string) {
	v.Helper()
	for _, password := range append([]string{oldWords}, v.chosen...) {
		answer, err := v.s.users.Check(v.Context(), v.id, password)
		v.fatal(err)
		if answer != credential.Wrong {
			all = append(all, password)
		}
	}
	return all
}

func (v *victim) amends(change func(*account.State)) {
	v.Helper()
	_, _, err := table.Amend(v.Context(), v.s.store, account.StateKey("springfield", v.id), func(row *table.Row[account.State]) bool {
		change(&row.Value)
		return true
	})
	v.fatal(err)
}

func (v *victim) mustChange() {
	v.amends(func(s *account.State) { s.Must = account.Must{Change: true, Ends: time.Now().Add(24 * time.Hour)} })
	v.fatal(v.s.users.Set(v.Context(), v.id, oldWords, credential.ForOnce))
}

func (v *victim) changes() []byte {
	return post("/{district}/sign-in", nil, "username", v.username, "password", oldWords, "new_password", v.chooses())
}

// getsIn signs in: with the password that she chose, or with the old one, and
// then she chooses again.
func (v *victim) getsIn() {
	v.isAccounted()
	right := v.right()
	event := post("/{district}/sign-in", nil, "username", v.username, "password", right[0])
	if right[0] == oldWords {
		event = v.changes()
	}
	if got := v.asks("signin", event); got.StatusCode != http.StatusOK {
		v.Errorf("signing in: %d %s", got.StatusCode, got.Body)
	}
	v.rests()
	v.isAccounted()
	if right = v.right(); slices.Contains(right, oldWords) {
		v.Errorf("%v are right", right)
	}
}

// leftAChange has somebody die between the beginning of a change and its end,
// long ago.
func (v *victim) leftAChange() {
	v.hasLink()
	dying := v.s.another("verifytoken")
	v.fatal(dying.Ready(v.Context()))
	v.s.cognito.see(func(http.ResponseWriter, *http.Request, http.Handler) {
		dying.Kill()
		panic(http.ErrAbortHandler)
	})
	if _, err := dying.Invoke(v.Context(), v.setsByLink()); err == nil {
		v.Fatal("it answered, killed")
	}
	v.s.cognito.see(nil)
	v.lapse()
}

func (v *victim) isSettled() {
	if said := v.audits(); said["password-may-have-changed"] != 1 || said["password-changed"] != 0 {
		v.Errorf("audit %v", said)
	}
	v.hasOnePassword()
}

func (v *victim) hasChanged() {
	v.hasLink()
	if got := v.asks("verifytoken", v.setsByLink()); got.StatusCode != http.StatusOK {
		v.Fatalf("%d %s", got.StatusCode, got.Body)
	}
	v.rests()
	v.notMe = tokens(v.notices(), "/not-me/")[0]
}

func (v *victim) disowning() []byte {
	return post("/{district}/not-me/{token}", map[string]string{"token": v.notMe}, "confirm", "yes")
}

// disowns presses again, as whoever saw no answer does.
func (v *victim) disowns() {
	if got := v.asks("verifytoken", v.disowning()); got.StatusCode != http.StatusOK {
		v.Errorf("pressing again: %d %s", got.StatusCode, got.Body)
	}
}

func (v *victim) isSafe() {
	state, told := v.state(), len(v.letters("safety@springfield.example.org", ""))-v.told
	if !state.Disputed || !time.Now().Before(state.Frozen) || state.Epoch != 2 || told != 1 || v.audits()["change-disowned"] != 1 {
		v.Errorf("disputed %t, frozen until %v, epoch %d, the district told %d times, audit %v",
			state.Disputed, state.Frozen, state.Epoch, told, v.audits())
	}
}
