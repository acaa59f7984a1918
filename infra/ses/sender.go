// Package ses is the mail port on Amazon SES.
//
// It promises what [mail.Sender] promises: accepted means that SES has it, once.
// SES replaces the Date and Message-ID that it finds and adds headers of its own;
// all else arrives as it was handed over. The recipient is the envelope's, and
// whatever the mail's own headers say, nobody else.
//
// It leaves pacing and trying again to the courier, and to the template the
// configuration set, through which bounces and complaints are reported.
//
// Read [outcome] first: it decides what is lost, what waits and what is in doubt.
package ses

import (
	"cmp"
	"context"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ses"
	"github.com/aws/aws-sdk-go-v2/service/ses/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/sparekey/sparekey/infra/reply"
	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/port"
)

// sendDeadline is the default; the courier's lease is much longer.
const sendDeadline = 10 * time.Second

// Config says how to reach SES.
type Config struct {
	ConfigurationSet string
	Region           string
	Endpoint         string // empty: Amazon's own
	Credentials      aws.CredentialsProvider
	// Deadline is how long a call may take, 10 s if 0.
	Deadline time.Duration
	// HTTP sends requests; nil: the SDK's own client.
	HTTP sdk.HTTPClient
	// APIOptions amend the SDK's middleware: what a test puts into its way.
	APIOptions []func(*middleware.Stack) error
}

// Sender is a [mail.Sender].
type Sender struct {
	config Config
	send   func(context.Context, *sdk.SendRawEmailInput, ...func(*sdk.Options)) (*sdk.SendRawEmailOutput, error)
}

var _ mail.Sender = (*Sender)(nil)

// Open makes the sender. It dials nothing and reads no file: the SDK's own way to
// find its configuration would cost every start of a function some milliseconds.
//
// The SDK repeats nothing: a mail without an answer may be on its way, and a
// second one is for the courier to decide.
func Open(c Config) *Sender {
	c.Deadline = cmp.Or(c.Deadline, sendDeadline)
	options := sdk.Options{
		Region:      c.Region,
		Credentials: c.Credentials,
		Retryer:     aws.NopRetryer{},
		APIOptions:  c.APIOptions,
	}
	if c.HTTP != nil {
		options.HTTPClient = c.HTTP
	}
	if c.Endpoint != "" {
		options.BaseEndpoint = &c.Endpoint
	}
	return &Sender{config: c, send: sdk.New(options).SendRawEmail}
}

// Send hands the mail over.
func (s *Sender) Send(ctx context.Context, m mail.Mail) (string, error) {
	if err := reply.Over(ctx); err != nil {
		return "", err
	}
	if err := addressed(m); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.Deadline)
	defer cancel()
	out, err := s.send(ctx, s.request(m))
	if err != nil {
		return "", outcome(err)
	}
	return aws.ToString(out.MessageId), nil
}

func (s *Sender) request(m mail.Mail) *sdk.SendRawEmailInput {
	in := &sdk.SendRawEmailInput{
		Source:       &m.From,
		Destinations: []string{m.To},
		RawMessage:   &types.RawMessage{Data: m.Raw},
		Tags:         append(tag("district", m.District), tag("kind", m.Kind)...),
	}
	if s.config.ConfigurationSet != "" {
		in.ConfigurationSetName = &s.config.ConfigurationSet
	}
	return in
}

// tag labels the mail in SES's reports. SES takes up to 255 letters, digits,
// underscores and dashes: the rest becomes an underscore, for a mail must not
// fail over its label. Without a value there is no tag.
func tag(name, value string) []types.MessageTag {
	if value == "" {
		return nil
	}
	value = strings.Map(tagRune, value)
	value = value[:min(len(value), 255)]
	return []types.MessageTag{{Name: &name, Value: &value}}
}

func tagRune(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-':
		return r
	}
	return '_'
}

// addressed looks at the envelope before SES does, because SES does not say whose
// address it means: a recipient that is none is the end of this mail, a sender
// that is none is the district's setting and can be put right.
func addressed(m mail.Mail) error {
	if !isAddress(m.To) {
		return fmt.Errorf("%w: the recipient is no address", mail.ErrRejected)
	}
	if !isAddress(m.From) {
		return fmt.Errorf("%w: the sender is no address", port.ErrUnavailable)
	}
	return nil
}

// isAddress tells a bare address. SES speaks no SMTPUTF8, so only ASCII is one.
func isAddress(s string) bool {
	a, err := netmail.ParseAddress(s)
	return err == nil && a.Address == s &&
		!strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
