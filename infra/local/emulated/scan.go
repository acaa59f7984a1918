package emulated

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/table/order"
)

// scan looks at every item, or at every row of an index. People and tests who look
// inside may; no function does.
func (s *Stack) scan(ctx context.Context, in sdk.ScanInput, see func(map[string]types.AttributeValue)) error {
	in.TableName = &s.rows.Table
	pages := sdk.NewScanPaginator(sdk.New(sdk.Options{
		Region: s.rows.Region, BaseEndpoint: &s.rows.Endpoint, Credentials: s.rows.Credentials, HTTPClient: s.rows.HTTP,
	}), &in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("look at the table: %w", err)
		}
		for _, item := range page.Items {
			see(item)
		}
	}
	return nil
}

// keys are those of every item.
func (s *Stack) keys(ctx context.Context) (all []table.Key, err error) {
	in := sdk.ScanInput{ProjectionExpression: aws.String("PK, SK"), ConsistentRead: aws.Bool(true)}
	err = s.scan(ctx, in, func(item map[string]types.AttributeValue) {
		all = append(all, table.Key{PK: text(item["PK"]), SK: text(item["SK"])})
	})
	return all, err
}

// nextDue is the earliest moment at which anything in any queue is due.
func (s *Stack) nextDue(ctx context.Context) (at time.Time, owed bool, err error) {
	err = s.scan(ctx, sdk.ScanInput{IndexName: aws.String("due")}, func(item map[string]types.AttributeValue) {
		queue, _, _ := strings.Cut(text(item["dueQueue"]), "#")
		row, ok := order.Row(table.Range{Index: table.ByDue, Partition: queue}, text(item["dueAt"]))
		if ok && (!owed || row.Due.At.Before(at)) {
			at, owed = row.Due.At, true
		}
	})
	return at, owed, err
}

func text(a types.AttributeValue) string {
	if s, ok := a.(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}
