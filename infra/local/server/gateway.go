package server

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"

	"github.com/sparekey/sparekey/infra/gate"
	"github.com/sparekey/sparekey/infra/template"
	"github.com/sparekey/sparekey/shared/gateway"
)

// payload is how much API Gateway passes on: more never reaches a function.
const payload = 10 << 20

// gateway turns a request into the event that API Gateway would make of it, and
// the function's response into the answer. What the functions put on the feed
// moves once the answer has left.
func (s *Server) gateway(w http.ResponseWriter, r *http.Request) {
	at, variables := s.route(r.URL.EscapedPath())
	if at == nil {
		s.refuse(w, "MISSING_AUTHENTICATION_TOKEN", requestID())
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, payload))
	if err != nil {
		kind := "DEFAULT_4XX"
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			kind = "REQUEST_TOO_LARGE"
		}
		s.refuse(w, kind, requestID())
		return
	}
	event := s.event(r, at, variables, body)
	var response gateway.Response
	died := s.invoke(r.Context(), func(ctx context.Context) {
		response, err = s.functions[at.function].serve(ctx, event)
	})
	if died || err != nil {
		s.refuse(w, "DEFAULT_5XX", event.RequestContext.RequestID)
	} else {
		write(w, response)
	}
	if flusher, ok := w.(http.Flusher); ok {
		flusher.Flush()
	}
	s.behind.Go(s.feed)
}

// route finds who serves a path, or nobody: outside the base there is nothing.
func (s *Server) route(path string) (at *node, variables map[string]string) {
	rest, ours := strings.CutPrefix(path, s.site.Path(""))
	if !ours || rest != "" && rest[0] != '/' {
		return nil, nil
	}
	return s.routes.find(parts(rest))
}

func (s *Server) event(r *http.Request, at *node, variables map[string]string, body []byte) gateway.Event {
	for name, value := range variables {
		if plain, err := url.PathUnescape(value); err == nil {
			variables[name] = plain
		}
	}
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	event := gateway.Event{
		Resource: at.resource, Path: r.URL.Path, HTTPMethod: r.Method, PathParameters: variables,
		MultiValueHeaders: r.Header.Clone(), Headers: map[string]string{}, QueryStringParameters: map[string]string{},
		MultiValueQueryStringParameters: r.URL.Query(), Body: string(body),
		RequestContext: events.APIGatewayProxyRequestContext{
			RequestID: requestID(), ResourcePath: at.resource, Identity: events.APIGatewayRequestIdentity{SourceIP: host},
		},
	}
	event.MultiValueHeaders["Host"] = []string{r.Host}
	for name, values := range event.MultiValueHeaders {
		event.Headers[name] = values[len(values)-1]
	}
	for name, values := range r.URL.Query() {
		event.QueryStringParameters[name] = values[len(values)-1]
	}
	if !utf8.Valid(body) {
		event.Body, event.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	return event
}

func requestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func write(w http.ResponseWriter, response gateway.Response) {
	for name, values := range response.MultiValueHeaders {
		w.Header()[name] = values
	}
	body := []byte(response.Body)
	if response.IsBase64Encoded {
		body, _ = base64.StdEncoding.DecodeString(response.Body)
	}
	w.WriteHeader(response.StatusCode)
	_, _ = w.Write(body)
}

// refuse is what API Gateway answers by itself, as the template's
// GatewayResponses have it; the kind is API Gateway's name for the occasion.
func (s *Server) refuse(w http.ResponseWriter, kind, id string) {
	refusal := s.refusals[kind]
	for name, value := range refusal.Headers {
		w.Header().Set(name, value)
	}
	w.WriteHeader(refusal.Status)
	_, _ = io.WriteString(w, strings.NewReplacer(
		"https://${DomainName}", s.site.Absolute(""), // so that its links lead here
		"${DomainName}", s.site.Host(), "$context.requestId", id,
	).Replace(refusal.Body))
}

// refusalsOf finds what the template has for each kind that occurs here; what it
// says nothing of has the default of its class, as on AWS.
func refusalsOf(all []template.Refusal) (map[string]template.Refusal, error) {
	kinds := map[string]template.Refusal{}
	for _, r := range all {
		kinds[r.Kind] = r
	}
	for kind, instead := range map[string]string{
		"DEFAULT_4XX": "", "DEFAULT_5XX": "", "MISSING_AUTHENTICATION_TOKEN": "DEFAULT_4XX", "REQUEST_TOO_LARGE": "DEFAULT_4XX",
	} {
		r, ok := kinds[kind]
		if !ok {
			r, ok = kinds[instead]
		}
		if !ok || r.Status < 400 || r.Status > 599 {
			return nil, fmt.Errorf("template: no answer of the gateway's own for %s", kind)
		}
		kinds[kind] = r
	}
	return kinds, nil
}

// invoke runs one invocation in a goroutine of its own, which may die at any
// call of a port, and reports whether it did.
func (s *Server) invoke(ctx context.Context, run func(context.Context)) (died bool) {
	ctx, process := gate.Within(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		run(ctx)
	}()
	<-done
	return process.Dead()
}
