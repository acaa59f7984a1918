package promises_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/sparekey/sparekey/infra/local/server"
)

// route is one route of the service, with what its posts take.
type route struct {
	path   string
	get    int      // status of a plain GET; 0: there is none
	fields []string // of a post; nil: there is none
}

var nowhere = strings.Repeat("0", 52)

func routes() []route {
	return []route{
		{"/springfield/forgot-password", 200, []string{"username", "email"}},
		{"/springfield/code", 200, []string{"username", "code"}},
		{"/springfield/r/" + nowhere, 410, nil},
		{"/springfield/set-password", 303, []string{"token", "username", "code", "new_password", "new_password_again", "attempt"}},
		{"/springfield/link-again", 303, []string{"token"}},
		{"/springfield/not-me/" + nowhere, 410, []string{"confirm"}},
		{"/springfield/sign-in", 200, []string{"username", "password", "new_password"}},
		{"/springfield/sign-out", 0, []string{}},
		{"/springfield/home", 401, nil},
		{"/springfield", 200, nil},
		{"/springfield/help", 200, nil},
		{"/springfield/nothing/here", 404, nil},
		{"/", 200, nil},
		{"/help", 200, nil},
		{"/help/link-dead", 200, nil},
		{"/assets/app.css", 0, nil},
		{"/.well-known/change-password", 302, nil},
	}
}

// bases are where the service may live.
var bases = []string{"http://127.0.0.1:8080", "https://reset.example.org/prod"}

// safe are the headers of every answer, whatever it says.
var safe = map[string][]string{
	"Content-Security-Policy":      {"default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'", "require-trusted-types-for 'script'"},
	"Referrer-Policy":              {"strict-origin"},
	"X-Content-Type-Options":       {"nosniff"},
	"X-Robots-Tag":                 {"noindex"},
	"Cross-Origin-Opener-Policy":   {"same-origin"},
	"Cross-Origin-Resource-Policy": {"same-origin"},
	"Permissions-Policy":           {"camera=()", "geolocation=()"},
	"Strict-Transport-Security":    {"max-age=63072000", "includeSubDomains"},
}

// check holds an answer to what every answer promises.
func (w *world) check(name string, a answer) {
	w.Helper()
	if a.Status >= 500 || a.Status < 200 {
		w.Errorf("%s: %d %s", name, a.Status, a.Body)
	}
	for header, parts := range safe {
		for _, part := range parts {
			if !strings.Contains(a.Header.Get(header), part) {
				w.Errorf("%s: %s is %q, without %s", name, header, a.Header.Get(header), part)
			}
		}
	}
	for header, values := range a.Header {
		if strings.ContainsAny(strings.Join(values, "")+header, "\r\n\x00") {
			w.Errorf("%s: header %s breaks: %q", name, header, values)
		}
	}
	if a.Header.Get("Access-Control-Allow-Origin") != "" {
		w.Errorf("%s: lets other origins read", name)
	}
	switch kind := a.Header.Get("Content-Type"); {
	case kind == "application/problem+json":
		w.problem(name, a)
	case strings.HasPrefix(kind, "application/json") && a.Status >= 400:
		w.Errorf("%s: a problem that is %s", name, kind)
	}
	cache := a.Header.Get("Cache-Control")
	if a.Status >= 400 && cache != "no-store" {
		w.Errorf("%s: Cache-Control %q", name, cache)
	}
}

