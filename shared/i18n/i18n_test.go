package i18n_test

import (
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sparekey/sparekey/shared/i18n"
)

// made is a catalogue of English and of a language that has less than English.
func made() *i18n.Catalogue {
	return i18n.Open(fstest.MapFS{
		"locales/en/meta.json":  {Data: []byte(`{"name":"English","dir":"ltr","status":"reviewed","clock":"3:04 PM","date":"{month} {day}","months":["January","February","March","April","May","June","July","August","September","October","November","December"]}`)},
		"locales/en/words.json": {Data: []byte(`{"hello":"Hello, {name}.","only":"In English","tries":{"one":"{n} try","other":"{n} tries"},"moment":"{day}, {clock}"}`)},
		"locales/pl/meta.json":  {Data: []byte(`{"name":"Polski","dir":"ltr","status":"draft"}`)},
		"locales/pl/words.json": {Data: []byte(`{"hello":"Cześć, {name}.","tries":{"one":"{n} próba","few":"{n} próby","many":"{n} prób","other":"{n} próby"}}`)},
		"locales/ht/meta.json":  {Data: []byte(`{"name":"Kreyòl ayisyen","dir":"ltr","status":"draft"}`)},
		"locales/ht/words.json": {Data: []byte(`{"tries":{"other":"{n} esè"}}`)},
	})
}

func TestASentenceThatALanguageLacksIsSaidInEnglishAndToldApart(t *testing.T) {
	polish := made().Language("pl")
	for _, c := range []struct {
		name string
		text i18n.Text
		want string
		own  bool
	}{
		{"its own", i18n.Say("hello", "name", "Ana"), "Cześć, Ana.", true},
		{"English", i18n.Say("only"), "In English", false},
		{"nobody's", i18n.Say("none"), "none", false},
		{"a value is not filled in again", i18n.Say("hello", "name", "{name}"), "Cześć, {name}.", true},
		{"a value without a name", i18n.Say("hello", "name", "Ana", "n"), "Cześć, Ana.", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, own := polish.Find(c.text); got != c.want || own != c.own {
				t.Errorf("got %q %v, want %q %v", got, own, c.want, c.own)
			}
		})
	}
}

func TestEachLanguageHasItsOwnPlurals(t *testing.T) {
	words := made()
	for _, c := range []struct{ code, n, want string }{
		{"en", "1", "1 try"},
		{"en", "0", "0 tries"},
		{"pl", "1", "1 próba"},
		{"pl", "3", "3 próby"},
		{"pl", "5", "5 prób"},
		{"ht", "1", "1 esè"},
		{"en", "many", "many tries"},
	} {
		if got := words.Language(c.code).T("tries", "n", c.n); got != c.want {
			t.Errorf("%s %s: got %q, want %q", c.code, c.n, got, c.want)
		}
	}
}

func TestALanguageThatIsNotThereIsEnglish(t *testing.T) {
	words := made()
	if got := words.Language("xx").T("hello", "name", "Ana"); got != "Hello, Ana." {
		t.Errorf("got %q", got)
	}
	if _, err := words.Meta("xx"); err == nil {
		t.Error("it has a meta.json, of nothing")
	}
}

func TestTheLanguageThatSuitsBestIsSpoken(t *testing.T) {
	words := made()
	for _, c := range []struct {
		name    string
		offered []string
		wishes  []string
		want    string
	}{
		{"the first wish", []string{"en", "pl"}, []string{"pl", "en"}, "pl"},
		{"an empty wish is none", []string{"en", "pl"}, []string{"", "", "pl-PL,pl;q=0.9,en;q=0.8"}, "pl"},
		{"a region of it", []string{"en", "es"}, []string{"es-MX"}, "es"},
		{"script by region", []string{"en", "zh-Hans", "zh-Hant"}, []string{"zh-TW"}, "zh-Hant"},
		{"none suits: the district's own", []string{"es", "en"}, []string{"fi"}, "es"},
		{"what no language is called", []string{"en", "es"}, []string{"../../etc", "es"}, "es"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := words.Match(c.offered, c.wishes...); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestAnEndIsReadAsAFamilyReadsIt(t *testing.T) {
	zone := time.FixedZone("EST", -5*3600)
	now := time.Date(2026, time.November, 22, 15, 15, 0, 0, zone)
	for _, c := range []struct {
		name string
		end  time.Time
		want string
	}{
		{"today", now.Add(30 * time.Minute), "3:45 PM EST"},
		{"tomorrow", now.Add(24 * time.Hour), "November 23, 3:15 PM EST"},
		{"the same day of another year", now.AddDate(1, 0, 0), "November 22, 3:15 PM EST"},
	} {
		if got := made().Language("en").Until(c.end, now); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestLanguagesAreReadOnceWhoeverComesFirst(t *testing.T) {
	words := made()
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if got := words.Language("pl").T("only"); got != "In English" {
				t.Errorf("got %q", got)
			}
		})
	}
	all.Wait()
	if first, again := words.Language("pl"), words.Language("pl"); first != again {
		t.Error("read twice")
	}
}
