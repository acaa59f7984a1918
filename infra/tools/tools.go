package tools

import (
	"context"
	"os"
	"sync"
	"testing"

	"github.com/sparekey/sparekey/infra/emulator"
)

// AWS reports whether the second tier is switched on.
func AWS() bool { return os.Getenv("SPAREKEY_TEST_AWS") == "1" }

// Dynoxide returns the endpoint of Dynoxide, which plays DynamoDB.
func Dynoxide(t testing.TB) string {
	t.Helper()
	return endpoint(t, "Dynoxide", dynoxide)
}

// Moto returns the endpoint of moto, which plays Cognito and SES.
func Moto(t testing.TB) string {
	t.Helper()
	return endpoint(t, "moto", moto)
}

// Each is started once, for the first test that asks, and outlives it.
var (
	dynoxide = once(emulator.Dynoxide)
	moto     = once(emulator.Moto)
)

func once(start func(context.Context) (*emulator.Emulator, error)) func() (*emulator.Emulator, error) {
	return sync.OnceValues(func() (*emulator.Emulator, error) { return start(context.Background()) })
}

func endpoint(t testing.TB, name string, started func() (*emulator.Emulator, error)) string {
	t.Helper()
	if !AWS() {
		t.Skipf("second tier: set SPAREKEY_TEST_AWS=1 to run this against %s", name)
	}
	e, err := started()
	if err != nil {
		t.Fatal(err)
	}
	return e.URL
}
