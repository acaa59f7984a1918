package password_test

import (
	"fmt"
	"math/rand/v2"
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
		// before and around
		"!!!password2026!": true, "2026-sunshine": true, "***baseball***": true, "(1q2w3e4r5t6y)": true, "!!123456789012!!": true, "\u00a1password!": true,
		// more than once
		"passwordpassword": true, "PasswordPassword": true, "passwordpasswordpassword": true,
		"password password": true, "Password-Password": true, "Passw0rdPassw0rd1": true, "password1 password2": true, "p@ssw0rd p@ssw0rd!": true,
		"1password1password": true, "!!password, password": true, "sunshine sunshine sunshine": true, "12345678 12345678": true,
		// in a longer phrase they are no fault
		"my password is a heron": false, "baseball under the bed": false, "passwordheron": false, "heron password": false,
		"password to password": false, "password passwords": false, "2026 password heron": false, "!!! baseball in May !!!": false, "sunshine, sunshine, rain": false,
		"seven quiet herons": false, "purple-kite-river-71": false, "582930174658": false, "correct horse battery staple": false,
		"\u0633\u0628\u0639\u0629 \u0637\u064a\u0648\u0631 \u0647\u0627\u062f\u0626\u0629": false, strings.Repeat("\U0001F600", 12): false,
	} {
		if got := guessed(password.Policy{Minimum: 8}.Broken(typed)); got != want {
			t.Errorf("%q: %t, want %t", typed, got, want)
		}
	}
}

// TestGoodPassphrasesAreNotCommon: each look at the list is wrong once in 262,144
// times, and there are few looks. The passphrases are the same in every run.
func TestGoodPassphrasesAreNotCommon(t *testing.T) {
	t.Parallel()
	words := strings.Fields("seven quiet herons purple kite river marble cabin violet anchor lemon summer window paper cedar copper field engine yellow drum cloud")
	dice := rand.New(rand.NewPCG(3, 4))
	const tries = 20_000
	seen, found := map[string]bool{}, 0
	for len(seen) < tries {
		order := dice.Perm(len(words)) // no word twice: "drumdrum" is on the list
		phrase := fmt.Sprintf([]string{"%s %s %s %d", "%[4]d-%[1]s-%[2]s-%[3]s!", "%[4]d%[1]s%[2]s%[1]s%[2]s", "!%s, %s, %s %d?"}[dice.IntN(4)], words[order[0]], words[order[1]], words[order[2]], dice.IntN(10_000))
		if !seen[phrase] && guessed(password.Policy{}.Broken(phrase)) {
			found++
		}
		seen[phrase] = true
	}
	if found > 3 {
		t.Errorf("%d of %d are taken for common, want none or one", found, tries)
	}
}
