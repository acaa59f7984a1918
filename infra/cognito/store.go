// Package cognito is the credential port on Amazon Cognito.
//
// It promises what [credential.Store] promises. The Cognito user name is the
// account's id, and no attribute is stored: Cognito knows nobody's name or
// address. No Cognito token leaves this package. Whoever holds an access token
// may change the password with it, past our rules, the audit and the notice to
// the owner; so the tokens of a right answer are dropped unread, and dropping is
// enough: nobody has seen them, [Store.SignOut] ends them, and otherwise they end
// by themselves.
//
// It leaves the pool to the template: password policy of 8 characters without
// classes, temporary passwords good for a day, no second factor (ours is our
// own), and a client with a secret that allows ADMIN_USER_PASSWORD_AUTH alone.
//
// Read [Store.Set] first: it is the call whose failing must be understood.
package cognito

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/sparekey/sparekey/infra/reply"
	"github.com/sparekey/sparekey/shared/credential"
)

// How long calls may take.
const (
	setDeadline = 8 * time.Second // the default of a Set
	callTimeout = 5 * time.Second // of every other call
)

// Config says which pool, and how to reach it.
type Config struct {
	Pool, Client, ClientSecret string
	Region                     string
	Endpoint                   string // empty: Amazon's own
	Credentials                aws.CredentialsProvider
	// Deadline is how long after its beginning a Set may still take effect, 8 s if
	// 0. A caller's lease has to outlive it.
	Deadline time.Duration
	// Jitter draws from [0,1), for callers that wait together not to come back
	// together. It must be safe for concurrent use. Nil: they do.
	Jitter func() float64
	// HTTP sends requests; nil: the SDK's own client.
	HTTP sdk.HTTPClient
	// APIOptions amend the SDK's middleware: what a test puts into its way.
	APIOptions []func(*middleware.Stack) error
}

// LogValue keeps the secret out of logs.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(slog.String("pool", c.Pool), slog.String("client", c.Client))
}

// Store is a [credential.Store].
type Store struct {
	config Config
	api    operations
}

var _ credential.Store = (*Store)(nil)

// Open makes the store. It dials nothing and reads no file: the SDK's own way to
// find its configuration would cost every start of a function some milliseconds.
//
// The SDK repeats nothing. It cannot know whether a call without an answer was
// done, and a Set that it repeats late would take effect after the deadline.
func Open(c Config) *Store {
	c.Deadline = cmp.Or(c.Deadline, setDeadline)
	options := sdk.Options{
		Region:      c.Region,
		Credentials: c.Credentials,
		Retryer:     aws.NopRetryer{},
		APIOptions:  c.APIOptions,
	}
	if c.HTTP != nil {
		options.HTTPClient = c.HTTP
	}
	if c.Endpoint != "" {
		options.BaseEndpoint = &c.Endpoint
	}
	return &Store{config: c, api: operationsOf(sdk.New(options))}
}

// Check compares a password. Throttled is Busy at once: who waits here keeps a
// function waiting, while the person can simply try again.
//
// No answer is [port.ErrUnknown]: Cognito may have counted the try.
func (s *Store) Check(ctx context.Context, account, password string) (credential.Answer, error) {
	if err := reply.Over(ctx); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	possible := storable(password)
	if !possible {
		password = impossible
	}
	out, err := s.api.AdminInitiateAuth(ctx, &sdk.AdminInitiateAuthInput{
		UserPoolId: &s.config.Pool,
		ClientId:   &s.config.Client,
		AuthFlow:   types.AuthFlowTypeAdminUserPasswordAuth,
		AuthParameters: map[string]string{
			"USERNAME":    account,
			"PASSWORD":    password,
			"SECRET_HASH": s.secretHash(account),
		},
	})
	answer, err := answered(out, err)
	if !possible && (answer == credential.Right || answer == credential.Temporary) {
		answer = credential.Wrong
	}
	return answer, err
}

// SignOut revokes every token of the account, so those too that Check dropped.
func (s *Store) SignOut(ctx context.Context, account string) error {
	return call(ctx, func(ctx context.Context) error {
		_, err := s.api.AdminUserGlobalSignOut(ctx, &sdk.AdminUserGlobalSignOutInput{
			UserPoolId: &s.config.Pool,
			Username:   &account,
		})
		return err
	})
}

// Enable lets the account be checked again. An account that Cognito does not
// know has nothing to enable: nil.
func (s *Store) Enable(ctx context.Context, account string) error {
	return call(ctx, func(ctx context.Context) error {
		_, err := s.api.AdminEnableUser(ctx, &sdk.AdminEnableUserInput{
			UserPoolId: &s.config.Pool,
			Username:   &account,
		})
		return err
	})
}

// Disable makes every password wrong for the account. One that Cognito does not
// know has no password to refuse: nil, and nothing is remembered of it.
func (s *Store) Disable(ctx context.Context, account string) error {
	return call(ctx, func(ctx context.Context) error {
		_, err := s.api.AdminDisableUser(ctx, &sdk.AdminDisableUserInput{
			UserPoolId: &s.config.Pool,
			Username:   &account,
		})
		return err
	})
}

// call does what may be done twice, so no answer is no harm: the caller owes it
// and asks again.
func call(ctx context.Context, do func(context.Context) error) error {
	if err := reply.Over(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err := do(ctx)
	if isMissing(err) {
		return nil
	}
	return reply.Outcome(err)
}

// secretHash proves, with each sign-in, that the client knows its secret.
func (s *Store) secretHash(account string) string {
	mac := hmac.New(sha256.New, []byte(s.config.ClientSecret))
	mac.Write([]byte(account + s.config.Client))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
