package password_test

import (
	"slices"
	"testing"

	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/password"
	"github.com/sparekey/sparekey/shared/problem"
)

// The seed's messages, word for word.
const (
	m1 = "Current password is not correct."
	m2 = "New password must be at least 10 characters long."
	m3 = "New password must contain at least one uppercase and one lowercase letter."
	m4 = "New password must contain at least one letter and one number."
	m5 = "New password must contain at least one special character."
	m6 = "The verification password you enter must match the new password."
	m7 = "The password entered was previously used. Please enter a new password."
)

func says(t *testing.T, fields ...problem.Field) (said []string) {
	t.Helper()
	english := i18n.Default.Language(i18n.English)
	for _, f := range fields {
		said = append(said, english.Say(f.Says))
	}
	return said
}

func TestPowerSchoolsMessages(t *testing.T) {
	t.Parallel()
	policy := password.Policy{Minimum: 10, Classic: true}
	for _, c := range []struct {
		typed string
		want  []string
	}{
		{"Quiet7#Herons", nil},
		{"Quiet 7 Herons", nil}, // a space within is a special character
		{"\u041f\u0442\u0438\u0446\u0430-\u0434\u043e\u043c-7", nil},
		{"\u00c9t\u00e9-froid-9", nil},
		{"E\u0301t\u00e9-froid-9", nil},
		{"Quiet\u0667#Herons", nil}, // an Arabic seven
		{"Quiet7\U0001F600Herons", nil},
		{"Quiet7#Her", nil},
		{"Quiet7#He", []string{m2}},
		{"quiet7#herons", []string{m3}},
		{"QUIET7#HERONS", []string{m3}},
		{"Quiet##Herons", []string{m4}},
		{"7#7#7#8#9#1#", []string{m3, m4}},
		{"Quiet7Herons", []string{m5}},
		{"Quiet\u00b2#Herons", []string{m4}},                                  // a raised two is no number to write
		{"\u0633\u0628\u0639\u0629-\u0637\u064a\u0648\u0631-7", []string{m3}}, // letters without case
		{"quietx", []string{m2, m3, m4, m5}},
		{"7777777", []string{m2, m3, m4, m5}},
	} {
		if got := says(t, policy.Broken(c.typed)...); !slices.Equal(got, c.want) {
			t.Errorf("%q: got %q, want %q", c.typed, got, c.want)
		}
	}
	rest := says(t, password.NotCurrent("password"), policy.Differ(), policy.Used(), policy.Same())
	if want := []string{m1, m6, m7, m7}; !slices.Equal(rest, want) {
		t.Errorf("got %q, want %q", rest, want)
	}
}

func TestOthersHaveNoRulesOfComposition(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{"quietherons", "QUIETHERONS", "582930174658", "#$%&/()=?!*+", "\u0633\u0628\u0639\u0629\u0637\u064a\u0648\u0631\u0647\u0627"} {
		if got := (password.Policy{Minimum: 10}).Broken(typed); got != nil {
			t.Errorf("%q: %q", typed, says(t, got...))
		}
	}
}
