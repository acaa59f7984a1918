package template

import (
	"strings"

	"github.com/sparekey/sparekey/infra/gate"
)

// Need is one permission: an action of AWS, and, for one of the table's, on which
// kind of key, in which index.
type Need struct{ Action, Kind, Index string }

// String is how a need is spelt in a failing test.
func (n Need) String() string {
	on := ""
	if n.Kind != "" {
		on = " on " + n.Kind
	}
	if n.Index != "" {
		on += " in index " + n.Index
	}
	return n.Action + on
}

// actions are what a touch of the table, or a call of another port, takes on AWS.
// The drivers' own requests are held against it in infra/drift.
var actions = map[string][]string{
	"get":                {"dynamodb:GetItem"},
	"get several":        {"dynamodb:BatchGetItem"},
	"put":                {"dynamodb:PutItem"},
	"delete":             {"dynamodb:DeleteItem"},
	"check":              {"dynamodb:ConditionCheckItem"},
	"check alone":        {"dynamodb:GetItem"},
	"count":              {"dynamodb:UpdateItem"},
	"list":               {"dynamodb:Query"},
	"credential.Check":   {"cognito-idp:AdminInitiateAuth"},
	"credential.Set":     {"cognito-idp:AdminSetUserPassword", "cognito-idp:AdminCreateUser"},
	"credential.SignOut": {"cognito-idp:AdminUserGlobalSignOut"},
	"credential.Enable":  {"cognito-idp:AdminEnableUser"},
	"credential.Disable": {"cognito-idp:AdminDisableUser"},
	"mail.Send":          {"ses:SendRawEmail"},
}

// Needs are what a call of a port has to be permitted. Kinds of an index begin
// with DUE# or BY# at the gate.
func Needs(c gate.Call) (all []Need) {
	for _, action := range actions[c.Port+"."+c.Name] {
		all = append(all, Need{Action: action})
	}
	for _, t := range c.Touches {
		need := Need{Kind: t.Kind}
		for prefix, name := range map[string]string{"DUE#": "due", "BY#": "by-index"} {
			if rest, ok := strings.CutPrefix(t.Kind, prefix); ok {
				need.Index, need.Kind = name, rest
			}
		}
		for _, need.Action = range actions[act(t.Act, len(c.Touches))] {
			all = append(all, need)
		}
	}
	return all
}

// act is what the driver makes of a touch: several keys are read at once, and a
// check that nothing is done together with is a read.
func act(touch string, of int) string {
	switch {
	case touch == "get" && of > 1:
		return "get several"
	case touch == "check" && of == 1:
		return "check alone"
	}
	return touch
}

// Grants are all that the function's statements permit, one by one.
func (f Function) Grants() (all []Need) {
	for _, s := range f.Statements {
		for _, action := range s.Actions {
			for _, pattern := range s.LeadingKeys {
				all = append(all, Need{Action: action, Kind: strings.TrimSuffix(pattern, "#*"), Index: s.Index})
			}
			if len(s.LeadingKeys) == 0 {
				all = append(all, Need{Action: action})
			}
		}
	}
	return all
}