// problem holds an answer to RFC 9457 and to the table of the contract.
func (w *world) problem(name string, a answer) {
	w.Helper()
	var p struct {
		Type, Title, Detail, Instance string
		Status                        int
		Errors                        []struct{ Detail, Pointer string }
	}
	if a.Body == "" {
		return // of a HEAD
	}
	if err := json.Unmarshal([]byte(a.Body), &p); err != nil {
		w.Errorf("%s: %v in %s", name, err, a.Body)
	}
	slug := p.Type[strings.LastIndexByte(p.Type, '/')+1:]
	if p.Type != w.root.String()+"/help/"+slug || slug == "" || strings.Contains(slug, "account-not-found") {
		w.Errorf("%s: type %q", name, p.Type)
	}
	if p.Status != a.Status || p.Title == "" || p.Detail == "" || strings.Contains(p.Title+p.Detail, "problem.") || !instance.MatchString(p.Instance) {
		w.Errorf("%s: %s", name, a.Body)
	}
	for _, e := range p.Errors {
		if !strings.HasPrefix(e.Pointer, "#/") || e.Detail == "" {
			w.Errorf("%s: error %+v", name, e)
		}
	}
	if (slug == "invalid-request" || slug == "password-refused") && len(p.Errors) == 0 && p.Detail == "" {
		w.Errorf("%s: does not say what is wrong: %s", name, a.Body)
	}
	if a.Header.Get("Retry-After") == "0" || (a.Status == http.StatusTooManyRequests && a.Header.Get("Retry-After") == "") {
		w.Errorf("%s: Retry-After %q", name, a.Header.Get("Retry-After"))
	}
}

func TestEdgeMethods(t *testing.T) {
	t.Parallel()
	for _, base := range bases {
		w := on(t, server.Backend{}, base)
		before := w.state()
		for _, r := range routes() {
			allow := []string{}
			if r.get != 0 {
				allow = append(allow, "GET", "HEAD")
			}
			if r.fields != nil {
				allow = append(allow, "POST")
			}
			if strings.HasPrefix(r.path, "/assets/") {
				allow = []string{"GET", "HEAD"}
			}
			methods := []string{"PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "POST", "GET"}
			for _, method := range methods {
				if slices.Contains(allow, method) {
					continue
				}
				for _, accept := range []string{"text/html", "application/json"} {
					a := w.send(ask{Method: method, Path: r.path, Kind: formType, Header: map[string]string{"Accept": accept, "Origin": w.origin()}})
					w.check(method+" "+r.path, a)
					if r.get == http.StatusNotFound && r.fields == nil && strings.Contains(r.path, "nothing") {
						if a.Status != http.StatusNotFound {
							t.Errorf("%s %s: %d, want not found whatever the method", method, r.path, a.Status)
						}
						continue
					}
					if a.Status != http.StatusMethodNotAllowed || a.Header.Get("Allow") != strings.Join(allow, ", ") {
						t.Errorf("%s %s: %d, Allow %q, want %q", method, r.path, a.Status, a.Header.Get("Allow"), allow)
					}
				}
			}
			if r.get == 0 {
				continue
			}
			get, head := w.get(r.path), w.send(ask{Method: http.MethodHead, Path: r.path, Header: map[string]string{"Accept": "text/html"}})
			w.check("GET "+r.path, get)
			if get.Status != r.get || head.Status != r.get || head.Body != "" || (get.Body == "") != (get.Status/100 == 3) {
				t.Errorf("%s: GET %d, HEAD %d %q, want %d", r.path, get.Status, head.Status, head.Body, r.get)
			}
			if one, two := fmt.Sprint(get.Header), fmt.Sprint(head.Header); one != two {
				t.Errorf("%s: HEAD is not GET without a body:\n%s\n%s", r.path, one, two)
			}
			if location := get.Header.Get("Location"); location != "" && !strings.HasPrefix(location, w.root.Path+"/") {
				t.Errorf("%s leads to %s", r.path, location)
			}
		}
		if w.state() != before {
			t.Errorf("%s: something changed", base)
		}
	}
}

func TestEdgeAssets(t *testing.T) {
	t.Parallel()
	for _, base := range bases {
		w := on(t, server.Backend{}, base)
		found := 0
		for _, part := range strings.Split(w.get("/springfield").Body, `"`) {
			path, ours := strings.CutPrefix(part, w.root.Path+"/assets/")
			if !ours {
				continue
			}
			path, _, _ = strings.Cut(path, "#")
			a := w.get("/assets/" + path)
			w.check(path, a)
			if a.Status != http.StatusOK || a.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || a.Body == "" {
				t.Errorf("%s: %d %v", path, a.Status, a.Header)
			}
			found++
		}
		if found < 2 {
			t.Errorf("%s: the page leads to %d assets", base, found)
		}
		for _, path := range []string{"/assets/%2e%2e/%2e%2e/go.mod", "/assets/", "/assets/nothing.css", "/assets/app.css%00", "/assets/etc/passwd", "/assets/%2fetc%2fpasswd"} {
			a := w.get(path)
			if a.Status != http.StatusNotFound {
				t.Errorf("%s: %d", path, a.Status)
			}
		}
	}
}

// posts is every route that takes a post.
func posts() []route {
	return slices.DeleteFunc(routes(), func(r route) bool { return r.fields == nil })
}

func TestEdgeMediaTypes(t *testing.T) {
	t.Parallel()
	w := inMemory(t)
	before := w.state()
	for _, r := range posts() {
		for _, kind := range []string{
			"text/plain", "multipart/form-data; boundary=x", "text/json", "application/jsonx", "application/json-patch+json", "application/xml", "*/*", "application/",
			"application/json; charset=utf-16", formType + "; charset=iso-8859-1", "application/json; charset", ";", "application/json, text/plain", "\x80",
		} {
			for _, headers := range []map[string]string{{"Origin": w.origin()}, {"Origin": w.origin(), "Accept": "application/json"}} {
				a := w.send(ask{Method: http.MethodPost, Path: r.path, Kind: kind, Body: "username=mlopez71&email=" + maria, Header: headers})
				w.check(r.path+" "+kind, a)
				if a.Status != http.StatusUnsupportedMediaType {
					t.Errorf("%s %q: %d", r.path, kind, a.Status)
				}
			}
		}
		a := w.send(ask{Method: http.MethodPost, Path: r.path, Body: "{}", Header: map[string]string{"Origin": w.origin()}})
		if a.Status != http.StatusUnsupportedMediaType {
			t.Errorf("%s without a media type: %d", r.path, a.Status)
		}
	}
	if w.state() != before {
		t.Error("something changed")
	}
	for _, kind := range []string{"application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON"} {
		a := w.send(ask{Method: http.MethodPost, Path: "/springfield/forgot-password", Kind: kind, Body: object([]string{"username", "nobody71", "email", "nobody@example.org"})})
		if a.Status != http.StatusAccepted || a.member("reference") == "" {
			t.Errorf("%s: %d %s", kind, a.Status, a.Body)
		}
	}
	for _, kind := range []string{formType, formType + "; charset=utf-8", "Application/X-WWW-Form-Urlencoded"} {
		a := w.send(ask{Method: http.MethodPost, Path: "/springfield/forgot-password", Kind: kind, Body: "username=nobody71&email=nobody%40example.org", Header: map[string]string{"Origin": w.origin()}})
		if a.Status != http.StatusAccepted || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %d %s", kind, a.Status, a.Body)
		}
	}
}

