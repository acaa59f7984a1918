package sim

import (
	"slices"
	"strings"
	"time"

	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/change"
	"github.com/sparekey/sparekey/shared/notice"
	"github.com/sparekey/sparekey/shared/request"
	"github.com/sparekey/sparekey/shared/session"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
)

// read is the table as it is, past every gate.
func (w *world) read(keys ...table.Key) []table.Item {
	items, err := w.memory.Get(timeless, keys...)
	if err != nil {
		panic(err)
	}
	return items
}

func (w *world) owes(queue string) bool {
	rows, _, _ := w.memory.List(timeless, table.Range{Index: table.ByDue, Partition: queue, Until: w.now.Add(1000 * time.Hour), Limit: 1})
	return len(rows) > 0
}

// account is as it is stored now.
func (w *world) account(id string) account.Account {
	keys := account.Keys(slug, id)
	return account.Account{
		District: slug, ID: id, Profile: as[account.Profile](w, w.seen[keys[0]]), State: as[account.State](w, w.seen[keys[1]]),
	}
}

func (w *world) living(id string, p token.Purpose) token.Living {
	return as[token.Living](w, w.seen[token.LivingKey(slug, id, p)]).Value
}

func (w *world) lockOf(id string) change.Lock {
	return as[change.Lock](w, w.seen[change.Key(slug, id)]).Value
}

// had tells whether an account's address was this one at some time since.
func (w *world) had(id, to string, since time.Time) bool {
	all := w.addresses[id]
	for i := range all {
		ended := i+1 < len(all) && all[i+1].since.Before(since)
		if !ended && all[i].is == to {
			return true
		}
	}
	return false
}

// each hands on the changes of one sort of item, decoded.
func each[T any](t transition, is func(table.Key) bool, do func(before, after table.Row[T])) {
	for _, m := range t.moved {
		if !is(m.key()) {
			continue
		}
		do(as[T](t.w, m.before), as[T](t.w, m.after))
	}
}

// as reads an item's body once: what is stored under one version never changes.
func as[T any](w *world, item table.Item) table.Row[T] {
	at := stored{item.Key, item.Version}
	if row, ok := w.rows[at].(table.Row[T]); ok {
		return row
	}
	row, err := table.As[T](item)
	if err != nil {
		w.broke("what is stored can be read", "%s: %v", item.Kind(), err)
	}
	if item.Exists() {
		w.rows[at] = row
	}
	return row
}

type stored struct {
	table.Key
	version string
}

func kind(name string) func(table.Key) bool {
	return func(k table.Key) bool { return k.Kind() == name }
}

func part(sk string) func(table.Key) bool {
	return func(k table.Key) bool { return k.Kind() == "ACCOUNT" && k.SK == sk }
}

// accountOf is the id in an account's key.
func accountOf(k table.Key) string { return k.PK[strings.LastIndexByte(k.PK, '#')+1:] }

// accountsIn are the accounts that a transition concerns.
func accountsIn(t transition) []string {
	var ids []string
	for _, m := range t.moved {
		id := ""
		switch m.key().Kind() {
		case "ACCOUNT":
			id = accountOf(m.key())
		case "TOKEN":
			id = as[token.Token](t.w, m.after).Value.Account
		case "SESSION":
			id = as[session.Session](t.w, m.after).Value.Account
		}
		if id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// itemOf is the request or the notice that a mail is for: its Message-ID says.
func itemOf(m embedded.Received) table.Key {
	id := strings.TrimPrefix(m.Headers["Message-Id"], "<")
	id, _, _ = strings.Cut(id, "@")
	id = id[:max(strings.LastIndexByte(id, '.'), 0)]
	if len(id) == token.ReferenceLength {
		return request.Key(strings.ToUpper(id))
	}
	return notice.Key(id)
}
