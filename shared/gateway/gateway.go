// Package gateway is the edge: between API Gateway's events and the flows.
//
// A flow is a set of routes, each a handler that gets a [Request] and returns a
// [Reply] or an error. The gateway decodes and bounds what came in, finds the
// district and the language, refuses what another site posted, renders the reply
// as page or JSON, and writes the one log line. A handler returns; it cannot
// write, so it cannot forget to stop.
//
// It promises: an error that is no problem is internal and its text goes to the
// log alone; no path, field or address is ever logged; the caller's network
// comes from API Gateway, never from a header. It leaves every rule to the
// flows.
//
// Read [Edge.Serve] first: it is the whole story, in order.
package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/web"
)

// Event is what a REST API of API Gateway makes of a request.
type Event = events.APIGatewayProxyRequest

// Response is what it makes an answer of.
type Response = events.APIGatewayProxyResponse

// Handler answers one method of one route.
type Handler func(ctx context.Context, r *Request) (Reply, error)

// Methods are the handlers of a route. GET answers HEAD too.
type Methods map[string]Handler

// Any stands for every method that a route does not name. Its handler is given
// nothing that was posted.
const Any = "*"

// Routes are what a flow serves, by API Gateway's resource: "/{district}/code".
type Routes map[string]Methods

// Reply is what a handler decided: the same for a person and for a machine.
type Reply struct {
	Status int
	Page   web.Page // what a person sees
	JSON   any      // what a machine reads; nil is {}
	Cookie []*http.Cookie
	// Location sends a person on to another of our pages, with 303, or with 302
	// where Status says so; a machine, which follows nothing, gets the JSON.
	Location string
	// Asset is served as it is, with its media type, and may be kept for a year.
	Asset     []byte
	AssetType string
	// Forget asks the browser to drop the pages it kept, so that "back" shows
	// neither a form that was filled in nor somebody who has gone.
	Forget bool
	// Outcome is what the log says of it, of a small set of words; optional.
	Outcome string
}

// Finder finds districts.
type Finder interface {
	Find(ctx context.Context, slug string) (district.District, error)
}

// Edge is one function's edge.
type Edge struct {
	Function  string // the flow's slug, for the log
	Districts Finder
	Pages     *web.Pages
	Log       *slog.Logger
	Now       func() time.Time
}

// Serve makes of routes what Lambda calls. It never returns an error: a request
// always gets an answer that was written for it.
func (e Edge) Serve(routes Routes) func(context.Context, Event) (Response, error) {
	guard := newGuard(e.Pages.Site)
	return func(ctx context.Context, event Event) (Response, error) {
		began := e.Now()
		r := e.open(event)
		reply, err := e.answer(ctx, routes, guard, r, event)
		response := e.render(r, reply, err)
		e.line(ctx, r, reply, err, response.StatusCode, e.Now().Sub(began))
		return response, nil
	}
}

func (e Edge) answer(ctx context.Context, routes Routes, guard guard, r *Request, event Event) (reply Reply, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = &panicked{fault: fault, stack: debug.Stack()}
		}
	}()
	if err := e.locate(ctx, r, event); err != nil {
		return Reply{}, err
	}
	handler, err := routes.find(r)
	if err != nil {
		return Reply{}, err
	}
	if r.Method == http.MethodPost && routes[r.Route][http.MethodPost] != nil {
		if err := r.read(guard); err != nil {
			return Reply{}, err
		}
	}
	return handler(ctx, r)
}

// locate finds the district that the path names.
func (e Edge) locate(ctx context.Context, r *Request, event Event) error {
	slug, named := event.PathParameters["district"]
	if !named {
		r.speak(e.Pages.Words, event)
		return nil
	}
	found, err := e.Districts.Find(ctx, slug)
	r.District = found
	r.speak(e.Pages.Words, event)
	switch {
	case errors.Is(err, district.ErrUnknown):
		return problem.New(problem.NotFound).Saying("problem.not-found.district")
	case err != nil:
		return problem.New(problem.Unavailable).Because(err)
	}
	return nil
}

func (routes Routes) find(r *Request) (Handler, error) {
	methods, ok := routes[r.Route]
	if !ok {
		return nil, problem.New(problem.NotFound)
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if handler, ok := methods[method]; ok {
		return handler, nil
	}
	r.allow = methods.names()
	if handler, ok := methods[Any]; ok {
		return handler, nil
	}
	return nil, problem.New(problem.MethodNotAllowed)
}

// panicked is a panic on its way to the log.
type panicked struct {
	fault any
	stack []byte
}

func (*panicked) Error() string { return "panic" }

// line writes the one line about a request. It names no person, no address and
// no path: a path may hold a token.
func (e Edge) line(ctx context.Context, r *Request, reply Reply, err error, status int, took time.Duration) {
	fields := []slog.Attr{
		slog.String("function", e.Function), slog.String("route", r.Route), slog.String("method", r.method()),
		slog.String("district", r.District.Slug), slog.Int("status", status),
		slog.Int64("ms", took.Milliseconds()), slog.String("request", r.ID),
	}
	if reply.Outcome != "" {
		fields = append(fields, slog.String("outcome", reply.Outcome))
	}
	level := slog.LevelInfo
	if err != nil {
		p := asProblem(err)
		fields = append(fields, slog.String("problem", string(p.Code)))
		level = severity(p)
		if level > slog.LevelInfo {
			fields = append(fields, slog.String("cause", err.Error()))
		}
		if crash, ok := errors.AsType[*panicked](err); ok {
			fields = append(fields, slog.Any("fault", crash.fault), slog.String("stack", string(crash.stack)))
		}
	}
	e.Log.LogAttrs(ctx, level, "request", fields...)
}

func severity(p *problem.Error) slog.Level {
	switch p.Code {
	case problem.Internal:
		return slog.LevelError
	case problem.Busy, problem.ChangeUnknown, problem.Unavailable:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

func asProblem(err error) *problem.Error {
	if p, ok := errors.AsType[*problem.Error](err); ok {
		return p
	}
	return problem.New(problem.Internal).Because(err)
}
