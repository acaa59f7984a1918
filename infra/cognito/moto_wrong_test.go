package cognito_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"

	"github.com/sparekey/sparekey/infra/emulator"
	"github.com/sparekey/sparekey/shared/credential"
)

// TestMotoIsWrong asserts what moto answers today where Cognito would answer
// something else. A failure here is good news: it says that moto has learned, and
// that a test above may now prove more.
func TestMotoIsWrong(t *testing.T) {
	for _, c := range []struct {
		wrong string
		shown func(*testing.T, pool, *sdk.Client)
	}{
		{"five wrong passwords bring no pause", noPause},
		{"white space at the ends of a password is taken", spaceTaken},
		{"a password of 99 characters is refused, and one without capitals", longRefused},
		{"a wrong password is refused in other words", otherWords},
		{"user names differ by case in a pool where they do not", caseMatters},
		{"an unknown account is told although the client hides it", unknownTold},
		{"a missing secret hash is accepted", noSecretHash},
		{"a flow that is not enabled is accepted", flowNotEnabled},
		{"an attribute that nobody defined is accepted", attributeAccepted},
		{"tokens are good for an hour whatever the client says", hourlyTokens},
		{"the key's name is always dummy", dummyKey},
		{"USER_SRP_AUTH is refused", srpRefused},
		{"a challenge takes the session of its own AdminInitiateAuth and no other", ownSession},
		{"a token cannot be revoked and a pool not be tagged", notThere},
	} {
		t.Run(c.wrong, func(t *testing.T) {
			p := newPool(t)
			c.shown(t, p, sdk.New(sdk.Options{
				Region: emulator.Region, BaseEndpoint: &p.endpoint, Credentials: credentials(), Retryer: aws.NopRetryer{},
			}))
		})
	}
}

