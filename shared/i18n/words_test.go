package i18n_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/problem"
)

// project is the whole source, which these tests hold the words against.
var project = os.DirFS("../..")

// forms is a sentence as its file has it: its plural forms by name.
type forms map[string]string

func (f *forms) UnmarshalJSON(raw []byte) error {
	if raw[0] == '{' {
		return json.Unmarshal(raw, (*map[string]string)(f))
	}
	var text string
	err := json.Unmarshal(raw, &text)
	*f = forms{"other": text}
	return err
}

// words reads every sentence of a language; one that two files have is a fault.
func words(t *testing.T, code string) map[string]forms {
	t.Helper()
	names, _ := fs.Glob(project, "shared/i18n/locales/"+code+"/*.json")
	all := map[string]forms{}
	for _, name := range names {
		if path.Base(name) == "meta.json" {
			continue
		}
		raw, err := fs.ReadFile(project, name)
		if err != nil {
			t.Fatal(err)
		}
		some := map[string]forms{}
		if err := json.Unmarshal(raw, &some); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for key, f := range some {
			if _, twice := all[key]; twice {
				t.Errorf("%s: %s is in another file too", name, key)
			}
			all[key] = f
		}
	}
	return all
}

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

func placeholders(f forms) []string {
	found := map[string]bool{}
	for _, text := range f {
		for _, p := range placeholder.FindAllString(text, -1) {
			found[p] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func TestEveryLanguageSaysTheSameThings(t *testing.T) {
	english := words(t, i18n.English)
	for _, code := range i18n.Default.Codes() {
		theirs := words(t, code)
		for key, f := range theirs {
			if _, ok := english[key]; !ok {
				t.Errorf("%s: %s is in no English file", code, key)
			}
			if f["other"] == "" {
				t.Errorf("%s: %s has no form other", code, key)
			}
		}
		meta, err := i18n.Default.Meta(code)
		if err != nil {
			t.Fatal(err)
		}
		for key, f := range english {
			their, ok := theirs[key]
			if !ok {
				if code == "es" || meta.Status == "reviewed" {
					t.Errorf("%s lacks %s", code, key)
				}
				continue
			}
			if got, want := placeholders(their), placeholders(f); !slices.Equal(got, want) {
				t.Errorf("%s: %s fills in %v, English %v", code, key, got, want)
			}
		}
	}
}

func TestEveryLanguageIsDescribed(t *testing.T) {
	for _, code := range i18n.Default.Codes() {
		m, err := i18n.Default.Meta(code)
		if err != nil {
			t.Fatal(err)
		}
		if m.Name == "" || m.Dir != "ltr" && m.Dir != "rtl" || m.Status != "draft" && m.Status != "reviewed" || m.Clock == "" || m.Date == "" || len(m.Months) != 12 {
			t.Errorf("%s: %+v", code, m)
		}
	}
}

func TestNoSentenceHoldsMarkup(t *testing.T) {
	for _, code := range i18n.Default.Codes() {
		for key, f := range words(t, code) {
			for _, text := range f {
				if strings.ContainsAny(text, "<>&`") || strings.TrimSpace(text) != text || strings.Contains(text, "  ") {
					t.Errorf("%s: %s: %q", code, key, text)
				}
			}
		}
	}
}

// banned are words that families do not use, or that blame them.
var banned = regexp.MustCompile(`(?i)\b(please|invalid|credentials?|authenticat\w*|tokens?|sessions?|oops|click\w*|e-mail)\b`)

func TestEnglishIsPlain(t *testing.T) {
	for key, f := range words(t, i18n.English) {
		for _, text := range f {
			quoted := strings.HasPrefix(key, "password.classic.") // PowerSchool's own words, which its families know
			if found := banned.FindString(text); found != "" && !quoted {
				t.Errorf("%s says %q: %q", key, found, text)
			}
			for _, s := range sentences(text) {
				if n := len(strings.Fields(s)); n > 20 {
					t.Errorf("%s: %d words: %q", key, n, s)
				}
			}
		}
	}
}

// sentences cuts a text where a sentence ends, and not within an address.
func sentences(text string) []string { return regexp.MustCompile(`[.?!:] `).Split(text, -1) }

// TestEnglishIsReadInGradeSix measures each page, and each kind of problem and
// mail, by Flesch and Kincaid's formula.
func TestEnglishIsReadInGradeSix(t *testing.T) {
	pages := map[string][]string{}
	for key, f := range words(t, i18n.English) {
		if strings.HasPrefix(key, "json.") {
			continue // said to engineers
		}
		page := key[:strings.IndexByte(key+".", '.')]
		for _, text := range f {
			pages[page] = append(pages[page], sentences(placeholder.ReplaceAllString(text, "Ana"))...)
		}
	}
	for page, said := range pages {
		var count, syllables float64
		for _, s := range said {
			for _, word := range strings.Fields(s) {
				count++
				syllables += float64(syllablesOf(word))
			}
		}
		if count < 20 {
			continue // the formula means nothing for a few words
		}
		grade := 0.39*count/float64(len(said)) + 11.8*syllables/count - 15.59
		if grade > 6 {
			t.Errorf("%s: grade %.1f", page, grade)
		}
	}
}

func syllablesOf(word string) int {
	word = strings.ToLower(strings.TrimFunc(word, func(r rune) bool { return !unicode.IsLetter(r) }))
	n := len(regexp.MustCompile(`[aeiouy]+`).FindAllString(word, -1))
	if strings.HasSuffix(word, "e") && !strings.HasSuffix(word, "le") && n > 1 {
		n--
	}
	return max(n, 1)
}

// source gathers what templates and code may say: keys as they stand, and the
// beginnings of keys that are put together, such as "role.".
type source struct {
	keys, beginnings map[string]bool
}

var (
	literal   = regexp.MustCompile(`"([a-z0-9_]+(?:[.-][a-z0-9_]+)*\.?)(?:%s(?:\.[a-z]+)?)?"`)
	saidKey   = regexp.MustCompile(`(?:\b(?:Say|Saying|Show|malformed|say)\(|\bSay\([^(),]+, |\.T\(|\bT |\bShow )"([a-z0-9_.-]+[a-z0-9])"[,)} ]`)
	fieldName = regexp.MustCompile(`\.Field "([a-z_0-9]+)"`)
	defined   = regexp.MustCompile(`\{\{define "([a-z-]+)"\}\}`)
)

// read walks the project's templates and code, without tests.
func read(t *testing.T, each func(name, text string)) {
	t.Helper()
	err := fs.WalkDir(project, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			if err == nil && strings.HasPrefix(entry.Name(), ".") && name != "." {
				return fs.SkipDir
			}
			return err
		}
		if path.Ext(name) != ".html" && path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		raw, err := fs.ReadFile(project, name)
		if err == nil {
			each(name, string(raw))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEveryKeyThatIsSaidExists(t *testing.T) {
	english := words(t, i18n.English)
	has := func(name, key string) {
		if _, ok := english[key]; !ok {
			t.Errorf("%s says %s, which is in no file", name, key)
		}
	}
	read(t, func(name, text string) {
		if strings.HasPrefix(name, "functions/courier/") || strings.HasPrefix(name, "infra/") {
			return // mails have keys of their own, put together, and a test of their own
		}
		for _, m := range saidKey.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], ".") {
				has(name, m[1])
			}
		}
		for _, m := range fieldName.FindAllStringSubmatch(text, -1) {
			has(name, "field."+m[1])
		}
		if strings.Contains(name, "/pages/pages/") || strings.HasSuffix(path.Dir(name), "/pages") && path.Ext(name) == ".html" {
			for _, m := range defined.FindAllStringSubmatch(text, -1) {
				has(name, m[1]+".title")
			}
		}
	})
	for code := range problem.Statuses {
		has("the table of problems", "problem."+string(code)+".title")
		has("the table of problems", "problem."+string(code)+".text")
	}
}

func TestEveryKeyIsSaid(t *testing.T) {
	s := source{keys: map[string]bool{"off.title": true}, beginnings: map[string]bool{}}
	read(t, func(_, text string) {
		for _, m := range literal.FindAllStringSubmatch(text, -1) {
			s.add(m[1])
		}
		for _, m := range fieldName.FindAllStringSubmatch(text, -1) {
			s.keys["field."+m[1]], s.keys["field."+m[1]+".hint"] = true, true
			s.keys["field."+m[1]+"_again"], s.keys["field."+m[1]+"_again.hint"] = true, true
		}
		for _, m := range defined.FindAllStringSubmatch(text, -1) {
			s.keys[m[1]+".title"] = true
		}
	})
	for code := range problem.Statuses {
		s.keys["problem."+string(code)+".title"], s.keys["problem."+string(code)+".text"] = true, true
	}
	for _, general := range []string{"field.", "problem.", "help."} {
		delete(s.beginnings, general) // the loops above and below say which
	}
	for key := range words(t, i18n.English) {
		if !strings.HasPrefix(key, "mail.") && !s.says(key) {
			t.Errorf("nobody says %s", key)
		}
	}
}

func (s source) add(text string) {
	if strings.HasSuffix(text, ".") {
		s.beginnings[text] = true
		return
	}
	s.keys[text] = true
	s.keys["help."+text] = true // sections of the help page
}

func (s source) says(key string) bool {
	if s.keys[key] {
		return true
	}
	for i := range key {
		if key[i] == '.' && s.beginnings[key[:i+1]] {
			return true
		}
	}
	return false
}