func TestEdgeSizes(t *testing.T) {
	t.Parallel()
	w := inMemory(t)
	const most = 64 << 10
	for kind, frame := range map[string][2]string{jsonType: {`{"token":"`, `"}`}, formType: {"token=", ""}} {
		for _, c := range []struct{ size, want int }{{most, http.StatusAccepted}, {most + 1, http.StatusRequestEntityTooLarge}, {1 << 20, http.StatusRequestEntityTooLarge}, {11 << 20, http.StatusRequestEntityTooLarge}} {
			body := frame[0] + strings.Repeat("x", c.size-len(frame[0])-len(frame[1])) + frame[1]
			a := w.send(ask{Method: http.MethodPost, Path: "/springfield/link-again", Kind: kind, Body: body, Header: map[string]string{"Origin": w.origin()}})
			if a.Status != c.want {
				t.Errorf("%s of %d bytes: %d, want %d", kind, c.size, a.Status, c.want)
			}
			if c.size <= 1<<20 {
				w.check(kind, a)
			}
		}
	}
	before := w.state()
	for _, r := range posts() {
		a := w.send(ask{Method: http.MethodPost, Path: r.path, Kind: jsonType, Body: strings.Repeat(" ", most+1)})
		w.check(r.path, a)
		if a.slug() != "too-large" {
			t.Errorf("%s: %d %s", r.path, a.Status, a.Body)
		}
	}
	long := strings.Repeat("x", 10<<10)
	for _, a := range []answer{
		w.json("/springfield/forgot-password", "username", long, "email", maria),
		w.json("/springfield/forgot-password", "username", "mlopez71", "email", long+"@example.org"),
		w.json("/springfield/sign-in", "username", long, "password", oldWords),
		w.json("/springfield/sign-in", "username", "mlopez71", "password", long),
		w.json("/springfield/code", "username", long, "code", "00000000"),
		w.json("/springfield/code", "username", "mlopez71", "code", long),
		w.json(setPassword, "username", long, "code", "00000000", "new_password", newWords),
		w.json(setPassword, "token", nowhere, "new_password", newWords, "attempt", long),
		w.form("/springfield/forgot-password", "username", long, "email", maria),
	} {
		w.check("10 KB", a)
		if a.Status != http.StatusBadRequest {
			t.Errorf("%d %s", a.Status, a.Body)
		}
	}
	if w.state() != before {
		t.Error("something changed")
	}
}

