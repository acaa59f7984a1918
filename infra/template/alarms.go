package template

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// own begins the namespace of the metrics that filters make.
const own = "Sparekey/"

// checkAlarms holds alarms, their pages and the metrics under them together.
func checkAlarms(t Template, doc document, repository fs.FS) error {
	faults := []error{checkPages(t, doc, repository), checkFilters(t)}
	for _, a := range t.Alarms {
		faults = append(faults, checkAlarm(a, t))
	}
	for _, f := range t.Functions {
		faults = append(faults, checkWatched(f, t.Alarms))
	}
	for name, r := range doc.Resources {
		if r.Type == "AWS::CloudWatch::Dashboard" {
			faults = append(faults, checkDashboard(name, fmt.Sprint(r.Properties["DashboardBody"]), t))
		}
	}
	return errors.Join(faults...)
}

// checkPages finds alarms and a budget without a page, and pages that nothing
// leads to.
func checkPages(t Template, doc document, repository fs.FS) error {
	var faults []error
	pages := map[string]bool{}
	for _, a := range t.Alarms {
		pages[a.Page] = true
	}
	for name, r := range doc.Resources {
		if r.Type == "AWS::Budgets::Budget" {
			named := page(find(r.Properties, []string{"Budget", "BudgetName"})[0])
			if pages[named] = true; named == "" {
				faults = append(faults, fmt.Errorf("%s: its name ends with no page of docs/runbooks", name))
			}
		}
	}
	written, err := fs.Glob(repository, runbooks+"*.md")
	if err != nil {
		return err
	}
	for _, file := range written {
		if name := path.Base(file); !pages[name] {
			faults = append(faults, fmt.Errorf("%s: no alarm leads to it", file))
		}
	}
	for name := range pages {
		if name != "" && !slices.Contains(written, runbooks+name) {
			faults = append(faults, fmt.Errorf("%s%s: an alarm leads to it, and it is not there", runbooks, name))
		}
	}
	return errors.Join(faults...)
}

// checkAlarm holds an alarm to telling somebody something that can be.
func checkAlarm(a Alarm, t Template) error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf(a.Name+": "+format, args...))
	}
	if !slices.Equal(a.Actions, []string{"Operators"}) || !slices.Equal(a.OK, []string{"Operators"}) {
		fault("its actions are %q and %q, and nobody is told", a.Actions, a.OK)
	}
	if a.Page == "" {
		fault("its description ends with no page of docs/runbooks")
	}
	if a.Missing == "" || a.Need < 1 || a.Need > a.Of {
		fault("%d of %d periods, missing ones %q", a.Need, a.Of, a.Missing)
	}
	if len(a.Metrics) == 0 {
		fault("it looks at no metric")
	}
	for _, m := range a.Metrics {
		if strings.HasPrefix(m.Namespace, own) && !slices.ContainsFunc(t.Meters, func(f Meter) bool { return f.Namespace == m.Namespace && f.Metric == m.Name }) {
			fault("no filter makes %s %s", m.Namespace, m.Name)
		}
		if m.Namespace == "AWS/Lambda" && !slices.ContainsFunc(t.Functions, func(f Function) bool { return f.Name == m.Dimensions["FunctionName"] }) {
			fault("%s of %q, which is no function", m.Name, m.Dimensions["FunctionName"])
		}
	}
	return errors.Join(faults...)
}

// checkFilters finds a filter that reads no function's log, and a metric of ours
// that no alarm looks at.
func checkFilters(t Template) error {
	var faults []error
	for _, m := range t.Meters {
		if !slices.ContainsFunc(t.Functions, func(f Function) bool { return f.Log == m.Log }) {
			faults = append(faults, fmt.Errorf("%s: %s is no function's log", m.Name, m.Log))
		}
		looks := func(a Alarm) bool {
			return slices.ContainsFunc(a.Metrics, func(n Metric) bool { return n.Namespace == m.Namespace && n.Name == m.Metric })
		}
		if !slices.ContainsFunc(t.Alarms, looks) {
			faults = append(faults, fmt.Errorf("%s: no alarm looks at %s", m.Name, m.Metric))
		}
	}
	return errors.Join(faults...)
}

