// Package token is the link and the code: what a mail carries to prove that
// somebody can read it.
//
// A token is 256 random bits; the table knows its digest alone. It is good for
// one account, one purpose, until its end, once, and only as the newest of its
// purpose: the account's LIVING item points at that one. A code is eight
// characters bound to a token, for those who read the mail on another device.
//
// It promises that the decision whether a token is good is one pure function
// ([Token.Judge]). Using it up belongs to package change, mailing it to the
// courier.
//
// Read [Token] first.
package token

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/pepper"
	"github.com/sparekey/sparekey/shared/table"
)

// Purpose is what a token is good for, and nothing else.
type Purpose string

// The purposes. A not-me token has no newest: every one works.
const (
	Reset        Purpose = "reset"
	Activation   Purpose = "activation"
	ForcedChange Purpose = "forced-change"
	NotMe        Purpose = "not-me"
)

// SetsPassword reports whether the purpose is to set a password.
func (p Purpose) SetsPassword() bool { return p == Reset || p == Activation || p == ForcedChange }

// How long tokens live; a reset's life is its district's choice. A dead token is
// kept for a week, so that a page can say why it is dead.
const (
	ActivationLife   = 7 * 24 * time.Hour
	ForcedChangeLife = 10 * time.Minute
	NotMeLife        = 7 * 24 * time.Hour
	keptDead         = 7 * 24 * time.Hour
)

// Token is what is stored of one.
type Token struct {
	District string    `json:"district"`
	Account  string    `json:"account"`
	Purpose  Purpose   `json:"purpose"`
	Epoch    int       `json:"epoch"`
	Made     time.Time `json:"made"`
	Ends     time.Time `json:"ends"`
	Used     bool      `json:"used"`
	Disowned bool      `json:"disowned"` // its owner says they did not ask for it
	Code     string    `json:"code"`     // keyed digest, empty where there is none
	About    About     `json:"about"`    // of a not-me token
	Request  string    `json:"request"`  // the reference it was mailed for
}

// About is what a not-me token disowns: a link that was mailed, or a change.
type About struct {
	Kind string `json:"kind"` // "request" or "change"
	Link string `json:"link"` // digest of the link
}

// The kinds of [About].
const (
	AboutRequest = "request"
	AboutChange  = "change"
)

// Living points at the newest token of a purpose.
type Living struct {
	Digest string    `json:"digest"`
	Ends   time.Time `json:"ends"`
}

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz" // Crockford's: no i, l, o, u

var (
	encoding  = base32.NewEncoding(alphabet).WithPadding(base32.NoPadding)
	lookalike = strings.NewReplacer("o", "0", "i", "1", "l", "1")
)

const (
	secretBytes = 32
	textLength  = 52
	codeLength  = 8
	// ReferenceLength is that of the code a caller reads to the helpdesk.
	ReferenceLength = 8
)

// Mint makes a new secret: the text that goes into a link, and the digest that
// is stored.
func Mint(rand io.Reader) (text, digest string) {
	var secret [secretBytes]byte
	read(rand, secret[:])
	text = encoding.EncodeToString(secret[:])
	return text, digestOf(text)
}

// Digest is the digest of a text from a link, in whatever letter case a mail
// program left it; not ok if it cannot be a token at all.
func Digest(text string) (digest string, ok bool) {
	text = lookalike.Replace(strings.ToLower(text))
	if len(text) != textLength || strings.Trim(text, alphabet) != "" { // a decoder would skip line breaks
		return "", false
	}
	return digestOf(text), true
}

// digestOf is a plain SHA-256: 256 random bits need no salt and no key
// (standards R2).
func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// MintCode makes a code, as it is stored and compared: without its hyphen.
func MintCode(rand io.Reader) string { return short(rand, codeLength) }

// MintReference makes a reference. It proves nothing.
func MintReference(rand io.Reader) string { return short(rand, ReferenceLength) }

func short(rand io.Reader, length int) string {
	bits := make([]byte, length)
	read(rand, bits)
	for i, b := range bits {
		bits[i] = alphabet[b%32] // 256 is a multiple of 32: no letter is likelier
	}
	return strings.ToUpper(string(bits))
}

// ParseCode reads a code as people type it: small letters, spaces, hyphens, O
// for 0, I and L for 1.
func ParseCode(typed string) (code string, ok bool) {
	code = strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -\u00a0\u2010\u2011\u2012\u2013\u2014\t", r) {
			return -1
		}
		return r
	}, strings.ToLower(typed))
	code = lookalike.Replace(code)
	if len(code) != codeLength || strings.Trim(code, alphabet) != "" {
		return "", false
	}
	return strings.ToUpper(code), true
}

// SpellCode writes a code as a mail shows it.
func SpellCode(code string) string { return code[:codeLength/2] + "-" + code[codeLength/2:] }

// SealCode makes what is stored of a code: it is bound to its token.
func SealCode(p pepper.Pepper, digest, code string) string { return p.Digest("code", digest, code) }

// CodeIs compares a code with the sealed one of the token of that digest.
func (t Token) CodeIs(p pepper.Pepper, digest, code string) bool {
	return p.Matches(t.Code, "code", digest, code)
}

func read(rand io.Reader, into []byte) {
	if _, err := io.ReadFull(rand, into); err != nil {
		panic(fmt.Errorf("no randomness: %w", err)) // never a token that can be guessed
	}
}

// Key is where a token is kept.
func Key(digest string) table.Key { return table.K("TOKEN", digest) }

// LivingKey is where the newest token of a purpose is kept.
func LivingKey(slug, id string, p Purpose) table.Key {
	return account.Key(slug, id).At("LIVING#" + string(p))
}

// Put is the op that stores a new token under its digest.
func (t Token) Put(digest string) table.Op {
	row := table.New(Key(digest), t)
	row.Expires = t.Ends.Add(keptDead)
	return row.Put()
}

// Verdict is what a token is worth now.
type Verdict string

// Good works. The others say why a genuine token does not; Fake was never one.
const (
	Good     Verdict = "good"
	Fake     Verdict = ""
	Expired  Verdict = "expired"
	Used     Verdict = "used"
	Replaced Verdict = "replaced" // by a newer one, or by a change to the account
)

// Judge decides whether a token that sets a password may do so now: strictly
// before its end, unused, the newest of its purpose, of the account's epoch, for
// a live account that has its password here and whose recovery is not frozen
// (standards R3, R5, R7, R56, R105).
func (t Token) Judge(digest string, living Living, who account.Account, now time.Time) Verdict {
	switch {
	case !t.Purpose.SetsPassword() || t.Account != who.ID || t.District != who.District:
		return Fake
	case t.Used:
		return Used
	case !now.Before(t.Ends):
		return Expired
	case t.Disowned, living.Digest != digest, t.Epoch != who.State.Value.Epoch, !who.Live(), who.Elsewhere(), who.Frozen(now):
		return Replaced
	}
	return Good
}

// NoDigest makes a digest that no token has, the same for the same text: what a
// look-up goes on with after a miss, so that it costs the same calls.
func NoDigest(text string) string {
	sum := sha256.Sum256([]byte("none " + text))
	return hex.EncodeToString(sum[:])
}
