// Package server is the whole service in one process: every function, the
// gateway before them, the feed and the schedules behind, and the hooks by which
// people and tests look inside.
//
// Its gateway reads template.yaml: a route, a schedule or a permission that is
// not deployed does not exist here either. It is for the local run and for tests;
// no bootstrap imports it.
//
// Read [New] first, then gateway.go.
package server

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/sparekey/sparekey"
	"github.com/sparekey/sparekey/functions/cleanup"
	"github.com/sparekey/sparekey/functions/courier"
	"github.com/sparekey/sparekey/functions/forgotpassword"
	"github.com/sparekey/sparekey/functions/pages"
	"github.com/sparekey/sparekey/functions/signin"
	"github.com/sparekey/sparekey/functions/verifytoken"
	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/infra/gate"
	"github.com/sparekey/sparekey/infra/local/inbox"
	"github.com/sparekey/sparekey/infra/template"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/pepper"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/web"
)

// Config is what may be chosen.
type Config struct {
	Base *url.URL  // where the service is reached; a path is the stage's
	Also []string  // other origins that are this same machine
	Log  io.Writer // where the functions' logs go
	Rand io.Reader // nil: crypto/rand

	Template []byte // nil: the stack's own
	Backend  Backend
}

// Server is the service.
type Server struct {
	clock       clock
	watch       watch
	rows        table.Table
	keys        func(context.Context) ([]table.Key, error)
	changes     func(context.Context) ([]Change, error)
	nextDue     func(context.Context) (time.Time, bool, error)
	sweep       func(time.Time) int // nil where the rows are elsewhere
	credentials credential.Store
	secrets     matcher // nil where the credentials are elsewhere
	post        mail.Sender
	mailbox     *embedded.Mailbox // a copy of every mail
	about       []string          // the backend
	directories []*district.Directory
	functions   map[string]function
	routes      *node
	refusals    map[string]template.Refusal
	template    template.Template
	site        web.Site
	rand        io.Reader
	log         *slog.Logger
	mux         *http.ServeMux
	people      people

	feeding sync.Mutex     // one batch of the feed at a time
	behind  sync.WaitGroup // what goes on after an answer
	ticking sync.Mutex
	ticked  time.Time
	began   time.Time
}

// function is one Lambda, as far as what reaches it.
type function struct {
	serve func(context.Context, gateway.Event) (gateway.Response, error)
	feed  func(context.Context, []table.Key)
	run   func(context.Context) error
}

// New makes the service with its two demo districts.
func New(c Config) (*Server, error) {
	s := &Server{rand: c.Rand, site: web.NewSite(c.Base), log: slog.New(slog.NewTextHandler(c.Log, nil))}
	if s.rand == nil {
		s.rand = rand.Reader
	}
	s.back(c.Backend)
	if err := s.deploy(c.Template); err != nil {
		return nil, err
	}
	secret, err := pepper.Random(s.rand)
	if err != nil {
		return nil, err
	}
	if err := s.settle(context.Background()); err != nil {
		return nil, fmt.Errorf("demo districts: %w", err)
	}
	s.build(secret)
	s.warm()
	s.began = s.clock.Now()
	s.ticked = s.began.Truncate(time.Minute)
	s.mux = http.NewServeMux()
	s.hooks()
	s.mux.Handle("/_local/inbox", inbox.Handler(s.mailbox, c.Base.Path))
	s.mux.Handle("/_local/inbox/", inbox.Handler(s.mailbox, c.Base.Path))
	s.mux.Handle("/_local/inbox.json", inbox.Handler(s.mailbox, c.Base.Path))
	s.mux.Handle("/_local/inbox.css", inbox.Handler(s.mailbox, c.Base.Path))
	s.mux.HandleFunc("/", s.gateway)
	return s, nil
}

// ServeHTTP answers as API Gateway would, and serves the hooks.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// deploy reads what there is and what reaches it.
func (s *Server) deploy(text []byte) (err error) {
	if text == nil {
		text = sparekey.Template
	}
	if s.template, err = template.Read(text); err != nil {
		return err
	}
	if s.routes, err = routesOf(s.template.Functions); err != nil {
		return err
	}
	s.refusals, err = refusalsOf(s.template.Refusals)
	return err
}

// build makes every function as its bootstrap does, with the gate around each port.
func (s *Server) build(secret pepper.Pepper) {
	around := gate.Chain(gate.Mortal, permit(s.template.Functions), s.watch.around)
	store := func(name string) table.Store {
		return table.Store{Table: gate.Table(s.rows, name, around), Rand: s.rand}
	}
	edge := func(name string, all *web.Pages) gateway.Edge {
		return gateway.Edge{Function: name, Districts: s.directory(name, around), Pages: all, Log: s.log, Now: s.clock.Now}
	}
	words := i18n.Default
	ask := forgotpassword.Flow{Table: store("forgotpassword"), Now: s.clock.Now}
	verify := verifytoken.Flow{
		Table: store("verifytoken"), Credentials: gate.Credentials(s.credentials, "verifytoken", around), Pepper: secret,
		Hash: s.watch.hash("verifytoken"), Now: s.clock.Now,
	}
	sign := signin.Flow{
		Table: store("signin"), Credentials: gate.Credentials(s.credentials, "signin", around), Pepper: secret,
		Hash: s.watch.hash("signin"), Now: s.clock.Now,
	}
	post := courier.Flow{
		Table: store("courier"), Mail: gate.Mail(s.post, "courier", around), Districts: s.directory("courier", around), Pepper: secret,
		Site: s.site, Words: words, Log: s.log, Now: s.clock.Now, Rate: 1000,
		Pause: func(context.Context, time.Duration) bool { return false },
	}
	sweep := cleanup.Flow{
		Table: store("cleanup"), Sessions: gate.Credentials(s.credentials, "cleanup", around), Log: s.log, Now: s.clock.Now,
	}
	s.functions = map[string]function{
		"forgotpassword": {serve: edge("forgotpassword", web.Open(s.site, words, forgotpassword.Pages)).Serve(ask.Routes())},
		"verifytoken":    {serve: edge("verifytoken", web.Open(s.site, words, verifytoken.Pages)).Serve(verify.Routes())},
		"signin":         {serve: edge("signin", web.Open(s.site, words, signin.Pages)).Serve(sign.Routes())},
		"pages":          {serve: edge("pages", web.Open(s.site, words, pages.Pages)).Serve(s.hub(s.directory("pages", around)).Routes())},
		"courier":        {feed: post.Feed, run: post.Run},
		"cleanup":        {run: sweep.Run},
	}
}

// directory is what one function remembers of the districts: each its own, as on
// AWS, and until a hook changes them.
func (s *Server) directory(name string, around gate.Around) *district.Directory {
	d := &district.Directory{Table: gate.Table(s.rows, name, around), Now: s.clock.Now}
	s.directories = append(s.directories, d)
	return d
}

// warm lets every function know the districts before the first request, and
// forgets that it asked.
func (s *Server) warm() {
	for _, d := range s.directories {
		d.Forget()
		for _, slug := range demoSlugs {
			_, _ = d.Find(context.Background(), slug)
		}
	}
	s.watch.clearCalls()
}

// hub is the flow of the common pages, which leads to what the template has and
// shows at the root what the local run has.
func (s *Server) hub(districts gateway.Finder) pages.Flow {
	flow := pages.Flow{Site: s.site, Districts: districts, Served: s.template.Pages(), Root: nil}
	for _, d := range demoDistricts() {
		flow.Root = append(flow.Root, pages.Entry{Slug: d.Slug, Name: d.Name})
	}
	return flow
}
