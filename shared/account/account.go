// Package account is who can get back in: a pupil, a guardian or somebody of the
// staff of one district.
//
// An account is two items with one writer each. PROFILE is what the district's
// roster says; STATE is what happened here. It is live only if both say so. A
// username is found folded, through an item of its own that makes it unique.
//
// It promises that finding an account costs the same reads whether there is one
// or not. It leaves passwords to credential and every decision to the flows.
//
// Read [Find] first.
package account

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/table"
)

// Status is whether an account may be used.
type Status string

// Active may be used, Disabled may not. An account without a status is neither.
const (
	Active   Status = "active"
	Disabled Status = "disabled"
)

// Profile is the roster's part.
type Profile struct {
	Username  string        `json:"username"` // as its owner knows it
	First     string        `json:"first"`
	Last      string        `json:"last"`
	Role      district.Role `json:"role"`
	Grade     string        `json:"grade"`
	School    string        `json:"school"`
	Address   string        `json:"address"` // e-mail; mail goes to these bytes, never to what was typed
	Status    Status        `json:"status"`
	Elsewhere string        `json:"elsewhere"` // signs in with another service, which it names (standards R56)
}

// State is our part.
type State struct {
	Status    Status    `json:"status"`
	Epoch     int       `json:"epoch"`     // what was made before it is dead
	Recovery  string    `json:"recovery"`  // the owner's confirmed address; empty: the roster's
	Activated bool      `json:"activated"` // a password was set once
	Must      Must      `json:"must_change"`
	Frozen    time.Time `json:"frozen_until"` // recovery is paused until then
	Disputed  bool      `json:"disputed"`     // its owner says the password is somebody else's
	Last      Last      `json:"last_change"`
	Devices   int       `json:"devices"` // generation of known browsers: those of another are strangers
}

// Must says that the password is for one use and when it ends.
type Must struct {
	Change bool      `json:"change"`
	Ends   time.Time `json:"ends"`
}

// Last is the last change of the password: its form's attempt id, so that a
// double tap is told from a second change.
type Last struct {
	Attempt string    `json:"attempt"`
	Proof   string    `json:"proof"` // digest of the token that proved it
	At      time.Time `json:"at"`
	Route   string    `json:"route"`
}

// Account is both parts as they were read.
type Account struct {
	District string
	ID       string
	Profile  table.Row[Profile]
	State    table.Row[State]
}

// Exists reports whether the district has such an account at all.
func (a Account) Exists() bool { return a.Profile.Exists() && a.State.Exists() }

// Live reports whether the account may be used: both parts say so.
func (a Account) Live() bool {
	return a.Profile.Value.Status == Active && a.State.Value.Status == Active
}

// Frozen reports whether recovery is paused.
func (a Account) Frozen(now time.Time) bool { return now.Before(a.State.Value.Frozen) }

// Address is where a link may be mailed: the confirmed address, else the
// roster's, else nothing.
func (a Account) Address() string {
	if a.State.Value.Recovery != "" {
		return a.State.Value.Recovery
	}
	return a.Profile.Value.Address
}

// Addresses are where the owner is told of what happened: both, if they differ.
func (a Account) Addresses() []string {
	var all []string
	for _, address := range []string{a.State.Value.Recovery, a.Profile.Value.Address} {
		if address != "" && (len(all) == 0 || !SameAddress(all[0], address)) {
			all = append(all, address)
		}
	}
	return all
}

// Elsewhere reports whether the account signs in with another service: then it
// has no password here, and none may ever be set (standards R56). The credential
// store would take one, and the account would have a second way in, beside the
// one that its district watches.
func (a Account) Elsewhere() bool { return a.Profile.Value.Elsewhere != "" }

// Brief is a pupil's name as others in the family may see it: first name and
// last initial.
func (p Profile) Brief() string {
	if p.Last == "" {
		return p.First
	}
	return p.First + " " + string([]rune(p.Last)[:1]) + "."
}

// Full is the whole name, as its owner sees it.
func (p Profile) Full() string { return strings.TrimSpace(p.First + " " + p.Last) }

// Key is the partition of an account.
func Key(slug, id string) table.Key { return table.K("ACCOUNT", slug, id) }

// Keys of the two parts.
func profileKey(slug, id string) table.Key { return Key(slug, id).At("PROFILE") }

// StateKey is where our part is kept.
func StateKey(slug, id string) table.Key { return Key(slug, id).At("STATE") }

// Keys names both parts, in the order that [From] reads them.
func Keys(slug, id string) []table.Key {
	return []table.Key{profileKey(slug, id), StateKey(slug, id)}
}

// From makes an account of its two items, in the order of [Keys].
func From(slug, id string, items []table.Item) (Account, error) {
	profile, err := table.As[Profile](items[0])
	if err != nil {
		return Account{}, err
	}
	state, err := table.As[State](items[1])
	return Account{District: slug, ID: id, Profile: profile, State: state}, err
}

// Load reads an account by its id; it may turn out not to exist.
func Load(ctx context.Context, t table.Table, slug, id string) (Account, error) {
	items, err := t.Get(ctx, Keys(slug, id)...)
	if err != nil {
		return Account{}, fmt.Errorf("read account: %w", err)
	}
	return From(slug, id, items)
}

type username struct {
	Account string `json:"account"`
}

// Lookup turns a typed username into an account id. Of a name that nobody has
// it makes an id that nobody has, so that whoever goes on does so in the same
// way.
func Lookup(ctx context.Context, t table.Table, slug, typed string) (id string, err error) {
	folded := Fold(typed)
	items, err := t.Get(ctx, usernameKey(slug, folded))
	if err != nil {
		return "", fmt.Errorf("read username: %w", err)
	}
	row, err := table.As[username](items[0])
	if err != nil || row.Value.Account != "" {
		return row.Value.Account, err
	}
	return nobody(folded), nil
}

// Find turns a typed username into an account, in two reads, found or not.
func Find(ctx context.Context, t table.Table, slug, typed string) (Account, error) {
	id, err := Lookup(ctx, t, slug, typed)
	if err != nil {
		return Account{}, err
	}
	return Load(ctx, t, slug, id)
}

// Sharing lists the ids of accounts whose recovery address that is; at most 20,
// which no family has.
func Sharing(ctx context.Context, t table.Table, slug, address string) ([]string, error) {
	const most = 20
	var ids []string
	for after, more := "", true; more && len(ids) < most; more = after != "" {
		page := table.Range{Partition: addressKey(slug, address, "").PK, After: after, Limit: most - len(ids)}
		items, next, err := t.List(ctx, page)
		if err != nil {
			return nil, fmt.Errorf("read address: %w", err)
		}
		for _, item := range items {
			ids = append(ids, item.SK)
		}
		after = next
	}
	return ids, nil
}

func usernameKey(slug, folded string) table.Key { return table.K("USERNAME", slug, folded) }

func addressKey(slug, address, id string) table.Key {
	return table.K("ADDRESS", slug, FoldAddress(address)).At(id)
}
