package cognito

import (
	"context"

	sdk "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

// operation is one operation of the SDK's client.
type operation[In, Out any] func(context.Context, *In, ...func(*sdk.Options)) (*Out, error)

// operations are those of the client that the driver uses, one by one: held whole
// the client would bring its other hundred into every program (see dynamo).
type operations struct {
	AdminInitiateAuth      operation[sdk.AdminInitiateAuthInput, sdk.AdminInitiateAuthOutput]
	AdminSetUserPassword   operation[sdk.AdminSetUserPasswordInput, sdk.AdminSetUserPasswordOutput]
	AdminCreateUser        operation[sdk.AdminCreateUserInput, sdk.AdminCreateUserOutput]
	AdminUserGlobalSignOut operation[sdk.AdminUserGlobalSignOutInput, sdk.AdminUserGlobalSignOutOutput]
	AdminEnableUser        operation[sdk.AdminEnableUserInput, sdk.AdminEnableUserOutput]
	AdminDisableUser       operation[sdk.AdminDisableUserInput, sdk.AdminDisableUserOutput]
}

func operationsOf(c *sdk.Client) operations {
	return operations{
		AdminInitiateAuth: c.AdminInitiateAuth, AdminSetUserPassword: c.AdminSetUserPassword, AdminCreateUser: c.AdminCreateUser,
		AdminUserGlobalSignOut: c.AdminUserGlobalSignOut, AdminEnableUser: c.AdminEnableUser, AdminDisableUser: c.AdminDisableUser,
	}
}
