package parameter_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/sparekey/sparekey/infra/parameter"
)

var somebody = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret", SessionToken: "session"}, nil
})

// store plays Parameter Store: it answers each call with the next of its answers.
type store struct {
	answers []answer
	seen    []*http.Request
	bodies  []string
}

type answer struct {
	status int
	body   string
}

func (s *store) config(t *testing.T) parameter.Config {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		next := s.answers[min(len(s.seen), len(s.answers)-1)]
		s.seen, s.bodies = append(s.seen, r), append(s.bodies, string(body))
		w.WriteHeader(next.status)
		_, _ = io.WriteString(w, next.body)
	}))
	t.Cleanup(server.Close)
	return parameter.Config{
		Name: "/sparekey/test/pepper", Region: "us-east-1", Endpoint: server.URL, Credentials: somebody, HTTP: server.Client(), Wait: time.Millisecond,
	}
}

const good = `{"Parameter":{"Type":"SecureString","Value":"1:c2VjcmV0IHRoYXQgaXMgbG9uZyBlbm91Z2gsIDMyIGJ5dGVz"}}`

func TestReadAsksForTheDecryptedValueSigned(t *testing.T) {
	s := &store{answers: []answer{{200, good}}}
	value, err := parameter.Read(t.Context(), s.config(t))
	if err != nil || !strings.HasPrefix(value, "1:") {
		t.Fatalf("%q, %v", value, err)
	}
	r := s.seen[0]
	if r.Method != http.MethodPost || r.Header.Get("X-Amz-Target") != "AmazonSSM.GetParameter" || r.Header.Get("X-Amz-Security-Token") != "session" {
		t.Errorf("%s %v", r.Method, r.Header)
	}
	signature := r.Header.Get("Authorization")
	for _, part := range []string{"AWS4-HMAC-SHA256 Credential=AKID/", "/us-east-1/ssm/aws4_request", "x-amz-target"} {
		if !strings.Contains(signature, part) {
			t.Errorf("signed %q, without %q", signature, part)
		}
	}
	if s.bodies[0] != `{"Name":"/sparekey/test/pepper","WithDecryption":true}` {
		t.Errorf("asked %s", s.bodies[0])
	}
	if _, err := s.config(t).Pepper(); err != nil {
		t.Errorf("pepper: %v", err)
	}
}

func TestReadWaitsWhereManyStartAtOnce(t *testing.T) {
	s := &store{answers: []answer{{400, `{"__type":"ThrottlingException"}`}, {500, "down"}, {200, good}}}
	if _, err := parameter.Read(t.Context(), s.config(t)); err != nil || len(s.seen) != 3 {
		t.Errorf("%v after %d calls", err, len(s.seen))
	}
	s = &store{answers: []answer{{400, `{"__type":"ThrottlingException"}`}}}
	if _, err := parameter.Read(t.Context(), s.config(t)); err == nil || len(s.seen) != 5 {
		t.Errorf("%v after %d calls", err, len(s.seen))
	}
}

func TestReadTellsWhyAndNeverWhat(t *testing.T) {
	for name, c := range map[string]struct {
		answer answer
		says   string
	}{
		"none of that name":  {answer{400, `{"__type":"com.amazonaws.ssm#ParameterNotFound","message":"hush-hush"}`}, "ParameterNotFound"},
		"not allowed":        {answer{400, `{"__type":"AccessDeniedException","Message":"hush-hush"}`}, "AccessDeniedException"},
		"in plain text":      {answer{200, `{"Parameter":{"Type":"String","Value":"hush-hush"}}`}, "SecureString"},
		"cut short":          {answer{200, `{"Parameter":{"Value":"hush-hush`}, "not JSON"},
		"nothing that helps": {answer{403, `hush-hush`}, "403"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &store{answers: []answer{c.answer}}
			value, err := parameter.Read(t.Context(), s.config(t))
			if err == nil || value != "" || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hush") {
				t.Errorf("%q, %v", value, err)
			}
			if len(s.seen) != 1 {
				t.Errorf("asked %d times", len(s.seen))
			}
		})
	}
	s := &store{answers: []answer{{200, `{"Parameter":{"Type":"SecureString","Value":"hush-hush"}}`}}}
	if _, err := s.config(t).Pepper(); err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("a pepper that is none: %v", err)
	}
}

func TestReadEndsWithItsContext(t *testing.T) {
	s := &store{answers: []answer{{500, ""}}}
	c := s.config(t)
	c.Wait = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := parameter.Read(ctx, c); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// wire stands in the place of the network.
type wire func(*http.Request) (*http.Response, error)

func (w wire) Do(r *http.Request) (*http.Response, error) { return w(r) }

func says(status int, body io.Reader) (*http.Response, error) {
	return &http.Response{StatusCode: status, Body: io.NopCloser(body)}, nil
}

// Once each way; then it is there. A read has no effect, so it may be asked again
// whatever happened.
func TestWhateverFailsOnceIsAskedAgain(t *testing.T) {
	for fault, fails := range map[string]wire{
		"throttled": func(*http.Request) (*http.Response, error) {
			return says(http.StatusBadRequest, strings.NewReader(`{"__type":"com.amazonaws.ssm#ThrottlingException"}`))
		},
		"unavailable": func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
		},
		"timed out": func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		},
		"done, and the answer lost": func(*http.Request) (*http.Response, error) {
			return says(http.StatusOK, io.MultiReader(strings.NewReader(good[:20]), iotest.ErrReader(io.ErrUnexpectedEOF)))
		},
		"broken": func(*http.Request) (*http.Response, error) {
			return says(http.StatusServiceUnavailable, strings.NewReader("<html>"))
		},
	} {
		t.Run(fault, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				c := parameter.Config{Name: "/sparekey/test/pepper", Region: "us-east-1", Credentials: somebody, HTTP: wire(func(r *http.Request) (*http.Response, error) {
					if calls++; calls == 1 {
						return fails(r)
					}
					return says(http.StatusOK, strings.NewReader(good))
				})}
				began := time.Now()
				value, err := parameter.Read(t.Context(), c)
				if err != nil || !strings.HasPrefix(value, "1:") || calls != 2 {
					t.Errorf("%v after %d calls", err, calls)
				}
				if took := time.Since(began); took > 3*time.Second {
					t.Errorf("it took %v of the ten seconds that a start has", took)
				}
			})
		})
	}
}
