package cognito_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"

	"github.com/sparekey/sparekey/infra/cognito"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/port"
)

func TestCheckUnderstandsCognito(t *testing.T) {
	t.Parallel()
	bad := http.StatusBadRequest
	for _, c := range []struct {
		name string
		wire wire
		want credential.Answer
		err  error
	}{
		{"tokens are a right answer", grants, credential.Right, nil},
		{"a challenge for a new password is a temporary one", challenge("NEW_PASSWORD_REQUIRED"), credential.Temporary, nil},
		{"a challenge that nobody here can pass is our mistake", challenge("SOFTWARE_TOKEN_MFA"), "", port.ErrUnavailable},
		{"a wrong password", says(bad, "NotAuthorizedException", "Incorrect username or password."), credential.Wrong, nil},
		{"a disabled account", says(bad, "NotAuthorizedException", "User is disabled."), credential.Wrong, nil},
		{"a temporary password that has ended", says(bad, "NotAuthorizedException", "Temporary password has expired and must be reset by an administrator."), credential.Wrong, nil},
		{"an unknown account", says(bad, "UserNotFoundException", "User does not exist."), credential.Wrong, nil},
		{"an account never confirmed", says(bad, "UserNotConfirmedException", "User is not confirmed."), credential.Wrong, nil},
		{"an account whose password was reset elsewhere", says(bad, "PasswordResetRequiredException", "Password reset required for the user"), credential.Wrong, nil},
		{"too many wrong ones", says(bad, "NotAuthorizedException", "Password attempts exceeded"), credential.Paused, nil},
		{"too many requests", says(bad, "TooManyRequestsException", "Rate exceeded"), credential.Busy, nil},
		{"throttling by its other name", says(bad, "ThrottlingException", "Rate exceeded"), credential.Busy, nil},
		{"throttling without a name", says(http.StatusTooManyRequests, "", ""), credential.Busy, nil},
		{"our secret is not the pool's", says(bad, "NotAuthorizedException", "Unable to verify secret hash for client client"), "", port.ErrUnavailable},
		{"our client may not do this", says(bad, "InvalidParameterException", "Auth flow not enabled for this client"), "", port.ErrUnavailable},
		{"no such pool", says(bad, "ResourceNotFoundException", "User pool client does not exist."), "", port.ErrUnavailable},
		{"no permission", says(bad, "AccessDeniedException", "User is not authorized to perform"), "", port.ErrUnavailable},
		{"Cognito failed", says(http.StatusInternalServerError, "InternalErrorException", ""), "", port.ErrUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := over(c.wire).Check(t.Context(), ada, first)
			if got != c.want || !errors.Is(err, c.err) {
				t.Errorf("Check = %q, %v, want %q, %v", got, err, c.want, c.err)
			}
		})
	}
}

func challenge(name string) wire {
	return func(*http.Request) (*http.Response, error) {
		return respond(http.StatusOK, `{"ChallengeName":"`+name+`","ChallengeParameters":{},"Session":"s"}`)
	}
}

func TestCheckSendsWhatCognitoAsksFor(t *testing.T) {
	t.Parallel()
	var all []sent
	if _, err := over(record(&all, grants)).Check(t.Context(), ada, first); err != nil {
		t.Fatal(err)
	}
	if acts(all) != "AdminInitiateAuth" {
		t.Fatalf("sent %s", acts(all))
	}
	got := all[0].body
	if got["AuthFlow"] != "ADMIN_USER_PASSWORD_AUTH" || got["UserPoolId"] != "eu-west-1_pool" || got["ClientId"] != "client" {
		t.Errorf("sent %v", got)
	}
	parameters, _ := got["AuthParameters"].(map[string]any)
	for name, want := range map[string]string{
		"USERNAME": ada,
		"PASSWORD": first,
		// printf '%s' 01J0000000000000000000000Aclient | openssl dgst -sha256 -hmac client-secret -binary | base64
		"SECRET_HASH": "ixn+raTIqG4ikeEVGufAH5vVPdT1fRTgv3ltzSna9Cg=",
	} {
		if parameters[name] != want {
			t.Errorf("%s = %q, want %q", name, parameters[name], want)
		}
	}
}

