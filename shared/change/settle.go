package change

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/audit"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/history"
	"github.com/sparekey/sparekey/shared/notice"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
)

// certainty is whether the password is known to be set.
type certainty bool

const (
	certain   certainty = true
	uncertain certainty = false
)

// errSettled says that somebody else has settled the change meanwhile.
var errSettled = errors.New("settled already")

// Lapsed settles a change whose lease is over, for the sweep. One that is not
// over, or is settled, is left alone.
func Lapsed(ctx context.Context, store table.Store, at table.Key, now time.Time) error {
	items, err := store.Get(ctx, at)
	if err != nil {
		return fmt.Errorf("read change: %w", err)
	}
	lock, err := table.As[Lock](items[0])
	if err != nil || !lock.Exists() || now.Before(lock.Value.Ends) {
		return err
	}
	if err := settle(ctx, store, lock.Value, uncertain, now); !errors.Is(err, errSettled) {
		return err
	}
	return nil
}

// settle writes all that a change owes in one Write: surely done by its maker,
// or perhaps done by one who died. Only the lock's own ID makes it valid: a
// lock that has gone, or another's in its place, is errSettled.
func settle(ctx context.Context, store table.Store, l Lock, sure certainty, now time.Time) error {
	keys := []table.Key{key(l), account.StateKey(l.District, l.Account), token.Key(l.Token), SignOutKey(l.District, l.Account), history.Key(l.District, l.Account)}
	return store.Update(ctx, keys, func(items []table.Item) ([]table.Op, error) {
		lock, err := table.As[Lock](items[0])
		if err != nil {
			return nil, err
		}
		if lock.Value.ID != l.ID {
			return nil, errSettled
		}
		state, err := table.As[account.State](items[1])
		if err != nil {
			return nil, err
		}
		proof, err := table.As[token.Token](items[2])
		if err != nil {
			return nil, err
		}
		remembered, err := history.Record(items[4], l.History, bool(sure))
		if err != nil {
			return nil, err
		}
		ops := []table.Op{lock.Delete(), moveState(state, l, sure, now), owe(items[3], now)}
		ops = append(ops, remembered...)
		ops = append(ops, spend(proof, l, state.Value.Epoch, sure)...)
		return append(ops, tell(store, l, sure, now)...), nil
	})
}

// moveState raises the epoch, which ends all that was made before; a sure change
// also activates the account, lifts what was due to the password, and is kept as
// the last. What somebody disowned while it ran stays disowned.
func moveState(state table.Row[account.State], l Lock, sure certainty, now time.Time) table.Op {
	s := &state.Value
	if sure {
		s.Activated, s.Must = true, account.Must{}
		s.Disputed = s.Disputed && s.Epoch != l.Epoch
		s.Last = account.Last{Attempt: l.Attempt, Proof: l.Token, At: now, Route: l.Route}
	}
	s.Epoch++
	return state.Put()
}

// spend uses the token up; of a change that only may have happened it moves the
// token to the new epoch instead, so that its owner can press again. A token that
// something else has ended meanwhile, another address or "this was not me", stays
// dead: whoever holds it may not be the owner.
func spend(proof table.Row[token.Token], l Lock, epoch int, sure certainty) []table.Op {
	switch {
	case !proof.Exists():
		return nil
	case sure == certain:
		proof.Value.Used = true
	case epoch != l.Epoch:
		return nil
	default:
		proof.Value.Epoch = epoch + 1
	}
	return []table.Op{proof.Put()}
}

// owe puts the sign-out that is owed now.
func owe(item table.Item, now time.Time) table.Op {
	row, _ := table.As[struct{}](item) // it holds nothing: that it is there is all
	row.Due = table.Due{Queue: SignOutQueue, At: now}
	return row.Put()
}

func tell(store table.Store, l Lock, sure certainty, now time.Time) []table.Op {
	act, kind := audit.PasswordChanged, notice.Changed
	if !sure {
		act, kind = audit.PasswordMayChanged, notice.MayChanged
	}
	entry := audit.Entry{
		At: now, District: l.District, Account: l.Account, Act: act, Actor: "owner", Route: l.Route,
		Request: l.Request, Agent: l.Agent, Network: l.Network,
	}
	n := notice.Notice{
		District: l.District, Account: l.Account, Kind: kind, Route: l.Route, Agent: l.Agent, At: now,
		Language: l.Language, To: l.To,
	}
	return []table.Op{entry.Put(store.Rand), n.Put(store.Nonce(), now)}
}

// SignOut ends what Cognito remembers of an account's sign-ins, if that is owed,
// and strikes it off. The item lives until then and blocks nothing.
func SignOut(ctx context.Context, store table.Store, sessions credential.Ender, slug, id string) error {
	items, err := store.Get(ctx, SignOutKey(slug, id))
	if err != nil || !items[0].Exists() {
		return err
	}
	if err := sessions.SignOut(ctx, id); err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	err = store.Write(ctx, table.Op{Act: table.Delete, Item: table.Item{Key: items[0].Key}, Was: items[0].Version})
	if owedAgain := (*table.Changed)(nil); errors.As(err, &owedAgain) {
		return nil // a later change owes another; that one is due by itself
	}
	return err
}
