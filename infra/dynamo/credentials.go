package dynamo

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Credentials are those that Lambda puts into a function's environment, which
// lookup reads ([os.LookupEnv]). They last as long as the process does.
func Credentials(lookup func(name string) (string, bool)) aws.CredentialsProvider {
	id, _ := lookup("AWS_ACCESS_KEY_ID")
	secret, _ := lookup("AWS_SECRET_ACCESS_KEY")
	session, _ := lookup("AWS_SESSION_TOKEN")
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		if id == "" || secret == "" {
			return aws.Credentials{}, errors.New("no AWS credentials in the environment")
		}
		return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret, SessionToken: session}, nil
	})
}
