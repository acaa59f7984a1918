package password

import (
	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/district"
)

// For is the policy of one account in its district. It holds the account's own
// words, so it is asked only after proof.
func For(d district.District, who account.Account) Policy {
	p := who.Profile.Value
	return Policy{
		Minimum: max(d.MinimumLength[p.Role], district.ShortestPassword), // a role that nobody set a length for has the floor
		Own:     append([]string{p.Username, p.First, p.Last, p.School, d.Name, d.Slug}, who.Addresses()...),
	}
}
