package pepper_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/sparekey/sparekey/shared/pepper"
)

func secret(b byte, length int) string {
	return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{b}, length))
}

func parse(t *testing.T, text string) pepper.Pepper {
	t.Helper()
	p, err := pepper.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRotation(t *testing.T) {
	t.Parallel()
	one, both, two := "1:"+secret('a', 32), "2:"+secret('b', 32)+", 1:"+secret('a', 32), "2:"+secret('b', 32)
	old := parse(t, one).Digest("code", "digest", "7Q4K9VRM")
	during := parse(t, both)
	if !during.Matches(old, "code", "digest", "7Q4K9VRM") {
		t.Error("what was made before the rotation does not match")
	}
	made := during.Digest("code", "digest", "7Q4K9VRM")
	if made == old || !strings.HasPrefix(made, "2.") || !during.Matches(made, "code", "digest", "7Q4K9VRM") {
		t.Errorf("the newest does not make: %q", made)
	}
	after := parse(t, two)
	if after.Matches(old, "code", "digest", "7Q4K9VRM") || !after.Matches(made, "code", "digest", "7Q4K9VRM") {
		t.Error("a version that was taken away still matches")
	}
	forged := "2." + strings.TrimPrefix(old, "1.")
	if during.Matches(forged, "code", "digest", "7Q4K9VRM") {
		t.Error("a digest matches under another version's name")
	}
}

func TestWhatMatches(t *testing.T) {
	t.Parallel()
	p := parse(t, "1:"+secret('a', 32))
	made := p.Digest("code", "ab", "c")
	if !p.Matches(made, "code", "ab", "c") || !p.Matches(strings.ToUpper(made), "code", "ab", "c") {
		t.Error("it does not match itself")
	}
	for name, got := range map[string]bool{
		"another purpose": p.Matches(made, "pin", "ab", "c"), "parts cut elsewhere": p.Matches(made, "code", "a", "bc"), "joined parts": p.Matches(made, "code", "abc"), "a part more": p.Matches(made, "code", "ab", "c", ""),
		"nothing": p.Matches("", "code", "ab", "c"), "half": p.Matches(made[:20], "code", "ab", "c"), "no version": p.Matches(made[2:], "code", "ab", "c"), "another version": p.Matches("9"+made[1:], "code", "ab", "c"), "no hex": p.Matches("1.zz", "code", "ab", "c"), "an empty sum": p.Matches("1.", "code", "ab", "c"),
	} {
		if got {
			t.Errorf("%s matches", name)
		}
	}
}

func TestWhatAPepperLooksLike(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{
		"1:" + secret('a', 32): true, "2026-11:" + secret('a', 64) + ",1:" + secret('b', 32): true,
		"": false, "1:": false, ":" + secret('a', 32): false, secret('a', 32): false, "1:" + secret('a', 31): false, "1.5:" + secret('a', 32): false, "1:" + secret('a', 32) + ",": false, "1:not base64": false, "1:" + secret('a', 32) + ",2:" + secret('b', 8): false,
	} {
		_, err := pepper.Parse(text)
		if (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil && strings.Contains(err.Error(), secret('a', 8)) {
			t.Errorf("the fault tells the secret: %v", err)
		}
	}
}

func TestARandomPepperNeedsRandomness(t *testing.T) {
	t.Parallel()
	if _, err := pepper.Random(strings.NewReader("too little")); err == nil {
		t.Error("a pepper of nothing")
	}
}
