package embedded

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/port"
)

// Received is one mail as a mail program shows it.
type Received struct {
	ID string    `json:"id"`
	At time.Time `json:"at"`
	// To and From are the envelope's. What the mail says of itself is in Headers.
	To   []string `json:"to"`
	From string   `json:"from"`
	// Subject and Headers are decoded; a header that stands twice is joined with a
	// comma. Names are spelled as in "Message-Id".
	Subject string `json:"subject"`
	// Text and HTML are the first body of each sort, with plain line feeds.
	Text    string            `json:"text"`
	HTML    string            `json:"html"`
	Headers map[string]string `json:"headers"`

	Raw      []byte `json:"-"`
	District string `json:"-"`
	Kind     string `json:"-"`
}

// Mailbox is a [mail.Sender] that sends nothing: it opens every mail and keeps
// it.
type Mailbox struct {
	now  func() time.Time
	mu   sync.Mutex
	sent int // ever: an id is not given twice, even after Empty
	kept []Received
}

var _ mail.Sender = (*Mailbox)(nil)

// NewMailbox returns an empty mailbox that reads the time from now.
func NewMailbox(now func() time.Time) *Mailbox { return &Mailbox{now: now} }

// Send keeps the mail. It rejects a recipient that is no address, and bytes that
// are no mail. A sender that is no address is the district's setting, which can
// be put right: that is no reason to give the mail up.
func (b *Mailbox) Send(ctx context.Context, m mail.Mail) (string, error) {
	if err := over(ctx); err != nil {
		return "", err
	}
	if !isAddress(m.To) {
		return "", fmt.Errorf("%w: the recipient is no address", mail.ErrRejected)
	}
	if !isAddress(m.From) {
		return "", fmt.Errorf("%w: the sender is no address", port.ErrUnavailable)
	}
	r, err := read(m.Raw)
	if err != nil {
		return "", fmt.Errorf("%w: %w", mail.ErrRejected, err)
	}
	r.From, r.To, r.District, r.Kind = m.From, []string{m.To}, m.District, m.Kind
	return b.keep(r), nil
}

func (b *Mailbox) keep(r Received) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sent++
	r.ID, r.At = fmt.Sprintf("mail-%d", b.sent), b.now()
	b.kept = append(b.kept, r)
	return r.ID
}

// All returns every mail that is kept, oldest first.
func (b *Mailbox) All() []Received {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]Received{}, b.kept...) // never nil: JSON shows [] for an empty box
}

// Get finds one mail.
func (b *Mailbox) Get(id string) (Received, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.kept, func(r Received) bool { return r.ID == id })
	if i < 0 {
		return Received{}, false
	}
	return b.kept[i], true
}

// Empty forgets every mail.
func (b *Mailbox) Empty() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept = nil
}

// isAddress tells a bare address. SES speaks no SMTPUTF8, so only ASCII is one.
func isAddress(s string) bool {
	a, err := netmail.ParseAddress(s)
	return err == nil && a.Address == s &&
		!strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// read opens a mail.
func read(raw []byte) (Received, error) {
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Received{}, fmt.Errorf("read header: %w", err)
	}
	r := Received{Raw: bytes.Clone(raw), Headers: map[string]string{}}
	for name, values := range m.Header {
		r.Headers[name] = decoded(strings.Join(values, ", "))
	}
	r.Subject = r.Headers["Subject"]
	if err := r.body(textproto.MIMEHeader(m.Header), m.Body); err != nil {
		return Received{}, err
	}
	return r, nil
}

// body takes the text out of one part, or out of the parts within it.
func (r *Received) body(header textproto.MIMEHeader, body io.Reader) error {
	kind, params := "text/plain", map[string]string{}
	if typ := header.Get("Content-Type"); typ != "" {
		var err error
		if kind, params, err = mime.ParseMediaType(typ); err != nil {
			return fmt.Errorf("read content type: %w", err)
		}
	}
	switch {
	case strings.HasPrefix(kind, "multipart/"):
		return r.parts(multipart.NewReader(body, params["boundary"]))
	case strings.HasPrefix(header.Get("Content-Disposition"), "attachment"):
		return nil
	case kind == "text/plain" && r.Text == "":
		return text(&r.Text, header, body)
	case kind == "text/html" && r.HTML == "":
		return text(&r.HTML, header, body)
	}
	return nil
}

func (r *Received) parts(parts *multipart.Reader) error {
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read part: %w", err)
		}
		if err := r.body(part.Header, part); err != nil {
			return err
		}
	}
}

// text undoes the transfer encoding. Every mail of ours is UTF-8, so no other
// charset is converted.
func text(into *string, header textproto.MIMEHeader, body io.Reader) error {
	switch strings.ToLower(header.Get("Content-Transfer-Encoding")) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	all, err := io.ReadAll(body)
	if err != nil {
		return fmt.Errorf("read body: %w", err)
	}
	*into = strings.ReplaceAll(string(all), "\r\n", "\n")
	return nil
}

// decoded undoes RFC 2047 and leaves alone what is not of it.
func decoded(header string) string {
	plain, err := new(mime.WordDecoder).DecodeHeader(header)
	if err != nil {
		return header
	}
	return plain
}
