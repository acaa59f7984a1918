// Package notice is what an account's owner is owed: to be told what happened.
//
// A notice is put in the same Write as the thing it tells, due at once. The
// courier expands it into one item for each recipient and mails those; each ends
// with an outcome. Where a notice goes was true at the moment of the change, so
// it is kept with it, and erased once it is decided.
package notice

import (
	"time"

	"github.com/sparekey/sparekey/shared/outbox"
	"github.com/sparekey/sparekey/shared/table"
)

// Kind is what is told.
type Kind string

// The kinds.
const (
	Changed    Kind = "changed"
	MayChanged Kind = "may-have-changed"
	Disputed   Kind = "disputed" // to the district: an owner says "this was not me"
)

// Queue is what notices are due in.
const Queue = "NOTICE"

// Notice is what is stored of one.
type Notice struct {
	outbox.Progress
	District string    `json:"district"`
	Account  string    `json:"account"`
	Kind     Kind      `json:"kind"`
	Route    string    `json:"route"`
	Agent    string    `json:"agent"`
	At       time.Time `json:"at"`
	Language string    `json:"language"`
	To       []string  `json:"to"` // recipients; erased once decided
}

// Key is where a notice is kept.
func Key(id string) table.Key { return table.K("NOTICE", id) }

// Kept is how long what became of a notice stays.
const Kept = 30 * 24 * time.Hour

// Put is the op that stores a new notice, due now.
func (n Notice) Put(id string, now time.Time) table.Op {
	row := table.New(Key(id), n)
	row.Due = table.Due{Queue: Queue, At: now}
	row.Expires = now.Add(Kept)
	return row.Put()
}
