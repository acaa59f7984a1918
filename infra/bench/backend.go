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

	"github.com/sparekey/sparekey/infra/dynamo"
	"github.com/sparekey/sparekey/infra/dynamo/dynamotest"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/table"
)

// origin is where the functions think that they are reached.
const origin = "https://reset.example.org"

// backend is what the functions talk to.
type backend struct {
	host   *host
	tables []connection
	close  []func()
}

// connection is one way to reach the table, and a function's whole environment
// with it.
type connection struct {
	name string
	env  []string
}

const dynoxide = "Dynoxide"

// open starts Dynoxide with a district in its table, and a Parameter Store. The
// roots are written to a file: this machine's and the TLS endpoint's own.
func open(ctx context.Context, roots string) (b *backend, err error) {
	b = &backend{host: &host{ctx: ctx}}
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("%v", fault)
		}
	}()
	if err := os.Setenv("SPAREKEY_TEST_AWS", "1"); err != nil {
		return nil, err
	}
	rows := dynamotest.Config(b.host)
	d := district.Default("springfield", "Springfield Public Schools")
	d.Office, d.Phone, d.Hours = "Springfield Family Help Desk", "555-0100", "Monday to Friday, 8 AM to 4 PM"
	d.MailFrom, d.SafetyEmail = "no-reply@springfield.example.org", "safety@springfield.example.org"
	if err := district.Save(ctx, table.Store{Table: dynamo.Open(rows), Rand: rand.Reader}, d); err != nil {
		return nil, err
	}
	parameters := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"Parameter":{"Type":"SecureString","Value":"1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}}`)
	}))
	b.close = append(b.close, parameters.Close)
	secured, err := b.secured(rows.Endpoint, roots)
	if err != nil {
		return nil, err
	}
	env := []string{
		"AWS_REGION=" + rows.Region, "AWS_ACCESS_KEY_ID=anybody", "AWS_SECRET_ACCESS_KEY=anything", "TABLE=" + rows.Table,
		"BASE_URL=" + origin, "PEPPER_PARAMETER=/sparekey/pepper", "SSM_ENDPOINT=" + parameters.URL,
		"POOL_ID=" + rows.Region + "_bench", "CLIENT_ID=bench", "CLIENT_SECRET=bench",
		"CONFIGURATION_SET=sparekey", "SEND_RATE=14",
	}
	at := func(name, endpoint string) connection {
		return connection{name: name, env: append(env[:len(env):len(env)], "DYNAMODB_ENDPOINT="+endpoint, "SSL_CERT_FILE="+roots)}
	}
	atOnce := httptest.NewServer(&instant{endpoint: rows.Endpoint})
	b.close = append(b.close, atOnce.Close)
	b.tables = []connection{at(dynoxide, rows.Endpoint), at("a table that answers at once", atOnce.URL), at("Dynoxide over TLS", secured)}
	return b, nil
}

// secured is the same service behind TLS.
func (b *backend) secured(endpoint, roots string) (string, error) {
	at, err := url.Parse(endpoint)
	if err != nil {
		return "", err
	}
	server := httptest.NewTLSServer(httputil.NewSingleHostReverseProxy(at))
	b.close = append(b.close, server.Close)
	all, _ := os.ReadFile("/etc/ssl/certs/ca-certificates.crt") // without it the bundle is small, and the report says how large it was
	own := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	return server.URL, os.WriteFile(roots, append(all, own...), 0o600) //nolint:gosec // a file in our own temporary folder
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
