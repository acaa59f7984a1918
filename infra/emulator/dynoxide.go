package emulator

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
)

// Dynoxide starts Dynoxide, which plays DynamoDB and its streams in memory. The
// program is SPAREKEY_DYNOXIDE, or what make tools has installed.
func Dynoxide(ctx context.Context) (*Emulator, error) {
	program := os.Getenv("SPAREKEY_DYNOXIDE")
	if program == "" {
		var err error
		if program, err = tool("Dynoxide", "dynoxide", "bin", "dynoxide"); err != nil {
			return nil, err
		}
	}
	// The port is free now and may be lost until it is taken: then the next.
	var err error
	for range 3 {
		var e *Emulator
		if e, err = dynoxide(ctx, program); err == nil {
			return e, nil
		}
	}
	return nil, fmt.Errorf("start Dynoxide: %w", err)
}

func dynoxide(ctx context.Context, program string) (*Emulator, error) {
	listener, err := listen(ctx)
	if err != nil {
		return nil, err
	}
	host, port, _ := net.SplitHostPort(listener.Addr().String())
	if err := listener.Close(); err != nil {
		return nil, err
	}
	e, err := start(nil, program, "serve", "--host", host, "--port", port)
	if err != nil {
		return nil, err
	}
	e.URL = "http://" + net.JoinHostPort(host, port)
	if err := e.await(ctx); err != nil {
		e.Close()
		return nil, cmp.Or(context.Cause(ctx), err)
	}
	return e, nil
}
