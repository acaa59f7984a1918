//go:build unix

package emulator

import (
	"os/exec"
	"syscall"
)

// apart keeps what the terminal sends from a command.
func apart(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
