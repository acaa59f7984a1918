// Package slowhash makes of a short secret what cannot be guessed fast, not even
// by who holds the table.
//
// It is for what Cognito does not keep: the passwords somebody had, and any PIN or
// answer. It promises one hash at a time in a process, because each takes 19 MiB
// of a Lambda's 512. It leaves to its callers the salt, 128 random bits, and the
// pepper, which goes over the result ([pepper.Pepper.Digest]): so a new pepper
// does not ask for a second hash.
//
// A flow has the hash as a field, so that tests and the simulator count hashes and
// pay for none.
package slowhash

import (
	"sync"

	"golang.org/x/crypto/argon2"
)

// Hash makes a slow hash of a secret and a salt.
type Hash func(secret string, salt []byte) []byte

// Recipe is how [Argon2id] makes it, kept beside what was made: OWASP's first
// choice of parameters that fits (standards R58).
const Recipe = "argon2id m=19456 t=2 p=1"

// SaltBytes is how long a salt is.
const SaltBytes = 16

var one sync.Mutex

// Argon2id is the hash that functions use.
func Argon2id(secret string, salt []byte) []byte {
	one.Lock()
	defer one.Unlock()
	return argon2.IDKey([]byte(secret), salt, 2, 19_456, 1, 32)
}
