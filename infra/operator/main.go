// Command operator is what people do by hand that no function may: put a district
// into force, put a single account, and bring a restored table back into service.
//
// It promises that nothing is stored that the nouns would refuse, and that each
// command may be given twice. It takes AWS credentials from the environment, as
// `aws configure export-credentials --format env` prints them, and needs no other
// permission than on the table. It leaves who may use it to the account's IAM, and
// the story around it to docs/deploy.md.
//
// Read [commands] first.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"

	"github.com/sparekey/sparekey/infra/boot"
	"github.com/sparekey/sparekey/infra/dynamo"
	"github.com/sparekey/sparekey/shared/settings"
	"github.com/sparekey/sparekey/shared/table"
)

// command is one thing to do. Its flags are declared before they are read, and what
// is not a flag is args.
type command struct {
	name, args, does string
	flags            func(*flag.FlagSet) func(ctx context.Context, d desk, args []string) error
}

var commands = []command{
	{"district get", "SLUG", "print a district's settings, to be edited and put", getDistrict},
	{"district put", "FILE.json", "put a district's settings into force", putDistrict},
	{"account put", "", "put one account, which has no password yet, or correct it", putAccount},
	{"epoch raise", "", "end every link and session, after a restore", raiseEpochs},
	{"table adopt", "", "write the template with a restored table in place of the stack's own", adoptTable},
}

// desk is what the commands work on.
type desk struct {
	out   io.Writer
	rows  dynamo.Config
	store table.Store
}

func (d desk) say(format string, args ...any) { _, _ = fmt.Fprintf(d.out, format+"\n", args...) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.LookupEnv, os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "operator:", err)
		os.Exit(1) //nolint:gocritic // nothing is left that stop would end
	}
}

var errUsage = errors.New("which command?")

func run(ctx context.Context, args []string, lookup func(string) (string, bool), out io.Writer) error {
	do, err := parse(args, lookup, out)
	if err != nil {
		return err
	}
	return do(ctx)
}

// parse reads a whole command, and asks AWS nothing.
func parse(args []string, lookup func(string) (string, bool), out io.Writer) (func(context.Context) error, error) {
	name := strings.Join(args[:min(2, len(args))], " ")
	i := slices.IndexFunc(commands, func(c command) bool { return c.name == name })
	if i < 0 {
		for _, c := range commands {
			_, _ = fmt.Fprintf(out, "operator %s -table NAME [flags] %s\n\t%s\n", c.name, c.args, c.does)
		}
		return nil, errUsage
	}
	set := flag.NewFlagSet(name, flag.ContinueOnError)
	set.SetOutput(out)
	region, _ := lookup("AWS_REGION")
	rows := dynamo.Config{Credentials: dynamo.Credentials(lookup), Jitter: boot.Jitter}
	set.StringVar(&rows.Table, "table", "", "the table's name: TableName of the stack's outputs")
	set.StringVar(&rows.Region, "region", region, "the stack's region; else AWS_REGION")
	set.StringVar(&rows.Endpoint, "endpoint", "", "an emulator on this machine, instead of AWS")
	do := commands[i].flags(set)
	if err := set.Parse(args[2:]); err != nil {
		return nil, err
	}
	if takes := len(strings.Fields(commands[i].args)); set.NArg() > takes {
		return nil, fmt.Errorf("%s: what is %q? Flags come first, and what has spaces in it is quoted", name, set.Args()[takes:])
	}
	return func(ctx context.Context) error {
		return do(ctx, desk{out, rows, table.Store{Table: dynamo.Open(rows), Rand: rand.Reader}}, set.Args())
	}, check(rows)
}

// check refuses what cannot be meant before anything is asked of AWS.
func check(rows dynamo.Config) error {
	given := map[string]string{"-table": rows.Table, "-region": rows.Region, "-endpoint": rows.Endpoint}
	reader := settings.From(func(name string) (string, bool) { return given[name], given[name] != "" })
	_, _, _ = reader.String("-table"), reader.String("-region"), reader.Emulator("-endpoint")
	return reader.Err()
}
