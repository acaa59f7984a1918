package gateway_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"

	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/web"
)

// districts knows one district, or fails.
type districts struct{ fault error }

func (d districts) Find(_ context.Context, slug string) (district.District, error) {
	switch {
	case d.fault != nil:
		return district.District{}, d.fault
	case slug != "springfield":
		return district.District{}, district.ErrUnknown
	}
	return district.Default("springfield", "Springfield Public Schools"), nil
}

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
	base     = "https://reset.example.org/prod"
)

// serve is an edge before a flow of one handler, with its log.
func serve(t testing.TB, handler gateway.Handler, fault error) (func(gateway.Event) gateway.Response, *bytes.Buffer) {
	t.Helper()
	at, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	logs := &bytes.Buffer{}
	edge := gateway.Edge{
		Function: "test", Districts: districts{fault: fault}, Pages: web.Open(web.NewSite(at), i18n.Default),
		Log: slog.New(slog.NewTextHandler(logs, nil)), Now: func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) },
	}
	run := edge.Serve(gateway.Routes{"/{district}/echo/{rest+}": {http.MethodGet: handler, http.MethodPost: handler}})
	return func(event gateway.Event) gateway.Response {
		response, err := run(context.Background(), event) // a fuzz target may not ask its parent for one
		if err != nil {
			panic(err) // always an answer, never an error
		}
		return response
	}, logs
}

// echo answers what was posted.
func echo(_ context.Context, r *gateway.Request) (gateway.Reply, error) {
	return gateway.Reply{Status: http.StatusOK, JSON: map[string]any{"fields": r.Fields, "network": r.Network.String(), "agent": r.Agent}}, nil
}

func post(kind, body string) gateway.Event {
	return gateway.Event{
		Resource: "/{district}/echo/{rest+}", HTTPMethod: http.MethodPost, PathParameters: map[string]string{"district": "springfield", "rest": "x"},
		Headers: map[string]string{"Content-Type": kind, "Origin": "https://reset.example.org", "Accept": jsonType}, Body: body,
		RequestContext: events.APIGatewayProxyRequestContext{RequestID: "8f14e45f-ceea-467f-a8a7-0242ac120002", Identity: events.APIGatewayRequestIdentity{SourceIP: "192.0.2.1"}},
	}
}

type echoed struct {
	Fields         map[string]string
	Network, Agent string
}

func fields(t testing.TB, response gateway.Response) echoed {
	t.Helper()
	var got echoed
	if err := json.Unmarshal([]byte(response.Body), &got); err != nil {
		t.Fatalf("%v in %s", err, response.Body)
	}
	return got
}