func TestAPasswordThatCannotBeSetIsComparedAndNeverRight(t *testing.T) {
	t.Parallel()
	for _, password := range []string{"", " x", strings.Repeat("x", 257), "\xff"} {
		var all []sent
		got, err := over(record(&all, grants)).Check(t.Context(), ada, password)
		if got != credential.Wrong || err != nil {
			t.Errorf("Check(%q) = %q, %v, want wrong", password, got, err)
		}
		if acts(all) != "AdminInitiateAuth" {
			t.Errorf("Check(%q) sent %q: the work must be the same", password, acts(all))
		}
	}
}

// TestEveryCallUnderEveryFault is about the five calls alike: what never arrived
// was not done, and what may have arrived is in doubt.
func TestEveryCallUnderEveryFault(t *testing.T) {
	t.Parallel()
	want := map[string]error{
		"throttled":    port.ErrThrottled,
		"unavailable":  port.ErrUnavailable,
		"timeout":      port.ErrUnknown,
		"lost-reply":   port.ErrUnknown,
		"half a reply": port.ErrUnknown,
		"broken":       port.ErrUnknown,
	}
	for fault, on := range faults {
		for name, call := range calls {
			t.Run(name+" "+fault, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					want := want[fault]
					if name == "Check" && fault == "throttled" {
						want = errBusy
					}
					err := call(t.Context(), over(on(grants)))
					if !errors.Is(err, want) {
						t.Errorf("%v, want %v", err, want)
					}
					discreet(t, err)
				})
			})
		}
	}
}

// discreet: no type of the SDK is let out.
func discreet(t *testing.T, err error) {
	t.Helper()
	var api smithy.APIError
	var operation *smithy.OperationError
	if errors.As(err, &api) || errors.As(err, &operation) {
		t.Errorf("%T is let out", err)
	}
}

func TestErrorsRepeatNothingThatWasSent(t *testing.T) {
	t.Parallel()
	for name, call := range calls {
		err := call(t.Context(), over(says(http.StatusBadRequest, "InvalidParameterException", "value 'marked-text' at password")))
		if !errors.Is(err, port.ErrUnavailable) || strings.Contains(err.Error(), "marked-text") || strings.Contains(err.Error(), ada) {
			t.Errorf("%s: %v", name, err)
		}
		discreet(t, err)
	}
}

func TestWhatIsMissingHasNothingToEnd(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"SignOut", "Enable", "Disable"} {
		var all []sent
		w := record(&all, says(http.StatusBadRequest, "UserNotFoundException", "User does not exist."))
		if err := calls[name](t.Context(), over(w)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		want := map[string]string{"SignOut": "AdminUserGlobalSignOut", "Enable": "AdminEnableUser", "Disable": "AdminDisableUser"}[name]
		if acts(all) != want {
			t.Errorf("%s sent %q, want %q", name, acts(all), want)
		}
	}
}

func TestCallsEndByThemselves(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]time.Duration{
		"Check": 5 * time.Second, "SignOut": 5 * time.Second, "Enable": 5 * time.Second, "Disable": 5 * time.Second,
		"Set": 6 * time.Second, // of its 8: the rest is for what is on its way
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				err := calls[name](context.Background(), over(faults["timeout"](grants)))
				if took := time.Since(begin); took != want || !errors.Is(err, port.ErrUnknown) {
					t.Errorf("ended after %s with %v, want %s", took, err, want)
				}
			})
		})
	}
}

func TestWhatNeedsNotBeSentIsNot(t *testing.T) {
	t.Parallel()
	var all []sent
	s := over(record(&all, grants))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range calls {
		if err := call(ctx, s); !port.NotDone(err) {
			t.Errorf("%s after its time was up: %v, want an error that says: not done", name, err)
		}
	}
	for _, password := range []string{"", " first-password", "first-password\n", "\xff", strings.Repeat("x", 257)} {
		if err := s.Set(t.Context(), ada, password, credential.Permanent); !errors.Is(err, credential.ErrPolicy) {
			t.Errorf("Set(%q): %v, want %v", password, err, credential.ErrPolicy)
		}
	}
	if len(all) != 0 {
		t.Errorf("sent %s", acts(all))
	}
}

func TestTheSecretIsNotLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("open", slog.Any("config", cognito.Config{Pool: "p", ClientSecret: "marked"}))
	if strings.Contains(log.String(), "marked") {
		t.Error(log.String())
	}
}
