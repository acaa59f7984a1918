// Package pepper is the one secret outside the table.
//
// From it come the keys under which codes, tries and budgets are digested, so
// that somebody who holds the table alone can neither guess a code nor tell whose
// name a counter belongs to. It has versions: a new one is added in front, old
// digests are still compared under the old one until it is taken away.
//
// It promises that keys of two purposes tell nothing about each other. How long
// a digest is good for is its noun's business.
package pepper

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Pepper is a set of secrets by version.
type Pepper struct {
	newest string
	byName map[string][]byte
}

const leastBytes = 32

// Parse reads "2:base64,1:base64", the newest first, each of 32 bytes or more.
func Parse(text string) (Pepper, error) {
	p := Pepper{byName: map[string][]byte{}}
	for part := range strings.SplitSeq(text, ",") {
		name, encoded, ok := strings.Cut(strings.TrimSpace(part), ":")
		secret, err := base64.StdEncoding.DecodeString(encoded)
		if !ok || name == "" || strings.Contains(name, ".") || err != nil || len(secret) < leastBytes {
			return Pepper{}, errors.New("the pepper is not a list of version:base64, 32 bytes or more each")
		}
		if p.newest == "" {
			p.newest = name
		}
		p.byName[name] = secret
	}
	return p, nil
}

// Random makes a pepper that is gone with the process: for the local run.
func Random(rand io.Reader) (Pepper, error) {
	secret := make([]byte, leastBytes)
	if _, err := io.ReadFull(rand, secret); err != nil {
		return Pepper{}, fmt.Errorf("read randomness: %w", err)
	}
	return Pepper{newest: "0", byName: map[string][]byte{"0": secret}}, nil
}

// Digest makes a keyed digest of the parts for a purpose, under the newest
// version, which stands before it.
func (p Pepper) Digest(purpose string, parts ...string) string {
	return p.newest + "." + hex.EncodeToString(p.sum(p.newest, purpose, parts))
}

// Matches compares, in constant time, a digest made before with the parts,
// under the version it was made under.
func (p Pepper) Matches(digest, purpose string, parts ...string) bool {
	version, sum, _ := strings.Cut(digest, ".")
	stored, err := hex.DecodeString(sum)
	if _, known := p.byName[version]; !known || err != nil {
		version, stored = p.newest, nil // the same work for a digest that cannot match
	}
	return hmac.Equal(stored, p.sum(version, purpose, parts))
}

func (p Pepper) sum(version, purpose string, parts []string) []byte {
	key, err := hkdf.Key(sha256.New, p.byName[version], nil, "sparekey "+purpose, sha256.Size)
	if err != nil {
		panic(err) // only for a length that is not ours
	}
	mac := hmac.New(sha256.New, key)
	for _, part := range parts { // each behind its length: ("ab", "c") is not ("a", "bc")
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		mac.Write([]byte(part))
	}
	return mac.Sum(nil)
}
