package ses_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/sparekey/sparekey/infra/ses"
	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/mail/mailtest"
)

// wire stands in the place of the network, below the whole SDK.
type wire func(*http.Request) (*http.Response, error)

func (w wire) Do(r *http.Request) (*http.Response, error) { return w(r) }

func credentials() aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
	})
}

// over opens a sender on the wire.
func over(w wire) *ses.Sender {
	return ses.Open(ses.Config{ConfigurationSet: "sparekey", Region: "eu-west-1", Credentials: credentials(), HTTP: w})
}

func letter() mail.Mail {
	return mail.Mail{
		From: mailtest.Sender, To: "marge@family.example", District: "springfield", Kind: "reset",
		Raw: []byte("To: marge@family.example\r\nSubject: x\r\n\r\nx\r\n"),
	}
}

func respond(status int, body string) (*http.Response, error) {
	return &http.Response{
		StatusCode: status,
		Header:     http.Header{"Content-Type": {"text/xml"}},
		Body:       io.NopCloser(strings.NewReader(body)),
	}, nil
}

// says is a wire on which SES answers everything with one error.
func says(status int, code, message string) wire {
	return func(*http.Request) (*http.Response, error) {
		return respond(status, `<ErrorResponse><Error><Type>Sender</Type><Code>`+code+`</Code><Message>`+message+
			`</Message></Error><RequestId>r</RequestId></ErrorResponse>`)
	}
}

// grants is a wire on which every mail is taken.
func grants(*http.Request) (*http.Response, error) {
	return respond(http.StatusOK, `<SendRawEmailResponse><SendRawEmailResult><MessageId>id-1</MessageId></SendRawEmailResult>`+
		`<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></SendRawEmailResponse>`)
}

// faults are the ways in which a wire fails: before the other side hears of the
// call, or after.
var faults = map[string]func(beyond wire) wire{
	"throttled": func(wire) wire {
		return says(http.StatusBadRequest, "Throttling", "Maximum sending rate exceeded.")
	},
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
			response.Body = io.NopCloser(io.MultiReader(io.LimitReader(response.Body, 10), broken{}))
			return response, nil
		}
	},
	"broken":      func(wire) wire { return says(http.StatusInternalServerError, "InternalFailure", "sorry") },
	"overwhelmed": func(wire) wire { return says(http.StatusServiceUnavailable, "ServiceUnavailable", "sorry") },
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection reset") }
