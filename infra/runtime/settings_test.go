package runtime_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey"
	"github.com/sparekey/sparekey/infra/runtime"
	"github.com/sparekey/sparekey/infra/template"
)

// folders are the functions that the template deploys.
func folders(t *testing.T) []string {
	t.Helper()
	deployed, err := template.Read(sparekey.Template)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range deployed.Functions {
		all = append(all, f.Folder)
	}
	return all
}

var missing = regexp.MustCompile(`([A-Z][A-Z0-9_]+) is not set`)

// unset starts a bootstrap with some settings and returns the names that it says
// are not set; none where it starts.
func unset(t *testing.T, program string, env ...string) (names []string) {
	t.Helper()
	var crash *runtime.Crash
	switch err := run(t, runtime.Config{Program: program, Env: env}).Ready(t.Context()); {
	case err == nil:
		return nil
	case !errors.As(err, &crash) || !crash.Init || crash.Status != "exit status 1":
		t.Fatalf("%v, want an end at init", err)
	}
	for _, found := range missing.FindAllStringSubmatch(crash.Log, -1) {
		names = append(names, found[1])
	}
	return names
}

// With nothing set, a function ends at init and names all that is missing: with
// just those set it misses nothing more, and without one of them just that one.
func TestAFunctionWithoutSettingsNamesThemAllAtOnce(t *testing.T) {
	for _, folder := range folders(t) {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			program := built(t, runtime.Bootstrap(folder))
			needed := unset(t, program)
			if len(needed) == 0 {
				t.Fatal("it starts with nothing set")
			}
			// The endpoint is no address of this machine, so it ends before it calls anybody.
			env := []string{"DYNAMODB_ENDPOINT=http://elsewhere.invalid"}
			for _, name := range needed {
				env = append(env, name+"=1")
			}
			if more := unset(t, program, env...); len(more) != 0 {
				t.Errorf("it named %v, and then misses %v", needed, more)
			}
			for i, name := range needed {
				without := slices.Delete(slices.Clone(env), i+1, i+2)
				if got := unset(t, program, without...); !slices.Equal(got, []string{name}) {
					t.Errorf("without %s it misses %v", name, got)
				}
			}
		})
	}
}

// The pepper is read, decrypted, by those who compare with it, once, before their
// first event. Who only takes what is asked holds none, and nor do the others.
func TestOnlyWhoComparesReadsThePepper(t *testing.T) {
	s := newStack(t)
	s.settle()
	store := newTap(t, s.moto)
	env := append(slices.Clone(s.env), "SSM_ENDPOINT="+store.URL)
	for _, folder := range folders(t) {
		p := run(t, runtime.Config{Function: folder, Program: built(t, runtime.Bootstrap(folder)), Env: env})
		if err := p.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		calls, _ := store.reset()
		want := map[string]int{"courier": 1, "verifytoken": 1, "signin": 1}[folder]
		if calls["GetParameter"] != want || len(calls) > 1 {
			t.Errorf("%s: %v at its start, want the pepper %d times", folder, calls, want)
		}
		event := runtime.Get("/springfield", "/{district}", map[string]string{"district": "springfield"})
		if folder == "courier" || folder == "cleanup" {
			event = runtime.Scheduled(time.Now())
		}
		if _, err := p.Invoke(t.Context(), event); err != nil {
			t.Errorf("%s: %v", folder, err)
		}
		if calls, _ := store.reset(); len(calls) != 0 {
			t.Errorf("%s: %v with an event", folder, calls)
		}
	}
	for _, f := range s.deployed.Functions {
		holds := slices.Contains(f.Settings, "PEPPER_PARAMETER")
		if asks := strings.HasPrefix(f.Folder, "forgot"); asks && holds {
			t.Errorf("%s is told where the pepper is", f.Folder)
		}
	}
}

// A pepper that anybody may read who may read parameters is none: no function
// starts with one.
func TestAPepperInPlainTextStartsNothing(t *testing.T) {
	s := newStack(t)
	env := append(slices.Clone(s.env), "PEPPER_PARAMETER="+s.pepper("/sparekey/plain", "String"))
	for _, folder := range []string{"courier", "verifytoken", "signin"} {
		var crash *runtime.Crash
		err := run(t, runtime.Config{Program: built(t, runtime.Bootstrap(folder)), Env: env}).Ready(t.Context())
		if !errors.As(err, &crash) || !crash.Init || !strings.Contains(crash.Log, "SecureString") || strings.Contains(crash.Log, "MDEyMzQ1") {
			t.Errorf("%s: %v, want an end at init that names the kind and not the secret", folder, err)
		}
	}
}
