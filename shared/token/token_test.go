package token_test

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/pepper"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestWhetherATokenIsGood(t *testing.T) {
	t.Parallel()
	type facts struct {
		token  token.Token
		digest string
		living token.Living
		who    account.Account
		now    time.Time
	}
	for _, c := range []struct {
		name string
		but  func(*facts)
		want token.Verdict
	}{
		{"the newest, unused, before its end", func(*facts) {}, token.Good},
		{"an activation", func(f *facts) { f.token.Purpose = token.Activation }, token.Good},
		{"a forced change", func(f *facts) { f.token.Purpose = token.ForcedChange }, token.Good},
		{"a moment before its end", func(f *facts) { f.now = f.token.Ends.Add(-1) }, token.Good},
		{"at its end", func(f *facts) { f.now = f.token.Ends }, token.Expired},
		{"long after its end", func(f *facts) { f.now = f.token.Ends.Add(24 * time.Hour) }, token.Expired},
		{"used", func(f *facts) { f.token.Used = true }, token.Used},
		{"used, and past its end", func(f *facts) { f.token.Used, f.now = true, f.token.Ends }, token.Used},
		{"not the newest", func(f *facts) { f.living.Digest = "another" }, token.Replaced},
		{"disowned: none is living", func(f *facts) { f.living = token.Living{} }, token.Replaced},
		{"of an earlier epoch", func(f *facts) { f.who.State.Value.Epoch++ }, token.Replaced},
		{"of a later epoch", func(f *facts) { f.who.State.Value.Epoch-- }, token.Replaced},
		{"the roster disabled its account", func(f *facts) { f.who.Profile.Value.Status = account.Disabled }, token.Replaced},
		{"we disabled its account", func(f *facts) { f.who.State.Value.Status = account.Disabled }, token.Replaced},
		{"its account has no status", func(f *facts) { f.who.State.Value.Status = "" }, token.Replaced},
		{"its account is gone", func(f *facts) { f.who.Profile.Value, f.who.State.Value = account.Profile{}, account.State{} }, token.Replaced},
		{"its account signs in with another service", func(f *facts) { f.who.Profile.Value.Elsewhere = "Google" }, token.Replaced},
		{"recovery is frozen", func(f *facts) { f.who.State.Value.Frozen = noon.Add(1) }, token.Replaced},
		{"recovery was frozen until now", func(f *facts) { f.who.State.Value.Frozen = noon }, token.Good},
		{"another account's", func(f *facts) { f.who.ID = "a2" }, token.Fake},
		{"another district's", func(f *facts) { f.who.District = "shelbyville" }, token.Fake},
		{"of another purpose", func(f *facts) { f.token.Purpose = token.NotMe }, token.Fake},
		{"of no purpose", func(f *facts) { f.token.Purpose = "" }, token.Fake},
		{"nothing at all", func(f *facts) { f.token = token.Token{} }, token.Fake},
		{"nothing, for nobody", func(f *facts) { *f = facts{now: noon} }, token.Fake},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := facts{
				token:  token.Token{District: "springfield", Account: "a1", Purpose: token.Reset, Epoch: 7, Made: noon.Add(-time.Minute), Ends: noon.Add(29 * time.Minute)},
				digest: "digest", living: token.Living{Digest: "digest"}, now: noon,
				who: account.Account{
					District: "springfield", ID: "a1", Profile: table.Row[account.Profile]{Value: account.Profile{Status: account.Active}},
					State: table.Row[account.State]{Value: account.State{Status: account.Active, Epoch: 7}},
				},
			}
			c.but(&f)
			if got := f.token.Judge(f.digest, f.living, f.who, f.now); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestTokensAreRandom(t *testing.T) {
	t.Parallel()
	const harvest = 1000
	texts, digests, prefixes := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for range harvest {
		text, digest := token.Mint(rand.Reader)
		if len(text) != 52 || strings.Trim(text, "0123456789abcdefghjkmnpqrstvwxyz") != "" || strings.Contains(digest, text) {
			t.Fatalf("%q", text)
		}
		again, ok := token.Digest(text)
		if !ok || again != digest {
			t.Fatalf("%q does not lead to its digest", text)
		}
		texts[text], digests[digest], prefixes[text[:10]] = true, true, true
	}
	if len(texts) != harvest || len(digests) != harvest || len(prefixes) != harvest {
		t.Errorf("%d texts, %d digests, %d beginnings", len(texts), len(digests), len(prefixes))
	}
}

func TestEveryLetterOfACodeIsAsLikely(t *testing.T) {
	t.Parallel()
	seen := map[rune]int{}
	for range 4000 {
		for _, r := range token.MintCode(rand.Reader) {
			seen[r]++
		}
	}
	if len(seen) != 32 {
		t.Errorf("%d letters", len(seen))
	}
	for r, n := range seen {
		if n < 700 || n > 1300 { // 1,000 each; nine standard deviations
			t.Errorf("%c: %d", r, n)
		}
	}
}

func TestWithoutRandomnessThereIsNoToken(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a token without randomness")
		}
	}()
	token.Mint(strings.NewReader("too little"))
}

