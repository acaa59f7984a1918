// Package session is being signed in.
//
// A session is 256 random bits in a cookie; the table knows their digest. It
// belongs to one district and one account's epoch: a changed password, a
// disabled account or "this was not me" ends every one at once. It is new at
// every sign-in and at every proof after it. It ends after an hour; its owner may
// ask for more time, twelve hours after the last proof at most.
//
// It promises that five wrong passwords, asked for again while signed in, end it;
// and that nobody but the same owner, in the same browser, is taken back to the
// page on which one ended. That is why its row is kept for a while after its end:
// what it says of a page is a name out of a list, never an address.
//
// Read [Start] and [Of] first.
package session

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/audit"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
)

// Life is how long a session lasts before its owner asks for more time, and how
// much more they get; Longest is all they can get without a new proof.
const (
	Life    = time.Hour
	Longest = 12 * time.Hour
)

// kept is how long what is ended is remembered, for the way back to its page.
const kept = 12 * time.Hour

// Session is what is stored of one.
type Session struct {
	District string    `json:"district"`
	Account  string    `json:"account"`
	Epoch    int       `json:"epoch"`
	Signed   time.Time `json:"signed"` // when its owner signed in
	Proved   time.Time `json:"proved"` // when its owner last proved who they are
	Ends     time.Time `json:"ends"`
	Agent    string    `json:"agent"` // browser in words
	Wrong    int       `json:"wrong"` // passwords asked for again, and not right so far
	Place    Place     `json:"place"` // what was looked at last
	Offer    Place     `json:"offer"` // where the session before ended by itself
	Before   Entrance  `json:"before"`
}

// Entrance is a sign-in: the one before this, of which the page tells.
type Entrance struct {
	At    time.Time `json:"at"`
	Agent string    `json:"agent"`
}

func key(digest string) table.Key { return table.K("SESSION", digest) }

// entranceKey is where an account's last sign-in is kept.
func entranceKey(slug, id string) table.Key { return account.Key(slug, id).At("SIGNEDIN") }

// stamp has a fixed width, so that keys sort by it.
const stamp = "20060102T150405Z"

// pointer makes the session findable among its account's: newest last. It is a
// hint; what the session is, its own row says.
func (s Session) pointer(digest string) table.Op {
	sk := "SESSION#" + s.Proved.UTC().Format(stamp) + "#" + digest
	row := table.New(account.Key(s.District, s.Account).At(sk), struct{}{})
	row.Expires = s.Proved.Add(Longest + kept)
	return row.Put()
}

// put is the ops that store a new session.
func (s Session) put(digest string) []table.Op {
	row := table.New(key(digest), s)
	row.Expires = s.Ends.Add(kept)
	return []table.Op{row.Put(), s.pointer(digest)}
}

// Start signs somebody in: with a new session, in place of the one that this
// browser held. It returns the text that its owner holds.
func Start(ctx context.Context, store table.Store, r *gateway.Request, who account.Account, now time.Time) (string, error) {
	text, digest := token.Mint(store.Rand)
	keys := []table.Key{entranceKey(who.District, who.ID)}
	if held, ok := token.Digest(heldBy(r)); ok {
		keys = append(keys, key(held))
	}
	err := store.Update(ctx, keys, func(items []table.Item) ([]table.Op, error) {
		last, err := table.As[Entrance](items[0])
		if err != nil {
			return nil, err
		}
		s := Session{
			District: who.District, Account: who.ID, Epoch: who.State.Value.Epoch, Signed: now, Proved: now, Ends: now.Add(Life),
			Agent: r.Agent, Before: last.Value,
		}
		last.Value = Entrance{At: now, Agent: r.Agent}
		ops := []table.Op{last.Put(), entry(r, who.ID, audit.SignedIn, now).Put(store.Rand)}
		for _, item := range items[1:] {
			old, err := table.As[Session](item)
			if err != nil {
				return nil, err
			}
			s.Offer = old.Value.offer(who, now)
			ops = append(ops, replace(store, r, old, now)...)
		}
		return append(ops, s.put(digest)...), nil
	})
	if err != nil {
		return "", problem.New(problem.Unavailable).Because(fmt.Errorf("start session: %w", err))
	}
	return text, nil
}

