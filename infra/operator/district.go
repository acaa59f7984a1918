package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
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

// parseDistrict reads settings over the defaults.
func parseDistrict(text []byte) (district.District, error) {
	settings, err := district.Default("", "").With(text)
	if err != nil {
		return district.District{}, err
	}
	return settings, settings.Check()
}
