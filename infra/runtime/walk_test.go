package runtime_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/local/browse"
	"github.com/sparekey/sparekey/infra/runtime"
	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/outbox"
	"github.com/sparekey/sparekey/shared/request"
	"github.com/sparekey/sparekey/shared/table"
)

const (
	oldWords = "purple-kite-river-71"
	newWords = "seven quiet herons dancing"
)

// parent is the service with one parent in it, whose address is nobody else's.
func parent(t *testing.T) (s *stack, address string) {
	t.Helper()
	s = newStack(t)
	address = "maria." + strings.ToLower(s.rows.Table) + "@example.org"
	s.settle(account.Profile{Username: "mlopez71", First: "Maria", Last: "Lopez", Role: district.Guardian, Address: address})
	if err := s.users.Set(t.Context(), "person-0000", oldWords, credential.Permanent); err != nil {
		t.Fatal(err)
	}
	return s, address
}

// The whole story on the programs that are deployed.
func TestAParentGetsBackInThroughTheRealPrograms(t *testing.T) {
	s, maria := parent(t)
	phone := browse.New(t, s.root)
	phone.Open("/springfield").Want(200, "Springfield Public Schools", "I forgot my password")
	sent := phone.Open("/springfield/forgot-password").Want(200).
		Submit("/forgot-password", map[string]string{"username": "mlopez71", "email": maria})
	sent.Want(202, maria)

	letter := phone.LastMail(maria, 1)
	form := phone.Open(letter.Link(t, "/r/")).Want(200, "mlopez71")
	form.Submit("/set-password", map[string]string{"new_password": "short", "new_password_again": "short"}).Want(422)
	form.Submit("/set-password", map[string]string{"new_password": newWords, "new_password_again": newWords}).Want(200)
	phone.Open(letter.Link(t, "/r/")).Want(410)

	home := phone.Open("/springfield/sign-in").Submit("/sign-in", map[string]string{"username": "MLopez71", "password": newWords})
	home.Want(200, "Maria Lopez", "mlopez71")
	browse.New(t, s.root).Open("/springfield/sign-in").
		Submit("/sign-in", map[string]string{"username": "mlopez71", "password": oldWords}).Want(422)

	link := phone.LastMail(maria, 2).Link(t, "/not-me/")
	_, at, _ := strings.Cut(link, "/not-me/")
	phone.Open(link).Want(200).Submit(at, map[string]string{"confirm": "yes"}).Want(200, "3 days")
	phone.Open("/springfield/home").Want(401)
	phone.JSON("/springfield/sign-in", map[string]string{"username": "mlopez71", "password": newWords}, nil).Want(422)
	if told := len(phone.Mails("safety@springfield.example.org")); told == 0 {
		t.Error("the district was not told")
	}
	for _, folder := range []string{"courier", "cleanup"} {
		s.minute(folder)
	}
}

func TestACodeThroughTheRealPrograms(t *testing.T) {
	s, maria := parent(t)
	phone, laptop := browse.New(t, s.root), browse.New(t, s.root)
	phone.JSON("/springfield/forgot-password", map[string]string{"username": "mlopez71", "email": maria}, nil).Want(202)
	code := phone.LastMail(maria, 1).Code(t)
	wrong := "0000-0000"
	laptop.Open("/springfield/code").Submit("/code", map[string]string{"username": "mlopez71", "code": wrong}).Want(422)
	laptop.Open("/springfield/code").Submit("/code", map[string]string{"username": "mlopez71", "code": code}).Want(200, "mlopez71").
		Submit("/set-password", map[string]string{"new_password": newWords, "new_password_again": newWords}).Want(200)
	laptop.JSON("/springfield/sign-in", map[string]string{"username": "mlopez71", "password": newWords}, nil).Want(200)
}

