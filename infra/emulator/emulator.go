// Package emulator starts what plays AWS on this machine, Dynoxide for DynamoDB
// and its streams, moto for Cognito and SES, and makes in them what the template
// makes in an account.
//
// It promises that an emulator is ended by [Emulator.Close], and otherwise dies
// with whoever started it, however that dies; a signal from the terminal does not
// reach it, so that whoever is served by it can end first. What is made is made
// from the template itself. It leaves installing to make tools.
//
// Read [Dynoxide] or [Moto] first, then [CreateTable].
package emulator

import (
	"bytes"
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
	"time"
)

// up is how long an emulator may take to answer first. Moto is Python, and a busy
// machine needs some seconds.
const up = time.Minute

// guard runs a program until its own standard input ends, which it does with
// whoever started it. Only the program holds on to the output: that ends with it.
const guard = `"$@" & exec >&- 2>&-; read -r line; kill -KILL $!; wait $!`

// Emulator is a process that plays services of Amazon's.
type Emulator struct {
	URL string // where it answers

	guard    *exec.Cmd
	lifeline io.Closer
	gone     chan struct{} // the program has ended
	swept    chan struct{} // and its guard
	said     tail
}

// Gone is closed when the emulator has ended.
func (e *Emulator) Gone() <-chan struct{} { return e.gone }

// Close ends the emulator, and returns when nothing of it is left.
func (e *Emulator) Close() {
	_ = e.lifeline.Close()
	<-e.swept
	select {
	case <-e.gone:
	default:
		endGroup(e.guard) // somebody has killed the guard alone
	}
	<-e.gone
}

// start runs a program, which may be given a socket as its third file.
func start(socket *os.File, program string, args ...string) (*Emulator, error) {
	e := &Emulator{gone: make(chan struct{}), swept: make(chan struct{})}
	//nolint:gosec,noctx // the program is ours, and ends with its lifeline
	command := exec.Command("sh", append([]string{"-c", guard, "guard", program}, args...)...)
	if socket != nil {
		command.ExtraFiles = []*os.File{socket}
	}
	apart(command)
	lifeline, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, input, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	e.guard, e.lifeline, command.Stdout, command.Stderr = command, lifeline, input, input
	err = command.Start()
	_ = input.Close() // the program has its own
	if err != nil {
		return nil, errors.Join(err, output.Close(), lifeline.Close())
	}
	go func() {
		_, _ = io.Copy(&e.said, output)
		_ = output.Close()
		close(e.gone)
	}()
	go func() {
		_ = command.Wait()
		close(e.swept)
	}()
	return e, nil
}

// await asks until something answers; what it says does not matter.
func (e *Emulator) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, up)
	defer cancel()
	for {
		if err := answers(ctx, e.URL); err == nil {
			return nil
		}
		select {
		case <-e.gone:
			return fmt.Errorf("it ended at once: %s", e.said.last())
		case <-ctx.Done():
			return fmt.Errorf("no answer: %w", context.Cause(ctx))
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func answers(ctx context.Context, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// listen takes a free port of this machine.
func listen(ctx context.Context) (*net.TCPListener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return listener.(*net.TCPListener), nil
}

// tool finds what make tools has put into the repository around the working
// directory.
func tool(name string, path ...string) (string, error) {
	dir, err := os.Getwd()
	for ; err == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing != nil {
			continue
		}
		program := filepath.Join(append([]string{dir, ".tools"}, path...)...)
		if _, missing := os.Stat(program); missing != nil {
			return "", fmt.Errorf("%s is not installed: run make tools, which puts it into .tools", name)
		}
		return program, nil
	}
	return "", fmt.Errorf("%s is not found from here: run make tools in the repository, and start there", name)
}

// tail keeps the end of what a program said.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-4096):]
	return len(p), nil
}

// last is the last line.
func (t *tail) last() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := bytes.TrimSpace(t.text)
	return bytes.Clone(text[bytes.LastIndexByte(text, '\n')+1:])
}
