//go:build !unix

package emulator

import "os/exec"

// apart does nothing where there are no groups of processes; nor is there a shell
// to run an emulator by.
func apart(*exec.Cmd) {}
