package dynamo_test

import (
	"testing"

	"github.com/sparekey/sparekey/infra/dynamo/dynamotest"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/table/tabletest"
)

func TestTableKeepsTheContract(t *testing.T) {
	tabletest.Run(t, func(t *testing.T) table.Table { return dynamotest.Open(t) })
}
