// Package device is the browser that an account's owner has used before.
//
// Strangers can spend the tries of any name they can type. A browser that once
// proved itself for an account has tries of its own for it, which they cannot
// spend (OWASP's device cookies): so they keep nobody out of their own phone. It
// is no proof of anything else: who holds one still has to know the password.
//
// The cookie holds a text of 256 random bits for each of the latest accounts that
// proved themselves there, and neither a name nor an account: brothers and sisters
// on one tablet have one each. The table knows each one's digest, under its
// account. No account is ever given the text of another, and no proof after a
// recovery or after "this was not me" the text of before it: a copy of a cookie
// never comes to be known for more than it was.
//
// It outlives the epoch, which a new password raises; what ends it is the
// generation in the account's state, which "this was not me" raises, and ending
// one's other sessions.
//
// Read [Browser] first.
package device

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
)

// Life is how long a browser stays known after it was last used.
const Life = 365 * 24 * time.Hour

// often is how long a browser is not noted again.
const often = 24 * time.Hour

// Device is what is stored of a browser that an account knows.
type Device struct {
	Generation int       `json:"generation"`
	Tries      string    `json:"tries"` // what they are counted under
	Made       time.Time `json:"made"`
	Seen       time.Time `json:"seen"`
	Ends       time.Time `json:"ends"`
}

// Browser is what a request says of the browser it comes from: it may be known
// to an account, to several, or to none.
type Browser struct{ held []held }

type held struct{ text, digest string }

// most is how many accounts a browser is known to, the latest: a family's, and not
// all of a library's.
const most = 8

// between stands between the texts of a cookie.
const between = "."

// Of is the browser of a request. One that holds no cookie, or nonsense, is known
// to nobody, and that is seen without asking the table.
func Of(r *gateway.Request) Browser {
	var b Browser
	for text := range strings.SplitSeq(r.Cookie(cookieName(r)), between) {
		digest, ok := token.Digest(text)
		if h := (held{text, digest}); ok && !slices.Contains(b.held, h) && len(b.held) < most {
			b.held = append(b.held, h)
		}
	}
	return b
}

// Keys is where an account would know the browser: to be read together with the
// account, whether that exists or not. How many they are, the cookie alone says.
func (b Browser) Keys(slug, id string) []table.Key {
	var keys []table.Key
	for _, h := range b.held {
		keys = append(keys, h.key(slug, id))
	}
	return keys
}

func (h held) key(slug, id string) table.Key {
	return account.Key(slug, id).At("DEVICE#" + h.digest)
}

// first is the browser with that text before the others, in place of another.
func (b Browser) first(text held, instead string) Browser {
	rest := slices.DeleteFunc(slices.Clone(b.held), func(h held) bool { return h == text || h.digest == instead })
	b.held = append([]held{text}, rest[:min(len(rest), most-1)]...)
	return b
}

// Known is a browser that an account knows; the zero one is a stranger's.
type Known struct {
	// Name is what its tries are counted under; empty for a stranger. Each
	// recovery mints another: what was tried before is over.
	Name string
	seen time.Time
	held held
}

// Known judges what was read at [Browser.Keys].
func (b Browser) Known(items []table.Item, who account.Account, now time.Time) (Known, error) {
	for i, item := range items {
		row, err := table.As[Device](item)
		if err != nil {
			return Known{}, err
		}
		if row.Exists() && row.Value.good(who, now) {
			return Known{Name: row.Value.Tries, seen: row.Value.Seen, held: b.held[i]}, nil
		}
	}
	return Known{}, nil
}

func (d Device) good(who account.Account, now time.Time) bool {
	return who.Exists() && d.Generation == who.State.Value.Devices && now.Before(d.Ends)
}

// Find finds the account of a typed username, and whether it knows the browser,
// in the same two reads for every name.
func Find(ctx context.Context, t table.Table, r *gateway.Request, typed string, now time.Time) (account.Account, Known, error) {
	id, err := account.Lookup(ctx, t, r.District.Slug, typed)
	if err != nil {
		return account.Account{}, Known{}, err
	}
	b := Of(r)
	items, err := t.Get(ctx, append(account.Keys(r.District.Slug, id), b.Keys(r.District.Slug, id)...)...)
	if err != nil {
		return account.Account{}, Known{}, err
	}
	who, err := account.From(r.District.Slug, id, items)
	if err != nil {
		return who, Known{}, err
	}
	known, err := b.Known(items[2:], who, now)
	return who, known, err
}

// Again notes that a known browser was used, at most once a day, and makes a
// stranger's known: after a right password. It gives the cookie to set. That it
// fails harms nobody: the browser is a stranger's next time.
func Again(ctx context.Context, store table.Store, r *gateway.Request, who account.Account, known Known, now time.Time) *http.Cookie {
	if known.Name == "" {
		return Proved(ctx, store, r, who, now)
	}
	if now.Sub(known.seen) >= often {
		_, _, _ = table.Amend(ctx, store, known.held.key(who.District, who.ID), func(row *table.Row[Device]) bool {
			row.Value.Seen, row.Value.Ends = now, now.Add(Life)
			row.Expires = row.Value.Ends
			return row.Exists()
		})
	}
	return cookie(r, Of(r).first(known.held, ""))
}

// Proved makes the browser known anew, after recovery: by another text, with all
// its tries. What it was known by to this account, and every copy of that, is over.
func Proved(ctx context.Context, store table.Store, r *gateway.Request, who account.Account, now time.Time) *http.Cookie {
	b := Of(r)
	text, digest := token.Mint(store.Rand)
	fresh := held{text, digest}
	after := b.first(fresh, "")
	err := store.Update(ctx, append([]table.Key{fresh.key(who.District, who.ID)}, b.Keys(who.District, who.ID)...), func(items []table.Item) ([]table.Op, error) {
		row, err := table.As[Device](items[0])
		row.Value = Device{Generation: who.State.Value.Devices, Tries: store.Nonce(), Made: now, Seen: now, Ends: now.Add(Life)}
		row.Expires = row.Value.Ends
		ops := []table.Op{row.Put()}
		for i, item := range items[1:] {
			if old, err := table.As[Device](item); err == nil && old.Exists() {
				after = after.first(fresh, b.held[i].digest)
				ops = append(ops, old.Delete())
			}
		}
		return ops, err
	})
	if err != nil {
		return cookie(r, b)
	}
	return cookie(r, after)
}

// cookie renews what the browser holds. Its path is the district's: two districts
// on one host know nothing of each other's browsers.
func cookie(r *gateway.Request, b Browser) *http.Cookie {
	var texts []string
	for _, h := range b.held {
		texts = append(texts, h.text)
	}
	return &http.Cookie{
		Name: cookieName(r), Value: strings.Join(texts, between), Path: strings.TrimSuffix(r.Link(""), "/"), HttpOnly: true, Secure: r.Secure,
		SameSite: http.SameSiteLaxMode, MaxAge: int(Life.Seconds()),
	}
}

// cookieName has the prefix that makes browsers hold a cookie to TLS; the local
// run has no TLS, so no prefix either.
func cookieName(r *gateway.Request) string {
	name := "d-" + r.District.Slug
	if r.Secure {
		name = "__Secure-" + name
	}
	return name
}
