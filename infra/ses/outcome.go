package ses

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sparekey/sparekey/infra/reply"
	"github.com/sparekey/sparekey/shared/mail"
)

// outcome understands an error of SES.
//
// The two mistakes that are possible do not weigh the same. To give up a mail
// that could have been sent later loses it: whoever asked waits for nothing. To
// keep one that will never be taken costs a call an hour for a day, and then an
// alarm. So only what is known to be about this mail is rejected, and everything
// else that SES refuses waits.
//
// In particular these wait, although SES will say the same until somebody acts:
// a sender's domain that is not verified (MessageRejected too, and in the sandbox
// for a recipient's as well), MailFromDomainNotVerifiedException, sending that is
// paused for the account or the configuration set, a configuration set that does
// not exist, a missing permission. They are our settings; one of them wrong would
// otherwise lose the mail of a whole district in minutes.
//
// A reply that is lost, or a 5xx, is in doubt: SES may have taken the mail.
func outcome(err error) error {
	if rejected(reply.Code(err), reply.Message(err)) {
		return fmt.Errorf("%w: %s", mail.ErrRejected, reply.Code(err))
	}
	return reply.Outcome(err)
}

// What SES says of one mail; it has no codes for it. "Address blacklisted", of an
// address on its own list; and of addresses "Missing final '@domain'", "Missing
// domain", "Local address contains control or whitespace", "Domain ends with
// dot", "Illegal address"; and "Message length is more than … bytes long".
var (
	ofMessage   = []string{"blacklisted", "virus"}
	ofParameter = []string{"address", "domain", "local name", "message length"}
)

func rejected(code, message string) bool {
	says := func(phrase string) bool { return strings.Contains(strings.ToLower(message), phrase) }
	switch code {
	case "MessageRejected":
		return slices.ContainsFunc(ofMessage, says)
	case "InvalidParameterValue":
		return slices.ContainsFunc(ofParameter, says)
	}
	return false
}
