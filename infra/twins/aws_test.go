package twins_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	sesapi "github.com/aws/aws-sdk-go-v2/service/ses"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/sparekey/sparekey/infra/cognito"
	"github.com/sparekey/sparekey/infra/dynamo"
	"github.com/sparekey/sparekey/infra/dynamo/dynamotest"
	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/infra/emulator"
	"github.com/sparekey/sparekey/infra/gate"
	"github.com/sparekey/sparekey/infra/ses"
	"github.com/sparekey/sparekey/infra/tools"
	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/table"
)

// newPool is the template's user pool, in moto; all worlds share it, for each
// Maria has an id of her own. Mail may be sent from her district.
func newPool(t *testing.T) emulator.Pool {
	t.Helper()
	made, err := emulator.CreatePool(t.Context(), tools.Moto(t), "twins")
	if err == nil {
		err = emulator.VerifyDomain(t.Context(), tools.Moto(t), "springfield.example.org")
	}
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// awsWorld is the world of a deployment, on emulators. Its calls fail in the
// SDK's middleware.
func awsWorld(t *testing.T, w *world, p emulator.Pool) {
	t.Helper()
	wire := &wire{world: w, box: embedded.NewMailbox(w.Now)}
	options := []func(*middleware.Stack) error{wire.into}
	config := dynamotest.Config(t)
	users := cognito.Config{
		Pool: p.ID, Client: p.Client, ClientSecret: p.Secret, Region: emulator.Region, Endpoint: tools.Moto(t), Credentials: dynamotest.Anybody,
		Jitter: func() float64 { return 0 }, APIOptions: options,
	}
	post := ses.Config{
		ConfigurationSet: "sparekey", Region: emulator.Region, Endpoint: tools.Moto(t), Credentials: dynamotest.Anybody, APIOptions: options,
	}
	scan := dynamodb.New(dynamodb.Options{Region: config.Region, Credentials: config.Credentials, BaseEndpoint: &config.Endpoint, HTTPClient: config.HTTP})
	config.APIOptions, config.Jitter = options, func() float64 { return 0 }
	rows := dynamo.Open(config)
	w.open(drivers{
		rows: rows, passwords: cognito.Open(users), mails: ses.Open(post), taken: wire.box,
		dump:      func() []table.Item { return everything(w, scan, config.Table, rows) },
		signedOut: func() int { return wire.signOuts },
		around: func(_ context.Context, _ gate.Call, do func() error) error {
			wire.met, wire.sent, wire.within = w.met(), 0, true
			defer func() { wire.met, wire.within = nil, false }()
			return do()
		},
	})
}

// everything is all that the table holds.
func everything(w *world, api *dynamodb.Client, name string, rows table.Table) []table.Item {
	w.Helper()
	var keys []table.Key
	for pages := dynamodb.NewScanPaginator(api, &dynamodb.ScanInput{TableName: &name, ProjectionExpression: aws.String("PK, SK")}); pages.HasMorePages(); {
		page, err := pages.NextPage(w.Context())
		w.fatal(err)
		for _, row := range page.Items {
			keys = append(keys, table.Key{PK: text(row["PK"]), SK: text(row["SK"])})
		}
	}
	items, err := rows.Get(w.Context(), keys...)
	w.fatal(err)
	return items
}

// wire stands between the SDK and the network.
type wire struct {
	world    *world
	box      *embedded.Mailbox
	sending  mail.Mail // what the operation going on would hand to the mail service
	met      *fault    // what the call of the port that is going on meets
	sent     int       // operations of that call so far
	within   bool      // a call of a port is going on
	signOuts int       // that Cognito has done
}

// into is the option of the SDK's that puts the wire at the bottom of its stack:
// what is handed up from here is all that the SDK ever sees of the network.
func (x *wire) into(stack *middleware.Stack) error {
	look := middleware.InitializeMiddlewareFunc("look", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		if m, mails := in.Parameters.(*sesapi.SendRawEmailInput); mails {
			x.sending = mail.Mail{From: *m.Source, To: m.Destinations[0], Raw: m.RawMessage.Data}
		}
		return next.HandleInitialize(ctx, in)
	})
	fail := middleware.DeserializeMiddlewareFunc("fail", func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
		return x.pass(ctx, in, next)
	})
	if err := stack.Initialize.Add(look, middleware.After); err != nil {
		return err
	}
	return stack.Deserialize.Add(fail, middleware.After)
}

