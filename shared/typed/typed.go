// Package typed turns what people type into values that may be worked with.
//
// It bounds and checks form only: whether a name is known or a password is good
// is asked elsewhere. Each function tells what is wrong for the field of that
// name, or nothing.
package typed

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/problem"
)

// The bounds (standards R41): code points of a username, bytes of the others,
// an e-mail address as RFC 5321 has it.
const (
	longestUsername = 128
	longestEmail    = 254
	longestAttempt  = 64
)

// Faults gathers what is wrong with a form.
type Faults []problem.Field

// Say adds a fault.
func (f *Faults) Say(field, key string, args ...string) {
	*f = append(*f, problem.Field{Name: field, Says: i18n.Say(key, args...)})
}

// Err is the faults as a problem, or nil.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	return problem.Invalid(f...)
}

// Username reads a username. Spaces around it are nobody's.
func (f *Faults) Username(field, text string) string {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		f.Say(field, "username.missing")
	case utf8.RuneCountInString(text) > longestUsername:
		f.Say(field, "username.long")
	case hasControl(text):
		f.Say(field, "text.control")
	}
	return text
}

// Email reads an e-mail address.
func (f *Faults) Email(field, text string) string {
	text = strings.TrimSpace(text)
	switch parsed, err := mail.ParseAddress(text); {
	case text == "":
		f.Say(field, "email.missing")
	case len(text) > longestEmail:
		f.Say(field, "email.long")
	case hasControl(text):
		f.Say(field, "text.control")
	case err != nil || parsed.Address != text || !strings.Contains(text[strings.LastIndexByte(text, '@')+1:], "."):
		f.Say(field, "email.malformed")
	}
	return text
}

// Attempt reads the id that a form carries to be known by; it is optional, and
// our own pages make it.
func (f *Faults) Attempt(field, text string) string {
	if len(text) > longestAttempt || hasControl(text) {
		f.Say(field, "text.control")
		return ""
	}
	return text
}

func hasControl(text string) bool { return strings.ContainsFunc(text, unicode.IsControl) }