// checkWatched holds that somebody is told when a function fails, is refused, or
// comes near its timeout; and that its errors, those that it writes and those of
// its start are counted, and roll a deployment back.
func checkWatched(f Function, alarms []Alarm) error {
	var faults []error
	for _, metric := range []string{"Errors", "Throttles", "Duration"} {
		at := slices.IndexFunc(alarms, func(a Alarm) bool {
			return len(a.Metrics) == 1 && a.Metrics[0].Name == metric && a.Metrics[0].Dimensions["FunctionName"] == f.Name
		})
		if at < 0 {
			faults = append(faults, fmt.Errorf("%s: no alarm on its %s", f.Name, metric))
			continue
		}
		limit := time.Duration(alarms[at].Threshold) * time.Millisecond
		if metric == "Duration" && (limit < f.Timeout/2 || limit >= f.Timeout || alarms[at].Statistic != "p99") {
			faults = append(faults, fmt.Errorf("%s: %s of %v tells nothing of a timeout of %v", f.Name, alarms[at].Statistic, limit, f.Timeout))
		}
		want := []string{alarms[at].Name, "InternalErrors", "NotStarting"}
		if metric == "Errors" && !slices.Equal(f.Rollback, want) {
			faults = append(faults, fmt.Errorf("%s: a deployment goes on while one of %q rings: it is rolled back by %q", f.Name, want, f.Rollback))
		}
	}
	for _, name := range f.Rollback {
		at := slices.IndexFunc(alarms, func(a Alarm) bool { return a.Name == name })
		if at < 0 {
			faults = append(faults, fmt.Errorf("%s: %s, which would roll it back, is no alarm", f.Name, name))
		} else if alarms[at].Missing == "breaching" {
			faults = append(faults, fmt.Errorf("%s: %s rings where there is nothing, so no deployment could begin", f.Name, name))
		}
	}
	return errors.Join(faults...)
}

// attributes are what ${…} stands for in a dashboard.
var attributes = regexp.MustCompile(`\$\{([A-Za-z0-9:]+)(\.[A-Za-z]+)?\}`)

// checkDashboard holds a dashboard to being JSON, to functions that exist, and to
// metrics that somebody makes.
func checkDashboard(name, body string, t Template) error {
	var board struct {
		Widgets []struct {
			Type       string
			Properties struct {
				Region  string
				Metrics [][]any
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &board); err != nil {
		return fmt.Errorf("%s: not JSON: %w", name, err)
	}
	var faults []error
	metrics := 0
	for _, widget := range board.Widgets {
		if p := widget.Properties; len(p.Metrics) > 0 && p.Region != "${AWS::Region}" {
			faults = append(faults, fmt.Errorf("%s: it shows the metrics of region %q", name, p.Region))
		}
		for _, row := range widget.Properties.Metrics {
			metrics++
			faults = append(faults, checkRow(name, row, t))
		}
	}
	if metrics == 0 {
		faults = append(faults, fmt.Errorf("%s: it shows nothing", name))
	}
	return errors.Join(faults...)
}

// checkRow checks one metric of a dashboard: a namespace, a name, and names and
// values of dimensions.
func checkRow(board string, row []any, t Template) error {
	var texts []string
	for _, part := range row {
		if text, ok := part.(string); ok {
			texts = append(texts, text)
		}
	}
	if len(texts) < 2 || len(texts)%2 != 0 {
		return fmt.Errorf("%s: %v is no metric", board, row)
	}
	if strings.HasPrefix(texts[0], own) && !slices.ContainsFunc(t.Meters, func(m Meter) bool { return m.Namespace == texts[0] && m.Metric == texts[1] }) {
		return fmt.Errorf("%s: no filter makes %s", board, texts[1])
	}
	if at := slices.Index(texts, "FunctionName"); at >= 2 {
		named := attributes.FindStringSubmatch(texts[at+1])
		if named == nil || !slices.ContainsFunc(t.Functions, func(f Function) bool { return f.Name == named[1] }) {
			return fmt.Errorf("%s: %s of %s, which is no function", board, texts[1], texts[at+1])
		}
	}
	return nil
}
