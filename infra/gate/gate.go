// Package gate stands around every call of every port.
//
// The local run counts calls there, injects faults and refuses what the template
// does not permit; the simulator lets other invocations run there, and lets
// processes die. One wrapper for each port serves them all: what happens at a
// call is an [Around]. It is never part of a Lambda.
package gate

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/table"
)

// Call is one call of a port, by one function.
type Call struct {
	Function string // the folder's name
	Port     string // table, credential, mail
	Name     string // Get, Write, Check, Send …
	Touches  []Touch
}

// Touch is one item, or one index, that a call of the table touches.
type Touch struct {
	Act  string // get, put, delete, check, list, count
	Key  table.Key
	Kind string // of the key, or of what a range runs over; "DUE#queue" and "BY#kind" for the indexes
}

// Around is what happens at a call: it does it, or not, and answers.
type Around func(ctx context.Context, call Call, do func() error) error

// Chain makes one Around of several, the first outermost.
func Chain(all ...Around) Around {
	return func(ctx context.Context, call Call, do func() error) error {
		for i := len(all) - 1; i >= 0; i-- {
			inner, around := do, all[i]
			do = func() error { return around(ctx, call, inner) }
		}
		return do()
	}
}

// Table puts around before every call that the function makes of inner.
func Table(inner table.Table, function string, around Around) table.Table {
	return &tableGate{inner: inner, function: function, around: around}
}

type tableGate struct {
	inner    table.Table
	function string
	around   Around
}

func (g *tableGate) pass(ctx context.Context, name string, touches []Touch, do func() error) error {
	return g.around(ctx, Call{Function: g.function, Port: "table", Name: name, Touches: touches}, do)
}

func (g *tableGate) Get(ctx context.Context, keys ...table.Key) (items []table.Item, err error) {
	touches := make([]Touch, len(keys))
	for i, k := range keys {
		touches[i] = Touch{Act: "get", Key: k, Kind: k.Kind()}
	}
	err = g.pass(ctx, "Get", touches, func() (err error) {
		items, err = g.inner.Get(ctx, keys...)
		return err
	})
	return onlyWith(items, err)
}

func (g *tableGate) List(ctx context.Context, r table.Range) (items []table.Item, next string, err error) {
	kind := map[table.Index]string{table.Primary: "", table.ByDue: "DUE#", table.By: "BY#"}[r.Index] + table.Key{PK: r.Partition}.Kind()
	err = g.pass(ctx, "List", []Touch{{Act: "list", Kind: kind, Key: table.Key{PK: r.Partition, SK: r.Prefix}}}, func() (err error) {
		items, next, err = g.inner.List(ctx, r)
		return err
	})
	items, err = onlyWith(items, err)
	return items, next, err
}

func (g *tableGate) Write(ctx context.Context, ops ...table.Op) error {
	acts := map[table.Act]string{table.Put: "put", table.Delete: "delete", table.Check: "check"}
	touches := make([]Touch, len(ops))
	for i, op := range ops {
		touches[i] = Touch{Act: acts[op.Act], Key: op.Item.Key, Kind: op.Item.Kind()}
	}
	return g.pass(ctx, "Write", touches, func() error { return g.inner.Write(ctx, ops...) })
}

func (g *tableGate) Count(ctx context.Context, key table.Key, by int64, expires time.Time) (sum int64, err error) {
	err = g.pass(ctx, "Count", []Touch{{Act: "count", Key: key, Kind: key.Kind()}}, func() (err error) {
		sum, err = g.inner.Count(ctx, key, by, expires)
		return err
	})
	if err != nil {
		return 0, err
	}
	return sum, nil
}

// onlyWith keeps an answer that was lost on the way from its caller.
func onlyWith(items []table.Item, err error) ([]table.Item, error) {
	if err != nil {
		return nil, err
	}
	return items, nil
}

// Credentials puts around before every call that the function makes of inner.
func Credentials(inner credential.Store, function string, around Around) credential.Store {
	return &credentialGate{inner: inner, function: function, around: around}
}

type credentialGate struct {
	inner    credential.Store
	function string
	around   Around
}

func (g *credentialGate) pass(ctx context.Context, name string, do func() error) error {
	return g.around(ctx, Call{Function: g.function, Port: "credential", Name: name}, do)
}

func (g *credentialGate) Check(ctx context.Context, account, password string) (answer credential.Answer, err error) {
	err = g.pass(ctx, "Check", func() (err error) {
		answer, err = g.inner.Check(ctx, account, password)
		return err
	})
	if err != nil {
		return "", err
	}
	return answer, nil
}

func (g *credentialGate) Set(ctx context.Context, account, password string, kind credential.Kind) error {
	return g.pass(ctx, "Set", func() error { return g.inner.Set(ctx, account, password, kind) })
}

func (g *credentialGate) SignOut(ctx context.Context, account string) error {
	return g.pass(ctx, "SignOut", func() error { return g.inner.SignOut(ctx, account) })
}

func (g *credentialGate) Enable(ctx context.Context, account string) error {
	return g.pass(ctx, "Enable", func() error { return g.inner.Enable(ctx, account) })
}

func (g *credentialGate) Disable(ctx context.Context, account string) error {
	return g.pass(ctx, "Disable", func() error { return g.inner.Disable(ctx, account) })
}

// Mail puts around before every call that the function makes of inner.
func Mail(inner mail.Sender, function string, around Around) mail.Sender {
	return &mailGate{inner: inner, function: function, around: around}
}

type mailGate struct {
	inner    mail.Sender
	function string
	around   Around
}

func (g *mailGate) Send(ctx context.Context, m mail.Mail) (id string, err error) {
	err = g.around(ctx, Call{Function: g.function, Port: "mail", Name: "Send"}, func() (err error) {
		id, err = g.inner.Send(ctx, m)
		return err
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

// Process is one invocation that may die. What it has running, deferred calls
// too, reaches no port afterwards.
type Process struct{ dead bool }

type processKey struct{}

// Within gives an invocation a process to die in.
func Within(ctx context.Context) (context.Context, *Process) {
	p := &Process{}
	return context.WithValue(ctx, processKey{}, p), p
}

// Dead reports whether the invocation died.
func (p *Process) Dead() bool { return p.dead }

// Die ends the invocation's goroutine here.
func Die(ctx context.Context) {
	if p, ok := ctx.Value(processKey{}).(*Process); ok {
		p.dead = true
	}
	runtime.Goexit()
}

// Mortal is the Around by which the dead reach no port.
func Mortal(ctx context.Context, _ Call, do func() error) error {
	if p, ok := ctx.Value(processKey{}).(*Process); ok && p.dead {
		runtime.Goexit()
	}
	return do()
}

// ErrForbidden says that a function may not make this call.
var ErrForbidden = errors.New("forbidden")
