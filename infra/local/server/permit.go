package server

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sparekey/sparekey/infra/gate"
	"github.com/sparekey/sparekey/infra/template"
)

// needs are the permissions that a touch of the table, or a call of another
// port, takes on AWS.
var needs = map[string][]string{
	"get":                {"dynamodb:GetItem"},
	"get several":        {"dynamodb:BatchGetItem"},
	"put":                {"dynamodb:PutItem"},
	"delete":             {"dynamodb:DeleteItem"},
	"check":              {"dynamodb:ConditionCheckItem"},
	"count":              {"dynamodb:UpdateItem"},
	"list":               {"dynamodb:Query"},
	"credential.Check":   {"cognito-idp:AdminInitiateAuth"},
	"credential.Set":     {"cognito-idp:AdminSetUserPassword", "cognito-idp:AdminCreateUser"},
	"credential.SignOut": {"cognito-idp:AdminUserGlobalSignOut"},
	"credential.Enable":  {"cognito-idp:AdminEnableUser"},
	"credential.Disable": {"cognito-idp:AdminDisableUser"},
	"mail.Send":          {"ses:SendRawEmail"},
}

// permit refuses what the template does not let a function do, as IAM would, so
// that a missing permission is found here and not on the first day of school.
func permit(functions []template.Function) gate.Around {
	may := map[string][]template.Statement{}
	for _, f := range functions {
		may[f.Folder] = f.Statements
	}
	return func(_ context.Context, c gate.Call, do func() error) error {
		for _, t := range c.Touches {
			act := t.Act
			if act == "get" && len(c.Touches) > 1 {
				act = "get several"
			}
			for _, action := range needs[act] {
				if !permitted(may[c.Function], action, t.Kind) {
					return fmt.Errorf("%w: %s may not %s on %s", gate.ErrForbidden, c.Function, action, t.Kind)
				}
			}
		}
		if c.Port != "table" {
			for _, action := range needs[c.Port+"."+c.Name] {
				if !permitted(may[c.Function], action, "") {
					return fmt.Errorf("%w: %s may not %s", gate.ErrForbidden, c.Function, action)
				}
			}
		}
		return do()
	}
}

// permitted reports whether some statement allows the action on that kind of
// key. Kinds of an index begin with DUE# or BY#; its statements name the index.
func permitted(statements []template.Statement, action, kind string) bool {
	index := ""
	for prefix, name := range map[string]string{"DUE#": "due", "BY#": "by-index"} {
		if rest, ok := strings.CutPrefix(kind, prefix); ok {
			index, kind = name, rest
		}
	}
	for _, s := range statements {
		if s.Index != index || !slices.Contains(s.Actions, action) {
			continue
		}
		if kind == "" || len(s.LeadingKeys) == 0 {
			return true
		}
		for _, pattern := range s.LeadingKeys {
			if ok, _ := path.Match(pattern, kind+"#"); ok {
				return true
			}
		}
	}
	return false
}
