// Command local runs the whole service in one process: with nothing but Go, or with
// -backend aws on the drivers that are deployed, against emulators on this machine.
//
//	go run ./infra/local [-addr 127.0.0.1:8080] [-base /prod] [-backend aws]
//
// On the embedded backend it starts nothing, dials nobody and reads nothing of
// AWS's settings.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/sparekey/sparekey/infra/local/server"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(whileGoRuns(ctx), os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "sparekey:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("local", flag.ContinueOnError)
	flags.SetOutput(os.Stderr)
	addr := flags.String("addr", "127.0.0.1:8080", "loopback `address` to listen on; port 0 takes a free one")
	base := flags.String("base", "", "`path` that everything is served under, as a stage of API Gateway is: /prod")
	keep := flags.String("backend", inProcess, backendUsage)
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return errors.New("see the flags above")
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%q is no flag; see -h", flags.Arg(0))
	}
	if *base != "" && !isBase(*base) {
		return fmt.Errorf("-base %q: a path such as /prod, of letters, digits and . _ ~ - between single slashes, and outside /_local", *base)
	}
	open, err := backendOf(*keep)
	if err != nil {
		return err
	}
	listener, err := listen(ctx, *addr)
	if err != nil {
		return err
	}
	backend, err := open(ctx)
	if err != nil {
		_ = listener.Close()
		if ctx.Err() != nil {
			return nil // told to end before it had begun
		}
		return err
	}
	defer backend.end()
	return serve(ctx, listener, *base, backend)
}

var basePath = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)+$`)

// isBase reports whether the service can be served under that path: browsers
// shorten one with dots alone, and the hooks have theirs.
func isBase(text string) bool {
	return basePath.MatchString(text) && path.Clean(text) == text && text != "/_local" && !strings.HasPrefix(text, "/_local/")
}

// listen opens the address, which must be this machine's own: the demo people's
// passwords are on show.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("-addr %s: an address such as 127.0.0.1:8080", addr)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("-addr %s: only this machine's own address, 127.0.0.1 or [::1]", addr)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("port %s is taken; end the other program, or choose another port: go run ./infra/local -addr %s", port, net.JoinHostPort(host, "0"))
	case err != nil:
		return nil, fmt.Errorf("-addr %s: %w", addr, err)
	}
	return listener, nil
}

func serve(ctx context.Context, listener net.Listener, base string, backend kept) error {
	address := listener.Addr().(*net.TCPAddr)
	service, err := server.New(server.Config{
		Base:    &url.URL{Scheme: "http", Host: address.String(), Path: base},
		Log:     os.Stderr,
		Backend: backend.Backend,
	})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var schedules sync.WaitGroup
	schedules.Go(func() { service.Run(ctx) })
	defer schedules.Wait()
	defer stop()
	web := &http.Server{Handler: service, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error, 1)
	go func() { done <- web.Serve(listener) }()
	service.Banner(os.Stdout)
	select {
	case err := <-done:
		return err
	case <-backend.gone:
		err = errors.New("an emulator has ended, and all that was in it")
	case <-ctx.Done():
	}
	fmt.Println("\nSparekey ends.")
	last, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if web.Shutdown(last) != nil {
		_ = web.Close() // somebody is still sending: they are not waited for
	}
	return err
}