func TestEdgeBodiesThatAreNotWhatTheySay(t *testing.T) {
	t.Parallel()
	w := inMemory(t)
	before := w.state()
	for _, r := range posts() {
		field := "confirm"
		if len(r.fields) > 0 {
			field = r.fields[0]
		}
		bodies := map[string][]string{
			jsonType: {
				"", " ", "null", "[]", `"x"`, "1", "{", "}", `{"`, `{"` + field, `{"` + field + `":`, `{"` + field + `":"x"`, `{"` + field + `":"x",}`, `{"` + field + `":"x"}}`,
				`{"` + field + `":"x"}{}`, `{"` + field + `":"x"} x`, `{"` + field + `":1}`, `{"` + field + `":null}`, `{"` + field + `":true}`, `{"` + field + `":["x"]}`, `{"` + field + `":{"a":"b"}}`,
				`{"` + field + `":"x","` + field + `":"x"}`, `{"` + field + `":"x","\u00` + fmt.Sprintf("%02x", field[0]) + field[1:] + `":"x"}`, `{"` + strings.ToUpper(field) + `":"x"}`, `{"unknown":"x"}`, `{"":"x"}`, `{"a/b~c":"x"}`,
				`{"` + field + `":"\ud800"}`, `{"` + field + `":"\udc00\ud800"}`, `{"` + field + `":"\ud800x"}`, `{"\ud800":"x"}`, "{\"" + field + "\":\"\xff\"}", "{\"" + field + "\":\"\xed\xa0\x80\"}", "\xef\xbb\xbf{}",
				`{"` + field + "\":\"\x00\"}", `{"` + field + `":"` + "\n" + `"}`, strings.Repeat("[", 60000), strings.Repeat(`{"a":`, 10000), `{"__proto__":"x"}`,
			},
			formType: {
				field + "=x&" + field + "=y", field + "=%", field + "=%zz", field + "=%ff", field + "=\xff", "%ff=x", field + "=x;" + field + "=y", "unknown=x", "=x", "&&&=&", strings.ToUpper(field) + "=x",
				field + "=%ed%a0%80", strings.Repeat("a&", 20000), field + "[]=x", field + ".x=y",
			},
		}
		for kind, all := range bodies {
			for _, body := range all {
				a := w.send(ask{Method: http.MethodPost, Path: r.path, Kind: kind, Body: body, Header: map[string]string{"Origin": w.origin()}})
				name := fmt.Sprintf("%s %s %.60q", r.path, kind, body)
				if body == "" && strings.HasSuffix(r.path, "/sign-out") {
					a.want(t, http.StatusOK) // it has no fields: nothing is all there is to post
					continue
				}
				w.check(name, a)
				if a.Status < 400 || a.Status == http.StatusForbidden {
					t.Errorf("%s: %d", name, a.Status)
				}
				if a.Status != http.StatusBadRequest && !strings.Contains(r.path, "/not-me/") {
					t.Errorf("%s: %d %.300s", name, a.Status, a.Body)
				}
			}
		}
	}
	if w.state() != before {
		t.Error("something changed")
	}
}

