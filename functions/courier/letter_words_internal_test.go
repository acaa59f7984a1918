package courier

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/mail"
)

func TestOfAdultsNoNameIsTold(t *testing.T) {
	t.Parallel()
	m, err := everyLetter["usernames"](letterWriter(t, i18n.Default), addressed(letterDistrict(), "en"))
	if o := openMail(t, m, err); strings.Contains(o.text, "Maria") || !strings.Contains(o.text, "Ana L.") {
		t.Error(o.text)
	}
}

func TestAnEndIsToldAsTimeOfDayWithItsZone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, language, zone string
		now, ends            time.Time
		want                 string
	}{
		{"the same day", "en", "America/New_York", sunday, sunday.Add(30 * time.Minute), "Use before 3:45 PM EST today (30 minutes)."},
		{"the same day, in Spanish", "es", "America/New_York", sunday, sunday.Add(30 * time.Minute), "Úselo hoy antes de las 15:45 EST (30 minutos)."},
		{"summer", "en", "America/New_York", sunday.AddDate(0, 6, 0), sunday.AddDate(0, 6, 0).Add(time.Hour), "Use before 5:15 PM EDT today (60 minutes)."},
		{"past midnight", "en", "Europe/Berlin", sunday.Add(150 * time.Minute), sunday.Add(190 * time.Minute), "Use before November 23, 12:25 AM CET (40 minutes)."},
		{"written a moment after the token", "en", "America/New_York", sunday.Add(3 * time.Second), sunday.Add(10 * time.Minute), "Use before 3:25 PM EST today (10 minutes)."},
		{"one minute", "en", "America/New_York", sunday, sunday.Add(time.Minute), "Use before 3:16 PM EST today (1 minute)."},
		{"a week", "en", "America/New_York", sunday, sunday.AddDate(0, 0, 7), "Use before November 29, 3:15 PM EST (7 days)."},
		{"a week, in Spanish", "es", "America/New_York", sunday, sunday.AddDate(0, 0, 7), "Úselo antes del 29 de noviembre, 15:15 EST (7 días)."},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := letterDistrict()
			d.TimeZone = c.zone
			e := addressed(d, c.language)
			e.Now = c.now
			m, err := letterWriter(t, i18n.Default).reset(e, username, linkText, codeText, notMine, c.ends)
			if o := openMail(t, m, err); !strings.Contains(o.text, "\n"+c.want+"\n") {
				t.Errorf("no %q in\n%s", c.want, o.text)
			}
		})
	}
}

func TestEveryRouteOfAChangeIsTold(t *testing.T) {
	t.Parallel()
	for _, route := range []string{"link", "code", "activation", "forced-change"} {
		m, err := letterWriter(t, i18n.Default).changed(addressed(letterDistrict(), "es"), username, route, "", sunday, true, notMine)
		if o := openMail(t, m, err); !strings.Contains(o.text, "\nCómo: ") {
			t.Errorf("%s: %s", route, o.text)
		}
	}
	m, err := letterWriter(t, i18n.Default).changed(addressed(letterDistrict(), "en"), username, "telepathy", "", sunday, true, notMine)
	if o := openMail(t, m, err); strings.Contains(o.text, "telepathy") || strings.Contains(o.text, "How:") {
		t.Error(o.text)
	}
}

// withArabic is a catalogue with a third language, which knows one sentence.
func withArabic() *i18n.Catalogue {
	files := fstest.MapFS{
		"locales/ar/meta.json": {Data: []byte(`{"name": "العربية", "dir": "rtl", "status": "draft", "clock": "15:04", "date": "{day} {month}",
			"months": ["يناير","فبراير","مارس","أبريل","مايو","يونيو","يوليو","أغسطس","سبتمبر","أكتوبر","نوفمبر","ديسمبر"]}`)},
		"locales/ar/mail.json": {Data: []byte(`{"mail.reset.text": "طلب شخص كلمة مرور جديدة للحساب {username}."}`)},
	}
	for _, code := range []string{"en", "es"} {
		for _, name := range []string{"meta.json", "common.json", "mail.json"} {
			path := "locales/" + code + "/" + name
			raw, err := os.ReadFile("../../shared/i18n/" + path)
			if err != nil {
				panic(err)
			}
			files[path] = &fstest.MapFile{Data: raw}
		}
	}
	return i18n.Open(files)
}

