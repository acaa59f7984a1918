//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// built is where the command is built to.
var built string

func TestMain(m *testing.M) {
	var err error
	if built, err = os.MkdirTemp("", "sparekey-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(built)
	os.Exit(code)
}

// program builds the command once, as go run does.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(built, "local")
	out, err := exec.CommandContext(context.Background(), "go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", errors.New(string(out))
	}
	return path, nil
})

// running is the command, at work.
type running struct {
	t       *testing.T
	command *exec.Cmd
	mark    string // in the environment of all that comes of it
	root    string
	said    map[string][]string // the banner's lines, by their first word
	ended   chan error
	out     bytes.Buffer
}

// began starts the command and waits for its banner.
func began(t *testing.T, env []string, args ...string) *running {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return started(t, env, append([]string{path}, args...)...)
}

// started starts a command that is this one in the end.
func started(t *testing.T, env []string, args ...string) *running {
	t.Helper()
	r := &running{t: t, mark: "SPAREKEY_MARK=" + rand.Text(), said: map[string][]string{}, ended: make(chan error, 1)}
	r.command = exec.CommandContext(t.Context(), args[0], append(args[1:], "-addr", "127.0.0.1:0")...)
	r.command.Env = append(append(os.Environ(), r.mark), env...)
	r.command.Stderr = &r.out
	r.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // as a shell does
	out, err := r.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.command.Process.Kill() })
	r.banner(out)
	return r
}

func (r *running) banner(out io.Reader) {
	r.t.Helper()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) > 0 {
			r.said[words[0]] = words
		}
		if strings.HasPrefix(lines.Text(), "The same as JSON") {
			r.root = strings.TrimSuffix(r.said["Sparekey"][3], "/")
			go func() {
				_, _ = io.Copy(io.Discard, out)
				r.ended <- r.command.Wait()
			}()
			return
		}
	}
	r.t.Fatalf("it ended before its banner: %v\n%s", r.command.Wait(), &r.out)
}

// at is what stands last in a line of the banner: an address.
func (r *running) at(line string) string {
	words := r.said[line]
	if len(words) == 0 {
		return ""
	}
	return words[len(words)-1]
}

// end sends a signal to the command alone and waits for the end.
func (r *running) end(signal syscall.Signal) error {
	r.t.Helper()
	return r.ends(syscall.Kill(r.command.Process.Pid, signal))
}

// interrupt sends it to all of the command's group, as a terminal does.
func (r *running) interrupt(signal syscall.Signal) error {
	r.t.Helper()
	return r.ends(syscall.Kill(-r.command.Process.Pid, signal))
}

func (r *running) ends(err error) error {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
	select {
	case err := <-r.ended:
		return err
	case <-time.After(time.Minute):
		r.t.Fatal("it does not end")
	}
	return nil
}

// inProc: processes can be seen. Elsewhere the emulators' ports tell of them.
const inProc = runtime.GOOS == "linux"

// left are the processes that came of it and are still there.
func (r *running) left() (all []string) {
	r.t.Helper()
	found, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		r.t.Fatal(err)
	}
	for _, file := range found {
		if env, err := os.ReadFile(file); err == nil && bytes.Contains(env, []byte(r.mark)) {
			name, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
			all = append(all, string(bytes.ReplaceAll(name, []byte{0}, []byte{' '})))
		}
	}
	return all
}

// answers reports whether something listens at an endpoint.
func answers(endpoint string) bool {
	at, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	connection, err := net.Dial("tcp", at.Host)
	if err != nil {
		return false
	}
	_ = connection.Close()
	return true
}

// The embedded run starts nothing, and reads nothing of what AWS's programs read.
func TestTheEmbeddedRunNeedsNothing(t *testing.T) {
	r := began(t, []string{
		"AWS_ENDPOINT_URL=http://192.0.2.1", "AWS_ENDPOINT_URL_DYNAMODB=nonsense", "AWS_PROFILE=nobody", "AWS_CONFIG_FILE=/nowhere",
		"PATH=/nowhere", "SPAREKEY_DYNOXIDE=/nowhere",
	})
	if all := r.left(); inProc && len(all) != 1 {
		t.Errorf("got %q, want itself alone", all)
	}
	if r.at("Table") != "" {
		t.Error("it tells of a backend")
	}
	if err := r.end(syscall.SIGTERM); err != nil {
		t.Errorf("%v\n%s", err, &r.out)
	}
}

func TestWhatGoRunStartedEndsWithIt(t *testing.T) {
	r := started(t, nil, "go", "run", ".")
	if err := r.end(syscall.SIGTERM); err == nil {
		t.Error("go run ended well")
	}
	patience, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for answers(r.root) || len(r.left()) > 0 {
		if patience.Err() != nil {
			t.Fatalf("it goes on: %q", r.left())
		}
	}
}
