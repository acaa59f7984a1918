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
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/sparekey/sparekey"
)

const root = "../.."

func page(t *testing.T) string {
	t.Helper()
	return read(t, root, "docs/deploy.md")
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

// TestTheDomainsOfTheExamplesAgree follows a mail of the example district: its domain
// is the one that SES is told of, and one that the courier may mail from.
func TestTheDomainsOfTheExamplesAgree(t *testing.T) {
	t.Parallel()
	d, err := parseDistrict([]byte(read(t, root, "docs/district.example.json")))
	if err != nil {
		t.Fatal(err)
	}
	_, domain, _ := strings.Cut(d.MailFrom, "@")
	if told := regexp.MustCompile(`(?m)^DOMAIN=(.+)$`).FindAllStringSubmatch(page(t), -1); len(told) < 2 {
		t.Errorf("deploy.md sets DOMAIN %d times", len(told))
	} else {
		for _, one := range told {
			if one[1] != domain {
				t.Errorf("deploy.md has %s verified, and the example district mails from %s", one[1], domain)
			}
		}
	}
	_, prod, _ := strings.Cut(read(t, root, "samconfig.toml"), "[prod.deploy.parameters]")
	if from := regexp.MustCompile(`"MailFrom=(.+)"`).FindStringSubmatch(prod); from == nil || !slices.Contains(strings.Split(from[1], ","), "*@"+domain) {
		t.Errorf("samconfig.toml's prod lets nobody mail from %s: %q", domain, from)
	}
}

var monthly = regexp.MustCompile(`\| (\d+) alarms, each metric they watch at \$0\.10: (\d+) \(a band is three\); (\d+) metrics from logs at \$0\.30; a dashboard at \$3 ² \| ([\d.]+) \|`)

// TestWhatWatchingCostsIsCounted counts in the template what the table of costs counts.
func TestWhatWatchingCostsIsCounted(t *testing.T) {
	t.Parallel()
	var alarms, watched int
	fromLogs := map[string]bool{}
	for _, resource := range readStack(t).Resources {
		text, err := yaml.Marshal(resource)
		if err != nil {
			t.Fatal(err)
		}
		switch all := string(text); {
		case strings.Contains(all, "Type: AWS::CloudWatch::Alarm\n"):
			alarms++
			watched += max(1, strings.Count(all, "MetricStat:")) + 2*strings.Count(all, "ANOMALY_DETECTION_BAND")
		case strings.Contains(all, "Type: AWS::Logs::MetricFilter\n"):
			fromLogs[regexp.MustCompile(`MetricName: (\w+)`).FindString(all)] = true
		}
	}
	cost := fmt.Sprintf("%.2f", float64(watched)*0.1+float64(len(fromLogs))*0.3+3)
	want := []string{strconv.Itoa(alarms), strconv.Itoa(watched), strconv.Itoa(len(fromLogs)), cost}
	if said := monthly.FindStringSubmatch(page(t)); said == nil || !slices.Equal(said[1:], want) {
		t.Errorf("the template has %q (alarms, what they watch, metrics from logs, dollars); deploy.md says %q", want, said)
	}
}

// shells are the commands of each section, with what every shell is given first:
// nobody has the variables of a section that they did in March.
func shells(text string) (all []string) {
	first := blocks(text)[0]
	for _, section := range strings.Split(text, "\n## ") {
		if commands := blocks(section); len(commands) > 0 {
			all = append(all, first+"\n"+strings.Join(commands, "\n"))
		}
	}
	return all
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
  *list-stack-resources) seq -f 'function-%g' "${FOUND:-$(grep -c AWS::Serverless::Function template.yaml)}"; return ;;
  *describe-table) [[ $* != *TableStatus* ]] || { echo ACTIVE; return; } ;;
  esac
  echo arn:aws:dynamodb:us-east-1:000000000000:table/sparekey-prod-restored-20261125/stream/2026-11-25T12:00:00.000
}
sam() { note sam "$@"; }
go() { note go "$@"; }
make() { note make "$@"; }
git() { note git "$@"; }
curl() { note curl "$@"; }
rm() { :; }
sleep() { :; }
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

func secondTier(t *testing.T) {
	t.Helper()
	if os.Getenv("SPAREKEY_TEST_AWS") != "1" {
		t.Skip("second tier: set SPAREKEY_TEST_AWS=1 to have bash and the AWS CLI read docs/deploy.md")
	}
}

// TestNoFunctionIsForgottenInARestore gives the two blocks of its first step.
func TestNoFunctionIsForgottenInARestore(t *testing.T) {
	secondTier(t)
	_, restore, _ := strings.Cut(page(t), "**Step 1. Stop.**")
	steps := blocks(restore)
	dir := desktop(t)
	kept := filepath.Join(dir, "sparekey-prod", "concurrency")
	look := blocks(page(t))[0] + "\n" + steps[0]
	if said := give(t, dir, "FOUND=5\n"+look); !strings.Contains(said, "STOP HERE: these are not as many") {
		t.Errorf("of five functions it says %s", said)
	}
	if _, err := os.Stat(kept); err == nil {
		t.Error("five of them are written down")
	}
	give(t, dir, look)
	before, err := os.ReadFile(kept)
	if want := strings.Count(string(sparekey.Template), "Type: AWS::Serverless::Function\n"); err != nil || strings.Count(string(before), " 10\n") != want {
		t.Fatalf("written down is %q, %v; want %d functions", before, err, want)
	}
	if calls := read(t, dir, "calls"); strings.Contains(calls, "put-function-concurrency") {
		t.Error("it stops functions before all are known")
	}
	if said := give(t, dir, look); !strings.Contains(said, "STOP HERE: "+kept) {
		t.Errorf("given twice it says %s", said)
	}
	for range 2 {
		give(t, dir, blocks(page(t))[0]+"\n"+steps[1])
	}
	if after := read(t, dir, "sparekey-prod/concurrency"); after != string(before) {
		t.Errorf("stopped twice it is %q, and was %q", after, before)
	}
	for f := range strings.Lines(string(before)) {
		name, _, _ := strings.Cut(f, " ")
		if stop := name + "\t--reserved-concurrent-executions\t0\n"; strings.Count(read(t, dir, "calls"), stop) != 2 {
			t.Errorf("%s is not stopped", name)
		}
	}
}

func TestCommandsInDeployExist(t *testing.T) {
	secondTier(t)
	program, err := filepath.Abs(filepath.Join(root, ".tools", "aws", "bin", "python"))
	if err == nil {
		_, err = os.Stat(program)
	}
	if err != nil {
		t.Fatalf("%v; make tools installs it", err)
	}
	dir := desktop(t)
	for _, commands := range shells(page(t)) {
		give(t, dir, commands)
	}
	text := read(t, dir, "calls")
	counts := map[string]int{}
	var ofAWS strings.Builder
	for line := range strings.Lines(text) {
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

// desktop is a folder as the repository is, as far as the commands read it.
func desktop(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "docs"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"docs/district.example.json": []byte("{}"), "template.yaml": sparekey.Template} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// give types commands into a shell of their own, whose programs are stubs. A variable
// that nobody has set ends it.
func give(t *testing.T, dir, commands string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "bash", "-c", stubs+commands)
	command.Dir = dir
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "EDITOR=true"}
	said, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s\n%s", err, said, commands)
	}
	return string(said)
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
	case program == "go" && slices.Equal(args[:2], []string{"run", "./infra/release"}):
		return nil // its arguments are looked up among the parameters, above
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
