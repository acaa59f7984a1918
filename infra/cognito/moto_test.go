package cognito_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/cognito"
	"github.com/sparekey/sparekey/infra/tools"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/credential/credentialtest"
	"github.com/sparekey/sparekey/shared/port"
)

// pool is a user pool as the template makes it, but in moto.
type pool struct{ endpoint, id, client, secret string }

func newPool(t *testing.T) pool {
	t.Helper()
	p := pool{endpoint: tools.Moto(t)}
	// MaximumLength is not of Cognito's API: moto takes it from there, and without it
	// refuses what is longer than 98 characters (see TestMotoIsWrong).
	made := p.post(t, "CreateUserPool", `{"PoolName":"test","Policies":{"PasswordPolicy":{"MinimumLength":8,"MaximumLength":257,
		"RequireUppercase":false,"RequireLowercase":false,"RequireNumbers":false,"RequireSymbols":false,"TemporaryPasswordValidityDays":1}},
		"UsernameConfiguration":{"CaseSensitive":false}}`)
	p.id = made.UserPool.ID
	made = p.post(t, "CreateUserPoolClient", `{"UserPoolId":"`+p.id+`","ClientName":"test","GenerateSecret":true,
		"ExplicitAuthFlows":["ALLOW_ADMIN_USER_PASSWORD_AUTH"],"PreventUserExistenceErrors":"ENABLED","AccessTokenValidity":5,
		"TokenValidityUnits":{"AccessToken":"minutes"}}`)
	p.client, p.secret = made.UserPoolClient.ClientID, made.UserPoolClient.ClientSecret
	return p
}

// made is what is read of moto's answers.
type made struct {
	UserPool struct {
		ID string `json:"Id"`
	}
	UserPoolClient struct {
		ClientID     string `json:"ClientId"`
		ClientSecret string
	}
}

// post calls moto without the SDK, which would not send what Cognito's API does
// not know.
func (p pool) post(t *testing.T, act, body string) (out made) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.endpoint, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+act)
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20261122/eu-west-1/cognito-idp/aws4_request, SignedHeaders=host, Signature=0")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", act, response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

// open opens a store on the pool; through is what lies between, if anything.
func (p pool) open(through func(wire) wire) *cognito.Store {
	config := cognito.Config{
		Pool: p.id, Client: p.client, ClientSecret: p.secret,
		Region: "eu-west-1", Endpoint: p.endpoint, Credentials: credentials(),
	}
	if through != nil {
		config.HTTP = through(http.DefaultClient.Do)
		config.Jitter = func() float64 { return 0 }
	}
	return cognito.Open(config)
}

func TestCognitoKeepsTheContract(t *testing.T) {
	credentialtest.Run(t, func(t *testing.T) (credential.Store, func(time.Duration)) {
		return newPool(t).open(nil), nil
	})
}

// TestNotDoneIsNotDone breaks the wire before moto hears of the call, and finds
// nothing changed.
func TestNotDoneIsNotDone(t *testing.T) {
	for _, fault := range []string{"throttled", "unavailable"} {
		for name, call := range calls {
			t.Run(name+" "+fault, func(t *testing.T) {
				p := newPool(t)
				sound := p.open(nil)
				set(t, sound, first)
				err := call(t.Context(), p.open(faults[fault]))
				if !port.NotDone(err) && !errors.Is(err, errBusy) {
					t.Errorf("%v, want an error that says: not done", err)
				}
				answers(t, sound, first, credential.Right)
			})
		}
	}
}

// TestALostReplyIsInDoubt lets moto do the call and loses its answer. Whoever
// looks afterwards finds it done.
func TestALostReplyIsInDoubt(t *testing.T) {
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			p := newPool(t)
			sound := p.open(nil)
			set(t, sound, first)
			if err := call(t.Context(), p.open(faults["lost-reply"])); !errors.Is(err, port.ErrUnknown) {
				t.Errorf("%v, want %v", err, port.ErrUnknown)
			}
			switch name {
			case "Set":
				answers(t, sound, other, credential.Right)
			case "Disable":
				answers(t, sound, first, credential.Wrong)
			default:
				answers(t, sound, first, credential.Right)
			}
		})
	}
}

// TestALostReplyWhileCreating leaves an account that is as good as missing: it has
// no password, and the next Set finds it and sets one.
func TestALostReplyWhileCreating(t *testing.T) {
	p := newPool(t)
	sound := p.open(nil)
	creating := func(beyond wire) wire {
		return inTurn(beyond, faults["lost-reply"](beyond))
	}
	if err := p.open(creating).Set(t.Context(), ada, first, credential.Permanent); !errors.Is(err, port.ErrUnknown) {
		t.Fatalf("%v, want %v", err, port.ErrUnknown)
	}
	answers(t, sound, first, credential.Wrong)
	set(t, sound, first)
	answers(t, sound, first, credential.Right)
}

func TestATimeoutIsInDoubt(t *testing.T) {
	p := newPool(t)
	sound := p.open(nil)
	set(t, sound, first)
	for name, call := range calls {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if err := call(ctx, p.open(faults["timeout"])); !errors.Is(err, port.ErrUnknown) {
			t.Errorf("%s: %v, want %v", name, err, port.ErrUnknown)
		}
		cancel()
	}
	answers(t, sound, first, credential.Right)
}

func set(t *testing.T, s *cognito.Store, password string) {
	t.Helper()
	if err := s.Set(t.Context(), ada, password, credential.Permanent); err != nil {
		t.Fatal(err)
	}
}

func answers(t *testing.T, s *cognito.Store, password string, want credential.Answer) {
	t.Helper()
	if got, err := s.Check(t.Context(), ada, password); got != want || err != nil {
		t.Errorf("Check(%q) = %q, %v, want %s", password, got, err, want)
	}
}
