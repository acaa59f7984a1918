package password

import (
	"strings"
	"unicode/utf8"

	"github.com/sparekey/sparekey/shared/blocklist"
)

// common reports whether a password is one of those that guessers try first: as
// it stands, without the digits and marks around it, or said more than once, with
// some of them between or not. A listed word within a longer phrase is no fault
// (standards R47). These three, because passwords of breaches are short, and those
// who must have twelve or fifteen characters get there from "password" by
// "password2026!", "!!!password!!!" and "password password"; and no more, because
// other letters for letters ("p@ssw0rd") are in the list themselves where they are
// common, and each rule here makes somebody's good idea a bad one.
func common(password string) bool {
	behind := strings.TrimRightFunc(password, noLetter)
	for _, bare := range []string{password, strings.TrimFunc(password, mark), behind, strings.TrimLeftFunc(behind, noLetter)} {
		if listed(bare) || repeated(bare) {
			return true
		}
	}
	return false
}

func noLetter(r rune) bool { return !letter(r) }
func mark(r rune) bool     { return !letterOrDigit(r) }

func listed(password string) bool {
	return utf8.RuneCountInString(password) >= blocklist.Shortest && blocklist.Has(password)
}

// repeated reports whether a password is a listed one some times over, and no
// letter besides.
func repeated(password string) bool {
	folded := blocklist.Fold(password)
	for end := range folded {
		part := folded[:end]
		switch {
		case end < blocklist.Shortest:
		case strings.Count(folded, part) < 2:
			return false // no longer one either
		case !strings.ContainsFunc(strings.ReplaceAll(folded, part, ""), letter) && listed(part):
			return true
		}
	}
	return false
}
