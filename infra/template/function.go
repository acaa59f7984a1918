package template

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

type properties struct {
	CodeURI       string `yaml:"CodeUri"`
	Timeout       int    `yaml:"Timeout"`
	Reserved      string `yaml:"ReservedConcurrentExecutions"`
	LoggingConfig struct {
		LogGroup string `yaml:"LogGroup"`
	} `yaml:"LoggingConfig"`
	Environment struct {
		Variables map[string]any `yaml:"Variables"`
	} `yaml:"Environment"`
	DeploymentPreference struct {
		Alarms yaml.Node `yaml:"Alarms"`
	} `yaml:"DeploymentPreference"`
	Policies []struct {
		Statement []struct {
			Effect    string                      `yaml:"Effect"`
			Action    texts                       `yaml:"Action"`
			Resource  yaml.Node                   `yaml:"Resource"`
			Condition map[string]map[string]texts `yaml:"Condition"`
		} `yaml:"Statement"`
	} `yaml:"Policies"`
	Events map[string]struct {
		Type       string `yaml:"Type"`
		Properties struct {
			Path     string `yaml:"Path"`
			Method   string `yaml:"Method"`
			Schedule string `yaml:"Schedule"`
		} `yaml:"Properties"`
	} `yaml:"Events"`
}

// texts is one text or a list of them.
type texts []string

func (t *texts) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*t = texts{node.Value}
		return nil
	}
	var all []string
	err := node.Decode(&all)
	*t = all
	return err
}

func (p properties) function(name string, globals properties) (Function, error) {
	f := Function{
		Name: name, Folder: path.Base(path.Dir(strings.TrimSuffix(p.CodeURI, "/"))), CodeURI: p.CodeURI,
		Timeout: seconds(p.Timeout, globals.Timeout), Log: p.LoggingConfig.LogGroup, Reserved: p.Reserved,
	}
	for setting := range p.Environment.Variables {
		f.Settings = append(f.Settings, setting)
	}
	for setting := range globals.Environment.Variables {
		f.Settings = append(f.Settings, setting)
	}
	slices.Sort(f.Settings)
	for _, e := range p.Events {
		switch e.Type {
		case "Api":
			if e.Properties.Method != "ANY" {
				return f, fmt.Errorf("route %s: method %s, want ANY: the function says 405", e.Properties.Path, e.Properties.Method)
			}
			f.Routes = append(f.Routes, e.Properties.Path)
		case "Schedule":
			every, err := rate(e.Properties.Schedule)
			if err != nil {
				return f, err
			}
			f.Every = every
		default:
			return f, fmt.Errorf("an event of type %s", e.Type)
		}
	}
	slices.Sort(f.Routes)
	var err error
	if f.Statements, err = p.statements(); err != nil {
		return f, err
	}
	f.Rollback, err = p.rollback()
	return f, err
}

// statements are those of the function's policies, each of which has to be
// written out: what a policy of SAM's or Amazon's allows is not to be seen here.
func (p properties) statements() (all []Statement, err error) {
	for _, policy := range p.Policies {
		if len(policy.Statement) == 0 {
			return nil, errors.New("a policy that is no list of statements")
		}
		for _, s := range policy.Statement {
			resources, err := textsOf(s.Resource)
			if err != nil {
				return nil, err
			}
			if s.Effect != "Allow" || len(s.Action) == 0 {
				return nil, fmt.Errorf("a statement that allows nothing: %s %q", s.Effect, s.Action)
			}
			all = append(all, Statement{
				Actions: s.Action, Resources: resources, LeadingKeys: s.Condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"],
				Index: indexOf(resources), Conditions: conditionsOf(s.Condition),
			})
		}
	}
	return all, nil
}

// rollback reads !If [Guarded, [the alarms], nothing].
func (p properties) rollback() (alarms []string, err error) {
	node := p.DeploymentPreference.Alarms
	if node.Tag != "!If" || len(node.Content) != 3 || node.Content[0].Value != "Guarded" {
		return nil, errors.New("no alarms that roll a deployment back where it is Guarded")
	}
	err = node.Content[1].Decode(&alarms)
	return alarms, err
}

// conditionsOf lists what a statement demands beside its leading keys.
func conditionsOf(all map[string]map[string]texts) (conditions []string) {
	for operator, keys := range all {
		for key, values := range keys {
			if key != "dynamodb:LeadingKeys" {
				conditions = append(conditions, operator+" "+key+" "+strings.Join(values, " "))
			}
		}
	}
	slices.Sort(conditions)
	return conditions
}

func textsOf(node yaml.Node) ([]string, error) {
	var all texts
	err := node.Decode(&all)
	return all, err
}

func seconds(own, global int) time.Duration {
	if own == 0 {
		own = global
	}
	return time.Duration(own) * time.Second
}

// indexOf finds the index in a resource such as "${Table.Arn}/index/due".
func indexOf(resources []string) string {
	for _, r := range resources {
		if _, index, ok := strings.Cut(r, "/index/"); ok {
			return index
		}
	}
	return ""
}

// rate reads "rate(5 minutes)", as strictly as EventBridge does.
func rate(text string) (time.Duration, error) {
	var n int
	var unit string
	inner, ok := strings.CutPrefix(strings.TrimSuffix(text, ")"), "rate(")
	if _, err := fmt.Sscanf(inner, "%d %s", &n, &unit); !ok || err != nil || n < 1 {
		return 0, fmt.Errorf("%q is no rate", text)
	}
	if (n == 1) == strings.HasSuffix(unit, "s") {
		return 0, fmt.Errorf("%q: one minute, two minutes", text)
	}
	length, known := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}[strings.TrimSuffix(unit, "s")]
	if !known {
		return 0, fmt.Errorf("%q is no rate", text)
	}
	return time.Duration(n) * length, nil
}

// Pages lists the pages of a district that have a route of their own, by the one
// word that their path has after the district.
func (t Template) Pages() []string {
	var all []string
	for _, f := range t.Functions {
		for _, route := range f.Routes {
			if word, ok := strings.CutPrefix(route, "/{district}/"); ok && !strings.ContainsAny(word, "/{") {
				all = append(all, word)
			}
		}
	}
	slices.Sort(all)
	return all
}