func TestEdgeAProblemPointsAtTheField(t *testing.T) {
	t.Parallel()
	w := inMemory(t)
	for body, pointers := range map[string][]string{
		`{}`:                                  {"#/username", "#/email"},
		`{"username":"a\u0000b","email":"x"}`: {"#/username", "#/email"},
		`{"username":"x","email":"a@b.c","a/b~c":"x","z":"x"}`: {"#/a~1b~0c", "#/z"},
		`{"username":1}`:                  {"#/username"},
		`{"username":"x","username":"x"}`: {"#/username"},
	} {
		a := w.send(ask{Method: http.MethodPost, Path: "/springfield/forgot-password", Kind: jsonType, Body: body})
		var p struct{ Errors []struct{ Pointer string } }
		_ = json.Unmarshal([]byte(a.Body), &p)
		var got []string
		for _, e := range p.Errors {
			got = append(got, e.Pointer)
		}
		if a.Status != http.StatusBadRequest || !slices.Equal(got, pointers) {
			t.Errorf("%s: %d %v, want %v", body, a.Status, got, pointers)
		}
	}
}

func TestEdgeControlCharactersAreRefused(t *testing.T) {
	t.Parallel()
	w := inMemory(t)
	before := w.state()
	for _, bad := range []string{"\x00", "\r\n", "\n", "\x7f", "\u0085", "\x1b"} {
		for _, a := range []answer{
			w.json("/springfield/forgot-password", "username", "mlo"+bad+"pez71", "email", maria),
			w.json("/springfield/forgot-password", "username", "mlopez71", "email", "maria"+bad+"@example.org"),
			w.json("/springfield/sign-in", "username", "mlo"+bad+"pez71", "password", oldWords),
			w.json("/springfield/sign-in", "username", "mlopez71", "password", "purple"+bad+"kite"),
			w.json("/springfield/code", "username", "mlo"+bad+"pez71", "code", "00000000"),
			w.json("/springfield/code", "username", "mlopez71", "code", "0000"+bad+"0000"),
			w.json(setPassword, "token", nowhere, "new_password", newWords, "attempt", "a"+bad),
		} {
			w.check(fmt.Sprintf("%q", bad), a)
			if a.Status != http.StatusBadRequest {
				t.Errorf("%q: %d %s", bad, a.Status, a.Body)
			}
		}
	}
	if w.state() != before {
		t.Error("something changed")
	}
}

func TestEdgeUnknownDistricts(t *testing.T) {
	t.Parallel()
	w := inMemory(t)
	before := w.state()
	for _, slug := range []string{
		"nowhere", "v1", "assets", "help", "ping", "sping", "_x", ".x", "-x", "x", "Springfield", "SPRINGFIELD", "springfield%20", "spring%66ield%00", strings.Repeat("a", 41), strings.Repeat("a", 5000),
		"%ff", "%c3%a9cole", "..%2fspringfield", "springfield%2f..", "springfield;x", "spr%E2%80%8Bingfield", "CONFIG", "DISTRICT%23springfield",
	} {
		for _, page := range []string{"forgot-password", "code", "set-password", "sign-in", "link-again", "home", "sign-out", "r/" + nowhere, "not-me/" + nowhere, "nothing"} {
			for _, a := range []ask{
				{Method: http.MethodGet, Header: map[string]string{"Accept": "text/html"}},
				{Method: http.MethodGet, Header: map[string]string{"Accept": "application/json"}},
				{Method: http.MethodPost, Kind: jsonType, Body: object([]string{"username", "mlopez71", "email", maria})},
				{Method: http.MethodPost, Kind: formType, Body: "username=mlopez71", Header: map[string]string{"Origin": w.origin()}},
			} {
				a.Path = "/" + slug + "/" + page
				got := w.send(a)
				if slug == "help" || slug == "assets" {
					if got.Status != http.StatusNotFound && got.Status != http.StatusMethodNotAllowed {
						t.Errorf("%s %.80s: %d", a.Method, a.Path, got.Status)
					}
					continue
				}
				w.check(a.Method+" "+a.Path[:min(len(a.Path), 80)], got)
				if got.Status != http.StatusNotFound {
					t.Errorf("%s %.80s: %d", a.Method, a.Path, got.Status)
				}
			}
		}
	}
	if w.state() != before {
		t.Error("something changed")
	}
}

