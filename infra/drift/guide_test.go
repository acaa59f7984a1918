package drift_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// guide is the page that says which places a new flow touches.
const guide = "docs/adding-a-flow.md"

var (
	quoted = regexp.MustCompile("`([^`\n]+)`")
	linked = regexp.MustCompile(`\]\(([^)#]+)`)
	placed = regexp.MustCompile("`([a-z./_]+\\.go)`, `(\\w+)`")
)

// TestTheGuideNamesPlacesThatExist holds the guide to the tree: each path that it
// names is there, and each name that it says is in a file.
func TestTheGuideNamesPlacesThatExist(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, guide))
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, m := range quoted.FindAllStringSubmatch(string(text), -1) {
		if path := m[1]; strings.Contains(path, "/") && !strings.ContainsAny(path, "<* ") && !strings.Contains(path, "recoveryemail") && path != "bootstrap/main.go" {
			paths = append(paths, path)
		}
	}
	for _, m := range linked.FindAllStringSubmatch(string(text), -1) {
		paths = append(paths, filepath.Join("docs", m[1]))
	}
	if len(paths) < 10 {
		t.Fatalf("the guide names %q", paths)
	}
	for _, path := range paths {
		if _, err := os.Stat(filepath.Join(root, path)); err != nil {
			t.Errorf("the guide names %s: %v", path, err)
		}
	}
	names := placed.FindAllStringSubmatch(string(text), -1)
	if len(names) < 4 {
		t.Fatalf("the guide names %q", names)
	}
	for _, m := range names {
		if code, err := os.ReadFile(filepath.Join(root, m[1])); err != nil || !regexp.MustCompile(`\b`+m[2]+`\b`).Match(code) {
			t.Errorf("the guide says that %s has %s", m[1], m[2])
		}
	}
}
