package account

import (
	"context"
	"fmt"

	"github.com/sparekey/sparekey/shared/table"
)

// raised is the part of STATE that raising it knows; the rest is kept as it is.
type raised struct {
	Epoch  int    `json:"epoch"`
	Raised string `json:"raised"` // the newest cause, so that one cause raises once
}

// Raise ends everything of an account that was made so far, for a cause that has a
// name: links, codes, sessions. Called again for the same cause it does nothing and
// says so, so that whoever raises many accounts may begin anew.
//
// It is what a table restored from a backup needs: there a link that was used since
// is unused, and a session that was ended is not.
func Raise(ctx context.Context, store table.Store, slug, id, cause string) (done bool, err error) {
	_, done, err = table.Amend(ctx, store, StateKey(slug, id), func(row *table.Row[raised]) bool {
		if !row.Exists() || row.Value.Raised == cause {
			return false
		}
		row.Value.Epoch++
		row.Value.Raised = cause
		return true
	})
	if err != nil {
		return false, fmt.Errorf("raise the epoch: %w", err)
	}
	return done, nil
}
