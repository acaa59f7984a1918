package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/sparekey/sparekey/infra/gate"
	"github.com/sparekey/sparekey/infra/template"
	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/slowhash"
)

// fault is what the next calls of a port come to.
type fault struct {
	Port     string `json:"port"`
	Call     string `json:"call"`     // empty: every call of the port
	Function string `json:"function"` // empty: of every function
	Skip     int    `json:"skip"`     // so many calls go well first
	Times    int    `json:"times"`    // so many fail then; 0 is 1
	Error    string `json:"error"`
}

var faultCalls = map[string][]string{
	"table":      {"Get", "List", "Write", "Count"},
	"credential": {"Check", "Set", "SignOut", "Enable", "Disable"},
	"mail":       {"Send"},
}

var faultErrors = []string{"throttled", "unavailable", "timeout", "lost-reply", "crash-before", "crash-after"}

// check refuses a fault that could never happen: it would test nothing.
func (f fault) check(functions []template.Function) error {
	calls, ok := faultCalls[f.Port]
	switch {
	case !ok:
		return errors.New("port is one of table, credential, mail")
	case f.Call != "" && !slices.Contains(calls, f.Call):
		return errors.New("the port has no such call")
	case f.Function != "" && !slices.ContainsFunc(functions, func(one template.Function) bool { return one.Folder == f.Function }):
		return fmt.Errorf("function is one of %s", folders(functions))
	case !slices.Contains(faultErrors, f.Error):
		return errors.New("error is one of throttled, unavailable, timeout, lost-reply, crash-before, crash-after")
	case f.Skip < 0 || f.Times < 0:
		return errors.New("skip and times are not negative")
	}
	return nil
}

func folders(functions []template.Function) string {
	var all []string
	for _, f := range functions {
		all = append(all, f.Folder)
	}
	return strings.Join(all, ", ")
}

// call is one line of the record of calls.
type call struct {
	Function string `json:"function"`
	Port     string `json:"port"`
	Call     string `json:"call"`
	Hashes   int    `json:"hashes"` // slow hashes that the function has made by then
}

// watch counts the calls of ports and lets the faults happen.
type watch struct {
	mu     sync.Mutex
	calls  []call
	hashes map[string]int // by function
	faults []*fault
}

// hash is the slow hash of a function, counted.
func (w *watch) hash(function string) slowhash.Hash {
	return func(secret string, salt []byte) []byte {
		w.mu.Lock()
		if w.hashes == nil {
			w.hashes = map[string]int{}
		}
		w.hashes[function]++
		w.mu.Unlock()
		return slowhash.Argon2id(secret, salt)
	}
}

func (w *watch) around(ctx context.Context, c gate.Call, do func() error) error {
	switch w.next(c) {
	case "throttled":
		return port.ErrThrottled
	case "unavailable":
		return port.ErrUnavailable
	case "timeout":
		return port.ErrUnknown
	case "lost-reply":
		_ = do()
		return port.ErrUnknown
	case "crash-before":
		gate.Die(ctx)
	case "crash-after":
		_ = do()
		gate.Die(ctx)
	}
	return do()
}

// next records a call and tells the fault it meets, if any.
func (w *watch) next(c gate.Call) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, call{Function: c.Function, Port: c.Port, Call: c.Name, Hashes: w.hashes[c.Function]})
	for i, f := range w.faults {
		if f.Port != c.Port || f.Call != "" && f.Call != c.Name || f.Function != "" && f.Function != c.Function {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Times--; f.Times <= 0 {
			w.faults = slices.Delete(w.faults, i, i+1)
		}
		return f.Error
	}
	return ""
}

func (w *watch) add(f fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1
	}
	w.faults = append(w.faults, &f)
}

func (w *watch) clearFaults() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = nil
}

func (w *watch) record() []call {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]call{}, w.calls...)
}

func (w *watch) clearCalls() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls, w.hashes = nil, nil
}
