package runtime_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sparekey/sparekey"
	"github.com/sparekey/sparekey/infra/runtime"
)

// poller is Lambda's between a table's stream and a function, with the settings
// of the template's mapping. It knows of no function's insides.
//
// As AWS documents it: records are filtered, then handed over in batches, in
// order. A batch that the function fails is split in two where that is set, each
// half handed over by itself, down to one record; that is no retry. A batch that
// cannot be split is retried so often, and given up; so is a record that is too
// old. Of what is given up the destination gets to know, and the stream goes on.
type poller struct {
	BatchSize                  int
	BisectBatchOnFunctionError bool
	MaximumRetryAttempts       int
	MaximumRecordAgeInSeconds  int
	FilterCriteria             struct {
		Filters []struct {
			Pattern string
		}
	}
	DestinationConfig struct{ OnFailure struct{ Destination string } }

	invoke func(batch []runtime.Change) error
	gaveUp func(batch []runtime.Change)
}

// deployedPoller is the poller as the template sets it.
func deployedPoller(t *testing.T) poller {
	t.Helper()
	var stack struct {
		Resources map[string]struct {
			Type       string    `yaml:"Type"`
			Properties yaml.Node `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(sparekey.Template, &stack); err != nil {
		t.Fatal(err)
	}
	var p poller
	for _, resource := range stack.Resources {
		if resource.Type != "AWS::Lambda::EventSourceMapping" {
			continue
		}
		var properties map[string]any
		if err := resource.Properties.Decode(&properties); err != nil {
			t.Fatal(err)
		}
		text, _ := json.Marshal(properties)
		if err := json.Unmarshal(text, &p); err != nil {
			t.Fatal(err)
		}
	}
	if p.BatchSize == 0 || p.MaximumRecordAgeInSeconds == 0 || p.DestinationConfig.OnFailure.Destination == "" {
		t.Fatalf("the template's mapping says %+v", p)
	}
	return p
}

// poll hands over what passes the filters.
func (p poller) poll(t *testing.T, records []runtime.Change, age time.Duration) {
	t.Helper()
	for batch := range slices.Chunk(p.passing(t, records), p.BatchSize) {
		if age > time.Duration(p.MaximumRecordAgeInSeconds)*time.Second {
			p.gaveUp(batch)
			continue
		}
		p.hand(batch, p.MaximumRetryAttempts)
	}
}

func (p poller) hand(batch []runtime.Change, retries int) {
	switch err := p.invoke(batch); {
	case err == nil:
	case p.BisectBatchOnFunctionError && len(batch) > 1:
		p.hand(batch[:len(batch)/2], retries)
		p.hand(batch[len(batch)/2:], retries)
	case retries == 0:
		p.gaveUp(batch)
	default:
		p.hand(batch, retries-1)
	}
}

// passing are the records that one of the filters matches, as they are handed
// over.
func (p poller) passing(t *testing.T, records []runtime.Change) (mine []runtime.Change) {
	t.Helper()
	for _, record := range records {
		var event struct{ Records []any }
		if err := json.Unmarshal(runtime.Stream([]runtime.Change{record}), &event); err != nil {
			t.Fatal(err)
		}
		for _, filter := range p.FilterCriteria.Filters {
			var pattern any
			if err := json.Unmarshal([]byte(filter.Pattern), &pattern); err != nil {
				t.Fatal(err)
			}
			if matches(t, pattern, event.Records[0]) {
				mine = append(mine, record)
				break
			}
		}
	}
	return mine
}

// matches is the language of the filters, as far as they use it: all of an
// object's members, any of a list's values or prefixes.
func matches(t *testing.T, pattern, value any) bool {
	t.Helper()
	switch p := pattern.(type) {
	case map[string]any:
		inside, _ := value.(map[string]any)
		for name, want := range p {
			if got, there := inside[name]; !there || !matches(t, want, got) {
				return false
			}
		}
		return true
	case []any:
		return slices.ContainsFunc(p, func(one any) bool { return equals(t, one, value) })
	}
	t.Fatalf("%v is no pattern", pattern)
	return false
}

func equals(t *testing.T, one, value any) bool {
	t.Helper()
	text, _ := value.(string)
	switch one := one.(type) {
	case string:
		return one == text
	case map[string]any:
		if prefix, ok := one["prefix"].(string); ok && len(one) == 1 {
			return strings.HasPrefix(text, prefix)
		}
	}
	t.Fatalf("%v is not known to this poller", one)
	return false
}
