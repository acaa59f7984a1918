package cognito_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/sparekey/sparekey/infra/cognito"
	"github.com/sparekey/sparekey/shared/credential"
)

const (
	ada   = "01J0000000000000000000000A"
	first = "first-password"
	other = "other-password"
)

// wire stands in the place of the network, below the whole SDK.
type wire func(*http.Request) (*http.Response, error)

func (w wire) Do(r *http.Request) (*http.Response, error) { return w(r) }

func credentials() aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
	})
}

// over opens a store on the wire.
func over(w wire) *cognito.Store {
	return cognito.Open(cognito.Config{
		Pool: "eu-west-1_pool", Client: "client", ClientSecret: "client-secret",
		Region: "eu-west-1", Credentials: credentials(), HTTP: w,
	})
}

func respond(status int, body string) (*http.Response, error) {
	return &http.Response{
		StatusCode: status,
		Header:     http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
		Body:       io.NopCloser(strings.NewReader(body)),
	}, nil
}

// says is a wire on which Cognito answers everything with one error.
func says(status int, code, message string) wire {
	return func(*http.Request) (*http.Response, error) {
		return respond(status, fmt.Sprintf(`{"__type":%q,"message":%q}`, code, message))
	}
}

// grants is a wire on which everything succeeds.
func grants(*http.Request) (*http.Response, error) {
	return respond(http.StatusOK, `{"AuthenticationResult":{"AccessToken":"a","IdToken":"b","RefreshToken":"c"}}`)
}

// faults are the ways in which a wire fails: before the other side hears of the
// call, or after.
var faults = map[string]func(beyond wire) wire{
	"throttled": func(wire) wire { return says(http.StatusBadRequest, "TooManyRequestsException", "Rate exceeded") },
	"unavailable": func(wire) wire {
		return func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
		}
	},
	"timeout": func(wire) wire {
		return func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}
	},
	"lost-reply": func(beyond wire) wire {
		return func(r *http.Request) (*http.Response, error) {
			response, err := beyond(r)
			if err != nil {
				return nil, err
			}
			response.Body.Close()
			return nil, io.ErrUnexpectedEOF
		}
	},
	"half a reply": func(beyond wire) wire {
		return func(r *http.Request) (*http.Response, error) {
			response, err := beyond(r)
			if err != nil {
				return nil, err
			}
			half := io.MultiReader(io.LimitReader(response.Body, 10), broken{})
			response.Body = io.NopCloser(half)
			return response, nil
		}
	},
	"broken": func(wire) wire { return says(http.StatusInternalServerError, "InternalErrorException", "sorry") },
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

// calls are all of the port, on ada.
var calls = map[string]func(context.Context, *cognito.Store) error{
	"Check": func(ctx context.Context, s *cognito.Store) error {
		answer, err := s.Check(ctx, ada, first)
		if err == nil && answer == credential.Busy {
			return errBusy
		}
		return err
	},
	"Set": func(ctx context.Context, s *cognito.Store) error {
		return s.Set(ctx, ada, other, credential.Permanent)
	},
	"SignOut": func(ctx context.Context, s *cognito.Store) error { return s.SignOut(ctx, ada) },
	"Enable":  func(ctx context.Context, s *cognito.Store) error { return s.Enable(ctx, ada) },
	"Disable": func(ctx context.Context, s *cognito.Store) error { return s.Disable(ctx, ada) },
}

// errBusy lets Check say that it was throttled as the others do.
var errBusy = errors.New("busy")

// sent is one request as Cognito sees it.
type sent struct {
	act  string
	body map[string]any
}

// record notes every request and lets it pass.
func record(into *[]sent, beyond wire) wire {
	return func(r *http.Request) (*http.Response, error) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(raw))
		_, act, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		one := sent{act: act}
		if err := json.Unmarshal(raw, &one.body); err != nil {
			return nil, err
		}
		*into = append(*into, one)
		return beyond(r)
	}
}

// acts are the names of what was sent, in order.
func acts(all []sent) string {
	var names []string
	for _, one := range all {
		names = append(names, one.act)
	}
	return strings.Join(names, " ")
}

// inTurn answers the first request with the first wire, and so on; the last wire
// answers the rest.
func inTurn(wires ...wire) wire {
	n := 0
	return func(r *http.Request) (*http.Response, error) {
		w := wires[min(n, len(wires)-1)]
		n++
		return w(r)
	}
}