func TestWhatATokenMayLookLike(t *testing.T) {
	t.Parallel()
	text, digest := token.Mint(rand.Reader)
	for name, typed := range map[string]string{
		"as it was made": text, "in capitals": strings.ToUpper(text), "with O for 0": strings.ReplaceAll(text, "0", "O"), "with l and I for 1": strings.Replace(strings.ReplaceAll(text, "1", "l"), "l", "I", 1),
	} {
		if got, ok := token.Digest(typed); !ok || got != digest {
			t.Errorf("%s: %q, %t", name, got, ok)
		}
	}
	for name, typed := range map[string]string{
		"nothing": "", "too short": text[1:], "too long": text + "0", "with a space": " " + text[1:], "with a hyphen": "-" + text[1:], "with a u": "u" + text[1:], "with a letter of two bytes": "\u00e9" + text[2:],
		"with a zero byte": "\x00" + text[1:], "with a line break": text[:51] + "\n", "line breaks that base32 skips": text[:50] + "\r\n", "broken": "\xff" + text[1:], "padded": text[:46] + "======", "Kelvin's sign": "\u212a" + text[3:],
	} {
		if got, ok := token.Digest(typed); ok && got != "" {
			t.Errorf("%s is a token: %q", name, typed)
		}
	}
}

func TestWhatACodeMayLookLike(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"7Q4K9VRM": "7Q4K9VRM", "7Q4K-9VRM": "7Q4K9VRM", "7q4k9vrm": "7Q4K9VRM", " 7Q4K 9VRM ": "7Q4K9VRM", "7 Q 4 K 9 V R M": "7Q4K9VRM", "7Q4K\u20139VRM": "7Q4K9VRM", "7Q4K\u00a09VRM": "7Q4K9VRM", "7q4k\t9vrm": "7Q4K9VRM",
		"OIL0OIL0": "01100110", "oil0oil0": "01100110", "--------": "", "": "", "7Q4K9VR": "", "7Q4K9VRM7": "", "7Q4K9VRU": "", "7Q4K9VR!": "", "7Q4K9VR\x00": "", "7Q4K9V\u00e9": "", "\u0661\u0662\u0663\u0664": "", "7Q4K\n9VRM": "", "\uff17Q4K9VR": "", "\xff\xff7Q4K9V": "",
	} {
		got, ok := token.ParseCode(typed)
		if got != want || ok != (want != "") {
			t.Errorf("%q: %q, %t; want %q", typed, got, ok, want)
		}
	}
	code := token.MintCode(rand.Reader)
	if again, ok := token.ParseCode(token.SpellCode(code)); !ok || again != code {
		t.Errorf("%q is spelt %q and read %q", code, token.SpellCode(code), again)
	}
}

func TestACodeIsBoundToItsToken(t *testing.T) {
	t.Parallel()
	one, two := secret(t), secret(t)
	sealed := token.Token{Code: token.SealCode(one, "digest", "7Q4K9VRM")}
	if strings.Contains(sealed.Code, "7Q4K9VRM") {
		t.Error("the code is stored")
	}
	for name, got := range map[string]bool{
		"another code": sealed.CodeIs(one, "digest", "7Q4K9VRN"), "another token": sealed.CodeIs(one, "other", "7Q4K9VRM"), "another pepper": sealed.CodeIs(two, "digest", "7Q4K9VRM"),
		"no code": token.Token{}.CodeIs(one, "digest", ""), "no code at all": token.Token{}.CodeIs(one, "", ""), "an empty one": sealed.CodeIs(one, "digest", ""),
	} {
		if got {
			t.Errorf("%s is right", name)
		}
	}
	if !sealed.CodeIs(one, "digest", "7Q4K9VRM") {
		t.Error("the code is wrong")
	}
}

func secret(t *testing.T) pepper.Pepper {
	t.Helper()
	p, err := pepper.Random(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestADeadTokenIsKeptForAWeek(t *testing.T) {
	t.Parallel()
	op := token.Token{Ends: noon}.Put("digest")
	if want := noon.Add(7 * 24 * time.Hour); !op.Item.Expires.Equal(want) {
		t.Errorf("expires %v, want %v", op.Item.Expires, want)
	}
}

func TestADigestOfNothingIsNoTokens(t *testing.T) {
	t.Parallel()
	text, digest := token.Mint(rand.Reader)
	if token.NoDigest(text) == digest || token.NoDigest("a") == token.NoDigest("b") || token.NoDigest(text) != token.NoDigest(strings.Clone(text)) {
		t.Error("a miss meets somebody's token")
	}
	if len(token.NoDigest("")) != len(digest) {
		t.Error("a miss looks different")
	}
}

func FuzzDigest(f *testing.F) {
	text, _ := token.Mint(rand.Reader)
	for _, seed := range []string{text, strings.ToUpper(text), "", "\xff", strings.Repeat("o", 52), strings.Repeat("\u0130", 26), text[:51] + "\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		digest, ok := token.Digest(text)
		if ok != (len(digest) == 64) {
			t.Fatalf("%q: %q, %t", text, digest, ok)
		}
		if again, still := token.Digest(strings.ToUpper(text)); ok && (again != digest || !still) {
			t.Fatalf("%q: another digest in capitals", text)
		}
	})
}

func FuzzParseCode(f *testing.F) {
	for _, seed := range []string{"7Q4K-9VRM", "oil0oil0", "", "\xff\xfe", "7q4k\u20139vrm", strings.Repeat("-", 100), "\u2126"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		code, ok := token.ParseCode(typed)
		if !ok {
			if code != "" {
				t.Fatalf("%q: refused, and read %q", typed, code)
			}
			return
		}
		if len(code) != 8 || strings.Trim(code, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") != "" {
			t.Fatalf("%q: %q", typed, code)
		}
		if again, ok := token.ParseCode(token.SpellCode(code)); !ok || again != code {
			t.Fatalf("%q: read %q, then %q", typed, code, again)
		}
	})
}
