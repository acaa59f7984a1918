package cognito_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/cognito"
	"github.com/sparekey/sparekey/infra/emulator"
	"github.com/sparekey/sparekey/infra/tools"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/credential/credentialtest"
	"github.com/sparekey/sparekey/shared/port"
)

// pool is the template's user pool, but in moto.
type pool struct{ endpoint, id, client, secret string }

func newPool(t *testing.T) pool {
	t.Helper()
	at := tools.Moto(t)
	made, err := emulator.CreatePool(t.Context(), at, "test")
	if err != nil {
		t.Fatal(err)
	}
	return pool{endpoint: at, id: made.ID, client: made.Client, secret: made.Secret}
}

// open opens a store on the pool; through is what lies between, if anything.
func (p pool) open(through func(wire) wire) *cognito.Store {
	config := cognito.Config{
		Pool: p.id, Client: p.client, ClientSecret: p.secret,
		Region: emulator.Region, Endpoint: p.endpoint, Credentials: credentials(),
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
