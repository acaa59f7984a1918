// Package template reads template.yaml: which functions there are, what reaches
// them, what they may do, and what wakes somebody.
//
// The local run and the tests that hold code, template and documents together
// read it; nothing in a Lambda does. What SAM and cfn-lint do not know of this
// project, [Check] does, and [CheckConfig] of samconfig.toml.
//
// Read [Template] first.
package template

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Template is what is deployed.
type Template struct {
	Functions []Function // by folder
	Refusals  []Refusal  // by kind
	Alarms    []Alarm    // by name
	Meters    []Meter    // by name
}

// Refusal is what API Gateway answers by itself on one kind of occasion.
type Refusal struct {
	Kind    string // THROTTLED
	Status  int
	Body    string            // with ${DomainName} and $context.requestId in it
	Headers map[string]string // without API Gateway's quotes
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
	CodeURI    string
	Log        string   // the resource that its log goes to
	Reserved   string   // how many of it may run at once
	Rollback   []string // the alarms that roll its deployment back
}

// Filter is one pattern of a stream's filter: an event, and how the partition
// key begins.
type Filter struct{ Event, Prefix string }

// Statement is what a function may do.
type Statement struct {
	Actions     []string // "dynamodb:GetItem"
	Resources   []string // as written: "Table.Arn", "${Table.Arn}/index/due"
	LeadingKeys []string // patterns of partition keys, where the statement is bound to some
	Index       string   // the index it is about, or empty
	Conditions  []string // the other ones: "StringEquals kms:ViaService ssm.${AWS::Region}.amazonaws.com"
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

// feed is what of a stream reaches a function.
type feed struct {
	FunctionName   string `yaml:"FunctionName"`
	FilterCriteria struct {
		Filters []struct {
			Pattern string `yaml:"Pattern"`
		} `yaml:"Filters"`
	} `yaml:"FilterCriteria"`
}

type api struct {
	GatewayResponses map[string]struct {
		StatusCode         int               `yaml:"StatusCode"`
		ResponseTemplates  map[string]string `yaml:"ResponseTemplates"`
		ResponseParameters struct {
			Headers map[string]string `yaml:"Headers"`
		} `yaml:"ResponseParameters"`
	} `yaml:"GatewayResponses"`
}

// Read reads a template.
func Read(text []byte) (Template, error) {
	var r raw
	if err := yaml.Unmarshal(text, &r); err != nil {
		return Template{}, fmt.Errorf("read template: %w", err)
	}
	var t Template
	feeds := map[string][]Filter{}
	for name, resource := range r.Resources {
		if err := t.add(name, resource.Type, resource.Properties, r.Globals.Function, feeds); err != nil {
			return t, fmt.Errorf("read %s: %w", name, err)
		}
	}
	for i, f := range t.Functions {
		t.Functions[i].Feed = feeds[f.Name]
	}
	slices.SortFunc(t.Functions, func(a, b Function) int { return strings.Compare(a.Folder, b.Folder) })
	slices.SortFunc(t.Alarms, func(a, b Alarm) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(t.Meters, func(a, b Meter) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(t.Refusals, func(a, b Refusal) int { return strings.Compare(a.Kind, b.Kind) })
	return t, nil
}

// add reads one resource, if it is of a kind that matters here.
func (t *Template) add(name, kind string, node yaml.Node, globals properties, feeds map[string][]Filter) error {
	switch kind {
	case "AWS::Serverless::Function":
		var p properties
		if err := node.Decode(&p); err != nil {
			return err
		}
		f, err := p.function(name, globals)
		t.Functions = append(t.Functions, f)
		return err
	case "AWS::Lambda::EventSourceMapping":
		var f feed
		if err := node.Decode(&f); err != nil {
			return err
		}
		for _, pattern := range f.FilterCriteria.Filters {
			filter, err := readFilter(pattern.Pattern)
			if err != nil {
				return err
			}
			name := strings.TrimSuffix(f.FunctionName, ".Alias")
			feeds[name] = append(feeds[name], filter)
		}
	case "AWS::Serverless::Api":
		var a api
		if err := node.Decode(&a); err != nil {
			return err
		}
		t.Refusals = a.refusals()
	default:
		return t.addWatch(name, kind, node)
	}
	return nil
}

// addWatch reads one resource that watches over the others.
func (t *Template) addWatch(name, kind string, node yaml.Node) error {
	switch kind {
	case "AWS::CloudWatch::Alarm":
		var a alarm
		if err := node.Decode(&a); err != nil {
			return err
		}
		t.Alarms = append(t.Alarms, a.alarm(name))
	case "AWS::Logs::MetricFilter":
		var f metricFilter
		if err := node.Decode(&f); err != nil {
			return err
		}
		meter, err := f.meter(name)
		t.Meters = append(t.Meters, meter)
		return err
	}
	return nil
}

func (a api) refusals() (all []Refusal) {
	for kind, response := range a.GatewayResponses {
		refusal := Refusal{
			Kind: kind, Status: response.StatusCode, Body: response.ResponseTemplates["application/json"], Headers: map[string]string{},
		}
		for name, value := range response.ResponseParameters.Headers {
			refusal.Headers[name] = strings.Trim(value, "'")
		}
		all = append(all, refusal)
	}
	return all
}
