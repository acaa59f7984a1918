package password_test

import (
	"strings"
	"testing"

	"github.com/sparekey/sparekey/shared/password"
	"github.com/sparekey/sparekey/shared/problem"
)

func guessed(broken []problem.Field) bool {
	for _, f := range broken {
		if f.Says.Key == "password.common" {
			return true
		}
	}
	return false
}

func TestWhatIsGuessedFirst(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]bool{
		"password": true, "PassWord": true, "baseball": true, "1q2w3e4r5t6y": true, "123456789012345": true, "p@ssw0rd": true,
		"qwertyuiopasdfghjkl": true, "aaaaaaaaaaaaaaa": true,
		// with digits and marks behind, which is how they become long enough
		"password2026!": true, "Sunshine-12345": true, "basketball!!!!!!!": true, "password 1 2 3": true,
		// more than once
		"passwordpassword": true, "PasswordPassword": true, "passwordpasswordpassword": true,
		// in a longer phrase they are no fault
		"my password is a heron": false, "baseball under the bed": false, "passwordheron": false, "heron password": false,
		"seven quiet herons": false, "purple-kite-river-71": false, "582930174658": false, "correct horse battery staple": false,
		"\u0633\u0628\u0639\u0629 \u0637\u064a\u0648\u0631 \u0647\u0627\u062f\u0626\u0629": false, strings.Repeat("\U0001F600", 12): false,
	} {
		if got := guessed(password.Policy{Minimum: 8}.Broken(typed)); got != want {
			t.Errorf("%q: %t, want %t", typed, got, want)
		}
	}
}
