package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/sparekey/sparekey"
)

const root = "../.."

func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "deploy.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// stack is what the template has, by names.
type stack struct {
	Parameters map[string]struct {
		Default       any   `yaml:"Default"`
		AllowedValues []any `yaml:"AllowedValues"`
	} `yaml:"Parameters"`
	Resources map[string]any `yaml:"Resources"`
	Outputs   map[string]any `yaml:"Outputs"`
}

func readStack(t *testing.T) (s stack) {
	t.Helper()
	if err := yaml.Unmarshal(sparekey.Template, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

var (
	overrides = regexp.MustCompile(`infra/release "\$STAGE" (\w+)=(\w+)`)
	logicals  = regexp.MustCompile(`--logical-resource-id (\w+)`)
	outputs   = regexp.MustCompile(`OutputKey=='(\w+)'`)
	code      = regexp.MustCompile("`([A-Z][a-z]+[A-Za-z0-9]*)(=[^`]*)?`")
)

// elsewhere are words in code letters that are nothing of the template's: others
// say them, or they are what is to be written into it.
var elsewhere = []string{"PendingConfirmation", "Authentication", "Pool2"}

func TestNamesInDeployAreThoseOfTheTemplate(t *testing.T) {
	t.Parallel()
	text, s := page(t), readStack(t)
	for _, found := range overrides.FindAllStringSubmatch(text, -1) {
		if p, ok := s.Parameters[found[1]]; !ok || !slices.Contains(p.AllowedValues, any(found[2])) {
			t.Errorf("%s: no such parameter, or not such a value", found[0])
		}
	}
	for _, found := range logicals.FindAllStringSubmatch(text, -1) {
		if _, ok := s.Resources[found[1]]; !ok {
			t.Errorf("%s: no such resource", found[0])
		}
	}
	for _, found := range outputs.FindAllStringSubmatch(text, -1) {
		if _, ok := s.Outputs[found[1]]; !ok {
			t.Errorf("%s: no such output", found[0])
		}
	}
	for _, found := range code.FindAllStringSubmatch(text, -1) {
		_, parameter := s.Parameters[found[1]]
		_, resource := s.Resources[found[1]]
		_, output := s.Outputs[found[1]]
		if !parameter && !resource && !output && !slices.Contains(elsewhere, found[1]) {
			t.Errorf("%s: neither a parameter nor a resource nor an output", found[0])
		}
	}
	for name, p := range s.Parameters {
		if p.Default == nil && name != "Stage" && !strings.Contains(text, "`"+name+"`") {
			t.Errorf("%s has no default, and deploy.md does not say that it must be set", name)
		}
	}
}

func TestTheStageOfDeployIsInSamconfig(t *testing.T) {
	t.Parallel()
	config, err := os.ReadFile(filepath.Join(root, "samconfig.toml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"[prod.deploy.parameters]", `stack_name = "sparekey-prod"`, `"PepperParameter=/sparekey/prod/pepper"`} {
		if !strings.Contains(string(config), want) {
			t.Errorf("samconfig.toml does not say %s, which deploy.md goes by", want)
		}
	}
}

// blocks are the page's commands, as they would be typed one after the other.
func blocks(text string) (all []string) {
	for i, part := range strings.Split(text, "\n```") {
		if block, ok := strings.CutPrefix(part, "sh\n"); ok && i%2 == 1 {
			all = append(all, block)
		}
	}
	return all
}

// reached answers every call with an error by this name: a command that gets here
// exists, and its options are what it takes.
func reached(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("X-Amzn-Errortype", "Reached")
	w.WriteHeader(http.StatusBadRequest)
	if strings.Contains(r.Header.Get("Content-Type"), "x-www-form-urlencoded") {
		_, _ = io.WriteString(w, "<ErrorResponse><Error><Code>Reached</Code><Message>yes</Message></Error></ErrorResponse>")
		return
	}
	_, _ = io.WriteString(w, `{"__type":"Reached","message":"yes"}`)
}

// stubs write down how each program was called. What a command of AWS would print
// is made up; files stay, for the next step reads the commands after all were given.
const stubs = `
set -euo pipefail
note() { printf '%s' "$1" >>calls; shift; printf '\t%s' "$@" >>calls; printf '\n' >>calls; }
aws() {
  note aws "$@"
  case "$1 $2" in
  configure*) return ;;
  *get-function-concurrency) echo 10; return ;;
  esac
  echo arn:aws:dynamodb:us-east-1:000000000000:table/sparekey-prod-restored-20261125/stream/2026-11-25T12:00:00.000
}
sam() { note sam "$@"; }
go() { note go "$@"; }
make() { note make "$@"; }
git() { note git "$@"; }
curl() { note curl "$@"; }
rm() { :; }
`

// reads is the AWS CLI, once for all commands: it tells those that never reached
// the server. Two commands are of its version 2 only, which no registry has.
const reads = `
import io, sys, contextlib
from awscli.clidriver import create_clidriver
for line in sys.stdin:
    args = line.rstrip("\n").split("\t")[1:]
    if args[:2] in (["configure", "export-credentials"], ["logs", "tail"]):
        print("not read, of version 2 only: aws", *args)
        continue
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            create_clidriver().main(args)
        except SystemExit:
            pass
    if "(Reached)" not in said.getvalue():
        print("WRONG: aws", *args, said.getvalue().replace("\n", " "))
`

func TestCommandsInDeployExist(t *testing.T) {
	if os.Getenv("SPAREKEY_TEST_AWS") != "1" {
		t.Skip("second tier: set SPAREKEY_TEST_AWS=1 to have the AWS CLI read docs/deploy.md")
	}
	program, err := filepath.Abs(filepath.Join(root, ".tools", "aws", "bin", "python"))
	if err == nil {
		_, err = os.Stat(program)
	}
	if err != nil {
		t.Fatalf("%v; make tools installs it", err)
	}
	dir := t.TempDir()
	commands := blocks(page(t))
	give(t, dir, strings.Join(commands, "\n"))
	text, err := os.ReadFile(filepath.Join(dir, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	var ofAWS strings.Builder
	for line := range strings.Lines(string(text)) {
		parts := strings.Split(strings.TrimRight(line, "\n"), "\t")
		counts[parts[0]]++
		if parts[0] == "aws" {
			ofAWS.WriteString(line)
		} else if err := understood(t, parts[0], parts[1:]); err != nil {
			t.Errorf("%q: %v", parts, err)
		}
	}
	if counts["aws"] < 40 || counts["sam"] < 5 || counts["go"] < 5 {
		t.Errorf("hardly anything was read: %v", counts)
	}
	for line := range strings.Lines(ask(t, program, dir, ofAWS.String()+"aws\tssm\tput-parameter\t--nothing\n")) {
		switch wrong := strings.HasPrefix(line, "WRONG"); {
		case wrong && strings.Contains(line, "--nothing"):
			counts["planted"]++
		case wrong:
			t.Error(line)
		default:
			t.Log(line)
		}
	}
	if counts["planted"] != 1 {
		t.Error("a command that is not there was let through")
	}
}

// give types the page's commands into a shell whose programs are stubs.
func give(t *testing.T, dir, commands string) {
	t.Helper()
	if err := os.Mkdir(filepath.Join(dir, "docs"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "docs", "district.example.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "bash", "-c", stubs+commands)
	command.Dir = dir
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
}

// ask lets the AWS CLI send the commands to a server of ours.
func ask(t *testing.T, python, dir, commands string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(reached))
	defer server.Close()
	command := exec.CommandContext(t.Context(), python, "-c", reads)
	command.Dir, command.Stdin = dir, strings.NewReader(commands)
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "AWS_DEFAULT_REGION=us-east-1",
		"AWS_ENDPOINT_URL=" + server.URL, "AWS_ACCESS_KEY_ID=nobody", "AWS_SECRET_ACCESS_KEY=nothing",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=1",
	}
	said, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return string(said)
}

// samOptions are those of sam's that the page uses, each looked up in its help.
var samOptions = map[string][]string{
	"build":  {"--config-env", "--template-file"},
	"deploy": {"--config-env", "--parameter-overrides"},
	"delete": {"--stack-name", "--region"},
}

func understood(t *testing.T, program string, args []string) error {
	t.Helper()
	switch {
	case program == "sam":
		for _, arg := range args[1:] {
			if strings.HasPrefix(arg, "--") && !slices.Contains(samOptions[args[0]], arg) {
				return fmt.Errorf("sam %s has no %s that we know", args[0], arg)
			}
		}
	case program == "make":
		makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
		for _, target := range args {
			if err != nil || !strings.Contains(string(makefile), "\n"+target+":") {
				return fmt.Errorf("no make %s", target)
			}
		}
	case program == "go" && slices.Equal(args[:2], []string{"run", "./infra/operator"}):
		region := func(string) (string, bool) { return "us-east-1", true }
		_, err := parse(args[2:], region, &bytes.Buffer{})
		return err
	case program == "go":
		return fmt.Errorf("go %q", args)
	}
	return nil
}

// TestAWrongCommandIsFound is the same way for commands that are not right.
func TestAWrongCommandIsFound(t *testing.T) {
	t.Parallel()
	for _, c := range [][]string{
		{"sam", "deploy", "--guarded"},
		{"make", "nothing"},
		{"go", "run", "./infra/operator", "epoch", "lower"},
		{"go", "run", "./infra/operator", "epoch", "raise", "-table", "t", "-reason", "x"},
		{"go", "run", "./infra/local", "x"},
	} {
		if err := understood(t, c[0], c[1:]); err == nil {
			t.Errorf("%q was let through", c)
		}
	}
	var answer struct {
		Type string `json:"__type"`
	}
	recorder := httptest.NewRecorder()
	reached(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader("{}")))
	if err := json.Unmarshal(recorder.Body.Bytes(), &answer); err != nil || answer.Type != "Reached" {
		t.Errorf("%s, %v", recorder.Body, err)
	}
}
