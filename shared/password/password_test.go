package password_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/password"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/table"
)

func TestPolicy(t *testing.T) {
	t.Parallel()
	policy := password.Policy{Minimum: 12, Own: []string{"mlopez71", "Maria", "López", "Maple Street School", "Springfield Public Schools", "springfield", "Al", "20261234", "118", "", "Sparekey"}}
	for _, c := range []struct {
		name, typed string
		broken      []string
	}{
		{"a sentence", "seven quiet herons", nil},
		{"small letters alone", "sevenquietherons", nil},
		{"digits alone", "582930174658", nil},
		{"exactly the minimum", strings.Repeat("xy", 6), nil},
		{"one less", "xyxyxyxyxyx", []string{"password.length"}},
		{"the most", strings.Repeat("xyzzy quiet ", 21) + "quie", nil},
		{"one more", strings.Repeat("xyzzy quiet ", 21) + "quiet", []string{"password.long"}},
		{"a megabyte", strings.Repeat("xyzzy", 200_000), []string{"password.long"}},
		{"nothing", "", []string{"password.missing"}},
		{"Arabic", "\u0633\u0628\u0639\u0629 \u0637\u064a\u0648\u0631 \u0647\u0627\u062f\u0626\u0629", nil},
		{"Chinese, counted in code points", "\u4e03\u53ea\u5b89\u9759\u7684\u82cd\u9e6d\u5728\u8df3\u821e\u5427\u554a", nil},
		{"Chinese, one too short", "\u4e03\u53ea\u5b89\u9759\u7684\u82cd\u9e6d\u5728\u8df3\u821e\u5427", []string{"password.length"}},
		{"emoji", strings.Repeat("\U0001F600", 12), nil},
		{"decomposed letters, counted as they are kept", strings.Repeat("e\u0301", 11), []string{"password.length"}},
		{"composed, enough of them", strings.Repeat("e\u0301", 12), nil},
		{"a space before", " seven quiet herons", []string{"password.spaces"}},
		{"a space behind", "seven quiet herons ", []string{"password.spaces"}},
		{"a wide space behind", "seven quiet herons\u3000", []string{"password.spaces"}},
		{"a space that does not break", "\u00a0seven quiet herons", []string{"password.spaces"}},
		{"spaces alone", strings.Repeat(" ", 12), []string{"password.spaces"}},
		{"spaces within", "s e v e n  quiet", nil},
		{"Mongolian, with its separator", "\u1828\u1820\u182e\u180e\u1820 \u1828\u1820\u182e\u180e\u1820 \u1828\u1820\u182e", nil},
		{"a tab within", "seven\tquiet herons", []string{"password.control"}},
		{"a zero byte", "seven\x00quiet herons", []string{"password.control"}},
		{"a line break at its end", "seven quiet herons\n", []string{"password.spaces", "password.control"}},
		{"the username", "mlopez71mlopez71", []string{"password.own-words"}},
		{"the username with digits behind", "mlopez71-2026-2026", []string{"password.own-words"}},
		{"names in other letters", "MARIA.LÓPEZ.1971", []string{"password.own-words"}},
		{"names, decomposed", "maria lo\u0301pez 71", []string{"password.own-words"}},
		{"the school", "Maple Street School!", []string{"password.own-words"}},
		{"one word of the district", "springfield2026!", []string{"password.own-words", "password.common"}},
		{"our own name", "Sparekey-2026-2026", []string{"password.own-words"}},
		{"a username of digits", "20261234 20261234", []string{"password.own-words"}},
		{"a username of digits, and more of them", "20261234-998877", []string{"password.own-words"}},
		{"a username of digits in a phrase", "20261234 quiet herons", nil},
		{"a short number of theirs is in every row of digits", "118593027465", nil},
		{"a word in a longer phrase", "maria dances quietly", nil},
		{"a short word of theirs is in every phrase", "also alas alarm", nil},
		{"several rules at once", " maria ", []string{"password.length", "password.own-words", "password.spaces"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, field := range policy.Broken(c.typed) {
				if field.Name != "new_password" {
					t.Errorf("it is told of %q", field.Name)
				}
				got = append(got, field.Says.Key)
			}
			if !slices.Equal(got, c.broken) {
				t.Errorf("got %v, want %v", got, c.broken)
			}
		})
	}
}

