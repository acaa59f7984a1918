package runtime

import (
	"context"
	"fmt"
	"os"
	"os/exec"
)

// Module is where this code lives.
const Module = "github.com/sparekey/sparekey"

// Build builds a package as it is deployed, into a program: stripped, without
// cgo, without the runtime client's old protocol. Source is a folder in the
// module. Arch is "arm64" for what is deployed, or empty for this machine.
func Build(ctx context.Context, source, pkg, program, arch string) error {
	args := []string{"build", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", program}
	env := append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if arch != "" { // for this machine the paths may stay: what is compiled already is used again
		args, env = append(args, "-trimpath"), append(env, "GOOS=linux", "GOARCH="+arch)
	}
	build := exec.CommandContext(ctx, "go", append(args, pkg)...) //nolint:gosec // our own packages
	build.Dir, build.Env = source, env
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return nil
}

// Bootstrap is the package of a function's main, by its folder.
func Bootstrap(folder string) string { return Module + "/functions/" + folder + "/bootstrap" }
