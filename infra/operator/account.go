package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/oklog/ulid/v2"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/typed"
)

// putAccount puts one account, or corrects it. It has no password, here or in Cognito:
// its owner asks for a link as everybody does, and gets one to set the first.
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
		if !slices.Contains(district.Roles, profile.Role) {
			return errors.New("no role")
		}
		return nil
	})
	return func(ctx context.Context, d desk, _ []string) error {
		if err := checkProfile(&profile); err != nil {
			return err
		}
		directory := &district.Directory{Table: d.store, Now: time.Now}
		if _, err := directory.Find(ctx, *slug); err != nil {
			return fmt.Errorf("district %q: %w", *slug, err)
		}
		who, err := account.Find(ctx, d.store, *slug, profile.Username)
		if err != nil {
			return err
		}
		if who.Exists() {
			return correct(ctx, d, who, profile)
		}
		id := ulid.MustNew(ulid.Now(), rand.Reader).String()
		if err := account.Create(ctx, d.store, *slug, id, profile, account.State{Status: account.Active}); err != nil {
			return fmt.Errorf("account %q: %w", profile.Username, err)
		}
		d.say("%s: account %s, not activated; forgot-password sends its first link", profile.Username, id)
		return nil
	}
}

// checkProfile refuses what the forms would, in which the owner is to type it again.
func checkProfile(p *account.Profile) error {
	if p.Username == "" || p.Address == "" || p.Role == "" {
		return errors.New("an account needs -username, -email and -role")
	}
	var faults typed.Faults
	p.Username, p.Address = faults.Username("-username", p.Username), faults.Email("-email", p.Address)
	for name, text := range map[string]string{"-first": p.First, "-last": p.Last, "-school": p.School} {
		if len(text) > 200 || strings.ContainsFunc(text, unicode.IsControl) {
			faults.Say(name, "text.control")
		}
	}
	var all []error
	for _, fault := range faults {
		all = append(all, fmt.Errorf("%s: %s", fault.Name, i18n.Default.Language("en").Say(fault.Says)))
	}
	if !account.ValidUsername(p.Username) || strings.ContainsFunc(p.Username, unusual) {
		all = append(all, fmt.Errorf("-username: %q: %w", p.Username, account.ErrUsername))
	}
	return errors.Join(all...)
}

// unusual are marks that a username may have (a roster knows why), but which in a
// command are more likely a slip: a header, a list, an address with its name.
func unusual(r rune) bool { return strings.ContainsRune(`:;,<>"()[]{}\/|`, r) }

// correct makes of an account what the command says, as a roster would: what was mailed
// to another address before is dead. What the command does not say stays, whether the
// account is disabled among it. Of the same it makes nothing.
func correct(ctx context.Context, d desk, who account.Account, says account.Profile) error {
	if role := who.Profile.Value.Role; role != says.Role {
		return fmt.Errorf("account %q is %s's, and an account keeps its role: %w", says.Username, role, account.ErrTaken)
	}
	err := account.Amend(ctx, d.store, who.District, who.ID, func(p *account.Profile, _ *account.State) {
		p.Username, p.Address = says.Username, says.Address
		keep(&p.First, says.First)
		keep(&p.Last, says.Last)
		keep(&p.School, says.School)
	})
	if err != nil {
		return fmt.Errorf("account %q: %w", says.Username, err)
	}
	if who, err = account.Load(ctx, d.store, who.District, who.ID); err != nil {
		return err
	}
	d.say("%s: account %s is as you say; its links go to %s", says.Username, who.ID, who.Address())
	if !who.Live() {
		d.say("  it is disabled, and gets none")
	}
	return nil
}

func keep(was *string, says string) {
	if says != "" {
		*was = says
	}
}