// pass lets an operation through, or fails it.
func (x *wire) pass(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (out middleware.DeserializeOutput, metadata middleware.Metadata, err error) {
	operation := awsmiddleware.GetOperationName(ctx)
	if w := x.world; w.acts && x.within {
		last := &w.calls[len(w.calls)-1]
		last.operations = append(last.operations, operation)
	}
	x.sent++
	if x.met == nil || !x.met.lasting && x.sent != x.met.operation+1 {
		return x.through(ctx, in, next, operation)
	}
	x.world.befell = append(x.world.befell, failing(operation, x.met.fate))
	switch x.met.fate {
	case throttled:
		out.RawResponse = refusal(operation, "throttled")
		return out, metadata, nil
	case conflict:
		out.RawResponse = refusal(operation, "conflict")
		return out, metadata, nil
	case unavailable:
		return out, metadata, &smithyhttp.RequestSendError{Err: &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}}
	case timeout:
		over, cancel := context.WithDeadline(ctx, time.Now().Add(-time.Second))
		defer cancel()
		return next.HandleDeserialize(over, in)
	}
	if out, metadata, err = x.through(ctx, in, next, operation); err != nil {
		return out, metadata, err
	}
	if response, ok := out.RawResponse.(*smithyhttp.Response); ok {
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
	}
	return middleware.DeserializeOutput{}, metadata, &smithyhttp.RequestSendError{Err: io.ErrUnexpectedEOF}
}

// through sends an operation, keeps what the mail service took, and counts the
// sign-outs that Cognito did.
func (x *wire) through(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler, operation string) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	response, ok := out.RawResponse.(*smithyhttp.Response)
	if err != nil || !ok || response.StatusCode != http.StatusOK {
		return out, metadata, err
	}
	switch operation {
	case "SendRawEmail":
		_, err = x.box.Send(ctx, x.sending)
	case "AdminUserGlobalSignOut":
		x.signOuts++
	}
	return out, metadata, err
}

// refusal is what a service answers to an operation, in its own words.
func refusal(operation, how string) *smithyhttp.Response {
	code, more, kind := "ThrottlingException", "", "application/x-amz-json-1.0"
	switch {
	case operation == "SendRawEmail":
		return respond("text/xml", `<ErrorResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><Error><Type>Sender</Type>
			<Code>Throttling</Code><Message>Maximum sending rate exceeded.</Message></Error><RequestId>1</RequestId></ErrorResponse>`)
	case strings.HasPrefix(operation, "Admin"):
		code, kind = "TooManyRequestsException", "application/x-amz-json-1.1"
	case how == "conflict" && operation == "TransactWriteItems":
		code, more = "TransactionCanceledException", `,"CancellationReasons":[{"Code":"None"},{"Code":"TransactionConflict"}]`
	case how == "conflict":
		code = "TransactionConflictException"
	case operation == "TransactWriteItems":
		code, more = "TransactionCanceledException", `,"CancellationReasons":[{"Code":"ThrottlingError"},{"Code":"None"}]`
	}
	return respond(kind, fmt.Sprintf(`{"__type":"com.amazonaws#%s","message":"not now"%s}`, code, more))
}

func respond(kind, body string) *smithyhttp.Response {
	return &smithyhttp.Response{Response: &http.Response{
		StatusCode: http.StatusBadRequest, Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(strings.NewReader(body)),
	}}
}
