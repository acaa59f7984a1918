package courier

import (
	"bytes"
	"errors"
	"flag"
	"html"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/web"
)

var update = flag.Bool("update", false, "write the letters in testdata anew")

const (
	siteRoot = "https://signin.example.org"
	linkText = "7kd2mq9vx4tznp3w8hf5rj6cbyg1s0ae7kd2mq9vx4tznp3w8hf5"
	username = "mlopez71"
	notMine  = "q3v8nt5kx2mz7wp4hd9rj6cfyb1g0sae5q3v8nt5kx2mz7wp4hd9"
	codeText = "K7QM2RXP"
	spelled  = "K7QM-2RXP"
)

// sunday is an afternoon in the district's winter: 3:15 PM EST.
var sunday = time.Date(2026, time.November, 22, 20, 15, 0, 0, time.UTC)

func letterDistrict() district.District {
	d := district.Default("springfield", "Springfield Schools")
	d.Office, d.Phone, d.Hours = "Family help desk", "(555) 555-0100", "Mon–Fri 8 AM–4 PM"
	d.MailFrom, d.MailReplyTo = "no-reply@signin.springfield.example", "help@springfield.example"
	d.Portal = "https://portal.springfield.example/"
	return d
}

func addressed(d district.District, language string) envelope {
	return envelope{District: d, Language: language, To: "maria@example.com", Now: sunday, ID: "01JD/1"}
}

func letterWriter(t *testing.T, words *i18n.Catalogue) letters {
	t.Helper()
	u, err := url.Parse(siteRoot)
	if err != nil {
		t.Fatal(err)
	}
	return letters{Site: web.NewSite(u), Words: words}
}

// everyLetter is each letter there is, by the name of its files in testdata.
var everyLetter = map[string]func(letters, envelope) (mail.Mail, error){
	"reset": func(l letters, e envelope) (mail.Mail, error) {
		return l.reset(e, username, linkText, codeText, notMine, sunday.Add(30*time.Minute))
	},
	"activation": func(l letters, e envelope) (mail.Mail, error) {
		return l.activation(e, username, linkText, codeText, notMine, sunday.AddDate(0, 0, 7))
	},
	"username": func(l letters, e envelope) (mail.Mail, error) {
		return l.usernames(e, []listed{{Username: username, Role: district.Guardian}})
	},
	"usernames": func(l letters, e envelope) (mail.Mail, error) {
		return l.usernames(e, []listed{
			{Username: username, Name: "Maria L.", Role: district.Guardian},
			{Username: "alopez7", Name: "Ana L.", Role: district.Student},
			{Username: "blopez9", Role: district.Staff},
		})
	},
	"elsewhere": func(l letters, e envelope) (mail.Mail, error) { return l.elsewhere(e, username, "Google") },
	"elsewhere-without-portal": func(l letters, e envelope) (mail.Mail, error) {
		e.District.Portal = ""
		return l.elsewhere(e, username, "Google")
	},
	"changed": func(l letters, e envelope) (mail.Mail, error) {
		return l.changed(e, username, "link", "Chrome, Android", sunday.Add(-time.Minute), true, notMine)
	},
	"may-have-changed": func(l letters, e envelope) (mail.Mail, error) {
		return l.changed(e, username, "code", "", sunday.Add(-time.Minute), false, notMine)
	},
	"disputed": func(l letters, e envelope) (mail.Mail, error) {
		return l.disputed(e, "01JDB3Z7Q4M8N5T2", sunday.Add(-time.Minute))
	},
}

// openedMail is a mail as a mail program has it.
type openedMail struct {
	mail.Mail
	head       netmail.Header
	text, html string
}

func openMail(t *testing.T, m mail.Mail, err error) openedMail {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	message, err := netmail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("a mail of type %q, %v", kind, err)
	}
	parts := multipart.NewReader(message.Body, params["boundary"])
	o := openedMail{Mail: m, head: message.Header}
	o.text = nextPart(t, parts, "text/plain; charset=UTF-8")
	o.html = nextPart(t, parts, "text/html; charset=UTF-8")
	if _, err := parts.NextRawPart(); !errors.Is(err, io.EOF) {
		t.Fatalf("a third part: %v", err)
	}
	return o
}