func TestEdgeNoHeaderMovesALink(t *testing.T) {
	t.Parallel()
	for _, base := range bases {
		w := on(t, server.Backend{}, base)
		evil := "attacker.example"
		spoofed := map[string]string{
			"X-Forwarded-Host": evil, "Forwarded": "host=" + evil + ";proto=http", "X-Original-Host": evil, "X-Host": evil, "X-Forwarded-Server": evil, "X-Forwarded-Proto": "http", "X-Forwarded-Port": "81",
			"X-Forwarded-Prefix": "/" + evil, "X-Original-Url": "/" + evil, "X-Rewrite-Url": "/" + evil, "Referer": "https://" + evil + "/", "X-Wap-Profile": "http://" + evil,
		}
		a := w.send(ask{
			Method: http.MethodPost, Path: "/springfield/forgot-password", Kind: jsonType, Host: evil, Header: spoofed,
			Body: object([]string{"username", "mlopez71", "email", maria}),
		}).want(t, http.StatusAccepted)
		m := w.last(maria)
		if strings.Contains(m.Text+m.HTML+fmt.Sprint(m.Headers)+a.Body, evil) || !strings.HasPrefix(m.Link(t, "/r/"), base+"/springfield/r/") {
			t.Errorf("%s: the mail leads elsewhere:\n%s", base, m.Text)
		}
		spoofed["Accept"] = "text/html"
		for _, path := range []string{"/springfield", "/springfield/forgot-password", "/springfield/set-password", "/springfield/r/" + nowhere, "/springfield/nothing", "/nowhere/code"} {
			got := w.send(ask{Path: path, Host: evil, Header: spoofed})
			if strings.Contains(got.Body+fmt.Sprint(got.Header), evil) {
				t.Errorf("%s%s: shows %s", base, path, evil)
			}
		}
		if got := w.send(ask{Method: http.MethodPost, Path: "/springfield/forgot-password", Kind: formType, Host: evil, Body: "username=x", Header: map[string]string{"Origin": "http://" + evil}}); got.Status != http.StatusForbidden {
			t.Errorf("%s: an origin that is the host it was sent to: %d", base, got.Status)
		}
	}
}

func TestEdgeNoHeaderMovesTheThrottle(t *testing.T) {
	t.Parallel()
	w := inMemory(t)
	body := object([]string{"username", "nobody71", "email", "nobody@example.org"})
	for i := range 301 {
		address := fmt.Sprintf("198.51.100.%d", i%250)
		a := w.send(ask{Method: http.MethodPost, Path: "/springfield/forgot-password", Kind: jsonType, Body: body, Header: map[string]string{
			"X-Forwarded-For": address, "X-Real-Ip": address, "Forwarded": "for=" + address, "True-Client-Ip": address, "Cf-Connecting-Ip": address,
		}})
		if want := map[bool]int{true: http.StatusTooManyRequests, false: http.StatusAccepted}[i == 300]; a.Status != want {
			t.Fatalf("ask %d: %d, want %d", i, a.Status, want)
		}
	}
	if strings.Contains(w.raw("audit.json")+w.raw("table.json"), "198.51.100.") {
		t.Error("a spoofed address is recorded")
	}
}

func TestEdgeTheThrottleIsTheNetworks(t *testing.T) {
	t.Parallel()
	w := inMemory(t)
	body := object([]string{"token", "x"})
	post := func(from string) answer {
		return w.send(ask{Method: http.MethodPost, Path: "/springfield/link-again", Kind: jsonType, Body: body, From: from})
	}
	for i := range 300 {
		post(fmt.Sprintf("2001:db8:1:2::%x", i+1)).want(t, http.StatusAccepted)
	}
	a := post("2001:db8:1:2:ffff::1").want(t, http.StatusTooManyRequests)
	w.check("over the bound", a)
	post("2001:db8:1:3::1").want(t, http.StatusAccepted)
	post("192.0.2.9").want(t, http.StatusAccepted)
	var wait int
	if _, err := fmt.Sscan(a.Header.Get("Retry-After"), &wait); err != nil || wait < 1 || wait > 600 {
		t.Fatalf("Retry-After %q", a.Header.Get("Retry-After"))
	}
	w.advance(seconds(wait - 1))
	post("2001:db8:1:2::1").want(t, http.StatusTooManyRequests)
	w.advance(seconds(1))
	post("2001:db8:1:2::1").want(t, http.StatusAccepted)
}

