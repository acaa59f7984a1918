package drift_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/sparekey/sparekey"
	"github.com/sparekey/sparekey/shared/i18n"
)

// constants are the texts that a package's file names.
func constants(t *testing.T, file string) map[string]string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
			if literal, ok := spec.Values[0].(*ast.BasicLit); ok {
				all[spec.Names[0].Name], _ = strconv.Unquote(literal.Value)
			}
		}
		return true
	})
	return all
}

type keySchema []struct {
	AttributeName string `yaml:"AttributeName"`
	KeyType       string `yaml:"KeyType"`
}

func (k keySchema) names() (names []string) {
	for _, key := range k {
		names = append(names, key.AttributeName)
	}
	return names
}

func TestTheTableIsAsItsDriverHasIt(t *testing.T) {
	var stack struct {
		Resources struct {
			Table struct {
				Properties struct {
					AttributeDefinitions   keySchema
					KeySchema              keySchema
					GlobalSecondaryIndexes []struct {
						IndexName string
						KeySchema keySchema
					}
					TimeToLiveSpecification struct{ AttributeName string }
				}
			}
		}
	}
	decode(t, &stack)
	table, c := stack.Resources.Table.Properties, constants(t, "infra/dynamo/item.go")
	same(t, "keys", table.KeySchema.names(), []string{c["attrPK"], c["attrSK"]})
	same(t, "the broom", []string{table.TimeToLiveSpecification.AttributeName}, []string{c["attrExpires"]})
	same(t, "attributes", table.AttributeDefinitions.names(),
		[]string{c["attrPK"], c["attrSK"], c["attrDueQueue"], c["attrDueAt"], c["attrByPart"], c["attrBySort"]})
	if len(table.GlobalSecondaryIndexes) != 2 {
		t.Fatalf("%d indexes, want 2", len(table.GlobalSecondaryIndexes))
	}
	due, by := table.GlobalSecondaryIndexes[0], table.GlobalSecondaryIndexes[1]
	same(t, "the first index", append(due.KeySchema.names(), due.IndexName), []string{c["attrDueQueue"], c["attrDueAt"], c["indexDue"]})
	same(t, "the second index", append(by.KeySchema.names(), by.IndexName), []string{c["attrByPart"], c["attrBySort"], c["indexBy"]})
}

// decode reads the template by its own names, which are capitalized.
func decode(t *testing.T, into any) {
	t.Helper()
	var plain any
	if err := yaml.Unmarshal(sparekey.Template, &plain); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(plain)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: the template has %q, and the driver %q", what, got, want)
	}
}

func TestWhatTheGatewaySaysByItselfIsWhatTheFunctionsSay(t *testing.T) {
	english := i18n.Default.Language(i18n.English)
	for _, refusal := range deployed(t).Refusals {
		var body struct{ Type, Title string }
		if err := json.Unmarshal([]byte(refusal.Body), &body); err != nil {
			t.Fatal(err)
		}
		code := filepath.Base(body.Type)
		if want := english.T("problem." + code + ".title"); body.Title != want {
			t.Errorf("%s: %q, and a function says %q", refusal.Kind, body.Title, want)
		}
	}
}
