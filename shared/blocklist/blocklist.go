// Package blocklist knows the passwords that guessers try first.
//
// They are the commonest of those that breaches brought to light; the README
// beside this file says from where, how many and under which licence. The set
// holds twenty bits of a digest of each, and not the passwords: that is a quarter
// of their size. So one other password in 260,000 is taken for one of them; that
// costs its owner another idea, and no more.
//
// It promises that every password of the list is found, in any case, and that a
// program which never asks pays for nothing but the bytes. It leaves to package
// password what is asked.
//
// Read [Has] first.
package blocklist

import (
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// commonest is what [Pack] made of the list.
//
//go:embed commonest.set
var commonest string

// Shortest is how many code points a password of the list has at least: nobody
// may choose a shorter one anyway.
const Shortest = 8

// Has reports whether a password is on the list, whatever the case of its letters.
func Has(password string) bool { return has(commonest, Fold(password)) }

// Fold makes of a password what it is listed as.
func Fold(password string) string { return strings.ToLower(norm.NFC.String(password)) }

// The set is a Golomb-coded one. Each password is a number below count << spare,
// evenly spread; the numbers are sorted and each is kept as its distance to the
// one before, in Rice's code: the distance's upper part in ones, a zero, its
// lower bits. So that a look reads few of them, numbers are in blocks that are
// found by their upper part alone.
//
//	count of passwords, 4 bytes · blocks+1 offsets in bits, 4 bytes each · the code
const (
	spare  = 18   // a stranger's number is in the set once in 1 << spare times
	blocks = 1024 // a hundred passwords each, as of now
	header = 4 + 4*(blocks+1)
)

// number is a password's own, below size.
func number(folded string, size uint64) uint64 {
	sum := sha256.Sum256([]byte(folded))
	n, _ := bits.Mul64(binary.BigEndian.Uint64(sum[:8]), size)
	return n
}

// first is the lowest number of a block.
func first(block, size uint64) uint64 { return (block*size + blocks - 1) / blocks }

// Pack makes the set of folded passwords that differ from each other.
func Pack(folded []string) []byte {
	size := uint64(len(folded)) << spare
	numbers := make([]uint64, len(folded))
	for i, password := range folded {
		numbers[i] = number(password, size)
	}
	slices.Sort(numbers)
	packed := binary.BigEndian.AppendUint32(nil, uint32(len(folded))) //nolint:gosec // a list has less than four thousand million
	var code writer
	for block, i := uint64(0), 0; block < blocks; block++ {
		packed = binary.BigEndian.AppendUint32(packed, code.bits)
		for last := first(block, size); i < len(numbers) && numbers[i] < first(block+1, size); i++ {
			code.put(numbers[i] - last)
			last = numbers[i]
		}
	}
	packed = binary.BigEndian.AppendUint32(packed, code.bits)
	return append(packed, code.bytes...)
}

func has(set, folded string) bool {
	size := uint64(word(set, 0)) << spare
	n := number(folded, size)
	block := n * blocks / size
	code := reader{bytes: set[header:], at: word(set, 1+block), end: word(set, 2+block)}
	for last := first(block, size); code.at < code.end; {
		last += code.next()
		if last >= n {
			return last == n
		}
	}
	return false
}

// word is the nth of the header.
func word(set string, n uint64) uint32 { return binary.BigEndian.Uint32([]byte(set[4*n : 4*n+4])) }

type writer struct {
	bytes []byte
	bits  uint32
}

func (w *writer) put(distance uint64) {
	for range distance >> spare {
		w.bit(1)
	}
	w.bit(0)
	for i := spare - 1; i >= 0; i-- {
		w.bit(byte(distance >> i & 1))
	}
}

func (w *writer) bit(b byte) {
	if w.bits%8 == 0 {
		w.bytes = append(w.bytes, 0)
	}
	w.bytes[w.bits/8] |= b << (7 - w.bits%8)
	w.bits++
}

type reader struct {
	bytes   string
	at, end uint32
}

func (r *reader) next() (distance uint64) {
	for r.bit() == 1 {
		distance++
	}
	for range spare {
		distance = distance<<1 | r.bit()
	}
	return distance
}

func (r *reader) bit() uint64 {
	b := r.bytes[r.at/8] >> (7 - r.at%8) & 1
	r.at++
	return uint64(b)
}
