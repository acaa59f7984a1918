package supply_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/version"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
)

// finding is one of govulncheck's. The first step of its trace is the vulnerable
// thing; it names a function if something of ours calls that, at the end of the
// trace.
type finding struct {
	OSV   string
	Fixed string `json:"fixed_version"`
	Trace []struct{ Module, Version, Package, Function string }
}

func (f finding) called() bool { return f.Trace[0].Function != "" }

// scan runs govulncheck in a module. In JSON it says what it found and nothing by
// its exit code, which is for scans that failed.
func scan(t *testing.T, dir string) (findings []finding, goes string) {
	t.Helper()
	database := os.Getenv("SPAREKEY_VULNDB") // a newer one, where there is a way to it: https://vuln.go.dev
	if database == "" {
		database = "file://" + tool(t, "vulndb")
	}
	said := run(t, dir, tool(t, "bin/govulncheck"), "-format", "json", "-tags", "lambda.norpc,nethttpomithttp2", "-db", database, "./...")
	decoder := json.NewDecoder(bytes.NewReader(said))
	for {
		var message struct {
			Config *struct {
				GoVersion string `json:"go_version"`
			}
			Finding *finding
		}
		err := decoder.Decode(&message)
		switch {
		case errors.Is(err, io.EOF) && goes != "":
			return findings, goes
		case err != nil:
			t.Fatalf("govulncheck: %v after %d findings", err, len(findings))
		case message.Config != nil:
			goes = message.Config.GoVersion
		case message.Finding != nil:
			findings = append(findings, *message.Finding)
		}
	}
}

// exception is a line of accepted.txt.
type exception struct{ osv, mended, why string }

func exceptions(text string) (all []exception) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			parts := append(strings.SplitN(line, " ", 3), "", "")
			all = append(all, exception{parts[0], parts[1], parts[2]})
		}
	}
	return all
}

// unexcused leaves no exception that a newer Go mends: whoever deploys has one
// to build with.
func unexcused(all []exception) []exception {
	return slices.DeleteFunc(all, func(e exception) bool { return version.IsValid(e.mended) })
}

// judge tells what stops the build, and what is known and can wait. An exception
// is not needed any more when nothing calls what it excuses; but one that a newer
// Go mends is for those who have an older.
func judge(findings []finding, accepted []exception, goes string) (stops, waits []string) {
	called := map[string]string{}
	for _, f := range findings {
		if f.called() {
			called[f.OSV] = f.Trace[0].Package + "." + f.Trace[0].Function + ", mended in " + f.Trace[0].Module + "@" + f.Fixed
		}
	}
	for _, e := range accepted {
		what, found := called[e.osv]
		switch {
		case e.why == "":
			stops = append(stops, e.osv+": an exception without a reason")
		case found:
			waits = append(waits, e.osv+": "+what+". "+e.why)
		case !version.IsValid(e.mended) || version.Compare(goes, e.mended) < 0:
			stops = append(stops, e.osv+": nothing calls it; take the exception away")
		}
		delete(called, e.osv)
	}
	for osv, what := range called {
		stops = append(stops, osv+": "+what)
	}
	slices.Sort(stops)
	return stops, waits
}

func TestAVulnerabilityThatIsCalledStopsTheBuild(t *testing.T) {
	t.Parallel()
	said := func(osv, function string) finding {
		f := finding{OSV: osv, Fixed: "v1.2.3"}
		f.Trace = append(f.Trace, struct{ Module, Version, Package, Function string }{"m", "v1.0.0", "m/p", function})
		return f
	}
	for _, c := range []struct {
		name         string
		found        []finding
		accepted     string
		stops, waits int
	}{
		{"nothing", nil, "", 0, 0},
		{"one that is called", []finding{said("A", ""), said("A", "F")}, "", 1, 0},
		{"one that is only linked", []finding{said("A", "")}, "", 0, 0},
		{"one that can wait", []finding{said("A", "F")}, "A go1.26.9 because", 0, 1},
		{"two, of which one can wait", []finding{said("A", "F"), said("B", "F")}, "A go1.26.9 because", 1, 1},
		{"an exception without a reason", []finding{said("A", "F")}, "A go1.26.9", 1, 0},
		{"an exception that is not needed", nil, "A go1.26.9 because", 1, 0},
		{"an exception that this Go does not need", nil, "A go1.26.8 because", 0, 0},
		{"an exception for a module that was mended", nil, "A v1.2.3 because", 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			stops, waits := judge(c.found, exceptions(c.accepted), "go1.26.8")
			if len(stops) != c.stops || len(waits) != c.waits {
				t.Errorf("stops %q, waits %q", stops, waits)
			}
		})
	}
}

func TestADeploymentExcusesNoOldGo(t *testing.T) {
	t.Parallel()
	accepted := exceptions("A go1.26.9 because\nB v1.2.3 because")
	if left := unexcused(accepted); len(left) != 1 || left[0].osv != "B" {
		t.Errorf("left are %v", left)
	}
}

func TestVulnerabilityPlanted(t *testing.T) {
	findings, goes := scan(t, "testdata/vulnerable")
	stops, _ := judge(slices.DeleteFunc(findings, func(f finding) bool { return f.Trace[0].Module == "stdlib" }), nil, goes)
	if len(stops) != 1 || !strings.Contains(stops[0], "GO-2021-0113: golang.org/x/text/language.Parse") {
		t.Fatalf("of the planted vulnerability the scan says %q", stops)
	}
}

func TestVulnerabilitiesOfOurs(t *testing.T) {
	accepted, err := os.ReadFile("accepted.txt")
	if err != nil {
		t.Fatal(err)
	}
	excused := exceptions(string(accepted))
	if os.Getenv("SPAREKEY_RELEASE") == "1" {
		excused = unexcused(excused)
	}
	findings, goes := scan(t, root)
	stops, waits := judge(findings, excused, goes)
	for _, why := range waits {
		t.Log("can wait:", why)
	}
	for _, why := range stops {
		t.Error(why)
	}
}