func TestWhatIsPostedComesThroughAsItIs(t *testing.T) {
	t.Parallel()
	run, _ := serve(t, echo, nil)
	for _, text := range []string{"", " spaces  kept ", "a&b=c%20+", "\u00e9 e\u0301", "\U0001F600", "\r\n\x00", `"quoted"\`, "<b>", "\ufeff", "\u2028"} {
		form := fields(t, run(post(formType, url.Values{"a": {text}}.Encode())))
		object, _ := json.Marshal(map[string]string{"a": text})
		machine := fields(t, run(post(jsonType, string(object))))
		encoded := post(jsonType, base64.StdEncoding.EncodeToString(object))
		encoded.IsBase64Encoded = true
		if form.Fields["a"] != text || machine.Fields["a"] != text || fields(t, run(encoded)).Fields["a"] != text {
			t.Errorf("%q: form %q, JSON %q", text, form.Fields["a"], machine.Fields["a"])
		}
	}
}

func TestTheNetworkIsAPIGatewaysWord(t *testing.T) {
	t.Parallel()
	run, _ := serve(t, echo, nil)
	for source, want := range map[string]string{
		"192.0.2.1": "192.0.2.1/32", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "::ffff:192.0.2.1": "192.0.2.1/32", "fe80::1%eth0": "fe80::/64", "": "invalid Prefix", "nonsense": "invalid Prefix", "192.0.2.1, 203.0.113.9": "invalid Prefix",
	} {
		event := post(jsonType, "{}")
		event.RequestContext.Identity.SourceIP = source
		event.Headers["X-Forwarded-For"], event.Headers["Forwarded"] = "203.0.113.9", "for=203.0.113.9"
		if got := fields(t, run(event)).Network; got != want {
			t.Errorf("%q: %s, want %s", source, got, want)
		}
	}
}

func TestABrowserInWords(t *testing.T) {
	t.Parallel()
	run, _ := serve(t, echo, nil)
	for header, want := range map[string]string{
		"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36": "Chrome, Android",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile Safari/604.1":      "Safari, iPhone",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0":                 "Edge, Windows",
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/126.0 Safari/537.36":                            "Chrome, Chromebook",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 14.5; rv:127.0) Gecko/20100101 Firefox/127.0":                               "Firefox, Mac",
		"": "", "curl/8.5.0": "", "<script>alert(1)</script>": "", "\xff": "",
	} {
		event := post(jsonType, "{}")
		event.Headers["User-Agent"] = header
		if got := fields(t, run(event)).Agent; got != want {
			t.Errorf("%q: %q, want %q", header, got, want)
		}
	}
}

func TestWhatGoesWrongInsideIsNotTold(t *testing.T) {
	t.Parallel()
	const secret = "the secret of the table"
	for _, c := range []struct {
		name, slug, level string
		handler           gateway.Handler
		fault             error
	}{
		{"a panic", "internal", "ERROR", func(context.Context, *gateway.Request) (gateway.Reply, error) { panic(secret) }, nil},
		{"an error that is no problem", "internal", "ERROR", func(context.Context, *gateway.Request) (gateway.Reply, error) {
			return gateway.Reply{}, errors.New(secret)
		}, nil},
		{"a cause behind a problem", "unavailable", "WARN", func(context.Context, *gateway.Request) (gateway.Reply, error) {
			return gateway.Reply{}, problem.New(problem.Unavailable).Because(errors.New(secret))
		}, nil},
		{"a table out of reach", "unavailable", "WARN", echo, errors.Join(port.ErrUnavailable, errors.New(secret))},
		{"a reply that cannot be written", "internal", "ERROR", func(context.Context, *gateway.Request) (gateway.Reply, error) {
			return gateway.Reply{}, problem.New(problem.Internal).Because(errors.New(secret))
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, accept := range []string{jsonType, "text/html"} {
				run, logs := serve(t, c.handler, c.fault)
				event := gateway.Event{Resource: "/{district}/echo/{rest+}", HTTPMethod: http.MethodGet, PathParameters: map[string]string{"district": "springfield", "rest": "x"}, Headers: map[string]string{"Accept": accept}}
				response := run(event)
				if response.StatusCode < 500 || strings.Contains(response.Body, secret) || strings.Contains(response.Body, "goroutine") {
					t.Errorf("%d %s", response.StatusCode, response.Body)
				}
				if accept == jsonType && !strings.Contains(response.Body, base+"/help/"+c.slug) {
					t.Errorf("no %s in %s", c.slug, response.Body)
				}
				if !strings.Contains(logs.String(), secret) || !strings.Contains(logs.String(), "level="+c.level) {
					t.Errorf("the log: %s", logs)
				}
				if response.MultiValueHeaders["Content-Security-Policy"] == nil || response.MultiValueHeaders["Cache-Control"][0] != "no-store" {
					t.Errorf("headers %v", response.MultiValueHeaders)
				}
			}
		})
	}
}

func TestALogLineHasNoPath(t *testing.T) {
	t.Parallel()
	run, logs := serve(t, echo, nil)
	event := post(jsonType, `{"a":"zxqv"}`)
	event.Path, event.PathParameters["rest"], event.HTTPMethod = "/springfield/echo/zxqv", "zxqv", "ZXQV"
	event.QueryStringParameters = map[string]string{"zxqv": "zxqv"}
	event.Headers["User-Agent"], event.Headers["Cookie"], event.Headers["zxqv"] = "zxqv", "lang=zxqv", "zxqv"
	event.RequestContext.Identity.SourceIP = "192.0.2.99"
	run(event)
	event.HTTPMethod = http.MethodPost
	run(event)
	if text := logs.String(); strings.Contains(strings.ToLower(text), "zxqv") || strings.Contains(text, "192.0.2.99") || !strings.Contains(text, "method=other") {
		t.Error(text)
	}
}

func TestADistrictChoosesItsLanguages(t *testing.T) {
	t.Parallel()
	run, _ := serve(t, func(_ context.Context, r *gateway.Request) (gateway.Reply, error) {
		return gateway.Reply{Status: http.StatusOK, JSON: map[string]any{"agent": r.Language.Code}}, nil
	}, nil)
	for _, c := range []struct{ query, cookie, accept, want string }{
		{"", "", "", "en"},
		{"es", "", "", "es"},
		{"", "lang=es", "", "es"},
		{"", "", "es-MX,es;q=0.9,en;q=0.1", "es"},
		{"en", "lang=es", "es", "en"},
		{"", "lang=en", "es", "en"},
		{"xx", "", "", "en"},
		{"../../etc/passwd", "lang=\xff", "\xff;q=x", "en"},
		{"ES", "", "", "en"},
		{strings.Repeat("es,", 5000), "", strings.Repeat("es,", 5000), "es"},
	} {
		event := post(jsonType, "{}")
		event.HTTPMethod, event.QueryStringParameters = http.MethodGet, map[string]string{"lang": c.query}
		event.Headers["Cookie"], event.Headers["Accept-Language"] = c.cookie, c.accept
		response := run(event)
		if got := fields(t, response).Agent; got != c.want {
			t.Errorf("%.40v: %q", c, got)
		}
		if set := strings.Join(response.MultiValueHeaders["Set-Cookie"], ""); (set != "") != (c.query == "es" || c.query == "en") || set != "" && !strings.Contains(set, "Secure") {
			t.Errorf("%.40v sets %q", c, set)
		}
	}
}

func FuzzJSON(f *testing.F) {
	run, _ := serve(f, echo, nil)
	for _, seed := range []string{`{}`, `{"a":"b"}`, `{"a":"\ud800"}`, `{"a":"b","a":"c"}`, `{"a":1}`, `{"a":"b"}x`, "{\"\xff\":\"\"}", `[`, `{"a":{"b":"c"}}`, `{"\u0061":"\u0000"}`, "", `{"a":"\ufffd"}`, `{"A":"b","a":"c"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		response := run(post(jsonType, body))
		var want map[string]string
		dec := json.NewDecoder(strings.NewReader(body))
		err := dec.Decode(&want)
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more behind it")
		}
		switch response.StatusCode {
		case http.StatusOK:
			got := fields(t, response).Fields
			if body == "" && len(got) == 0 {
				return // nothing was posted
			}
			if err != nil || len(got) != len(want) {
				t.Fatalf("%q: %v, and %v by the standard library (%v)", body, got, want, err)
			}
			for name, value := range got {
				if want[name] != value || !utf8.ValidString(name+value) {
					t.Fatalf("%q: %q is %q", body, name, value)
				}
			}
		case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		default:
			t.Fatalf("%q: %d %s", body, response.StatusCode, response.Body)
		}
	})
}

