package session

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/audit"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
	"github.com/sparekey/sparekey/shared/web"
)

// Checks is how often a session may ask for its owner's password again; the last
// wrong one ends it. They are taken before anything is compared.
const Checks = 5

// Held is a session in its owner's hands, and whose it is.
type Held struct {
	Who    account.Account
	digest string
	row    table.Row[Session]
	now    time.Time
}

// Session is what is stored of it.
func (h Held) Session() Session { return h.row.Value }

// Digest names the session in what is stored of its acts.
func (h Held) Digest() string { return h.digest }

// Unchanged demands, in a Write, that nothing has happened to the session.
func (h Held) Unchanged() table.Op { return h.row.Check() }

// Page is a page for somebody signed in: it tells who is, and until when.
func (h Held) Page(r *gateway.Request, name string, data any) web.Page {
	s := h.row.Value
	return web.Page{Name: name, Data: data, Session: &web.Session{
		Name: h.Who.Profile.Value.Full(), Left: s.Ends.Sub(h.now), Until: r.Until(s.Ends, h.now), More: s.Ends.Before(s.Proved.Add(Longest)),
	}}
}

// Refusal is the page for whoever is not signed in: of a session that came to its
// end a page of its own, else the one that says any problem.
func Refusal(err error) web.Page {
	if p, _ := errors.AsType[*problem.Error](err); p != nil && p.Code == problem.NotSignedIn && p.More["why"] != nil {
		return web.Page{Name: web.SignedOutPage}
	}
	return web.Page{}
}

// put stores the row as it is now.
func (h *Held) put(ctx context.Context, store table.Store) error {
	h.row.Expires = h.row.Value.Ends.Add(kept)
	ops := []table.Op{h.row.Put()}
	err := store.Write(ctx, ops...)
	if lost := (*table.Changed)(nil); errors.As(err, &lost) {
		return problem.New(problem.ChangedMeanwhile).Because(err)
	}
	if err != nil {
		return problem.New(problem.Unavailable).Because(fmt.Errorf("write session: %w", err))
	}
	h.row, err = table.As[Session](ops[0].Item)
	return err
}

// Try takes one of the tries at the owner's password.
func (h *Held) Try(ctx context.Context, store table.Store) error {
	h.row.Value.Wrong++
	return h.put(ctx, store)
}

// GiveBack gives it back, where nothing was compared. That it may fail costs one.
func (h *Held) GiveBack(ctx context.Context, store table.Store) {
	h.row.Value.Wrong--
	_ = h.put(ctx, store)
}

// Wrong says that the password was not right, and ends the session with the last
// of the tries.
func (h *Held) Wrong(ctx context.Context, store table.Store, r *gateway.Request) *problem.Error {
	left := Checks - h.row.Value.Wrong
	if left > 0 {
		return problem.New(problem.NotProved).With("tries_left", left).Saying("not-proved.left", "n", strconv.Itoa(left))
	}
	_ = end(ctx, store, r, h.digest, audit.GuessedOut, h.now) // as good as ended: it has no try left
	return problem.New(problem.NotSignedIn).With("why", "tries").Saying("session.tries")
}

// Renew puts a new session in the place of this one, after its owner has proved
// again who they are; whoever has read the old one holds nothing.
func (h Held) Renew(ctx context.Context, store table.Store, r *gateway.Request) (string, error) {
	text, digest := token.Mint(store.Rand)
	s := h.row.Value
	s.Proved, s.Ends, s.Wrong = h.now, h.now.Add(Life), 0
	ops := append(s.put(digest), h.row.Delete(), entry(r, s.Account, audit.ProvedAgain, h.now).Put(store.Rand))
	err := store.Write(ctx, ops...)
	if lost := (*table.Changed)(nil); errors.As(err, &lost) {
		return "", problem.New(problem.ChangedMeanwhile).Because(err)
	}
	if err != nil {
		return "", problem.New(problem.Unavailable).Because(fmt.Errorf("renew session: %w", err))
	}
	return text, nil
}

// More moves the end: an hour from now, but never beyond the longest.
func (h *Held) More(ctx context.Context, store table.Store) error {
	s := &h.row.Value
	ends := h.now.Add(Life)
	if last := s.Proved.Add(Longest); last.Before(ends) {
		ends = last
	}
	if !ends.After(s.Ends) {
		return nil
	}
	s.Ends = ends
	return h.put(ctx, store)
}
