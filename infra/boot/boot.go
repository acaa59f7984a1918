// Package boot is what every function begins with: its settings, its log, the
// table, the districts it knows.
//
// It promises that a function with a fault in its settings never starts: all
// faults are told at once, while Lambda still waits. Connections are made then
// too, all at the same time, so that no family waits for a handshake. It links the table's driver,
// which every function uses, and no other: what else a main imports is what its
// role may do.
//
// Read [Start] first, then any main.
package boot

import (
	"context"
	"crypto/rand"
	"io/fs"
	"log/slog"
	mathrand "math/rand/v2"
	"os"
	"runtime/debug"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/sparekey/sparekey/infra/dynamo"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/settings"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/web"
)

// Start makes the function and hands it to Lambda, or tells what is wrong and
// ends.
func Start(wire func(*settings.Reader) (any, error)) {
	oneBundle()
	debug.SetGCPercent(growth)
	debug.SetMemoryLimit(near)
	handler, err := wire(settings.From(os.LookupEnv))
	if err != nil {
		logger().Error("start", "cause", err.Error())
		os.Exit(1)
	}
	lambda.Start(handler)
}

// The garbage of a start is left lying: it is some 4 MB over TLS, which is just
// where Go would collect it, for a millisecond or two of nothing. Later ones come
// a quarter as often, but for a function that nears the memory it has.
const (
	growth = 400       // per cent
	near   = 384 << 20 // of the template's 512 MB
)

// Base is what every function stands on.
type Base struct {
	Region      string
	Credentials aws.CredentialsProvider
	HTTP        *awshttp.BuildableClient // one for all services: one set of connections
	Log         *slog.Logger

	rows dynamo.Config
}

// From reads the settings that every function has.
func From(env *settings.Reader) Base {
	b := Base{Region: env.String("AWS_REGION"), HTTP: awshttp.NewBuildableClient(), Log: logger()}
	b.Credentials = dynamo.Credentials(func(name string) (string, bool) {
		value := env.Optional(name)
		return value, value != ""
	})
	b.rows = dynamo.Config{
		Table: env.String("TABLE"), Region: b.Region, Endpoint: env.Emulator("DYNAMODB_ENDPOINT"),
		Credentials: b.Credentials, Jitter: Jitter, HTTP: b.HTTP,
	}
	return b
}

// Jitter draws from [0,1).
func Jitter() float64 { return mathrand.Float64() } //nolint:gosec // only so that those who wait together do not come back together

// logger writes Lambda's own format, as its settings have it.
func logger() *slog.Logger { return slog.New(lambdacontext.NewLogHandler()) }

// Store opens the table.
func (b Base) Store() table.Store { return table.Store{Table: dynamo.Open(b.rows), Rand: rand.Reader} }

// fresh is how long a function believes what it has read of a district.
const fresh = time.Minute

// nobody is no district: "x" alone would be no name for one, and this one is
// nobody's. Asking for it makes the connection.
const nobody = "nobody-is-here"

// Districts is the directory, with the connection to the table made.
func (b Base) Districts(store table.Store) *district.Directory {
	d := &district.Directory{Table: store, Now: time.Now, Fresh: fresh}
	_, _ = d.Find(context.Background(), nobody) // the first family will be told if the table is not there
	return d
}

// Edge opens the flow's pages while the connection to the table is made. English
// is read then too: it stands behind every other language. The connection is made
// on the goroutine that will answer, whose stack has then grown for it.
func (b Base) Edge(function string, site web.Site, store table.Store, pages fs.FS) gateway.Edge {
	opened := Begin(func() (*web.Pages, error) {
		i18n.Default.Language(i18n.English)
		return web.Open(site, i18n.Default, pages), nil
	})
	edge := gateway.Edge{Function: function, Districts: b.Districts(store), Log: b.Log, Now: time.Now}
	edge.Pages, _ = opened() // it cannot fail
	return edge
}

// Begin starts what can be done beside the rest of a start, such as a call of a
// service that nothing else waits for. What it returns waits for the outcome.
func Begin[T any](do func() (T, error)) func() (T, error) {
	var (
		outcome T
		err     error
		done    = make(chan struct{})
	)
	go func() {
		defer close(done)
		outcome, err = do()
	}()
	return func() (T, error) {
		<-done
		return outcome, err
	}
}

// Pause waits, or reports false at once where the invocation would be over before
// one more mail could be sent.
func Pause(ctx context.Context, d time.Duration) bool {
	if end, ok := ctx.Deadline(); ok && time.Until(end) < d+lastMail {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

const lastMail = 15 * time.Second
