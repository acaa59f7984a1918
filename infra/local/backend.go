package main

import (
	"context"
	"fmt"
	"os"

	"github.com/sparekey/sparekey/infra/local/emulated"
	"github.com/sparekey/sparekey/infra/local/server"
)

// What things may be kept in.
const (
	inProcess = "embedded"
	onAWS     = "aws"
)

const backendUsage = `what things are kept in: embedded, which is this process, or aws: the drivers
for DynamoDB, Cognito and SES, against emulators on this machine. These answer at
AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL_DYNAMODB_STREAMS (where that is another),
AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER and AWS_ENDPOINT_URL_SES, or all of them at
AWS_ENDPOINT_URL. What has no address is started for this run, and ended with it:
Dynoxide and moto, which make tools installs. /_local/clock moves our clock, by which
Sparekey decides what has expired; it does not move theirs, by which rows are swept
away, and by which Cognito pauses after wrong passwords and ends temporary ones.
`

// kept is a backend in use.
type kept struct {
	server.Backend
	gone <-chan struct{} // closed if what it stands on is there no more; nil: never
	end  func()
}

// backendOf finds out what a backend stands on, and touches nothing: what is wrong
// is told before anything begins.
func backendOf(name string) (open func(context.Context) (kept, error), err error) {
	switch name {
	case inProcess:
		return func(context.Context) (kept, error) { return kept{end: func() {}}, nil }, nil
	case onAWS:
		at, err := emulated.EndpointsFrom(os.LookupEnv)
		return func(ctx context.Context) (kept, error) { return emulate(ctx, at) }, err
	}
	return nil, fmt.Errorf("-backend %s: embedded or aws", name)
}

// emulate starts the emulators that are missing, and makes in all of them what a
// run needs.
func emulate(ctx context.Context, at emulated.Endpoints) (kept, error) {
	started, err := at.Start(ctx)
	if err != nil {
		return kept{}, err
	}
	stack, backend, err := emulated.Open(ctx, at, server.MailDomains())
	if err != nil {
		started.Close()
		return kept{}, err
	}
	gone := started.Gone()
	return kept{Backend: backend, gone: gone, end: func() {
		select {
		case <-gone: // with all that was in it
		default:
			if err := stack.Close(); err != nil {
				fmt.Fprintln(os.Stderr, "sparekey: left behind:", err)
			}
		}
		started.Close()
	}}, nil
}
