package template

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Alarm is what wakes somebody.
type Alarm struct {
	Name        string // the resource
	Page        string // its page in docs/runbooks, without the folder: mail-late.md
	Actions, OK []string
	Metrics     []Metric // what it looks at; of one, Statistic and Period are the alarm's own
	Statistic   string
	Comparison  string
	Threshold   float64
	Period      int // seconds
	Of, Need    int // so many of so many periods
	Missing     string
	Usual       bool   // it compares with what is usual, not with a threshold
	Computed    string // what is compared, where it is computed of metrics
}

// Metric is one metric of CloudWatch.
type Metric struct {
	Namespace, Name string
	Dimensions      map[string]string
	Statistic       string
	Period          int // seconds
}

type dimensions []struct {
	Name  string `yaml:"Name"`
	Value string `yaml:"Value"`
}

func (d dimensions) byName() map[string]string {
	all := map[string]string{}
	for _, dimension := range d {
		all[dimension.Name] = dimension.Value
	}
	return all
}

type alarm struct {
	AlarmDescription   string     `yaml:"AlarmDescription"`
	AlarmActions       []string   `yaml:"AlarmActions"`
	OKActions          []string   `yaml:"OKActions"`
	Namespace          string     `yaml:"Namespace"`
	MetricName         string     `yaml:"MetricName"`
	Dimensions         dimensions `yaml:"Dimensions"`
	Statistic          string     `yaml:"Statistic"`
	ExtendedStatistic  string     `yaml:"ExtendedStatistic"`
	ComparisonOperator string     `yaml:"ComparisonOperator"`
	Threshold          float64    `yaml:"Threshold"`
	Period             int        `yaml:"Period"`
	EvaluationPeriods  int        `yaml:"EvaluationPeriods"`
	DatapointsToAlarm  int        `yaml:"DatapointsToAlarm"`
	TreatMissingData   string     `yaml:"TreatMissingData"`
	ThresholdMetricID  string     `yaml:"ThresholdMetricId"`
	Metrics            []struct {
		Expression string `yaml:"Expression"`
		MetricStat struct {
			Stat   string `yaml:"Stat"`
			Period int    `yaml:"Period"`
			Metric struct {
				Namespace  string     `yaml:"Namespace"`
				MetricName string     `yaml:"MetricName"`
				Dimensions dimensions `yaml:"Dimensions"`
			} `yaml:"Metric"`
		} `yaml:"MetricStat"`
	} `yaml:"Metrics"`
}

// runbooks is the folder of the pages, as descriptions name it.
const runbooks = "docs/runbooks/"

func (a alarm) alarm(name string) Alarm {
	read := Alarm{
		Name: name, Page: page(a.AlarmDescription), Actions: a.AlarmActions, OK: a.OKActions,
		Statistic: a.Statistic + a.ExtendedStatistic, Comparison: a.ComparisonOperator, Threshold: a.Threshold, Period: a.Period,
		Of: a.EvaluationPeriods, Need: a.DatapointsToAlarm, Missing: a.TreatMissingData, Usual: a.ThresholdMetricID != "",
	}
	if a.MetricName != "" {
		read.Metrics = []Metric{{Namespace: a.Namespace, Name: a.MetricName, Dimensions: a.Dimensions.byName(), Statistic: read.Statistic, Period: read.Period}}
	}
	for _, m := range a.Metrics {
		read.Computed += m.Expression
		if metric := m.MetricStat.Metric; metric.MetricName != "" {
			read.Metrics = append(read.Metrics, Metric{
				Namespace: metric.Namespace, Name: metric.MetricName, Dimensions: metric.Dimensions.byName(),
				Statistic: m.MetricStat.Stat, Period: m.MetricStat.Period,
			})
		}
	}
	return read
}

// comparisons are CloudWatch's, as people write them.
var comparisons = map[string]string{
	"GreaterThanOrEqualToThreshold": ">=", "GreaterThanThreshold": ">", "LessThanThreshold": "<", "LessThanOrEqualToThreshold": "<=",
	"GreaterThanUpperThreshold": "above",
}

// rings tells when the alarm rings: Sum of Errors >= 1 in 1 of 5 periods of 60 s.
func (a Alarm) rings() string {
	var looks, periods []string
	for _, m := range a.Metrics {
		look := m.Statistic + " of " + m.Name
		if index := m.Dimensions["GlobalSecondaryIndexName"]; index != "" {
			look += " of " + index
		}
		looks = append(looks, look)
		periods = append(periods, strconv.Itoa(m.Period))
	}
	slices.Sort(looks)
	slices.Sort(periods)
	seen, limit := strings.Join(slices.Compact(looks), ", "), strconv.FormatFloat(a.Threshold, 'g', -1, 64)
	if a.Computed != "" {
		seen = a.Computed + " on " + seen
	}
	if a.Usual {
		limit = "usual"
	}
	return fmt.Sprintf("%s %s %s in %d of %d periods of %s s; without data %s",
		seen, comparisons[a.Comparison], limit, a.Need, a.Of, strings.Join(slices.Compact(periods), ", "), a.Missing)
}

// page is the page that a text ends with.
func page(text string) string {
	_, name, ok := strings.Cut(text, runbooks)
	if !ok || path.Ext(name) != ".md" || name != path.Base(name) {
		return ""
	}
	return name
}
