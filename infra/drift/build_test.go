package drift_test

import (
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sparekey/sparekey/infra/runtime"
)

// TestEveryBootstrapIsOneStaticProgramForArm64 builds what is deployed, as it is
// built to be deployed. The compiler has to do everything once for that machine,
// so it belongs to the second tier.
func TestEveryBootstrapIsOneStaticProgramForArm64(t *testing.T) {
	secondTier(t)
	into, seen := t.TempDir(), map[[32]byte]string{}
	for _, f := range deployed(t).Functions {
		program := filepath.Join(into, f.Folder)
		build(t, program, f.Folder, "arm64")
		content, err := os.ReadFile(program)
		if err != nil {
			t.Fatal(err)
		}
		if other, twice := seen[sha256.Sum256(content)]; twice {
			t.Errorf("%s and %s are the same program", f.Folder, other)
		}
		seen[sha256.Sum256(content)] = f.Folder
		parsed, err := elf.NewFile(bytes.NewReader(content))
		if err != nil {
			t.Fatalf("%s: %v", f.Folder, err)
		}
		if parsed.Machine != elf.EM_AARCH64 || parsed.Type != elf.ET_EXEC {
			t.Errorf("%s: %v %v, want a program for arm64", f.Folder, parsed.Machine, parsed.Type)
		}
		if libraries, err := parsed.ImportedLibraries(); err != nil || len(libraries) > 0 || parsed.Section(".interp") != nil {
			t.Errorf("%s is not static: %q %v", f.Folder, libraries, err)
		}
		t.Logf("%-16s %5.2f MB", f.Folder, float64(len(content))/1e6)
	}
}

func secondTier(t *testing.T) {
	t.Helper()
	if os.Getenv("SPAREKEY_TEST_AWS") != "1" {
		t.Skip("second tier: set SPAREKEY_TEST_AWS=1 to build what is deployed")
	}
}

// TestOneWayToBuild holds the Makefile, which builds for SAM too, to what the
// tests and the bench build.
func TestOneWayToBuild(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	if want := `CGO_ENABLED=0 GOFLAGS="` + runtime.Flags + `"`; !strings.Contains(string(makefile), want) {
		t.Errorf("the Makefile has no %s", want)
	}
}

func build(t *testing.T, program, folder, arch string) {
	t.Helper()
	if err := runtime.Build(t.Context(), root, runtime.Bootstrap(folder), program, arch); err != nil {
		t.Fatal(err)
	}
}

// TestAFunctionWithoutSettingsTellsAllOfThemAndEnds runs one as Lambda would,
// with nothing in its environment.
func TestAFunctionWithoutSettingsTellsAllOfThemAndEnds(t *testing.T) {
	secondTier(t)
	program := filepath.Join(t.TempDir(), "bootstrap")
	build(t, program, "verifytoken", "")
	command := exec.CommandContext(t.Context(), program)
	command.Env = []string{"PATH=/nowhere", "AWS_LAMBDA_LOG_FORMAT=JSON"} // as the template's LoggingConfig has it
	out, err := command.CombinedOutput()
	if err == nil {
		t.Error("it ended well")
	}
	told := 0
	for _, m := range deployed(t).Meters {
		for line := range bytes.Lines(out) {
			if _, ok := m.Reads(line); ok && m.Log == "VerifyTokenLog" {
				if told++; m.Metric != "NotStarted" {
					t.Errorf("%s counts it: %s", m.Name, line)
				}
			}
		}
	}
	if told != 1 {
		t.Errorf("%d times the filters count that it does not start: %s", told, out)
	}
	for _, f := range deployed(t).Functions {
		if f.Folder != "verifytoken" {
			continue
		}
		for _, setting := range f.Settings {
			if !strings.Contains(string(out), setting+" is not set") {
				t.Errorf("it says nothing of %s: %s", setting, out)
			}
		}
	}
}
