package server_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/infra/local/browse"
	"github.com/sparekey/sparekey/infra/local/server"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/table"
)

type person struct{ District, Username, Password, Email, Status string }

func accountOf(t *testing.T, b *browse.Browser, username string) person {
	t.Helper()
	var all []person
	b.Hook(http.MethodGet, "accounts.json", nil, &all)
	for _, p := range all {
		if p.District == "springfield" && p.Username == username {
			return p
		}
	}
	t.Fatalf("no %s", username)
	return person{}
}

func restate(t *testing.T, b *browse.Browser, username, status string) {
	t.Helper()
	var got person
	b.Hook(http.MethodPost, "account", map[string]string{"district": "springfield", "username": username, "status": status}, &got)
	if told := accountOf(t, b, username); got != told || got.Status != status {
		t.Errorf("%s: answered %+v, and then %+v", status, got, told)
	}
}

func signIn(b *browse.Browser, username, password string) (status int) {
	return b.JSON("/springfield/sign-in", map[string]string{"username": username, "password": password}, nil).Status
}

// resetByLink gives Maria the new password, by the nth mail to her.
func resetByLink(t *testing.T, b *browse.Browser, nth int) {
	t.Helper()
	b.JSON("/springfield/forgot-password", map[string]string{"username": "mlopez71", "email": maria}, nil).Want(202)
	b.Open(b.LastMail(maria, nth).Link(t, "/r/")).
		Submit("/set-password", map[string]string{"new_password": newWords, "new_password_again": newWords}).Want(200)
}

func TestEnablingAndDisablingLeaveThePassword(t *testing.T) {
	b := browse.New(t, start(t, ""))
	resetByLink(t, b, 1)
	restate(t, b, "mlopez71", "active")
	restate(t, b, "mlopez71", "disabled")
	if got := signIn(b, "mlopez71", newWords); got != 422 {
		t.Errorf("disabled: got %d, want 422", got)
	}
	restate(t, b, "mlopez71", "active")
	if got := signIn(b, "mlopez71", oldWords); got != 422 {
		t.Errorf("the old password: got %d, want 422", got)
	}
	if got := signIn(b, "mlopez71", newWords); got != 200 {
		t.Errorf("the new password: got %d, want 200", got)
	}

	const dora = "marble-cabin-violet-3" // of somebody who was disabled from the first
	if got := signIn(b, "dgreen", dora); got != 422 {
		t.Errorf("disabled: got %d, want 422", got)
	}
	restate(t, b, "dgreen", "active")
	if got := signIn(b, "dgreen", dora); got != 200 {
		t.Errorf("enabled: got %d, want 200", got)
	}
}

func TestWhatTheDistrictGivesOutIsTheKnownPassword(t *testing.T) {
	b := browse.New(t, start(t, ""))
	resetByLink(t, b, 1)
	for _, step := range []struct {
		status string
		want   int
	}{
		{"temporary", 403},
		{"active", 200},
		{"expired", 403},
		{"disabled", 422},
		{"active", 200},
		{"temporary", 403},
		{"disabled", 422},
		{"active", 200},
		{"not-activated", 0},
		{"active", 200},
	} {
		restate(t, b, "mlopez71", step.status)
		if got := signIn(b, "mlopez71", oldWords); step.want != 0 && got != step.want {
			t.Errorf("%s: got %d, want %d", step.status, got, step.want)
		}
	}
}

func TestAccountsAreToldAsTheyAre(t *testing.T) { told(t, start(t, "")) }