func TestEdgeRightProofsAreGivenBack(t *testing.T) {
	t.Parallel()
	w := inMemory(t)
	for range 310 {
		w.json("/springfield/sign-in", "username", "mlopez71", "password", oldWords).want(t, http.StatusOK)
	}
	_, code := w.link("springfield", "mlopez71", maria)
	for range 310 {
		w.json("/springfield/code", "username", "mlopez71", "code", code).want(t, http.StatusOK)
	}
}

func TestEdgeCrossSitePosts(t *testing.T) {
	t.Parallel()
	for _, base := range bases {
		w := on(t, server.Backend{}, base)
		session := w.signIn("mlopez71", oldWords)
		cookie := map[string]string{"http": "s-springfield=", "https": "__Host-s-springfield="}[w.root.Scheme] + session
		before := w.state()
		for name, headers := range map[string]map[string]string{
			"cross-site":                    {"Sec-Fetch-Site": "cross-site"},
			"same-site":                     {"Sec-Fetch-Site": "same-site"},
			"a foreign origin":              {"Origin": "https://attacker.example"},
			"no origin":                     {"Origin": "null"},
			"both":                          {"Sec-Fetch-Site": "cross-site", "Origin": "https://attacker.example"},
			"neither":                       {},
			"our name inside another":       {"Origin": w.origin() + ".attacker.example"},
			"our name as a user of another": {"Origin": w.root.Scheme + "://" + w.root.Host + "@attacker.example"},
		} {
			for _, r := range posts() {
				for _, signed := range []string{"", cookie} {
					h := maps.Clone(headers)
					h["Cookie"] = signed
					kinds := []string{formType, "text/plain", "multipart/form-data"}
					if len(headers) > 0 || signed != "" {
						kinds = append(kinds, jsonType)
					}
					for _, kind := range kinds {
						a := w.send(ask{Method: http.MethodPost, Path: r.path, Kind: kind, Body: "confirm=yes", Header: h})
						w.check(name, a)
						want := http.StatusForbidden
						if len(headers) == 0 && kind != formType && kind != jsonType {
							want = http.StatusUnsupportedMediaType // nobody reads it, wherever it comes from
						}
						if a.Status != want {
							t.Errorf("%s, %s to %s, cookie %t: %d", name, kind, r.path, signed != "", a.Status)
						}
					}
				}
			}
		}
		if w.state() != before {
			t.Error("something changed")
		}
		for name, headers := range map[string]map[string]string{
			"our page":            {"Sec-Fetch-Site": "same-origin"},
			"typed by hand":       {"Sec-Fetch-Site": "none"},
			"our origin":          {"Origin": w.origin()},
			"a proxy's other one": {"Sec-Fetch-Site": "same-origin", "Origin": "https://execute-api.example"},
		} {
			for _, kind := range []string{formType, jsonType} {
				a := w.send(ask{Method: http.MethodPost, Path: "/springfield/link-again", Kind: kind, Body: map[string]string{formType: "token=x", jsonType: `{"token":"x"}`}[kind], Header: headers})
				if a.Status != http.StatusAccepted {
					t.Errorf("%s, %s: %d %s", name, kind, a.Status, a.Body)
				}
			}
		}
		w.json("/springfield/link-again", "token", "x").want(t, http.StatusAccepted)
	}
}

// markup is what must never come back as it went in.
const markup = `"'><script>alert(1)</script><img src=x onerror=y>{{.}}&lt;` + "`${x}`" + `\u003c`