func FuzzForm(f *testing.F) {
	run, _ := serve(f, echo, nil)
	for _, seed := range []string{"", "a=b", "a=b&a=c", "a=%ff", "%", "a=%00", "a;b", "=", "&&", "a=b%zz", "a=+%2B", "\xff=\xff", "a[]=b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		response := run(post(formType, body))
		values, err := url.ParseQuery(body)
		switch response.StatusCode {
		case http.StatusOK:
			if err != nil || !utf8.ValidString(body) {
				t.Fatalf("%q was read: %v", body, err)
			}
			for name, all := range values {
				if len(all) != 1 || !utf8.ValidString(name+all[0]) {
					t.Fatalf("%q: %q is %q", body, name, all)
				}
			}
		case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		default:
			t.Fatalf("%q: %d %s", body, response.StatusCode, response.Body)
		}
	})
}

func FuzzServe(f *testing.F) {
	run, _ := serve(f, echo, nil)
	f.Add("POST", "/{district}/echo/{rest+}", "springfield", "x", jsonType, "https://reset.example.org", "{}", "lang=es", "text/html", "192.0.2.1", false)
	f.Add("GET", "/{district}/echo/{rest+}", "springfield", "\xff", "", "", "", "\xff", "application/json", "::1", true)
	f.Add("", "", "", "", "", "", "", "", "", "", true)
	f.Add("HEAD", "/{rest+}", "{rest+}", "{district}", ";", "null", "%", "=;=", "*/*", "x", false)
	f.Fuzz(func(t *testing.T, method, resource, slug, rest, kind, origin, body, cookie, accept, source string, encoded bool) {
		headers := map[string]string{"Content-Type": kind, "Origin": origin, "Cookie": cookie, "Accept": accept, "Accept-Language": accept, "Sec-Fetch-Site": cookie, "User-Agent": body, "Authorization": cookie}
		response := run(gateway.Event{
			Resource: resource, HTTPMethod: method, PathParameters: map[string]string{"district": slug, "rest": rest}, Headers: headers, Body: body, IsBase64Encoded: encoded,
			QueryStringParameters: map[string]string{"lang": rest, body: cookie},
			RequestContext:        events.APIGatewayProxyRequestContext{RequestID: rest, Identity: events.APIGatewayRequestIdentity{SourceIP: source}},
		})
		if response.StatusCode >= 500 || response.StatusCode < 200 {
			t.Fatalf("%d %s", response.StatusCode, response.Body)
		}
		if response.MultiValueHeaders["Content-Security-Policy"] == nil {
			t.Fatal("no policy")
		}
		for name, values := range response.MultiValueHeaders {
			if strings.ContainsAny(strings.Join(values, ""), "\r\n\x00") {
				t.Fatalf("%s breaks: %q", name, values)
			}
		}
	})
}
