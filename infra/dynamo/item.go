package dynamo

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/table/order"
)

// The attributes of an item. Only PK and SK are always there; a counter has tally
// and no body. An index's sort attribute holds the item's position, which is
// different for every item and so sorts them all.
const (
	attrPK       = "PK"
	attrSK       = "SK"
	attrVersion  = "version"
	attrBody     = "body"
	attrExpires  = "expires"
	attrTally    = "tally"
	attrDueQueue = "dueQueue"
	attrDueAt    = "dueAt"
	attrByPart   = "byPart"
	attrBySort   = "bySort"
)

// The indexes. "by" alone would do, but DynamoDB wants three letters.
const (
	indexDue = "due"
	indexBy  = "by-index"
)

type attributes = map[string]types.AttributeValue

// shards part each due queue: a partition takes 1,000 writes a second, and a
// request is written there four times in its life. There may be more one day, by
// changing this number; never fewer, or what waits in the last ones is forgotten.
const shards = 8

// shard is where in its queue an item waits. It hangs on the key alone, so that
// an item put back for later stays in its shard.
func shard(queue string, k table.Key) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(k.PK + "\x00" + k.SK))
	return shardName(queue, int(h.Sum32()%shards))
}

func shardName(queue string, n int) string { return queue + "#" + strconv.Itoa(n) }

func attributesOf(k table.Key) attributes {
	return attributes{attrPK: text(k.PK), attrSK: text(k.SK)}
}

// stored is an item as attributes. The body is text, not bytes: an operator with
// the right to look should be able to read it.
func stored(i table.Item) attributes {
	attrs := attributesOf(i.Key)
	attrs[attrVersion] = text(i.Version)
	if len(i.Body) > 0 {
		attrs[attrBody] = text(string(i.Body))
	}
	if !i.Expires.IsZero() {
		attrs[attrExpires] = seconds(i.Expires)
	}
	if at := order.Due(i); at != "" {
		attrs[attrDueQueue], attrs[attrDueAt] = text(shard(i.Due.Queue, i.Key)), text(at)
	}
	if at := order.By(i); at != "" {
		attrs[attrByPart], attrs[attrBySort] = text(i.By.PK), text(at)
	}
	return attrs
}

// itemOf is the way back; no attributes are an absent item.
func itemOf(k table.Key, attrs attributes) (table.Item, error) {
	item := table.Item{Key: k, Version: textOf(attrs[attrVersion])}
	if body := textOf(attrs[attrBody]); body != "" {
		item.Body = []byte(body)
	}
	if sum := number(attrs[attrTally]); sum != "" {
		item.Body = fmt.Appendf(nil, `{"count":%s}`, sum)
	}
	if at := number(attrs[attrExpires]); at != "" {
		epoch, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			return item, fmt.Errorf("read %s: expires: %w", k.Kind(), err)
		}
		item.Expires = time.Unix(epoch, 0).UTC()
	}
	if part := textOf(attrs[attrByPart]); part != "" {
		item.By = table.Key{PK: part, SK: order.Sort(textOf(attrs[attrBySort]))}
	}
	return withDue(item, attrs)
}

func withDue(item table.Item, attrs attributes) (table.Item, error) {
	name := textOf(attrs[attrDueQueue])
	if name == "" {
		return item, nil
	}
	queue := name[:max(strings.LastIndexByte(name, '#'), 0)]
	row, ok := order.Row(table.Range{Index: table.ByDue, Partition: queue}, textOf(attrs[attrDueAt]))
	if !ok {
		return item, fmt.Errorf("read %s: due: not a position", item.Kind())
	}
	item.Due = row.Due
	return item, nil
}

func keyOf(attrs attributes) table.Key {
	return table.Key{PK: textOf(attrs[attrPK]), SK: textOf(attrs[attrSK])}
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func textOf(a types.AttributeValue) string {
	if s, ok := a.(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

func number(a types.AttributeValue) string {
	if n, ok := a.(*types.AttributeValueMemberN); ok {
		return n.Value
	}
	return ""
}

func seconds(t time.Time) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(t.Unix(), 10)}
}
