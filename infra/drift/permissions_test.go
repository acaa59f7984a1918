package drift_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sparekey/sparekey"
	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/infra/gate"
	"github.com/sparekey/sparekey/infra/sim"
	"github.com/sparekey/sparekey/infra/template"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/table"
)

// weeks are lived through, at most so many, to see what the functions do when
// everything happens to them that can: people, strangers, outages, crashes, races.
// What no week needs is needed by nobody.
const weeks = 200

// needed is what every function needed, until nothing was left that is granted and
// was not needed.
var needed = sync.OnceValue(func() map[string][]template.Need {
	seen := recorder{}
	watched := sim.Options{Broken: sim.Broken{
		Table: func(f string, inner table.Table) table.Table { return gate.Table(inner, f, seen.around) },
		Credentials: func(f string, inner credential.Store) credential.Store {
			return gate.Credentials(inner, f, seen.around)
		},
		Mail: func(inner mail.Sender) mail.Sender { return gate.Mail(inner, "courier", seen.around) },
	}}
	// Nobody opens a hub in a simulated week: pages reads a district, as its edge does.
	hub := district.Directory{Table: gate.Table(embedded.NewTable(), "pages", seen.around), Now: time.Now}
	_, _ = hub.Find(context.Background(), "springfield")
	for _, script := range sim.Scripts() {
		sim.Play(script, -1, sim.Well, watched)
	}
	granted, err := template.Read(sparekey.Template)
	for seed := uint64(1); seed <= weeks && (err != nil || len(permissions(granted, seen)) > 0); seed++ {
		sim.Live(seed, watched)
	}
	return seen
})

// recorder notes what calls need. Of a week one goroutine runs at a time.
type recorder map[string][]template.Need

func (r recorder) around(_ context.Context, c gate.Call, do func() error) error {
	for _, need := range template.Needs(c) {
		if !slices.Contains(r[c.Function], need) {
			r[c.Function] = append(r[c.Function], need)
		}
	}
	return do()
}

// permissions tells where the statements of the template are not exactly what its
// functions need of the ports.
func permissions(t template.Template, needed map[string][]template.Need) (faults []string) {
	for _, f := range t.Functions {
		var granted []template.Need
		for _, need := range f.Grants() {
			if service, _, _ := strings.Cut(need.Action, ":"); service != "ssm" && service != "kms" && !slices.Contains(polling, need.Action) {
				granted = append(granted, need)
			}
		}
		for _, need := range needed[f.Folder] {
			if !slices.Contains(granted, need) {
				faults = append(faults, fmt.Sprintf("%s needs %s, and has it not", f.Folder, need))
			}
		}
		for i, need := range granted {
			if !slices.Contains(needed[f.Folder], need) {
				faults = append(faults, fmt.Sprintf("%s may %s, and never does", f.Folder, need))
			}
			if slices.Contains(granted[:i], need) {
				faults = append(faults, fmt.Sprintf("%s may %s twice", f.Folder, need))
			}
		}
	}
	return faults
}

func TestStatementsAreExactlyWhatTheFunctionsDo(t *testing.T) {
	for _, fault := range permissions(deployed(t), needed()) {
		t.Error(fault)
	}
}

// One statement too few, or one too many, is found whatever it is: each kind of
// each statement is taken away in turn, and each is given where it is not.
func TestEveryStatementTooManyOrTooFewIsFound(t *testing.T) {
	planted := 0
	plant := func(f *template.Function, s template.Statement, says string) {
		was := f.Statements
		f.Statements = append(slices.Clone(was), s)
		found := permissions(template.Template{Functions: []template.Function{*f}}, needed())
		f.Statements = was
		if planted++; len(found) != 1 || !strings.Contains(found[0], says) {
			t.Errorf("%s with %v of %v: found %q", f.Folder, s.Actions, s.LeadingKeys, found)
		}
	}
	kinds := []string{
		"ACCESS", "ACCOUNT", "ADDRESS", "AUDIT", "BUDGET", "COUNT", "DISTRICT", "ENROLMENT", "KEY", "NOTICE", "ONCE", "REQUEST", "RUN", "SEAL",
		"SESSION", "TOKEN", "TRIES", "USERNAME",
	}
	verbs := []string{"GetItem", "BatchGetItem", "Query", "PutItem", "DeleteItem", "ConditionCheckItem", "UpdateItem"}
	for _, f := range deployed(t).Functions {
		granted := f.Grants()
		for _, verb := range verbs {
			for _, kind := range kinds {
				if need := (template.Need{Action: "dynamodb:" + verb, Kind: kind}); !slices.Contains(granted, need) {
					plant(&f, template.Statement{Actions: []string{need.Action}, LeadingKeys: []string{kind + "#*"}}, "never does")
				}
			}
		}
		for _, action := range []string{"cognito-idp:AdminEnableUser", "cognito-idp:AdminDisableUser", "ses:SendEmail"} {
			plant(&f, template.Statement{Actions: []string{action}}, "never does")
		}
		for i := range granted {
			fewer := f
			fewer.Statements = nil
			for j, need := range granted {
				if s := (template.Statement{Actions: []string{need.Action}, Index: need.Index}); i != j {
					if need.Kind != "" {
						s.LeadingKeys = []string{need.Kind + "#*"}
					}
					fewer.Statements = append(fewer.Statements, s)
				}
			}
			found := permissions(template.Template{Functions: []template.Function{fewer}}, needed())
			own := slices.Contains(polling, granted[i].Action) || strings.HasPrefix(granted[i].Action, "ssm:") || strings.HasPrefix(granted[i].Action, "kms:")
			if planted++; !own && (len(found) != 1 || !strings.Contains(found[0], "has it not")) {
				t.Errorf("%s without %s: found %q", f.Folder, granted[i], found)
			}
		}
	}
	t.Logf("%d mistakes", planted)
}

// What does not come of a call of a port: Lambda feeds the stream with the
// function's role, and the pepper is read before there is a port.
func TestWhatIsNoCallOfAPortIsGrantedWhereItIsNeededAlone(t *testing.T) {
	const (
		parameter = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter${PepperParameter}"
		viaSSM    = "StringEquals kms:ViaService ssm.${AWS::Region}.amazonaws.com"
	)
	feeding := []string{
		"dynamodb:DescribeStream Table.StreamArn", "dynamodb:GetRecords Table.StreamArn", "dynamodb:GetShardIterator Table.StreamArn",
		"dynamodb:ListStreams ${Table.Arn}/stream/*", "sqs:SendMessage FeedFailures.Arn",
	}
	reading := []string{"kms:Decrypt Key.Arn " + viaSSM, "ssm:GetParameter " + parameter}
	for _, f := range deployed(t).Functions {
		var want, got []string
		if len(f.Feed) > 0 {
			want = append(want, feeding...)
		}
		if slices.Contains(depsOf(t, "./functions/"+f.Folder+"/bootstrap"), "github.com/sparekey/sparekey/infra/parameter") {
			want = append(want, reading...)
		}
		for _, s := range f.Statements {
			for _, action := range s.Actions {
				if slices.Contains(polling, action) || strings.HasPrefix(action, "ssm:") || strings.HasPrefix(action, "kms:") {
					got = append(got, strings.TrimSpace(action+" "+strings.Join(append(slices.Clone(s.Resources), s.Conditions...), " ")))
				}
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s may %q, want %q", f.Folder, got, want)
		}
	}
}