// replace ends what the browser held before: nobody could end it any more.
func replace(store table.Store, r *gateway.Request, old table.Row[Session], now time.Time) []table.Op {
	switch {
	case !old.Exists() || old.Value.District != r.District.Slug:
		return nil
	case !now.Before(old.Value.Ends):
		return []table.Op{old.Delete()}
	}
	return []table.Op{old.Delete(), entry(r, old.Value.Account, audit.SignedOut, now).Put(store.Rand)}
}

func entry(r *gateway.Request, id string, act audit.Act, now time.Time) audit.Entry {
	return audit.Entry{
		At: now, District: r.District.Slug, Account: id, Act: act, Actor: "owner", Route: "password",
		Request: r.ID, Agent: r.Agent, Network: r.Network.String(),
	}
}

// Of finds who is signed in, or says not-signed-in: for no session, one of
// another district, and one whose account has moved on, alike. Of one that came
// to its end it says so, to whoever still holds it.
func Of(ctx context.Context, t table.Table, r *gateway.Request, now time.Time) (Held, error) {
	h := Held{now: now}
	var ok bool
	if h.digest, ok = token.Digest(heldBy(r)); !ok {
		return h, problem.New(problem.NotSignedIn)
	}
	items, err := t.Get(ctx, key(h.digest))
	if err != nil {
		return h, problem.New(problem.Unavailable).Because(fmt.Errorf("read session: %w", err))
	}
	if h.row, err = table.As[Session](items[0]); err != nil {
		return h, err
	}
	s := h.row.Value
	switch {
	case !h.row.Exists() || s.District != r.District.Slug || s.Wrong >= Checks:
		return h, problem.New(problem.NotSignedIn)
	case !now.Before(s.Ends):
		return h, problem.New(problem.NotSignedIn).With("why", "ended").Saying("session.ended")
	}
	if h.Who, err = account.Load(ctx, t, s.District, s.Account); err != nil {
		return h, problem.New(problem.Unavailable).Because(err)
	}
	if !s.good(h.Who, now) || !r.District.Allows(district.SignIn, h.Who.Profile.Value.Role) {
		return Held{}, problem.New(problem.NotSignedIn)
	}
	return h, nil
}

// good reports whether the session lets its account's owner in.
func (s Session) good(who account.Account, now time.Time) bool {
	return s.Account == who.ID && s.Epoch == who.State.Value.Epoch && s.Wrong < Checks && now.Before(s.Ends) &&
		who.Live() && !who.State.Value.Disputed
}

// End removes the session that the request carries, and says so in the audit;
// none is as good as ended.
func End(ctx context.Context, store table.Store, r *gateway.Request, now time.Time) error {
	digest, ok := token.Digest(heldBy(r))
	if !ok {
		return nil
	}
	return end(ctx, store, r, digest, audit.SignedOut, now)
}

func end(ctx context.Context, store table.Store, r *gateway.Request, digest string, act audit.Act, now time.Time) error {
	err := store.Update(ctx, []table.Key{key(digest)}, func(items []table.Item) ([]table.Op, error) {
		row, err := table.As[Session](items[0])
		if err != nil || !row.Exists() || row.Value.District != r.District.Slug {
			return nil, err
		}
		return []table.Op{row.Delete(), entry(r, row.Value.Account, act, now).Put(store.Rand)}, nil
	})
	if err != nil {
		return problem.New(problem.Unavailable).Because(fmt.Errorf("end session: %w", err))
	}
	return nil
}

// heldBy is the session's text: from the cookie, or as a bearer for machines.
func heldBy(r *gateway.Request) string {
	if text, ok := r.Bearer(); ok {
		return text
	}
	return r.Cookie(cookieName(r))
}

// Cookie carries a session to the browser; an empty text takes it away. The
// browser keeps it beyond the end, for the way back; that opens nothing.
func Cookie(r *gateway.Request, text string) *http.Cookie {
	c := &http.Cookie{
		Name: cookieName(r), Value: text, Path: "/", HttpOnly: true, Secure: r.Secure, SameSite: http.SameSiteLaxMode,
		MaxAge: int((Longest + kept).Seconds()),
	}
	if text == "" {
		c.MaxAge = -1
	}
	return c
}

// cookieName has the prefix that makes browsers hold a cookie to this host and
// to TLS; the local run has no TLS, so no prefix either.
func cookieName(r *gateway.Request) string {
	name := "s-" + r.District.Slug
	if r.Secure {
		name = "__Host-" + name
	}
	return name
}
