package courier

import (
	"bytes"
	"maps"
	netmail "net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sparekey/sparekey/shared/i18n"
)

func TestNothingIsRemoteAndALetterIsSmall(t *testing.T) {
	t.Parallel()
	eachLetter(t, letterDistrict(), func(t *testing.T, o openedMail) {
		for _, bad := range []string{"<img", "<link", "<script", "<iframe", "url(", "@import", "background=", "src="} {
			if strings.Contains(strings.ToLower(o.html), bad) {
				t.Errorf("HTML has %q", bad)
			}
		}
		for _, address := range regexp.MustCompile(`[a-z]+://[^\s"<]*`).FindAllString(o.text+o.html, -1) {
			if !strings.HasPrefix(address, siteRoot+"/springfield") && address != "https://portal.springfield.example/" {
				t.Errorf("an address that is not ours: %q", address)
			}
		}
		if len(o.Raw) >= 20_000 {
			t.Errorf("%d bytes", len(o.Raw))
		}
	})
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	eachLetter(t, letterDistrict(), func(t *testing.T, o openedMail) {
		_, language, _ := strings.Cut(t.Name(), ".")
		sender := map[string]string{"en": "Springfield Schools Sign-in Help", "es": "Springfield Schools: ayuda para entrar"}[language]
		from, err := o.head.AddressList("From")
		if err != nil || len(from) != 1 || *from[0] != (netmail.Address{Name: sender, Address: "no-reply@signin.springfield.example"}) {
			t.Errorf("from %v, %v", from, err)
		}
		for name, want := range map[string]string{
			"To": "<maria@example.com>", "Reply-To": "<help@springfield.example>",
			"Date": "Sun, 22 Nov 2026 15:15:00 -0500", "Message-Id": "<01JD%2F1@signin.springfield.example>",
			"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All",
			"Content-Language": language, "Mime-Version": "1.0",
		} {
			if got := o.head[name]; !slices.Equal(got, []string{want}) {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		if len(o.head) != 11 { // those, From, Subject and Content-Type: no Bcc, no unsubscribe, no mark of a program
			t.Errorf("headers %q", slices.Sorted(maps.Keys(o.head)))
		}
		if o.From != "no-reply@signin.springfield.example" || o.To != "maria@example.com" || o.District != "springfield" {
			t.Errorf("envelope from %q to %q, filed under %q", o.From, o.To, o.District)
		}
	})
}

func TestSubjectBeginsWithTheDistrictAndGivesNothingAway(t *testing.T) {
	t.Parallel()
	eachLetter(t, letterDistrict(), func(t *testing.T, o openedMail) {
		subject := o.header(t, "Subject")
		if !strings.HasPrefix(subject, "Springfield Schools: ") {
			t.Errorf("subject %q", subject)
		}
		if n := len([]rune(subject)) - len("Springfield Schools"); n > 38 {
			t.Errorf("%q is %d characters beside the district's name", subject, n)
		}
		for _, secret := range []string{username, codeText, spelled, linkText, notMine, "01JDB3Z7Q4M8N5T2"} {
			if strings.Contains(subject, secret) {
				t.Errorf("subject %q", subject)
			}
		}
	})
}

func TestNoReplyAddressNoHeader(t *testing.T) {
	t.Parallel()
	d := letterDistrict()
	d.MailReplyTo = ""
	m, err := everyLetter["reset"](letterWriter(t, i18n.Default), addressed(d, "en"))
	if got, there := openMail(t, m, err).head["Reply-To"]; there {
		t.Errorf("Reply-To: %q", got)
	}
}

func TestWritingALetterTwiceMakesTheSameMail(t *testing.T) {
	t.Parallel()
	for name, write := range everyLetter {
		one, _ := write(letterWriter(t, i18n.Default), addressed(letterDistrict(), "en"))
		two, _ := write(letterWriter(t, i18n.Default), addressed(letterDistrict(), "en"))
		if len(one.Raw) == 0 || !bytes.Equal(one.Raw, two.Raw) {
			t.Errorf("%s: two mails", name)
		}
	}
}
