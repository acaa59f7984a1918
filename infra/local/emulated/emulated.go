// Package emulated is the local run's backend on the drivers that are deployed:
// infra/dynamo, infra/cognito and infra/ses, against emulators on this machine.
//
// It promises to reach no other machine, whatever the environment says: an address
// that is not this machine's is refused before anything is called, and
// [emulator.Client] dials no other. It makes a table, a user pool and its client
// of its own for every run, as the template has them, and removes them again. It
// leaves to package emulator how emulators are started.
//
// What the emulators decide by their own clocks, moving the local run's does not
// move: nothing that is tested hangs on it, because Sparekey decides expiry itself.
//
// Read [Open] first.
package emulated

import (
	"context"
	"crypto/rand"
	"errors"
	mathrand "math/rand/v2"
	"time"

	"github.com/sparekey/sparekey/infra/cognito"
	"github.com/sparekey/sparekey/infra/dynamo"
	"github.com/sparekey/sparekey/infra/dynamo/stream"
	"github.com/sparekey/sparekey/infra/emulator"
	"github.com/sparekey/sparekey/infra/local/server"
	"github.com/sparekey/sparekey/infra/ses"
)

// Stack is what was made in the emulators for one run.
type Stack struct {
	at   Endpoints
	rows dynamo.Config
	feed *stream.Reader
	pool emulator.Pool
}

// Open makes a table, a pool and a client in the emulators, verifies the domains
// that mails come from, and returns the backend over them.
func Open(ctx context.Context, at Endpoints, domains []string) (_ *Stack, _ server.Backend, err error) {
	s := &Stack{at: at, rows: dynamo.Config{
		Table: "sparekey-" + rand.Text()[:10], Region: emulator.Region, Endpoint: at.DynamoDB, Credentials: emulator.Anybody,
		Deadline: patience, Jitter: mathrand.Float64, HTTP: emulator.Client,
	}}
	if err := emulator.CreateTable(ctx, at.DynamoDB, s.rows.Table); err != nil {
		return nil, server.Backend{}, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.pool, err = emulator.CreatePool(ctx, at.Cognito, s.rows.Table); err != nil {
		return nil, server.Backend{}, err
	}
	for _, domain := range domains {
		if err := emulator.VerifyDomain(ctx, at.SES, domain); err != nil {
			return nil, server.Backend{}, err
		}
	}
	streams := s.rows
	streams.Endpoint = at.Streams
	if s.feed, err = stream.Open(ctx, streams); err != nil {
		return nil, server.Backend{}, err
	}
	return s, s.backend(), nil
}

// patience is how long a call may take: emulators answer slowly on a machine that
// does other things too.
const patience = 30 * time.Second

func (s *Stack) backend() server.Backend {
	return server.Backend{
		Rows: dynamo.Open(s.rows),
		Credentials: cognito.Open(cognito.Config{
			Pool: s.pool.ID, Client: s.pool.Client, ClientSecret: s.pool.Secret, Region: emulator.Region, Endpoint: s.at.Cognito,
			Credentials: emulator.Anybody, Jitter: mathrand.Float64, HTTP: emulator.Client,
		}),
		Mail: ses.Open(ses.Config{
			ConfigurationSet: "sparekey", Region: emulator.Region, Endpoint: s.at.SES,
			Credentials: emulator.Anybody, Deadline: patience, HTTP: emulator.Client,
		}),
		Keys:    s.keys,
		Changes: s.changes,
		NextDue: s.nextDue,
		About: []string{
			"Table               " + s.rows.Table + " at " + s.at.DynamoDB,
			"Passwords           " + s.pool.ID + " at " + s.at.Cognito,
			"Mail                " + s.at.SES,
		},
	}
}

// Close removes the table and the pool. What emulators have of mails, and whose
// mails they take, stays with them.
func (s *Stack) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := emulator.DeleteTable(ctx, s.at.DynamoDB, s.rows.Table)
	if s.pool.ID != "" {
		err = errors.Join(err, emulator.DeletePool(ctx, s.at.Cognito, s.pool))
	}
	return err
}

// changes is what is new on the table's stream.
func (s *Stack) changes(ctx context.Context) (all []server.Change, err error) {
	some, err := s.feed.Read(ctx)
	for _, c := range some {
		all = append(all, server.Change{Event: c.Event, Key: c.Key})
	}
	return all, err
}
