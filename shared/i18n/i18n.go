// Package i18n holds every sentence Sparekey says, in every language it speaks.
//
// A language is one folder of files in locales: adding one needs no code. A
// sentence is flat text under a key such as "code.title", or a set of plural
// forms; {name} in it is filled in. No file holds markup.
//
// It promises that a sentence which a language lacks is said in English and told
// apart ([Language.Find]), so that a page can mark it for a screen reader; that a
// file is read only when its language is first spoken; and that nothing here
// changes once read. Which language to speak is its caller's choice, made with
// [Catalogue.Match].
//
// Read [Language.Say] first.
package i18n

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

//go:embed locales/*/*.json
var files embed.FS

// English is the language every sentence exists in.
const English = "en"

// Default is the catalogue that is built in.
var Default = Open(files)

// Text is something to be said, before it is known in which language.
type Text struct {
	Key  string
	Args []string // name, value, name, value …
}

// Say makes a Text: a key, then names and values for what it leaves open.
func Say(key string, args ...string) Text { return Text{Key: key, Args: args} }

// Meta is what a file says of its language.
type Meta struct {
	Code   string   `json:"-"`
	Name   string   `json:"name"`   // in the language itself
	Dir    string   `json:"dir"`    // ltr or rtl
	Status string   `json:"status"` // reviewed by a named person, or draft
	By     string   `json:"by"`
	Clock  string   `json:"clock"`  // how a time of day is written, as in package time
	Date   string   `json:"date"`   // how a day is written: {day} {month}
	Months []string `json:"months"` // twelve
}

// Catalogue is a set of languages, each read when first spoken.
type Catalogue struct {
	files fs.FS
	mu    sync.Mutex
	metas map[string]Meta
	read  map[string]*Language
}

// Open makes a catalogue of a file system with locales/<code>/*.json in it, one
// of them meta.json.
func Open(files fs.FS) *Catalogue {
	return &Catalogue{files: files, metas: map[string]Meta{}, read: map[string]*Language{}}
}

// Codes lists the languages there are, English first, then by code.
func (c *Catalogue) Codes() []string {
	names, _ := fs.Glob(c.files, "locales/*/meta.json")
	codes := []string{English}
	for _, n := range names {
		if code := path.Base(path.Dir(n)); code != English {
			codes = append(codes, code)
		}
	}
	return codes
}

// Meta tells about a language without reading its sentences.
func (c *Catalogue) Meta(code string) (Meta, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.meta(code)
}

func (c *Catalogue) meta(code string) (Meta, error) {
	if m, ok := c.metas[code]; ok {
		return m, nil
	}
	m := Meta{Code: code}
	raw, err := fs.ReadFile(c.files, "locales/"+code+"/meta.json")
	if err == nil {
		err = json.Unmarshal(raw, &m)
	}
	if err != nil {
		return Meta{}, fmt.Errorf("language %q: %w", code, err)
	}
	c.metas[code] = m
	return m, nil
}

// Language gives the language of that code, or English where there is none.
func (c *Catalogue) Language(code string) *Language {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.language(code)
}

func (c *Catalogue) language(code string) *Language {
	if l, ok := c.read[code]; ok {
		return l
	}
	l, err := c.load(code)
	if err != nil {
		if code == English {
			panic(err) // built in, and held by a test
		}
		l = c.language(English)
	}
	c.read[code] = l
	return l
}

func (c *Catalogue) load(code string) (*Language, error) {
	meta, err := c.meta(code)
	if err != nil {
		return nil, err
	}
	l := &Language{Meta: meta, sentences: map[string]any{}}
	if l.tag, err = language.Parse(code); err != nil {
		return nil, fmt.Errorf("language %q: %w", code, err)
	}
	names, _ := fs.Glob(c.files, "locales/"+code+"/*.json")
	for _, name := range names {
		if path.Base(name) == "meta.json" {
			continue
		}
		raw, err := fs.ReadFile(c.files, name)
		if err == nil {
			err = json.Unmarshal(raw, &l.sentences)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if code != English {
		l.english = c.language(English)
	}
	return l, nil
}

// Match picks from the languages offered the one that suits best: wishes come
// best first, each a code or the text of an Accept-Language header. Where none
// suits it is the first offered.
func (c *Catalogue) Match(offered []string, wishes ...string) string {
	tags := make([]language.Tag, len(offered))
	for i, code := range offered {
		tags[i] = language.Make(code)
	}
	matcher := language.NewMatcher(tags)
	for _, wish := range wishes {
		want, _, err := language.ParseAcceptLanguage(wish)
		if err != nil || len(want) == 0 {
			continue
		}
		if _, i, sure := matcher.Match(want...); sure > language.No {
			return offered[i]
		}
	}
	return offered[0]
}

// Language speaks one language.
type Language struct {
	Meta
	tag language.Tag
	// sentences are each a text, or one for each plural form that the language
	// has. They are kept as JSON gives them: a type of our own for each would make
	// the first page wait twice as long for its words.
	sentences map[string]any
	english   *Language // nil in English itself
}

// Find fills in a sentence and reports whether the language itself has it;
// where not, it is English. A key that English lacks comes back as itself.
func (l *Language) Find(t Text) (said string, own bool) {
	s, own := l.sentences[t.Key]
	speaker := l
	for !own && speaker.english != nil {
		speaker = speaker.english
		if found, ok := speaker.sentences[t.Key]; ok {
			s = found
			break
		}
	}
	if s == nil {
		return t.Key, own
	}
	return fill(pick(s, speaker.tag, t.Args), t.Args), own
}

// Say fills in a sentence.
func (l *Language) Say(t Text) string {
	said, _ := l.Find(t)
	return said
}

// T is Say for templates: a key, then names and values.
func (l *Language) T(key string, args ...string) string { return l.Say(Say(key, args...)) }

const other = "other"

var formNames = map[plural.Form]string{
	plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: other,
}

// pick chooses the plural form by the argument "n"; languages that x/text has no
// rule for, such as Haitian Creole, use the form other.
func pick(sentence any, tag language.Tag, args []string) string {
	text, plain := sentence.(string)
	if plain {
		return text
	}
	forms, _ := sentence.(map[string]any)
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] != "n" {
			continue
		}
		if n, err := strconv.Atoi(args[i+1]); err == nil {
			if form, ok := forms[formNames[plural.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0)]].(string); ok {
				return form
			}
		}
	}
	text, _ = forms[other].(string)
	return text
}

func fill(text string, args []string) string {
	if len(args) == 0 {
		return text
	}
	pairs := make([]string, len(args))
	for i, a := range args {
		if i%2 == 0 {
			a = "{" + a + "}"
		}
		pairs[i] = a
	}
	if len(pairs)%2 == 1 {
		pairs = pairs[:len(pairs)-1]
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
