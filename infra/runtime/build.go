package runtime

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Module is where this code lives.
const Module = "github.com/sparekey/sparekey"

// Flags are what go build is given for what is deployed: stripped, without the
// runtime client's old protocol, the same on every machine. The Makefile has them
// too, for itself and for SAM.
const Flags = trimmed + "-tags=lambda.norpc,nethttpomithttp2 '-ldflags=-s -w'"

const trimmed = "-trimpath "

// Build builds a package as it is deployed, into a program. Source is a folder in
// the module. Arch is "arm64" for what is deployed, or empty for this machine.
func Build(ctx context.Context, source, pkg, program, arch string) error {
	// For this machine the paths may stay: what is compiled already is used again.
	env := append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS="+strings.TrimPrefix(Flags, trimmed))
	if arch != "" {
		env = append(env, "GOFLAGS="+Flags, "GOOS=linux", "GOARCH="+arch)
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", program, pkg) //nolint:gosec // our own packages
	build.Dir, build.Env = source, env
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return nil
}

// Bootstrap is the package of a function's main, by its folder.
func Bootstrap(folder string) string { return Module + "/functions/" + folder + "/bootstrap" }
