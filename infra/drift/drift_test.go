package drift_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/template"
	"github.com/sparekey/sparekey/shared/change"
	"github.com/sparekey/sparekey/shared/outbox"
)

// root is where the repository begins.
const root = "../.."

func atoi(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

func TestEveryFlowIsDeployedAndNothingElse(t *testing.T) {
	folders, err := filepath.Glob(filepath.Join(root, "functions", "*", "bootstrap"))
	if err != nil {
		t.Fatal(err)
	}
	var written, there []string
	for _, folder := range folders {
		there = append(there, filepath.Base(filepath.Dir(folder)))
	}
	for _, f := range deployed(t).Functions {
		written = append(written, f.Folder)
		if f.CodeURI != "functions/"+f.Folder+"/bootstrap/" {
			t.Errorf("%s: CodeUri %s", f.Name, f.CodeURI)
		}
	}
	if !slices.Equal(there, written) {
		t.Errorf("the bootstraps are %q, and the template has %q", there, written)
	}
}

func TestNobodyWorksOnWhatAnotherMaySettle(t *testing.T) {
	for _, f := range deployed(t).Functions {
		lease := change.Lease
		if len(f.Routes) == 0 {
			lease = outbox.Lease
		}
		if f.Timeout >= lease || f.Timeout == 0 {
			t.Errorf("%s may run for %v, and what it works on is another's after %v", f.Folder, f.Timeout, lease)
		}
		if len(f.Routes) > 0 && f.Timeout > 29*time.Second {
			t.Errorf("%s may run for %v, and API Gateway waits 29 s", f.Folder, f.Timeout)
		}
	}
}

// A mail that SES has taken, or a sign-out that Cognito has done, is written down
// before the function's time is over: whatever began last has that long, with
// everything that it asks at the end of its patience, and the run's line as well.
func TestNothingThatWasBegunIsKilled(t *testing.T) {
	table := seconds(t, "infra/dynamo/table.go", "deadline")
	for folder, slowest := range map[string]time.Duration{
		// a slot, the mail, and its outcome as often as it is insisted on
		"courier": table + seconds(t, "infra/ses/sender.go", "sendDeadline") + time.Duration(number(t, "functions/courier/request.go", "races"))*table,
		// what is owed, its being done, and its being put off, which is a read and a write
		"cleanup": table + seconds(t, "infra/cognito/store.go", "callTimeout") + 2*table,
	} {
		runs := seconds(t, "functions/"+folder+"/"+folder+".go", "runFor")
		for _, f := range deployed(t).Functions {
			if f.Folder == folder && runs+slowest+table >= f.Timeout {
				t.Errorf("%s begins until %v, what it begins takes %v and its line %v, and it may run for %v", folder, runs, slowest, table, f.Timeout)
			}
		}
	}
}

// seconds is a constant of so many seconds, and number one of so many.
func seconds(t *testing.T, file, name string) time.Duration {
	t.Helper()
	return time.Duration(constant(t, file, name+` += (\d+) \* time\.Second\b`)) * time.Second
}

func number(t *testing.T, file, name string) int {
	t.Helper()
	return constant(t, file, name+` += (\d+)\n`)
}

func constant(t *testing.T, file, pattern string) int {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`\b` + pattern).FindSubmatch(source)
	if found == nil {
		t.Fatalf("%s: no %s", file, pattern)
	}
	return atoi(string(found[1]))
}

// services are what each driver calls on AWS: a function that links the driver
// has to be allowed that much, and one that does not must not be.
var services = map[string][]string{
	"infra/dynamo":    {"dynamodb"},
	"infra/cognito":   {"cognito-idp"},
	"infra/ses":       {"ses"},
	"infra/parameter": {"kms", "ssm"},
}

// polling is what Lambda itself needs of a role to feed a stream to a function.
var polling = []string{
	"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams", "sqs:SendMessage",
}

