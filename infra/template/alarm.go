package template

import (
	"path"
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
	Usual       bool // it compares with what is usual, not with a threshold
}

// Metric is one metric of CloudWatch.
type Metric struct {
	Namespace, Name string
	Dimensions      map[string]string
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
		MetricStat struct {
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
		read.Metrics = []Metric{{Namespace: a.Namespace, Name: a.MetricName, Dimensions: a.Dimensions.byName()}}
	}
	for _, m := range a.Metrics {
		if metric := m.MetricStat.Metric; metric.MetricName != "" {
			read.Metrics = append(read.Metrics, Metric{Namespace: metric.Namespace, Name: metric.MetricName, Dimensions: metric.Dimensions.byName()})
		}
	}
	return read
}

// page is the page that a text ends with.
func page(text string) string {
	_, name, ok := strings.Cut(text, runbooks)
	if !ok || path.Ext(name) != ".md" || name != path.Base(name) {
		return ""
	}
	return name
}
