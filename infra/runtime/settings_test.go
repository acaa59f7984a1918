package runtime_test

import (
	"errors"
	"regexp"
	"slices"
	"testing"

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
