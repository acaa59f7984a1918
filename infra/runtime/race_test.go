package runtime_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/sparekey/sparekey/infra/dynamo/dynamotest"
	"github.com/sparekey/sparekey/infra/runtime"
	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/notice"
	"github.com/sparekey/sparekey/shared/outbox"
	"github.com/sparekey/sparekey/shared/request"
	"github.com/sparekey/sparekey/shared/table"
)

// families makes so many parents, each of whom has asked for a link and waits.
func families(t *testing.T, n int) (s *stack, waiting []table.Key) {
	t.Helper()
	s = newStack(t)
	people := make([]account.Profile, n)
	for i := range people {
		people[i] = account.Profile{
			Username: fmt.Sprintf("parent%d", i), First: "Pat", Last: "Example", Role: district.Guardian,
			Address: fmt.Sprintf("parent%d.%s@example.org", i, strings.ToLower(s.rows.Table)),
		}
	}
	s.settle(people...)
	for _, who := range people {
		reference, err := request.File(t.Context(), s.store, request.Request{
			District: "springfield", Flow: request.ForgotPassword, Language: "en", Asked: time.Now(),
			Typed: request.Typed{Username: who.Username, Email: who.Address},
		})
		if err != nil {
			t.Fatal(err)
		}
		waiting = append(waiting, request.Key(reference))
	}
	return s, waiting
}

// mailedOnce checks that each of the families got one mail, and that every
// request says so.
func (s *stack) mailedOnce(waiting []table.Key) {
	s.t.Helper()
	mailed, mine := s.sent(), 0
	for address, n := range mailed {
		if !strings.HasSuffix(address, "."+strings.ToLower(s.rows.Table)+"@example.org") {
			continue
		}
		if mine++; n != 1 {
			s.t.Errorf("%s got %d mails", address, n)
		}
	}
	if mine != len(waiting) {
		s.t.Errorf("%d families got a mail, want %d", mine, len(waiting))
	}
	for _, key := range waiting {
		if r := s.request(key).Value; r.Outcome != outbox.Sent || r.Tries != 1 {
			s.t.Errorf("outcome %q after %d tries", r.Outcome, r.Tries)
		}
	}
}

// The stream hands every record to two couriers, forwards and backwards, while
// the minute comes twice.
func TestCouriersThatRaceMailEachRequestOnce(t *testing.T) {
	s, waiting := families(t, 200)
	var batch []runtime.Change
	for part := s.read(); len(part) > 0; part = s.read() {
		batch = append(batch, part...)
	}
	batch = deployedPoller(t).passing(t, batch)
	if len(batch) != len(waiting) {
		t.Fatalf("the stream has %d requests, want %d", len(batch), len(waiting))
	}
	backwards := slices.Clone(batch)
	slices.Reverse(backwards)

	var work sync.WaitGroup
	for _, events := range [][][]byte{
		{runtime.Scheduled(time.Now())}, {runtime.Scheduled(time.Now())}, streamed(batch), streamed(backwards),
	} {
		courier := s.another("courier")
		work.Go(func() {
			for _, event := range events {
				if _, err := courier.Invoke(t.Context(), event); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	s.mailedOnce(waiting)
	s.minute("courier")
	s.mailedOnce(waiting)
}

func streamed(batch []runtime.Change) (events [][]byte) {
	for part := range slices.Chunk(batch, 10) {
		events = append(events, runtime.Stream(part))
	}
	return events
}

const (
	bystanders = 100_000
	alive      = 300
)

// A hundred thousand rows that owe nothing lie about, some hundreds owe something.
// The minutes find just those, without a Scan and without looking at anything
// else.
func TestTheMinutesLookAtNothingButWhatIsDue(t *testing.T) {
	d := owing(t, alive/2) // as many requests and notices, changes and sign-outs
	d.crowd(bystanders)
	d.sweepsAmong(t, bystanders)
	began := time.Now()
	d.minutes("courier", request.Queue, notice.Queue)
	calls, looked := d.dynamo.reset()
	d.paid()
	t.Logf("%v for %d mails among %d rows; calls %v; %d rows looked at by queries", time.Since(began).Round(time.Millisecond),
		3*d.n, bystanders, calls, looked)

	d.onlyLooksUp(calls)
	// Each mail is found once in its queue, and a request's address once; a page of
	// the queue that is read again while it empties may show some twice.
	if most := 4 * 3 * d.n; looked > most {
		t.Errorf("queries looked at %d rows, want %d at most", looked, most)
	}
	total := 0
	for _, n := range calls {
		total += n
	}
	if most := 25 * 3 * d.n; total > most {
		t.Errorf("%d calls, want %d at most", total, most)
	}

	d.lapse(table.K("RUN", "courier"))
	d.dynamo.reset()
	d.minute("courier")
	d.minute("cleanup")
	if calls, looked := d.dynamo.reset(); looked != 0 || calls["PutItem"] > 2 {
		t.Errorf("with nothing due it looked at %d rows, with %v", looked, calls)
	}
}

// onlyLooksUp demands that nothing was called that looks at more than it names.
func (s *stack) onlyLooksUp(calls map[string]int) {
	s.t.Helper()
	allowed := []string{"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"}
	for operation := range maps.Keys(calls) {
		if !slices.Contains(allowed, operation) {
			s.t.Errorf("%d calls of %s", calls[operation], operation)
		}
	}
}

// crowd puts rows that owe nothing: what a district leaves behind in a year.
func (s *stack) crowd(n int) {
	s.t.Helper()
	api := sdk.New(sdk.Options{Region: s.rows.Region, BaseEndpoint: &s.rows.Endpoint, Credentials: dynamotest.Anybody})
	// Dynoxide writes slower the longer the stream is; nobody reads this one.
	if _, err := api.UpdateTable(s.t.Context(), &sdk.UpdateTableInput{
		TableName: &s.rows.Table, StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(false)},
	}); err != nil {
		s.t.Fatal(err)
	}
	rows := make([]types.WriteRequest, n)
	for i := range rows {
		rows[i] = types.WriteRequest{PutRequest: &types.PutRequest{Item: plain(i)}}
	}
	for chunk := range slices.Chunk(rows, 25) {
		if err := s.put(s.t.Context(), api, chunk); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *stack) put(ctx context.Context, api *sdk.Client, chunk []types.WriteRequest) error {
	out, err := api.BatchWriteItem(ctx, &sdk.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{s.rows.Table: chunk}})
	if err == nil && len(out.UnprocessedItems) > 0 {
		err = fmt.Errorf("%d rows were not put", len(out.UnprocessedItems[s.rows.Table]))
	}
	return err
}

// plain is a row of one of the kinds that there are most of. Requests that are
// done are among them: they have left the queue.
func plain(i int) map[string]types.AttributeValue {
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	body, _ := json.Marshal(map[string]any{"outcome": outbox.Sent, "district": "springfield", "n": i})
	partition := []string{"REQUEST#OLD%05d", "TOKEN#old%05d", "SESSION#old%05d", "AUDIT#springfield#person-%05d", "NOTICE#old%05d"}[i%5]
	return map[string]types.AttributeValue{
		"PK": text(fmt.Sprintf(partition, i)), "SK": text("-"), "version": text("v"), "body": text(string(body)),
	}
}
