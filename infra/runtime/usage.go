package runtime

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// Crash is the end of a process that still had something to do.
type Crash struct {
	Init   bool     // it never asked for an event
	Status string   // "exit status 1", "signal: killed"
	Said   *Failure // of its own init, if it said anything
	Log    string   // the last it wrote
}

func (c *Crash) Error() string {
	when := "the process ended"
	if c.Init {
		when = "the process ended at init"
	}
	if c.Said != nil {
		when += " (" + c.Said.Error() + ")"
	}
	return fmt.Sprintf("%s: %s\n%s", when, c.Status, c.Log)
}

func (p *Process) crash() *Crash {
	<-p.ended
	p.mu.Lock()
	defer p.mu.Unlock()
	return &Crash{Init: p.times.Next == 0, Status: p.command.ProcessState.String(), Said: p.refused, Log: p.Log()}
}

// Usage is what a process took from the machine in all its life.
type Usage struct {
	Times
	Peak   int64 // bytes of memory at most; 0: it ended before anybody could look
	CPU    time.Duration
	Faults int64 // pages that it touched for the first time
	Reads  int64 // pages that had to come from a disk
}

// End ends the process, if it has not ended yet, and tells what it used.
func (p *Process) End() Usage {
	p.Kill()
	u := Usage{Times: p.Times(), Peak: p.peak}
	state := p.command.ProcessState
	u.CPU = state.UserTime() + state.SystemTime()
	if used, ok := state.SysUsage().(*syscall.Rusage); ok {
		u.Faults, u.Reads = used.Minflt, used.Majflt
	}
	return u
}

// highWater is the most memory that the process has had so far, 0 where nobody
// says. The kernel's account of a finished process does not do: on Linux a child
// inherits the high-water mark of whoever started it.
func (p *Process) highWater() int64 {
	select {
	case <-p.ended:
		return 0 // its number may be somebody else's by now
	default:
	}
	status, err := os.Open(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		return 0
	}
	defer status.Close()
	for lines := bufio.NewScanner(status); lines.Scan(); {
		if kilobytes, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			var n int64
			_, _ = fmt.Sscan(kilobytes, &n)
			return n << 10
		}
	}
	return 0
}
