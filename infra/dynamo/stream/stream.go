// Package stream reads a table's stream as Lambda's poller does: which items were
// made, changed and removed, by their keys.
//
// It promises every change once to each reader, from the stream's beginning on,
// and those of one shard in their order. It is for whoever plays Lambda on this
// machine; in a deployment Lambda reads. What of it concerns whom, the template's
// filters say.
//
// Read [Reader.Read] first.
package stream

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/sparekey/sparekey/infra/dynamo"
	"github.com/sparekey/sparekey/shared/table"
)

// Change is one record of the stream.
type Change struct {
	ID, Event, Sequence string
	Key                 table.Key
}

// Reader is how far somebody has read. It is for one caller at a time.
type Reader struct {
	api    *sdk.Client
	arn    *string
	shards map[string]*shard
	known  bool // which shards there are
}

// shard is where to go on in one: at next, else behind last, else at its beginning.
type shard struct {
	next, last *string
	ended      bool
}

// Open finds the stream of the table, where c's endpoint has it. A stream that
// carries more than keys is refused: what nobody needs, nobody shall hand around.
func Open(ctx context.Context, c dynamo.Config) (*Reader, error) {
	options := sdk.Options{Region: c.Region, Credentials: c.Credentials, HTTPClient: c.HTTP}
	if c.Endpoint != "" {
		options.BaseEndpoint = aws.String(c.Endpoint)
	}
	r := &Reader{api: sdk.New(options), shards: map[string]*shard{}}
	all, err := r.api.ListStreams(ctx, &sdk.ListStreamsInput{TableName: aws.String(c.Table)})
	if err != nil {
		return nil, fmt.Errorf("list streams: %w", err)
	}
	if len(all.Streams) != 1 {
		return nil, fmt.Errorf("table %s has %d streams, want 1", c.Table, len(all.Streams))
	}
	r.arn = all.Streams[0].StreamArn
	return r, r.look(ctx)
}

// look finds the shards that there are by now.
func (r *Reader) look(ctx context.Context) error {
	var from *string
	for {
		out, err := r.api.DescribeStream(ctx, &sdk.DescribeStreamInput{StreamArn: r.arn, ExclusiveStartShardId: from})
		if err != nil {
			return fmt.Errorf("describe stream: %w", err)
		}
		if kind := out.StreamDescription.StreamViewType; kind != types.StreamViewTypeKeysOnly {
			return fmt.Errorf("the stream carries %s, want keys only", kind)
		}
		for _, found := range out.StreamDescription.Shards {
			if id := aws.ToString(found.ShardId); r.shards[id] == nil {
				r.shards[id] = &shard{}
			}
		}
		if from = out.StreamDescription.LastEvaluatedShardId; from == nil {
			r.known = true
			return nil
		}
	}
}

// Read returns what is new; nothing at all: the stream has no more for now. With
// an error it returns what it had read before, which it will not return again.
func (r *Reader) Read(ctx context.Context) (all []Change, err error) {
	if !r.known {
		if err := r.look(ctx); err != nil {
			return nil, err
		}
	}
	for id, s := range r.shards {
		if s.ended {
			continue
		}
		some, err := r.readShard(ctx, id, s)
		if err != nil {
			return all, err
		}
		all = append(all, some...)
	}
	return all, nil
}

func (r *Reader) readShard(ctx context.Context, id string, s *shard) (all []Change, err error) {
	if s.next == nil {
		if s.next, err = r.iterator(ctx, id, s.last); err != nil {
			return nil, fmt.Errorf("open shard: %w", err)
		}
	}
	out, err := r.api.GetRecords(ctx, &sdk.GetRecordsInput{ShardIterator: s.next})
	if err != nil {
		s.next = nil // it may have been lying about for too long
		return nil, fmt.Errorf("read shard: %w", err)
	}
	for _, record := range out.Records {
		all = append(all, changeOf(record))
		s.last = record.Dynamodb.SequenceNumber
	}
	if s.next = out.NextShardIterator; s.next == nil {
		s.ended, r.known = true, false // others go on from here
	}
	return all, nil
}

func (r *Reader) iterator(ctx context.Context, id string, last *string) (*string, error) {
	in := &sdk.GetShardIteratorInput{StreamArn: r.arn, ShardId: &id, ShardIteratorType: types.ShardIteratorTypeTrimHorizon}
	if last != nil {
		in.ShardIteratorType, in.SequenceNumber = types.ShardIteratorTypeAfterSequenceNumber, last
	}
	out, err := r.api.GetShardIterator(ctx, in)
	if err != nil {
		return nil, err
	}
	return out.ShardIterator, nil
}

func changeOf(record types.Record) Change {
	key := func(name string) string {
		if s, ok := record.Dynamodb.Keys[name].(*types.AttributeValueMemberS); ok {
			return s.Value
		}
		return ""
	}
	return Change{
		ID: aws.ToString(record.EventID), Event: string(record.EventName), Sequence: aws.ToString(record.Dynamodb.SequenceNumber),
		Key: table.Key{PK: key("PK"), SK: key("SK")},
	}
}
