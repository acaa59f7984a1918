package dynamo

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/sparekey/sparekey/infra/reply"
	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/table/order"
)

// Write implements [table.Table].
//
// One op is written by itself, for half the price of a transaction. A conflict
// with somebody else's transaction is no lost race, because that one may fail; so
// it is tried again, and whoever goes on conflicting was throttled.
func (t *Table) Write(ctx context.Context, ops ...table.Op) error {
	if err := order.CheckWrite(ops); err != nil {
		return err
	}
	ctx, cancel, err := t.begin(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	if len(ops) == 1 && ops[0].Act == table.Check {
		return t.check(ctx, ops[0])
	}
	return t.write(ctx, func() error {
		if len(ops) == 1 {
			return t.single(ctx, ops[0])
		}
		return t.transact(ctx, ops)
	})
}

// check is a consistent read: alone it has nothing to be done together with.
func (t *Table) check(ctx context.Context, op table.Op) error {
	item, err := t.one(ctx, op.Item.Key)
	if err == nil && item.Version != op.Was {
		return &table.Changed{Now: []table.Item{item}}
	}
	return err
}

func (t *Table) single(ctx context.Context, op table.Op) (err error) {
	unchanged, was := condition(op)
	if op.Act == table.Put {
		_, err = t.api.PutItem(ctx, &sdk.PutItemInput{
			TableName: t.name, Item: stored(op.Item),
			ConditionExpression: unchanged, ExpressionAttributeValues: was,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		})
	} else {
		_, err = t.api.DeleteItem(ctx, &sdk.DeleteItemInput{
			TableName: t.name, Key: attributesOf(op.Item.Key),
			ConditionExpression: unchanged, ExpressionAttributeValues: was,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		})
	}
	var failed *types.ConditionalCheckFailedException
	switch {
	case errors.As(err, &failed):
		return lost([]table.Op{op}, []attributes{failed.Item})
	case reply.Code(err) == conflicted:
		return errConflict
	}
	return reply.Outcome(err)
}

func (t *Table) transact(ctx context.Context, ops []table.Op) error {
	parts := make([]types.TransactWriteItem, len(ops))
	for i, op := range ops {
		parts[i] = t.part(op)
	}
	_, err := t.api.TransactWriteItems(ctx, &sdk.TransactWriteItemsInput{TransactItems: parts})
	var canceled *types.TransactionCanceledException
	switch {
	case errors.As(err, &canceled):
		return why(ops, canceled.CancellationReasons)
	case reply.Code(err) == conflicted, reply.Code(err) == inProgress:
		return errConflict
	}
	return reply.Outcome(err)
}

func (t *Table) part(op table.Op) types.TransactWriteItem {
	const old = types.ReturnValuesOnConditionCheckFailureAllOld
	unchanged, was := condition(op)
	switch op.Act {
	case table.Put:
		return types.TransactWriteItem{Put: &types.Put{
			TableName: t.name, Item: stored(op.Item), ConditionExpression: unchanged,
			ExpressionAttributeValues: was, ReturnValuesOnConditionCheckFailure: old,
		}}
	case table.Delete:
		return types.TransactWriteItem{Delete: &types.Delete{
			TableName: t.name, Key: attributesOf(op.Item.Key), ConditionExpression: unchanged,
			ExpressionAttributeValues: was, ReturnValuesOnConditionCheckFailure: old,
		}}
	case table.Check:
	}
	return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
		TableName: t.name, Key: attributesOf(op.Item.Key), ConditionExpression: unchanged,
		ExpressionAttributeValues: was, ReturnValuesOnConditionCheckFailure: old,
	}}
}

// condition demands that the item is as its op says.
func condition(op table.Op) (expression *string, values attributes) {
	if op.Was == "" {
		return aws.String("attribute_not_exists(PK)"), nil
	}
	return aws.String("version = :was"), attributes{":was": text(op.Was)}
}

// DynamoDB's names for what may happen to a write.
const (
	conditionFailed = "ConditionalCheckFailedException"
	conflicted      = "TransactionConflictException"
	inProgress      = "TransactionInProgressException"
)

var errConflict = fmt.Errorf("%w: somebody else's transaction is in the way", port.ErrThrottled)

// why reads what canceled a transaction. Nothing of it was done this time; but
// one of its own items found stored says that all of it was done before.
//
// A conflict beside a failed condition leaves open what the item in conflict is,
// and it may be the one that proves the write done: so it is tried again.
func why(ops []table.Op, reasons []types.CancellationReason) error {
	now := make([]attributes, len(ops))
	var failed []table.Op
	var busy error
	for i, reason := range reasons[:min(len(reasons), len(ops))] {
		switch aws.ToString(reason.Code) {
		case "ConditionalCheckFailed":
			now[len(failed)] = reason.Item
			failed = append(failed, ops[i])
		case "TransactionConflict":
			busy = errConflict
		case "ThrottlingError", "ProvisionedThroughputExceeded":
			busy = fmt.Errorf("%w: a transaction", port.ErrThrottled)
		}
	}
	err := lost(failed, now)
	switch {
	case err == nil && len(failed) > 0:
		return nil
	case busy != nil:
		return busy
	case len(failed) > 0:
		return err
	}
	return fmt.Errorf("%w: a transaction was refused", port.ErrUnavailable)
}

// lost tells a lost race from a lost reply, by what was found where the ops'
// conditions failed.
func lost(failed []table.Op, found []attributes) error {
	changed := &table.Changed{}
	for i, op := range failed {
		item, err := itemOf(op.Item.Key, found[i])
		if err != nil {
			return err
		}
		if op.Act == table.Put && item.Version == op.Item.Version {
			return nil
		}
		changed.Now = append(changed.Now, item)
	}
	return changed
}
