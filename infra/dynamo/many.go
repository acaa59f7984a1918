package dynamo

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/sparekey/sparekey/infra/reply"
	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/table"
)

// batchSize is what BatchGetItem takes.
const batchSize = 100

// many reads in batches. BatchGetItem knows no key twice and no order, so both
// are restored here.
func (t *Table) many(ctx context.Context, keys []table.Key) ([]table.Item, error) {
	found := make(map[table.Key]table.Item, len(keys))
	var once []attributes
	for _, k := range keys {
		if _, twice := found[k]; !twice {
			found[k] = table.Item{Key: k}
			once = append(once, attributesOf(k))
		}
	}
	for some := range slices.Chunk(once, batchSize) {
		if err := t.batch(ctx, some, found); err != nil {
			return nil, err
		}
	}
	items := make([]table.Item, len(keys))
	for i, k := range keys {
		items[i] = found[k]
		items[i].Body = slices.Clone(items[i].Body)
	}
	return items, nil
}

// batch fills in what is found. What DynamoDB leaves unprocessed is asked for
// again, as if it had been throttled; which it was.
func (t *Table) batch(ctx context.Context, keys []attributes, found map[table.Key]table.Item) error {
	pending := map[string]types.KeysAndAttributes{
		t.config.Table: {Keys: keys, ConsistentRead: aws.Bool(true)},
	}
	return t.read(ctx, func() error {
		out, err := t.api.BatchGetItem(ctx, &sdk.BatchGetItemInput{RequestItems: pending})
		if err != nil {
			return reply.Outcome(err)
		}
		for _, attrs := range out.Responses[t.config.Table] {
			k := keyOf(attrs)
			if found[k], err = itemOf(k, attrs); err != nil {
				return err
			}
		}
		if len(out.UnprocessedKeys) > 0 {
			pending = out.UnprocessedKeys
			return fmt.Errorf("%w: keys left unprocessed", port.ErrThrottled)
		}
		return nil
	})
}
