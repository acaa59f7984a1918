// Package mail is the port to the outside world's letter boxes.
//
// It is SES seen through one act. A mail is composed elsewhere; the port takes
// the finished bytes to one recipient. It promises that accepted means accepted
// once by the mail service, and that a refusal is told from a doubt. Whether a
// mail arrives is not known here: the mail service reports that later.
package mail

import (
	"context"
	"errors"
)

// Mail is one finished mail to one recipient.
type Mail struct {
	From, To string // bare addresses, for the envelope
	Raw      []byte // RFC 5322, as it is to arrive
	District string // what the mail service files its reports under
	Kind     string // "reset", "usernames", "notice" …: likewise
}

// ErrRejected says that the mail service will never take this mail. Not sent.
var ErrRejected = errors.New("mail rejected")

// Sender sends.
type Sender interface {
	// Send hands the mail over and returns the mail service's id for it. Errors are
	// those of package port, and [ErrRejected]. After port.ErrUnknown the mail may
	// have been sent: sending it again may deliver it twice.
	Send(ctx context.Context, m Mail) (id string, err error)
}
