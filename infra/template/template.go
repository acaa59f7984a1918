// Package template reads template.yaml: which functions there are, what reaches
// them and what they may do.
//
// The local run and the tests that hold code, template and documents together
// read it; nothing in a Lambda does.
package template

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Template is what is deployed.
type Template struct {
	Functions []Function // by folder
}

// Function is one Lambda.
type Function struct {
	Name       string // the resource: ForgotPasswordFunction
	Folder     string // the folder's name: forgotpassword
	Routes     []string
	Every      time.Duration // its schedule, or zero
	Feed       []Filter      // what of the table's stream reaches it
	Timeout    time.Duration
	Settings   []string // names of its environment
	Statements []Statement
}

// Filter is one pattern of a stream's filter: an event, and how the partition
// key begins.
type Filter struct{ Event, Prefix string }

// Statement is what a function may do.
type Statement struct {
	Actions     []string // "dynamodb:GetItem"
	LeadingKeys []string // patterns of partition keys, where the statement is bound to some
	Index       string   // the index it is about, or empty
}

type raw struct {
	Globals struct {
		Function properties `yaml:"Function"`
	} `yaml:"Globals"`
	Resources map[string]struct {
		Type       string    `yaml:"Type"`
		Properties yaml.Node `yaml:"Properties"`
	} `yaml:"Resources"`
}

type properties struct {
	CodeUri     string `yaml:"CodeUri"` //nolint:revive // SAM's spelling
	Timeout     int    `yaml:"Timeout"`
	Environment struct {
		Variables map[string]any `yaml:"Variables"`
	} `yaml:"Environment"`
	Policies []struct {
		Statement []struct {
			Action    texts                       `yaml:"Action"`
			Resource  yaml.Node                   `yaml:"Resource"`
			Condition map[string]map[string]texts `yaml:"Condition"`
		} `yaml:"Statement"`
	} `yaml:"Policies"`
	Events map[string]struct {
		Type       string `yaml:"Type"`
		Properties struct {
			Path           string `yaml:"Path"`
			Schedule       string `yaml:"Schedule"`
			FilterCriteria struct {
				Filters []struct {
					Pattern string `yaml:"Pattern"`
				} `yaml:"Filters"`
			} `yaml:"FilterCriteria"`
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

// Read reads a template.
func Read(text []byte) (Template, error) {
	var r raw
	if err := yaml.Unmarshal(text, &r); err != nil {
		return Template{}, fmt.Errorf("read template: %w", err)
	}
	var t Template
	for name, resource := range r.Resources {
		if resource.Type != "AWS::Serverless::Function" {
			continue
		}
		var p properties
		if err := resource.Properties.Decode(&p); err != nil {
			return t, fmt.Errorf("read %s: %w", name, err)
		}
		f, err := p.function(name, r.Globals.Function)
		if err != nil {
			return t, err
		}
		t.Functions = append(t.Functions, f)
	}
	slices.SortFunc(t.Functions, func(a, b Function) int { return strings.Compare(a.Folder, b.Folder) })
	return t, nil
}

func (p properties) function(name string, globals properties) (Function, error) {
	f := Function{Name: name, Folder: path.Base(path.Dir(strings.TrimSuffix(p.CodeUri, "/"))), Timeout: seconds(p.Timeout, globals.Timeout)}
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
			f.Routes = append(f.Routes, e.Properties.Path)
		case "Schedule", "ScheduleV2":
			every, err := rate(e.Properties.Schedule)
			if err != nil {
				return f, fmt.Errorf("%s: %w", name, err)
			}
			f.Every = every
		case "DynamoDB":
			for _, pattern := range e.Properties.FilterCriteria.Filters {
				filter, err := readFilter(pattern.Pattern)
				if err != nil {
					return f, fmt.Errorf("%s: %w", name, err)
				}
				f.Feed = append(f.Feed, filter)
			}
		}
	}
	slices.Sort(f.Routes)
	for _, policy := range p.Policies {
		for _, s := range policy.Statement {
			f.Statements = append(f.Statements, Statement{
				Actions: s.Action, LeadingKeys: s.Condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"], Index: indexOf(s.Resource),
			})
		}
	}
	return f, nil
}

func seconds(own, global int) time.Duration {
	if own == 0 {
		own = global
	}
	return time.Duration(own) * time.Second
}

// indexOf finds the index in a resource such as "${Table.Arn}/index/due".
func indexOf(resource yaml.Node) string {
	var all texts
	if resource.Kind == 0 || resource.Decode(&all) != nil {
		return ""
	}
	for _, r := range all {
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

func readFilter(pattern string) (Filter, error) {
	var p struct {
		EventName []string `json:"eventName"`
		DynamoDB  struct {
			Keys struct {
				PK struct {
					S []struct {
						Prefix string `json:"prefix"`
					} `json:"S"`
				} `json:"PK"`
			} `json:"Keys"`
		} `json:"dynamodb"`
	}
	if err := json.Unmarshal([]byte(pattern), &p); err != nil {
		return Filter{}, fmt.Errorf("read filter: %w", err)
	}
	if len(p.EventName) != 1 || len(p.DynamoDB.Keys.PK.S) != 1 {
		return Filter{}, fmt.Errorf("filter %s: one event and one prefix", pattern)
	}
	return Filter{Event: p.EventName[0], Prefix: p.DynamoDB.Keys.PK.S[0].Prefix}, nil
}
