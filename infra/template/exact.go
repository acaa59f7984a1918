package template

import (
	_ "embed" // what is meant
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// meant is what the template has to say word for word, where to be nearly right is
// to be wrong: who may do what, what is let through, what is kept, what rings when.
//
//go:embed meant.yaml
var meant []byte

// intent is what meant.yaml says.
type intent struct {
	Kinds    map[string][]string `yaml:"kinds"`    // the properties that a resource may have, by kind
	Events   []string            `yaml:"events"`   // the properties that an event may have
	Retained []string            `yaml:"retained"` // resources that outlive the stack
	Alarms   map[string]string   `yaml:"alarms"`   // as [Alarm.rings] says it
	Exactly  map[string]any      `yaml:"exactly"`  // by path
}

// checkMeant holds the template to what is meant.
func checkMeant(text []byte, doc document, alarms []Alarm) error {
	var want intent
	var whole map[string]any
	if err := errors.Join(yaml.Unmarshal(meant, &want), yaml.Unmarshal(text, &whole)); err != nil {
		return fmt.Errorf("read what is meant: %w", err)
	}
	faults := []error{want.checkAlarms(alarms)}
	for name, r := range doc.Resources {
		faults = append(faults, want.checkKind(name, r))
	}
	for path, value := range want.Exactly {
		if got := reach(whole, strings.Split(path, ".")); !reflect.DeepEqual(got, value) {
			faults = append(faults, fmt.Errorf("%s is %v, and %v is meant", path, got, value))
		}
	}
	return errors.Join(faults...)
}

// checkKind holds a resource to a kind and to properties that there may be, and to
// being kept if it must be.
func (want intent) checkKind(name string, r resource) error {
	var faults []error
	if keys, ok := want.Kinds[r.Type]; ok {
		faults = append(faults, only(name, r.Properties, keys))
	} else {
		faults = append(faults, fmt.Errorf("%s: a %s has no place here", name, r.Type))
	}
	if kept := r.DeletionPolicy == "Retain" && r.UpdateReplacePolicy == "Retain"; kept != slices.Contains(want.Retained, name) {
		faults = append(faults, fmt.Errorf("%s: DeletionPolicy %q, UpdateReplacePolicy %q", name, r.DeletionPolicy, r.UpdateReplacePolicy))
	}
	events, _ := r.Properties["Events"].(map[string]any)
	for event, said := range events {
		properties, _ := reach(said, []string{"Properties"}).(map[string]any)
		faults = append(faults, only(name+": "+event, properties, want.Events))
	}
	return errors.Join(faults...)
}

// checkAlarms holds every alarm to ringing when it is meant to.
func (want intent) checkAlarms(alarms []Alarm) error {
	var faults []error
	rings := map[string]string{}
	for _, a := range alarms {
		rings[a.Name] = a.rings()
		if got := rings[a.Name]; got != want.Alarms[a.Name] {
			faults = append(faults, fmt.Errorf("%s: it rings at %q, and %q is meant", a.Name, got, want.Alarms[a.Name]))
		}
	}
	for name := range want.Alarms {
		if rings[name] == "" {
			faults = append(faults, fmt.Errorf("%s: there is no such alarm", name))
		}
	}
	return errors.Join(faults...)
}

func only(name string, properties map[string]any, keys []string) error {
	var faults []error
	for key := range properties {
		if !slices.Contains(keys, key) {
			faults = append(faults, fmt.Errorf("%s: %s has no place here", name, key))
		}
	}
	return errors.Join(faults...)
}

// reach is what stands at a path, or nil.
func reach(at any, path []string) any {
	for _, step := range path {
		fields, _ := at.(map[string]any)
		at = fields[step]
	}
	return at
}
