package verifytoken

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/change"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/device"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/password"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/throttle"
	"github.com/sparekey/sparekey/shared/token"
	"github.com/sparekey/sparekey/shared/tries"
	"github.com/sparekey/sparekey/shared/web"
)

// claim is what somebody proves themselves with: a link's token, or a username
// and a code.
type claim struct {
	token          string
	username, code string
}

// refusal is the page for a claim that proved nothing: of a dead link the one
// that offers a new one, of a code the form to type it again.
func (c claim) refusal(proof change.Proof, err error) gateway.Reply {
	switch p, _ := errors.AsType[*problem.Error](err); {
	case p != nil && p.Code == problem.LinkDead && proof.Token.Value.Purpose == token.ForcedChange:
		return gateway.Reply{Page: web.Page{Name: "link-dead", Data: Dead{SignIn: true}}} // it came from there, not by mail
	case p != nil && p.Code == problem.LinkDead:
		return gateway.Reply{Page: c.deadPage()}
	case c.code != "":
		return gateway.Reply{Page: web.Page{Name: "code", Data: CodeForm{Username: c.username}}}
	}
	return gateway.Reply{}
}

// deadPage carries the dead token on, unless it cannot have been one.
func (c claim) deadPage() web.Page {
	if _, ok := token.Digest(c.token); !ok {
		c.token = ""
	}
	return web.Page{Name: "link-dead", Data: Dead{Token: c.token}}
}

// Dead is what the page of a dead link carries to ask for a new one, or that
// signing in again is the way to one.
type Dead struct {
	Token  string
	SignIn bool
}

// prove reads what the claim is about and judges it. The proof comes back as far
// as it was read even where it does not hold.
func (f Flow) prove(ctx context.Context, r *gateway.Request, c claim) (change.Proof, error) {
	if c.code != "" {
		return f.proveCode(ctx, r, c)
	}
	digest, ok := token.Digest(c.token)
	if !ok {
		return change.Proof{}, dead(token.Fake)
	}
	proof, err := f.read(ctx, r.District.Slug, digest)
	if err != nil {
		return proof, problem.New(problem.Unavailable).Because(err)
	}
	verdict := proof.Token.Value.Judge(digest, proof.Living.Value, proof.Account, f.Now())
	if verdict == token.Replaced {
		// It was read before its account: what replaced it may be its own use.
		if proof, err = f.read(ctx, r.District.Slug, digest); err != nil {
			return proof, problem.New(problem.Unavailable).Because(err)
		}
		verdict = proof.Token.Value.Judge(digest, proof.Living.Value, proof.Account, f.Now())
	}
	if verdict != token.Good {
		return proof, dead(verdict)
	}
	return proof, nil
}

func dead(why token.Verdict) error {
	if why == token.Fake {
		return problem.New(problem.LinkDead)
	}
	return problem.New(problem.LinkDead).With("why", string(why)).Saying("link." + string(why))
}

// read reads a token, then the account it is for and that account's living one.
func (f Flow) read(ctx context.Context, slug, digest string) (change.Proof, error) {
	items, err := f.Table.Get(ctx, token.Key(digest))
	if err != nil {
		return change.Proof{}, fmt.Errorf("read token: %w", err)
	}
	proof := change.Proof{Digest: digest}
	if proof.Token, err = table.As[token.Token](items[0]); err != nil {
		return proof, err
	}
	t := proof.Token.Value
	if t.District != slug || !t.Purpose.SetsPassword() {
		proof.Token.Value = token.Token{} // a fake, as far as this district's pages go
		return proof, nil
	}
	return f.readOwner(ctx, proof, t.District, t.Account, t.Purpose)
}

func (f Flow) readOwner(ctx context.Context, proof change.Proof, slug, id string, purpose token.Purpose) (change.Proof, error) {
	items, err := f.Table.Get(ctx, append(account.Keys(slug, id), token.LivingKey(slug, id, purpose))...)
	if err != nil {
		return proof, fmt.Errorf("read account: %w", err)
	}
	if proof.Account, err = account.From(slug, id, items); err != nil {
		return proof, err
	}
	proof.Living, err = table.As[token.Living](items[2])
	return proof, err
}

// proveCode takes a try, its own of a browser that the account knows, and then
// compares. Whatever is found, or not, the calls are the same: a username, an
// account with what is living of it, a try, a token.
func (f Flow) proveCode(ctx context.Context, r *gateway.Request, c claim) (change.Proof, error) {
	now := f.Now()
	if err := throttle.Take(ctx, f.Table, r.Network, now); err != nil {
		return change.Proof{}, err
	}
	proof, known, err := f.findByCode(ctx, r, c.username)
	if err != nil {
		throttle.GiveBack(ctx, f.Table, r.Network, now)
		return change.Proof{}, problem.New(problem.Unavailable).Because(err)
	}
	guess := f.guess(r, tries.Code, c.username, now)
	guess.Browser = known.Name
	ticket, err := tries.Tries{Store: f.Table, Pepper: f.Pepper}.Take(ctx, guess)
	if err != nil {
		return change.Proof{}, err
	}
	err = f.readToken(ctx, &proof)
	t := proof.Token.Value
	right := err == nil && t.CodeIs(f.Pepper, proof.Digest, c.code)
	if err == nil && (!right || t.Judge(proof.Digest, proof.Living.Value, proof.Account, f.Now()) != token.Good) {
		return proof, ticket.Wrong()
	}
	ticket.GiveBack(ctx)
	throttle.GiveBack(ctx, f.Table, r.Network, now)
	if err != nil {
		return proof, problem.New(problem.Unavailable).Because(err) // nothing was compared: no try is used up
	}
	return proof, nil
}