// nextPart reads the next part, which must be of that type and quoted-printable.
func nextPart(t *testing.T, parts *multipart.Reader, kind string) string {
	t.Helper()
	p, err := parts.NextRawPart()
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Header.Get("Content-Type"); got != kind {
		t.Fatalf("part is %q, want %q", got, kind)
	}
	if got := p.Header.Get("Content-Transfer-Encoding"); got != "quoted-printable" {
		t.Fatalf("part is encoded as %q", got)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(p))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

// header is one header, decoded.
func (o openedMail) header(t *testing.T, name string) string {
	t.Helper()
	text, err := new(mime.WordDecoder).DecodeHeader(o.head.Get(name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// eachLetter runs a test on every letter in both languages, from that district.
func eachLetter(t *testing.T, d district.District, check func(t *testing.T, o openedMail)) {
	t.Helper()
	for _, language := range []string{"en", "es"} {
		for _, name := range slices.Sorted(maps.Keys(everyLetter)) {
			t.Run(name+"."+language, func(t *testing.T) {
				m, err := everyLetter[name](letterWriter(t, i18n.Default), addressed(d, language))
				check(t, openMail(t, m, err))
			})
		}
	}
}

func TestLettersReadAsTheyDid(t *testing.T) {
	t.Parallel()
	eachLetter(t, letterDistrict(), func(t *testing.T, o openedMail) {
		var text strings.Builder
		for _, name := range slices.Sorted(maps.Keys(o.head)) {
			text.WriteString(name + ": " + o.header(t, name) + "\n")
		}
		text.WriteString("\n" + o.text)
		_, name, _ := strings.Cut(t.Name(), "/")
		sameAsBefore(t, name+".txt", text.String())
		sameAsBefore(t, name+".html", o.html)
	})
}

func sameAsBefore(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s reads otherwise; if that is better: go test ./functions/courier -update\n%s", path, got)
	}
}

func TestTextAndHTMLHaveTheSameWordsInTheSameOrder(t *testing.T) {
	t.Parallel()
	eachLetter(t, letterDistrict(), func(t *testing.T, o openedMail) {
		text, html := wordsOfText(o.text), wordsOfHTML(o.html)
		if !slices.Equal(text, html) {
			t.Errorf("text says\n%q\nHTML says\n%q", text, html)
		}
		if len(text) < 40 {
			t.Errorf("only %d words: %q", len(text), text)
		}
	})
}

var (
	textRules   = regexp.MustCompile(`(?m)^-+( |$)`)
	htmlHead    = regexp.MustCompile(`(?s)<head>.*</head>`)
	htmlPreview = regexp.MustCompile(`(?s)<div style="display:none[^>]*>(.*?)</div>`)
	htmlLinks   = regexp.MustCompile(`<a class="link" href="([^"]*)"[^>]*>(.*?)</a>`)
	htmlInline  = regexp.MustCompile(`</?(bdi|span|a|wbr)\b[^>]*>`)
	htmlTags    = regexp.MustCompile(`<[^>]*>`)
)

func wordsOfText(text string) []string { return strings.Fields(textRules.ReplaceAllString(text, "")) }

// wordsOfHTML reads HTML as text: of a link whose address is not shown, the
// address follows. The hidden preview repeats a sentence and is left out.
func wordsOfHTML(page string) []string {
	page = htmlPreview.ReplaceAllString(htmlHead.ReplaceAllString(page, ""), "")
	page = htmlLinks.ReplaceAllStringFunc(page, func(a string) string {
		if m := htmlLinks.FindStringSubmatch(a); m[1] != m[2] {
			return m[2] + " " + m[1]
		}
		return a
	})
	return strings.Fields(html.UnescapeString(htmlTags.ReplaceAllString(htmlInline.ReplaceAllString(page, ""), " ")))
}

func TestPreviewIsAShortSentenceOfTheLetterItself(t *testing.T) {
	t.Parallel()
	eachLetter(t, letterDistrict(), func(t *testing.T, o openedMail) {
		preview := html.UnescapeString(htmlTags.ReplaceAllString(htmlPreview.FindStringSubmatch(o.html)[1], ""))
		if n := len([]rune(preview)); n == 0 || n > 90 {
			t.Errorf("preview of %d characters: %q", n, preview)
		}
		if !strings.Contains(o.text, preview) || strings.Contains(preview, username) {
			t.Errorf("preview %q", preview)
		}
	})
}

func TestLinkAndCodeStandAloneOnTheirLines(t *testing.T) {
	t.Parallel()
	eachLetter(t, letterDistrict(), func(t *testing.T, o openedMail) {
		lines := strings.Split(o.text, "\n")
		for i, line := range lines {
			if !strings.Contains(line, "://") && !strings.Contains(line, spelled) {
				continue
			}
			if line != spelled && (!strings.HasPrefix(line, "https://") || strings.Contains(line, " ")) {
				t.Errorf("not alone: %q", line)
			}
			if lines[i-1] != "" || lines[i+1] != "" {
				t.Errorf("no empty line around %q", line)
			}
		}
	})
}

func TestLinksGoWhereTheyShould(t *testing.T) {
	t.Parallel()
	want := map[string][]string{
		"reset":                    {"/springfield/r/" + linkText, "/springfield/not-me/" + notMine},
		"activation":               {"/springfield/r/" + linkText, "/springfield/not-me/" + notMine},
		"username":                 {"/springfield/forgot-password"},
		"usernames":                {"/springfield/forgot-password"},
		"elsewhere":                {"https://portal.springfield.example/"},
		"elsewhere-without-portal": nil,
		"changed":                  {"/springfield/not-me/" + notMine},
		"may-have-changed":         {"/springfield/not-me/" + notMine},
		"disputed":                 nil,
	}
	eachLetter(t, letterDistrict(), func(t *testing.T, o openedMail) {
		_, name, _ := strings.Cut(t.Name(), "/")
		name, language, _ := strings.Cut(name, ".")
		var got []string
		for _, a := range regexp.MustCompile(`<a [^>]*>`).FindAllString(o.html, -1) {
			if !strings.Contains(a, " ses:no-track ") {
				t.Errorf("may be rewritten on its way: %s", a)
			}
			got = append(got, regexp.MustCompile(`href="([^"]*)"`).FindStringSubmatch(a)[1])
		}
		for i, path := range want[name] {
			address := path
			if strings.HasPrefix(path, "/") {
				address = siteRoot + path
				if language != "en" {
					address += "?lang=" + language
				}
			}
			if i >= len(got) || got[i] != address || !strings.Contains(o.text, "\n"+address+"\n") {
				t.Errorf("links %q, want %q among them and in the text", got, address)
			}
		}
		if len(got) != len(want[name]) {
			t.Errorf("links %q", got)
		}
	})
}
