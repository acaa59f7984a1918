package account

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
)

// longestFolded is how many bytes of a folded name go into a key. Compatibility
// forms may grow eighteenfold, and a key has an end.
const longestFolded = 512

// none stands before what no name folds to: folding leaves no capitals.
const none = "NONE "

// Fold makes of a username what it is compared by: PRECIS nickname rules (RFC
// 8266: FreeformClass, case-mapped, inner spaces to one, ends trimmed). Text that
// no username can hold is folded too, to something that no username folds to,
// because a stranger's nonsense must cost the same as a name.
func Fold(typed string) string {
	folded, err := precis.Nickname.CompareKey(typed)
	if err != nil || folded == "" || len(folded) > longestFolded {
		return none + digest(strings.ToLower(norm.NFC.String(typed)))
	}
	return folded
}

// ValidUsername reports whether a name may be given: it folds, and its letters
// are of one script, so that no two names look alike.
func ValidUsername(name string) bool {
	return !strings.HasPrefix(Fold(name), none) && oneScript(name)
}

// together are scripts that are written in one word.
var together = [][]string{{"Han", "Hiragana", "Katakana"}, {"Han", "Hangul"}, {"Han", "Bopomofo"}}

func oneScript(name string) bool {
	seen := map[string]bool{}
	for _, r := range name {
		if script := scriptOf(r); script != "" {
			seen[script] = true
		}
	}
	if len(seen) <= 1 {
		return true
	}
	for _, set := range together {
		inside := 0
		for _, script := range set {
			if seen[script] {
				inside++
			}
		}
		if inside == len(seen) {
			return true
		}
	}
	return false
}

func scriptOf(r rune) string {
	if !unicode.IsLetter(r) {
		return ""
	}
	for name, script := range unicode.Scripts {
		if name != "Common" && name != "Inherited" && unicode.Is(script, r) {
			return name
		}
	}
	return ""
}

// FoldAddress makes of an e-mail address what it is compared by: letters in one
// case, the domain as the network has it. No dots or plus signs are dropped: two
// people may differ in one (standards R107).
func FoldAddress(address string) string {
	address = strings.ToLower(norm.NFC.String(strings.TrimSpace(address)))
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address
	}
	domain, err := idna.Lookup.ToASCII(address[at+1:])
	if err != nil {
		domain = address[at+1:]
	}
	return address[:at+1] + domain
}

// SameAddress compares two e-mail addresses.
func SameAddress(a, b string) bool { return FoldAddress(a) == FoldAddress(b) }

// nobody makes an account id that nobody has, the same for the same name.
func nobody(folded string) string {
	return "nobody-" + digest(folded)
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}
