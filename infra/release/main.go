// Command release prints what a deployment says of every parameter of the stack:
// what its stage has in samconfig.toml, else the template's default, unless the
// command line has it otherwise; and Release, a number of this deployment's own,
// without which nothing that runs would change.
//
//	sam deploy --config-env prod --parameter-overrides $(go run ./infra/release prod Guarded=no)
//
// SAM does not do it: beside --parameter-overrides it reads none of samconfig's, and
// what is not named keeps what the stack had last, whatever its default is now.
// It promises to print nothing rather than a value that the template refuses.
//
// Read [template.Overrides] for the rest.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/sparekey/sparekey"
	"github.com/sparekey/sparekey/infra/template"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) == 0 {
		return errors.New("usage: go run ./infra/release STAGE [PARAMETER=VALUE]…")
	}
	config, err := os.ReadFile("samconfig.toml")
	if err != nil {
		return err
	}
	overrides, err := template.Overrides(config, sparekey.Template, arguments[0], arguments[1:], time.Now())
	if err != nil {
		return err
	}
	_, err = fmt.Println(strings.Join(overrides, " "))
	return err
}
