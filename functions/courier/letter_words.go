package courier

import (
	"html"
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/sparekey/sparekey/shared/i18n"
)

// writing is one letter while it is written.
type writing struct {
	letters
	envelope
	kind     string // what reports about it are filed under
	wording  string // where its sentences are: mail.<wording>
	language *i18n.Language
	count    int // what its plural forms count
	preview  line
	blocks   []block
}

// begin takes a sheet for a letter of that kind.
func (l letters) begin(e envelope, kind string) *writing {
	return &writing{letters: l, envelope: e, kind: kind, wording: kind, language: l.Words.Language(e.Language)}
}

func (w *writing) put(b block) { w.blocks = append(w.blocks, b) }

// own says a sentence of this kind of letter, common one that several share.
func (w *writing) own(name string, args ...string) line {
	return w.say("mail."+w.wording+"."+name, args...)
}

func (w *writing) common(name string, args ...string) line {
	return w.say("mail.common."+name, args...)
}

// line is one sentence, said.
type line struct {
	key, said string
	own       bool // in the letter's language; else it is English
}

// Around a value whose direction of writing may not be the letter's stand
// characters of Unicode's private use, until HTML puts bdi there. [plain] takes
// them out of every value, so no name can bring its own.
const (
	ltrOpens   = "\uE000" // from left to right in every language
	phoneOpens = "\uE001" // the same, and never broken over two lines
	dataOpens  = "\uE002" // the district's own words, in whatever language
	closes     = "\uE003"
	mayBreak   = "\uE004" // a line may be broken here
)

var (
	unmarked = strings.NewReplacer(ltrOpens, "", phoneOpens, "", dataOpens, "", closes, "", mayBreak, "")
	isolated = strings.NewReplacer(ltrOpens, `<bdi dir="ltr" style="font-weight:700">`,
		phoneOpens, `<bdi dir="ltr" style="white-space:nowrap">`, dataOpens, `<bdi>`, closes, `</bdi>`, mayBreak, `<wbr>`)
)

// apart names the values that stand apart: those that are written from left to
// right whatever the language is, and the name of a service, in its own.
var apart = map[string]string{"username": ltrOpens, "page": ltrOpens, "account": ltrOpens, "service": dataOpens}

// say is the only way by which words come into a letter, so that every value is
// made harmless here, and nowhere else.
func (w *writing) say(key string, args ...string) line {
	var filled []string
	for i := 0; i+1 < len(args); i += 2 {
		value := plain(args[i+1])
		if opens := apart[args[i]]; opens != "" {
			value = opens + strings.ReplaceAll(value, "/", "/"+mayBreak) + closes
		}
		filled = append(filled, args[i], value)
	}
	filled = append(filled, "n", strconv.Itoa(w.count))
	said, own := w.language.Find(i18n.Say(key, filled...))
	return line{key: key, said: said, own: own}
}

// Plain is the sentence for text and headers.
func (l line) Plain() string { return unmarked.Replace(l.said) }

// HTML is the sentence for HTML. One that had to be said in English is marked.
func (l line) HTML() template.HTML {
	text := isolated.Replace(html.EscapeString(l.said))
	if !l.own {
		text = `<span lang="en" dir="ltr">` + text + `</span>`
	}
	return template.HTML(text) //nolint:gosec // escaped above
}

// plain makes a value harmless wherever it may stand: one line, without control
// characters (a line break would begin a new header), without those that turn
// the direction of writing around (they make an address look like another),
// without private use, and without the beginning of an encoded word (a mail
// program would decode it in a header). The joiners that Persian and Indic names
// need stay.
func plain(value string) string {
	value = strings.Map(func(r rune) rune {
		switch {
		case r == '\u200C' || r == '\u200D':
			return r
		case unicode.IsSpace(r), unicode.IsControl(r):
			return ' '
		case unicode.In(r, unicode.Cf, unicode.Co):
			return -1
		}
		return r
	}, strings.ToValidUTF8(value, " "))
	return strings.ReplaceAll(strings.Join(strings.Fields(value), " "), "=?", "= ?")
}

// address makes the address of one of the district's pages, in the letter's
// language where that is not what the page would open in.
func (w *writing) address(path string) string {
	return w.speaking(w.language.Code, path)
}

func (w *writing) speaking(code, path string) string {
	address := w.Site.Absolute("/" + w.District.Slug + path)
	if len(w.District.Languages) > 0 && w.District.Languages[0] == code {
		return address
	}
	return address + "?lang=" + url.QueryEscape(code)
}

// typed is the address of a page for somebody who types it.
func (w *writing) typed(path string) string {
	return w.Site.Host() + w.Site.Path("/"+w.District.Slug+path)
}

// before tells until when a link works: as time of day, for nobody remembers
// when a mail came, and as a span, for those who do.
func (w *writing) before(ends time.Time) line {
	left, end, now := ends.Sub(w.Now), w.District.In(ends), w.District.In(w.Now)
	unit, n := "minutes", left.Round(time.Minute)/time.Minute
	if left >= 48*time.Hour {
		unit, n = "days", left.Round(24*time.Hour)/(24*time.Hour)
	}
	span := w.common(unit, "n", strconv.Itoa(int(n))).said
	until := w.language.Until(end, now)
	if until == w.language.Clock(end) {
		return w.common("before.today", "time", until, "span", span)
	}
	return w.common("before.later", "time", until, "span", span)
}

func (w *writing) moment(t time.Time) string { return w.language.Moment(w.District.In(t)) }
