// Command floor is the least that a function on the table costs: the calls that
// forgot-password makes, through the SDK's client alone, and an answer of nothing.
// What a function takes beyond it is ours; what it takes beyond the no-op is the
// SDK's.
package main

import (
	"context"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func main() {
	f := floor{table: aws.String(os.Getenv("TABLE")), client: dynamodb.New(dynamodb.Options{
		Region: os.Getenv("AWS_REGION"), BaseEndpoint: aws.String(os.Getenv("DYNAMODB_ENDPOINT")),
		Retryer: aws.NopRetryer{}, HTTPClient: awshttp.NewBuildableClient(),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY")}, nil
		}),
	})}
	if err := f.read(context.Background(), "FLOOR#connect"); err != nil {
		panic(err)
	}
	lambda.Start(f.answer)
}

type floor struct {
	table  *string
	client *dynamodb.Client
}

func (f floor) answer(ctx context.Context, _ events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	if err := f.read(ctx, "FLOOR#read"); err != nil {
		return events.APIGatewayProxyResponse{}, err
	}
	_, err := f.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: f.table, Key: key("FLOOR#count"), UpdateExpression: aws.String("ADD tally :by"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":by": &types.AttributeValueMemberN{Value: "1"}},
		ReturnValues:              types.ReturnValueUpdatedNew,
	})
	if err != nil {
		return events.APIGatewayProxyResponse{}, err
	}
	_, err = f.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: f.table, Item: key("FLOOR#put")})
	return events.APIGatewayProxyResponse{StatusCode: 204}, err
}

func (f floor) read(ctx context.Context, pk string) error {
	_, err := f.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: f.table, Key: key(pk), ConsistentRead: aws.Bool(true)})
	return err
}

func key(pk string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"PK": &types.AttributeValueMemberS{Value: pk}, "SK": &types.AttributeValueMemberS{Value: "-"},
	}
}
