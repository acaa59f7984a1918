// Command bench measures what the functions cost: how long one takes from the
// start of its process to its first answer, beside a function that does nothing;
// how much memory it needs; how large it is to deploy.
//
// Every start is a real one: the program as it is deployed, but built for this
// machine, under the endpoint of package runtime, with a real first event and
// Dynoxide behind it; an answer that is not the right one ends the bench. All
// programs are started in turn, in an order drawn anew for each round, so that
// whatever else the machine does falls on all of them alike. Compare within a
// report, never across: a machine differs from itself by the hour. To see what a
// change did, have both in one report, with -against.
//
// It judges nothing by the clock: a goal that is missed is said in the report and
// is no failure. What it cannot measure it does not tell: Lambda's own start of a
// machine, the network to AWS.
//
// Read [programs] first, then [measure].
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	var c config
	flag.IntVar(&c.runs, "runs", 61, "how often each function is started; a few show that it works, and are not to be quoted")
	flag.StringVar(&c.against, "against", "", "a revision whose functions are started too, in the same rounds")
	flag.StringVar(&c.out, "out", "", "write the report to this file, beside printing it")
	flag.StringVar(&c.raw, "json", "", "write it as JSON to this file")
	flag.Parse()
	if err := c.bench(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type config struct {
	runs              int
	against, out, raw string
}

func (c config) bench(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "sparekey-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	back, err := open(ctx, filepath.Join(dir, "roots.pem"))
	if err != nil {
		return err
	}
	defer back.Close()
	all := programs(back)
	for _, p := range all {
		if err := p.build(ctx, ".", dir); err != nil {
			return err
		}
	}
	if c.against != "" {
		before, err := earlier(ctx, c.against, dir, programs(back))
		if err != nil {
			return err
		}
		all = append(all, before...)
	}
	subjects := everywhere(all, back.tables)
	r := Report{Runs: c.runs, Against: c.against, Machine: machine(ctx)}
	if r.Foreign, err = measure(ctx, subjects, c.runs); err != nil {
		return err
	}
	r.judge(subjects)
	return c.write(r)
}

func (c config) write(r Report) error {
	text := r.Markdown()
	fmt.Print(text)
	if c.raw != "" {
		encoded, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(c.raw, append(encoded, '\n'), 0o644); err != nil { //nolint:gosec // a document
			return err
		}
	}
	if c.out != "" {
		return os.WriteFile(c.out, []byte(text), 0o644) //nolint:gosec // a document
	}
	return nil
}
