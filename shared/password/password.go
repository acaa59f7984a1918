// Package password is what makes a password good enough, and how that is said.
//
// One engine serves every way to set a password (standards R51). It tells all
// broken rules at once. Rules that depend on the account run only after proof,
// which its callers see to: nothing here knows who asks.
//
// Read [Policy.Broken] first.
package password

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/problem"
)

// Longest is how many code points a password may have: Cognito takes no more.
const Longest = 256

// Policy is what holds for one account.
type Policy struct {
	Minimum int      // code points
	Own     []string // words that are its owner's: name, username, school, district
}

// Rule is one rule as a page shows it before anything is typed.
type Rule struct {
	Kind string // "length", "own-words", "spaces"
	Text i18n.Text
	Min  int // of length
}

// Rules lists the policy as a page shows it.
func (p Policy) Rules() []Rule {
	return []Rule{
		{Kind: "length", Text: i18n.Say("rule.length", "min", strconv.Itoa(p.Minimum)), Min: p.Minimum},
		{Kind: "own-words", Text: i18n.Say("rule.own-words")},
		{Kind: "spaces", Text: i18n.Say("rule.spaces")},
	}
}

// Normal makes of what was typed what is kept: the same letters in one form
// (NFC), so that a phone and a laptop agree on an é. Nothing is trimmed.
func Normal(typed string) string { return norm.NFC.String(typed) }

// Broken tells every rule that a password breaks, for the field of that name.
func (p Policy) Broken(field, typed string) []problem.Field {
	password := Normal(typed)
	length := utf8.RuneCountInString(password)
	var broken []problem.Field
	say := func(key string, args ...string) {
		broken = append(broken, problem.Field{Name: field, Says: i18n.Say(key, args...)})
	}
	if password == "" {
		say("password.missing")
		return broken
	}
	if length < p.Minimum {
		say("password.length", "min", strconv.Itoa(p.Minimum), "used", strconv.Itoa(length))
	}
	if length > Longest {
		say("password.long")
	}
	if p.onlyOwn(password) {
		say("password.own-words")
	}
	if strings.TrimSpace(password) != password {
		say("password.spaces") // Cognito refuses these; cutting them off would surprise at sign-in
	}
	if strings.ContainsFunc(password, unicode.IsControl) {
		say("password.control")
	}
	return broken
}

// Same is the fault of a new password that is the one to be replaced.
func Same(field string) problem.Field {
	return problem.Field{Name: field, Says: i18n.Say("password.same")}
}

// onlyOwn reports whether nothing is left of a password once its owner's words
// and all that is no letter are taken away. Such a word inside a longer phrase is
// no fault (standards R47).
func (p Policy) onlyOwn(password string) bool {
	rest := letters(password)
	if rest == "" {
		return false // no letters at all: length and guessing rules judge it
	}
	for _, own := range longestFirst(p.Own) {
		rest = strings.ReplaceAll(rest, own, "\x00")
	}
	return strings.Trim(rest, "\x00") == ""
}

// longestFirst gives the words as they are compared, without those so short that
// they are in every phrase.
func longestFirst(own []string) []string {
	var words []string
	for _, text := range own {
		for _, word := range append(strings.Fields(text), text) {
			if word = letters(word); utf8.RuneCountInString(word) >= 3 {
				words = append(words, word)
			}
		}
	}
	sortByLength(words)
	return words
}

func letters(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsMark(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFC.String(text))
}

func sortByLength(words []string) {
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
}
