package runtime_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/runtime"
)

// programs is where the tests' programs are built, each once.
var programs = struct {
	sync.Mutex
	dir  string
	once map[string]func() (string, error)
}{once: map[string]func() (string, error){}}

func TestMain(m *testing.M) {
	var err error
	if programs.dir, err = os.MkdirTemp("", "sparekey-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(programs.dir)
	os.Exit(code)
}

// built is a package's program, for this machine.
func built(t *testing.T, pkg string) string {
	t.Helper()
	programs.Lock()
	build, ok := programs.once[pkg]
	if !ok {
		build = sync.OnceValues(func() (string, error) {
			program := filepath.Join(programs.dir, strings.ReplaceAll(pkg, "/", "_"))
			return program, runtime.Build(context.Background(), ".", pkg, program, "")
		})
		programs.once[pkg] = build
	}
	programs.Unlock()
	program, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return program
}

const handler = runtime.Module + "/infra/runtime/testdata/handler"

// run starts a program and ends it with the test.
func run(t *testing.T, c runtime.Config) *runtime.Process {
	t.Helper()
	p, err := runtime.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.End() })
	return p
}

func TestAnEventComesWithAllThatLambdaSays(t *testing.T) {
	p := run(t, runtime.Config{Function: "sign-in", Program: built(t, handler), Env: []string{"ONLY=this"}, Timeout: time.Minute})
	began, seen := time.Now(), map[string]bool{}
	for range 3 {
		raw, err := p.Invoke(t.Context(), []byte(`"hello"`))
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			ID, ARN  string
			Deadline time.Time
			Environ  []string
		}
		if err := json.Unmarshal(raw, &got); err != nil {
			t.Fatal(err)
		}
		if got.ID == "" || seen[got.ID] {
			t.Errorf("request id %q, seen before: %v", got.ID, seen[got.ID])
		}
		seen[got.ID] = true
		if !strings.HasSuffix(got.ARN, ":function:sign-in") {
			t.Errorf("ARN %q", got.ARN)
		}
		if got.Deadline.Before(began.Add(time.Minute - time.Millisecond)) {
			t.Errorf("deadline %v after its beginning", got.Deadline.Sub(began))
		}
		for _, setting := range got.Environ {
			name, _, _ := strings.Cut(setting, "=")
			if name != "ONLY" && !strings.HasPrefix(name, "AWS_LAMBDA_") && name != "_X_AMZN_TRACE_ID" {
				t.Errorf("%s is in its environment", name)
			}
		}
		if !slices.Contains(got.Environ, "ONLY=this") {
			t.Error("its own setting is not in its environment")
		}
	}
	p.Kill() // so that all it wrote has arrived
	if !strings.Contains(p.Log(), "said: hello") {
		t.Errorf("log %q", p.Log())
	}
	if times := p.Times(); times.Next <= 0 || times.Response <= times.Next {
		t.Errorf("%+v: the first answer comes after the first question", times)
	}
}

func TestAHandlersErrorIsAFailureAndItGoesOn(t *testing.T) {
	p := run(t, runtime.Config{Program: built(t, handler)})
	var failure *runtime.Failure
	if _, err := p.Invoke(t.Context(), []byte(`"fail"`)); !errors.As(err, &failure) || failure.Message != "as told" {
		t.Errorf("%v, want the handler's own error", err)
	}
	if _, err := p.Invoke(t.Context(), []byte(`"hello"`)); err != nil {
		t.Error(err)
	}
}

func TestAProcessThatEndsIsACrash(t *testing.T) {
	for event, status := range map[string]string{"exit": "exit status 4", "panic": ""} {
		t.Run(event, func(t *testing.T) {
			p := run(t, runtime.Config{Program: built(t, handler)})
			_, err := p.Invoke(t.Context(), []byte(`"`+event+`"`))
			if event == "panic" { // it says so before it ends
				var failure *runtime.Failure
				if !errors.As(err, &failure) || failure.Message != "as told" {
					t.Errorf("%v, want the panic", err)
				}
				_, err = p.Invoke(t.Context(), []byte(`"hello"`))
			}
			var crash *runtime.Crash
			if !errors.As(err, &crash) || crash.Init || !strings.Contains(crash.Status, status) {
				t.Errorf("%v, want a crash after init with %q", err, status)
			}
		})
	}
}