// try signs ada in, or whoever is asked for, without any of our driver.
func (p pool) try(ctx context.Context, api *sdk.Client, account, password string) (*sdk.AdminInitiateAuthOutput, error) {
	return api.AdminInitiateAuth(ctx, &sdk.AdminInitiateAuthInput{
		UserPoolId: &p.id, ClientId: &p.client, AuthFlow: types.AuthFlowTypeAdminUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": account, "PASSWORD": password},
	})
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func noPause(t *testing.T, p pool, _ *sdk.Client) {
	s := p.open(nil)
	set(t, s, first)
	for range 9 {
		answers(t, s, other, credential.Wrong)
	}
	answers(t, s, first, credential.Right)
}

func spaceTaken(t *testing.T, p pool, api *sdk.Client) {
	set(t, p.open(nil), first)
	if err := p.set(t, api, " leading-space"); err != nil {
		t.Error(err)
	}
}

func longRefused(t *testing.T, _ pool, api *sdk.Client) {
	made, err := api.CreateUserPool(t.Context(), &sdk.CreateUserPoolInput{
		PoolName: aws.String("as the SDK makes it"),
		Policies: &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{MinimumLength: aws.Int32(8)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	p := pool{id: *made.UserPool.Id}
	if _, err := api.AdminCreateUser(t.Context(), &sdk.AdminCreateUserInput{UserPoolId: &p.id, Username: aws.String(ada)}); err != nil {
		t.Fatal(err)
	}
	if err := p.set(t, api, "Aa1!"+strings.Repeat("x", 94)); err != nil {
		t.Error(err)
	}
	for _, refused := range []string{"Aa1!" + strings.Repeat("x", 95), "aa1!xxxx"} {
		if err := p.set(t, api, refused); code(err) != "InvalidPasswordException" {
			t.Errorf("%q: %v", refused, err)
		}
	}
}

func (p pool) set(t *testing.T, api *sdk.Client, password string) error {
	t.Helper()
	_, err := api.AdminSetUserPassword(t.Context(), &sdk.AdminSetUserPasswordInput{
		UserPoolId: &p.id, Username: aws.String(ada), Password: &password, Permanent: true,
	})
	return err
}

func otherWords(t *testing.T, p pool, api *sdk.Client) {
	set(t, p.open(nil), first)
	_, err := p.try(t.Context(), api, ada, other)
	var refused *types.NotAuthorizedException
	if !errors.As(err, &refused) || refused.ErrorMessage() != ada {
		t.Error(err)
	}
}

func caseMatters(t *testing.T, p pool, api *sdk.Client) {
	set(t, p.open(nil), first)
	if _, err := p.try(t.Context(), api, strings.ToLower(ada), first); code(err) != "UserNotFoundException" {
		t.Error(err)
	}
}

func unknownTold(t *testing.T, p pool, api *sdk.Client) {
	if _, err := p.try(t.Context(), api, ada, first); code(err) != "UserNotFoundException" {
		t.Error(err)
	}
}

func noSecretHash(t *testing.T, p pool, api *sdk.Client) {
	set(t, p.open(nil), first)
	if _, err := p.try(t.Context(), api, ada, first); err != nil {
		t.Error(err)
	}
}

func flowNotEnabled(t *testing.T, p pool, api *sdk.Client) {
	set(t, p.open(nil), first)
	_, err := api.InitiateAuth(t.Context(), &sdk.InitiateAuthInput{
		ClientId: &p.client, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": ada, "PASSWORD": first},
	})
	if err != nil {
		t.Error(err)
	}
}

func attributeAccepted(t *testing.T, p pool, api *sdk.Client) {
	_, err := api.AdminCreateUser(t.Context(), &sdk.AdminCreateUserInput{
		UserPoolId: &p.id, Username: aws.String(ada),
		UserAttributes: []types.AttributeType{{Name: aws.String("custom:nobody"), Value: aws.String("x")}},
	})
	if err != nil {
		t.Error(err)
	}
}

func hourlyTokens(t *testing.T, p pool, api *sdk.Client) {
	set(t, p.open(nil), first)
	out, err := p.try(t.Context(), api, ada, first)
	if err != nil {
		t.Fatal(err)
	}
	if out.AuthenticationResult.ExpiresIn != 3600 {
		t.Errorf("%d s", out.AuthenticationResult.ExpiresIn)
	}
}

func dummyKey(t *testing.T, p pool, _ *sdk.Client) {
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.endpoint+"/"+p.id+"/.well-known/jwks.json", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "cognito-idp." + emulator.Region + ".amazonaws.com"
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	keys, err := io.ReadAll(response.Body)
	if err != nil || !strings.Contains(string(keys), `"kid": "dummy"`) {
		t.Errorf("%v, %s", err, keys)
	}
}

func srpRefused(t *testing.T, p pool, api *sdk.Client) {
	set(t, p.open(nil), first)
	_, err := api.AdminInitiateAuth(t.Context(), &sdk.AdminInitiateAuthInput{
		UserPoolId: &p.id, ClientId: &p.client, AuthFlow: types.AuthFlowTypeUserSrpAuth,
		AuthParameters: map[string]string{"USERNAME": ada, "SRP_A": "ab"},
	})
	if code(err) != "InvalidParameterException" {
		t.Error(err)
	}
}

// ownSession is no wrong answer, but narrower than Cognito's: which is why nothing
// here stands on a challenge.
func ownSession(t *testing.T, p pool, api *sdk.Client) {
	if err := p.open(nil).Set(t.Context(), ada, first, credential.ForOnce); err != nil {
		t.Fatal(err)
	}
	out, err := p.try(t.Context(), api, ada, first)
	if err != nil || out.ChallengeName != types.ChallengeNameTypeNewPasswordRequired {
		t.Fatalf("%+v, %v", out, err)
	}
	for session, want := range map[string]string{"somebody else's": "ResourceNotFoundException", *out.Session: ""} {
		_, err := api.AdminRespondToAuthChallenge(t.Context(), &sdk.AdminRespondToAuthChallengeInput{
			UserPoolId: &p.id, ClientId: &p.client, ChallengeName: out.ChallengeName, Session: &session,
			ChallengeResponses: map[string]string{"USERNAME": ada, "NEW_PASSWORD": other},
		})
		if code(err) != want || (err == nil) != (want == "") {
			t.Errorf("with session %q: %v, want %q", session, err, want)
		}
	}
}

func notThere(t *testing.T, p pool, api *sdk.Client) {
	set(t, p.open(nil), first)
	out, err := p.try(t.Context(), api, ada, first)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := api.RevokeToken(t.Context(), &sdk.RevokeTokenInput{
		ClientId: &p.client, ClientSecret: &p.secret, Token: out.AuthenticationResult.RefreshToken,
	}); err == nil {
		t.Error("a token was revoked")
	}
	if _, err := api.TagResource(t.Context(), &sdk.TagResourceInput{
		ResourceArn: aws.String("arn:aws:cognito-idp:" + emulator.Region + ":123456789012:userpool/" + p.id),
		Tags:        map[string]string{"a": "b"},
	}); err == nil {
		t.Error("a pool was tagged")
	}
}
