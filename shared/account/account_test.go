package account_test

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/table/order"
)

func TestNamesThatAreTheSame(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, one, two string
		same           bool
	}{
		{"letter case", "MLopez71", "mlopez71", true},
		{"spaces around", "  mlopez71\t", "mlopez71", false}, // a tab is no space of a name
		{"spaces before and behind", " mlopez71 ", "mlopez71", true},
		{"spaces within, one or many", "maria   lopez", "Maria Lopez", true},
		{"a space that does not break", "maria\u00a0lopez", "maria lopez", true},
		{"a wide space", "maria\u3000lopez", "maria lopez", true},
		{"spaces and none", "maria lopez", "marialopez", false},
		{"wide letters", "\uff4dlopez71", "mlopez71", true},
		{"composed and decomposed", "l\u00f3pez", "lo\u0301pez", true},
		{"with and without an accent", "l\u00f3pez", "lopez", false},
		{"sharp s in capitals", "STRASSE", "stra\u00dfe", false},
		{"Greek in capitals", "\u039f\u0394\u039f\u03a3", "\u03bf\u03b4\u03bf\u03c3", true},
		{"dots are letters", "m.lopez", "mlopez", false},
		{"Latin and Cyrillic a", "maria", "m\u0430ria", false},
		{"nonsense and other nonsense", "\u202ea", "\u202eb", false},
		{"nonsense with itself", "\u202ea", "\u202ea", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := account.Fold(c.one) == account.Fold(c.two); got != c.same {
				t.Errorf("%q folds to %q, %q to %q", c.one, account.Fold(c.one), c.two, account.Fold(c.two))
			}
		})
	}
}

func TestNamesThatMayBeGiven(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"mlopez71": true, "m.lopez@school": true, "Maria Lopez": true, "\u041c\u0430\u0440\u0438\u044f": true, "\u5c71\u7530\u305f\u308d\u3046": true, "\u0645\u0631\u064a\u0645": true, "123": true, "\uae40\u5c71": true,
		"": false, " ": false, "\u202emlopez": false, "m\u0430ria": false, "\u03b1lopez": false, "a\x00b": false, "\u5c71\u0430": false, "\xff": false, "NONE x": true, strings.Repeat("a", 600): false, "\u200bx": false,
	} {
		if got := account.ValidUsername(name); got != want {
			t.Errorf("%q: %t, want %t", name, got, want)
		}
	}
	if account.Fold("NONE x") == account.Fold("\u202ex") || strings.HasPrefix(account.Fold("NONE x"), "NONE") {
		t.Error("a name folds to what no name folds to")
	}
}

func FuzzFold(f *testing.F) {
	for _, seed := range []string{"mlopez71", " Maria  Lopez ", "\u202e", "\xff\xfe", "\uff4d", "stra\u00dfe", strings.Repeat("\ufdfa", 128), "NONE 12", "", "\u0130", "\u1e9e", "a\u0345", "\u03a3\u03c2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		folded := account.Fold(typed)
		if folded == "" || len(folded) > 512 {
			t.Fatalf("%q folds to %d bytes", typed, len(folded))
		}
		if err := order.CheckKey(table.K("USERNAME", "springfield", folded)); err != nil {
			t.Fatalf("%q folds to no key: %v", typed, err)
		}
		if account.ValidUsername(typed) && account.Fold(folded) != folded {
			t.Fatalf("%q folds to %q, and that to %q", typed, folded, account.Fold(folded))
		}
	})
}

func TestAddressesThatAreTheSame(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		one, two string
		same     bool
	}{
		{"Maria.Lopez@Example.ORG", "maria.lopez@example.org", true},
		{" maria@example.org ", "maria@example.org", true},
		{"maria@b\u00fccher.example", "maria@xn--bcher-kva.example", true},
		{"maria@B\u00dcCHER.example", "maria@b\u00fccher.example", true},
		{"m.aria@example.org", "maria@example.org", false},
		{"maria+school@example.org", "maria@example.org", false},
		{"jos\u00e9@example.org", "jose\u0301@example.org", true},
		{"a@b@example.org", "b@example.org", false},
		{"", "", true},
		{"no address", "NO ADDRESS", true},
	} {
		if got := account.SameAddress(c.one, c.two); got != c.same {
			t.Errorf("%q and %q: %t", account.FoldAddress(c.one), account.FoldAddress(c.two), got)
		}
	}
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func who(profile account.Profile, state account.State) account.Account {
	return account.Account{Profile: table.Row[account.Profile]{Value: profile}, State: table.Row[account.State]{Value: state}}
}

func TestAnAccountIsLiveIfBothPartsSaySo(t *testing.T) {
	t.Parallel()
	for _, roster := range []account.Status{account.Active, account.Disabled, "", "unknown"} {
		for _, ours := range []account.Status{account.Active, account.Disabled, "", "unknown"} {
			got := who(account.Profile{Status: roster}, account.State{Status: ours}).Live()
			if want := roster == account.Active && ours == account.Active; got != want {
				t.Errorf("roster %q, ours %q: %t", roster, ours, got)
			}
		}
	}
}

func TestWhereMailGoes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		roster, own, link string
		told              []string
	}{
		{"", "", "", nil},
		{"a@x.org", "", "a@x.org", []string{"a@x.org"}},
		{"", "b@x.org", "b@x.org", []string{"b@x.org"}},
		{"a@x.org", "b@x.org", "b@x.org", []string{"b@x.org", "a@x.org"}},
		{"A@X.org", "a@x.org", "a@x.org", []string{"a@x.org"}},
	} {
		a := who(account.Profile{Address: c.roster}, account.State{Recovery: c.own})
		if a.Address() != c.link || !slices.Equal(a.Addresses(), c.told) {
			t.Errorf("%+v: %q, %v", c, a.Address(), a.Addresses())
		}
	}
}

