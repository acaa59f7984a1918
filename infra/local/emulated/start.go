package emulated

import (
	"cmp"
	"context"
	"sync"

	"github.com/sparekey/sparekey/infra/emulator"
)

// Started are the emulators that were started here.
type Started []*emulator.Emulator

// Start starts an emulator for each endpoint that is missing. If one cannot be
// started, none is left.
func (e *Endpoints) Start(ctx context.Context) (Started, error) {
	var rows, rest *emulator.Emulator
	var noRows, noRest error
	var both sync.WaitGroup
	if e.DynamoDB == "" {
		both.Go(func() { rows, noRows = emulator.Dynoxide(ctx) })
	}
	if e.Cognito == "" || e.SES == "" {
		both.Go(func() { rest, noRest = emulator.Moto(ctx) })
	}
	both.Wait()
	var all Started
	if rows != nil {
		all, e.DynamoDB = append(all, rows), rows.URL
	}
	if rest != nil {
		all, e.Cognito, e.SES = append(all, rest), cmp.Or(e.Cognito, rest.URL), cmp.Or(e.SES, rest.URL)
	}
	e.Streams = cmp.Or(e.Streams, e.DynamoDB)
	if err := cmp.Or(noRows, noRest); err != nil { // where both are missing, one remedy helps
		all.Close()
		return nil, err
	}
	return all, nil
}

// Gone is closed when one of them has ended.
func (s Started) Gone() <-chan struct{} {
	gone := make(chan struct{})
	var once sync.Once
	for _, e := range s {
		go func() {
			<-e.Gone()
			once.Do(func() { close(gone) })
		}()
	}
	return gone
}

// Close ends them, and returns when nothing of them is left.
func (s Started) Close() {
	for _, e := range s {
		e.Close()
	}
}
