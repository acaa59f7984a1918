package template

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// Pattern is a filter pattern of CloudWatch Logs over lines of JSON, as far as
// the template uses them: comparisons of top-level fields, all of which have to
// hold, or one of which.
type Pattern struct {
	terms []term
	any   bool
}

type term struct{ field, operator, value string }

var (
	braces     = regexp.MustCompile(`^\{ (.+) \}$`)
	comparison = regexp.MustCompile(`^\(?\$\.(\w+) (=|!=) ("[^"*]+"|\d+|\*)\)?$`)
)

// ReadPattern reads a pattern, or refuses what it would not understand as
// CloudWatch does.
func ReadPattern(text string) (Pattern, error) {
	inner := braces.FindStringSubmatch(text)
	if inner == nil {
		return Pattern{}, fmt.Errorf("pattern %s: not of the form { … }", text)
	}
	p := Pattern{any: strings.Contains(text, "||")}
	if p.any && strings.Contains(text, "&&") {
		return p, fmt.Errorf("pattern %s: && beside ||", text)
	}
	for part := range strings.SplitSeq(strings.ReplaceAll(inner[1], "||", "&&"), " && ") {
		found := comparison.FindStringSubmatch(part)
		if found == nil || strings.HasPrefix(part, "(") != strings.HasSuffix(part, ")") {
			return p, fmt.Errorf("pattern %s: %s is no comparison", text, part)
		}
		p.terms = append(p.terms, term{field: found[1], operator: found[2], value: strings.Trim(found[3], `"`)})
	}
	return p, nil
}

// Matches reports whether a line of a log does.
func (p Pattern) Matches(line []byte) bool {
	fields := fieldsOf(line)
	for _, t := range p.terms {
		if t.holds(fields) == p.any {
			return p.any
		}
	}
	return !p.any
}

// holds compares. A field that is not there is neither equal nor unequal to
// anything.
func (t term) holds(fields map[string]any) bool {
	value, there := fields[t.field]
	return there && (t.value == "*" || (fmt.Sprint(value) == t.value) == (t.operator == "="))
}

// Names reports whether the pattern speaks of a field, as it has to for the
// field's value to be a metric.
func (p Pattern) Names(field string) bool {
	for _, t := range p.terms {
		if t.field == field {
			return true
		}
	}
	return false
}

// fieldsOf are the fields of a line, or none if it is not JSON.
func fieldsOf(line []byte) map[string]any {
	fields := map[string]any{}
	if json.Unmarshal(line, &fields) != nil {
		return nil
	}
	return fields
}

// Meter is a metric filter: lines of one function's log, made into a metric.
type Meter struct {
	Name      string // the resource
	Log       string // the resource that it reads
	Namespace string
	Metric    string
	Value     string // "1", or a field such as "$.oldest_seconds"
	Pattern   Pattern
}

// Reads tells what a line adds to the metric, if it adds anything.
func (m Meter) Reads(line []byte) (value float64, ok bool) {
	if !m.Pattern.Matches(line) {
		return 0, false
	}
	field, isField := strings.CutPrefix(m.Value, "$.")
	if !isField {
		return 1, true
	}
	value, ok = fieldsOf(line)[field].(float64)
	return value, ok
}

type metricFilter struct {
	LogGroupName          string `yaml:"LogGroupName"`
	FilterPattern         string `yaml:"FilterPattern"`
	MetricTransformations []struct {
		MetricNamespace string `yaml:"MetricNamespace"`
		MetricName      string `yaml:"MetricName"`
		MetricValue     string `yaml:"MetricValue"`
	} `yaml:"MetricTransformations"`
}

func (f metricFilter) meter(name string) (Meter, error) {
	pattern, err := ReadPattern(f.FilterPattern)
	if err != nil {
		return Meter{}, err
	}
	if len(f.MetricTransformations) != 1 {
		return Meter{}, fmt.Errorf("%d metrics, want one", len(f.MetricTransformations))
	}
	made := f.MetricTransformations[0]
	if field, ok := strings.CutPrefix(made.MetricValue, "$."); ok != pattern.Names(field) && made.MetricValue != "1" {
		return Meter{}, fmt.Errorf("the metric is %s, and the pattern does not name it", made.MetricValue)
	}
	return Meter{
		Name: name, Log: f.LogGroupName, Namespace: made.MetricNamespace, Metric: made.MetricName, Value: made.MetricValue, Pattern: pattern,
	}, nil
}
