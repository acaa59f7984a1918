// Package mailtest is what every driver of the mail port has to pass.
//
// It promises that what was composed is what arrives, once and at one address. It
// leaves to the drivers' own tests how an answer of the outside is understood,
// and what is done when none comes.
//
// Read [Run] first: its list is the contract.
package mailtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/port"
)

// Sender is the address that these tests send from. A driver that asks for
// permission to send has to have it for this one.
const Sender = "no-reply@springfield.example"

// Got is one mail as it was taken in by the mail service.
type Got struct {
	ID  string
	To  []string // one address may stand twice
	Raw []byte
}

// Open returns a sender that has sent nothing yet, and a way to read what it sent.
type Open func(t *testing.T) (sender mail.Sender, read func(t *testing.T) []Got)

// Run holds a driver to the contract. Known names what the outside, an emulator
// say, is known to get wrong: those are skipped, and the driver's tests assert
// the wrong answers instead.
func Run(t *testing.T, open Open, known ...string) {
	t.Helper()
	for _, promise := range promises {
		t.Run(promise.name, func(t *testing.T) {
			if slices.Contains(known, promise.name) {
				t.Skip("known to be answered wrongly here")
			}
			sender, read := open(t)
			promise.kept(bench{t, sender, read})
		})
	}
}

var promises = []struct {
	name string
	kept func(bench)
}{
	{"what is handed over is what arrives, byte for byte", bytesArrive},
	{"the envelope's recipient gets it, and nobody else", oneRecipient},
	{"every mail has an id of its own", idsDiffer},
	{"a recipient that is no address is rejected", noAddressRejected},
	{"a sender that is no address is not the end of the mail", noSenderUnavailable},
	{"tags may be any text", anyTags},
	{"a call whose time was up before is not done", overIsNotDone},
	{"many at once all arrive", manyAtOnce},
}

const to = "marge@family.example"

// letter is a mail as we compose them: two bodies, foreign letters, long lines.
var letter = strings.ReplaceAll(`Date: Sun, 22 Nov 2026 10:00:00 +0000
Message-ID: <1@springfield.example>
From: =?utf-8?q?Springfield_Schools?= <no-reply@springfield.example>
To: marge@family.example
Subject: =?utf-8?q?Contrase=C3=B1a?=
Auto-Submitted: auto-generated
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="=_part"

--=_part
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Hola Marge, para elegir una contrase=C3=B1a nueva:
https://recover.springfield.example/springfield/r/AAAAAAAAAAAAAAAAAAAAAAAAA=
AAAAAAAA
..a line that begins with dots
 a line that begins with a space, and one that ends with one=20

--=_part
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<p>Hola Marge &amp; familia</p>

--=_part--
`, "\n", "\r\n")

// bench is a test with the sender on it.
type bench struct {
	*testing.T
	sender mail.Sender
	read   func(*testing.T) []Got
}

func (b bench) send(m mail.Mail) string {
	b.Helper()
	id, err := b.sender.Send(context.Background(), m)
	if err != nil {
		b.Fatalf("Send: %v", err)
	}
	if id == "" {
		b.Error("Send gave no id")
	}
	return id
}

func ordinary() mail.Mail {
	return mail.Mail{From: Sender, To: to, Raw: []byte(letter), District: "springfield", Kind: "reset"}
}

// bytesArrive lets a mail service put headers of its own in front, as every one
// of them does.
func bytesArrive(b bench) {
	id := b.send(ordinary())
	all := b.read(b.T)
	if len(all) != 1 || all[0].ID != id {
		b.Fatalf("%d mails arrived, want one with id %q", len(all), id)
	}
	if !bytes.HasSuffix(all[0].Raw, []byte(letter)) {
		b.Errorf("arrived:\n%q\nwant:\n%q", all[0].Raw, letter)
	}
}

// oneRecipient writes somebody else's name on the letter. The envelope decides: a
// link must not go where nobody decided that it should.
func oneRecipient(b bench) {
	m := ordinary()
	m.Raw = bytes.Replace(m.Raw, []byte("To: "+to), []byte("To: other@family.example\r\nCc: third@family.example"), 1)
	b.send(m)
	for _, got := range b.read(b.T) {
		if slices.Sort(got.To); !slices.Equal(slices.Compact(got.To), []string{to}) {
			b.Errorf("went to %q, want %q alone", got.To, to)
		}
	}
}

func idsDiffer(b bench) {
	if one, two := b.send(ordinary()), b.send(ordinary()); one == two {
		b.Errorf("both are %q", one)
	}
}

func noAddressRejected(b bench) {
	for _, bad := range []string{
		"", "marge", "marge@", "@family.example", "marge @family.example", "marge@family.example ",
		"Marge <marge@family.example>", "marge@family.example, bart@family.example",
		"marge@family.example\r\nBcc: x@example.org", "märge@family.example", "marge@fämily.example",
	} {
		m := ordinary()
		m.To = bad
		if id, err := b.sender.Send(context.Background(), m); !errors.Is(err, mail.ErrRejected) || id != "" {
			b.Errorf("to %q: %q, %v, want %v", bad, id, err, mail.ErrRejected)
		}
	}
	b.nothingArrived()
}

// noSenderUnavailable: who it is from is a setting, and settings are put right.
func noSenderUnavailable(b bench) {
	m := ordinary()
	m.From = "springfield"
	if _, err := b.sender.Send(context.Background(), m); !errors.Is(err, port.ErrUnavailable) || errors.Is(err, mail.ErrRejected) {
		b.Errorf("%v, want %v", err, port.ErrUnavailable)
	}
	b.nothingArrived()
}

func anyTags(b bench) {
	m := ordinary()
	m.District, m.Kind = "", `St. Mary's "Ünited" district / `+strings.Repeat("x", 400)
	b.send(m)
}

func overIsNotDone(b bench) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := b.sender.Send(ctx, ordinary()); !port.NotDone(err) {
		b.Errorf("%v, want an error that says: not done", err)
	}
	b.nothingArrived()
}

func manyAtOnce(b bench) {
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			m := ordinary()
			m.To = fmt.Sprintf("parent-%d@family.example", i)
			m.Raw = bytes.Replace(m.Raw, []byte(to), []byte(m.To), 1)
			if _, err := b.sender.Send(context.Background(), m); err != nil {
				b.Errorf("Send: %v", err)
			}
		})
	}
	all.Wait()
	ids := map[string]bool{}
	for _, got := range b.read(b.T) {
		ids[got.ID] = true
		if !bytes.Contains(got.Raw, []byte("To: "+got.To[0]+"\r\n")) {
			b.Errorf("the mail to %q is somebody else's", got.To)
		}
	}
	if len(ids) != 8 {
		b.Errorf("%d mails arrived, want 8", len(ids))
	}
}

func (b bench) nothingArrived() {
	b.Helper()
	if n := len(b.read(b.T)); n != 0 {
		b.Errorf("%d mails arrived, want none", n)
	}
}
