package template

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sparekey/sparekey/shared/problem"
)

// Check tells everything that is wrong with a template for this project and that
// neither SAM nor cfn-lint would find, or nil. Repository is where CodeUri leads.
func Check(text []byte, repository fs.FS) error {
	t, err := Read(text)
	if err != nil {
		return err
	}
	var doc document
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return fmt.Errorf("read template: %w", err)
	}
	faults := []error{checkRoutes(t.Functions), checkRefusals(t.Refusals), checkResources(doc), checkAlarms(t, doc, repository), checkMeant(text, doc, t.Alarms)}
	for name, p := range doc.Parameters {
		if p.NoEcho {
			faults = append(faults, fmt.Errorf("%s: a secret is no parameter: it would be in the stack's history", name))
		}
	}
	for _, f := range t.Functions {
		faults = append(faults, checkCode(f, t.Functions, repository), checkLog(f, t.Functions), checkRole(f))
		if f.Reserved == "" {
			faults = append(faults, fmt.Errorf("%s: no concurrency reserved: it could starve the others", f.Name))
		}
	}
	return errors.Join(faults...)
}

// document is a template as it is written, without its tags: !Ref X is X.
type document struct {
	Parameters map[string]parameter      `yaml:"Parameters"`
	Globals    map[string]map[string]any `yaml:"Globals"`
	Resources  map[string]resource       `yaml:"Resources"`
}

type resource struct {
	Type                string         `yaml:"Type"`
	DeletionPolicy      string         `yaml:"DeletionPolicy"`
	UpdateReplacePolicy string         `yaml:"UpdateReplacePolicy"`
	Properties          map[string]any `yaml:"Properties"`
}

// checkRoutes finds what API Gateway refuses only while it deploys: a route that
// is served twice, and two variables under one parent.
func checkRoutes(functions []Function) error {
	var faults []error
	served, variables := map[string]string{}, map[string]string{}
	for _, f := range functions {
		for _, route := range f.Routes {
			if other, twice := served[route]; twice {
				faults = append(faults, fmt.Errorf("route %s: %s and %s serve it", route, other, f.Name))
			}
			served[route] = f.Name
			parent := ""
			for part := range strings.SplitSeq(strings.TrimPrefix(route, "/"), "/") {
				if strings.HasPrefix(part, "{") {
					// A parent takes {district}, and below that {rest+} beside nothing else that varies.
					if other, ok := variables[parent]; ok && other != part {
						faults = append(faults, fmt.Errorf("route %s: %s beside %s under %q", route, part, other, parent))
					}
					variables[parent] = part
				}
				parent += "/" + part
			}
		}
	}
	return errors.Join(faults...)
}

// checkCode finds a CodeUri that leads to no program, or to one that another
// function has: SAM would build the first for both, and say nothing.
func checkCode(f Function, all []Function, repository fs.FS) error {
	folder := strings.TrimSuffix(f.CodeURI, "/")
	for _, other := range all {
		if other.Name != f.Name && other.Folder == f.Folder {
			return fmt.Errorf("%s: CodeUri %s is that of %s", f.Name, f.CodeURI, other.Name)
		}
	}
	if ok, _ := path.Match("functions/*/bootstrap", folder); !ok {
		return fmt.Errorf("%s: CodeUri %q is not functions/<flow>/bootstrap/", f.Name, f.CodeURI)
	}
	source, err := fs.ReadFile(repository, folder+"/main.go")
	if err != nil {
		return fmt.Errorf("%s: CodeUri: %w", f.Name, err)
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), "main.go", source, parser.PackageClauseOnly)
	if err != nil || parsed.Name.Name != "main" {
		return fmt.Errorf("%s: CodeUri %s holds no program", f.Name, f.CodeURI)
	}
	return nil
}

func checkLog(f Function, all []Function) error {
	for _, other := range all {
		if f.Log == "" || f.Name != other.Name && f.Log == other.Log {
			return fmt.Errorf("%s: a log group of its own, not %q", f.Name, f.Log)
		}
	}
	return nil
}

// never are actions that no flow has: they read or change what no key bounds.
var never = regexp.MustCompile(`[*?]|^dynamodb:(Scan|PartiQL.*|BatchWriteItem)$|^(cognito-idp:(List|AdminDeleteUser|AdminUpdate|AdminGetUser).*|iam:.*|sts:.*)$`)

