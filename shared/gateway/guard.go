package gateway

import (
	"net/http"
	"net/url"

	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/web"
)

// guard refuses posts that another site made a browser send. It covers forms
// signed out too: signing a family in to somebody else's account is an attack.
type guard struct {
	check *http.CrossOriginProtection
	host  string
}

func newGuard(site web.Site) guard {
	check := http.NewCrossOriginProtection()
	// A Lambda is not told the host a browser typed; what is trusted is configured.
	if err := check.AddTrustedOrigin(site.Origin()); err != nil {
		panic(err) // settings refuse such an address
	}
	return guard{check: check, host: site.Host()}
}

// foreign refuses a post that says it comes from another site.
func (g guard) foreign(r *Request) error {
	seen := &http.Request{Method: r.Method, Host: g.host, URL: &url.URL{Path: "/"}, Header: r.Header}
	if err := g.check.Check(seen); err != nil {
		return problem.New(problem.CrossSite).Because(err)
	}
	return nil
}

// nameless refuses a post that does not say where it comes from. Browsers always
// send one of the two headers with a post; a form or a cookie without either was
// not sent by one that we trust. JSON or a bearer without a cookie is a machine's:
// no browser can be made to send either to another site.
func nameless(r *Request) error {
	_, bearer := r.Bearer()
	machine := (bearer || saysItIs(r.Header, jsonType)) && r.Header.Get("Cookie") == ""
	if !machine && r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "" {
		return problem.New(problem.CrossSite)
	}
	return nil
}
