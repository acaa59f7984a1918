package cognito

import (
	"context"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/sparekey/sparekey/infra/reply"
	"github.com/sparekey/sparekey/shared/credential"
)

// A Set that Cognito throttles waits, at most, 0.2 s, 0.4 s and 0.8 s: 1.4 s in
// all. Cognito takes about 25 passwords a second from everybody together, so a
// longer wait would only fill the functions; then the person is told.
const (
	firstWait = 200 * time.Millisecond
	lastWait  = 800 * time.Millisecond
)

// Set replaces the password and creates what is missing.
//
// The caller holds a lease meanwhile, and when that has lapsed nothing of this
// call may take effect any more. So the connection is cut when three quarters of
// the deadline are over: what Cognito has received by then it finishes, or drops,
// well within the last quarter. And an outcome in doubt is never tried again
// here: it is reported, and settled by whoever holds the lease.
func (s *Store) Set(ctx context.Context, account, password string, kind credential.Kind) error {
	if err := reply.Over(ctx); err != nil {
		return err
	}
	if !storable(password) {
		return credential.ErrPolicy
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.Deadline*3/4)
	defer cancel()
	return setOutcome(s.patiently(ctx, func() error {
		return s.put(ctx, account, password, kind)
	}))
}

// put sets, and creates first what turns out to be missing. That comes second
// because it is rare: once in the life of an account. Each step may be repeated,
// so a throttled one lets the whole begin again.
func (s *Store) put(ctx context.Context, account, password string, kind credential.Kind) error {
	err := s.set(ctx, account, password, kind)
	if !isMissing(err) {
		return err
	}
	if err := s.create(ctx, account); err != nil && !isThere(err) {
		return err
	}
	return s.set(ctx, account, password, kind)
}

func (s *Store) set(ctx context.Context, account, password string, kind credential.Kind) error {
	_, err := s.api.AdminSetUserPassword(ctx, &sdk.AdminSetUserPasswordInput{
		UserPoolId: &s.config.Pool,
		Username:   &account,
		Password:   &password,
		Permanent:  kind == credential.Permanent,
	})
	return err
}

// create makes an account that nobody can use: Cognito invents a password and,
// told to suppress its message, tells it to no one. If nothing comes after it,
// the account is as good as missing.
func (s *Store) create(ctx context.Context, account string) error {
	_, err := s.api.AdminCreateUser(ctx, &sdk.AdminCreateUserInput{
		UserPoolId:    &s.config.Pool,
		Username:      &account,
		MessageAction: types.MessageActionTypeSuppress,
	})
	return err
}

// patiently repeats what was throttled, and only that: it is the one failure that
// proves that nothing has happened and that waiting helps.
func (s *Store) patiently(ctx context.Context, do func() error) error {
	err := do()
	for wait := firstWait; wait <= lastWait && reply.Throttled(err) && s.pause(ctx, wait); wait *= 2 {
		err = do()
	}
	return err
}

// pause waits, between half of d and d, and reports whether there is time left.
func (s *Store) pause(ctx context.Context, d time.Duration) bool {
	if s.config.Jitter != nil {
		d = d/2 + time.Duration(s.config.Jitter()*float64(d/2))
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
