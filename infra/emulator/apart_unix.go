//go:build unix

package emulator

import (
	"os/exec"
	"syscall"
)

// apart gives a command a group of processes of its own, which what the terminal
// sends does not reach.
func apart(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// endGroup ends what is left of such a group.
func endGroup(command *exec.Cmd) { _ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
