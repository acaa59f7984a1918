package courier

import (
	"context"
	"fmt"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/request"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
)

// facts reads what the decision needs.
func (f Flow) facts(ctx context.Context, j *job) (found facts, err error) {
	found = facts{Now: f.Now(), District: j.district, Request: j.row.Value}
	if j.row.Value.Flow == request.LinkAgain {
		return f.factsOfLink(ctx, found)
	}
	slug, what := j.row.Value.District, j.row.Value.Typed
	if found.Named, err = account.Find(ctx, f.Table, slug, what.Username); err != nil {
		return found, err
	}
	if what.Email == "" {
		return found, nil
	}
	ids, err := account.Sharing(ctx, f.Table, slug, what.Email)
	if err != nil {
		return found, err
	}
	for _, id := range ids {
		who, err := account.Load(ctx, f.Table, slug, id)
		if err != nil {
			return found, err
		}
		if account.SameAddress(who.Address(), what.Email) { // the index is a hint
			found.Sharing = append(found.Sharing, who)
		}
	}
	return found, nil
}

// factsOfLink reads whose link it was, and whether a newer one works.
func (f Flow) factsOfLink(ctx context.Context, found facts) (facts, error) {
	items, err := f.Table.Get(ctx, token.Key(found.Request.Typed.Link))
	if err != nil {
		return found, fmt.Errorf("read token: %w", err)
	}
	link, err := table.As[token.Token](items[0])
	if err != nil || !link.Exists() {
		return found, err
	}
	found.Link = link.Value
	if found.Named, err = account.Load(ctx, f.Table, link.Value.District, link.Value.Account); err != nil {
		return found, err
	}
	for _, purpose := range []token.Purpose{token.Reset, token.Activation} {
		living, err := f.living(ctx, found, purpose)
		if err != nil {
			return found, err
		}
		found.Living = found.Living || living
	}
	return found, nil
}

func (f Flow) living(ctx context.Context, found facts, purpose token.Purpose) (bool, error) {
	who := found.Named
	items, err := f.Table.Get(ctx, token.LivingKey(who.District, who.ID, purpose))
	if err != nil {
		return false, fmt.Errorf("read living: %w", err)
	}
	pointer, err := table.As[token.Living](items[0])
	if err != nil || !pointer.Exists() {
		return false, err
	}
	items, err = f.Table.Get(ctx, token.Key(pointer.Value.Digest))
	if err != nil {
		return false, fmt.Errorf("read token: %w", err)
	}
	newest, err := table.As[token.Token](items[0])
	return err == nil && newest.Value.Judge(pointer.Value.Digest, pointer.Value, who, found.Now) == token.Good, err
}
