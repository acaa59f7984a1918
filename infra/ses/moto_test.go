package ses_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ses"
	"github.com/aws/aws-sdk-go-v2/service/ses/types"
	"github.com/aws/smithy-go"

	"github.com/sparekey/sparekey/infra/emulator"
	"github.com/sparekey/sparekey/infra/ses"
	"github.com/sparekey/sparekey/infra/tools"
	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/mail/mailtest"
	"github.com/sparekey/sparekey/shared/port"
)

// moto is SES in moto, emptied, with the sender's domain verified.
type moto struct {
	endpoint string
	api      *sdk.Client
}

func newMoto(t *testing.T) moto {
	t.Helper()
	m := moto{endpoint: tools.Moto(t)}
	m.empty(t)
	if err := emulator.VerifyDomain(t.Context(), m.endpoint, "springfield.example"); err != nil {
		t.Fatal(err)
	}
	m.api = sdk.New(sdk.Options{
		Region: emulator.Region, BaseEndpoint: &m.endpoint, Credentials: credentials(), Retryer: aws.NopRetryer{},
	})
	return m
}

// empty has moto forget everything.
func (m moto) empty(t *testing.T) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, m.endpoint+"/moto-api/reset", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := emulator.Client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatal(response.Status)
	}
}

// read is everything that moto took in.
func (m moto) read(t *testing.T) (all []mailtest.Got) {
	t.Helper()
	for _, raw := range tools.Mails(t, m.endpoint) {
		all = append(all, mailtest.Got{ID: raw.ID, To: raw.Destinations, Raw: []byte(raw.Raw)})
	}
	return all
}

// open opens a sender on moto; through is what lies between, if anything.
func (m moto) open(through func(wire) wire) *ses.Sender {
	config := ses.Config{ConfigurationSet: "sparekey", Region: emulator.Region, Endpoint: m.endpoint, Credentials: credentials()}
	if through != nil {
		config.HTTP = through(http.DefaultClient.Do)
	}
	return ses.Open(config)
}

func TestSESKeepsTheContract(t *testing.T) {
	mailtest.Run(t, func(t *testing.T) (mail.Sender, func(*testing.T) []mailtest.Got) {
		m := newMoto(t)
		return m.open(nil), m.read
	}, "the envelope's recipient gets it, and nobody else") // see TestMotoIsWrong
}

func TestFaultsBeforeAndAfterMotoHeard(t *testing.T) {
	for fault, c := range map[string]struct {
		want    error
		arrives int
	}{
		"throttled":   {port.ErrThrottled, 0},
		"unavailable": {port.ErrUnavailable, 0},
		"timeout":     {port.ErrUnknown, 0},
		"lost-reply":  {port.ErrUnknown, 1},
	} {
		t.Run(fault, func(t *testing.T) {
			m := newMoto(t)
			ctx := t.Context()
			if fault == "timeout" { // alone: the others are not about time, on however slow a machine
				short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
				defer cancel()
				ctx = short
			}
			if _, err := m.open(faults[fault]).Send(ctx, letter()); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if n := len(m.read(t)); n != c.arrives {
				t.Errorf("%d mails arrived, want %d", n, c.arrives)
			}
		})
	}
}

// TestMotoIsWrong asserts what moto answers today where SES would answer
// something else. A failure here is good news: it says that moto has learned, and
// that a test above may now prove more.
func TestMotoIsWrong(t *testing.T) {
	for wrong, shown := range map[string]func(*testing.T, moto){
		"whom the headers name gets the mail too":       headersAddress,
		"a sender not verified is told in other words":  notVerified,
		"an unknown configuration set is accepted":      unknownSet,
		"a recipient with a space in it is accepted":    spacedRecipient,
		"tags that SES forbids are accepted":            forbiddenTags,
		"nothing is throttled, however fast it is sent": notThrottled,
	} {
		t.Run(wrong, func(t *testing.T) { shown(t, newMoto(t)) })
	}
}

// raw sends without our driver.
func (m moto) raw(t *testing.T, change func(*sdk.SendRawEmailInput)) error {
	t.Helper()
	in := &sdk.SendRawEmailInput{
		Source: aws.String(mailtest.Sender), Destinations: []string{"marge@family.example"},
		RawMessage: &types.RawMessage{Data: letter().Raw},
	}
	change(in)
	_, err := m.api.SendRawEmail(t.Context(), in)
	return err
}

func headersAddress(t *testing.T, m moto) {
	l := letter()
	l.Raw = append([]byte("Cc: third@family.example\r\n"), l.Raw...)
	if _, err := m.open(nil).Send(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if got := m.read(t)[0].To; !slices.Contains(got, "third@family.example") {
		t.Errorf("went to %q", got)
	}
}

func notVerified(t *testing.T, m moto) {
	err := m.raw(t, func(in *sdk.SendRawEmailInput) { in.Source = aws.String("a@elsewhere.example") })
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "MessageRejected" ||
		api.ErrorMessage() != "Did not have authority to send from email a@elsewhere.example" {
		t.Error(err)
	}
	l := letter()
	l.From = "a@elsewhere.example"
	if _, err := m.open(nil).Send(t.Context(), l); !errors.Is(err, port.ErrUnavailable) {
		t.Errorf("%v, want %v in whatever words", err, port.ErrUnavailable)
	}
}

func unknownSet(t *testing.T, m moto) {
	if err := m.raw(t, func(in *sdk.SendRawEmailInput) { in.ConfigurationSetName = aws.String("nobody-made-this") }); err != nil {
		t.Error(err)
	}
}

func spacedRecipient(t *testing.T, m moto) {
	if err := m.raw(t, func(in *sdk.SendRawEmailInput) { in.Destinations = []string{"ma rge@family.example"} }); err != nil {
		t.Error(err)
	}
}

func forbiddenTags(t *testing.T, m moto) {
	err := m.raw(t, func(in *sdk.SendRawEmailInput) {
		in.Tags = []types.MessageTag{{Name: aws.String("a name"), Value: aws.String("ü")}}
	})
	if err != nil {
		t.Error(err)
	}
}

func notThrottled(t *testing.T, m moto) {
	for range 20 { // the sandbox allows one a second
		if err := m.raw(t, func(*sdk.SendRawEmailInput) {}); err != nil {
			t.Error(err)
		}
	}
}
