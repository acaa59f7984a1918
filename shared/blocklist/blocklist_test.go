package blocklist_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sparekey/sparekey/shared/blocklist"
)

// TestTheCommonestAreFound goes by passwords that stand in the list, the commonest
// and the last, short and long.
func TestTheCommonestAreFound(t *testing.T) {
	t.Parallel()
	for _, listed := range []string{
		"password", "12345678", "123456789", "baseball", "1234567890", "superman", "trustno1", "jennifer", "starwars", "computer",
		"qwertyuiop", "sunshine", "princess", "basketball", "elephant", "strawberry", "minecraft", "springfield", "letmein123", "welcome1",
		"passwordpassword", "qwertyuiopasdfghjkl", "123456789987654321", "1qaz2wsx3edc4rfv", "aaaaaaaaaaaaaaa", "30secondstomars", "perasperaadastra",
		"PassWord", "BASEBALL", // in any case
	} {
		if !blocklist.Has(listed) {
			t.Errorf("%q is not found", listed)
		}
	}
}

// TestGoodPassphrasesAreNotMistaken: what is not on the list is found once in
// 262,144 times. The passphrases are the same in every run.
func TestGoodPassphrasesAreNotMistaken(t *testing.T) {
	t.Parallel()
	words := strings.Fields("seven quiet herons purple kite river marble cabin violet anchor lemon summer window paper cedar copper field engine yellow drum cloud")
	dice := rand.New(rand.NewPCG(1, 2))
	const tries = 100_000
	seen, found := map[string]bool{}, 0
	for len(seen) < tries {
		phrase := fmt.Sprintf("%s %s %s %d", words[dice.IntN(len(words))], words[dice.IntN(len(words))], words[dice.IntN(len(words))], dice.IntN(10_000))
		if !seen[phrase] && blocklist.Has(phrase) {
			found++
		}
		seen[phrase] = true
	}
	if found > 3 {
		t.Errorf("%d of %d are taken for common, want none or one", found, tries)
	}
}

// TestWhatIsPackedIsFound packs lists of every size, down to one.
func TestWhatIsPackedIsFound(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 2, 3, 100, 1023, 1024, 5000} {
		list := make([]string, size)
		for i := range list {
			list[i] = fmt.Sprintf("password number %d of %d", i, size)
		}
		set := string(blocklist.Pack(list))
		for _, password := range list {
			if !blocklist.In(set, password) {
				t.Errorf("of %d: %q is not found", size, password)
			}
		}
		mistaken := 0
		for i := range 10_000 {
			if blocklist.In(set, fmt.Sprintf("another number %d of %d", i, size)) {
				mistaken++
			}
		}
		if mistaken > 2 {
			t.Errorf("of %d: %d of 10,000 others are found too", size, mistaken)
		}
	}
}

func TestThereAreHundredThousand(t *testing.T) {
	t.Parallel()
	if n := blocklist.Count(); n < 100_000 {
		t.Errorf("%d passwords", n)
	}
}

func TestFolding(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{{"PassWord", "password"}, {"E\u0301TE\u0301", "\u00e9t\u00e9"}, {" x ", " x "}} {
		if got := blocklist.Fold(c[0]); got != c[1] {
			t.Errorf("%q: %q", c[0], got)
		}
	}
}

func BenchmarkHas(b *testing.B) {
	for b.Loop() {
		blocklist.Has("seven quiet herons")
	}
}
