// Package web turns what a flow decided into a page.
//
// Pages are html/template, embedded: one layout here, and in each flow its own.
// A page is told what to show by a [View] and asks it for sentences, addresses
// and the state of fields; it works without JavaScript and carries none of its
// own. The package leaves to the gateway which page is shown with which status,
// and to i18n how a sentence reads.
//
// It promises that every address on a page is made by [Site], never from what a
// request says of its host, and that what was typed into a secret field is never
// shown again.
//
// Read [View] first.
package web

import "net/url"

// Site is where the service lives, from settings.
type Site struct{ base *url.URL }

// NewSite takes the address of the service's root: scheme, host, and the stage's
// path where there is one.
func NewSite(base *url.URL) Site { return Site{base: base} }

// Path makes the address of a page for use on our own pages. The zero Site's are
// at the root of some host.
func (s Site) Path(path string) string {
	if s.base == nil {
		return path
	}
	return s.base.Path + path
}

// Absolute makes the address of a page for use in mail and in problems.
func (s Site) Absolute(path string) string { return s.Origin() + s.Path(path) }

// Origin is the scheme and host that our own pages are posted from.
func (s Site) Origin() string { return s.base.Scheme + "://" + s.base.Host }

// Host is what a person would type.
func (s Site) Host() string { return s.base.Host }

// Secure reports whether the service is reached over TLS: everywhere but in the
// local run.
func (s Site) Secure() bool { return s.base.Scheme == "https" }
