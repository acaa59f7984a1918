package runtime_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/runtime"
	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/outbox"
	"github.com/sparekey/sparekey/shared/request"
	"github.com/sparekey/sparekey/shared/table"
)

// line is a line of a function's log, as CloudWatch gets it and the alarms' filters
// read it.
type line struct {
	Level   string
	Message string
	Oldest  *int `json:"oldest_seconds"`
	Done    *int
	Failed  *int
	Flow    string
}

// logs are the lines of one process that say so.
func logs(t *testing.T, p *runtime.Process, message string) (all []line) {
	t.Helper()
	for text := range strings.Lines(p.Log()) {
		if !strings.HasPrefix(text, "{") {
			continue // the runtime client's own, of a run that failed
		}
		var one line
		if err := json.Unmarshal([]byte(text), &one); err != nil {
			t.Fatalf("%v in %q", err, text)
		}
		if one.Message == message {
			all = append(all, one)
		}
	}
	return all
}

// late is a parent who asked so long ago, and has no mail yet.
func late(t *testing.T, ago time.Duration) (s *stack, key table.Key, address string) {
	t.Helper()
	s = newStack(t)
	address = "late." + strings.ToLower(s.rows.Table) + "@example.org"
	s.settle(account.Profile{Username: "mlopez71", First: "Maria", Last: "Lopez", Role: district.Guardian, Address: address})
	reference, err := request.File(t.Context(), s.store, request.Request{
		District: "springfield", Flow: request.ForgotPassword, Language: "en", Asked: time.Now().Add(-ago),
		Typed: request.Typed{Username: "mlopez71", Email: address},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, request.Key(reference), address
}

// minutely runs a scheduled function in a process of its own, and returns the one
// line that it writes about the run, even about one that failed.
func (s *stack) minutely(folder string) (*runtime.Process, line) {
	s.t.Helper()
	p := s.another(folder)
	_, err := p.Invoke(s.t.Context(), runtime.Scheduled(time.Now()))
	if failure := (*runtime.Failure)(nil); err != nil && !errors.As(err, &failure) {
		s.t.Fatal(err)
	}
	p.Kill() // so that all it wrote has arrived
	all := logs(s.t, p, "run")
	if len(all) != 1 || all[0].Level != "INFO" || all[0].Oldest == nil || all[0].Done == nil || all[0].Failed == nil {
		s.t.Fatalf("%+v, want one line that says all of it:\n%s", all, p.Log())
	}
	return p, all[0]
}

func (l line) want(t *testing.T, oldest time.Duration, done, failed int) {
	t.Helper()
	at := time.Duration(*l.Oldest) * time.Second
	if at < oldest || at > oldest+5*time.Minute || *l.Done != done || *l.Failed != failed {
		t.Errorf("oldest %v, done %d, failed %d; want about %v, %d, %d", at, *l.Done, *l.Failed, oldest, done, failed)
	}
}

func TestALateRequestIsDelivered(t *testing.T) {
	s, key, address := late(t, outbox.GiveUp-time.Hour)
	_, said := s.minutely("courier")
	said.want(t, 0, 1, 0)
	if r := s.request(key).Value; r.Outcome != outbox.Sent || len(texts(s, address, "/r/")) != 1 {
		t.Errorf("outcome %q, %d mails", r.Outcome, len(texts(s, address, "/r/")))
	}
}

func TestARequestOfADayAgoHasFailedAndIsToldOf(t *testing.T) {
	s, key, address := late(t, outbox.GiveUp)
	p, said := s.minutely("courier")
	said.want(t, 0, 1, 0)
	if r := s.request(key).Value; r.Outcome != outbox.Failed || r.Typed != (request.Typed{}) || len(texts(s, address, "")) != 0 {
		t.Errorf("outcome %q, %d mails, what was typed is erased: %t", r.Outcome, len(texts(s, address, "")), r.Typed == request.Typed{})
	}
	if told := logs(t, p, "failed"); len(told) != 1 || told[0].Level != "ERROR" || told[0].Flow != request.ForgotPassword {
		t.Errorf("told %+v", told)
	}
	if strings.Contains(p.Log(), address) || strings.Contains(p.Log(), "mlopez71") {
		t.Error("the log names somebody")
	}
}

// What cannot be done now is late, and each run says by how much, the sweep's too.
func TestEachMinuteSaysHowLateItIs(t *testing.T) {
	s, _, _ := late(t, 2*time.Hour)
	s.dynamo.see(refusing("PutItem"))
	_, said := s.minutely("courier")
	said.want(t, 2*time.Hour, 0, 0) // it could not even take the run
	s.dynamo.see(refusing("PutItem", "REQUEST#"))
	_, said = s.minutely("courier")
	said.want(t, 2*time.Hour, 0, 1)
	s.dynamo.see(nil)
	_, said = s.minutely("cleanup")
	said.want(t, 0, 0, 0)
}

// refusing throttles an operation wherever all of that is in what is asked.
func refusing(name string, parts ...string) between {
	return func(w http.ResponseWriter, r *http.Request, through http.Handler) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		meant := operation(r) == name
		for _, part := range parts {
			meant = meant && strings.Contains(string(body), part)
		}
		if !meant {
			through.ServeHTTP(w, r)
			return
		}
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"not now"}`)
	}
}
