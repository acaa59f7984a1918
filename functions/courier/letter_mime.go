package courier

import (
	"bytes"
	"fmt"
	netmail "net/mail"
	"net/url"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/sparekey/sparekey/shared/mail"
)

// boundary divides text from HTML. It may be the same in every mail: both parts
// are quoted-printable, in which "=_" cannot occur (RFC 2045, 6.7), so no name
// and no sentence can ever contain it. And with nothing random in it a mail that
// is written twice is the same mail.
const boundary = "=_sparekey"

// finish renders the letter and puts it in its envelope.
func (w *writing) finish() (mail.Mail, error) {
	from, err := netmail.ParseAddress(w.District.MailFrom)
	if err != nil {
		return mail.Mail{}, fmt.Errorf("sender of district %s: %w", w.District.Slug, err)
	}
	w.opened()
	text, err := w.on(asText)
	if err != nil {
		return mail.Mail{}, fmt.Errorf("letter %s as text: %w", w.kind, err)
	}
	html, err := w.on(asHTML)
	if err != nil {
		return mail.Mail{}, fmt.Errorf("letter %s as HTML: %w", w.kind, err)
	}
	message, err := w.headed(from.Address)
	if err != nil {
		return mail.Mail{}, err
	}
	message.SetBodyString(gomail.TypeTextPlain, text)
	message.AddAlternativeString(gomail.TypeTextHTML, html)
	var raw bytes.Buffer
	if _, err := message.WriteTo(&raw); err != nil {
		return mail.Mail{}, fmt.Errorf("letter %s: %w", w.kind, err)
	}
	return mail.Mail{From: from.Address, To: w.To, Raw: raw.Bytes(), District: w.District.Slug, Kind: w.kind}, nil
}

// headed makes a message with all its headers and no body yet. Names go into
// addresses as values, never as text that is parsed.
func (w *writing) headed(from string) (*gomail.Msg, error) {
	to, err := netmail.ParseAddress(w.To)
	if err != nil || to.Address != w.To {
		return nil, fmt.Errorf("%w: not one bare address", mail.ErrRejected)
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithBoundary(boundary))
	m.FromMailAddress(&netmail.Address{Name: w.common("sender", "district", w.District.Name).Plain(), Address: from})
	m.ToMailAddress(to)
	if w.District.MailReplyTo != "" {
		reply, err := netmail.ParseAddress(w.District.MailReplyTo)
		if err != nil {
			return nil, fmt.Errorf("reply address of district %s: %w", w.District.Slug, err)
		}
		m.ReplyToMailAddress(&netmail.Address{Address: reply.Address})
	}
	m.Subject(w.subject().Plain())
	m.SetDateWithValue(w.District.In(w.Now).Truncate(time.Second))
	_, domain, _ := strings.Cut(from, "@")
	m.SetMessageIDWithValue(url.QueryEscape(w.ID) + "@" + domain)
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetGenHeader(gomail.HeaderXAutoResponseSuppress, "All")
	m.SetGenHeader("Content-Language", w.language.Code)
	m.SetGenHeader(gomail.HeaderContentType, `multipart/alternative; boundary="`+boundary+`"`)
	return m, nil
}
