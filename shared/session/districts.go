package session

import (
	"net/http"
	"strings"

	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/gateway"
)

// Districts are those that a browser brought a session's cookie for. Nobody has
// looked whether such a session lives, or whether there is such a district: it
// is good for guessing where somebody wants to go, and for nothing else.
func Districts(r *gateway.Request) []string {
	prefix := cookieName(&gateway.Request{Secure: r.Secure}) // of no district
	var slugs []string
	for _, c := range (&http.Request{Header: r.Header}).Cookies() {
		if slug, ok := strings.CutPrefix(c.Name, prefix); ok && district.ValidSlug(slug) {
			slugs = append(slugs, slug)
		}
	}
	return slugs
}
