package session

import (
	"context"
	"net/url"
	"slices"
	"time"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/table"
)

// Place is a page of somebody signed in, and what was chosen on it. The zero one
// is the start page, to which everybody comes anyway.
type Place struct {
	Page      string `json:"page"`
	Selection string `json:"selection"`
}

// places are the pages to which somebody may be taken back, each with what can be
// chosen on it.
var places = map[string][]string{
	"home":            {"", "security"},
	"sessions":        {""},
	"change-password": {""},
}

// At is the place of that name, or the start page where there is none.
func At(page, selection string) Place {
	if !slices.Contains(places[page], selection) || page == "home" && selection == "" {
		return Place{}
	}
	return Place{Page: page, Selection: selection}
}

// Start reports whether it is the start page.
func (p Place) Start() bool { return p == Place{} }

// Path is the place as a page of the district's.
func (p Place) Path() string {
	if p = At(p.Page, p.Selection); p.Start() {
		return "home"
	}
	if p.Selection == "" {
		return p.Page
	}
	return p.Page + "?show=" + url.QueryEscape(p.Selection)
}

// Visit notes where its owner is, for the way back. That it fails harms nobody.
func (h *Held) Visit(ctx context.Context, store table.Store, at Place) {
	if h.row.Value.Place != at {
		h.row.Value.Place = at
		_ = h.put(ctx, store)
	}
}

// offer is the place to which the owner of a session that came to its end may go
// back. One that was ended otherwise is gone, or of another epoch.
func (s Session) offer(who account.Account, now time.Time) Place {
	recent := !now.Before(s.Ends) && now.Before(s.Ends.Add(kept))
	if recent && s.Account == who.ID && s.District == who.District && s.Epoch == who.State.Value.Epoch && s.Wrong < Checks {
		return s.Place
	}
	return Place{}
}

// Restore answers the offer to go back: it is made once. It gives the place.
func (h *Held) Restore(ctx context.Context, store table.Store) (Place, error) {
	at := h.row.Value.Offer
	if at.Start() {
		return at, nil
	}
	h.row.Value.Offer = Place{}
	return at, h.put(ctx, store)
}
