// Package request is somebody asking for help: what was typed, and what became
// of it.
//
// The item is the outbox: putting it is all that asking does, and the courier
// turns it into mail. It is known by its reference, which a caller can read to
// the helpdesk and which proves nothing. What was typed is erased once it is
// decided: people type passwords into the wrong box.
package request

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sparekey/sparekey/shared/outbox"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
)

// Queue is what requests are due in.
const Queue = "REQUEST"

// Kept is how long the trace of a request stays.
const Kept = 30 * 24 * time.Hour

// The flows a request can come from, by their slugs.
const (
	ForgotPassword = "forgot-password"
	LinkAgain      = "link-again"
)

// Typed is what a stranger typed or sent.
type Typed struct {
	Username string `json:"username"`
	Email    string `json:"email"`
	Link     string `json:"link"` // digest of a dead link that a new one is asked for
}

// Request is what is stored of one.
type Request struct {
	outbox.Progress
	District string    `json:"district"`
	Flow     string    `json:"flow"`
	Typed    Typed     `json:"typed"`
	Language string    `json:"language"` // of the page it was asked on
	Asked    time.Time `json:"asked"`
	Plan     Plan      `json:"plan"`
}

// Plan is what the courier decided to mail and has paid for: it is noted in the
// same Write that makes the token, so a second try neither decides nor pays
// again.
type Plan struct {
	Outcome  outbox.Outcome `json:"outcome"` // what it will be once the mail has gone; empty: not decided
	Accounts []string       `json:"accounts"`
	Epoch    int            `json:"epoch"`
	Purpose  token.Purpose  `json:"purpose"`
	Digest   string         `json:"digest"` // the token of the latest try
	Before   token.Living   `json:"before"` // what was living before the first
}

// Key is where a request is kept.
func Key(reference string) table.Key { return table.K("REQUEST", reference) }

// File puts a new request, due now, and returns its reference. It is one call of
// the table; a reference that is in use already is minted anew.
func File(ctx context.Context, store table.Store, r Request) (reference string, err error) {
	for range 3 {
		reference = token.MintReference(store.Rand)
		err = store.Write(ctx, r.put(reference))
		if taken := (*table.Changed)(nil); !errors.As(err, &taken) {
			break
		}
	}
	if err != nil {
		return "", fmt.Errorf("file request: %w", err)
	}
	return reference, nil
}

func (r Request) put(reference string) table.Op {
	row := table.New(Key(reference), r)
	row.Due = table.Due{Queue: Queue, At: r.Asked}
	row.Expires = r.Asked.Add(Kept)
	row.By = table.Key{PK: DayOf(r.District, r.Asked), SK: r.Asked.UTC().Format(sortable)}
	return row.Put()
}

// sortable is RFC 3339 in nanoseconds, all of them, so that text sorts as time.
const sortable = "2006-01-02T15:04:05.000000000Z07:00"

// DayOf is the partition of the index by which a district's requests of one day
// are listed.
func DayOf(district string, t time.Time) string {
	return fmt.Sprintf("REQUESTS#%s#%s", district, t.UTC().Format(time.DateOnly))
}
