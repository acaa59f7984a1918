// Package dynamo is the table port on Amazon DynamoDB.
//
// It promises what [table.Table] promises, on one table with two indexes whose
// shape the template declares: PK and SK; index due on dueQueue and dueAt; index
// by-index on byPart and bySort; both with keys only. No key, expression or type of the SDK leaves
// this package.
//
// Each index's partition attribute begins with its kind, as PK does, so that the
// template can grant a role its kinds and no others. Attribute names are none of
// DynamoDB's reserved words, which saves naming them twice in each request.
//
// It leaves capacity, recovery, encryption and the stream to the template, and
// the broom to DynamoDB's TTL on the attribute expires.
//
// Read [Table.Write] first: it is the call whose failing must be understood.
package dynamo

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/sparekey/sparekey/infra/reply"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/table/order"
)

// Config says which table, and how to reach it.
type Config struct {
	Table       string
	Region      string
	Endpoint    string // empty: Amazon's own
	Credentials aws.CredentialsProvider
	// Deadline is how long a call may take, 2 s if 0. DynamoDB answers within some
	// milliseconds; after 2 s the answer is lost.
	Deadline time.Duration
	// Jitter draws from [0,1), for callers that wait together not to come back
	// together. It must be safe for concurrent use. Nil: they do.
	Jitter func() float64
	// HTTP sends requests; nil: the SDK's own client.
	HTTP sdk.HTTPClient
	// APIOptions amend the SDK's middleware: what a test puts into its way.
	APIOptions []func(*middleware.Stack) error
}

const deadline = 2 * time.Second

// Table is a [table.Table].
type Table struct {
	config Config
	name   *string
	api    operations
}

var _ table.Table = (*Table)(nil)

// Open makes the table's client. It dials nothing and reads no file: the SDK's
// own way to find its configuration would cost every start of a function some
// milliseconds.
//
// The SDK repeats nothing. It would tell only of the last try: a write whose
// reply was lost and whose repetition was throttled would look like one that was
// not done.
func Open(c Config) *Table {
	c.Deadline = cmp.Or(c.Deadline, deadline)
	options := sdk.Options{
		Region:      c.Region,
		Credentials: c.Credentials,
		Retryer:     aws.NopRetryer{},
		HTTPClient:  c.HTTP,
		APIOptions:  c.APIOptions,
	}
	if c.Endpoint != "" {
		options.BaseEndpoint = aws.String(c.Endpoint)
	}
	return &Table{config: c, name: aws.String(c.Table), api: operationsOf(sdk.New(options))}
}

// Get implements [table.Table].
func (t *Table) Get(ctx context.Context, keys ...table.Key) ([]table.Item, error) {
	for _, k := range keys {
		if err := order.CheckKey(k); err != nil {
			return nil, fmt.Errorf("get %s: %w", k.Kind(), err)
		}
	}
	ctx, cancel, err := t.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	if len(keys) == 1 {
		item, err := t.one(ctx, keys[0])
		if err != nil {
			return nil, err
		}
		return []table.Item{item}, nil
	}
	return t.many(ctx, keys)
}

func (t *Table) one(ctx context.Context, k table.Key) (item table.Item, err error) {
	err = t.read(ctx, func() error {
		out, err := t.api.GetItem(ctx, &sdk.GetItemInput{
			TableName: t.name, Key: attributesOf(k), ConsistentRead: aws.Bool(true),
		})
		if err != nil {
			return reply.Outcome(err)
		}
		item, err = itemOf(k, out.Item)
		return err
	})
	return item, err
}

// Count implements [table.Table].
//
// A lost reply is not asked for again: it would count twice.
func (t *Table) Count(ctx context.Context, key table.Key, by int64, expires time.Time) (sum int64, err error) {
	if err := order.CheckKey(key); err != nil {
		return 0, fmt.Errorf("count %s: %w", key.Kind(), err)
	}
	ctx, cancel, err := t.begin(ctx)
	if err != nil {
		return 0, err
	}
	defer cancel()
	in := t.counting(key, by, expires)
	err = t.write(ctx, func() error {
		out, err := t.api.UpdateItem(ctx, in)
		switch {
		case reply.Code(err) == conditionFailed:
			return fmt.Errorf("count %s: not a counter", key.Kind())
		case reply.Code(err) == conflicted:
			return errConflict
		case err != nil:
			return reply.Outcome(err)
		}
		sum, err = strconv.ParseInt(number(out.Attributes[attrTally]), 10, 64)
		return err
	})
	return sum, err
}

func (t *Table) counting(key table.Key, by int64, expires time.Time) *sdk.UpdateItemInput {
	in := &sdk.UpdateItemInput{
		TableName:           t.name,
		Key:                 attributesOf(key),
		UpdateExpression:    aws.String("SET version = :counter ADD tally :by"),
		ConditionExpression: aws.String("attribute_not_exists(PK) OR version = :counter"),
		ExpressionAttributeValues: attributes{
			":counter": text(order.Counter),
			":by":      &types.AttributeValueMemberN{Value: strconv.FormatInt(by, 10)},
		},
		ReturnValues: types.ReturnValueUpdatedNew,
	}
	if !expires.IsZero() {
		in.UpdateExpression = aws.String(
			"SET version = :counter, expires = if_not_exists(expires, :expires) ADD tally :by")
		in.ExpressionAttributeValues[":expires"] = seconds(expires)
	}
	return in
}

// begin sets a call's deadline, or refuses a call whose time is up already.
func (t *Table) begin(ctx context.Context) (context.Context, context.CancelFunc, error) {
	if err := reply.Over(ctx); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, t.config.Deadline)
	return ctx, cancel, nil
}
