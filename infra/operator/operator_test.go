package main

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/sparekey/sparekey"
	"github.com/sparekey/sparekey/infra/template"
)

func nothing(string) (string, bool) { return "", false }

func TestWhatCannotBeMeantIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ args, says string }{
		"nothing":                   {"", "which command?"},
		"half a command":            {"district", "which command?"},
		"an unknown command":        {"account delete -table t -region r", "which command?"},
		"no table and no region":    {"district put x.json", "-table"},
		"somebody else's address":   {"district put -table t -region r -endpoint http://example.org x.json", "-endpoint"},
		"no file":                   {"district put -table t -region r", "which file?"},
		"a file that is not there":  {"district put -table t -region r none.json", "none.json"},
		"an account without a name": {"account put -table t -region r -district springfield", "-username"},
		"a role that is none":       {"account put -table t -region r -role root", "no role"},
		"an epoch without a cause":  {"epoch raise -table t -region r -yes", "-cause"},
		"a stream of another table": {"table adopt -table t -region r -stream arn:aws:dynamodb:eu-central-1:000000000000:table/other/stream/1", "not a stream of t"},
		"no district":               {"district get -table t -region r", "which district?"},
		"a district's file":         {"district get -table t -region r springfield.json", "which district?"},
		"an address that is none":   {"account put -table t -region r -role staff -username a -email nobody", "-email: Enter an email"},
		"a header for a username":   {"account put -table t -region r -role staff -email a@example.org -username Bcc:x", "not a username"},
		"two scripts in a username": {"account put -table t -region r -role staff -email a@example.org -username p\u0430ul", "not a username"},
		"a control character":       {"account put -table t -region r -role staff -email a@example.org -username a -first b\x01", "-first"},
		"more than an account":      {"account put -table t -region r -role staff -username a -email a@example.org b", `"b"`},
		"more than a district":      {"district get -table t -region r springfield shelbyville", `"shelbyville"`},
		"more than a file":          {"district put -table t -region r x.json -endpoint", `"-endpoint"`},
		"more than a cause":         {"epoch raise -table t -region r -cause a yes", `"yes"`},
		"more than a table":         {"table adopt -table t -region r x", `"x"`},
		"a flag that is not there":  {"epoch raise -table t -region r -force", "-force"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := run(t.Context(), strings.Fields(c.args), nothing, &bytes.Buffer{})
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("says %v, want %q", err, c.says)
			}
		})
	}
}

func TestWithoutACommandItListsThem(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := run(t.Context(), nil, nothing, &out); !errors.Is(err, errUsage) {
		t.Fatal(err)
	}
	for _, c := range commands {
		if !strings.Contains(out.String(), "operator "+c.name+" ") {
			t.Errorf("nothing of %s in %s", c.name, out.String())
		}
	}
}

func TestTheExampleDistrictIsOne(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/district.example.json")
	if err != nil {
		t.Fatal(err)
	}
	if d, err := parseDistrict(text); err != nil || d.Slug != "springfield" || !d.AskEmail || d.Version != "" {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestSettingsWithAFaultAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, says string }{
		"a switch that is misspelled": {`{"slug":"springfield","name":"S","mail_from":"a@example.org","link_minuts":20}`, "link_minuts"},
		"a setting out of bounds":     {`{"slug":"springfield","name":"S","mail_from":"a@example.org","link_minutes":5}`, "link_minutes"},
		"two districts":               {`{"slug":"springfield","name":"S","mail_from":"a@example.org"}{}`, "something after"},
		"no word about flows":         {`{"slug":"springfield","name":"S","mail_from":"a@example.org"}`, "flows: say"},
		"a flow that is none":         {`{"slug":"springfield","name":"S","mail_from":"a@example.org","flows":{"forgot":[]}}`, `no "forgot"`},
		"no JSON":                     {`slug: springfield`, "invalid character"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := parseDistrict([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("says %v, want %q", err, c.says)
			}
		})
	}
}

const (
	restored = "sparekey-restored"
	stream   = "arn:aws:dynamodb:eu-central-1:000000000000:table/sparekey-restored/stream/2026-11-25T12:00:00.000"
)

// TestTheRestoredTableTakesThePlace reads the template as the local run does: the
// same functions with the same permissions, and no table of the stack's own.
func TestTheRestoredTableTakesThePlace(t *testing.T) {
	t.Parallel()
	text, err := adopt(string(sparekey.Template), restored, stream)
	if err != nil {
		t.Fatal(err)
	}
	before, err := template.Read(sparekey.Template)
	if err != nil {
		t.Fatal(err)
	}
	after, err := template.Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(after.Functions) != len(before.Functions) {
		t.Fatalf("%d functions, and there were %d", len(after.Functions), len(before.Functions))
	}
	for i, f := range after.Functions {
		if len(f.Statements) != len(before.Functions[i].Statements) {
			t.Errorf("%s: %d statements, and there were %d", f.Name, len(f.Statements), len(before.Functions[i].Statements))
		}
	}
	for what, want := range map[string]int{"\n  Table:\n": 0, "TABLE: " + restored + "}": 1, "EventSourceArn: " + stream: 1} {
		if got := strings.Count(text, what); got != want {
			t.Errorf("%q is there %d times, want %d", what, got, want)
		}
	}
}

func TestAReferenceThatIsLeftIsFound(t *testing.T) {
	t.Parallel()
	for _, left := range []string{"X: !GetAtt Table.TableId\n", "DependsOn: [Key, Table]\n"} {
		if _, err := adopt(string(sparekey.Template)+left, restored, stream); err == nil {
			t.Errorf("%q was let through", left)
		}
	}
}
