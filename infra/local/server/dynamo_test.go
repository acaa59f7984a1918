package server_test

import (
	"testing"

	"github.com/sparekey/sparekey/infra/dynamo/dynamotest"
)

// The same walk over DynamoDB's own protocol: the second tier.
func TestTheSameOnDynamoDB(t *testing.T) { walk(t, start(t, "", dynamotest.Open(t))) }

func TestEveryRequestHasAnOutcomeOnDynamoDB(t *testing.T) {
	outcomes(t, start(t, "", dynamotest.Open(t)))
}

func TestEnablingAndDisablingLeaveThePasswordOnDynamoDB(t *testing.T) {
	enabling(t, start(t, "", dynamotest.Open(t)))
}

func TestAccountsAreToldAsTheyAreOnDynamoDB(t *testing.T) {
	told(t, start(t, "", dynamotest.Open(t)))
}
