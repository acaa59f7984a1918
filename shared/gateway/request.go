package gateway

import (
	"encoding/base64"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/web"
)

// Request is what came in, decoded and bounded.
type Request struct {
	ID       string
	Method   string
	Route    string            // API Gateway's resource, with {names}
	Vars     map[string]string // what the path said in their place
	Header   http.Header
	District district.District // the one the path names; zero where it names none
	Fields   Fields            // what was posted
	Language *i18n.Language
	Network  netip.Prefix // the caller's address, or its /64
	Agent    string       // the browser in words: "Chrome, Android"; may be empty
	Secure   bool         // over TLS: everywhere but in the local run

	site   web.Site
	query  map[string]string
	body   []byte
	path   string
	allow  []string
	chosen bool // the language was chosen by ?lang=
	json   bool // the answer is for a machine
}

func (e Edge) open(event Event) *Request {
	r := &Request{
		ID: event.RequestContext.RequestID, Method: event.HTTPMethod, Route: event.Resource,
		Vars: event.PathParameters, Header: headers(event), Secure: e.Pages.Site.Secure(), site: e.Pages.Site,
		query: event.QueryStringParameters, path: pathOf(event),
		Network: network(event.RequestContext.Identity.SourceIP), body: []byte(event.Body),
	}
	if event.IsBase64Encoded {
		if body, err := base64.StdEncoding.DecodeString(event.Body); err == nil {
			r.body = body
		}
	}
	r.Agent = agent(r.Header.Get("User-Agent"))
	r.json = r.wantsJSON()
	return r
}

// pathOf rebuilds the path from what API Gateway matched, so that neither stage
// nor custom domain is in it.
func pathOf(event Event) string {
	path := event.Resource
	for name, value := range event.PathParameters {
		path = strings.NewReplacer("{"+name+"}", value, "{"+name+"+}", value).Replace(path)
	}
	return path
}

func headers(event Event) http.Header {
	h := http.Header{}
	for name, values := range event.MultiValueHeaders {
		for _, v := range values {
			h.Add(name, v)
		}
	}
	for name, value := range event.Headers {
		if h.Get(name) == "" {
			h.Set(name, value)
		}
	}
	return h
}

// network is what limits are counted by: an IPv4 address, or the /64 that one
// household has in IPv6.
func network(source string) netip.Prefix {
	addr, err := netip.ParseAddr(source)
	if err != nil {
		return netip.Prefix{}
	}
	addr = addr.Unmap().WithZone("")
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	prefix, _ := addr.Prefix(bits)
	return prefix
}

// wantsJSON: who posts JSON gets JSON; else Accept decides, and a person is the
// default.
func (r *Request) wantsJSON() bool {
	if r.Method == http.MethodPost && saysItIs(r.Header, formType) {
		return false
	}
	if _, bearer := r.Bearer(); bearer || saysItIs(r.Header, jsonType) {
		return true
	}
	accept := r.Header.Get("Accept")
	machine, person := strings.Index(accept, "json"), strings.Index(accept, "text/html")
	return machine >= 0 && (person < 0 || machine < person)
}

// speak chooses the language: what was chosen on a page, now or before, then
// what the browser asks for, then the district's own.
func (r *Request) speak(words *i18n.Catalogue, event Event) {
	offered := r.District.Languages
	if len(offered) == 0 {
		offered = words.Codes() // outside any district
	}
	asked := event.QueryStringParameters["lang"]
	r.chosen = slices.Contains(offered, asked)
	if !r.chosen {
		asked = ""
	}
	r.Language = words.Language(words.Match(offered, asked, r.Cookie("lang"), r.Header.Get("Accept-Language")))
}

// Cookie is the value of a cookie, or empty.
func (r *Request) Cookie(name string) string {
	c, err := (&http.Request{Header: r.Header}).Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// Bearer is the text that a machine holds in place of a cookie.
func (r *Request) Bearer() (text string, ok bool) {
	scheme, text, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return text, ok && strings.EqualFold(scheme, "Bearer")
}

// Until writes an end in the district's time, as read now.
func (r *Request) Until(end, now time.Time) string {
	return r.Language.Until(r.District.In(end), r.District.In(now))
}

// Link makes the address of one of the district's own pages.
func (r *Request) Link(page string) string { return r.site.Path("/" + r.District.Slug + "/" + page) }

func (r *Request) asked(p *problem.Error) web.Asked {
	return web.Asked{District: r.District, Language: r.Language, Chosen: r.chosen, Path: r.path, Typed: r.Fields, Problem: p}
}

// method keeps what a stranger wrote out of the log.
func (r *Request) method() string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}

func (m Methods) names() []string {
	names := slices.DeleteFunc(slices.Collect(maps.Keys(m)), func(name string) bool { return name == Any })
	if m[http.MethodGet] != nil {
		names = append(names, http.MethodHead)
	}
	slices.Sort(names)
	return names
}

// JSON reports whether the answer is for a machine.
func (r *Request) JSON() bool { return r.json }
