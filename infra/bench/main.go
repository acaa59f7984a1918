// Command bench measures what the functions cost: how long one takes from the
// start of its process to its first answer, beside a function that does nothing;
// how much memory it needs; how large it is to deploy.
//
// Every start is a real one: the program as it is deployed, but built for this
// machine, under the endpoint of package runtime, with a real first event and
// Dynoxide behind it. All programs are started in turn, in an order drawn anew for
// each round, so that whatever else the machine does falls on all of them alike.
// Compare within a report, never across: a machine differs from itself by the hour.
//
// What it cannot measure it does not tell: Lambda's own start of a machine, the
// network to AWS. Run it with go run ./infra/bench, after make tools.
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
	runs := flag.Int("runs", 61, "how often each function is started")
	short := flag.Bool("short", false, "start each 7 times: to see that it works, not to quote")
	out := flag.String("out", "", "also write the report to this file")
	raw := flag.String("json", "", "write the report as JSON to this file")
	flag.Parse()
	if *short {
		*runs = 7
	}
	if err := bench(context.Background(), *runs, *out, *raw); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, runs int, out, raw string) error {
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
	subjects, err := build(ctx, dir, back)
	if err != nil {
		return err
	}
	r := Report{Runs: runs, Machine: machine(ctx)}
	if r.Foreign, err = measure(ctx, subjects, runs); err != nil {
		return err
	}
	r.judge(subjects)
	text := r.Markdown()
	fmt.Print(text)
	if raw != "" {
		encoded, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(raw, append(encoded, '\n'), 0o600); err != nil {
			return err
		}
	}
	if out != "" {
		return os.WriteFile(out, []byte(text), 0o644) //nolint:gosec // a document
	}
	return nil
}
