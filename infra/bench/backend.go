package main

import (
	"context"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/dynamo"
	"github.com/sparekey/sparekey/infra/dynamo/dynamotest"
	"github.com/sparekey/sparekey/infra/runtime"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/outbox"
	"github.com/sparekey/sparekey/shared/request"
	"github.com/sparekey/sparekey/shared/table"
)

// origin is where the functions think that they are reached.
const origin = "https://reset.example.org"

const springfield = "springfield"

// backend is what the functions talk to.
type backend struct {
	host   *host
	tables []connection
	fed    table.Store // the table whose requests the feed tells of
	asked  string      // the reference of the latest of them
	close  []func()
}

// connection is one way to reach the tables.
type connection struct {
	name    string
	forgets bool // it keeps nothing
	env     func(rows string) []string
}

// The ways.
const (
	dynoxide = "Dynoxide"
	atOnce   = "a table that answers at once"
	secured  = "Dynoxide over TLS"
)

// open starts Dynoxide with tables that have a district in them, and a Parameter
// Store. The roots are written to a file: this machine's and the TLS endpoints'
// own.
func open(ctx context.Context, roots string) (b *backend, err error) {
	b = &backend{host: &host{ctx: ctx}}
	defer func() {
		if fault := recover(); fault != nil {
			b.Close()
			err = fmt.Errorf("%v", fault)
		}
	}()
	if err := os.Setenv("SPAREKEY_TEST_AWS", "1"); err != nil {
		return nil, err
	}
	rows := map[string]dynamo.Config{}
	for _, name := range []string{"", "quiet", "fed"} {
		rows[name] = dynamotest.Config(b.host)
		if err := founded(ctx, rows[name]); err != nil {
			return nil, err
		}
	}
	b.fed = table.Store{Table: dynamo.Open(rows["fed"]), Rand: rand.Reader}
	endpoint := rows[""].Endpoint
	at := func(name string, forgets bool, endpoint, parameters string) connection {
		return connection{name: name, forgets: forgets, env: func(table string) []string {
			return append(settings(rows[table]), "DYNAMODB_ENDPOINT="+endpoint, "SSM_ENDPOINT="+parameters, "SSL_CERT_FILE="+roots)
		}}
	}
	parameters := b.serve(httptest.NewServer(http.HandlerFunc(pepper)))
	rowsTLS, parametersTLS := b.serve(behindTLS(endpoint)), b.serve(behindTLS(parameters.URL))
	b.tables = []connection{
		at(dynoxide, false, endpoint, parameters.URL),
		at(atOnce, true, b.serve(httptest.NewServer(&instant{endpoint: endpoint})).URL, parameters.URL),
		at(secured, false, rowsTLS.URL, parametersTLS.URL),
	}
	return b, trust(roots, rowsTLS)
}

// founded puts a district into a table.
func founded(ctx context.Context, rows dynamo.Config) error {
	d := district.Default(springfield, "Springfield Public Schools")
	d.Office, d.Phone, d.Hours = "Springfield Family Help Desk", "555-0100", "Monday to Friday, 8 AM to 4 PM"
	d.MailFrom, d.SafetyEmail = "no-reply@springfield.example.org", "safety@springfield.example.org"
	return district.Save(ctx, table.Store{Table: dynamo.Open(rows), Rand: rand.Reader}, d)
}

// settings are a function's environment, but for the endpoints that matter. Those
// of Cognito and SES are nobody's: no first event here reaches them.
func settings(rows dynamo.Config) []string {
	const nobodys = "http://127.0.0.1:1"
	return []string{
		"AWS_REGION=" + rows.Region, "AWS_ACCESS_KEY_ID=anybody", "AWS_SECRET_ACCESS_KEY=anything", "TABLE=" + rows.Table,
		"BASE_URL=" + origin, "PEPPER_PARAMETER=/sparekey/pepper",
		"POOL_ID=" + rows.Region + "_bench", "CLIENT_ID=bench", "CLIENT_SECRET=bench", "COGNITO_ENDPOINT=" + nobodys,
		"CONFIGURATION_SET=sparekey", "SEND_RATE=14", "SES_ENDPOINT=" + nobodys,
	}
}

func pepper(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, `{"Parameter":{"Type":"SecureString","Value":"1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}}`)
}

// filed files a request for an account that is not there, and is the stream's word
// of it.
func (b *backend) filed() []byte {
	reference, err := request.File(b.host.ctx, b.fed, request.Request{
		District: springfield, Flow: request.ForgotPassword, Language: "en", Asked: time.Now(),
		Typed: request.Typed{Username: "mlopez71", Email: "maria.lopez@example.org"},
	})
	if err != nil {
		return nil // the courier will not find it, and the bench end there
	}
	b.asked = reference
	key := request.Key(reference)
	return runtime.Stream([]runtime.Change{{ID: "1", Event: "INSERT", Sequence: "1", PK: key.PK, SK: key.SK}})
}

// decided reports whether the request that was filed last has its outcome.
func (b *backend) decided(answer []byte) error {
	if err := nothing(answer); err != nil {
		return err
	}
	items, err := b.fed.Get(b.host.ctx, request.Key(b.asked))
	if err != nil {
		return err
	}
	row, err := table.As[request.Request](items[0])
	if err == nil && row.Value.Outcome != outbox.NoMatch {
		err = fmt.Errorf("the request's outcome is %q", row.Value.Outcome)
	}
	return err
}

func (b *backend) serve(server *httptest.Server) *httptest.Server {
	b.close = append(b.close, server.Close)
	return server
}

// behindTLS is the same service behind TLS.
func behindTLS(endpoint string) *httptest.Server {
	at, err := url.Parse(endpoint)
	if err != nil {
		panic(err) // one of our own
	}
	return httptest.NewTLSServer(httputil.NewSingleHostReverseProxy(at))
}

// trust writes the roots that the functions trust: as many as a machine has, and
// the one that all of package httptest's servers show.
func trust(roots string, server *httptest.Server) error {
	all, _ := os.ReadFile("/etc/ssl/certs/ca-certificates.crt") // without it the bundle is small, and the handshake quicker
	own := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	return os.WriteFile(roots, append(all, own...), 0o600) //nolint:gosec // a file in our own temporary folder
}

// Close ends all that was started.
func (b *backend) Close() {
	for _, end := range b.close {
		end()
	}
	for _, end := range b.host.ends {
		end()
	}
}

// host lets the bench start what the tests start.
type host struct {
	testing.TB
	ctx  context.Context
	ends []func()
}

func (*host) Helper()                           {}
func (h *host) Context() context.Context        { return h.ctx }
func (h *host) Cleanup(end func())              { h.ends = append(h.ends, end) }
func (*host) Error(args ...any)                 { fmt.Fprintln(os.Stderr, args...) }
func (*host) Fatal(args ...any)                 { panic(fmt.Sprint(args...)) }
func (*host) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
