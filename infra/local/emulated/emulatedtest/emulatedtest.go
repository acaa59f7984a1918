// Package emulatedtest gives a test the backend of its tier: what is in this
// process, or the drivers that are deployed.
//
// Read [Backend] first.
package emulatedtest

import (
	"testing"

	"github.com/sparekey/sparekey/infra/local/emulated"
	"github.com/sparekey/sparekey/infra/local/server"
	"github.com/sparekey/sparekey/infra/tools"
)

// Backend is an empty backend for one test: with SPAREKEY_TEST_AWS=1 one on
// Dynoxide and moto, which are missed if they are missing, else the embedded one.
// So a test says once what has to be, and is run on both.
func Backend(t testing.TB) server.Backend {
	t.Helper()
	if !tools.AWS() {
		return server.Backend{}
	}
	rows, rest := tools.Dynoxide(t), tools.Moto(t)
	at := emulated.Endpoints{DynamoDB: rows, Streams: rows, Cognito: rest, SES: rest}
	stack, backend, err := emulated.Open(t.Context(), at, server.MailDomains())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stack.Close(); err != nil {
			t.Error(err)
		}
	})
	return backend
}