// Every function is killed between any two events: nothing that matters is in a
// process.
func TestNothingThatMattersIsInAProcess(t *testing.T) {
	s, maria := parent(t)
	phone := browse.New(t, s.root)
	killAll := func() {
		for _, p := range s.functions {
			p.Kill()
		}
	}
	sent := phone.Open("/springfield/forgot-password").Want(200)
	killAll()
	sent.Submit("/forgot-password", map[string]string{"username": "mlopez71", "email": maria}).Want(202)
	killAll()
	form := phone.Open(phone.LastMail(maria, 1).Link(t, "/r/")).Want(200)
	killAll()
	form.Submit("/set-password", map[string]string{"new_password": newWords, "new_password_again": newWords}).Want(200)
	killAll()
	phone.Open("/springfield/sign-in").
		Submit("/sign-in", map[string]string{"username": "mlopez71", "password": newWords}).Want(200, "Maria Lopez")
	killAll()
	phone.Open("/springfield/home").Want(200, "Maria Lopez")
	phone.LastMail(maria, 2)
}

// The courier is killed with a mail in its hands. Nobody else takes the request
// until its lease has run out; then the minute does, and the mail that comes is
// the one whose link works.
func TestACourierKilledAtTheMailServiceLosesNothing(t *testing.T) {
	s, maria := parent(t)
	phone := browse.New(t, s.root)
	var filed struct{ Reference string }
	phone.JSON("/springfield/forgot-password", map[string]string{"username": "mlopez71", "email": maria}, &filed).Want(202)

	reached := make(chan struct{})
	s.ses.see(func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		close(reached)
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	})
	died := make(chan error)
	dying := s.process("courier")
	go func() {
		_, err := dying.Invoke(t.Context(), runtime.Scheduled(time.Now()))
		died <- err
	}()
	<-reached
	s.ses.see(nil)
	dying.Kill()
	if err := <-died; err == nil {
		t.Fatal("it answered, killed")
	}

	key := request.Key(strings.ReplaceAll(filed.Reference, "-", ""))
	if claimed := s.request(key).Value; claimed.Outcome != "" || claimed.Tries != 1 || claimed.Plan.Digest == "" {
		t.Fatalf("outcome %q after %d tries: want it claimed and paid for", claimed.Outcome, claimed.Tries)
	}
	s.lapse(table.K("RUN", "courier"))
	s.minute("courier")
	if n := s.sent()[maria]; n != 0 {
		t.Fatalf("%d mails while the lease lasts", n)
	}
	s.lapse(key)
	s.minute("courier")
	form := phone.Open(phone.LastMail(maria, 1).Link(t, "/r/")).Want(200)
	form.Submit("/set-password", map[string]string{"new_password": newWords, "new_password_again": newWords}).Want(200)
	if after := s.request(key).Value; after.Outcome != outbox.Sent || after.Typed != (request.Typed{}) {
		t.Errorf("outcome %q, what was typed erased: %v", after.Outcome, after.Typed == request.Typed{})
	}
}

func (s *stack) request(key table.Key) table.Row[request.Request] {
	s.t.Helper()
	items, err := s.store.Get(s.t.Context(), key)
	if err != nil {
		s.t.Fatal(err)
	}
	row, err := table.As[request.Request](items[0])
	if err != nil || !row.Exists() {
		s.t.Fatalf("%s: %v", key.PK, err)
	}
	return row
}

// lapse lets a lease end, of a claim, a run or a change: no clock of a real program can be moved, so its end is.
func (s *stack) lapse(key table.Key) {
	s.t.Helper()
	past := time.Now().Add(-time.Second)
	_, _, err := table.Amend(s.t.Context(), s.store, key, func(row *table.Row[map[string]any]) bool {
		for _, lease := range []string{"claim_until", "until", "ends"} {
			if _, held := row.Value[lease]; held {
				row.Value[lease] = past
			}
		}
		if row.Due.Queue != "" {
			row.Due.At = past
		}
		return true
	})
	if err != nil {
		s.t.Fatal(err)
	}
}
