package reply_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/sparekey/sparekey/infra/reply"
	"github.com/sparekey/sparekey/shared/port"
)

// answer is an error as the SDK makes it of a response.
func answer(status int, code string) error {
	return &smithy.OperationError{ServiceID: "S", OperationName: "O", Err: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}},
		Err:      &smithy.GenericAPIError{Code: code, Message: "marked words"},
	}}
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	network := func(op string) error {
		return &smithy.OperationError{Err: &smithyhttp.RequestSendError{
			Err: &net.OpError{Op: op, Net: "tcp", Err: syscall.ECONNRESET},
		}}
	}
	for _, c := range []struct {
		name string
		err  error
		want error
	}{
		{"done", nil, nil},
		{"throttled by its code", answer(400, "ThrottlingException"), port.ErrThrottled},
		{"throttled by its status", answer(429, "Whatever"), port.ErrThrottled},
		{"throttled with a 5xx is still a refusal", answer(503, "SlowDown"), port.ErrThrottled},
		{"refused", answer(403, "AccessDenied"), port.ErrUnavailable},
		{"failed", answer(500, "InternalFailure"), port.ErrUnknown},
		{"busy, without saying that it refuses", answer(503, "ServiceUnavailable"), port.ErrUnknown},
		{"nobody there", network("dial"), port.ErrUnavailable},
		{"broke while sending", network("write"), port.ErrUnknown},
		{"broke while waiting", network("read"), port.ErrUnknown},
		{"time was up", &smithy.CanceledError{Err: context.DeadlineExceeded}, port.ErrUnknown},
		{"a success that cannot be read", answer(200, ""), port.ErrUnknown},
		{"anything else", errors.New("marked words"), port.ErrUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := reply.Outcome(c.err)
			if !errors.Is(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
			if strings.Contains(fmt.Sprint(got), "marked words") {
				t.Errorf("%v repeats what the service said", got)
			}
		})
	}
}

func TestOver(t *testing.T) {
	t.Parallel()
	if err := reply.Over(t.Context()); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := reply.Over(ctx); !port.NotDone(err) {
		t.Errorf("%v, want an error that says: not done", err)
	}
}
