package ses_test

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"

	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/port"
)

func TestSendUnderstandsSES(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code, message string
		want          error
	}{
		{"MessageRejected", "Address blacklisted.", mail.ErrRejected},
		{"InvalidParameterValue", "Missing final '@domain'", mail.ErrRejected},
		{"InvalidParameterValue", "Local address contains control or whitespace", mail.ErrRejected},
		{"InvalidParameterValue", "Domain ends with dot", mail.ErrRejected},
		{"InvalidParameterValue", "Message length is more than 10485760 bytes long: '10485761'.", mail.ErrRejected},
		// Ours to put right, so nothing is lost:
		{"MessageRejected", "Email address is not verified. The following identities failed the check in region EU-WEST-1: a@b.example", port.ErrUnavailable},
		{"MessageRejected", "Sending suspended for this account.", port.ErrUnavailable},
		{"MessageRejected", "words that nobody has seen before", port.ErrUnavailable},
		{"MailFromDomainNotVerifiedException", "Domain is not verified", port.ErrUnavailable},
		{"AccountSendingPausedException", "Email sending is disabled", port.ErrUnavailable},
		{"ConfigurationSetSendingPausedException", "paused", port.ErrUnavailable},
		{"ConfigurationSetDoesNotExist", "Configuration set &lt;sparekey&gt; does not exist.", port.ErrUnavailable},
		{"InvalidParameterValue", "Invalid tag value", port.ErrUnavailable},
		{"InvalidParameterValue", "Duplicate header 'To'.", port.ErrUnavailable},
		{"AccessDenied", "User is not authorized to perform `ses:SendRawEmail'", port.ErrUnavailable},
		// Wait:
		{"Throttling", "Maximum sending rate exceeded.", port.ErrThrottled},
		{"Throttling", "Daily message quota exceeded.", port.ErrThrottled},
		{"ThrottlingException", "Rate exceeded", port.ErrThrottled},
	} {
		t.Run(c.code+" "+c.message, func(t *testing.T) {
			t.Parallel()
			id, err := over(says(http.StatusBadRequest, c.code, c.message)).Send(t.Context(), letter())
			if id != "" || !errors.Is(err, c.want) {
				t.Errorf("%q, %v, want %v", id, err, c.want)
			}
			if !errors.Is(c.want, mail.ErrRejected) && errors.Is(err, mail.ErrRejected) {
				t.Error("and the mail is given up")
			}
			discreet(t, err, c.message)
		})
	}
}

// discreet: no type of the SDK and no words of SES, which name addresses, are let
// out.
func discreet(t *testing.T, err error, message string) {
	t.Helper()
	var api smithy.APIError
	var operation *smithy.OperationError
	if errors.As(err, &api) || errors.As(err, &operation) {
		t.Errorf("%T is let out", err)
	}
	if strings.Contains(err.Error(), message) {
		t.Errorf("the words of SES are let out: %v", err)
	}
}

func TestSendUnderEveryFault(t *testing.T) {
	t.Parallel()
	want := map[string]error{
		"throttled":    port.ErrThrottled,
		"unavailable":  port.ErrUnavailable,
		"timeout":      port.ErrUnknown,
		"lost-reply":   port.ErrUnknown,
		"half a reply": port.ErrUnknown,
		"broken":       port.ErrUnknown,
		"overwhelmed":  port.ErrUnknown,
	}
	for fault, on := range faults {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				counted := func(r *http.Request) (*http.Response, error) {
					tries++
					return on(grants)(r)
				}
				begin := time.Now()
				id, err := over(counted).Send(context.Background(), letter())
				if id != "" || !errors.Is(err, want[fault]) {
					t.Errorf("%q, %v, want %v", id, err, want[fault])
				}
				if tries != 1 {
					t.Errorf("%d tries, want one: a second could mail twice", tries)
				}
				if took := time.Since(begin); took > 10*time.Second {
					t.Errorf("ended after %s", took)
				}
				discreet(t, err, "sorry")
			})
		})
	}
}

func TestSendSendsWhatSESAsksFor(t *testing.T) {
	t.Parallel()
	var form url.Values
	m := letter()
	m.Kind = `a "kind"/ü` + strings.Repeat("x", 400)
	id, err := over(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		if form, err = url.ParseQuery(string(body)); err != nil {
			return nil, err
		}
		return grants(r)
	}).Send(t.Context(), m)
	if id != "id-1" || err != nil {
		t.Fatal(id, err)
	}
	for name, want := range map[string]string{
		"Action":                "SendRawEmail",
		"Source":                m.From,
		"Destinations.member.1": m.To,
		"Destinations.member.2": "",
		"ConfigurationSetName":  "sparekey",
		"RawMessage.Data":       base64.StdEncoding.EncodeToString(m.Raw),
		"Tags.member.1.Name":    "district",
		"Tags.member.1.Value":   "springfield",
		"Tags.member.2.Name":    "kind",
		"Tags.member.2.Value":   "a__kind___" + strings.Repeat("x", 245),
	} {
		if got := form.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func TestAMailWithoutLabelsHasNone(t *testing.T) {
	t.Parallel()
	m := letter()
	m.District, m.Kind = "", ""
	_, err := over(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if strings.Contains(string(body), "Tags") {
			t.Errorf("sent %s", body)
		}
		if err != nil {
			return nil, err
		}
		return grants(r)
	}).Send(t.Context(), m)
	if err != nil {
		t.Error(err)
	}
}

func TestWhatNeedsNotBeSentIsNot(t *testing.T) {
	t.Parallel()
	s := over(func(*http.Request) (*http.Response, error) {
		t.Error("something was sent")
		return grants(nil)
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Send(ctx, letter()); !port.NotDone(err) {
		t.Errorf("after its time was up: %v, want an error that says: not done", err)
	}
	m := letter()
	m.To = "marge"
	if _, err := s.Send(t.Context(), m); !errors.Is(err, mail.ErrRejected) {
		t.Errorf("to nobody: %v, want %v", err, mail.ErrRejected)
	}
	m = letter()
	m.From = "springfield"
	if _, err := s.Send(t.Context(), m); !errors.Is(err, port.ErrUnavailable) {
		t.Errorf("from nobody: %v, want %v", err, port.ErrUnavailable)
	}
}
