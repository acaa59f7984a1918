package dynamo

import (
	"context"

	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// operation is one operation of the SDK's client.
type operation[In, Out any] func(context.Context, *In, ...func(*sdk.Options)) (*Out, error)

// operations are those of the client that the driver uses, one by one. Held whole
// the client would bring all its operations into every program: html/template
// finds methods by name, so the linker keeps each that it can see.
type operations struct {
	GetItem            operation[sdk.GetItemInput, sdk.GetItemOutput]
	BatchGetItem       operation[sdk.BatchGetItemInput, sdk.BatchGetItemOutput]
	Query              operation[sdk.QueryInput, sdk.QueryOutput]
	PutItem            operation[sdk.PutItemInput, sdk.PutItemOutput]
	UpdateItem         operation[sdk.UpdateItemInput, sdk.UpdateItemOutput]
	DeleteItem         operation[sdk.DeleteItemInput, sdk.DeleteItemOutput]
	TransactWriteItems operation[sdk.TransactWriteItemsInput, sdk.TransactWriteItemsOutput]
}

func operationsOf(c *sdk.Client) operations {
	return operations{
		GetItem: c.GetItem, BatchGetItem: c.BatchGetItem, Query: c.Query, PutItem: c.PutItem,
		UpdateItem: c.UpdateItem, DeleteItem: c.DeleteItem, TransactWriteItems: c.TransactWriteItems,
	}
}
