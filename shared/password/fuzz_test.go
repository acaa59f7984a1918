package password_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/password"
)

// FuzzPolicy: whatever is typed, the engine answers; it says the same of both forms
// of a letter; what it takes is neither too long nor too short, is taken by the
// store, and survives JSON.
func FuzzPolicy(f *testing.F) {
	for _, seed := range []string{
		"", " ", "seven quiet herons", "mlopez71", "e\u0301\u0301", "\u200dx\u200c", "\ufeffherons", "Quiet7#Herons", "\xff", "\U0001F468\u200d\U0001F469", "\u0958\u0f73", strings.Repeat("a\u0300", 300), strings.Repeat("password", 40),
	} {
		f.Add(seed, uint8(12), false)
		f.Add(seed, uint8(8), true)
	}
	f.Fuzz(func(t *testing.T, typed string, minimum uint8, classic bool) {
		if !utf8.ValidString(typed) {
			return // the edge refuses it
		}
		policy := password.Policy{Minimum: max(8, int(minimum)%65), Classic: classic, Own: []string{"mlopez71", "Maria", "\u041c\u0430\u0440\u0438\u044f"}}
		broken := policy.Broken(typed)
		normal := password.Normal(typed)
		if password.Normal(normal) != normal || len(policy.Broken(normal)) != len(broken) {
			t.Fatalf("%q and %q are not told the same", typed, normal)
		}
		for _, one := range broken {
			if one.Name != password.Field || one.Says.Key == "" {
				t.Fatalf("%q: says %+v", typed, one)
			}
		}
		if len(broken) > 0 {
			return
		}
		if n := utf8.RuneCountInString(normal); n < policy.Minimum || n > password.Longest {
			t.Fatalf("%q: %d characters are taken", typed, n)
		}
		store := embedded.NewCredentials(time.Now)
		if err := store.Set(t.Context(), "p-1", normal, credential.Permanent); err != nil {
			t.Fatalf("%q: taken here, and %v in the store", typed, err)
		}
		raw, err := json.Marshal(normal)
		var back string
		if err != nil || json.Unmarshal(raw, &back) != nil || back != normal {
			t.Fatalf("%q does not survive JSON", typed)
		}
	})
}
