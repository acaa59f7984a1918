package supply_test

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// leak is one of gitleaks' findings, without the secret.
type leak struct {
	RuleID, File, Commit string
	StartLine            int
}

// leaks runs gitleaks under our rules: "git" reads every commit, "dir" a folder.
func leaks(t *testing.T, how, dir string) (all []leak) {
	t.Helper()
	config, err := filepath.Abs("gitleaks.toml")
	if err != nil {
		t.Fatal(err)
	}
	report := filepath.Join(t.TempDir(), "report.json")
	run(t, dir, tool(t, "bin/gitleaks"), how, "--no-banner", "--redact", "--exit-code", "0", "-c", config,
		"--ignore-gitleaks-allow", "--report-format", "json", "--report-path", report, ".")
	text, err := os.ReadFile(report)
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// planted are secrets of the kinds that would hurt here, made up at each run, so
// that none stands in this file.
func planted() map[string]string {
	random := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rand.Uint32())
		}
		return b
	}
	letters := strings.Map(func(r rune) rune {
		if strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", r) {
			return r
		}
		return -1
	}, base64.StdEncoding.EncodeToString(random(400)))
	return map[string]string{
		"sparekey-pepper":  "PEPPER=" + "1:" + base64.StdEncoding.EncodeToString(random(32)),
		"sparekey-random":  base64.StdEncoding.EncodeToString(random(32)),
		"aws-access-token": "aws_access_key_id = " + "AKIA" + letters[:16],
		"private-key":      string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: random(300)})),
		"generic-api-key":  "client_secret = " + `"` + base64.RawURLEncoding.EncodeToString(random(33)) + `"`,
	}
}

// TestSecretsPlanted commits secrets and removes them again: they are in the
// history and not in the folder.
func TestSecretsPlanted(t *testing.T) {
	tool(t, "bin/gitleaks")
	dir := t.TempDir()
	git := func(args ...string) {
		run(t, dir, "git", append([]string{"-c", "user.name=Nobody", "-c", "user.email=nobody@example.org"}, args...)...)
	}
	git("init", "--quiet")
	for rule, secret := range planted() {
		if err := os.WriteFile(filepath.Join(dir, rule+".txt"), []byte(secret+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found := func(how string) (rules []string) {
		for _, l := range leaks(t, how, dir) {
			rules = append(rules, l.RuleID)
			if l.File != l.RuleID+".txt" {
				t.Errorf("%s: in %s, %s", how, l.File, l.RuleID)
			}
		}
		slices.Sort(rules)
		return slices.Compact(rules)
	}
	want := []string{"aws-access-token", "generic-api-key", "private-key", "sparekey-pepper", "sparekey-random"}
	if rules := found("dir"); !slices.Equal(rules, want) {
		t.Errorf("in the folder: found %q, want %q", rules, want)
	}
	git("add", ".")
	git("commit", "--quiet", "-m", "secrets")
	git("rm", "--quiet", "-r", ".")
	git("commit", "--quiet", "-m", "none")
	if rules := found("git"); !slices.Equal(rules, want) {
		t.Errorf("in the history: found %q, want %q", rules, want)
	}
}

func TestSecretsInTheHistory(t *testing.T) {
	tool(t, "bin/gitleaks")
	if said := run(t, root, "git", "rev-parse", "--is-shallow-repository"); strings.TrimSpace(string(said)) != "false" {
		t.Fatal("this clone has no whole history to look through")
	}
	t.Logf("%s commits", strings.TrimSpace(string(run(t, root, "git", "rev-list", "--count", "HEAD"))))
	tell(t, leaks(t, "git", root))
}

// TestSecretsInTheTree looks at what could be committed now: not at what git
// ignores.
func TestSecretsInTheTree(t *testing.T) {
	tool(t, "bin/gitleaks")
	tree := t.TempDir()
	files := strings.Split(strings.TrimRight(string(run(t, root, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")), "\x00"), "\x00")
	for _, name := range files {
		text, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // removed, and not committed yet
		}
		path := filepath.Join(tree, name)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(path), 0o700)
		}
		if err == nil {
			err = os.WriteFile(path, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d files", len(files))
	tell(t, leaks(t, "dir", tree))
}

func tell(t *testing.T, all []leak) {
	t.Helper()
	for _, l := range all {
		t.Errorf("%s:%d: %s %s", l.File, l.StartLine, l.RuleID, l.Commit)
	}
}
