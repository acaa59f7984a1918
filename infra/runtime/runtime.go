// Package runtime plays AWS Lambda to a built function: it starts the bootstrap
// under the Runtime API, hands it events, and tells what it answered, how it died
// and what it used.
//
// It promises what a function can rely on in Lambda: one event at a time, each
// with its id, its deadline and the function's ARN; no environment but the one it
// was given; the end of the process where an invocation overruns its time. It
// ends the one process that it started, and nothing else.
//
// It leaves permissions, memory limits and the freezing between invocations to
// AWS, and what an event looks like to its callers. Tests and the bench use it.
//
// Read [Start] first, then [Process.Invoke].
package runtime

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"slices"
	"sync"
	"time"
)

// Config says what to run.
type Config struct {
	Function string        // its name, which is part of its ARN
	Program  string        // the built bootstrap
	Env      []string      // all of its environment but what the endpoint adds
	Timeout  time.Duration // of one invocation; 20 s if 0
	Log      io.Writer     // gets what the process writes; nil: nobody
}

const defaultTimeout = 20 * time.Second

// Process is one execution environment: a started bootstrap and the endpoint it
// talks to.
type Process struct {
	config  Config
	command *exec.Cmd
	server  *http.Server
	output  tail
	began   time.Time

	turn   sync.Mutex // one invocation at a time
	events chan *invocation
	ended  chan struct{}

	mu      sync.Mutex
	current *invocation
	times   Times
	refused *Failure // what it said of its own init
	peak    int64
}

// Times are how long after its start a process came so far; zero: it did not.
type Times struct {
	Next     time.Duration // asked for its first event: its init is over
	Response time.Duration // answered it
}

// Start starts the program. It does not wait for anything: a process that dies at
// init is told of by the first Invoke.
func Start(c Config) (*Process, error) {
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	p := &Process{config: c, events: make(chan *invocation), ended: make(chan struct{}), output: tail{to: c.Log}}
	p.server = &http.Server{Handler: p.endpoint(), ReadHeaderTimeout: time.Minute}
	p.command = exec.Command(c.Program) //nolint:gosec,noctx // the program is the point; End and Kill end it
	p.command.Env = slices.Concat(c.Env,
		[]string{"AWS_LAMBDA_RUNTIME_API=" + listener.Addr().String(), "AWS_LAMBDA_FUNCTION_NAME=" + c.Function})
	p.command.Stdout, p.command.Stderr = &p.output, &p.output
	p.command.WaitDelay = time.Second
	go p.server.Serve(listener) //nolint:errcheck // it always ends with Close
	p.mu.Lock()
	p.began = time.Now()
	p.mu.Unlock()
	if err := p.command.Start(); err != nil {
		_ = p.server.Close()
		return nil, fmt.Errorf("start: %w", err)
	}
	go p.await()
	return p, nil
}

func (p *Process) await() {
	_ = p.command.Wait() // how it ended is in its state
	_ = p.server.Close()
	close(p.ended)
}

// Ready waits until the process asks for its first event.
func (p *Process) Ready(ctx context.Context) error {
	for every := time.NewTicker(time.Millisecond); ; {
		if p.Times().Next > 0 {
			return nil
		}
		select {
		case <-every.C:
		case <-p.ended:
			return p.crash()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Invoke hands the process an event, when it asks for one, and returns what it
// answered. An error of the handler is a [*Failure], the end of the process a
// [*Crash]: then, as in Lambda, another process must be started for the next
// event. If ctx ends first the process is left to itself.
func (p *Process) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	p.turn.Lock()
	defer p.turn.Unlock()
	i := &invocation{event: event, answered: make(chan answer, 1)}
	select {
	case p.events <- i:
	case <-p.ended:
		return nil, p.crash()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	timeout := time.NewTimer(p.config.Timeout)
	defer timeout.Stop()
	select {
	case a := <-i.answered:
		return a.body, a.failure()
	case <-timeout.C:
		p.Kill()
		return nil, fmt.Errorf("timed out after %v: %w", p.config.Timeout, p.crash())
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.ended:
	}
	select { // it may have answered before it ended
	case a := <-i.answered:
		return a.body, a.failure()
	default:
		return nil, p.crash()
	}
}

// Kill ends the process without a word, as kill -9 does, and waits until it is
// gone. One that is gone already is left at that.
func (p *Process) Kill() {
	peak := p.highWater()
	p.mu.Lock()
	p.peak = max(p.peak, peak)
	p.mu.Unlock()
	_ = p.command.Process.Kill()
	<-p.ended
}

// Times tells how far the process came.
func (p *Process) Times() Times {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.times
}

// Log is the last of what the process wrote.
func (p *Process) Log() string { return p.output.String() }

// Ended is closed when the process is gone.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// tail passes on what is written to it and keeps the end of it.
type tail struct {
	mu   sync.Mutex
	to   io.Writer
	kept []byte
}

const tailBytes = 16 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, b...)
	t.kept = t.kept[max(0, len(t.kept)-tailBytes):]
	if t.to != nil {
		_, _ = t.to.Write(b)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.kept))
}
