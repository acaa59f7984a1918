// Package table is the port to what Sparekey remembers.
//
// One table of items, as DynamoDB has it: strings for keys, a body nobody else
// reads, conditions on versions, transactions, two indexes. Every noun in shared
// keeps its items through this port, so what the tests prove on the embedded
// driver is what runs in production on the other.
//
// It promises that a [Table.Write] is done whole or not at all, that each item
// changes only from the version its writer saw, and that a reply lost on the way
// back can be told from a race lost to somebody else. It leaves to its callers
// what a body means and whether an item has expired: the expiry here is only the
// broom's hint.
//
// Read [Table] first, then [Store], which is what the flows hold.
package table

import (
	"context"
	"strings"
	"time"
)

// Key names one item. PK begins with the item's kind ("TOKEN#…"), because
// permissions are granted by kind.
type Key struct{ PK, SK string }

// K is the key of an item that is alone in its partition: kind and parts joined
// by '#'.
func K(kind string, parts ...string) Key {
	return Key{PK: strings.Join(append([]string{kind}, parts...), "#"), SK: "-"}
}

// At is the key beside k in the same partition.
func (k Key) At(sk string) Key { return Key{PK: k.PK, SK: sk} }

// Kind is the part of the partition key before the first '#'.
func (k Key) Kind() string {
	kind, _, _ := strings.Cut(k.PK, "#")
	return kind
}

// Item is one stored thing.
type Item struct {
	Key
	// Version is a nonce, minted anew by whoever writes. An absent item has none.
	Version string
	// Body is JSON. Its fields are its noun's business.
	Body []byte
	// Due makes the item findable in the due index: it owes something.
	Due Due
	// By makes the item findable in the by index, sorted by By.SK.
	By Key
	// Expires is when the broom may take the item away, zero for never. It may
	// stay for days longer, and is returned until it is gone.
	Expires time.Time
}

// Due says what an item owes and when. The zero Due owes nothing.
type Due struct {
	Queue string // who pays: "REQUEST", "NOTICE", "CHANGE", "SIGNOUT"
	At    time.Time
}

// Exists reports whether the item was there when it was read.
func (i Item) Exists() bool { return i.Version != "" }

// Index is what a [Range] runs along.
type Index int

// The partition itself, and the two indexes. Rows of an index are hints: they
// carry the key and nothing else (in a due queue, the moment too), may lag behind,
// and what matters is read again.
const (
	Primary Index = iota
	ByDue         // Partition is the queue; sorted by the moment due
	By            // Partition is By.PK; sorted by By.SK
)

// Range asks for the items of one partition of one index, sorted, a page at a time.
type Range struct {
	Index     Index
	Partition string
	Prefix    string    // Primary and By: sort keys that begin so
	Until     time.Time // ByDue: due at or before this moment
	After     string    // the cursor that the page before returned
	Limit     int       // items on a page, at most; 1 to 1000
	Newest    bool      // from the end backwards; not for ByDue
}

// Table is the port. Errors are those of package port, but for [*Changed].
//
// Implementations are safe for concurrent use, and apply a deadline of their own
// to each call.
type Table interface {
	// Get returns one item for each key, in the order of the keys, as it is now
	// (consistent, each for itself; several are not a snapshot). An absent one has
	// its key and no version.
	Get(ctx context.Context, keys ...Key) ([]Item, error)

	// List returns a page and the cursor to the next, empty at the end. A page may
	// be short, or empty, and still have a next. A cursor that is none of this
	// range's is ErrCursor.
	List(ctx context.Context, r Range) (items []Item, next string, err error)

	// Write does all ops or none. Each op names another item, 1 to 100 of them.
	//
	// Every op holds only if the item is unchanged since it was read; else Write
	// returns [*Changed]. But where an item that a Put would store is found stored
	// with the very version that the Put carries, the same Write was done before
	// and its reply was lost: Write returns nil. So repeating a Write is safe as
	// long as it holds a Put of an item that nobody else overwrites meanwhile.
	Write(ctx context.Context, ops ...Op) error

	// Count adds by to a counter and returns its sum: made with the first call,
	// gone some time after expires. A repeated call may count twice. A counter is
	// read, listed and deleted as an item is; its body is {"count":n}.
	Count(ctx context.Context, key Key, by int64, expires time.Time) (int64, error)
}

// Act is what an [Op] does.
type Act int

// Put stores, Delete removes, Check only demands that nothing has changed.
const (
	Put Act = iota
	Delete
	Check
)

// Op is one part of a Write.
type Op struct {
	Act Act
	// Item is the item as it shall be (Put), or just its key.
	Item Item
	// Was is the version that the item must still have; empty: must be absent.
	Was string
}

// Changed is the error of a Write of which at least one item was not as its op
// demanded. Nothing was done.
type Changed struct {
	// Now holds items that were in the way, as they are now; the absent ones have
	// no version. It may miss some.
	Now []Item
}

func (*Changed) Error() string { return "changed meanwhile" }