func TestFrozenUntil(t *testing.T) {
	t.Parallel()
	a := who(account.Profile{}, account.State{Frozen: noon})
	if !a.Frozen(noon.Add(-1)) || a.Frozen(noon) || who(account.Profile{}, account.State{}).Frozen(noon) {
		t.Error("not strictly before its end")
	}
}

func TestABriefNameHasNoLastName(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]account.Profile{"Ana L.": {First: "Ana", Last: "Lopez"}, "Ana": {First: "Ana"}, "\u00c9va \u00d3.": {First: "\u00c9va", Last: "\u00d3n"}} {
		if p.Brief() != want {
			t.Errorf("%q, want %q", p.Brief(), want)
		}
	}
}

// counted is a table that counts its reads.
type counted struct {
	table.Table
	gets []int
}

func (c *counted) Get(ctx context.Context, keys ...table.Key) ([]table.Item, error) {
	c.gets = append(c.gets, len(keys))
	return c.Table.Get(ctx, keys...)
}

func open() (table.Store, *embedded.Table) {
	rows := embedded.NewTable()
	return table.Store{Table: rows, Rand: rand.Reader}, rows
}

func create(t *testing.T, store table.Store, id, username, address string) {
	t.Helper()
	err := account.Create(t.Context(), store, "springfield", id, account.Profile{Username: username, Address: address, Status: account.Active}, account.State{Status: account.Active})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFindingCostsTheSameWhetherThereIsOneOrNot(t *testing.T) {
	t.Parallel()
	store, rows := open()
	create(t, store, "a1", "mlopez71", "maria@example.org")
	for _, typed := range []string{"mlopez71", " MLOPEZ71 ", "nobody", "\u202e", "\xff", strings.Repeat("\ufdfa", 200), ""} {
		seen := &counted{Table: rows}
		found, err := account.Find(t.Context(), seen, "springfield", typed)
		if err != nil {
			t.Fatalf("%q: %v", typed, err)
		}
		if !slices.Equal(seen.gets, []int{1, 2}) {
			t.Errorf("%q: reads %v", typed, seen.gets)
		}
		if found.Exists() != strings.EqualFold(strings.TrimSpace(typed), "mlopez71") {
			t.Errorf("%q: found %t", typed, found.Exists())
		}
		if found.ID == "" {
			t.Errorf("%q: no id to go on with", typed)
		}
	}
	if found, err := account.Find(t.Context(), rows, "shelbyville", "mlopez71"); err != nil || found.Exists() {
		t.Errorf("found in another district: %v", err)
	}
}

func TestAUsernameIsGivenOnce(t *testing.T) {
	t.Parallel()
	store, _ := open()
	create(t, store, "a1", "mlopez71", "maria@example.org")
	err := account.Create(t.Context(), store, "springfield", "a2", account.Profile{Username: "MLopez71"}, account.State{})
	if !errors.Is(err, account.ErrTaken) {
		t.Errorf("got %v", err)
	}
	if err := account.Create(t.Context(), store, "springfield", "a3", account.Profile{Username: "m\u0430ria"}, account.State{}); !errors.Is(err, account.ErrUsername) {
		t.Errorf("got %v", err)
	}
	if err := account.Create(t.Context(), store, "shelbyville", "a4", account.Profile{Username: "mlopez71"}, account.State{}); err != nil {
		t.Errorf("another district: %v", err)
	}
}

func TestWhatTheRosterChangesKillsWhatWasMadeBefore(t *testing.T) {
	t.Parallel()
	store, rows := open()
	create(t, store, "a1", "mlopez71", "maria@example.org")
	create(t, store, "a2", "jlopez72", "maria@example.org")
	sharing := func(address string) string {
		ids, err := account.Sharing(t.Context(), rows, "springfield", address)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(ids, " ")
	}
	if got := sharing("MARIA@example.org"); got != "a1 a2" {
		t.Errorf("shared by %q", got)
	}
	epoch, before := 0, "maria@example.org"
	for _, address := range []string{"new@example.org", "NEW@example.org", "", "", "maria@example.org"} {
		if err := account.Amend(t.Context(), store, "springfield", "a1", func(p *account.Profile, _ *account.State) { p.Address = address }); err != nil {
			t.Fatal(err)
		}
		if address != before { // the same again says nothing new, and kills nothing
			epoch++
		}
		before = address
		now, err := account.Load(t.Context(), rows, "springfield", "a1")
		if err != nil || now.Address() != address || now.State.Value.Epoch != epoch {
			t.Errorf("%q: %+v, %v", address, now.State.Value, err)
		}
		if address != "" && !strings.Contains(sharing(address), "a1") {
			t.Errorf("%q is not found", address)
		}
		if address != "maria@example.org" && strings.Contains(sharing("maria@example.org"), "a1") {
			t.Errorf("%q: still found under the old address", address)
		}
	}
	for _, service := range []string{"Google", "Google", ""} {
		if err := account.Amend(t.Context(), store, "springfield", "a1", func(p *account.Profile, _ *account.State) { p.Elsewhere = service }); err != nil {
			t.Fatal(err)
		}
	}
	if now, err := account.Load(t.Context(), rows, "springfield", "a1"); err != nil || now.State.Value.Epoch != epoch+2 {
		t.Errorf("to another service and back: epoch %d, %v", now.State.Value.Epoch-epoch, err)
	}
	if err := account.Amend(t.Context(), store, "springfield", "a9", func(*account.Profile, *account.State) {}); err == nil {
		t.Error("an account that is not there was changed")
	}
}
