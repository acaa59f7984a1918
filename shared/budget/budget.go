// Package budget bounds mail: nobody can have a family's mailbox filled.
//
// It is private: the courier pays it, long after the page has answered the same
// as ever. A budget is a bucket that refills with time; each is paid in the Write
// that makes the token, so a mail is paid for once.
package budget

import (
	"time"

	"github.com/sparekey/sparekey/shared/table"
)

// Rule is one kind of bucket.
type Rule struct {
	Burst int           // so many at once
	Back  time.Duration // one comes back after this
	Apart time.Duration // none sooner after another than this
}

// The rules (design 8): for an account and kind of mail, and for a destination
// over all kinds.
var (
	PerAccount     = Rule{Burst: 3, Back: 90 * time.Minute, Apart: time.Minute}
	PerDestination = Rule{Burst: 10, Back: 15 * time.Minute}
)

// Bucket is what is stored: when it will be full again, and when it was last
// paid from.
type Bucket struct {
	Full time.Time `json:"full"`
	Last time.Time `json:"last"`
}

// Pay takes one out, or says that there is none.
func (b Bucket) Pay(r Rule, now time.Time) (Bucket, bool) {
	if r.Apart > 0 && !b.Last.IsZero() && now.Sub(b.Last) < r.Apart {
		return b, false
	}
	full := b.Full
	if full.Before(now) {
		full = now
	}
	full = full.Add(r.Back)
	if full.Sub(now) > time.Duration(r.Burst)*r.Back {
		return b, false
	}
	return Bucket{Full: full, Last: now}, true
}

// AccountKey is the bucket of an account and kind of mail.
func AccountKey(district, account, kind string) table.Key {
	return table.K("BUDGET", "account", district, account, kind)
}

// DestinationKey is the bucket of an address, named by its keyed digest.
func DestinationKey(digest string) table.Key { return table.K("BUDGET", "to", digest) }

// Spend is the op that pays from the bucket in item, or not ok.
func Spend(item table.Item, r Rule, now time.Time) (op table.Op, ok bool, err error) {
	row, err := table.As[Bucket](item)
	if err != nil {
		return op, false, err
	}
	if row.Value, ok = row.Value.Pay(r, now); !ok {
		return op, false, nil
	}
	row.Expires = row.Value.Full
	return row.Put(), true, nil
}
