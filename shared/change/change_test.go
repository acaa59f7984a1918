package change_test

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/change"
	"github.com/sparekey/sparekey/shared/choice"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
)

const (
	slug = "springfield"
	id   = "p-1"
)

// silent is a store of passwords that gives no answer.
type silent struct{ credential.Store }

func (silent) Set(context.Context, string, string, credential.Kind) error { return port.ErrUnknown }

// stage is an account with a link, and a change of it that got no answer.
type stage struct {
	store  table.Store
	now    time.Time
	digest string
}

func unanswered(t *testing.T) *stage {
	t.Helper()
	ctx := t.Context()
	s := &stage{store: table.Store{Table: embedded.NewTable(), Rand: rand.Reader}, now: time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)}
	profile := account.Profile{Username: "mlopez71", Address: "old@example.org", Status: account.Active}
	if err := account.Create(ctx, s.store, slug, id, profile, account.State{Status: account.Active, Activated: true}); err != nil {
		t.Fatal(err)
	}
	_, s.digest = token.Mint(rand.Reader)
	made := token.Token{District: slug, Account: id, Purpose: token.Reset, Ends: s.now.Add(30 * time.Minute)}
	living := table.New(token.LivingKey(slug, id, token.Reset), token.Living{Digest: s.digest, Ends: made.Ends})
	if err := s.store.Write(ctx, made.Put(s.digest), living.Put()); err != nil {
		t.Fatal(err)
	}
	maker := change.Maker{Store: s.store, Password: silent{}, Now: func() time.Time { return s.now }}
	if err := maker.Make(ctx, s.proof(t), choice.Choice{Password: "seven quiet herons"}, change.Told{}); err == nil {
		t.Fatal("the change got an answer")
	}
	return s
}

func (s *stage) proof(t *testing.T) change.Proof {
	t.Helper()
	who, err := account.Load(t.Context(), s.store, slug, id)
	if err != nil {
		t.Fatal(err)
	}
	items, err := s.store.Get(t.Context(), token.Key(s.digest), token.LivingKey(slug, id, token.Reset))
	if err != nil {
		t.Fatal(err)
	}
	proof := change.Proof{Account: who, Digest: s.digest}
	if proof.Token, err = table.As[token.Token](items[0]); err != nil {
		t.Fatal(err)
	}
	if proof.Living, err = table.As[token.Living](items[1]); err != nil {
		t.Fatal(err)
	}
	return proof
}

// settled lets the lease lapse and the sweep come by, and judges the link.
func (s *stage) settled(t *testing.T) token.Verdict {
	t.Helper()
	s.now = s.now.Add(change.Lease)
	if err := change.Lapsed(t.Context(), s.store, change.Key(slug, id), s.now); err != nil {
		t.Fatal(err)
	}
	p := s.proof(t)
	return p.Token.Value.Judge(s.digest, p.Living.Value, p.Account, s.now)
}

func TestALinkWhoseChangeGotNoAnswerWorksAgain(t *testing.T) {
	if got := unanswered(t).settled(t); got != token.Good {
		t.Errorf("got %q, want good", got)
	}
}

func TestALinkThatDiedWhileItsChangeGotNoAnswerStaysDead(t *testing.T) {
	s := unanswered(t)
	err := account.Amend(t.Context(), s.store, slug, id, func(p *account.Profile, _ *account.State) { p.Address = "new@example.org" })
	if err != nil {
		t.Fatal(err)
	}
	if got := s.settled(t); got != token.Replaced {
		t.Errorf("got %q, want replaced: it was mailed to an address that is another's by now", got)
	}
}
