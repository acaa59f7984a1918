package gateway

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/web"
)

// always are the headers of every answer (standards R10, R11, R133). The
// referrer keeps its origin, because a post without one could not be told from
// another site's; it never carries the path.
var always = map[string]string{
	"Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; " +
		"base-uri 'none'; frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
	"Referrer-Policy":              "strict-origin",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
	"X-Robots-Tag":                 "noindex",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Permissions-Policy":           "camera=(), microphone=(), geolocation=(), browsing-topics=()",
	"Strict-Transport-Security":    "max-age=63072000; includeSubDomains",
	"Cache-Control":                "no-store",
}

// render writes the answer. A page that cannot be written is answered as our
// fault, in plain words that need no template.
func (e Edge) render(r *Request, reply Reply, err error) Response {
	h := http.Header{}
	for name, value := range always {
		h.Set(name, value)
	}
	if reply.Forget {
		h.Set("Clear-Site-Data", `"cache"`)
	}
	for _, c := range reply.Cookie {
		h.Add("Set-Cookie", c.String())
	}
	if r.chosen {
		h.Add("Set-Cookie", r.languageCookie().String())
	}
	var body []byte
	status := reply.Status
	if err != nil {
		status, body = e.refuse(r, reply, asProblem(err), h)
	} else {
		status, body = e.grant(r, reply, status, h)
	}
	if r.Method == http.MethodHead {
		body = nil
	}
	return respond(status, h, body)
}

func (e Edge) grant(r *Request, reply Reply, status int, h http.Header) (int, []byte) {
	switch {
	case reply.Asset != nil:
		h.Set("Content-Type", reply.AssetType)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		return http.StatusOK, reply.Asset
	case reply.Location != "" && !r.json:
		h.Set("Location", reply.Location)
		if status == http.StatusFound {
			return status, nil
		}
		return http.StatusSeeOther, nil
	case r.json || reply.Page.Name == "":
		return cmp.Or(status, http.StatusOK), toJSON(reply.JSON, "application/json", h)
	}
	return status, e.page(r, reply.Page, nil, h)
}

// refuse says a problem: to a machine as RFC 9457, to a person as the page it
// belongs to where the handler gave one, else as a page of its own.
func (e Edge) refuse(r *Request, reply Reply, p *problem.Error, h http.Header) (int, []byte) {
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.RetryAfter.Seconds()))))
	}
	if p.Code == problem.MethodNotAllowed {
		h.Set("Allow", strings.Join(r.allow, ", "))
	}
	if p.Status() == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="sparekey"`)
	}
	if r.json {
		return p.Status(), toJSON(e.wire(r, p), "application/problem+json", h)
	}
	page := reply.Page
	if page.Name == "" {
		page = web.Page{Name: web.ProblemPage, Data: r.ID}
	}
	return p.Status(), e.page(r, page, p, h)
}

// wire is the problem as RFC 9457 has it.
func (e Edge) wire(r *Request, p *problem.Error) map[string]any {
	say := func(t i18n.Text) string { return r.Language.Say(t) }
	detail := p.Detail
	if detail.Key == "" {
		detail = i18n.Say("problem." + string(p.Code) + ".text")
	}
	wire := map[string]any{
		"type":     e.Pages.Site.Absolute("/help/" + string(p.Code)),
		"title":    say(i18n.Say("problem." + string(p.Code) + ".title")),
		"status":   p.Status(),
		"detail":   say(detail),
		"instance": "urn:uuid:" + r.ID,
	}
	for name, value := range p.More {
		wire[name] = value
	}
	if len(p.Fields) > 0 {
		errors := make([]map[string]string, len(p.Fields))
		for i, f := range p.Fields {
			errors[i] = map[string]string{"detail": say(f.Says), "pointer": "#/" + pointer.Replace(f.Name)}
		}
		wire["errors"] = errors
	}
	return wire
}

// pointer escapes a name for a JSON pointer (RFC 6901).
var pointer = strings.NewReplacer("~", "~0", "/", "~1")

func (e Edge) page(r *Request, page web.Page, p *problem.Error, h http.Header) []byte {
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", r.Language.Code)
	h.Set("Vary", "Accept-Language, Cookie")
	body, err := e.Pages.Render(page, r.asked(p))
	if err != nil {
		e.Log.Error("page", "function", e.Function, "page", page.Name, "cause", err.Error())
		h.Set("Content-Type", "text/plain; charset=utf-8")
		return []byte("Sorry, there is a problem. Try again in a few minutes, or call your school.\n")
	}
	return body
}

func toJSON(value any, kind string, h http.Header) []byte {
	h.Set("Content-Type", kind)
	if value == nil {
		value = struct{}{}
	}
	body, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Errorf("a reply must marshal: %w", err))
	}
	return body
}

func (r *Request) languageCookie() *http.Cookie {
	return &http.Cookie{Name: "lang", Value: r.Language.Code, Path: "/", MaxAge: 365 * 86400, SameSite: http.SameSiteLaxMode, HttpOnly: true, Secure: r.Secure}
}

func respond(status int, h http.Header, body []byte) Response {
	response := Response{StatusCode: status, MultiValueHeaders: h, Body: string(body)}
	if !utf8.Valid(body) {
		response.Body, response.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	return response
}
