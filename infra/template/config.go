package template

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"go.yaml.in/yaml/v3"
)

// stage is what samconfig.toml says of one stage, by command.
type stage map[string]struct {
	Parameters map[string]any `toml:"parameters"`
}

// stages are those that there are.
var stages = []string{"dev", "prod", "staging"}

// CheckConfig tells what is wrong with samconfig.toml beside a template: a stage
// that is not complete by itself, for SAM inherits nothing; a cache, which would
// ship what is stale; a parameter that is missing, unknown or not allowed.
func CheckConfig(config, template []byte) error {
	var all map[string]toml.Primitive
	details, err := toml.Decode(string(config), &all)
	if err != nil {
		return fmt.Errorf("read samconfig: %w", err)
	}
	delete(all, "version")
	if got := slices.Sorted(maps.Keys(all)); !slices.Equal(got, stages) {
		return fmt.Errorf("samconfig: stages %q, want %q", got, stages)
	}
	var doc document
	if err := yaml.Unmarshal(template, &doc); err != nil {
		return fmt.Errorf("read template: %w", err)
	}
	var faults []error
	stacks := map[any]bool{}
	for _, name := range stages {
		var s stage
		if err := details.PrimitiveDecode(all[name], &s); err != nil {
			return fmt.Errorf("samconfig: %s: %w", name, err)
		}
		stacks[s["deploy"].Parameters["stack_name"]] = true
		faults = append(faults, s.check(name, doc))
	}
	if len(stacks) != len(stages) {
		faults = append(faults, errors.New("samconfig: two stages are one stack"))
	}
	return errors.Join(faults...)
}

// settings are what every stage says to every command.
var settings = []struct {
	command, name string
	value         any
}{
	{"build", "cached", false},
	{"build", "parallel", true},
	{"validate", "lint", true},
	{"deploy", "resolve_s3", true},
	{"deploy", "capabilities", "CAPABILITY_IAM"},
	{"deploy", "fail_on_empty_changeset", false},
}

func (s stage) check(name string, doc document) error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("samconfig: "+name+": "+format, args...))
	}
	for _, want := range settings {
		if got := s[want.command].Parameters[want.name]; got != want.value {
			fault("%s: %s is %v, want %v", want.command, want.name, got, want.value)
		}
	}
	if name != "dev" && s["deploy"].Parameters["confirm_changeset"] != true {
		fault("deploy: nobody is asked")
	}
	if s["deploy"].Parameters["disable_rollback"] != nil {
		fault("deploy: half a change would stay")
	}
	given := s.given()
	if given["Stage"] != name {
		fault("deploy: Stage is %q", given["Stage"])
	}
	for key, p := range doc.Parameters {
		if key == "Release" {
			if given[key] != unnumbered || p.allows(unnumbered) {
				fault("deploy: Release is %q, want %q and the template to refuse it", given[key], unnumbered)
			}
		} else if value, ok := given[key]; !ok && p.Default == nil || ok && !p.allows(value) {
			fault("deploy: %s is %q", key, value)
		}
		delete(given, key)
	}
	for key := range given {
		fault("deploy: the template knows no %s", key)
	}
	return errors.Join(faults...)
}

// given is what a stage says of parameters.
func (s stage) given() map[string]string {
	given := map[string]string{}
	list, _ := s["deploy"].Parameters["parameter_overrides"].([]any)
	for _, override := range list {
		key, value, _ := strings.Cut(fmt.Sprint(override), "=")
		given[key] = value
	}
	return given
}

func sortedKeys[V any](all map[string]V) []string { return slices.Sorted(maps.Keys(all)) }

// parameter is what a stack is told when it is made.
type parameter struct {
	Default        any    `yaml:"Default"`
	AllowedPattern string `yaml:"AllowedPattern"`
	AllowedValues  []any  `yaml:"AllowedValues"`
	NoEcho         bool   `yaml:"NoEcho"`
}

func (p parameter) allows(value string) bool {
	is := func(allowed any) bool { return fmt.Sprint(allowed) == value }
	if len(p.AllowedValues) > 0 && !slices.ContainsFunc(p.AllowedValues, is) {
		return false
	}
	whole, err := regexp.Compile("^(?:" + p.AllowedPattern + ")$")
	return value != "" && err == nil && (p.AllowedPattern == "" || whole.MatchString(value))
}
