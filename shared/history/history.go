// Package history remembers what the passwords of an account were, so that none
// comes back too soon. A district decides how many; as a rule it is none, and then
// nothing is kept.
//
// Of each it keeps a slow hash under the pepper. All of an account share one salt,
// so that one hash answers for all of them; that two of them are alike is nothing
// anybody could see, because no two are.
//
// It promises that a password which was in force once is remembered, and that one
// which never was stands in nobody's way: of a change without an answer nobody
// knows, so its password waits beside the history until another takes its place.
// It leaves to package change to record what became of a change, in the same Write.
//
// Read [Book.Look] first.
package history

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"slices"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/pepper"
	"github.com/sparekey/sparekey/shared/slowhash"
	"github.com/sparekey/sparekey/shared/table"
)

// History is what is stored of one account.
type History struct {
	Recipe  string   `json:"recipe"`
	Salt    []byte   `json:"salt"`
	Sums    []string `json:"sums"`    // the newest first, which is the password of now
	Perhaps []string `json:"perhaps"` // of changes that got no answer since
}

// Mark is what a password leaves once it is set: it travels with its change.
type Mark struct {
	Keep   int    `json:"keep"` // how many of its owner's are kept; none: what there is goes
	Recipe string `json:"recipe"`
	Salt   []byte `json:"salt"`
	Sum    string `json:"sum"`
	Before string `json:"before"` // of the password that it takes the place of, where no history has it yet
}

// Key is where the history of an account is kept.
func Key(slug, id string) table.Key { return account.Key(slug, id).At("HISTORY") }

// Book is the histories.
type Book struct {
	Table  table.Store
	Pepper pepper.Pepper
	Hash   slowhash.Hash
}

// Seen is what is known of a password that somebody chose.
type Seen struct {
	Mark  Mark
	Used  bool // it is one of those that may not come back
	Knows bool // there is a history: the password of now is in it
}

// Look finds out whether an account had a password among its last ones. It makes
// one hash, and reads and makes none where none are kept. Current is the password
// of now, or empty where nobody has typed it: the first time, before there is a
// history, it is worth a second hash.
func (b Book) Look(ctx context.Context, who account.Account, keep int, password, current string) (Seen, error) {
	if keep == 0 {
		return Seen{}, nil
	}
	items, err := b.Table.Get(ctx, Key(who.District, who.ID))
	if err != nil {
		return Seen{}, fmt.Errorf("read history: %w", err)
	}
	row, err := table.As[History](items[0])
	if err != nil {
		return Seen{}, err
	}
	h := row.Value
	if h.Recipe != slowhash.Recipe { // none yet, or from a time of other hashes, which cannot be asked
		h = History{Recipe: slowhash.Recipe, Salt: make([]byte, slowhash.SaltBytes)}
		if _, err := io.ReadFull(b.Table.Rand, h.Salt); err != nil {
			return Seen{}, fmt.Errorf("read randomness: %w", err)
		}
	}
	slow := b.slow(password, h.Salt)
	seen := Seen{
		Mark:  Mark{Keep: keep, Recipe: h.Recipe, Salt: h.Salt, Sum: b.Pepper.Digest(purpose, who.ID, slow)},
		Knows: len(h.Sums) > 0,
	}
	if !seen.Knows && current != "" {
		seen.Mark.Before = b.Pepper.Digest(purpose, who.ID, b.slow(current, h.Salt))
	}
	for _, sum := range h.Sums[:min(keep, len(h.Sums))] {
		if b.Pepper.Matches(sum, purpose, who.ID, slow) {
			seen.Used = true
		}
	}
	return seen, nil
}

const purpose = "history"

func (b Book) slow(password string, salt []byte) string {
	return hex.EncodeToString(b.Hash(password, salt))
}

// Record gives what a change writes about its password: that it is the newest, or,
// where nobody knows whether it was set, that it may have been.
func Record(item table.Item, mark Mark, sure bool) ([]table.Op, error) {
	row, err := table.As[History](item)
	switch {
	case err != nil:
		return nil, err
	case mark.Keep == 0 && row.Exists():
		return []table.Op{row.Delete()}, nil
	case mark.Keep == 0:
		return nil, nil
	}
	h := &row.Value
	if h.Recipe != mark.Recipe || !bytes.Equal(h.Salt, mark.Salt) {
		*h = History{Recipe: mark.Recipe, Salt: mark.Salt}
	}
	if mark.Before != "" && len(h.Sums) == 0 {
		h.Sums = []string{mark.Before}
	}
	if sure {
		h.Sums, h.Perhaps = slices.Concat([]string{mark.Sum}, h.Perhaps, h.Sums), nil
	} else {
		h.Perhaps = append([]string{mark.Sum}, h.Perhaps...)
	}
	h.Sums, h.Perhaps = latest(h.Sums, mark.Keep), latest(h.Perhaps, mark.Keep)
	return []table.Op{row.Put()}, nil
}

// latest are the first so many that differ.
func latest(sums []string, keep int) []string {
	var kept []string
	for _, sum := range sums {
		if len(kept) < keep && !slices.Contains(kept, sum) {
			kept = append(kept, sum)
		}
	}
	return kept
}
