package supply_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// root is where the repository begins.
const root = "../.."

// tool is the path of something that make tools has installed. Without the switch
// it skips the test; with it, a tool that is not there fails it.
func tool(t *testing.T, name string) string {
	t.Helper()
	if os.Getenv("SPAREKEY_TEST_SUPPLY") != "1" {
		t.Skip("supply chain: set SPAREKEY_TEST_SUPPLY=1 to scan")
	}
	path, err := filepath.Abs(filepath.Join(root, ".tools", name))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Fatalf("%v; make tools installs it", err)
	}
	return path
}

// run gives what a command says.
func run(t *testing.T, dir, program string, args ...string) []byte {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, args...)
	command.Dir = dir
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(program), args, err, stderr.Bytes())
	}
	return out
}
