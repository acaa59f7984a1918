// Command handler is a function for the tests of the endpoint: it does what the
// event says.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type answer struct {
	ID, ARN  string
	Deadline time.Time
	Environ  []string
}

func main() {
	if os.Getenv("REFUSE") != "" {
		fmt.Fprintln(os.Stderr, "REFUSE is set")
		os.Exit(3)
	}
	lambda.Start(func(ctx context.Context, event string) (any, error) {
		switch do, size, _ := strings.Cut(event, " "); do {
		case "fail":
			return nil, errors.New("as told")
		case "panic":
			panic("as told")
		case "exit":
			os.Exit(4)
		case "hang":
			time.Sleep(time.Hour)
		case "take":
			var megabytes int
			_, _ = fmt.Sscan(size, &megabytes)
			taken := make([]byte, megabytes<<20)
			for i := 0; i < len(taken); i += 512 {
				taken[i] = 1
			}
			return len(taken), nil
		}
		fmt.Println("said:", event)
		about, _ := lambdacontext.FromContext(ctx)
		end, _ := ctx.Deadline()
		return answer{ID: about.AwsRequestID, ARN: about.InvokedFunctionArn, Deadline: end, Environ: os.Environ()}, nil
	})
}