func TestEdgeWhatIsTypedIsNeverMarkup(t *testing.T) {
	t.Parallel()
	for _, base := range bases {
		w := on(t, server.Backend{}, base)
		loose := func(name string, a answer) {
			t.Helper()
			w.check(name, a)
			if strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") && (strings.Contains(a.Body, "<script>alert") || strings.Contains(a.Body, "<img src=x")) {
				t.Errorf("%s: markup comes back", name)
			}
			if head := fmt.Sprint(a.Header); strings.Contains(head, "alert(1)") || strings.Contains(head, "Bcc") {
				t.Errorf("%s: it is in a header: %s", name, head)
			}
		}
		for _, nasty := range []string{markup, "x\r\nBcc: everybody@example.org\r\n\r\n<script>alert(1)</script>", "\u202e<script>alert(1)</script>", "javascript:alert(1)//<script>alert(1)</script>"} {
			for _, r := range posts() {
				for _, field := range append(slices.Clone(r.fields), "unknown", nasty) {
					pairs := []string{"username", "mlopez71", "email", maria, "password", "wrong words", "code", "00000000", "new_password", newWords}
					fields := []string{}
					for pair := range slices.Chunk(pairs, 2) {
						if slices.Contains(r.fields, pair[0]) && pair[0] != field {
							fields = append(fields, pair...)
						}
					}
					fields = append(fields, field, nasty)
					loose(r.path+" "+field, w.form(r.path, fields...))
					loose(r.path+" "+field, w.json(r.path, fields...))
				}
			}
			for _, path := range []string{"/springfield/r/", "/springfield/not-me/", "/springfield/", "/", "/help/", "/assets/", "/.well-known/", "/springfield/nothing/"} {
				loose(path, w.get(path+url.PathEscape(nasty)))
			}
			for _, query := range []string{"lang", "district", "username", "x"} {
				for _, path := range []string{"/", "/springfield/code", "/springfield/nothing", "/help"} {
					loose(path+"?"+query, w.get(path+"?"+query+"="+url.QueryEscape(nasty)))
				}
			}
			for _, header := range []string{"User-Agent", "Accept-Language", "Cookie", "Accept", "Referer"} {
				loose(header, w.send(ask{Path: "/springfield/nothing", Header: map[string]string{header: "text/html " + nasty, "X-Y": "1"}}))
				loose(header, w.send(ask{Path: "/springfield/code", Header: map[string]string{"Cookie": "lang=" + nasty}}))
			}
			w.advance(seconds(700))
		}
		for _, m := range w.mails("") {
			if all := m.Text + m.HTML + fmt.Sprint(m.Headers); strings.Contains(all, "<script>") || strings.Contains(all, "everybody@example.org") {
				t.Errorf("%s: a mail holds what was typed:\n%s", base, all)
			}
		}
	}
}

func TestEdgeBrokenUTF8AnywhereElse(t *testing.T) {
	t.Parallel()
	w := inMemory(t)
	before := w.state()
	for _, path := range []string{"/springfield/r/%ff%fe", "/springfield/not-me/%ff", "/springfield/%ff", "/%ff", "/%ff/%ff/%ff", "/help/%ff", "/assets/%ff", "/springfield/r/%00", "/springfield/r/%ed%a0%80", "/springfield/r/a%2fb", "/springfield/r/" + strings.Repeat("%ff", 3000), "/springfield/code?lang=%ff", "/springfield/code?%ff=%ff", "/springfield/code?%zz", "/?district=%ff"} {
		for _, accept := range []string{"text/html", "application/json", "\xff", ""} {
			for _, method := range []string{"GET", "HEAD", "POST"} {
				a := w.send(ask{Method: method, Path: path, Kind: formType, Header: map[string]string{"Accept": accept, "Origin": w.origin(), "User-Agent": "\xff\xfe", "Accept-Language": "\xff,en;q=\xff", "Cookie": "lang=\xff; s-springfield=\xff", "Authorization": "Bearer \xff"}})
				w.check(method+" "+path[:min(60, len(path))], a)
			}
		}
	}
	if w.state() != before {
		t.Error("something changed")
	}
}

func TestEdgeNothingTellsWhetherThereIsAnAccount(t *testing.T) {
	t.Parallel()
	w := inMemory(t)
	for _, r := range posts() {
		for _, name := range []string{"mlopez71", "nobody71"} {
			a := w.json(r.path, "username", name, "email", maria, "password", "wrong words", "code", "00000000", "new_password", newWords)
			if strings.Contains(a.Body, "not-found") || strings.Contains(a.Body, "no such") {
				t.Errorf("%s %s: %s", r.path, name, a.Body)
			}
		}
	}
}
