package main

import (
	"context"
	"os"
	"strings"
	"time"
)

// whileGoRuns ends with go run, if that is what started this program. Whoever ends
// go run alone means us: but a signal to it, other than from a terminal, does not
// reach the program that it runs.
func whileGoRuns(ctx context.Context) context.Context {
	program, err := os.Executable()
	if err != nil || !strings.Contains(program, "go-build") {
		return ctx
	}
	ctx, end := context.WithCancel(ctx)
	parent := os.Getppid()
	go func() {
		defer end()
		often := time.NewTicker(200 * time.Millisecond)
		defer often.Stop()
		for os.Getppid() == parent {
			<-often.C
		}
	}()
	return ctx
}
