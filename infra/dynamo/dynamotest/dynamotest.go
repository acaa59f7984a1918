// Package dynamotest gives each test an empty table in Dynoxide, which is as the
// template has it.
//
// Read [Open] first, or [Config] for a test that opens the table itself.
package dynamotest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/dynamo"
	"github.com/sparekey/sparekey/infra/emulator"
	"github.com/sparekey/sparekey/infra/tools"
)

// Open makes an empty table in Dynoxide, for one test.
func Open(t testing.TB) *dynamo.Table {
	t.Helper()
	return dynamo.Open(Config(t))
}

var made atomic.Int64

// Config makes an empty table in Dynoxide, for one test that opens it itself.
func Config(t testing.TB) dynamo.Config {
	t.Helper()
	config := dynamo.Config{
		Table:       fmt.Sprintf("sparekey-%d", made.Add(1)),
		Region:      emulator.Region,
		Endpoint:    tools.Dynoxide(t),
		Credentials: Anybody,
		// Everything runs at once here, on a machine that may be busy.
		Deadline: 30 * time.Second,
		HTTP:     emulator.Client,
	}
	if err := emulator.CreateTable(t.Context(), config.Endpoint, config.Table); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := emulator.DeleteTable(context.WithoutCancel(t.Context()), config.Endpoint, config.Table); err != nil {
			t.Error(err)
		}
	})
	return config
}

// Anybody is whom an emulator lets in.
var Anybody = emulator.Anybody