// kinds are patterns of partition keys: a kind and all of its keys, nothing wider.
var kinds = regexp.MustCompile(`^[A-Z]+#\*$`)

// checkRole holds a function's statements to the least they can be.
func checkRole(f Function) error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf(f.Name+": "+format, args...))
	}
	for _, s := range f.Statements {
		if len(s.Resources) == 0 || slices.Contains(s.Resources, "*") {
			fault("%q on everything", s.Actions)
		}
		for _, action := range s.Actions {
			switch {
			case never.MatchString(action):
				fault("%s is no function's", action)
			case strings.HasPrefix(action, "dynamodb:") && !isStream(s) && len(s.LeadingKeys) == 0:
				fault("%s without dynamodb:LeadingKeys", action)
			case strings.HasPrefix(action, "ses:") && !slices.Equal(s.Conditions, []string{"StringLike ses:FromAddress MailFrom"}):
				fault("%s from any address", action)
			case strings.HasPrefix(action, "ses:") && !strings.HasSuffix(s.Resources[len(s.Resources)-1], ":configuration-set/${Mail}"):
				fault("%s by any configuration set", action)
			case strings.HasPrefix(action, "cognito-idp:") && !slices.Equal(s.Resources, []string{"Pool.Arn"}):
				fault("%s on %q", action, s.Resources)
			}
			if (action == "dynamodb:DeleteItem" || action == "dynamodb:UpdateItem") && slices.Contains(s.LeadingKeys, "AUDIT#*") {
				fault("%s on the audit, which only grows", action)
			}
		}
		for _, pattern := range s.LeadingKeys {
			if !kinds.MatchString(pattern) {
				fault("leading key %q is not one kind, such as TOKEN#*", pattern)
			}
		}
	}
	return errors.Join(faults...)
}

// isStream reports whether a statement is about the table's stream, which has no keys.
func isStream(s Statement) bool {
	for _, r := range s.Resources {
		if r != "Table.StreamArn" && r != "${Table.Arn}/stream/*" {
			return false
		}
	}
	return len(s.Resources) > 0
}

// checkRefusals holds what API Gateway answers by itself to the table of problems.
func checkRefusals(all []Refusal) error {
	var faults []error
	missing := []string{"DEFAULT_4XX", "DEFAULT_5XX", "MISSING_AUTHENTICATION_TOKEN", "REQUEST_TOO_LARGE", "THROTTLED", "WAF_FILTERED"}
	for _, r := range all {
		missing = slices.DeleteFunc(missing, func(kind string) bool { return kind == r.Kind })
		faults = append(faults, checkRefusal(r))
	}
	if len(missing) > 0 {
		faults = append(faults, fmt.Errorf("gateway responses: none for %q", missing))
	}
	return errors.Join(faults...)
}

func checkRefusal(r Refusal) error {
	var body struct {
		Type, Title, Instance string
		Status                int
	}
	if err := json.Unmarshal([]byte(r.Body), &body); err != nil {
		return fmt.Errorf("gateway response %s: not JSON: %w", r.Kind, err)
	}
	code, ours := strings.CutPrefix(body.Type, "https://${DomainName}/help/")
	status := problem.Statuses[problem.Code(code)]
	switch {
	case !ours || status == 0:
		return fmt.Errorf("gateway response %s: the type %q is no problem of ours", r.Kind, body.Type)
	case status != r.Status || status != body.Status:
		return fmt.Errorf("gateway response %s: %d and %d, and %s is said with %d", r.Kind, r.Status, body.Status, code, status)
	case body.Title == "" || body.Instance != "urn:uuid:$context.requestId":
		return fmt.Errorf("gateway response %s: title %q, instance %q", r.Kind, body.Title, body.Instance)
	case r.Headers["Content-Type"] != "application/problem+json" || r.Headers["Cache-Control"] != "no-store" ||
		r.Headers["X-Content-Type-Options"] != "nosniff" || r.Headers["Strict-Transport-Security"] != "max-age=63072000; includeSubDomains":
		return fmt.Errorf("gateway response %s: headers %v", r.Kind, r.Headers)
	case status == 429 && r.Headers["Retry-After"] == "":
		return fmt.Errorf("gateway response %s: no Retry-After", r.Kind)
	}
	return nil
}
