package tools

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Dynoxide returns the endpoint of Dynoxide, which plays DynamoDB: one for each
// test binary, in memory, on a free port of this machine. Without
// SPAREKEY_TEST_AWS=1 it skips the test; with it, a missing Dynoxide fails the
// test, so that nobody takes silence for success.
func Dynoxide(t testing.TB) string {
	t.Helper()
	if os.Getenv("SPAREKEY_TEST_AWS") != "1" {
		t.Skip("second tier: set SPAREKEY_TEST_AWS=1 to run this against Dynoxide")
	}
	endpoint, err := startDynoxide()
	if err != nil {
		t.Fatalf("dynoxide: %v\nTo install it: cargo install dynoxide-rs --version 3.2.0 --locked "+
			"--no-default-features --features native-sqlite,http-server,cli --root .tools/dynoxide", err)
	}
	return endpoint
}

// dynoxideUp is how long Dynoxide may take to answer first; it needs a few
// milliseconds.
const dynoxideUp = 10 * time.Second

var startDynoxide = sync.OnceValues(func() (string, error) {
	program, err := dynoxideProgram()
	if err != nil {
		return "", err
	}
	// The port is free now and may be lost until it is taken: then the next.
	for range 3 {
		var address string
		if address, err = runDynoxide(program); err == nil {
			return "http://" + address, nil
		}
	}
	return "", err
})

// dynoxideProgram is SPAREKEY_DYNOXIDE, or what make tools has put into the
// repository that the test is in.
func dynoxideProgram() (string, error) {
	if program := os.Getenv("SPAREKEY_DYNOXIDE"); program != "" {
		_, err := os.Stat(program) //nolint:gosec // whoever runs the tests says where their program is
		return program, err
	}
	dir, err := os.Getwd()
	for ; err == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			program := filepath.Join(dir, ".tools", "dynoxide", "bin", "dynoxide")
			_, err = os.Stat(program)
			return program, err
		}
	}
	return "", errors.Join(err, errors.New("no go.mod above the working directory"))
}

// guard runs a program until its own standard input ends, which it does with
// whoever started it, however that dies.
const guard = `"$@" & program=$!; read -r line; kill $program; wait $program`

// dynoxideLifeline is kept open for as long as the test binary lives.
var dynoxideLifeline io.WriteCloser

func runDynoxide(program string) (address string, err error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	host, port, _ := net.SplitHostPort(listener.Addr().String())
	if err := listener.Close(); err != nil {
		return "", err
	}
	//nolint:gosec,noctx // the program is ours, and it outlives the test that asks first
	command := exec.Command("sh", "-c", guard, "guard", program, "serve", "--host", host, "--port", port)
	if dynoxideLifeline, err = command.StdinPipe(); err != nil {
		return "", err
	}
	if err := command.Start(); err != nil {
		return "", err
	}
	go command.Wait() //nolint:errcheck // only so that no zombie stays
	address = net.JoinHostPort(host, port)
	if err := awaitDynoxide(address); err != nil {
		_ = dynoxideLifeline.Close()
		return "", err
	}
	return address, nil
}

// awaitDynoxide asks until something answers; what it says does not matter.
func awaitDynoxide(address string) error {
	ctx, cancel := context.WithTimeout(context.Background(), dynoxideUp)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/", nil)
	if err != nil {
		return err
	}
	for {
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			return response.Body.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no answer within %v: %w", dynoxideUp, err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}
