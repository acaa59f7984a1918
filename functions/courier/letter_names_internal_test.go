package courier

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/mail"
)

// nastyNames are names that try to be more than names.
var nastyNames = []string{
	`"><img src=x>`,
	"x\r\nBcc: a@example.org",
	"x\nBcc: a@example.org\n\nfree money",
	`" <evil@example.org>, "x`,
	"--=_sparekey--",
	"=?utf-8?q?=0D=0ABcc:_a=40example.org?=",
	"\uE000x\uE001y\uE002\uE003</bdi>\u202Egro.elpmaxe\u2069",
	"{username} {{.Code}} {n}",
	"\x00\x1b[31m\u0085\u2028",
	"a\xff\xfeb",
}

func TestMarkupAndLineBreaksInNamesDoNothing(t *testing.T) {
	t.Parallel()
	for _, name := range nastyNames {
		d := letterDistrict()
		d.Name, d.Office, d.Phone, d.Hours = name, name, name, name
		eachLetter(t, d, func(t *testing.T, o openedMail) { checkHarmless(t, o, name) })
		for _, a := range []listed{{name, name, district.Student}, {name, name, district.Guardian}} {
			m, err := letterWriter(t, i18n.Default).usernames(addressed(letterDistrict(), "en"), []listed{a})
			checkHarmless(t, openMail(t, m, err), name)
		}
		m, err := letterWriter(t, i18n.Default).changed(addressed(letterDistrict(), "en"), name, name, name, sunday, true, notMine)
		checkHarmless(t, openMail(t, m, err), name)
		m, err = letterWriter(t, i18n.Default).elsewhere(addressed(letterDistrict(), "en"), name, name)
		checkHarmless(t, openMail(t, m, err), name)
		m, err = letterWriter(t, i18n.Default).disputed(addressed(letterDistrict(), "en"), name, sunday)
		checkHarmless(t, openMail(t, m, err), name)
	}
}

func checkHarmless(t *testing.T, o openedMail, name string) {
	t.Helper()
	from, err := o.head.AddressList("From")
	if err != nil || len(from) != 1 || from[0].Address != "no-reply@signin.springfield.example" {
		t.Errorf("%q: from %v, %v", name, from, err)
	}
	if len(o.head) != 11 || len(o.head["Subject"]) != 1 || strings.ContainsAny(o.header(t, "Subject"), "\r\n\x00") {
		t.Errorf("%q: headers %q", name, o.head)
	}
	for _, bad := range []string{"\x00", "\x1b", "\u202e", "\ue000", "\ue001", "\ue002", "\ue003", "\ue004", "\r", "\nBcc", "\nfree"} {
		if strings.Contains(o.text+o.html, bad) {
			t.Errorf("%q: %q is in the mail", name, bad)
		}
	}
	if strings.Contains(o.html, "<img") {
		t.Errorf("%q: an image in the HTML", name)
	}
	if n, m := strings.Count(o.html, "<bdi"), strings.Count(o.html, "</bdi>"); n != m {
		t.Errorf("%q: %d bdi opened, %d closed", name, n, m)
	}
	if !slices.Equal(wordsOfText(o.text), wordsOfHTML(o.html)) {
		t.Errorf("%q: text says\n%q\nHTML says\n%q", name, o.text, o.html)
	}
}

func TestAValueKeepsWhatNamesNeed(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"José Ñúñez-O’Brien":      "José Ñúñez-O’Brien",
		"علی\u200cرضا":            "علی\u200cرضا",
		"Ana\u00ad López\u202e":   "Ana López",
		"a\u2028b":                "a b",
		" two\u00a0  words\t":     "two words",
		"x\r\nBcc: a@example.org": "x Bcc: a@example.org",
	} {
		if got := plain(value); got != want {
			t.Errorf("plain(%q) = %q, want %q", value, got, want)
		}
	}
}

func TestOnlyToOneBareAddress(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "maria", "a@example.org, b@example.org", "Maria <a@example.org>", "a@example.org\r\nBcc: b@example.org", " a@example.org"} {
		e := addressed(letterDistrict(), "en")
		e.To = address
		if _, err := everyLetter["reset"](letterWriter(t, i18n.Default), e); !errors.Is(err, mail.ErrRejected) {
			t.Errorf("to %q: %v", address, err)
		}
	}
}
