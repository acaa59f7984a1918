package settings_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/sparekey/sparekey/shared/settings"
)

func from(all map[string]string) *settings.Reader {
	return settings.From(func(name string) (string, bool) {
		value, ok := all[name]
		return value, ok
	})
}

func TestEveryFaultIsToldAtOnce(t *testing.T) {
	env := from(map[string]string{"RATE": "0", "DYNAMODB_ENDPOINT": "http://example.org:8000", "BASE_URL": "http://reset.example.org"})
	env.String("TABLE")
	env.Int("RATE", 1, 500)
	env.Emulator("DYNAMODB_ENDPOINT")
	env.Site("BASE_URL")
	err := env.Err()
	if err == nil {
		t.Fatal("no fault found")
	}
	for _, name := range []string{"TABLE", "RATE", "DYNAMODB_ENDPOINT", "BASE_URL"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%q says nothing of %s", err, name)
		}
	}
	if asked := env.Asked(); !slices.Equal(asked, []string{"TABLE", "RATE", "DYNAMODB_ENDPOINT", "BASE_URL"}) {
		t.Errorf("asked: %v", asked)
	}
}

func TestAnEmulatorIsOnThisMachine(t *testing.T) {
	for address, good := range map[string]bool{
		"":                             true,
		"http://127.0.0.1:8000":        true,
		"http://[::1]:8000":            true,
		"http://localhost:8000":        false, // a name: it may lead elsewhere
		"http://169.254.169.254":       false,
		"https://dynamodb.example.org": false,
		"http://127.0.0.1.example.org": false,
		"http://127.0.0.1@example.org": false,
		"file:///etc/passwd":           false,
		"::":                           false,
	} {
		env := from(map[string]string{"DYNAMODB_ENDPOINT": address})
		env.Emulator("DYNAMODB_ENDPOINT")
		if (env.Err() == nil) != good {
			t.Errorf("%q: %v", address, env.Err())
		}
	}
}

func TestOnlyThisMachineIsReachedWithoutTLS(t *testing.T) {
	for address, good := range map[string]bool{
		"https://reset.example.org":      true,
		"https://reset.example.org/prod": true,
		"http://127.0.0.1:8080":          true,
		"http://reset.example.org":       false,
		"https://me@reset.example.org":   false,
		"reset.example.org":              false,
		"":                               false,
	} {
		env := from(map[string]string{"BASE_URL": address})
		env.Site("BASE_URL")
		if (env.Err() == nil) != good {
			t.Errorf("%q: %v", address, env.Err())
		}
	}
}