func (f Flow) guess(r *gateway.Request, kind tries.Kind, typed string, now time.Time) tries.Guess {
	return tries.Guess{
		Kind: kind, District: r.District, Typed: typed, Now: now,
		Clock: func(t time.Time) string { return r.Until(t, now) },
	}
}

// findByCode follows username, account, living pointer: of an account that was
// never activated its activation, else its reset. Where the activation was the
// last change it is followed still, for the second half of a double tap. It tells
// too whether the account knows the browser.
func (f Flow) findByCode(ctx context.Context, r *gateway.Request, username string) (change.Proof, device.Known, error) {
	var proof change.Proof
	slug, browser := r.District.Slug, device.Of(r)
	id, err := account.Lookup(ctx, f.Table, slug, username)
	if err != nil {
		return proof, device.Known{}, err
	}
	keys := append(account.Keys(slug, id), token.LivingKey(slug, id, token.Reset), token.LivingKey(slug, id, token.Activation))
	items, err := f.Table.Get(ctx, append(keys, browser.Keys(slug, id)...)...)
	if err != nil {
		return proof, device.Known{}, fmt.Errorf("read account: %w", err)
	}
	if proof.Account, err = account.From(slug, id, items); err != nil {
		return proof, device.Known{}, err
	}
	if proof.Living, err = table.As[token.Living](items[2]); err != nil {
		return proof, device.Known{}, err
	}
	activation, err := table.As[token.Living](items[3])
	if err != nil {
		return proof, device.Known{}, err
	}
	state := proof.Account.State.Value
	if justDone := activation.Exists() && activation.Value.Digest == state.Last.Proof; !state.Activated || justDone && !proof.Living.Exists() {
		proof.Living = activation
	}
	proof.Digest = proof.Living.Value.Digest
	if proof.Digest == "" {
		proof.Digest = token.NoDigest(id)
	}
	known, err := browser.Known(items[len(keys):], proof.Account, f.Now())
	return proof, known, err
}

func (f Flow) readToken(ctx context.Context, proof *change.Proof) error {
	items, err := f.Table.Get(ctx, token.Key(proof.Digest))
	if err != nil {
		return fmt.Errorf("read token: %w", err)
	}
	proof.Token, err = table.As[token.Token](items[0])
	return err
}

// named holds whoever came by a link to its owner's username, where the district
// asks for that again or they gave one. A wrong one costs a try of the link's own,
// which nobody without the link can use up.
func (f Flow) named(ctx context.Context, r *gateway.Request, asked asked, proof change.Proof) error {
	switch {
	case asked.token == "": // a code was proved by its username already
		return nil
	case asked.username == "" && asksName(r.District, asked.claim, proof):
		return problem.Invalid(problem.Field{Name: "username", Says: i18n.Say("username.missing")})
	case asked.username == "":
		return nil
	}
	ticket, err := tries.Tries{Store: f.Table, Pepper: f.Pepper}.Take(ctx, f.guess(r, tries.Code, proof.Digest, f.Now()))
	if err != nil {
		return err
	}
	if account.Fold(asked.username) != account.Fold(proof.Account.Profile.Value.Username) {
		return ticket.Wrong()
	}
	ticket.GiveBack(ctx)
	return nil
}

// tapped reports whether the refused post is the attempt that changed the
// password just now, with the same proof: the second half of a double tap.
func (f Flow) tapped(asked asked, proof change.Proof) bool {
	last := proof.Account.State.Value.Last
	return asked.attempt != "" && last.Attempt == asked.attempt && last.Proof == proof.Digest && proof.Token.Value.Used
}

var errNotTheSame = errors.New("not the same password")

// sameAgain says success to the second half of a double tap only if the password
// is the one that the first half set, which costs a try like any comparing: one of
// the proof's own, which nobody without it can use up.
func (f Flow) sameAgain(ctx context.Context, r *gateway.Request, asked asked, proof change.Proof) error {
	now := f.Now()
	ticket, err := tries.Tries{Store: f.Table, Pepper: f.Pepper}.Take(ctx, f.guess(r, tries.Code, proof.Digest, now))
	if err != nil {
		return errNotTheSame
	}
	answer, err := credential.Compare(ctx, f.Credentials, proof.Account.ID, password.Normal(asked.password))
	if err == nil && answer != credential.Right {
		return errNotTheSame
	}
	ticket.GiveBack(ctx)
	return err
}
