package sim

import (
	"slices"
	"strings"
	"time"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/change"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/notice"
	"github.com/sparekey/sparekey/shared/request"
	"github.com/sparekey/sparekey/shared/session"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
)

// What is secret, and what is typed by strangers, bears a mark: the table and the
// logs are searched for it.
const (
	secretMark = "zq7"
	typedMark  = "qx9"
)

// model is what is known of the world from having watched it: the rows decoded,
// and what rows do not tell.
type model struct {
	seen   map[table.Key]table.Item
	rows   map[stored]any
	lately []recent
	words  map[string]table.Key // words as long as a link or a code, ever stored

	tokens    map[string]*knownToken // by digest
	tokensOf  map[string][]string    // digests, by account
	locks     map[string]*knownLock  // by ID
	sessions  map[string][]*knownSession
	bySession map[string]*knownSession // by digest
	passwords map[string]string        // in the store now, by account
	signedOut map[string]int
	owedSince map[string]int // sign-outs there had been when the next was owed
	addresses map[string][]address
	hears     map[string][]string    // every address an account ever had
	claims    map[string]*invocation // by nonce
	mails     map[table.Key][]sent
	paid      map[string][]time.Time
	accepted  []string
	letters   map[string][]*letter // by address
	secrets   map[string]string    // plain text, and what it is
	overtaken int                  // requests called sent for which no mail ever left
}

func newModel() model {
	return model{
		seen: map[table.Key]table.Item{}, rows: map[stored]any{}, words: map[string]table.Key{}, tokens: map[string]*knownToken{},
		tokensOf: map[string][]string{}, locks: map[string]*knownLock{}, sessions: map[string][]*knownSession{}, bySession: map[string]*knownSession{},
		passwords: map[string]string{}, signedOut: map[string]int{}, owedSince: map[string]int{}, addresses: map[string][]address{}, hears: map[string][]string{},
		claims: map[string]*invocation{}, mails: map[table.Key][]sent{}, paid: map[string][]time.Time{},
		letters: map[string][]*letter{}, secrets: map[string]string{},
	}
}

type knownToken struct {
	token.Token
	digest string
	spent  bool // was used once: for ever
	dead   bool // its account moved on: for ever
}

type knownLock struct {
	change.Lock
	maker *invocation
	sets  int // passwords that took effect under it
	gone  bool
}

type knownSession struct {
	session.Session
	password string // that opened it
	gone     bool   // it was ended, for ever
	wrong    int    // passwords that were wrong, asked for again in it
}

type address struct {
	since time.Time
	is    string
}

// sent is one mail that left, by whom and at which of its calls.
type sent struct {
	by   *invocation
	call int
}

// letter is a mail as its reader has it.
type letter struct {
	at                time.Time
	kind              string
	account, username string
	link, code, notMe string
	reference         string
}

// deeds are what an invocation may do and has done.
type deeds struct {
	reads    bool // it must not change the table
	account  string
	password string // the new one it brings
	attempt  string

	sets     int
	hashes   int // slow ones
	finished bool
	refused  bool // it has said a definite no
	right    map[string]string
	held     held // the session that it brought, as it was when it began
	trouble  int  // the last call that met a fault, counted from 1
	troubled bool
}

func (inv *invocation) meets(f Fate) {
	if f != Well {
		inv.trouble, inv.troubled = inv.calls, true
	}
}

// transition is what one Write has changed.
type transition struct {
	w     *world
	by    *invocation
	now   time.Time
	moved []moved
}

// touchedBy compares the items that a Write names with what they were, and holds
// the promises to the difference.
func (w *world) touchedBy(by *invocation, ops []table.Op) {
	if by != nil && by.reads {
		w.broke("opening a page changes nothing", "#%d %s writes %s", by.number, by.what, ops[0].Item.Kind())
	}
	var keys []table.Key
	for _, op := range ops {
		if op.Act != table.Check && !slices.Contains(keys, op.Item.Key) {
			keys = append(keys, op.Item.Key)
		}
	}
	t := transition{w: w, by: by, now: w.now}
	for _, item := range w.read(keys...) {
		before := w.seen[item.Key]
		if before.Key = item.Key; before.Version != item.Version {
			t.moved = append(t.moved, moved{before: before, after: item})
		}
	}
	if len(t.moved) > 0 {
		w.happened(t)
	}
}

func (w *world) counted(by *invocation, key table.Key) {
	if by != nil && by.reads {
		w.broke("opening a page changes nothing", "#%d %s counts %s", by.number, by.what, key.Kind())
	}
}

func (w *world) happened(t transition) {
	if t.by != nil { // else it is the setting up
		for _, p := range promises {
			if fault := p.broken(w, t); fault != "" {
				w.broke(p.name, "#%d %s: %s", t.by.number, t.by.what, fault)
			}
		}
	}
	w.learn(t)
	for _, m := range t.moved {
		delete(w.rows, stored{m.key(), m.before.Version})
	}
	for _, id := range accountsIn(t) {
		for _, p := range standing {
			if fault := p.broken(w, id); fault != "" {
				w.broke(p.name, "account %s: %s", id, fault)
			}
		}
	}
}