func TestOtherLanguagesAlsoGetTheLastLineInEnglish(t *testing.T) {
	t.Parallel()
	d := letterDistrict()
	for _, c := range []struct{ language, want string }{
		{"ar", "\nAbout your school account password. English:\n\n" + siteRoot + "/springfield\n"}, {"en", ""}, {"es", ""},
	} {
		m, err := everyLetter["reset"](letterWriter(t, withArabic()), addressed(d, c.language))
		o := openMail(t, m, err)
		if c.want != "" && !strings.HasSuffix(o.text, c.want) || c.want == "" && strings.Contains(o.text, "English") {
			t.Errorf("%s ends with %q", c.language, o.text[len(o.text)-100:])
		}
	}
	d.Languages = []string{"ar", "en"}
	m, err := everyLetter["reset"](letterWriter(t, withArabic()), addressed(d, "ar"))
	if o := openMail(t, m, err); !strings.HasSuffix(o.text, "\n"+siteRoot+"/springfield?lang=en\n") || strings.Contains(o.text, "?lang=ar") {
		t.Error(o.text)
	}
}

func TestWrittenFromTheRightEachPartKeepsItsDirection(t *testing.T) {
	t.Parallel()
	m, err := everyLetter["reset"](letterWriter(t, withArabic()), addressed(letterDistrict(), "ar"))
	o := openMail(t, m, err)
	for _, want := range []string{
		`<html lang="ar" dir="rtl">`, `<div role="article" aria-roledescription="email" lang="ar" dir="rtl">`, ` align="right"`,
		`للحساب <bdi dir="ltr" style="font-weight:700">mlopez71</bdi>.`,
		`<bdi dir="ltr">` + siteRoot + "/springfield/r/" + linkText + `?lang=ar</bdi>`,
		`<bdi dir="ltr" style="white-space:nowrap">(555) 555-0100</bdi>`,
		`<h1 style="margin:0 0 12px; font-size:26px; line-height:1.25"><span lang="en" dir="ltr">Set a new password</span></h1>`,
	} {
		if !strings.Contains(o.html, want) {
			t.Errorf("no %s in\n%s", want, o.html)
		}
	}
	if !slices.Equal(wordsOfText(o.text), wordsOfHTML(o.html)) {
		t.Errorf("text says\n%s\nHTML says\n%s", o.text, o.html)
	}
}

// mailSentences reads what a language says in mails: every form of every sentence.
func mailSentences(t *testing.T, language string) map[string][]string {
	t.Helper()
	raw, err := os.ReadFile("../../shared/i18n/locales/" + language + "/mail.json")
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	said := map[string][]string{}
	for key, value := range file {
		forms, ok := value.(map[string]any)
		if !ok {
			forms = map[string]any{"other": value}
		}
		for _, form := range slices.Sorted(maps.Keys(forms)) {
			said[key] = append(said[key], forms[form].(string))
		}
	}
	return said
}

func TestSpanishSaysAllThatEnglishSays(t *testing.T) {
	t.Parallel()
	gaps := regexp.MustCompile(`\{[a-z]+\}`)
	en, es := mailSentences(t, "en"), mailSentences(t, "es")
	for key, forms := range en {
		if len(es[key]) == 0 {
			t.Errorf("%s is missing", key)
			continue
		}
		want := slices.Sorted(slices.Values(gaps.FindAllString(forms[0], -1)))
		for _, form := range es[key] {
			if got := slices.Sorted(slices.Values(gaps.FindAllString(form, -1))); !slices.Equal(got, want) {
				t.Errorf("%s: leaves open %q, in English %q", key, got, want)
			}
			if strings.ContainsAny(form, "<>&") {
				t.Errorf("%s: markup in %q", key, form)
			}
		}
	}
	for key := range es {
		if en[key] == nil {
			t.Errorf("%s is not in English", key)
		}
	}
}

func TestEverySentenceIsSaidInSomeLetter(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	add := func(m mail.Mail, err error) {
		o := openMail(t, m, err)
		said.WriteString(o.header(t, "Subject") + o.header(t, "From") + o.text)
	}
	for _, write := range everyLetter {
		add(write(letterWriter(t, i18n.Default), addressed(letterDistrict(), "en")))
		add(write(letterWriter(t, withArabic()), addressed(letterDistrict(), "ar")))
	}
	for _, route := range []string{"link", "code", "activation", "forced-change"} {
		add(letterWriter(t, i18n.Default).changed(addressed(letterDistrict(), "en"), username, route, "", sunday, true, notMine))
	}
	add(letterWriter(t, i18n.Default).reset(addressed(letterDistrict(), "en"), username, linkText, codeText, notMine, sunday.Add(time.Minute)))
	gaps := regexp.MustCompile(`\{[a-z]+\}`)
	for key, forms := range mailSentences(t, "en") {
		if !slices.ContainsFunc(forms, func(form string) bool {
			return !slices.ContainsFunc(gaps.Split(form, -1), func(piece string) bool { return !strings.Contains(said.String(), piece) })
		}) {
			t.Errorf("%s is never said", key)
		}
	}
}
