package cognito

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	sdk "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/sparekey/sparekey/infra/reply"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/port"
)

// longest is Cognito's, in characters; the shortest is the pool's.
const longest = 256

// impossible is compared in the place of a password that cannot have been set.
// Cognito refuses some of those before it compares, as a mistake of the caller,
// and so the caller could not be told from a mistake of ours. The work is the
// same, the try is counted, and the answer is never right.
const impossible = "impossible"

// storable reports whether Cognito takes the password at all: its API wants
// something other than white space at both ends and no line break between. The
// pool's policy is for Cognito to apply. Bytes that are no text would be replaced
// on the way, and one password would become another.
func storable(password string) bool {
	return password != "" && utf8.RuneCountInString(password) <= longest && utf8.ValidString(password) &&
		strings.TrimFunc(password, unicode.IsSpace) == password &&
		!strings.ContainsAny(password, "\n\r\u0085\u2028\u2029")
}

// answered understands what came of comparing.
func answered(out *sdk.AdminInitiateAuthOutput, err error) (credential.Answer, error) {
	switch {
	case err != nil:
		return refusal(err)
	case out.ChallengeName == types.ChallengeNameTypeNewPasswordRequired:
		return credential.Temporary, nil
	case out.ChallengeName != "":
		// A second factor in the pool: not ours, so nobody could pass it.
		return "", fmt.Errorf("%w: the pool asks for %s", port.ErrUnavailable, out.ChallengeName)
	}
	return credential.Right, nil
}

// refusal understands an error of comparing. NotAuthorizedException is nearly
// everything: a wrong password, a disabled account, a temporary password that has
// ended, a pause. Two things are told apart by the message alone, for there is no
// code: a pause, and a client secret that is not the pool's, which must not look
// as if the whole district had forgotten its passwords.
func refusal(err error) (credential.Answer, error) {
	message := strings.ToLower(reply.Message(err))
	switch code := reply.Code(err); {
	case reply.Throttled(err):
		return credential.Busy, nil
	case code == "NotAuthorizedException" && strings.Contains(message, "secret"):
		return "", fmt.Errorf("%w: the client's secret is refused", port.ErrUnavailable)
	case code == "NotAuthorizedException" && strings.Contains(message, "attempts exceeded"):
		return credential.Paused, nil
	case code == "NotAuthorizedException",
		code == "UserNotFoundException",
		code == "UserNotConfirmedException",
		code == "PasswordResetRequiredException":
		return credential.Wrong, nil
	}
	return "", reply.Outcome(err)
}

// setOutcome understands an error of setting. A parameter that the API does not
// take is a fault of ours, but for one: should Cognito count the characters of a
// password in another way than [storable], its owner must hear that it is the
// password, and not that we are busy.
func setOutcome(err error) error {
	switch code := reply.Code(err); {
	case code == "InvalidPasswordException",
		code == "PasswordHistoryPolicyViolationException",
		code == "InvalidParameterException" && strings.Contains(reply.Message(err), "at 'password'"):
		return credential.ErrPolicy
	}
	return reply.Outcome(err)
}

// isMissing: there is no such account.
func isMissing(err error) bool { return reply.Code(err) == "UserNotFoundException" }

// isThere: somebody else has created it at the same time.
func isThere(err error) bool { return reply.Code(err) == "UsernameExistsException" }
