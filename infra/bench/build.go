package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/sparekey/sparekey/infra/runtime"
)

// build builds the program twice, from the source in a folder: for this machine,
// to start it, and for Lambda's, to weigh it.
func (p *program) build(ctx context.Context, source, into string) error {
	pkg := runtime.Bootstrap(p.name)
	if p.name == noop || p.name == floor {
		pkg = runtime.Module + "/infra/bench/" + strings.ReplaceAll(p.name, "-", "")
	}
	p.path = filepath.Join(into, p.name)
	if err := runtime.Build(ctx, source, pkg, p.path, ""); err != nil {
		return err
	}
	deployed := filepath.Join(into, "bootstrap")
	if err := runtime.Build(ctx, source, pkg, deployed, "arm64"); err != nil {
		return err
	}
	about, err := os.Stat(deployed)
	if err != nil {
		return err
	}
	p.raw = about.Size()
	p.zip, err = zipped(ctx, deployed)
	return err
}

// zipped is how large a program is as a deployment package, by the zip that SAM
// makes one with: Python's.
func zipped(ctx context.Context, program string) (size int64, err error) {
	archive := program + ".zip"
	command := exec.CommandContext(ctx, "python3", "-m", "zipfile", "-c", archive, filepath.Base(program)) //nolint:gosec // our own file
	command.Dir = filepath.Dir(program)
	if out, err := command.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("zip: %w\n%s", err, out)
	}
	about, err := os.Stat(archive)
	if err != nil {
		return 0, err
	}
	return about.Size(), nil
}

// earlier are those of the functions that a revision has, built from it.
func earlier(ctx context.Context, revision, dir string, all []*program) (before []*program, err error) {
	source, into := filepath.Join(dir, "source"), filepath.Join(dir, "before")
	if out, err := exec.CommandContext(ctx, "git", "worktree", "add", "--detach", source, revision).CombinedOutput(); err != nil { //nolint:gosec // a revision of our own
		return nil, fmt.Errorf("check out %s: %w\n%s", revision, err, out)
	}
	defer exec.Command("git", "worktree", "remove", "--force", source).Run() //nolint:errcheck,gosec,noctx // also where ctx is over; the folder goes with dir
	for _, p := range all {
		if _, err := os.Stat(filepath.Join(source, "functions", p.name, "bootstrap")); err != nil {
			continue // the no-op is the same; a function may be new
		}
		p.before = true
		if err := p.build(ctx, source, into); err != nil {
			return nil, err
		}
		before = append(before, p)
	}
	return before, nil
}
