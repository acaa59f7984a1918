// Package outbox is how something owed gets done once, whatever fails: what a
// request and a notice have in common on their way to becoming mail.
//
// The item is the outbox. It is due; a courier claims it by moving what is due to
// the end of a lease, works, and records an outcome on its own claim's version.
// One that dies leaves the lease to run out, and the item is due again. All of it
// is pure: nothing here reads, writes or looks at a clock.
package outbox

import "time"

// Outcome is what became of it. Empty: not decided yet.
type Outcome string

// The outcomes, as the helpdesk and the local run tell them.
const (
	Sent           Outcome = "sent" // a link, or why there is none to send: the account signs in with another service
	UsernamesSent  Outcome = "usernames-sent"
	ActivationSent Outcome = "activation-sent"
	NoMatch        Outcome = "no-match"
	Disabled       Outcome = "disabled"
	NoAddress      Outcome = "no-address"
	Off            Outcome = "off"
	OverBudget     Outcome = "over-budget"
	Living         Outcome = "living" // a link mailed before still works
	Frozen         Outcome = "frozen"
	Refused        Outcome = "refused" // by the mail service, for good
	Failed         Outcome = "failed"  // a day of trying
)

// Progress is the part that both kinds of item keep.
type Progress struct {
	Outcome  Outcome   `json:"outcome"`
	Decided  time.Time `json:"decided"`
	Tries    int       `json:"tries"`       // claims so far
	Claim    string    `json:"claim"`       // who works on it; whoever holds it may record
	Until    time.Time `json:"claim_until"` // nobody else works on it before
	MailID   string    `json:"mail_id"`     // the mail service's
	LastWhat string    `json:"last_fault"`
}

const (
	// Lease is how long a claim lasts. It outlives the courier's own timeout, so
	// nobody works on an item that another has claimed.
	Lease = 2 * time.Minute
	// GiveUp is how long delivery is tried before it has failed.
	GiveUp    = 24 * time.Hour
	firstWait = time.Minute
	mostWait  = time.Hour
)

// Open reports whether the item still owes something, nobody works on it, and it
// was not put off.
func (p Progress) Open(now time.Time) bool { return p.Outcome == "" && !now.Before(p.Until) }

// Claimed is the progress of an item that somebody takes. Who dies holding it
// says nothing, so the lease itself grows with the tries: a mail that kills its
// courier is not tried every two minutes for a day.
func (p Progress) Claimed(by string, now time.Time) Progress {
	p.Tries++
	p.Claim, p.Until = by, now.Add(max(Lease, p.wait()))
	return p
}

// wait is how long an item waits after its latest try: a minute, doubling to an
// hour.
func (p Progress) wait() time.Duration {
	return min(firstWait<<min(max(p.Tries-1, 0), 10), mostWait)
}

// Unclaimed is the progress of an item let go without having been tried.
func (p Progress) Unclaimed() Progress {
	p.Tries, p.Until = p.Tries-1, time.Time{}
	return p
}

// Done is the progress of an item that is decided.
func (p Progress) Done(o Outcome, mailID string, now time.Time) Progress {
	p.Outcome, p.Decided, p.MailID, p.Until = o, now, mailID, time.Time{}
	return p
}

// Later is the progress of an item that could not be delivered yet, and when it
// is due again: after a minute, doubling to an hour. Until then a late record of
// the feed does not open it either: a mail that got no answer may still be on its
// way, and must not arrive after a newer one.
func (p Progress) Later(why string, now time.Time) (Progress, time.Time) {
	p.LastWhat, p.Until = why, now.Add(p.wait())
	return p, p.Until
}

// Hopeless reports whether an item asked for then has been tried long enough.
func Hopeless(asked, now time.Time) bool { return now.Sub(asked) >= GiveUp }
