// Package reply reads from an error of the AWS SDK what a port wants to know: was
// the call done?
//
// It promises never to call done or undone what is in doubt, and to let out
// neither a type of the SDK nor a message of the service: those repeat what was
// sent, names and addresses among it, and errors end in logs. Which refusals mean
// more than "not done" is left to each driver.
//
// Read [Outcome] first.
package reply

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/sparekey/sparekey/shared/port"
)

// Outcome says which of the port's errors err is; nil stays nil.
//
// A refusal that is no throttling (no permission, no such pool, a parameter that
// the service does not take) is unavailable: it was not done, it is for us to put
// right, and until then everything is asked again later.
func Outcome(err error) error {
	switch {
	case err == nil:
		return nil
	case Throttled(err):
		return fmt.Errorf("%w: %s", port.ErrThrottled, cause(err))
	case refused(err), unreached(err):
		return fmt.Errorf("%w: %s", port.ErrUnavailable, cause(err))
	}
	return fmt.Errorf("%w: %s", port.ErrUnknown, cause(err))
}

// Over refuses a call whose time is up before anything was sent.
func Over(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", port.ErrUnavailable, err)
	}
	return nil
}

// Code is the service's own name for its refusal, empty if it gave none.
func Code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// Message is the service's own words, to be looked into and never to be let out.
func Message(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorMessage()
	}
	return ""
}

// Throttled reports whether the service was too busy to begin.
func Throttled(err error) bool {
	codes := retry.ThrottleErrorCode{Codes: retry.DefaultThrottleErrorCodes}
	return codes.IsErrorThrottle(err) == aws.TrueTernary || status(err) == http.StatusTooManyRequests
}

// refused reports whether the service said no. A 5xx says nothing: the service
// may have failed after the act.
func refused(err error) bool {
	s := status(err)
	return s >= 400 && s < 500
}

// unreached reports whether there never was a connection to send on. Everything
// later is in doubt: a connection that breaks may have carried the request.
func unreached(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// status is that of the answer: 0 where none came.
func status(err error) int {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}

// cause is what may be logged of err.
func cause(err error) string {
	var send *smithyhttp.RequestSendError
	var canceled *smithy.CanceledError
	switch code := Code(err); {
	case code != "":
		return fmt.Sprintf("%s (%d)", code, status(err))
	case errors.As(err, &send):
		return send.Err.Error() // the network's words: hosts and ports
	case errors.As(err, &canceled):
		return canceled.Err.Error()
	}
	return fmt.Sprintf("an answer that cannot be read (%d)", status(err))
}
