// Package device is the browser that an account's owner has used before.
//
// Strangers can spend the tries of any name they can type. A browser that once
// proved itself for an account has tries of its own for it, which they cannot
// spend (OWASP's device cookies): so they keep nobody out of their own phone. It
// is no proof of anything else: who holds one still has to know the password.
//
// The cookie holds 256 random bits, and neither a name nor an account: on a
// shared computer it tells nothing. The table knows their digest, once for each
// account that the browser is known to: brothers and sisters on one tablet share
// the cookie. It outlives the epoch, which a new password raises; what ends it is
// the generation in the account's state, which "this was not me" raises.
//
// Read [Browser] first.
package device

import (
	"context"
	"net/http"
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
type Browser struct{ text, digest string }

// Of is the browser of a request. One that holds no cookie, or nonsense, is known
// to nobody, and that is seen without asking the table.
func Of(r *gateway.Request) Browser {
	text := r.Cookie(cookieName(r))
	if digest, ok := token.Digest(text); ok {
		return Browser{text: text, digest: digest}
	}
	return Browser{}
}

// Keys is where an account would know the browser: to be read together with the
// account, whether that exists or not.
func (b Browser) Keys(slug, id string) []table.Key {
	if b.digest == "" {
		return nil
	}
	return []table.Key{b.key(slug, id)}
}

func (b Browser) key(slug, id string) table.Key {
	return account.Key(slug, id).At("DEVICE#" + b.digest)
}

// Known is a browser that an account knows; the zero one is a stranger's.
type Known struct {
	// Name is what its tries are counted under; empty for a stranger. Each
	// recovery mints another: what was tried before is over.
	Name string
	seen time.Time
}

// Known judges what was read at [Browser.Keys].
func (b Browser) Known(items []table.Item, who account.Account, now time.Time) (Known, error) {
	if len(items) == 0 {
		return Known{}, nil
	}
	row, err := table.As[Device](items[0])
	if err != nil || !row.Value.good(who, now) || !row.Exists() {
		return Known{}, err
	}
	return Known{Name: row.Value.Tries, seen: row.Value.Seen}, nil
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
	if known.Name != "" && now.Sub(known.seen) < often {
		return cookie(r, Of(r).text)
	}
	return remember(ctx, store, r, who, now, false)
}

// Proved makes the browser known anew, after recovery: with all its tries,
// whatever was tried from it before.
func Proved(ctx context.Context, store table.Store, r *gateway.Request, who account.Account, now time.Time) *http.Cookie {
	return remember(ctx, store, r, who, now, true)
}

func remember(ctx context.Context, store table.Store, r *gateway.Request, who account.Account, now time.Time, anew bool) *http.Cookie {
	b := Of(r)
	fresh := Device{Generation: who.State.Value.Devices, Tries: store.Nonce(), Made: now, Seen: now, Ends: now.Add(Life)}
	if b.digest == "" {
		b.text, b.digest = token.Mint(store.Rand)
		row := table.New(b.key(who.District, who.ID), fresh)
		row.Expires = fresh.Ends
		_ = store.Write(ctx, row.Put())
		return cookie(r, b.text)
	}
	_, _, _ = table.Amend(ctx, store, b.key(who.District, who.ID), func(row *table.Row[Device]) bool {
		before := row.Value
		if row.Value = fresh; !anew && before.good(who, now) {
			row.Value.Tries, row.Value.Made = before.Tries, before.Made
		}
		row.Expires = fresh.Ends
		return true
	})
	return cookie(r, b.text)
}

// cookie renews what the browser holds. Its path is the district's: two districts
// on one host know nothing of each other's browsers.
func cookie(r *gateway.Request, text string) *http.Cookie {
	return &http.Cookie{
		Name: cookieName(r), Value: text, Path: strings.TrimSuffix(r.Link(""), "/"), HttpOnly: true, Secure: r.Secure,
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
