package template_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey"
	"github.com/sparekey/sparekey/infra/template"
)

func samconfig(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../samconfig.toml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEveryStageIsComplete(t *testing.T) {
	if err := template.CheckConfig([]byte(samconfig(t)), sparekey.Template); err != nil {
		t.Error(err)
	}
}

func TestEveryMistakeOfAStageIsFound(t *testing.T) {
	for name, c := range map[string]struct{ old, mistake, says string }{
		"a cache":                        {"cached = false", "cached = true", "cached"},
		"no word of the cache":           {"[prod.build.parameters]\ncached = false\n", "[prod.build.parameters]\n", "prod: build: cached"},
		"a stage that inherits":          {"[prod.build.parameters]\ncached = false\nparallel = true\n", "", "prod: build"},
		"a default":                      {"[staging.build", "[default.build", "stages"},
		"no lint":                        {"lint = true", "lint = false", "lint"},
		"another stage's name":           {"Stage=prod", "Stage=staging", "prod: deploy: Stage"},
		"a stage that is none":           {"Stage=dev", "Stage=test", "Stage"},
		"another stage's stack":          {"sparekey-staging", "sparekey-prod", "one stack"},
		"a parameter that is missing":    {"  \"MailFrom=*@reset-dev.example.org\",\n", "", "MailFrom"},
		"a parameter that nobody knows":  {"SendRate=14", "Rate=14", "knows no Rate"},
		"a parameter that is not so":     {"LogDays=30", "LogDays=31", "LogDays"},
		"a parameter of the wrong shape": {"PepperParameter=/sparekey/dev", "PepperParameter=sparekey", "PepperParameter"},
		"the pepper itself":              {"PepperParameter=/sparekey/prod/pepper", "Pepper=1:c2VjcmV0", "knows no Pepper"},
		"production unasked":             {"confirm_changeset = true\nfail_on_empty_changeset = false\nparameter_overrides = [\n  \"Stage=prod\"", "confirm_changeset = false\nfail_on_empty_changeset = false\nparameter_overrides = [\n  \"Stage=prod\"", "prod: deploy: nobody"},
		"half a change kept":             {"resolve_s3 = true", "resolve_s3 = true\ndisable_rollback = true", "half a change"},
		"a release like the one before":  {"Release=unnumbered", "Release=1234567890", "Release"},
		"no word of releases":            {"  \"Release=unnumbered\",\n", "", "Release"},
		"all the power there is":         {"CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "capabilities"},
	} {
		t.Run(name, func(t *testing.T) {
			text := samconfig(t)
			if !strings.Contains(text, c.old) {
				t.Fatalf("cannot plant it: %q is not in samconfig.toml", c.old)
			}
			err := template.CheckConfig([]byte(strings.Replace(text, c.old, c.mistake, 1)), sparekey.Template)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want a word of %q", err, c.says)
			}
		})
	}
}

func TestADeploymentSaysEverything(t *testing.T) {
	at := time.Unix(1800000000, 0)
	got, err := template.Overrides([]byte(samconfig(t)), sparekey.Template, "prod", []string{"SendRate=80"}, at)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Release=1800000000", "SendRate=80", "Stage=prod", "Guarded=yes", "LogDays=400", "MailFrom=*@mail.springfield.example.org,*@mail.shelbyville.example.org"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q does not say %s", got, want)
		}
	}
	if parameters := strings.Count(string(sparekey.Template), "\n    Type: String\n") + strings.Count(string(sparekey.Template), "\n    Type: Number\n") + 1; len(got) != parameters {
		t.Errorf("it says %q, and there are %d parameters", got, parameters)
	}
}

func TestADeploymentIsRefused(t *testing.T) {
	for set, says := range map[string]string{"Guarded=maybe": "Guarded", "Rate=3": "knows no Rate", "OperatorEmail=": "OperatorEmail", "MailFrom=a@example.org b@example.org": "MailFrom"} {
		_, err := template.Overrides([]byte(samconfig(t)), sparekey.Template, "prod", []string{set}, time.Unix(1800000000, 0))
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want a word of %q", set, err, says)
		}
	}
	if _, err := template.Overrides([]byte(samconfig(t)), sparekey.Template, "test", nil, time.Unix(1800000000, 0)); err == nil {
		t.Error("a stage that is none is deployed")
	}
}

var (
	released  = regexp.MustCompile(`go run \./infra/release (\S+)([^)\n]*)\)`)
	resourced = regexp.MustCompile(`--logical-resource-id (\w+)`)
)

// TestWhatRunbooksDeployIsAllowed deploys nothing: it takes each command of a page
// as far as what SAM is told.
func TestWhatRunbooksDeployIsAllowed(t *testing.T) {
	pages, err := filepath.Glob("../../docs/runbooks/*.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range released.FindAllStringSubmatch(string(text), -1) {
			commands++
			if _, err := template.Overrides([]byte(samconfig(t)), sparekey.Template, m[1], strings.Fields(m[2]), time.Unix(1800000000, 0)); err != nil {
				t.Errorf("%s: %s: %v", page, m[0], err)
			}
		}
		for _, m := range resourced.FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(string(sparekey.Template), "\n  "+m[1]+":\n    Type: ") {
				t.Errorf("%s: there is no resource %s", page, m[1])
			}
		}
	}
	if commands < 5 {
		t.Errorf("the pages have %d deployments", commands)
	}
}
