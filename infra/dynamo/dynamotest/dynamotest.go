// Package dynamotest makes the table that package dynamo stands on, where the
// template does not: in the tests and beside an emulator.
//
// It promises the keys, indexes, projections, stream and TTL of the template's
// table. It leaves to the template what an emulator knows nothing of: encryption,
// recovery, alarms.
//
// Read [Open] first, or [Create] to make a table for a process of its own.
package dynamotest

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/sparekey/sparekey/infra/dynamo"
	"github.com/sparekey/sparekey/infra/tools"
)

// Open makes an empty table in Dynoxide, for one test.
func Open(t testing.TB) *dynamo.Table {
	t.Helper()
	return dynamo.Open(Config(t))
}

var made atomic.Int64

// Config makes an empty table in Dynoxide, for one test that opens it itself.
func Config(t testing.TB) dynamo.Config {
	t.Helper()
	config := dynamo.Config{
		Table:       fmt.Sprintf("sparekey-%d", made.Add(1)),
		Region:      "eu-central-1",
		Endpoint:    tools.Dynoxide(t),
		Credentials: Anybody,
		// Everything runs at once here, on a machine that may be busy.
		Deadline: 30 * time.Second,
		HTTP:     &http.Client{Transport: transport},
	}
	if err := Create(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := Delete(context.WithoutCancel(t.Context()), config); err != nil {
			t.Error(err)
		}
	})
	return config
}

// transport is shared by all tables, so that a thousand tests do not leave a
// thousand connections behind.
var transport = &http.Transport{MaxIdleConnsPerHost: 64}

// Anybody is whom an emulator lets in.
var Anybody = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "anybody", SecretAccessKey: "anything"}, nil
})

// Create makes the table and waits until it is there.
func Create(ctx context.Context, c dynamo.Config) error {
	api, name := client(c), aws.String(c.Table)
	_, err := api.CreateTable(ctx, &sdk.CreateTableInput{
		TableName:              name,
		BillingMode:            types.BillingModePayPerRequest,
		AttributeDefinitions:   texts("PK", "SK", "dueQueue", "dueAt", "byPart", "bySort"),
		KeySchema:              keys("PK", "SK"),
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{index("due", "dueQueue", "dueAt"), index("by-index", "byPart", "bySort")},
		StreamSpecification: &types.StreamSpecification{
			StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeKeysOnly,
		},
	})
	if err != nil {
		return fmt.Errorf("create table: %w", err)
	}
	there := sdk.NewTableExistsWaiter(api, func(o *sdk.TableExistsWaiterOptions) { o.MinDelay = 50 * time.Millisecond })
	if err := there.Wait(ctx, &sdk.DescribeTableInput{TableName: name}, time.Minute); err != nil {
		return fmt.Errorf("await table: %w", err)
	}
	_, err = api.UpdateTimeToLive(ctx, &sdk.UpdateTimeToLiveInput{
		TableName: name,
		TimeToLiveSpecification: &types.TimeToLiveSpecification{
			AttributeName: aws.String("expires"), Enabled: aws.Bool(true),
		},
	})
	if err != nil {
		return fmt.Errorf("set the broom: %w", err)
	}
	return nil
}

// Delete removes the table and all that is in it.
func Delete(ctx context.Context, c dynamo.Config) error {
	_, err := client(c).DeleteTable(ctx, &sdk.DeleteTableInput{TableName: aws.String(c.Table)})
	return err
}

func client(c dynamo.Config) *sdk.Client {
	options := sdk.Options{Region: c.Region, Credentials: c.Credentials, HTTPClient: c.HTTP}
	if c.Endpoint != "" {
		options.BaseEndpoint = aws.String(c.Endpoint)
	}
	return sdk.New(options)
}

func texts(names ...string) []types.AttributeDefinition {
	all := make([]types.AttributeDefinition, len(names))
	for i, name := range names {
		all[i] = types.AttributeDefinition{AttributeName: aws.String(name), AttributeType: types.ScalarAttributeTypeS}
	}
	return all
}

func keys(partition, sort string) []types.KeySchemaElement {
	return []types.KeySchemaElement{
		{AttributeName: aws.String(partition), KeyType: types.KeyTypeHash},
		{AttributeName: aws.String(sort), KeyType: types.KeyTypeRange},
	}
}

func index(name, partition, sort string) types.GlobalSecondaryIndex {
	return types.GlobalSecondaryIndex{
		IndexName:  aws.String(name),
		KeySchema:  keys(partition, sort),
		Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
	}
}
