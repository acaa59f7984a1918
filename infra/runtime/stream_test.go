package runtime_test

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/sparekey/sparekey/infra/dynamo/dynamotest"
	"github.com/sparekey/sparekey/infra/runtime"
)

// stream is how far the table's stream has been read: where to go on in each
// shard.
type stream struct {
	api *dynamodbstreams.Client
	at  map[string]*string
}

// read returns what is new on the table's stream, from its beginning on.
func (s *stack) read() (batch []runtime.Change) {
	s.t.Helper()
	if s.stream.api == nil {
		s.stream = stream{at: map[string]*string{}, api: dynamodbstreams.New(dynamodbstreams.Options{
			Region: region, BaseEndpoint: &s.rows.Endpoint, Credentials: dynamotest.Anybody,
		})}
		s.shards()
	}
	for shard, at := range s.stream.at {
		out, err := s.stream.api.GetRecords(s.t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: at})
		if err != nil {
			s.t.Fatal(err)
		}
		s.stream.at[shard] = out.NextShardIterator
		for _, record := range out.Records {
			batch = append(batch, changeOf(record))
		}
	}
	return batch
}

func (s *stack) shards() {
	s.t.Helper()
	ctx, api := s.t.Context(), s.stream.api
	all, err := api.ListStreams(ctx, &dynamodbstreams.ListStreamsInput{TableName: &s.rows.Table})
	if err != nil || len(all.Streams) != 1 {
		s.t.Fatalf("%v: %d streams, want 1", err, len(all.Streams))
	}
	arn := all.Streams[0].StreamArn
	described, err := api.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: arn})
	if err != nil {
		s.t.Fatal(err)
	}
	if kind := described.StreamDescription.StreamViewType; kind != types.StreamViewTypeKeysOnly {
		s.t.Fatalf("the stream carries %s", kind)
	}
	for _, shard := range described.StreamDescription.Shards {
		out, err := api.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{
			StreamArn: arn, ShardId: shard.ShardId, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
		})
		if err != nil {
			s.t.Fatal(err)
		}
		s.stream.at[*shard.ShardId] = out.ShardIterator
	}
}

func changeOf(record types.Record) runtime.Change {
	key := func(name string) string {
		if s, ok := record.Dynamodb.Keys[name].(*types.AttributeValueMemberS); ok {
			return s.Value
		}
		return ""
	}
	return runtime.Change{
		ID: aws.ToString(record.EventID), Event: string(record.EventName), Sequence: aws.ToString(record.Dynamodb.SequenceNumber),
		PK: key("PK"), SK: key("SK"),
	}
}
