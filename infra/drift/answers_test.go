package drift_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/sparekey/sparekey/infra/local/browse"
	"github.com/sparekey/sparekey/infra/local/server"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/problem"
)

func init() {
	for _, kind := range []string{"text/html", "text/css", "text/javascript", "image/svg+xml"} {
		openapi3filter.RegisterBodyDecoder(kind, openapi3filter.FileBodyDecoder)
	}
}

// service runs everything for a test and tells where.
func service(t *testing.T) string {
	t.Helper()
	listener := httptest.NewUnstartedServer(nil)
	base := &url.URL{Scheme: "http", Host: listener.Listener.Addr().String()}
	all, err := server.New(server.Config{Base: base, Log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	listener.Config.Handler = all
	listener.Start()
	t.Cleanup(listener.Close)
	return base.String()
}

// caller asks the service and holds each answer against the document.
type caller struct {
	t        *testing.T
	root     string
	doc      *openapi3.T
	asked    map[string]map[string]bool // operation: statuses seen
	problems map[string]bool
}

// as is how something is asked: as a machine, as a form of a browser, or so that
// the request itself breaks the document.
type as struct {
	form, page, bad bool
	header          http.Header
}

// ask sends a request for a documented path, with its variables filled in.
func (c *caller) ask(method, path string, variables map[string]string, fields map[string]string, how as) (status int, body map[string]any) {
	c.t.Helper()
	request := c.request(method, path, variables, fields, how)
	item := c.doc.Paths.Value(path)
	if item == nil {
		c.t.Fatalf("%s is not in the document", path)
	}
	operation := item.GetOperation(method)
	if operation == nil {
		c.t.Fatalf("%s %s is not in the document", method, path)
	}
	input := &openapi3filter.RequestValidationInput{
		Request: request, PathParams: variables,
		Route:   &routers.Route{Spec: c.doc, Path: path, PathItem: item, Method: method, Operation: operation},
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateRequest(c.t.Context(), input); (err != nil) != how.bad {
		c.t.Errorf("%s %s: the request: %v", method, path, err)
	}
	response := c.send(c.request(method, path, variables, fields, how))
	raw, _ := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err := openapi3filter.ValidateResponse(c.t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: response.StatusCode, Header: response.Header,
		Body: io.NopCloser(bytes.NewReader(raw)), Options: input.Options,
	}); err != nil {
		c.t.Errorf("%s %s: %d: %v", method, path, response.StatusCode, err)
	}
	c.note(operation, response.StatusCode)
	body = map[string]any{}
	if strings.Contains(response.Header.Get("Content-Type"), "json") {
		_ = json.Unmarshal(raw, &body)
		c.isDocumented(operation, response.StatusCode, body)
	}
	return response.StatusCode, body
}

func (c *caller) request(method, path string, variables, fields map[string]string, how as) *http.Request {
	address := c.root + path
	for name, value := range variables {
		address = strings.ReplaceAll(address, "{"+name+"}", value)
	}
	var body io.Reader
	kind := "application/json"
	if method == http.MethodPost {
		text, _ := json.Marshal(fields)
		if how.form {
			values := url.Values{}
			for name, value := range fields {
				values.Set(name, value)
			}
			text, kind = []byte(values.Encode()), "application/x-www-form-urlencoded"
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(c.t.Context(), method, address, body)
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Accept", "application/json")
	if how.form || how.page {
		request.Header.Set("Accept", "text/html")
		request.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	if body != nil {
		request.Header.Set("Content-Type", kind)
	}
	for name, values := range how.header {
		request.Header[name] = values
	}
	return request
}

func (c *caller) send(request *http.Request) *http.Response {
	c.t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	return response
}

func (c *caller) note(operation *openapi3.Operation, status int) {
	if c.asked[operation.OperationID] == nil {
		c.asked[operation.OperationID] = map[string]bool{}
	}
	c.asked[operation.OperationID][http.StatusText(status)] = true
}

// isDocumented checks that a problem is one that the document names there.
func (c *caller) isDocumented(operation *openapi3.Operation, status int, body map[string]any) {
	c.t.Helper()
	if status < 400 {
		return
	}
	address, _ := body["type"].(string)
	code := address[strings.LastIndexByte(address, '/')+1:]
	c.problems[code] = true
	if media := operation.Responses.Status(status).Value.Content["application/problem+json"]; media == nil || media.Examples[code] == nil {
		c.t.Errorf("%s: %d says %s, which is not documented there", operation.OperationID, status, code)
	}
}

func TestAnswersAreThoseOfTheDocument(t *testing.T) {
	c := &caller{t: t, root: service(t), doc: document(t), asked: map[string]map[string]bool{}, problems: map[string]bool{}}
	here := map[string]string{"district": "springfield"}
	nowhere := map[string]string{"district": "nowhere"}
	with := func(name, value string) map[string]string {
		return map[string]string{"district": "springfield", name: value}
	}
	const maria, words = "maria.lopez@example.org", "seven quiet herons dancing"
	ask := map[string]string{"username": "mlopez71", "email": maria}
	mails := browse.New(t, c.root)
	last := func(n int, part string) string {
		_, token, _ := strings.Cut(mails.LastMail(maria, n).Link(t, part), part)
		return token
	}
	for _, how := range []as{{}, {page: true}} {
		c.ask("GET", "/", nil, nil, how)
		c.ask("GET", "/help", nil, nil, how)
		c.ask("GET", "/help/{code}", map[string]string{"code": "link-dead"}, nil, how)
		c.ask("GET", "/help/{code}", map[string]string{"code": "nothing"}, nil, how)
		c.ask("GET", "/.well-known/{rest}", map[string]string{"rest": "change-password"}, nil, how)
		c.ask("GET", "/{district}", here, nil, how)
		c.ask("GET", "/{district}", nowhere, nil, how)
		c.ask("GET", "/{district}/{rest}", with("rest", "help"), nil, how)
		c.ask("GET", "/{district}/{rest}", with("rest", "nothing/here"), nil, how)
		c.ask("GET", "/{district}/forgot-password", here, nil, how)
		c.ask("GET", "/{district}/code", here, nil, how)
		c.ask("GET", "/{district}/set-password", here, nil, how)
		c.ask("GET", "/{district}/link-again", here, nil, how)
		c.ask("GET", "/{district}/sign-in", here, nil, how)
		for _, page := range []string{"home", "sessions", "prove", "change-password"} {
			c.ask("GET", "/{district}/"+page, here, nil, how)
		}
	}
	c.ask("GET", "/assets/{rest}", map[string]string{"rest": "nothing.css"}, nil, as{})

	c.ask("POST", "/{district}/forgot-password", here, ask, as{})
	c.ask("POST", "/{district}/forgot-password", nowhere, ask, as{})
	c.ask("POST", "/{district}/forgot-password", here, map[string]string{"username": ""}, as{})
	c.ask("POST", "/{district}/forgot-password", here, map[string]string{"user": "x"}, as{bad: true})
	c.ask("POST", "/{district}/forgot-password", here, ask, as{header: http.Header{"Sec-Fetch-Site": {"cross-site"}}})
	c.ask("POST", "/{district}/forgot-password", here, ask, as{bad: true, header: http.Header{"Content-Type": {"text/plain"}, "Sec-Fetch-Site": {"same-origin"}}})
	c.ask("POST", "/{district}/forgot-password", here, map[string]string{"username": strings.Repeat("x", 65<<10)}, as{bad: true})

	token := last(1, "/r/")
	code := mails.LastMail(maria, 1).Code(t)
	c.ask("GET", "/{district}/r/{token}", with("token", token), nil, as{})
	c.ask("POST", "/{district}/code", here, map[string]string{"username": "mlopez71", "code": code}, as{})
	c.ask("POST", "/{district}/code", here, map[string]string{"username": "mlopez71", "code": "7KQM2D9X"}, as{})
	c.ask("POST", "/{district}/set-password", here, map[string]string{"token": token, "new_password": "short"}, as{})
	c.ask("POST", "/{district}/set-password", here, map[string]string{"token": token, "new_password": words}, as{})
	c.ask("GET", "/{district}/r/{token}", with("token", token), nil, as{})
	c.ask("POST", "/{district}/set-password", here, map[string]string{"token": token, "new_password": words + " again"}, as{form: true})
	c.ask("POST", "/{district}/link-again", here, map[string]string{"token": token}, as{})

	_, signed := c.ask("POST", "/{district}/sign-in", here, map[string]string{"username": "mlopez71", "password": words}, as{})
	session, _ := signed["session"].(string)
	c.ask("POST", "/{district}/sign-in", here, map[string]string{"username": "mlopez71", "password": "wrong words here"}, as{})
	c.ask("POST", "/{district}/sign-in", here, map[string]string{"username": "mlopez71", "password": words}, as{form: true})
	c.ask("POST", "/{district}/sign-in", here, map[string]string{"username": "sbaker", "password": "temporary-bridge-6612"}, as{})
	bearer := as{header: http.Header{"Authorization": {"Bearer " + session}}}
	for _, page := range []string{"home", "sessions", "prove", "change-password"} {
		c.ask("GET", "/{district}/"+page, here, nil, bearer)
	}
	c.ask("POST", "/{district}/sessions", here, map[string]string{"more": "yes"}, bearer)
	c.ask("POST", "/{district}/sessions", here, map[string]string{"end": "others"}, bearer)
	c.ask("POST", "/{district}/prove", here, map[string]string{"password": "wrong words here"}, bearer)
	c.ask("POST", "/{district}/change-password", here, map[string]string{"password": words, "new_password": "short"}, bearer)
	_, signed = c.ask("POST", "/{district}/prove", here, map[string]string{"password": words}, bearer)
	session, _ = signed["session"].(string)
	bearer = as{header: http.Header{"Authorization": {"Bearer " + session}}}
	_, signed = c.ask("POST", "/{district}/change-password", here, map[string]string{"password": words, "new_password": words + " twice"}, bearer)
	session, _ = signed["session"].(string)
	bearer = as{header: http.Header{"Authorization": {"Bearer " + session}}}
	c.ask("POST", "/{district}/sign-out", here, map[string]string{}, bearer)

	notMe := last(3, "/not-me/")
	c.ask("GET", "/{district}/not-me/{token}", with("token", notMe), nil, as{})
	c.ask("GET", "/{district}/not-me/{token}", with("token", "nothing"), nil, as{})
	c.ask("POST", "/{district}/not-me/{token}", with("token", notMe), map[string]string{"confirm": "yes"}, as{})

	c.everythingWasAsked()
}

// everythingWasAsked finds operations that no request reached, and problems that
// no answer was seen to say.
func (c *caller) everythingWasAsked() {
	for path, item := range c.doc.Paths.Map() {
		for method, operation := range item.Operations() {
			if len(c.asked[operation.OperationID]) == 0 {
				c.t.Errorf("%s %s was never asked", method, path)
			}
		}
	}
	for _, code := range []problem.Code{
		problem.InvalidRequest, problem.NotSignedIn, problem.MustChange, problem.CrossSite, problem.NotFound,
		problem.UnsupportedMediaType, problem.TooLarge, problem.LinkDead, problem.NotProved, problem.PasswordRefused,
	} {
		if !c.problems[string(code)] {
			c.t.Errorf("no answer said %s", code)
		}
	}
}

func TestMethodsThatAreNotThereAreRefusedAsDocumented(t *testing.T) {
	root, doc := service(t), document(t)
	media := doc.Components.Responses["method-not-allowed"].Value.Content["application/problem+json"]
	for path, item := range doc.Paths.Map() {
		address := root + strings.NewReplacer("{district}", "springfield", "{token}", "x", "{code}", "busy", "{rest}", "help").Replace(path)
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodDelete, address, nil)
		request.Header.Set("Accept", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		var body any
		_ = json.NewDecoder(response.Body).Decode(&body)
		_ = response.Body.Close()
		if response.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("DELETE %s: %d", path, response.StatusCode)
		}
		if err := media.Schema.Value.VisitJSON(body); err != nil {
			t.Errorf("DELETE %s: %v", path, err)
		}
		for method := range item.Operations() {
			if !strings.Contains(response.Header.Get("Allow"), method) {
				t.Errorf("DELETE %s: Allow %q has no %s", path, response.Header.Get("Allow"), method)
			}
		}
	}
}

// TestEveryProblemIsExplained opens the page that each problem's type leads to,
// and looks for its words in each language.
func TestEveryProblemIsExplained(t *testing.T) {
	browser := browse.New(t, service(t))
	for code := range problem.Statuses {
		browser.Open("/help/" + string(code)).Want(http.StatusOK)
		for _, language := range i18n.Default.Codes() {
			words := i18n.Default.Language(language)
			for _, part := range []string{"title", "text"} {
				if said, own := words.Find(i18n.Say("problem." + string(code) + "." + part)); !own || said == "" {
					t.Errorf("%s: problem.%s.%s is not said", language, code, part)
				}
			}
		}
	}
}
