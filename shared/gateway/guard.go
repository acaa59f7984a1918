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

// pass lets a post through, or says cross-site. Browsers always send one of the
// two headers with a post; a form or a cookie without either was not sent by one
// that we trust. JSON without a cookie is a machine's.
func (g guard) pass(r *Request) error {
	silent := r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == ""
	if silent && (!saysItIs(r.Header, jsonType) || r.Header.Get("Cookie") != "") {
		return problem.New(problem.CrossSite)
	}
	seen := &http.Request{Method: r.Method, Host: g.host, URL: &url.URL{Path: "/"}, Header: r.Header}
	if err := g.check.Check(seen); err != nil {
		return problem.New(problem.CrossSite).Because(err)
	}
	return nil
}
