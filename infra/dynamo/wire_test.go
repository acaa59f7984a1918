package dynamo_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/dynamo"
	"github.com/sparekey/sparekey/infra/dynamo/dynamotest"
	"github.com/sparekey/sparekey/shared/table"
)

// wire stands where the network is. The SDK behind it is the real one, so what
// comes over it is read as in production.
type wire struct {
	t       *testing.T
	answers []answer // one for each request; the last for all that follow
	calls   []call
}

type answer func(*http.Request) (*http.Response, error)

// call is a request as it was sent.
type call struct {
	operation string
	body      string
}

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.t.Error(err)
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	w.calls = append(w.calls, call{operation, string(body)})
	next := w.answers[0]
	if len(w.answers) > 1 {
		w.answers = w.answers[1:]
	}
	return next(r)
}

// over opens a table that is answered so.
func over(t *testing.T, answers ...answer) (*dynamo.Table, *wire) {
	t.Helper()
	w := &wire{t: t, answers: answers}
	return dynamo.Open(dynamo.Config{
		Table: "sparekey", Region: "eu-central-1", Endpoint: "http://127.0.0.1:1",
		Credentials: dynamotest.Anybody, Jitter: func() float64 { return 0 }, HTTP: w,
	}), w
}

func says(status int, body string) answer {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Request: r, ContentLength: int64(len(body)),
			Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
			Body:   io.NopCloser(strings.NewReader(body)),
		}, nil
	}
}

var fine = says(http.StatusOK, `{}`)

// refuses answers with one of DynamoDB's errors; more is JSON beside its name.
func refuses(status int, code, more string) answer {
	return says(status, fmt.Sprintf(`{"__type":"com.amazonaws.dynamodb.v20120810#%s","message":"homer.simpson"%s}`, code, more))
}

// cancels a transaction, with a reason for each op.
func cancels(reasons ...string) answer {
	return refuses(http.StatusBadRequest, "TransactionCanceledException",
		`,"CancellationReasons":[`+strings.Join(reasons, ",")+`]`)
}

const (
	none      = `{"Code":"None"}`
	conflict  = `{"Code":"TransactionConflict","Message":"homer.simpson"}`
	throttled = `{"Code":"ThrottlingError"}`
	exceeded  = `{"Code":"ProvisionedThroughputExceeded"}`
	invalid   = `{"Code":"ValidationError"}`
)

// failed is the reason of an op whose item is there at this version, or absent.
func failed(k table.Key, version string) string {
	if version == "" {
		return `{"Code":"ConditionalCheckFailed"}`
	}
	return `{"Code":"ConditionalCheckFailed","Item":` + stored(k, version) + `}`
}

func stored(k table.Key, version string) string {
	item, err := json.Marshal(map[string]map[string]string{
		"PK": {"S": k.PK}, "SK": {"S": k.SK}, "version": {"S": version}, "body": {"S": `{}`},
	})
	if err != nil {
		panic(err)
	}
	return string(item)
}

func breaks(err error) answer {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

var (
	errReset   = &net.OpError{Op: "read", Net: "tcp", Err: errors.New("connection reset by peer")}
	errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	errNoHost  = &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", IsNotFound: true}}
)

// hangs until the caller has had enough.
func hangs(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

var (
	token = table.K("TOKEN", "homer.simpson")
	state = table.K("ACCOUNT", "homer.simpson").At("STATE")
	noon  = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
)

func put(k table.Key, version, was string) table.Op {
	return table.Op{Act: table.Put, Item: table.Item{Key: k, Version: version, Body: []byte(`{}`)}, Was: was}
}

func drop(k table.Key, was string) table.Op {
	return table.Op{Act: table.Delete, Item: table.Item{Key: k}, Was: was}
}

func check(k table.Key, was string) table.Op {
	return table.Op{Act: table.Check, Item: table.Item{Key: k}, Was: was}
}