func TestWhatAFunctionLinksIsWhatItMayReach(t *testing.T) {
	for _, f := range deployed(t).Functions {
		links := []string{}
		for _, dep := range depsOf(t, "./functions/"+f.Folder+"/bootstrap") {
			path := strings.TrimPrefix(dep, "github.com/sparekey/sparekey/")
			links = append(links, services[path]...)
			switch {
			case strings.HasPrefix(path, "infra/local"), strings.HasPrefix(path, "infra/embedded"), path == "infra/template", path == "infra/gate", path == "testing":
				t.Errorf("%s links %s", f.Folder, dep)
			case strings.HasPrefix(path, "functions/") && !strings.HasPrefix(path, "functions/"+f.Folder):
				t.Errorf("%s links %s, another flow", f.Folder, dep)
			case strings.HasPrefix(dep, "github.com/aws/aws-sdk-go-v2/config"):
				t.Errorf("%s links %s: its configuration is made by hand", f.Folder, dep)
			}
		}
		slices.Sort(links)
		if may := mayReach(f); !slices.Equal(links, may) {
			t.Errorf("%s links drivers of %q, and its role may reach %q", f.Folder, links, may)
		}
	}
}

func mayReach(f template.Function) (all []string) {
	for _, s := range f.Statements {
		for _, action := range s.Actions {
			if service, _, _ := strings.Cut(action, ":"); !slices.Contains(polling, action) {
				all = append(all, service)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func depsOf(t *testing.T, pkg string) []string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-deps", "-tags", "lambda.norpc,nethttpomithttp2", pkg)
	command.Dir = root
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list %s: %v: %s", pkg, err, stderr.Bytes())
	}
	return strings.Fields(string(out))
}

// What go run ./infra/local stands on needs Go alone. Its program holds the other
// backend too, which nothing touches unless it is asked for.
func TestTheEmbeddedRunStandsOnNothingOfAWS(t *testing.T) {
	for _, dep := range depsOf(t, "./infra/local/server") {
		path := strings.TrimPrefix(dep, "github.com/sparekey/sparekey/")
		if strings.HasPrefix(dep, "github.com/aws/aws-sdk-go-v2") || path == "infra/emulator" {
			t.Errorf("infra/local/server links %s", dep)
		}
	}
}

// asked are the settings that a bootstrap reads by itself, and boot for it.
func TestSettingsAreTheSameInCodeAndTemplate(t *testing.T) {
	for _, f := range deployed(t).Functions {
		must, may := settingsOf(t, "infra/boot/boot.go")
		own, ownMay := settingsOf(t, "functions/"+f.Folder+"/bootstrap/main.go")
		must, may = append(must, own...), append(may, ownMay...)
		must = slices.DeleteFunc(must, func(name string) bool { return name == "AWS_REGION" }) // Lambda's own
		slices.Sort(must)
		if !slices.Equal(must, f.Settings) {
			t.Errorf("%s asks for %q, and the template sets %q", f.Folder, must, f.Settings)
		}
		for _, name := range may {
			if !strings.HasSuffix(name, "_ENDPOINT") {
				t.Errorf("%s: %s may be missing; only an emulator's address may", f.Folder, name)
			}
		}
	}
}

// settingsOf lists the settings that a file reads through a settings.Reader.
func settingsOf(t *testing.T, file string) (must, may []string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		selector, _ := call.Fun.(*ast.SelectorExpr)
		literal, _ := call.Args[0].(*ast.BasicLit)
		if selector == nil || literal == nil {
			return true
		}
		name, err := strconv.Unquote(literal.Value)
		if reader, ok := selector.X.(*ast.Ident); !ok || reader.Name != "env" || err != nil {
			return true
		}
		if selector.Sel.Name == "Emulator" || selector.Sel.Name == "Optional" {
			may = append(may, name)
		} else {
			must = append(must, name)
		}
		return true
	})
	return must, may
}

func TestFlowsAndSharedStartNothingOnTheSide(t *testing.T) {
	for _, folder := range []string{"functions", "shared"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, _ os.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "test/") {
				return err
			}
			set := token.NewFileSet()
			parsed, err := parser.ParseFile(set, path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				if n, ok := n.(*ast.GoStmt); ok {
					t.Errorf("%s: a go statement: the simulator could not order it", set.Position(n.Pos()))
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
