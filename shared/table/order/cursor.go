package order

import (
	"encoding/base64"
	"strings"

	"github.com/sparekey/sparekey/shared/table"
)

// Cursor is the cursor to what comes after a position. Being a position and not
// a count, it stays right while rows come and go.
func Cursor(at string) string { return base64.RawURLEncoding.EncodeToString([]byte(at)) }

// After is the position behind which the range goes on, empty at its beginning.
// A position outside the range is refused, whoever made it: the one thing that a
// cursor may choose is where in this range to go on.
func After(r table.Range) (string, error) {
	if r.After == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(r.After)
	at := string(raw)
	if err != nil || !within(r, at) {
		return "", table.ErrCursor
	}
	return at, nil
}

func within(r table.Range, at string) bool {
	if !strings.HasPrefix(at, r.Prefix) || len(at) > maxKey {
		return false
	}
	if r.Index == table.Primary {
		return CheckKey(table.Key{PK: r.Partition, SK: at}) == nil
	}
	row, ok := Row(r, at)
	return ok && plain(Sort(at)) && CheckKey(row.Key) == nil
}
