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

// motoProgram serves moto on the socket it is given. It dies with whoever started
// it, however that dies: then its standard input ends. Requests wait in the
// socket's queue until it is up, and no port can be lost to somebody else between
// choosing and taking it.
const motoProgram = `
import os, sys, threading
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

def end_with_parent():
    sys.stdin.read()
    os._exit(0)

threading.Thread(target=end_with_parent, daemon=True).start()
make_server("127.0.0.1", int(sys.argv[1]), DomainDispatcherApplication(create_backend_app),
            threaded=True, request_handler=MotoRequestHandler, fd=3).serve_forever()
`

// motoUp is how long moto may take to answer first. It is Python, and a busy
// machine needs some seconds.
const motoUp = 60 * time.Second

// Moto returns the endpoint of moto, which plays Cognito and SES: one for each
// test binary, on a free port of this machine. Without SPAREKEY_TEST_AWS=1 it
// skips the test; with it, a missing moto fails the test, so that nobody takes
// silence for success.
func Moto(t testing.TB) string {
	t.Helper()
	if os.Getenv("SPAREKEY_TEST_AWS") != "1" {
		t.Skip("second tier: set SPAREKEY_TEST_AWS=1 to run this against moto")
	}
	endpoint, err := startMoto()
	if err != nil {
		t.Fatalf("moto: %v\nTo install it: python3 -m venv .tools/moto && "+
			".tools/moto/bin/pip install -r infra/tools/requirements-moto.txt", err)
	}
	return endpoint
}

var startMoto = sync.OnceValues(func() (string, error) {
	python, err := motoPython()
	if err != nil {
		return "", err
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close() // the child has its own
	socket, err := listener.(*net.TCPListener).File()
	if err != nil {
		return "", err
	}
	defer socket.Close()
	address := listener.Addr().(*net.TCPAddr)
	if err := runMoto(python, socket, address.Port); err != nil {
		return "", err
	}
	return awaitMoto("http://" + address.String())
})

// motoPython finds the virtual environment in the repository that the test is in.
func motoPython() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no go.mod above the working directory")
		}
	}
	python := filepath.Join(dir, ".tools", "moto", "bin", "python")
	_, err = os.Stat(python)
	return python, err
}

// lifeline is kept open for as long as the test binary lives.
var lifeline io.WriteCloser //nolint:unused // that it is kept is its use

func runMoto(python string, socket *os.File, port int) (err error) {
	command := exec.Command(python, "-c", motoProgram, fmt.Sprint(port)) //nolint:noctx,gosec // it outlives the test that asks first; the program is our own
	command.ExtraFiles = []*os.File{socket}
	if lifeline, err = command.StdinPipe(); err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	go command.Wait() //nolint:errcheck // only so that no zombie stays
	return nil
}

// awaitMoto asks until moto answers.
func awaitMoto(endpoint string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), motoUp)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+"/moto-api/data.json", nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", fmt.Errorf("no answer: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("first answer: %s", response.Status)
	}
	return endpoint, nil
}
