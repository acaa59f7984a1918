package dynamo

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/sparekey/sparekey/infra/reply"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/table/order"
)

// List implements [table.Table].
func (t *Table) List(ctx context.Context, r table.Range) (items []table.Item, next string, err error) {
	if err := order.CheckRange(r); err != nil {
		return nil, "", err
	}
	after, err := order.After(r)
	if err != nil {
		return nil, "", err
	}
	ctx, cancel, err := t.begin(ctx)
	if err != nil {
		return nil, "", err
	}
	defer cancel()
	if r.Index == table.ByDue {
		return t.listDue(ctx, r, after)
	}
	in, sort := t.ask(r, after)
	rows, more, err := t.query(ctx, in)
	if err != nil {
		return nil, "", err
	}
	if more && len(rows) > 0 {
		next = order.Cursor(textOf(rows[len(rows)-1][sort]))
	}
	items, err = itemsOf(r, rows)
	return items, next, err
}

// ask is the query for a page of the partition itself or of the by index, and
// the attribute that holds a row's position. The partition is read consistently;
// an index cannot be.
func (t *Table) ask(r table.Range, after string) (in *sdk.QueryInput, sort string) {
	in = &sdk.QueryInput{
		TableName:                 t.name,
		Limit:                     aws.Int32(int32(r.Limit)), //nolint:gosec // at most 1000
		ScanIndexForward:          aws.Bool(!r.Newest),
		ExpressionAttributeValues: attributes{":part": text(r.Partition)},
	}
	part, sort := attrPK, attrSK
	if r.Index == table.By {
		part, sort = attrByPart, attrBySort
		in.IndexName = aws.String(indexBy)
	} else {
		in.ConsistentRead = aws.Bool(true)
	}
	keys := part + " = :part"
	if r.Prefix != "" {
		keys += " AND begins_with(" + sort + ", :prefix)"
		in.ExpressionAttributeValues[":prefix"] = text(r.Prefix)
	}
	in.KeyConditionExpression = aws.String(keys)
	if after != "" {
		in.ExclusiveStartKey = start(r, after)
	}
	return in, sort
}

// start is where a page begins: behind a row that may be gone by now. DynamoDB
// takes it as a place, not as an item.
func start(r table.Range, after string) attributes {
	if r.Index == table.Primary {
		return attributesOf(table.Key{PK: r.Partition, SK: after})
	}
	row, _ := order.Row(r, after)
	at := attributesOf(row.Key)
	at[attrByPart], at[attrBySort] = text(r.Partition), text(after)
	return at
}

func (t *Table) query(ctx context.Context, in *sdk.QueryInput) (rows []attributes, more bool, err error) {
	err = t.read(ctx, func() error {
		out, err := t.api.Query(ctx, in)
		if err != nil {
			return reply.Outcome(err)
		}
		rows, more = out.Items, len(out.LastEvaluatedKey) > 0
		return nil
	})
	return rows, more, err
}

func itemsOf(r table.Range, rows []attributes) ([]table.Item, error) {
	items := make([]table.Item, len(rows))
	for i, attrs := range rows {
		items[i].Key = keyOf(attrs)
		if r.Index != table.Primary {
			continue // the key and nothing else, whatever DynamoDB projects
		}
		var err error
		if items[i], err = itemOf(items[i].Key, attrs); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// listDue asks the shards one after the other, on one connection, and merges
// what they hold. Each is asked for a whole page, because all that is due next
// may wait in one; rows are short, so that costs little.
func (t *Table) listDue(ctx context.Context, r table.Range, after string) ([]table.Item, string, error) {
	from, until := "0", order.Until(r.Until)
	if after != "" {
		from = order.Behind(after)
	}
	if from > until {
		return nil, "", nil
	}
	var all []string
	edge, more := until, false
	for n := range shards {
		page, cut, err := t.listShard(ctx, shardName(r.Partition, n), from, until, r.Limit)
		if err != nil {
			return nil, "", err
		}
		all = append(all, page...)
		if cut && len(page) > 0 {
			// Beyond its page this shard is unknown, so nothing beyond may be shown.
			edge, more = min(edge, page[len(page)-1]), true
		}
	}
	return merge(r, all, edge, more)
}

func (t *Table) listShard(ctx context.Context, name, from, until string, limit int) ([]string, bool, error) {
	rows, more, err := t.query(ctx, &sdk.QueryInput{
		TableName:              t.name,
		IndexName:              aws.String(indexDue),
		Limit:                  aws.Int32(int32(limit)), //nolint:gosec // at most 1000
		KeyConditionExpression: aws.String("dueQueue = :queue AND dueAt BETWEEN :from AND :until"),
		ExpressionAttributeValues: attributes{
			":queue": text(name), ":from": text(from), ":until": text(until),
		},
	})
	page := make([]string, len(rows))
	for i, attrs := range rows {
		page[i] = textOf(attrs[attrDueAt])
	}
	return page, more, err
}

// merge makes one page of the shards' pages: in order, and none beyond the edge.
func merge(r table.Range, all []string, edge string, more bool) (items []table.Item, next string, err error) {
	slices.Sort(all)
	last := ""
	for _, at := range all {
		if len(items) == r.Limit || at > edge {
			more = true
			break
		}
		row, _ := order.Row(r, at)
		items, last = append(items, row), at
	}
	if more {
		next = order.Cursor(last)
	}
	return items, next, nil
}
