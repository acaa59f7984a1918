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
	"net/url"
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
	if text != "" && (err != nil || u.Scheme == "" || u.Host == "" || u.RawQuery != "" || u.Fragment != "") {
		r.faults = append(r.faults, fmt.Errorf("%s is not an address such as https://reset.example.org", name))
	}
	return u
}

// Asked lists the names that were read.
func (r *Reader) Asked() []string { return r.asked }

// Err tells everything that was wrong, or nil.
func (r *Reader) Err() error { return errors.Join(r.faults...) }
