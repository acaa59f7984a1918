package emulator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sparekey/sparekey"
)

// properties are those of one of the template's resources, by CloudFormation's
// names, which are those of the services' own operations too.
func properties(resource string) (map[string]any, error) {
	var t struct {
		Resources map[string]struct {
			Properties map[string]any `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(sparekey.Template, &t); err != nil {
		return nil, fmt.Errorf("read template: %w", err)
	}
	if t.Resources[resource].Properties == nil {
		return nil, fmt.Errorf("the template has no %s", resource)
	}
	return t.Resources[resource].Properties, nil
}

// CreateTable makes the template's table under a name and waits until it is
// there. What an emulator knows nothing of is left away: encryption, recovery.
func CreateTable(ctx context.Context, endpoint, name string) error {
	all, err := properties("Table")
	if err != nil {
		return err
	}
	in := map[string]any{"TableName": name}
	for _, property := range []string{"BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "StreamSpecification"} {
		in[property] = all[property]
	}
	stream, _ := all["StreamSpecification"].(map[string]any)
	in["StreamSpecification"] = map[string]any{"StreamEnabled": true, "StreamViewType": stream["StreamViewType"]}
	if err := ask(ctx, endpoint, "dynamodb", "DynamoDB_20120810.CreateTable", in, nil); err != nil {
		return fmt.Errorf("create table: %w", err)
	}
	if err := awaitTable(ctx, endpoint, name); err != nil {
		return fmt.Errorf("await table: %w", err)
	}
	in = map[string]any{"TableName": name, "TimeToLiveSpecification": all["TimeToLiveSpecification"]}
	if err := ask(ctx, endpoint, "dynamodb", "DynamoDB_20120810.UpdateTimeToLive", in, nil); err != nil {
		return fmt.Errorf("set the broom: %w", err)
	}
	return nil
}

func awaitTable(ctx context.Context, endpoint, name string) error {
	ctx, cancel := context.WithTimeout(ctx, up)
	defer cancel()
	for {
		var out struct{ Table struct{ TableStatus string } }
		err := ask(ctx, endpoint, "dynamodb", "DynamoDB_20120810.DescribeTable", map[string]any{"TableName": name}, &out)
		if err != nil || out.Table.TableStatus == "ACTIVE" {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// DeleteTable removes a table and all that is in it.
func DeleteTable(ctx context.Context, endpoint, name string) error {
	return ask(ctx, endpoint, "dynamodb", "DynamoDB_20120810.DeleteTable", map[string]any{"TableName": name}, nil)
}

// Pool is a user pool and its client.
type Pool struct{ ID, Client, Secret string }

// CreatePool makes the template's user pool and client under a name; but it can be
// removed again.
func CreatePool(ctx context.Context, endpoint, name string) (Pool, error) {
	pool, err := properties("Pool")
	client, err2 := properties("PoolClient")
	if err = errors.Join(err, err2); err != nil {
		return Pool{}, err
	}
	pool["PoolName"], client["ClientName"] = name, name
	delete(pool, "DeletionProtection")
	if policies, ok := pool["Policies"].(map[string]any); ok {
		if rules, ok := policies["PasswordPolicy"].(map[string]any); ok {
			rules["MaximumLength"] = 257 // moto's own: without it, it refuses what Cognito takes
		}
	}
	var made struct {
		UserPool struct {
			ID string `json:"Id"`
		}
		UserPoolClient struct {
			ID     string `json:"ClientId"`
			Secret string `json:"ClientSecret"`
		}
	}
	if err := cognito(ctx, endpoint, "CreateUserPool", pool, &made); err != nil {
		return Pool{}, fmt.Errorf("create user pool: %w", err)
	}
	client["UserPoolId"] = made.UserPool.ID
	if err := cognito(ctx, endpoint, "CreateUserPoolClient", client, &made); err != nil {
		return Pool{}, fmt.Errorf("create user pool client: %w", err)
	}
	return Pool{ID: made.UserPool.ID, Client: made.UserPoolClient.ID, Secret: made.UserPoolClient.Secret}, nil
}

// DeletePool removes a user pool and everybody in it.
func DeletePool(ctx context.Context, endpoint string, p Pool) error {
	return cognito(ctx, endpoint, "DeleteUserPool", map[string]any{"UserPoolId": p.ID}, nil)
}

func cognito(ctx context.Context, endpoint, operation string, in, into any) error {
	return ask(ctx, endpoint, "cognito-idp", "AWSCognitoIdentityProviderService."+operation, in, into)
}

// VerifyDomain lets mail be sent from a domain.
func VerifyDomain(ctx context.Context, endpoint, domain string) error {
	form := url.Values{"Action": {"VerifyDomainIdentity"}, "Version": {"2010-12-01"}, "Domain": {domain}}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	if err := post(ctx, endpoint, "ses", header, []byte(form.Encode()), nil); err != nil {
		return fmt.Errorf("verify %s: %w", domain, err)
	}
	return nil
}

// PutParameter puts a parameter of a kind: String, SecureString.
func PutParameter(ctx context.Context, endpoint, name, kind, value string) error {
	in := map[string]any{"Name": name, "Type": kind, "Value": value, "Overwrite": true}
	if err := ask(ctx, endpoint, "ssm", "AmazonSSM.PutParameter", in, nil); err != nil {
		return fmt.Errorf("put %s: %w", name, err)
	}
	return nil
}
