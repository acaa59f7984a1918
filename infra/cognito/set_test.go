package cognito_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sparekey/sparekey/infra/cognito"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/port"
)

var (
	throttled = says(http.StatusBadRequest, "TooManyRequestsException", "Rate exceeded")
	missing   = says(http.StatusBadRequest, "UserNotFoundException", "User does not exist.")
	there     = says(http.StatusBadRequest, "UsernameExistsException", "User account already exists")
	failed    = says(http.StatusInternalServerError, "InternalErrorException", "")
)

func TestSetStepByStep(t *testing.T) {
	t.Parallel()
	const set, create = "AdminSetUserPassword", "AdminCreateUser"
	policy := says(http.StatusBadRequest, "InvalidPasswordException", "Password did not conform with policy: Password not long enough")
	history := says(http.StatusBadRequest, "PasswordHistoryPolicyViolationException", "Password has previously been used")
	for _, c := range []struct {
		name  string
		wires []wire
		want  error
		sent  string
		took  time.Duration
	}{
		{"an account that exists takes one call", []wire{grants}, nil, set, 0},
		{"a missing account is created and set", []wire{missing, grants}, nil, set + " " + create + " " + set, 0},
		{"somebody else may create it first", []wire{missing, there, grants}, nil, set + " " + create + " " + set, 0},
		{"an account that goes missing again is not chased", []wire{missing, grants, missing}, port.ErrUnavailable, set + " " + create + " " + set, 0},
		{"the pool's policy", []wire{policy}, credential.ErrPolicy, set, 0},
		{"the pool's history", []wire{history}, credential.ErrPolicy, set, 0},
		{"the API's own pattern", []wire{says(http.StatusBadRequest, "InvalidParameterException", "1 validation error detected: Value at 'password' failed to satisfy constraint: Member must have length less than or equal to 256")}, credential.ErrPolicy, set, 0},
		{"another parameter", []wire{says(http.StatusBadRequest, "InvalidParameterException", "1 validation error detected: Value at 'userPoolId' failed to satisfy constraint")}, port.ErrUnavailable, set, 0},
		{"the policy, for a new account", []wire{missing, grants, policy}, credential.ErrPolicy, set + " " + create + " " + set, 0},
		{"throttled once: it waits", []wire{throttled, grants}, nil, set + " " + set, 200 * time.Millisecond},
		{"throttled for good: it gives up", []wire{throttled}, port.ErrThrottled, set + " " + set + " " + set + " " + set, 1400 * time.Millisecond},
		{"creating throttled once: it begins again", []wire{missing, throttled, missing, grants}, nil, set + " " + create + " " + set + " " + create + " " + set, 200 * time.Millisecond},
		{"an outcome in doubt is not tried again", []wire{failed, grants}, port.ErrUnknown, set, 0},
		{"nor after a wait", []wire{throttled, failed, grants}, port.ErrUnknown, set + " " + set, 200 * time.Millisecond},
		{"nor when creating", []wire{missing, failed, grants}, port.ErrUnknown, set + " " + create, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var all []sent
				begin := time.Now()
				err := over(record(&all, inTurn(c.wires...))).Set(t.Context(), ada, other, credential.Permanent)
				if !errors.Is(err, c.want) {
					t.Errorf("%v, want %v", err, c.want)
				}
				if acts(all) != c.sent {
					t.Errorf("sent %s, want %s", acts(all), c.sent)
				}
				if took := time.Since(begin); took != c.took {
					t.Errorf("waited %s, want %s", took, c.took)
				}
			})
		})
	}
}

func TestSetSendsWhatCognitoAsksFor(t *testing.T) {
	t.Parallel()
	for kind, permanent := range map[credential.Kind]bool{credential.Permanent: true, credential.ForOnce: false} {
		var all []sent
		if err := over(record(&all, inTurn(missing, grants))).Set(t.Context(), ada, other, kind); err != nil {
			t.Fatal(err)
		}
		set, create := all[2].body, all[1].body
		if got, _ := set["Permanent"].(bool); got != permanent || set["Username"] != ada || set["Password"] != other {
			t.Errorf("%s: set sent %v", kind, set)
		}
		if create["MessageAction"] != "SUPPRESS" || create["Username"] != ada || len(create) != 3 {
			t.Errorf("%s: create sent %v, want no mail, no attribute, no password", kind, create)
		}
	}
}

func TestWhoIsThrottledTogetherDoesNotComeBackTogether(t *testing.T) {
	t.Parallel()
	for jitter, want := range map[float64]time.Duration{0: 700 * time.Millisecond, 0.5: 1050 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			s := cognito.Open(cognito.Config{
				Region: "eu-west-1", Credentials: credentials(), HTTP: throttled,
				Jitter: func() float64 { return jitter },
			})
			begin := time.Now()
			if err := s.Set(t.Context(), ada, other, credential.Permanent); !errors.Is(err, port.ErrThrottled) {
				t.Error(err)
			}
			if took := time.Since(begin); took != want {
				t.Errorf("with jitter %v it waited %s, want %s", jitter, took, want)
			}
		})
	}
}

func TestWaitingDoesNotOutliveTheCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		begin := time.Now()
		err := over(throttled).Set(ctx, ada, other, credential.Permanent)
		if took := time.Since(begin); !errors.Is(err, port.ErrThrottled) || took != 300*time.Millisecond {
			t.Errorf("after %s: %v, want %v: nothing was done", took, err, port.ErrThrottled)
		}
	})
}