func told(t *testing.T, root string) {
	b := browse.New(t, root)
	for username, want := range map[string]person{
		"mlopez71": {Password: oldWords, Status: "active", Email: maria},
		"dgreen":   {Password: "marble-cabin-violet-3", Status: "disabled", Email: "dora.green@example.org"},
		"tnowak":   {Status: "not-activated", Email: "tomas.nowak@example.org"},
		"sbaker":   {Password: "temporary-bridge-6612", Status: "temporary", Email: "sam.baker@example.org"},
		"ereed":    {Password: "worn-out-lantern-1999", Status: "expired", Email: "eve.reed@example.org"},
		"fpark":    {Status: "active", Email: "finn.park@students.example.org"},
		"npatel":   {Password: "anchor-lemon-summer-4", Status: "active"},
	} {
		want.District, want.Username = "springfield", username
		if got := accountOf(t, b, username); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}

	for username, password := range map[string]string{"sbaker": "temporary-bridge-6612", "ereed": "worn-out-lantern-1999"} {
		b.JSON("/springfield/sign-in", map[string]string{"username": username, "password": password, "new_password": newWords}, nil).Want(200)
		if got := accountOf(t, b, username); got.Status != "active" || got.Password != "" {
			t.Errorf("after the forced change: %+v", got)
		}
	}
	b.JSON("/springfield/forgot-password", map[string]string{"username": "tnowak", "email": "tomas.nowak@example.org"}, nil).Want(202)
	b.Open(b.LastMail("tomas.nowak@example.org", 1).Link(t, "/r/")).
		Submit("/set-password", map[string]string{"new_password": newWords, "new_password_again": newWords}).Want(200)
	if got := accountOf(t, b, "tnowak"); got.Status != "active" {
		t.Errorf("after the activation: %+v", got)
	}

	resetByLink(t, b, 1)
	if got := accountOf(t, b, "mlopez71"); got.Status != "active" || got.Password != "" {
		t.Errorf("after the reset: %+v", got)
	}
	restate(t, b, "mlopez71", "temporary")
	if got := accountOf(t, b, "mlopez71"); got.Password != oldWords {
		t.Errorf("after the district gave out the known password again: %+v", got)
	}
}

// elsewhere is a store that tells nothing more than the port does.
type elsewhere struct{ credential.Store }

func TestAccountsAreToldWhereTheCredentialsAreElsewhere(t *testing.T) {
	root := serve(t, "", server.Config{Backend: server.Backend{Credentials: elsewhere{embedded.NewCredentials(time.Now)}}})
	told(t, root)
	b := browse.New(t, root)
	restate(t, b, "jlopez72", "disabled")
	restate(t, b, "jlopez72", "active")
	if got := accountOf(t, b, "jlopez72"); got.Password != "silver-boat-garden-72" {
		t.Errorf("its password is known still: %+v", got)
	}
}

func TestARefusedAddressChangesNothing(t *testing.T) {
	root := start(t, "")
	b := browse.New(t, root)
	before := accountOf(t, b, "mlopez71")
	for _, email := range []string{"a@example.org\\r\\nBcc: b@example.org", "a@example.org\\n", "a\\u0000@example.org", "a@example.org\\u2028", strings.Repeat("a", 255)} {
		status := post(t, root, "account", `{"district":"springfield","username":"mlopez71","status":"disabled","email":"`+email+`"}`)
		if got := accountOf(t, b, "mlopez71"); status != 400 || got != before {
			t.Errorf("%s: %d, %+v", email, status, got)
		}
	}
	if status := post(t, root, "account", `{"district":"springfield","username":"mlopez71","email":"no address at all"}`); status != 200 {
		t.Errorf("what a roster may say: got %d", status)
	}
	if got := accountOf(t, b, "mlopez71"); got.Email != "no address at all" {
		t.Errorf("got %+v", got)
	}
}

// stubborn is a table that refuses to be written where that is wanted.
type stubborn struct {
	table.Table
	refuse atomic.Bool
}

func (s *stubborn) Write(ctx context.Context, ops ...table.Op) error {
	if s.refuse.Load() {
		return port.ErrUnavailable
	}
	return s.Table.Write(ctx, ops...)
}

func TestAChangeThatTheTableRefusesIsNotTold(t *testing.T) {
	rows := &stubborn{Table: embedded.NewTable()}
	root := serve(t, "", server.Config{Backend: server.Backend{
		Rows: rows, Changes: func(context.Context) ([]server.Change, error) { return nil, nil },
	}})
	b := browse.New(t, root)
	before := accountOf(t, b, "mlopez71")
	rows.refuse.Store(true)
	status := post(t, root, "account", `{"district":"springfield","username":"mlopez71","status":"temporary","email":"new@example.org"}`)
	rows.refuse.Store(false)
	if got := accountOf(t, b, "mlopez71"); status != 400 || got != before {
		t.Errorf("%d, %+v", status, got)
	}
	if got := signIn(b, "mlopez71", oldWords); got != 200 {
		t.Errorf("sign in: got %d, want 200", got)
	}
}

// post calls a hook with a body as it is, and tells the status of the answer.
func post(t *testing.T, root, hook, body string) int {
	t.Helper()
	answer, err := http.Post(root+"/_local/"+hook, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	if answer.StatusCode == 400 && !strings.Contains(string(text), `"error":`) {
		t.Errorf("%s: refused without a word: %s", hook, text)
	}
	return answer.StatusCode
}
