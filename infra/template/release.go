package template

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"go.yaml.in/yaml/v3"
)

// unnumbered is what samconfig.toml says of Release, and the template refuses: a
// deployment that is not given a number of its own.
const unnumbered = "unnumbered"

// Overrides lists what a deployment says of every parameter, sorted: what is set
// for this once, else what the stage has in samconfig.toml, else the default; and
// as Release the second, which has the ten digits that SAM looks at until 2286.
func Overrides(config, template []byte, name string, set []string, now time.Time) ([]string, error) {
	var doc document
	if err := yaml.Unmarshal(template, &doc); err != nil {
		return nil, fmt.Errorf("read template: %w", err)
	}
	var all map[string]toml.Primitive
	details, err := toml.Decode(string(config), &all)
	if err != nil {
		return nil, fmt.Errorf("read samconfig: %w", err)
	}
	var s stage
	if primitive, ok := all[name]; !ok {
		return nil, fmt.Errorf("samconfig: no stage %q", name)
	} else if err := details.PrimitiveDecode(primitive, &s); err != nil {
		return nil, fmt.Errorf("samconfig: %s: %w", name, err)
	}
	return doc.overrides(s.given(), append(set, "Release="+strconv.FormatInt(now.Unix(), 10)))
}

func (d document) overrides(given map[string]string, set []string) (all []string, err error) {
	for _, one := range set {
		key, value, _ := strings.Cut(one, "=")
		given[key] = value
	}
	var faults []error
	for _, key := range sortedKeys(d.Parameters) {
		p := d.Parameters[key]
		value, ok := given[key]
		if !ok && p.Default != nil {
			value = fmt.Sprint(p.Default)
		}
		if delete(given, key); !p.allows(value) || strings.ContainsAny(value, " \t\n\"'") {
			faults = append(faults, fmt.Errorf("%s may not be %q", key, value))
		}
		all = append(all, key+"="+value)
	}
	for _, key := range sortedKeys(given) {
		faults = append(faults, fmt.Errorf("the template knows no %s", key))
	}
	return all, errors.Join(faults...)
}
