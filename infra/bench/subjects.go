package main

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sparekey/sparekey/infra/runtime"
)

// subject is one program in one setting.
type subject struct {
	name    string
	program string
	table   string // how it reaches the table
	env     []string
	event   func() []byte // its first, which needs the table
	status  int           // what it must answer; 0: an event that has no status
	most    float64       // the goal: times the no-op
	zip     int64         // bytes, for arm64
	raw     int64
	usage   []runtime.Usage
}

const (
	noop     = "no-op"
	mostZip  = 4.5e6
	mostAsk  = 1.5
	mostElse = 2
)

// build builds every program twice: for this machine, to start it, and for
// Lambda's, to weigh it.
func build(ctx context.Context, dir string, back *backend) ([]*subject, error) {
	at := map[string]string{"district": "springfield"}
	nobodys := strings.Repeat("A", 43)
	get := func(path, resource string, more ...string) func() []byte {
		variables := map[string]string{"district": "springfield"}
		for i := 0; i+1 < len(more); i += 2 {
			variables[more[i]] = more[i+1]
		}
		return func() []byte { return runtime.Get(path, resource, variables) }
	}
	ask := func() []byte {
		return runtime.Post("/springfield/forgot-password", "/{district}/forgot-password", origin, at,
			url.Values{"username": {"mlopez71"}, "email": {"maria.lopez@example.org"}})
	}
	minute := func() []byte { return runtime.Scheduled(time.Now()) }
	all := []*subject{
		{name: noop, event: get("/springfield", "/{district}"), status: 204},
		{name: "forgotpassword", event: ask, status: 202, most: mostAsk},
		{name: "verifytoken", event: get("/springfield/r/"+nobodys, "/{district}/r/{token}", "token", nobodys), status: 410, most: mostElse},
		{name: "signin", event: get("/springfield/sign-in", "/{district}/sign-in"), status: 200, most: mostElse},
		{name: "pages", event: get("/springfield", "/{district}"), status: 200, most: mostElse},
		{name: "courier", event: minute, most: mostElse},
		{name: "cleanup", event: minute, most: mostElse},
	}
	for _, s := range all {
		if err := s.build(ctx, dir); err != nil {
			return nil, err
		}
	}
	var everywhere []*subject
	for _, connection := range back.tables {
		for _, s := range all {
			there := *s
			there.table, there.env = connection.name, connection.env
			everywhere = append(everywhere, &there)
		}
	}
	return everywhere, nil
}

func (s *subject) build(ctx context.Context, dir string) error {
	pkg := runtime.Bootstrap(s.name)
	if s.name == noop {
		pkg = runtime.Module + "/infra/bench/noop"
	}
	s.program = filepath.Join(dir, s.name)
	if err := runtime.Build(ctx, pkg, s.program, ""); err != nil {
		return err
	}
	deployed := filepath.Join(dir, s.name+"-arm64")
	if err := runtime.Build(ctx, pkg, deployed, "arm64"); err != nil {
		return err
	}
	defer os.Remove(deployed)
	about, err := os.Stat(deployed)
	if err != nil {
		return err
	}
	s.raw = about.Size()
	s.zip, err = zipped(deployed)
	return err
}

// zipped is how large a program is as a deployment package.
func zipped(program string) (size int64, err error) {
	in, err := os.Open(program) //nolint:gosec // just built by us
	if err != nil {
		return 0, err
	}
	defer in.Close()
	var out counter
	archive := zip.NewWriter(&out)
	file, err := archive.Create("bootstrap")
	if err == nil {
		_, err = io.Copy(file, in)
	}
	if err == nil {
		err = archive.Close()
	}
	if err != nil {
		return 0, fmt.Errorf("zip: %w", err)
	}
	return int64(out), nil
}

type counter int64

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}
