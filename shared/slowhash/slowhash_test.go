package slowhash_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"testing"

	"golang.org/x/crypto/argon2"

	"github.com/sparekey/sparekey/shared/slowhash"
)

// TestTheRecipeIsTrue: what is stored says how it was made.
func TestTheRecipeIsTrue(t *testing.T) {
	t.Parallel()
	var memory, passes uint32
	var lanes uint8
	if _, err := fmt.Sscanf(slowhash.Recipe, "argon2id m=%d t=%d p=%d", &memory, &passes, &lanes); err != nil {
		t.Fatal(err)
	}
	salt := bytes.Repeat([]byte{7}, slowhash.SaltBytes)
	got, want := slowhash.Argon2id("seven quiet herons", salt), argon2.IDKey([]byte("seven quiet herons"), salt, passes, memory, lanes, 32)
	if !bytes.Equal(got, want) {
		t.Errorf("%s makes %s, not %s", slowhash.Recipe, hex.EncodeToString(want), hex.EncodeToString(got))
	}
	if memory < 19_456 || passes < 2 || lanes < 1 { // standards R58
		t.Errorf("%s is too little", slowhash.Recipe)
	}
}

func TestAnotherSaltIsAnotherHash(t *testing.T) {
	t.Parallel()
	one, other := make([]byte, slowhash.SaltBytes), bytes.Repeat([]byte{1}, slowhash.SaltBytes)
	if bytes.Equal(slowhash.Argon2id("7Q4K", one), slowhash.Argon2id("7Q4K", other)) {
		t.Error("two salts, one hash")
	}
}

func BenchmarkArgon2id(b *testing.B) {
	for b.Loop() {
		slowhash.Argon2id("seven quiet herons", make([]byte, slowhash.SaltBytes))
	}
}
