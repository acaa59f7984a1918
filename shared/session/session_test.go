package session_test

import (
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/session"
	"github.com/sparekey/sparekey/shared/table"
)

const (
	slug = "springfield"
	id   = "p-1"
)

var noon = time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)

// started is an account that is signed in, and the text of its session.
func started(t *testing.T) (store table.Store, text string) {
	t.Helper()
	store = table.Store{Table: embedded.NewTable(), Rand: rand.Reader}
	profile := account.Profile{Username: "mlopez71", Address: "maria@example.org", Role: district.Guardian, Status: account.Active}
	fatal(t, account.Create(t.Context(), store, slug, id, profile, account.State{Status: account.Active, Epoch: 3}))
	who, err := account.Load(t.Context(), store, slug, id)
	fatal(t, err)
	text, err = session.Start(t.Context(), store, cookie(slug, ""), who, noon)
	fatal(t, err)
	return store, text
}

// cookie is a request to a district that carries a session as a browser does.
func cookie(at, text string) *gateway.Request {
	r := &gateway.Request{District: district.District{Slug: at, Flows: map[string][]district.Role{district.SignIn: {district.Guardian}}}, Secure: true, Header: http.Header{}}
	r.Header.Set("Cookie", session.Cookie(r, text).Name+"="+text)
	return r
}

func fatal(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhoIsSignedIn(t *testing.T) {
	t.Parallel()
	state := func(change func(*account.State)) func(*testing.T, table.Store) {
		return func(t *testing.T, store table.Store) {
			t.Helper()
			_, _, err := table.Amend(t.Context(), store, account.StateKey(slug, id), func(row *table.Row[account.State]) bool {
				change(&row.Value)
				return true
			})
			fatal(t, err)
		}
	}
	roster := func(t *testing.T, store table.Store) {
		t.Helper()
		_, _, err := table.Amend(t.Context(), store, account.Key(slug, id).At("PROFILE"), func(row *table.Row[account.Profile]) bool {
			row.Value.Status = account.Disabled
			return true
		})
		fatal(t, err)
	}
	for name, c := range map[string]struct {
		meanwhile func(*testing.T, table.Store)
		at        string
		after     time.Duration
		in        bool
	}{
		"its owner":                    {in: true},
		"until its end":                {after: session.Life - 1, in: true},
		"at its end":                   {after: session.Life},
		"in another district":          {at: "shelbyville"},
		"of an epoch that is over":     {meanwhile: state(func(s *account.State) { s.Epoch++ })},
		"disabled by us":               {meanwhile: state(func(s *account.State) { s.Status = account.Disabled })},
		"disabled by the roster":       {meanwhile: roster},
		"with a password disowned":     {meanwhile: state(func(s *account.State) { s.Disputed = true })},
		"after something unimportant ": {meanwhile: state(func(s *account.State) { s.Frozen = noon }), in: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, text := started(t)
			if c.meanwhile != nil {
				c.meanwhile(t, store)
			}
			at := slug
			if c.at != "" {
				at = c.at
			}
			machine := cookie(at, "")
			machine.Header = http.Header{"Authorization": {"Bearer " + text}}
			for _, r := range []*gateway.Request{cookie(at, text), machine} {
				held, err := session.Of(t.Context(), store, r, noon.Add(c.after))
				if c.in && (err != nil || held.Who.ID != id) {
					t.Errorf("got %q, %v", held.Who.ID, err)
				}
				if p, _ := errors.AsType[*problem.Error](err); !c.in && (p == nil || p.Code != problem.NotSignedIn || held.Who.ID != "") {
					t.Errorf("got %q, %v, want not signed in", held.Who.ID, err)
				}
			}
		})
	}
}

func TestOnlyItsOwnDistrictEndsASession(t *testing.T) {
	t.Parallel()
	store, text := started(t)
	rows := store.Table.(*embedded.Table)
	before := len(rows.Dump())
	fatal(t, session.End(t.Context(), store, cookie("shelbyville", text), noon))
	fatal(t, session.End(t.Context(), store, cookie(slug, "nonsense"), noon))
	if _, err := session.Of(t.Context(), store, cookie(slug, text), noon); err != nil || len(rows.Dump()) != before {
		t.Errorf("ended by another district: %v", err)
	}
	fatal(t, session.End(t.Context(), store, cookie(slug, text), noon))
	fatal(t, session.End(t.Context(), store, cookie(slug, text), noon))
	if _, err := session.Of(t.Context(), store, cookie(slug, text), noon); err == nil {
		t.Error("it goes on")
	}
	if len(rows.Dump()) != before { // the session has gone, one audit entry has come
		t.Errorf("%d items, want %d", len(rows.Dump()), before)
	}
}

func TestTheDistrictsThatABrowserBroughtCookiesFor(t *testing.T) {
	for _, c := range []struct {
		cookies string
		secure  bool
		want    []string
	}{
		{"", true, nil},
		{"__Host-s-springfield=a; lang=es; __Host-s-ps-118=b", true, []string{"springfield", "ps-118"}},
		{"s-springfield=a; __Host-s-shelbyville=b", false, []string{"springfield"}},
		{"__Host-s-=a; __Host-s-help=b; __Host-s-a=c", true, nil},
	} {
		r := &gateway.Request{Header: http.Header{"Cookie": {c.cookies}}, Secure: c.secure}
		if got := session.Districts(r); !slices.Equal(got, c.want) {
			t.Errorf("%q: got %q, want %q", c.cookies, got, c.want)
		}
	}
}
