// Package password is what makes a password good enough, and how that is said.
//
// One engine serves every way to set a password (standards R51). It tells all
// broken rules at once, in the order in which a page lists them; what a page can
// tick while somebody types is data of the same rules ([Rule]). Rules that depend
// on the account run only after proof, which its callers see to: nothing here
// knows who asks. What depends on other passwords of the account, the one of now
// and those before, is package choice's.
//
// Read [Policy.Broken] first.
package password

import (
	"regexp"
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

// The fields in which a new password is typed, in forms and JSON alike.
const (
	Field      = "new_password"
	FieldAgain = "new_password_again"
)

// Policy is what holds for one account.
type Policy struct {
	Minimum  int      // code points
	Classic  bool     // the rules and the words of PowerSchool's portal (seed 004)
	History  int      // how many of their passwords may not come back
	Replaces bool     // the password of now must give way, and a page says so
	Own      []string // words that are its owner's: name, username, school, district
}

// Rule is one rule as a page shows it before anything is typed.
type Rule struct {
	Kind string // what app.js calls it
	Text i18n.Text
	Min  int    // of length
	Has  string // what must be in it: expressions, one space between, as Go and JavaScript both read them
}

// composed are PowerSchool's rules of composition, in its order. A space within is
// a special character, as it is to Cognito.
var composed = []Rule{
	{Kind: "upper-lower", Text: i18n.Say("rule.upper-lower"), Has: `\p{Lu} \p{Ll}`},
	{Kind: "letter-number", Text: i18n.Say("rule.letter-number"), Has: `\p{L} \p{Nd}`},
	{Kind: "special", Text: i18n.Say("rule.special"), Has: `[^\p{L}\p{M}\p{Nd}]`},
}

// Rules lists the policy as a page shows it. That of characters which cannot be
// used is not there: nobody types them by hand.
func (p Policy) Rules() []Rule {
	rules := []Rule{{Kind: "length", Text: i18n.Say("rule.length", "min", strconv.Itoa(p.Minimum)), Min: p.Minimum}}
	if p.Classic {
		rules = append(rules, composed...)
	}
	rules = append(rules,
		Rule{Kind: "own-words", Text: i18n.Say("rule.own-words")},
		Rule{Kind: "common", Text: i18n.Say("rule.common")},
		Rule{Kind: "spaces", Text: i18n.Say("rule.spaces")})
	refused := p.History // the first of them is the one of now
	if p.Replaces {
		refused = max(refused, 1)
	}
	if refused > 0 {
		rules = append(rules, Rule{Kind: "used", Text: i18n.Say("rule.used", "n", strconv.Itoa(refused))})
	}
	return rules
}

// Manager says the policy to password managers (the attribute passwordrules), so
// that what they make up is taken.
func (p Policy) Manager() string {
	said := "minlength: " + strconv.Itoa(p.Minimum) + "; maxlength: " + strconv.Itoa(Longest) + ";"
	if p.Classic {
		said += " required: upper; required: lower; required: digit; required: special;"
	}
	return said + " allowed: unicode;"
}

// Normal makes of what was typed what is kept: the same letters in one form
// (NFC), so that a phone and a laptop agree on an é. Nothing is trimmed.
func Normal(typed string) string { return norm.NFC.String(typed) }

// Broken tells every rule that a new password breaks by itself.
func (p Policy) Broken(typed string) []problem.Field {
	password := Normal(typed)
	length := utf8.RuneCountInString(password)
	if password == "" {
		return []problem.Field{fault("password.missing")}
	}
	var broken []problem.Field
	switch {
	case length < p.Minimum:
		broken = append(broken, p.tooShort(length))
	case length > Longest:
		broken = append(broken, fault("password.long"))
	}
	if p.Classic {
		broken = append(broken, misses(password)...)
	}
	for _, rule := range []struct {
		broken bool
		says   string
	}{
		{p.onlyOwn(password), "password.own-words"},
		{length <= Longest && common(password), "password.common"},
		{strings.TrimSpace(password) != password, "password.spaces"}, // Cognito refuses these; cutting them off would surprise at sign-in
		{strings.ContainsFunc(password, unusable), "password.control"},
	} {
		if rule.broken {
			broken = append(broken, fault(rule.says))
		}
	}
	return broken
}

func (p Policy) tooShort(length int) problem.Field {
	if p.Classic {
		return fault("password.classic.length", "min", strconv.Itoa(p.Minimum))
	}
	return fault("password.length", "min", strconv.Itoa(p.Minimum), "used", strconv.Itoa(length))
}

// misses tells what is not in a password and should be.
func misses(password string) (broken []problem.Field) {
	for _, rule := range composed {
		for expression := range strings.SplitSeq(rule.Has, " ") {
			if !regexp.MustCompile(expression).MatchString(password) {
				broken = append(broken, fault("password.classic."+rule.Kind))
				break
			}
		}
	}
	return broken
}

// Differ is the fault of a second password that is not the first.
func (p Policy) Differ() problem.Field {
	return problem.Field{Name: FieldAgain, Says: i18n.Say(p.either("password.differ", "password.classic.differ"))}
}

// Same is the fault of a new password that is the one to be replaced.
func (p Policy) Same() problem.Field {
	return fault(p.either("password.same", "password.classic.used"))
}

// Used is the fault of a new password that its owner had before.
func (p Policy) Used() problem.Field {
	return fault(p.either("password.used", "password.classic.used"))
}

func (p Policy) either(ours, classic string) string {
	if p.Classic {
		return classic
	}
	return ours
}

// NotCurrent is the fault of a password of now that is not, in the form where
// somebody signed in changes it.
func NotCurrent(field string) problem.Field {
	return problem.Field{Name: field, Says: i18n.Say("password.current")}
}

func fault(key string, args ...string) problem.Field {
	return problem.Field{Name: Field, Says: i18n.Say(key, args...)}
}

// unusable reports whether a character has no place in a password: one that cannot
// be seen, and so may be there on one device and not on the next, or that is no
// character at all. Joiners, the Mongolian separator and the marks of flags are seen
// in what they join: much of Persian, the ends of Mongolian words, many an emoji. What is not assigned yet may be a letter on a phone
// that is newer than we are.
func unusable(r rune) bool {
	switch {
	case r == '\u200c', r == '\u200d', r == '\u180e', r >= 0xE0020 && r <= 0xE007F:
		return false
	case r == unicode.ReplacementChar: // something was lost on its way here
		return true
	case r >= 0xFDD0 && r <= 0xFDEF, r&0xFFFE == 0xFFFE: // for ever no characters
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}