// learn brings the model up to date.
func (w *world) learn(t transition) {
	for _, m := range t.moved {
		if m.after.Exists() {
			w.seen[m.key()] = m.after
		} else {
			delete(w.seen, m.key())
		}
		w.lately = append(w.lately, recent{at: t.now, moved: m})
		w.keepWords(m)
	}
	for len(w.lately) > 0 && t.now.Sub(w.lately[0].at) > 5*time.Second {
		w.lately = w.lately[1:]
	}
	each(t, kind("TOKEN"), w.learnToken)
	each(t, part("STATE"), func(before, after table.Row[account.State]) {
		if after.Value.Epoch > before.Value.Epoch {
			w.outdate(accountOf(after.Key), after.Value.Epoch)
		}
	})
	each(t, part("CHANGE"), func(before, after table.Row[change.Lock]) {
		if lock := w.locks[before.Value.ID]; lock != nil && before.Value.ID != after.Value.ID {
			lock.gone = true
		}
		if after.Exists() && w.locks[after.Value.ID] == nil {
			w.locks[after.Value.ID] = &knownLock{Lock: after.Value, maker: t.by}
		}
	})
	each(t, part("SIGNOUT"), func(_, after table.Row[struct{}]) {
		if id := accountOf(after.Key); after.Exists() {
			w.owedSince[id] = w.signedOut[id]
		}
	})
	each(t, kind("SESSION"), func(_, after table.Row[session.Session]) { w.learnSession(t, after) })
	each(t, part("CHANGE"), func(before, after table.Row[change.Lock]) { w.learnChange(t, before, after) })
	each(t, kind("REQUEST"), func(before, after table.Row[request.Request]) { w.learnClaim(t, before.Value.Claim, after.Value.Claim) })
	each(t, kind("NOTICE"), func(before, after table.Row[notice.Notice]) { w.learnClaim(t, before.Value.Claim, after.Value.Claim) })
	for _, m := range t.moved {
		if sk := m.key().SK; m.key().Kind() == "ACCOUNT" && (sk == "PROFILE" || sk == "STATE") {
			id := accountOf(m.key())
			who := w.account(id)
			w.addresses[id] = append(w.addresses[id], address{since: t.now, is: who.Address()})
			w.hears[id] = append(w.hears[id], who.Addresses()...)
		}
	}
}

func (w *world) learnClaim(t transition, before, after string) {
	if after != before && after != "" {
		w.claims[after] = t.by
	}
}

func (w *world) learnToken(before, after table.Row[token.Token]) {
	digest := strings.TrimPrefix(after.PK, "TOKEN#")
	known := w.tokens[digest]
	if known == nil {
		known = &knownToken{digest: digest}
		w.tokens[digest] = known
		w.tokensOf[after.Value.Account] = append(w.tokensOf[after.Value.Account], digest)
	}
	known.spent = known.spent || before.Value.Used || after.Value.Used
	known.Token = after.Value
}

// outdate marks what an account has left behind: nothing may bring it back.
func (w *world) outdate(id string, epoch int) {
	for _, digest := range w.tokensOf[id] {
		if k := w.tokens[digest]; k.Purpose.SetsPassword() && k.Epoch < epoch {
			k.dead = true
		}
	}
}

// keepWords notes what was stored that is as long as a secret.
func (w *world) keepWords(m moved) {
	body := m.after.PK + " " + m.after.SK + " " + string(m.after.Body)
	start := -1
	for i := 0; i <= len(body); i++ {
		if i < len(body) && (body[i] >= '0' && body[i] <= '9' || body[i] >= 'a' && body[i] <= 'z' || body[i] >= 'A' && body[i] <= 'Z') {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 && (i-start == linkLength || i-start == codeLength) {
			w.words[body[start:i]] = m.key()
		}
		start = -1
	}
}

const (
	linkLength = 52
	codeLength = 8
)

// compared notes a right password: who holds it may open a session. A wrong one
// counts on the session in which it was asked for again.
func (w *world) compared(by *invocation, id, password string, a credential.Answer) {
	switch {
	case by == nil:
	case a == credential.Right || a == credential.Temporary:
		by.proves(id, password)
	case a == credential.Wrong && by.held.digest != "":
		w.bySession[by.held.digest].wrong++
	}
}

func (inv *invocation) proves(id, password string) {
	if inv.right == nil {
		inv.right = map[string]string{}
	}
	inv.right[id] = password
}

// sweep is the broom: it takes what expired, hours later.
func (w *world) sweep() {
	cut := w.now.Add(-w.between(0, 48*time.Hour))
	if w.memory.Sweep(cut) == 0 {
		return
	}
	for key, item := range w.seen {
		if !item.Expires.IsZero() && item.Expires.Before(cut) {
			delete(w.seen, key)
		}
	}
	w.say("the broom takes what expired before %v", cut)
}
