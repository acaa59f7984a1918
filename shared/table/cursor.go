package table

import "errors"

// ErrCursor says that [Range].After is not a cursor to this range. Cursors pass
// through strangers' hands where a page of results is a page on the web, so a
// wrong one is an answer to give, not a fault.
var ErrCursor = errors.New("not a cursor to this range")
