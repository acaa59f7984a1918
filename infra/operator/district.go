package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/sparekey/sparekey/shared/district"
)

// putDistrict puts a file's settings into force. The file is the whole of them: what
// it does not say is as the defaults have it, whatever was in force before.
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
		if err := district.Save(ctx, d.store, settings); err != nil {
			return fmt.Errorf("%s: %w", args[0], err)
		}
		d.say("%s: in force everywhere within a minute", settings.Slug)
		return nil
	}
}

// parseDistrict reads settings over the defaults. A name that no setting has is a
// mistake to hear of: a switch that was misspelled would stay as it was.
func parseDistrict(text []byte) (district.District, error) {
	settings := district.Default("", "")
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&settings); err != nil {
		return district.District{}, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return district.District{}, errors.New("there is something behind the settings")
	}
	return settings, settings.Check()
}
