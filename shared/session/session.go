// Package session is being signed in.
//
// A session is 256 random bits in a cookie; the table knows their digest. It
// belongs to one district and one account's epoch: a changed password, a
// disabled account or "this was not me" ends every one at once. It is new at
// every sign-in.
package session

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/audit"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
)

// Life is how long a session lasts.
const Life = time.Hour

// Session is what is stored of one.
type Session struct {
	District string    `json:"district"`
	Account  string    `json:"account"`
	Epoch    int       `json:"epoch"`
	Proved   time.Time `json:"proved"` // when its owner last proved who they are
	Ends     time.Time `json:"ends"`
}

func key(digest string) table.Key { return table.K("SESSION", digest) }

// Start is a new session for an account: the text its owner holds, and the op
// that stores it.
func Start(store table.Store, who account.Account, now time.Time) (text string, op table.Op) {
	text, digest := token.Mint(store.Rand)
	row := table.New(key(digest), Session{
		District: who.District, Account: who.ID, Epoch: who.State.Value.Epoch, Proved: now, Ends: now.Add(Life),
	})
	row.Expires = row.Value.Ends
	return text, row.Put()
}

// Of finds who is signed in, or says not-signed-in: for no session, one of
// another district, one that ended, and one whose account has moved on, alike.
func Of(ctx context.Context, t table.Table, r *gateway.Request, now time.Time) (account.Account, error) {
	digest, ok := token.Digest(held(r))
	if !ok {
		return account.Account{}, problem.New(problem.NotSignedIn)
	}
	items, err := t.Get(ctx, key(digest))
	if err != nil {
		return account.Account{}, problem.New(problem.Unavailable).Because(fmt.Errorf("read session: %w", err))
	}
	row, err := table.As[Session](items[0])
	if err != nil {
		return account.Account{}, err
	}
	s := row.Value
	if !row.Exists() || s.District != r.District.Slug || !now.Before(s.Ends) {
		return account.Account{}, problem.New(problem.NotSignedIn)
	}
	who, err := account.Load(ctx, t, s.District, s.Account)
	if err != nil {
		return account.Account{}, problem.New(problem.Unavailable).Because(err)
	}
	if !who.Live() || who.State.Value.Epoch != s.Epoch || who.State.Value.Disputed {
		return account.Account{}, problem.New(problem.NotSignedIn)
	}
	return who, nil
}

// End removes the session that the request carries, and says so in the audit;
// none is as good as ended.
func End(ctx context.Context, store table.Store, r *gateway.Request, now time.Time) error {
	digest, ok := token.Digest(held(r))
	if !ok {
		return nil
	}
	err := store.Update(ctx, []table.Key{key(digest)}, func(items []table.Item) ([]table.Op, error) {
		row, err := table.As[Session](items[0])
		if err != nil || !row.Exists() || row.Value.District != r.District.Slug {
			return nil, err
		}
		entry := audit.Entry{
			At: now, District: row.Value.District, Account: row.Value.Account, Act: audit.SignedOut, Actor: "owner",
			Request: r.ID, Agent: r.Agent, Network: r.Network.String(),
		}
		return []table.Op{row.Delete(), entry.Put(store.Rand)}, nil
	})
	if err != nil {
		return problem.New(problem.Unavailable).Because(fmt.Errorf("end session: %w", err))
	}
	return nil
}

// held is the session's text: from the cookie, or as a bearer for machines.
func held(r *gateway.Request) string {
	if text, ok := r.Bearer(); ok {
		return text
	}
	return r.Cookie(cookieName(r))
}

// Cookie carries a session to the browser; an empty text takes it away.
func Cookie(r *gateway.Request, text string) *http.Cookie {
	c := &http.Cookie{
		Name: cookieName(r), Value: text, Path: "/", HttpOnly: true, Secure: r.Secure, SameSite: http.SameSiteLaxMode,
		MaxAge: int(Life.Seconds()),
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
