// Package settings reads what a function is told by its environment.
//
// It promises that every fault is found in one go: a function that starts with
// half its settings says all the missing names at once and ends. It also
// remembers what it was asked for, so that a test can hold the template against
// it. Nothing here has a setting that turns safety off.
package settings

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
)

// Reader reads settings and gathers what is wrong with them.
type Reader struct {
	look   func(name string) (string, bool)
	faults []error
	asked  []string
}

// From makes a reader over os.LookupEnv, or over a map in a test.
func From(look func(string) (string, bool)) *Reader { return &Reader{look: look} }

// String reads a setting that must be there.
func (r *Reader) String(name string) string {
	r.asked = append(r.asked, name)
	value, ok := r.look(name)
	if !ok || value == "" {
		r.faults = append(r.faults, fmt.Errorf("%s is not set", name))
	}
	return value
}

// Optional reads a setting that may be missing.
func (r *Reader) Optional(name string) string {
	r.asked = append(r.asked, name)
	value, _ := r.look(name)
	return value
}

// URL reads the address of something: scheme and host, and a path without a
// slash at its end.
func (r *Reader) URL(name string) *url.URL {
	text := r.String(name)
	u, err := url.Parse(text)
	if text != "" && (err != nil || u.Scheme == "" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "") {
		r.faults = append(r.faults, fmt.Errorf("%s is not an address such as https://reset.example.org", name))
	}
	return u
}

// Int reads a whole number that must be there, from least to most.
func (r *Reader) Int(name string, least, most int64) int64 {
	text := r.String(name)
	n, err := strconv.ParseInt(text, 10, 64)
	if text != "" && (err != nil || n < least || n > most) {
		r.faults = append(r.faults, fmt.Errorf("%s is not a whole number from %d to %d", name, least, most))
	}
	return n
}

// Emulator reads where something that plays a service of Amazon's listens; empty
// is Amazon's own. It must be this machine: no setting may send what a function
// knows anywhere else.
func (r *Reader) Emulator(name string) string {
	text := r.Optional(name)
	if u, err := url.Parse(text); text != "" && (err != nil || !loopback(u)) {
		r.faults = append(r.faults, fmt.Errorf("%s is not an address of this machine such as http://127.0.0.1:8000", name))
	}
	return text
}

// loopback reports whether an address is this machine's own, written as a number:
// a name may lead elsewhere.
func loopback(u *url.URL) bool {
	addr, err := netip.ParseAddr(u.Hostname())
	return err == nil && addr.IsLoopback() && (u.Scheme == "http" || u.Scheme == "https")
}

// Site reads where the service itself is reached. Only this machine may be
// reached without TLS: cookies and links hang on it.
func (r *Reader) Site(name string) *url.URL {
	u := r.URL(name)
	if u != nil && u.Host != "" && u.Scheme != "https" && !loopback(u) {
		r.faults = append(r.faults, fmt.Errorf("%s does not begin with https", name))
	}
	return u
}

// Asked lists the names that were read.
func (r *Reader) Asked() []string { return r.asked }

// Err tells everything that was wrong, or nil.
func (r *Reader) Err() error { return errors.Join(r.faults...) }