// A username is often made of its owner's names, and so lies across them.
func TestOwnWordsThatOverlap(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typed string
		own   []string
		want  bool
	}{
		{"LopezMaria2026!!", []string{"lopezm", "Maria", "Lopez"}, true},
		{"AnaLopez2026!!!!", []string{"alopez7", "Ana", "Lopez"}, true},
		{"EveReed20262026!", []string{"ereed", "Eve", "Reed"}, true},
		{"2026 Lopez-Maria-lopezm", []string{"lopezm", "Maria", "Lopez"}, true},
		{"anabex-2026-2026", []string{"ana anab bex"}, true},
		{"maria maria maria", []string{"mariam", "ariam", "Maria"}, true},
		{"lopez7lopez7lopez", []string{"lopez7lo", "Lopez"}, true},
		{"\u041c\u0430\u0440\u0438\u044f\u041b\u043e\u043f\u0435\u0441-2026", []string{"\u043c\u0430\u0440\u0438\u044f\u043b", "\u041c\u0430\u0440\u0438\u044f", "\u041b\u043e\u043f\u0435\u0441"}, true},
		{"2026 1234 5678", []string{"2026123456", "12345"}, true},

		{"LopezMariana2026", []string{"lopezm", "Maria", "Lopez"}, false}, // "na" is nobody's
		{"xLopezMaria2026!", []string{"lopezm", "Maria", "Lopez"}, false},
		{"LopezMaria2026 x", []string{"lopezm", "Maria", "Lopez"}, false},
		{"Lopezm aria 2026", []string{"lopezm", "Lopez"}, false},
		{"LopeMaria 2026!!", []string{"lopezm", "Maria", "Lopez"}, false},
		{"582930174658", []string{"lopezm", "Maria", "Lopez"}, false},
		{"!!!! #### ????", []string{"lopezm", "Maria", "Lopez"}, false},
		{"", []string{"lopezm", "Maria", "Lopez"}, false},
	} {
		broken := password.Policy{Own: c.own}.Broken(c.typed)
		if got := slices.ContainsFunc(broken, func(f problem.Field) bool { return f.Says.Key == "password.own-words" }); got != c.want {
			t.Errorf("%q of %q: %t, want %t", c.typed, c.own, got, c.want)
		}
	}
}

func TestAPolicyOfEachRole(t *testing.T) {
	t.Parallel()
	d := district.Default("springfield", "Springfield Public Schools")
	for role, minimum := range map[district.Role]int{district.Student: 12, district.Guardian: 15, district.Staff: 15, "a role of tomorrow": 8} {
		p := password.For(d, account.Account{Profile: table.Row[account.Profile]{Value: account.Profile{
			Username: "mlopez71", First: "Maria", Last: "Lopez", School: "Maple Street School", Role: role, Address: "maria.l@example.org", Grade: "06",
		}}})
		if p.Minimum != minimum {
			t.Errorf("%s: %d, want %d", role, p.Minimum, minimum)
		}
		for _, own := range []string{"mlopez71", "Maria", "Lopez", "Maple Street School", "Springfield Public Schools", "springfield", "Sparekey", "maria.l@example.org", "maria.l"} {
			if !slices.Contains(p.Own, own) {
				t.Errorf("%s: %q is not its owner's", role, own)
			}
		}
	}
}

func TestAPageShowsEveryRuleThatDoesNotSurprise(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		policy password.Policy
		kinds  []string
	}{
		{"ours", password.Policy{Minimum: 12}, []string{"length", "own-words", "common", "spaces"}},
		{"in place of another", password.Policy{Minimum: 12, Replaces: true}, []string{"length", "own-words", "common", "spaces", "used"}},
		{"with a history", password.Policy{Minimum: 12, History: 5}, []string{"length", "own-words", "common", "spaces", "used"}},
		{"PowerSchool's", password.Policy{Minimum: 8, Classic: true}, []string{"length", "upper-lower", "letter-number", "special", "own-words", "common", "spaces"}},
	} {
		var kinds []string
		for _, rule := range c.policy.Rules() {
			kinds = append(kinds, rule.Kind)
			if rule.Kind == "length" && rule.Min != c.policy.Minimum {
				t.Errorf("%s: at least %d", c.name, rule.Min)
			}
		}
		if !slices.Equal(kinds, c.kinds) {
			t.Errorf("%s: %v, want %v", c.name, kinds, c.kinds)
		}
	}
}

func TestAPageTellsHowManyPasswordsMayNotComeBack(t *testing.T) {
	t.Parallel()
	for want, policy := range map[string]password.Policy{
		"Not the password you have now":     {Replaces: true},
		"Not one of your last 3 passwords":  {Replaces: true, History: 3},
		"Not one of your last 24 passwords": {History: 24},
		"No space at the start or the end":  {}, // the rule before
	} {
		rules := policy.Rules()
		if got := i18n.Default.Language(i18n.English).Say(rules[len(rules)-1].Text); got != want {
			t.Errorf("%+v: %q, want %q", policy, got, want)
		}
	}
}

func TestAPasswordManagerIsToldThePolicy(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]password.Policy{
		"minlength: 15; maxlength: 256; allowed: unicode;":                                                                      {Minimum: 15},
		"minlength: 8; maxlength: 256; required: upper; required: lower; required: digit; required: special; allowed: unicode;": {Minimum: 8, Classic: true},
	} {
		if got := p.Manager(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAPasswordIsTheSameOnAPhoneAndALaptop(t *testing.T) {
	t.Parallel()
	if password.Normal("caf\u00e9") != password.Normal("cafe\u0301") {
		t.Error("two forms of one letter differ")
	}
	for _, typed := range []string{" a ", "A", "\ufb01", "\u00b2"} {
		if password.Normal(typed) != typed {
			t.Errorf("%q becomes %q", typed, password.Normal(typed))
		}
	}
}
