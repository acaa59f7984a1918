package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/district"
)

// putAccount puts one account. It has no password, here or in Cognito: its owner
// asks for a link as everybody does, and gets one to set the first.
func putAccount(set *flag.FlagSet) func(context.Context, desk, []string) error {
	slug := set.String("district", "", "the district's slug")
	profile := account.Profile{Status: account.Active}
	set.StringVar(&profile.Username, "username", "", "as its owner will type it")
	set.StringVar(&profile.Address, "email", "", "where links go")
	set.StringVar(&profile.First, "first", "", "first name")
	set.StringVar(&profile.Last, "last", "", "last name")
	set.StringVar(&profile.School, "school", "", "school, in words")
	set.Func("role", "student, guardian or staff", func(text string) error {
		profile.Role = district.Role(text)
		for _, role := range district.Roles {
			if profile.Role == role {
				return nil
			}
		}
		return errors.New("no role")
	})
	return func(ctx context.Context, d desk, _ []string) error {
		if profile.Username == "" || profile.Address == "" || profile.Role == "" {
			return errors.New("an account needs -username, -email and -role")
		}
		directory := &district.Directory{Table: d.store, Now: time.Now}
		if _, err := directory.Find(ctx, *slug); err != nil {
			return fmt.Errorf("district %q: %w", *slug, err)
		}
		id := ulid.MustNew(ulid.Now(), rand.Reader).String()
		if err := account.Create(ctx, d.store, *slug, id, profile, account.State{Status: account.Active}); err != nil {
			return fmt.Errorf("account %q: %w", profile.Username, err)
		}
		d.say("%s: account %s, not activated; forgot-password sends its first link", profile.Username, id)
		return nil
	}
}
