package twins_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// fate is one way in which a call fails.
type fate string

const (
	throttled   fate = "throttled"
	unavailable fate = "unavailable"
	timeout     fate = "timed out"
	lost        fate = "done, and the answer lost"
	conflict    fate = "in conflict with another's transaction"
)

// fault is one fault at one call of a port: at one operation of AWS that the call
// comes to, or at all that it tries.
type fault struct {
	call      int
	operation int
	lasting   bool
	fate      fate
}

// twin is what must come of it on the embedded drivers; nil: nothing, because the
// driver has tried again by itself and nobody has noticed.
func (f fault) twin(call made) *fault {
	last := f.operation == len(call.operations)-1
	switch {
	case f.lasting:
	case f.fate == conflict, f.fate == throttled && strings.HasPrefix(call.name, "table."):
		return nil
	case f.fate == throttled && call.name == "credential.Set":
		return nil
	case call.reads && (f.fate == timeout || f.fate == lost):
		return nil
	case f.fate == lost && !last:
		f.fate = timeout // what was done was no more than a beginning
	}
	return &f
}

// faultsAt are all that may befall a call.
func faultsAt(call int, m made) (all []fault) {
	for i, operation := range m.operations {
		if i > 0 && operation == m.operations[i-1] {
			continue // the shards of a queue are asked alike
		}
		for _, fate := range []fate{throttled, unavailable, timeout, lost} {
			all = append(all, fault{call: call, operation: i, fate: fate})
		}
		if writes := strings.HasPrefix(m.name, "table.") && !m.reads; writes {
			all = append(all, fault{call: call, operation: i, fate: conflict})
		}
	}
	for _, f := range slices.Clone(all) {
		if f.operation == 0 && f.twin(m) == nil { // what the driver bears once, it does not bear for ever
			f.lasting = true
			all = append(all, f)
		}
	}
	return all
}

func TestTheSameComesOfEveryFaultOnBothKindsOfDrivers(t *testing.T) {
	users := newPool(t)
	worlds, seen, befell := 0, map[string]bool{}, map[string]bool{}
	next := func() string { worlds++; return fmt.Sprintf("person-%05d", worlds) }
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			well := newWorld(t, next(), s.newcomer)
			awsWorld(t, well, users)
			s.play(well)
			want := newWorld(t, well.id, s.newcomer)
			embeddedWorld(want)
			s.play(want)
			same(t, well, want)
			for i, call := range well.calls {
				if seen[call.like()] {
					continue // what comes of its failing depends on the story; that, the first tier plays through
				}
				seen[call.like()] = true
				for _, f := range faultsAt(i, call) {
					id := next()
					t.Run(f.title(well.calls), func(t *testing.T) {
						got := newWorld(t, id, s.newcomer)
						got.fault = &f
						awsWorld(t, got, users)
						s.play(got)
						want := newWorld(t, id, s.newcomer)
						want.fault = f.twin(call)
						embeddedWorld(want)
						s.play(want)
						same(t, got, want)
						if len(got.befell) == 0 {
							t.Error("the fault has met nothing")
						}
						for _, what := range got.befell {
							befell[what] = true
						}
					})
				}
			}
		})
	}
	t.Logf("%d worlds; calls that failed: %d", worlds, len(seen))
	t.Run("every operation has failed in every way", func(t *testing.T) {
		for _, operation := range operations(t) {
			for _, fate := range []fate{throttled, unavailable, timeout, lost} {
				if !befell[failing(operation, fate)] {
					t.Errorf("never %s", failing(operation, fate))
				}
			}
		}
	})
}

func failing(operation string, how fate) string { return operation + " " + string(how) }

// operations are all that the drivers hold, but for those that no function calls:
// the roster's imports will. They fail in the tests of infra/cognito.
func operations(t *testing.T) (all []string) {
	t.Helper()
	held := regexp.MustCompile(`(?m)^\t(\w+) +operation\[`)
	for _, file := range []string{"../cognito/api.go", "../dynamo/api.go"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range held.FindAllSubmatch(source, -1) {
			all = append(all, string(field[1]))
		}
	}
	if len(all) < 10 {
		t.Fatalf("read only %v", all)
	}
	uncalled := []string{"AdminEnableUser", "AdminDisableUser"}
	return append(slices.DeleteFunc(all, func(o string) bool { return slices.Contains(uncalled, o) }), "SendRawEmail")
}

func (f fault) title(calls []made) string {
	nth := 1
	for _, before := range calls[:f.call] {
		if before.name == calls[f.call].name {
			nth++
		}
	}
	title := fmt.Sprintf("%s %d, %s, %s", calls[f.call].name, nth, calls[f.call].operations[f.operation], f.fate)
	if f.lasting {
		title += " for long"
	}
	return title
}

// same demands that nobody can tell the two worlds apart.
func same(t *testing.T, got, want *world) {
	t.Helper()
	if len(got.calls) == 0 || len(got.dump()) < 5 {
		t.Fatal("nothing has happened")
	}
	a, b := got.portrait(), want.portrait()
	for _, line := range a {
		if !slices.Contains(b, line) {
			t.Errorf("only on AWS:      %s", line)
		}
	}
	for _, line := range b {
		if !slices.Contains(a, line) {
			t.Errorf("only on embedded: %s", line)
		}
	}
	if !t.Failed() && !slices.Equal(a, b) {
		t.Error("the same, in another order")
	}
}

// portrait is all that there is to be known of a world, a line each.
func (w *world) portrait() (lines []string) {
	w.Helper()
	lines = slices.Clone(w.heard)
	for _, m := range w.taken.All() {
		m.ID = "" // SES's own
		text, _ := json.Marshal(m)
		lines = append(lines, "mail "+string(text))
	}
	for _, secret := range []string{oldWords, newWords} {
		answer, err := w.passwords.Check(w.Context(), w.id, secret)
		w.fatal(err)
		lines = append(lines, fmt.Sprintf("password %q is %s", secret, answer)) // wrong, were the account disabled
	}
	lines = append(lines, fmt.Sprintf("sign-ins ended %d times", w.signedOut()))
	var rows []string
	for _, item := range w.dump() {
		var body map[string]any
		w.fatal(json.Unmarshal(item.Body, &body))
		if body["mail_id"] != nil && body["mail_id"] != "" {
			body["mail_id"] = "SES's own"
		}
		text, _ := json.Marshal(body)
		rows = append(rows, fmt.Sprintf("row %s %s, version %s, due %s %s, by %s %s, expires %d: %s", item.PK, item.SK, item.Version,
			item.Due.Queue, item.Due.At, item.By.PK, item.By.SK, item.Expires.Unix(), text))
	}
	slices.Sort(rows)
	return append(lines, rows...)
}

func text(a types.AttributeValue) string { return a.(*types.AttributeValueMemberS).Value }
