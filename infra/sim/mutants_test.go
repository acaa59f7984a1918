package sim_test

import (
	"context"
	"encoding/json"
	"hash/fnv"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/sim"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/table"
)

// The simulator is itself held to something: each mistake that is planted here,
// between the real code and its ports, is found within so many weeks.
func TestEveryPlantedMistakeIsFound(t *testing.T) {
	for i, m := range []struct {
		name   string
		within int
		broken sim.Broken
	}{
		{"a claim without a condition", 20, writes(claimWithoutCondition)},
		{"the outcome is recorded before the mail is sent", 20, writes(outcomeBeforeSend)},
		{"the epoch is not raised", 5, writes(epochNotRaised)},
		{"a lease shorter than the call", 5, writes(shortLease)},
		{"no audit entry", 5, writes(without(table.Put, "AUDIT"))},
		{"no notice", 5, writes(without(table.Put, "NOTICE"))},
		{"checks are forgotten", 60, writes(withoutChecks)},
		{"the token is not used up", 20, writes(tokenNotUsed)},
		{"a notice goes to its first recipient only", 60, writes(notExpanded)},
		{"a sign-out is never struck off", 5, writes(signOutStays)},
		{"a sign-out is struck off before it is done", 20, sim.Broken{Credentials: neverSignsOut}},
		{"half a transaction", 5, writes(half)},
		{"a link is minted and the pointer stays", 5, writes(without(table.Put, "ACCOUNT/LIVING#reset"))},
		{"a password is not remembered", 20, writes(without(table.Put, "ACCOUNT/HISTORY"))},
		{"what was typed is kept", 5, writes(typedStays)},
		{"mail is not paid for", 60, writes(without(table.Put, "BUDGET"))},
		{"the driver calls not done what was done", 20, sim.Broken{Credentials: saysThrottled}},
		{"a change takes the place of another", 120, writes(changeWithoutCondition)},
		{"mail goes to another address", 5, sim.Broken{Mail: misdirected}},
		{"a request is swept away with its outcome", 5, writes(decidedAreDeleted)},
		{"it is forgotten who signs in with another service", 20, sim.Broken{Table: forgetsServices}},
		{"signing out leaves the session", 20, writes(without(table.Delete, "SESSION"))},
		{"wrong passwords in a session are not counted", 60, writes(wrongNotCounted)},
		{"more time without an end", 20, writes(moreForEver)},
		{"known browsers are not recognised", 60, sim.Broken{Table: blind}},
	} {
		if raced && i%4 > 0 {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(m.within) {
				story := sim.Live(seed+1, sim.Options{Broken: m.broken})
				if story.Promise != "" && reported(story) == "" {
					t.Logf("found in week %d of %d: %s: %s", seed+1, m.within, story.Promise, story.How)
					return
				}
			}
			t.Errorf("not found within %d weeks", m.within)
		})
	}
}

// writing is a table whose writes are rewritten on their way; swallowed ones are
// answered as if they were done.
type writing struct {
	table.Table
	function string
	rewrite  func(w writing, ops []table.Op) []table.Op
}

func (w writing) Write(ctx context.Context, ops ...table.Op) error {
	rewritten := w.rewrite(w, slices.Clone(ops))
	if len(rewritten) == 0 {
		return nil
	}
	return w.Table.Write(ctx, rewritten...)
}

// now is the item as it is stored.
func (w writing) now(key table.Key) table.Item {
	items, _ := w.Get(context.Background(), key)
	return items[0]
}

func writes(rewrite func(writing, []table.Op) []table.Op) sim.Broken {
	return sim.Broken{Table: func(function string, inner table.Table) table.Table {
		return writing{Table: inner, function: function, rewrite: rewrite}
	}}
}

// is tells whether an op is that act on an item of a kind; for an account's items
// the kind is "ACCOUNT/" and the sort key.
func is(op table.Op, act table.Act, kind string) bool {
	name := op.Item.Kind()
	if strings.Contains(kind, "/") {
		name += "/" + op.Item.SK
	}
	return op.Act == act && name == kind
}

func has(ops []table.Op, act table.Act, kind string) bool {
	return slices.ContainsFunc(ops, func(op table.Op) bool { return is(op, act, kind) })
}

func without(act table.Act, kind string) func(writing, []table.Op) []table.Op {
	return func(_ writing, ops []table.Op) []table.Op {
		return slices.DeleteFunc(ops, func(op table.Op) bool { return is(op, act, kind) && len(ops) > 1 })
	}
}

// field changes a field of the body that an op puts.
func field(op *table.Op, change func(map[string]any)) {
	var body map[string]any
	if json.Unmarshal(op.Item.Body, &body) != nil {
		return
	}
	change(body)
	op.Item.Body, _ = json.Marshal(body)
}

func claimWithoutCondition(w writing, ops []table.Op) []table.Op {
	if len(ops) == 1 && (is(ops[0], table.Put, "REQUEST") || is(ops[0], table.Put, "NOTICE")) && ops[0].Was != "" {
		ops[0].Was = w.now(ops[0].Item.Key).Version
	}
	return ops
}

func changeWithoutCondition(w writing, ops []table.Op) []table.Op {
	for i := range ops {
		if is(ops[i], table.Put, "ACCOUNT/CHANGE") {
			ops[i].Was = w.now(ops[i].Item.Key).Version
		}
	}
	return ops
}

func outcomeBeforeSend(_ writing, ops []table.Op) []table.Op {
	for i := range ops {
		switch {
		case !is(ops[i], table.Put, "REQUEST"):
		case has(ops, table.Put, "TOKEN"):
			ops[i].Item.Due = table.Due{}
			field(&ops[i], func(body map[string]any) {
				body["outcome"], body["decided"] = "sent", body["asked"]
			})
		case has(ops, table.Put, "AUDIT"):
			return nil
		}
	}
	return ops
}