func TestAnInitThatFailsIsToldWithItsWords(t *testing.T) {
	p := run(t, runtime.Config{Program: built(t, handler), Env: []string{"REFUSE=1"}})
	var crash *runtime.Crash
	if err := p.Ready(t.Context()); !errors.As(err, &crash) {
		t.Fatal(err)
	}
	if !crash.Init || crash.Status != "exit status 3" || crash.Log != "REFUSE is set" {
		t.Errorf("%+v", crash)
	}
	if _, err := p.Invoke(t.Context(), []byte(`"hello"`)); !errors.As(err, &crash) || !crash.Init {
		t.Errorf("%v, want the same again", err)
	}
}

func TestAnInvocationThatOverrunsEndsTheProcess(t *testing.T) {
	p := run(t, runtime.Config{Program: built(t, handler), Timeout: 50 * time.Millisecond})
	var crash *runtime.Crash
	if _, err := p.Invoke(t.Context(), []byte(`"hang"`)); !errors.As(err, &crash) || !strings.Contains(err.Error(), "timed out") {
		t.Errorf("%v, want a time-out", err)
	}
	<-p.Ended()
}

func TestKilledInTheMiddle(t *testing.T) {
	p := run(t, runtime.Config{Program: built(t, handler)})
	if err := p.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	died := make(chan error)
	go func() {
		_, err := p.Invoke(t.Context(), []byte(`"hang"`))
		died <- err
	}()
	p.Kill()
	var crash *runtime.Crash
	if err := <-died; !errors.As(err, &crash) || crash.Status != "signal: killed" {
		t.Errorf("%v, want the kill", err)
	}
}

func TestUsageIsTheProcesssOwn(t *testing.T) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("this machine does not tell how much memory a process had at most")
	}
	ballast := make([]byte, 64<<20) // whoever starts it is not counted
	for i := 0; i < len(ballast); i += 512 {
		ballast[i] = 1
	}
	peak := func(event string) int64 {
		p := run(t, runtime.Config{Program: built(t, handler)})
		if _, err := p.Invoke(t.Context(), []byte(event)); err != nil {
			t.Fatal(err)
		}
		return p.End().Peak
	}
	small, large := peak(`"hello"`), peak(`"take 100"`)
	if small <= 0 || small > 40<<20 {
		t.Errorf("a handler that does nothing had %d MiB", small>>20)
	}
	if large < 100<<20 {
		t.Errorf("a handler that took 100 MiB had %d", large>>20)
	}
	if ballast[0] != 1 {
		t.Error("the ballast is gone")
	}
}

func TestWhatIsNotAskedForIsNotFound(t *testing.T) {
	p := run(t, runtime.Config{Program: built(t, handler)})
	raw, err := p.Invoke(t.Context(), []byte(`"hello"`))
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Environ []string }
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(got.Environ, func(s string) bool { return strings.HasPrefix(s, "AWS_LAMBDA_RUNTIME_API=") })
	root := "http://" + strings.TrimPrefix(got.Environ[i], "AWS_LAMBDA_RUNTIME_API=") + "/2018-06-01/runtime"
	for path, want := range map[string]int{
		"/invocation/gone/response": http.StatusBadRequest, "/invocation/gone/error": http.StatusBadRequest,
		"/init/error": http.StatusAccepted, "/nothing": http.StatusNotFound,
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, root+path, strings.NewReader(`{"errorType":"X"}`))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if response.Body.Close(); response.StatusCode != want {
			t.Errorf("POST %s: %d, want %d", path, response.StatusCode, want)
		}
	}
}
