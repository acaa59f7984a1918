package embedded_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/mail/mailtest"
)

func TestMailboxKeepsTheContract(t *testing.T) {
	t.Parallel()
	mailtest.Run(t, func(*testing.T) (mail.Sender, func(*testing.T) []mailtest.Got) {
		box := embedded.NewMailbox(func() time.Time { return start })
		return box, func(*testing.T) (all []mailtest.Got) {
			for _, r := range box.All() {
				all = append(all, mailtest.Got{ID: r.ID, To: r.To, Raw: r.Raw})
			}
			return all
		}
	})
}

// send puts one mail into a new box and takes it out again.
func send(t *testing.T, lines ...string) embedded.Received {
	t.Helper()
	box := embedded.NewMailbox(func() time.Time { return start })
	id, err := box.Send(context.Background(), mail.Mail{
		From: "no-reply@springfield.example", To: "marge@family.example",
		Raw: []byte(strings.Join(lines, "\r\n")), District: "springfield", Kind: "reset",
	})
	if err != nil {
		t.Fatal(err)
	}
	got, ok := box.Get(id)
	if !ok {
		t.Fatalf("Get(%q) found nothing", id)
	}
	return got
}

func TestAMailIsReadAsAFamilySeesIt(t *testing.T) {
	t.Parallel()
	got := send(t,
		"From: =?utf-8?q?=C3=89cole?= <no-reply@springfield.example>",
		"To: marge@family.example",
		"Subject: =?utf-8?q?Contrase=C3=B1a_nueva_?= =?utf-8?b?8J+UkQ==?=",
		"X-Note: one", "X-Note: two", "X-Odd: =?x-nobody?q?a?=",
		`Content-Type: multipart/mixed; boundary="a"`, "",
		"--a", `Content-Type: multipart/alternative; boundary="b"`, "",
		"--b", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable", "",
		"Tu contrase=C3=B1a, largu=", "=C3=ADsima", "second line",
		"--b", "Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: BASE64", "",
		"PHA+SG9s", "YTwvcD4=",
		"--b--",
		"--a", "Content-Type: text/plain", "Content-Disposition: attachment; filename=x.txt", "",
		"not the text",
		"--a--", "")
	for _, c := range []struct{ what, got, want string }{
		{"subject", got.Subject, "Contraseña nueva 🔑"},
		{"text", got.Text, "Tu contraseña, larguísima\nsecond line"},
		{"html", got.HTML, "<p>Hola</p>"},
		{"from", got.From, "no-reply@springfield.example"},
		{"header From", got.Headers["From"], "École <no-reply@springfield.example>"},
		{"header twice", got.Headers["X-Note"], "one, two"},
		{"header in a strange charset", got.Headers["X-Odd"], "=?x-nobody?q?a?="},
		{"district", got.District, "springfield"},
		{"kind", got.Kind, "reset"},
		{"at", got.At.String(), start.String()},
	} {
		if c.got != c.want {
			t.Errorf("%s = %q, want %q", c.what, c.got, c.want)
		}
	}
}

func TestAPlainMailHasTextOnly(t *testing.T) {
	t.Parallel()
	if got := send(t, "Subject: x", "", "just text"); got.Text != "just text" || got.HTML != "" {
		t.Errorf("text %q, html %q", got.Text, got.HTML)
	}
	if got := send(t, "Content-Type: text/html", "", "<p>x"); got.Text != "" || got.HTML != "<p>x" {
		t.Errorf("text %q, html %q", got.Text, got.HTML)
	}
}

func TestBytesThatAreNoMailAreRejected(t *testing.T) {
	t.Parallel()
	box := embedded.NewMailbox(func() time.Time { return start })
	for _, raw := range []string{
		"", "no header at all",
		"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: text/plain\r\n\r\ncut off",
		"Content-Type: text/\r\n\r\nx",
		"Content-Transfer-Encoding: base64\r\n\r\n!!!",
	} {
		_, err := box.Send(context.Background(), mail.Mail{From: "a@b.example", To: "c@d.example", Raw: []byte(raw)})
		if !errors.Is(err, mail.ErrRejected) {
			t.Errorf("%q: %v, want %v", raw, err, mail.ErrRejected)
		}
	}
	if all := box.All(); len(all) != 0 {
		t.Errorf("%d mails are kept, want none", len(all))
	}
}

func TestTheBoxIsInOrderAndNoIDComesTwice(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	now := start
	box := embedded.NewMailbox(func() time.Time { return now })
	m := mail.Mail{From: "a@b.example", To: "c@d.example", Raw: []byte("Subject: x\r\n\r\nx")}
	var ids []string
	for range 3 {
		id, err := box.Send(ctx, m)
		if err != nil {
			t.Fatal(err)
		}
		ids, now = append(ids, id), now.Add(time.Minute)
	}
	for i, r := range box.All() {
		if r.ID != ids[i] || !r.At.Equal(start.Add(time.Duration(i)*time.Minute)) {
			t.Errorf("mail %d is %s of %s", i, r.ID, r.At)
		}
	}
	box.Empty()
	if _, ok := box.Get(ids[0]); ok || len(box.All()) != 0 {
		t.Error("the box is not empty")
	}
	if id, err := box.Send(ctx, m); err != nil || id == ids[0] {
		t.Errorf("after Empty: %q, %v, want an id that was not given before", id, err)
	}
}

func TestAMailIsThisJSON(t *testing.T) {
	t.Parallel()
	got, err := json.Marshal(send(t, "Subject: x", "", "text"))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"id":"mail-1","at":"2026-11-22T10:00:00Z","to":["marge@family.example"],` +
		`"from":"no-reply@springfield.example","subject":"x","text":"text","html":"","headers":{"Subject":"x"}}`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	empty, err := json.Marshal(embedded.NewMailbox(time.Now).All())
	if err != nil || string(empty) != "[]" {
		t.Errorf("an empty box is %s, %v, want []", empty, err)
	}
}
