package password

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/district"
)

// product is ours: the word that is on every page here.
const product = "Sparekey"

// For is the policy of one account in its district. It holds the account's own
// words, so it is asked only after proof.
func For(d district.District, who account.Account) Policy {
	p := who.Profile.Value
	own := []string{p.Username, p.First, p.Last, p.School, d.Name, d.Slug, product}
	for _, address := range who.Addresses() {
		mailbox, _, _ := strings.Cut(address, "@")
		own = append(own, address, mailbox)
	}
	return Policy{
		Minimum: d.ShortestFor(p.Role, p.Grade), Classic: d.Profile == district.PowerSchool, History: d.PasswordHistory, Own: own,
	}
}

// The shortest of a word and of a number that count as somebody's own: shorter
// ones are in every phrase and in every row of digits.
const (
	shortestWord   = 3
	shortestNumber = 5
)

// onlyOwn reports whether a password is made of its owner's words: whether they can
// be laid end to end over all of its letters, be there digits and marks between or
// not. Every way to lay them is tried, because words overlap: the username lopezm
// must not hide the names in "LopezMaria". Such a word inside a longer phrase is no
// fault (standards R47). app.js says the same of the username.
func (p Policy) onlyOwn(password string) bool {
	text, words := only(password, letterOrDigit), p.words()
	covered := make([]bool, len(text)+1) // up to here
	covered[0] = true
	for at, r := range text {
		if !covered[at] {
			continue
		}
		if unicode.IsDigit(r) {
			covered[at+utf8.RuneLen(r)] = true
		}
		for _, word := range words {
			if strings.HasPrefix(text[at:], word) {
				covered[at+len(word)] = true
			}
		}
	}
	return covered[len(text)] && slices.ContainsFunc(words, func(word string) bool { return strings.Contains(text, word) })
}

// words are the owner's as they are compared: each text as a whole and its parts,
// with the digits in it and without.
func (p Policy) words() []string {
	var words []string
	for _, text := range p.Own {
		for _, part := range append(strings.Fields(text), text) {
			words = append(words, only(part, letterOrDigit), only(part, letter))
		}
	}
	return slices.DeleteFunc(words, func(word string) bool {
		shortest := shortestWord
		if !strings.ContainsFunc(word, letter) {
			shortest = shortestNumber
		}
		return utf8.RuneCountInString(word) < shortest
	})
}

func letter(r rune) bool        { return unicode.IsLetter(r) || unicode.IsMark(r) }
func letterOrDigit(r rune) bool { return letter(r) || unicode.IsDigit(r) }

// only is what a text has of a kind, in small letters.
func only(text string, kind func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if kind(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFC.String(text))
}