func epochNotRaised(_ writing, ops []table.Op) []table.Op {
	if has(ops, table.Delete, "ACCOUNT/CHANGE") {
		for i := range ops {
			if is(ops[i], table.Put, "ACCOUNT/STATE") {
				field(&ops[i], func(body map[string]any) { body["epoch"] = body["epoch"].(float64) - 1 })
			}
		}
	}
	return ops
}

func shortLease(_ writing, ops []table.Op) []table.Op {
	for i := range ops {
		if is(ops[i], table.Put, "ACCOUNT/CHANGE") {
			ends := ops[i].Item.Due.At.Add(-25 * time.Second)
			ops[i].Item.Due.At = ends
			field(&ops[i], func(body map[string]any) { body["ends"] = ends.Format(time.RFC3339Nano) })
		}
	}
	return ops
}

func withoutChecks(_ writing, ops []table.Op) []table.Op {
	return slices.DeleteFunc(ops, func(op table.Op) bool { return op.Act == table.Check })
}

func tokenNotUsed(_ writing, ops []table.Op) []table.Op {
	for i := range ops {
		if is(ops[i], table.Put, "TOKEN") {
			field(&ops[i], func(body map[string]any) { body["used"] = false })
		}
	}
	return ops
}

func notExpanded(_ writing, ops []table.Op) []table.Op {
	first := true
	return slices.DeleteFunc(ops, func(op table.Op) bool {
		fresh := is(op, table.Put, "NOTICE") && op.Was == "" && len(ops) > 2 && is(ops[0], table.Put, "NOTICE")
		drop := fresh && !first
		first = first && !fresh
		return drop
	})
}

func signOutStays(_ writing, ops []table.Op) []table.Op {
	if has(ops, table.Delete, "ACCOUNT/SIGNOUT") {
		return nil
	}
	return ops
}

func half(_ writing, ops []table.Op) []table.Op {
	if len(ops) >= 4 {
		return ops[:len(ops)/2]
	}
	return ops
}

func typedStays(w writing, ops []table.Op) []table.Op {
	for i := range ops {
		if before := w.now(ops[i].Item.Key); is(ops[i], table.Put, "REQUEST") && before.Exists() {
			var stored map[string]any
			_ = json.Unmarshal(before.Body, &stored)
			field(&ops[i], func(body map[string]any) { body["typed"] = stored["typed"] })
		}
	}
	return ops
}

func decidedAreDeleted(_ writing, ops []table.Op) []table.Op {
	for i := range ops {
		if is(ops[i], table.Put, "REQUEST") && ops[i].Item.Due.Queue == "" {
			ops[i] = table.Op{Act: table.Delete, Item: table.Item{Key: ops[i].Item.Key}, Was: ops[i].Was}
		}
	}
	return ops
}

func wrongNotCounted(_ writing, ops []table.Op) []table.Op {
	for i := range ops {
		if is(ops[i], table.Put, "SESSION") {
			field(&ops[i], func(body map[string]any) { body["wrong"] = 0 })
		}
	}
	return ops
}

func moreForEver(_ writing, ops []table.Op) []table.Op {
	for i := range ops {
		if is(ops[i], table.Put, "SESSION") && ops[i].Was != "" {
			field(&ops[i], func(body map[string]any) { body["ends"] = "2027-01-01T00:00:00Z" })
		}
	}
	return ops
}

// unseeing finds no browser that an account knows.
type unseeing struct{ table.Table }

func blind(_ string, inner table.Table) table.Table { return unseeing{inner} }

func (u unseeing) Get(ctx context.Context, keys ...table.Key) ([]table.Item, error) {
	items, err := u.Table.Get(ctx, keys...)
	for i := range items {
		if strings.HasPrefix(items[i].SK, "DEVICE#") {
			items[i] = table.Item{Key: items[i].Key}
		}
	}
	return items, err
}

// doubtful calls one in four of its passwords not done.
type doubtful struct{ credential.Store }

func saysThrottled(_ string, inner credential.Store) credential.Store { return doubtful{inner} }

func (d doubtful) Set(ctx context.Context, account, password string, kind credential.Kind) error {
	err := d.Store.Set(ctx, account, password, kind)
	sum := fnv.New32()
	_, _ = sum.Write([]byte(password))
	if err == nil && sum.Sum32()%4 == 0 {
		return port.ErrThrottled
	}
	return err
}

// unaware reads every account as if its password were here.
type unaware struct{ table.Table }

func forgetsServices(_ string, inner table.Table) table.Table { return unaware{inner} }

func (u unaware) Get(ctx context.Context, keys ...table.Key) ([]table.Item, error) {
	items, err := u.Table.Get(ctx, keys...)
	for i := range items {
		if items[i].SK == "PROFILE" {
			op := table.Op{Item: items[i]}
			field(&op, func(body map[string]any) { body["elsewhere"] = "" })
			items[i] = op.Item
		}
	}
	return items, err
}

type forgetful struct{ credential.Store }

func neverSignsOut(_ string, inner credential.Store) credential.Store { return forgetful{inner} }

func (forgetful) SignOut(context.Context, string) error { return nil }

// astray delivers what is for a family to somebody else.
type astray struct{ mail.Sender }

func misdirected(inner mail.Sender) mail.Sender { return astray{inner} }

func (a astray) Send(ctx context.Context, m mail.Mail) (string, error) {
	m.To = "somebody@example.org"
	return a.Sender.Send(ctx, m)
}
