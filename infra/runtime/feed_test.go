package runtime_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/local/browse"
	"github.com/sparekey/sparekey/infra/runtime"
	"github.com/sparekey/sparekey/infra/template"
	"github.com/sparekey/sparekey/shared/outbox"
	"github.com/sparekey/sparekey/shared/table"
)

// What a whole story does to the table is on the stream; of all that, the courier
// is woken for each request and each notice once, when it is new.
func TestTheFiltersLetNothingPassButWhatIsNewAndOwesMail(t *testing.T) {
	s, maria := parent(t)
	phone := browse.New(t, s.root)
	phone.JSON("/springfield/forgot-password", map[string]string{"username": "mlopez71", "email": maria}, nil).Want(202)
	s.minute("courier")
	link := tokens(texts(s, maria, "/r/"), "/r/")[0]
	phone.JSON("/springfield/set-password", map[string]string{"token": link, "new_password": newWords}, nil).Want(200)
	s.minute("courier")
	phone.JSON("/springfield/sign-in", map[string]string{"username": "mlopez71", "password": newWords}, nil).Want(200)

	all := s.read()
	var owing []string
	events := map[string]bool{}
	for _, record := range all {
		kind, _, _ := strings.Cut(record.PK, "#")
		events[record.Event+" "+kind] = true
		if record.Event == "INSERT" && (kind == "REQUEST" || kind == "NOTICE") {
			owing = append(owing, record.PK)
		}
	}
	for _, seen := range []string{"MODIFY REQUEST", "MODIFY NOTICE", "INSERT TOKEN", "MODIFY ACCOUNT", "REMOVE ACCOUNT", "INSERT AUDIT"} {
		if !events[seen] {
			t.Errorf("the stream has no %s, so nothing is proved of it", seen)
		}
	}
	var passed []string
	for _, record := range deployedPoller(t).passing(t, all) {
		passed = append(passed, record.PK)
	}
	if len(owing) != 2 || !slices.Equal(passed, owing) {
		t.Errorf("passed %v, want %v of %d records", passed, owing, len(all))
	}
	for _, f := range s.deployed.Functions { // the local run reads the same filters with less understanding
		others := slices.DeleteFunc(slices.Clone(all), func(c runtime.Change) bool {
			return !slices.ContainsFunc(f.Feed, func(one template.Filter) bool {
				return one.Event == c.Event && strings.HasPrefix(c.PK, one.Prefix)
			})
		})
		if f.Folder == "courier" && len(others) != len(passed) || f.Folder != "courier" && len(others) > 0 {
			t.Errorf("in the local run %s would get %v", f.Folder, others)
		}
	}
}

func texts(s *stack, to, part string) (all []string) {
	for _, m := range s.ses.taken.All() {
		if m.To[0] == to && strings.Contains(m.Text, part) {
			all = append(all, m.Text)
		}
	}
	return all
}

// One record kills the courier whenever it is handed over. Its neighbours are
// mailed once, by batches that get smaller; it alone is given up and told of at
// the failure destination; and the minute, once that can, mails it all the same.
func TestABatchThatFailsHoldsUpNobodyAndWhatIsGivenUpIsStillDelivered(t *testing.T) {
	s, waiting := families(t, 10)
	poison := waiting[6]
	kills := func(w http.ResponseWriter, r *http.Request, through http.Handler) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if bytes.Contains(body, []byte(poison.PK)) {
			s.process("courier").Kill()
			panic(http.ErrAbortHandler)
		}
		through.ServeHTTP(w, r)
	}
	var handed []int
	var lost [][]runtime.Change
	feed := deployedPoller(t)
	feed.invoke = func(batch []runtime.Change) error {
		handed = append(handed, len(batch))
		_, err := s.process("courier").Invoke(t.Context(), runtime.Stream(batch))
		return err
	}
	feed.gaveUp = func(batch []runtime.Change) { lost = append(lost, batch) }
	s.dynamo.see(kills)
	feed.poll(t, s.read(), 0)
	s.dynamo.see(nil)

	if len(lost) != 1 || len(lost[0]) != 1 || lost[0][0].PK != poison.PK {
		t.Errorf("given up: %v, want %s alone", lost, poison.PK)
	}
	if first := handed[0]; first != 10 || len(handed) > 12 {
		t.Errorf("handed over in batches of %v", handed)
	}
	s.mailedOnce(slices.DeleteFunc(slices.Clone(waiting), func(k table.Key) bool { return k == poison }))
	if r := s.request(poison).Value; r.Outcome != "" || r.Tries != 0 {
		t.Errorf("the record that kills: outcome %q after %d tries", r.Outcome, r.Tries)
	}
	s.minute("courier")
	s.mailedOnce(waiting)
}

// Of a record that is too old the courier hears nothing, and needs to hear nothing.
func TestWhatIsTooOldForTheFeedIsDeliveredByTheMinute(t *testing.T) {
	s, waiting := families(t, 2)
	feed := deployedPoller(t)
	given := 0
	feed.invoke = func([]runtime.Change) error { return errors.New("never called") }
	feed.gaveUp = func(batch []runtime.Change) { given += len(batch) }
	feed.poll(t, s.read(), time.Hour)
	if given != 2 {
		t.Errorf("%d given up, want both", given)
	}
	s.minute("courier")
	s.mailedOnce(waiting)
	if r := s.request(waiting[0]).Value; r.Outcome != outbox.Sent {
		t.Errorf("outcome %q", r.Outcome)
	}
}
