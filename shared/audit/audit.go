// Package audit is what happened to an account, for the family, the school and
// whoever has to answer for it.
//
// An entry says who, what, by which route, when and with what end; ids and kinds,
// never names, secrets or what was typed. Entries are only ever added: no op here
// changes or removes one, and each is put in the same Write as the thing it
// records, so neither exists without the other.
package audit

import (
	"fmt"
	"io"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/sparekey/sparekey/shared/table"
)

// Act is what was done or tried.
type Act string

// The acts (standards R134).
const (
	LinkMailed         Act = "link-mailed"
	Explained          Act = "explained"    // in place of a link: the account signs in with another service
	LinkRefused        Act = "link-refused" // asked for, and not mailed: Outcome says why
	PasswordChanged    Act = "password-changed"
	PasswordMayChanged Act = "password-may-have-changed" // no answer came, and the lease ended
	LinkDisowned       Act = "link-disowned"             // "this was not me", of a request
	ChangeDisowned     Act = "change-disowned"           // "this was not me", of a change
	SignedIn           Act = "signed-in"
	SignedOut          Act = "signed-out"
	GuessedOut         Act = "wrong-passwords"   // a session ended by the last of its tries
	ProvedAgain        Act = "proved-again"      // typed the password again while signed in
	OthersSignedOut    Act = "others-signed-out" // the owner ended all other sessions
)

// Entry is one line of the audit.
type Entry struct {
	At       time.Time `json:"at"`
	District string    `json:"district"`
	Account  string    `json:"account"`
	Act      Act       `json:"act"`
	Actor    string    `json:"actor"` // "owner" (proved), "anybody" (asked), "system"
	Route    string    `json:"route"` // link, code, activation, forced-change, password …
	Outcome  string    `json:"outcome"`
	Request  string    `json:"request"` // reference, or the request id of the call
	Agent    string    `json:"agent"`   // browser in words
	Network  string    `json:"network"` // caller's address or /64
}

// Kept is how long an entry stays (standards C13).
const Kept = 396 * 24 * time.Hour // 13 months

// Put is the op that adds the entry. Its key is fresh, so it also proves to a
// repeated Write that it was done before.
func (e Entry) Put(rand io.Reader) table.Op {
	id := ulid.MustNew(ulid.Timestamp(e.At), rand).String()
	row := table.New(table.K("AUDIT", e.District, e.Account).At(id), e)
	row.By = table.Key{PK: DayOf(e.District, e.At), SK: id}
	row.Expires = e.At.Add(Kept)
	return row.Put()
}

// DayOf is the partition of the index by which a district's entries of one day
// are listed.
func DayOf(district string, t time.Time) string {
	return fmt.Sprintf("AUDITS#%s#%s", district, t.UTC().Format(time.DateOnly))
}
