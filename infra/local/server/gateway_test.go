package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/sparekey/sparekey"
	"github.com/sparekey/sparekey/infra/local/server"
)

// deployed is the template without the route that catches everything, and with
// what is planted in it.
func deployed(t *testing.T, plant func(string) string) []byte {
	t.Helper()
	const catchAll = `        Rest: {Type: Api, Properties: {Path: "/{district}/{rest+}", Method: ANY, RestApiId: !Ref Api}}`
	text := string(sparekey.Template)
	if !strings.Contains(text, catchAll) || plant(text) == text {
		t.Fatal("nothing in the template to plant at")
	}
	return []byte(plant(strings.Replace(text, catchAll, "", 1)))
}

type problem struct {
	Type, Title, Instance string
	Status                int
}

var urn = regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// refused sends a request and reads the gateway's own answer to it.
func refused(t *testing.T, address string, body io.Reader) (problem, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, body)
	if err != nil {
		t.Fatal(err)
	}
	at, _ := url.Parse(address)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", at.Scheme+"://"+at.Host)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	var p problem
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatalf("%d, %v: %s", answer.StatusCode, err, text)
	}
	if kind := answer.Header.Get("Content-Type"); kind != "application/problem+json" || !urn.MatchString(p.Instance) {
		t.Errorf("%s: %s", kind, text)
	}
	if answer.StatusCode != p.Status {
		t.Errorf("answered %d, and says %s", answer.StatusCode, text)
	}
	return p, answer.Header
}

func TestTheGatewayAnswersAsTheTemplateSays(t *testing.T) {
	const sign = `{"username":"mlopez71","password":"` + oldWords + `"}`
	for _, c := range []struct {
		name, path, body, kind, slug, title string
		status                              int
	}{
		{"a path that is not there", "/prod/springfield/no/such/page", "{}", "MISSING_AUTHENTICATION_TOKEN", "not-found", "Page not found", 404},
		{"a path outside the base", "/springfield/forgot-password", "{}", "MISSING_AUTHENTICATION_TOKEN", "not-found", "Page not found", 404},
		{"a path that only begins as the base does", "/prodspringfield/sign-in", "{}", "MISSING_AUTHENTICATION_TOKEN", "not-found", "Page not found", 404},
		{"an invocation that died", "/prod/springfield/sign-in", sign, "DEFAULT_5XX", "internal", "Sorry, there is a problem with our service", 500},
		{"a body that is too large", "/prod/springfield/sign-in", strings.Repeat("x", 10<<20+1), "REQUEST_TOO_LARGE", "too-large", "That is too much text", 413},
	} {
		t.Run(c.name, func(t *testing.T) {
			own := regexp.MustCompile(`(?s)(\n        ` + c.kind + `:.*?StatusCode: )\d+(.*?"status":)\d+`)
			for want, plant := range map[int]func(string) string{
				c.status: func(text string) string { return text + "\n" },
				418:      func(text string) string { return own.ReplaceAllString(text, "${1}418${2}418") },
			} {
				root := serve(t, "/prod", server.Config{Template: deployed(t, plant)})
				origin := strings.TrimSuffix(root, "/prod")
				if status := post(t, origin, "fault", `{"port":"credential","function":"signin","error":"crash-before"}`); status != 200 {
					t.Fatalf("fault: %d", status)
				}
				got, header := refused(t, origin+c.path, strings.NewReader(c.body))
				if got.Type != root+"/help/"+c.slug || got.Title != c.title || got.Status != want {
					t.Errorf("want %d: %+v", want, got)
				}
				for name, value := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
					if header.Get(name) != value {
						t.Errorf("%s: %q, want %q", name, header.Get(name), value)
					}
				}
			}
		})
	}
}

func TestAnAnswerThatTheTemplateLacksIsTheDefault(t *testing.T) {
	without := func(kind string) []byte {
		return deployed(t, func(text string) string {
			return strings.Replace(text, "\n        "+kind+":", "\n        QUOTA_EXCEEDED_OTHERWISE:", 1)
		})
	}
	root := serve(t, "", server.Config{Template: without("MISSING_AUTHENTICATION_TOKEN")})
	if got, _ := refused(t, root+"/springfield/no/such/page", strings.NewReader("{}")); got.Status != 400 || got.Title != "Check what you typed" {
		t.Errorf("%+v", got)
	}
	base, _ := url.Parse("http://127.0.0.1:1")
	if _, err := server.New(server.Config{Base: base, Log: io.Discard, Template: without("DEFAULT_5XX")}); err == nil || !strings.Contains(err.Error(), "DEFAULT_5XX") {
		t.Errorf("a template without any answer: %v", err)
	}
}
