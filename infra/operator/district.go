package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/table"
)

// file is a district's settings as they are edited: with the version that they were
// read at, so that nobody undoes by an old file what somebody did since. A district
// that is new has none.
type file struct {
	Version string `json:"version,omitempty"`
	district.District
}

// getDistrict prints the settings in force, to be edited and put back.
func getDistrict(*flag.FlagSet) func(context.Context, desk, []string) error {
	return func(ctx context.Context, d desk, args []string) error {
		if len(args) != 1 || !district.ValidSlug(args[0]) {
			return errors.New("which district? its slug, as in springfield")
		}
		items, err := d.store.Get(ctx, district.Key(args[0]))
		if err != nil {
			return fmt.Errorf("read district: %w", err)
		}
		row, err := table.As[district.District](items[0])
		switch {
		case err != nil:
			return err
		case !row.Exists():
			return fmt.Errorf("%s: %w", args[0], district.ErrUnknown)
		}
		text, err := json.MarshalIndent(file{row.Version, everyFlow(row.Value)}, "", "  ")
		if err != nil {
			return err
		}
		d.say("%s", text)
		return nil
	}
}

// everyFlow names the flows that are off too, which is nobody's.
func everyFlow(d district.District) district.District {
	named := map[string][]district.Role{}
	for _, flow := range district.Flows {
		named[flow] = append([]district.Role{}, d.Flows[flow]...)
	}
	d.Flows = named
	return d
}

// putDistrict puts a file's settings into force. The file is the whole of them: what
// it does not say is as the defaults have it, whatever was in force before; but a
// flow that it does not name is off.
func putDistrict(*flag.FlagSet) func(context.Context, desk, []string) error {
	return func(ctx context.Context, d desk, args []string) error {
		if len(args) != 1 {
			return errors.New("which file? docs/district.example.json is one to begin with")
		}
		text, err := os.ReadFile(args[0]) //nolint:gosec // whoever gives the command says which file
		if err != nil {
			return err
		}
		settings, err := parseDistrict(text)
		if err != nil {
			return fmt.Errorf("%s: %w", args[0], err)
		}
		done, err := replace(ctx, d.store, settings)
		if err != nil {
			return fmt.Errorf("%s: %w", args[0], err)
		}
		if done {
			d.say("%s: in force everywhere within a minute", settings.Slug)
		} else {
			d.say("%s: in force already", settings.Slug)
		}
		for _, flow := range district.Flows {
			d.say("  %s: %s", flow, whose(settings.Flows[flow]))
		}
		return nil
	}
}

func whose(roles []district.Role) string {
	if len(roles) == 0 {
		return "off"
	}
	var names []string
	for _, role := range roles {
		names = append(names, string(role))
	}
	return strings.Join(names, ", ")
}

// parseDistrict reads settings over the defaults, but flows over none: what was taken
// out of the list is off. A file without that list says nothing of what is open, and is
// refused.
func parseDistrict(text []byte) (file, error) {
	settings := file{District: district.Default("", "")}
	settings.Flows = nil
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&settings); err != nil {
		return file{}, fmt.Errorf("settings: %w", err)
	}
	if decoder.More() {
		return file{}, errors.New("settings: something after the district")
	}
	err := settings.Check()
	if settings.Flows == nil {
		err = errors.Join(err, errors.New("flows: say for each flow who may use it; one that is not named is off"))
	}
	return settings, err
}

var errStale = errors.New("the settings in force are not those that this file was made from: `operator district get` prints them; make your change in those")

// replace puts settings into force where those are that they were made from. Given
// again, or where somebody put the same, it changes nothing.
func replace(ctx context.Context, store table.Store, settings file) (done bool, err error) {
	err = store.Update(ctx, []table.Key{district.Key(settings.Slug)}, func(items []table.Item) ([]table.Op, error) {
		row, err := table.As[district.District](items[0])
		switch {
		case err != nil:
			return nil, err
		case row.Exists() && same(row.Value, settings.District):
			done = false
			return nil, nil
		case !row.Exists() && settings.Version != "":
			return nil, fmt.Errorf("%q: %w; the file of a new one has no version", settings.Slug, district.ErrUnknown)
		case row.Version != settings.Version:
			return nil, errStale
		}
		row.Value, done = settings.District, true
		return []table.Op{row.Put()}, nil
	})
	return done && err == nil, err
}

func same(a, b district.District) bool {
	one, err := json.Marshal(everyFlow(a))
	other, err2 := json.Marshal(everyFlow(b))
	return err == nil && err2 == nil && bytes.Equal(one, other)
}
