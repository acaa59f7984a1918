package password

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sparekey/sparekey/shared/blocklist"
)

// common reports whether a password is one of those that guessers try first: as
// it stands, without the digits and marks behind it, or said more than once. A
// listed word within a longer phrase is no fault (standards R47). These three,
// because passwords of breaches are short, and those who must have twelve or
// fifteen characters get there from "password" by "password2026!" and
// "passwordpassword"; and no more, because other letters for letters ("p@ssw0rd")
// are in the list themselves where they are common, and each rule here makes
// somebody's good idea a bad one.
func common(password string) bool {
	bare := strings.TrimRightFunc(password, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })
	return listed(password) || bare != password && listed(bare) || repeated(password)
}

func listed(password string) bool {
	return utf8.RuneCountInString(password) >= blocklist.Shortest && blocklist.Has(password)
}

// repeated reports whether a password is a listed one some times over.
func repeated(password string) bool {
	folded := blocklist.Fold(password)
	for times := 2; len(folded)/times >= blocklist.Shortest; times++ {
		part := folded[:len(folded)/times]
		if strings.Repeat(part, times) == folded && listed(part) {
			return true
		}
	}
	return false
}
