package drift_test

import (
	"context"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/sparekey/sparekey/infra/cognito"
	"github.com/sparekey/sparekey/infra/dynamo"
	"github.com/sparekey/sparekey/infra/gate"
	"github.com/sparekey/sparekey/infra/parameter"
	"github.com/sparekey/sparekey/infra/ses"
	"github.com/sparekey/sparekey/infra/template"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/table"
)

// wire stands in the place of AWS, below the whole SDK. It notes which actions it
// is asked for, answers nothing of use, and knows no Cognito user.
type wire struct{ asked []string }

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	w.asked = append(w.asked, actionsOf(r.Header.Get("X-Amz-Target"), body)...)
	status, answer := http.StatusOK, `{}`
	if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".AdminSetUserPassword") {
		status, answer = http.StatusBadRequest, `{"__type":"UserNotFoundException"}`
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer))}, nil
}

// actionsOf is what IAM is asked for when a request arrives. A transaction is no
// action: its parts are.
func actionsOf(target string, body []byte) (all []string) {
	version, operation, _ := strings.Cut(target, ".")
	switch {
	case operation == "TransactWriteItems":
		var in struct{ TransactItems []map[string]any }
		_ = json.Unmarshal(body, &in)
		for _, item := range in.TransactItems {
			for part := range item {
				all = append(all, map[string]string{
					"Put": "dynamodb:PutItem", "Delete": "dynamodb:DeleteItem", "ConditionCheck": "dynamodb:ConditionCheckItem",
				}[part])
			}
		}
		return all
	case strings.HasPrefix(version, "DynamoDB"):
		return []string{"dynamodb:" + operation}
	case version == "AWSCognitoIdentityProviderService":
		return []string{"cognito-idp:" + operation}
	case version == "AmazonSSM":
		return []string{"ssm:" + operation}
	}
	form, _ := url.ParseQuery(string(body))
	return []string{"ses:" + form.Get("Action")}
}

// called makes every call of every port on the drivers for AWS, and tells what
// the template's reader says that each needs, and what AWS was asked for.
func called(t *testing.T, see func(call gate.Call, asked []string)) {
	t.Helper()
	w := &wire{}
	key := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "nobody", SecretAccessKey: "nothing"}, nil
	})
	around := func(_ context.Context, c gate.Call, do func() error) error {
		w.asked = nil
		_ = do() // the answers are of no use, and some are refused for it
		see(c, w.asked)
		return nil
	}
	rows := gate.Table(dynamo.Open(dynamo.Config{Table: "t", Region: "eu-west-1", Credentials: key, HTTP: w}), "", around)
	users := gate.Credentials(cognito.Open(cognito.Config{Pool: "eu-west-1_p", Client: "c", ClientSecret: "s", Region: "eu-west-1", Credentials: key, HTTP: w}), "", around)
	post := gate.Mail(ses.Open(ses.Config{ConfigurationSet: "m", Region: "eu-west-1", Credentials: key, HTTP: w}), "", around)
	op := func(act table.Act, was string) table.Op {
		return table.Op{Act: act, Was: was, Item: table.Item{Key: table.K("TOKEN", was+"x"), Version: "v"}}
	}
	ctx, now := t.Context(), time.Now()
	_, _ = rows.Get(ctx, table.K("TOKEN", "a"))
	_, _ = rows.Get(ctx, table.K("TOKEN", "a"), table.K("ACCOUNT", "a"))
	_ = rows.Write(ctx, op(table.Put, ""))
	_ = rows.Write(ctx, op(table.Delete, "a"))
	_ = rows.Write(ctx, op(table.Check, "a"))
	_ = rows.Write(ctx, op(table.Put, ""), op(table.Delete, "a"), op(table.Check, "b"))
	_, _ = rows.Count(ctx, table.K("COUNT", "a"), 1, now)
	_, _, _ = rows.List(ctx, table.Range{Partition: "ADDRESS#a", Limit: 1})
	_, _, _ = rows.List(ctx, table.Range{Index: table.ByDue, Partition: "REQUEST", Until: now, Limit: 1})
	_, _, _ = rows.List(ctx, table.Range{Index: table.By, Partition: "AUDITS#a", Limit: 1})
	_, _ = users.Check(ctx, "a", "seven quiet herons")
	_ = users.Set(ctx, "a", "seven quiet herons", credential.Permanent)
	_ = users.SignOut(ctx, "a")
	_ = users.Enable(ctx, "a")
	_ = users.Disable(ctx, "a")
	_, _ = post.Send(ctx, mail.Mail{From: "a@example.org", To: "b@example.org", Raw: []byte("x")})
}

func TestWhatACallNeedsIsWhatItsDriverAsksFor(t *testing.T) {
	calls := 0
	called(t, func(call gate.Call, asked []string) {
		calls++
		var needs []string
		for _, n := range template.Needs(call) {
			needs = append(needs, n.Action)
		}
		slices.Sort(needs)
		slices.Sort(asked)
		if needs, asked = slices.Compact(needs), slices.Compact(asked); len(needs) == 0 || !slices.Equal(needs, asked) {
			t.Errorf("%s.%s of %v needs %q, and its driver asks for %q", call.Port, call.Name, call.Touches, needs, asked)
		}
	})
	if calls != 16 {
		t.Errorf("%d calls were made", calls)
	}
}

// A driver names the operations that it holds: each is one that some call of the
// port asks for. What no call asks for is dead weight in every program.
func TestDriversHoldNoOperationThatNoCallAsksFor(t *testing.T) {
	asked := map[string]bool{"dynamodb:TransactWriteItems": true} // its parts are asked for
	called(t, func(_ gate.Call, all []string) {
		for _, action := range all {
			asked[action] = true
		}
	})
	for driver, service := range map[string]string{"dynamo": "dynamodb", "cognito": "cognito-idp"} {
		for _, operation := range fieldsOf(t, "infra/"+driver+"/api.go", "operations") {
			if !asked[service+":"+operation] {
				t.Errorf("infra/%s holds %s, and no call asks for it", driver, operation)
			}
		}
	}
}

func TestThePepperIsReadByTheOneCallThatIsGranted(t *testing.T) {
	w := &wire{}
	key := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "nobody", SecretAccessKey: "nothing"}, nil
	})
	if _, err := parameter.Read(t.Context(), parameter.Config{Name: "/p", Region: "eu-west-1", Credentials: key, HTTP: w}); err == nil {
		t.Error("nothing was read, and nothing is said of it")
	}
	if !slices.Equal(w.asked, []string{"ssm:GetParameter"}) {
		t.Errorf("asked for %q", w.asked)
	}
}

// fieldsOf are the names of a struct's fields.
func fieldsOf(t *testing.T, file, name string) (all []string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok || spec.Name.Name != name {
			return true
		}
		if fields, ok := spec.Type.(*ast.StructType); ok {
			for _, field := range fields.Fields.List {
				all = append(all, field.Names[0].Name)
			}
		}
		return false
	})
	if len(all) == 0 {
		t.Fatalf("%s: no fields of %s", file, name)
	}
	return all
}
