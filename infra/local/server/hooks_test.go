package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/local/browse"
)

type filed struct {
	Reference, District string
	Outcome             *string
}

func ask(b *browse.Browser, slug, username, email string) (reference string) {
	var got struct{ Reference string }
	b.JSON("/"+slug+"/forgot-password", map[string]string{"username": username, "email": email}, &got).Want(202)
	return got.Reference
}

func outcome(t *testing.T, b *browse.Browser, reference string) string {
	t.Helper()
	b.Hook(http.MethodPost, "run", map[string]string{"function": "courier"}, nil)
	var all []filed
	b.Hook(http.MethodGet, "requests.json", nil, &all)
	for _, f := range all {
		if f.Reference == reference && f.Outcome != nil {
			return *f.Outcome
		}
	}
	return ""
}

func TestEveryRequestHasAnOutcome(t *testing.T) {
	b := browse.New(t, start(t, ""))
	for _, c := range []struct{ username, email, want string }{
		{"mlopez71", maria, "sent"},
		{"MLOPEZ71", "Maria.Lopez@EXAMPLE.org", "over-budget"},
		{"somebody", "nobody@example.org", "no-match"},
		{"mlopez71", "wrong@example.org", "no-match"},
		{"forgot-it", "chen.family@example.org", "usernames-sent"},
		{"tnowak", "tomas.nowak@example.org", "activation-sent"},
		{"dgreen", "dora.green@example.org", "disabled"},
		{"npatel", "nila@example.org", "no-address"},
		{"fpark", "finn.park@students.example.org", "sent"},
		{"😀‮﷽", "nobody@example.org", "no-match"},
	} {
		t.Run(c.username+" "+c.want, func(t *testing.T) {
			if got := outcome(t, b, ask(b, "springfield", c.username, c.email)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestSwitchesActWithoutALookUp(t *testing.T) {
	b := browse.New(t, start(t, ""))
	set := func(settings map[string]any) {
		b.Hook(http.MethodPost, "district", map[string]any{"district": "springfield", "settings": settings}, nil)
	}
	set(map[string]any{"flows": map[string]any{"forgot-password": []string{"staff"}}})
	if got := outcome(t, b, ask(b, "springfield", "mlopez71", maria)); got != "off" {
		t.Errorf("a role that is off: got %q, want off", got)
	}
	set(map[string]any{"flows": map[string]any{"forgot-password": []string{}}})
	b.Open("/springfield/forgot-password").Want(200, "555-0100")
	b.JSON("/springfield/forgot-password", map[string]string{"username": "mlopez71", "email": maria}, nil).Want(403)

	set(map[string]any{"flows": map[string]any{"forgot-password": []string{"guardian"}}, "ask_email": false})
	if page := b.Open("/springfield/forgot-password").Want(200); strings.Contains(page.Body, `name="email"`) {
		t.Error("the e-mail is asked for, although the district does not want it")
	}
	if got := outcome(t, b, ask(b, "springfield", "mlopez71", "")); got != "sent" {
		t.Errorf("username only: got %q, want sent", got)
	}
}

func TestTimePassesInSteps(t *testing.T) {
	b := browse.New(t, start(t, ""))
	b.Hook(http.MethodPost, "fault", map[string]any{"port": "mail", "call": "Send", "times": 3, "error": "unavailable"}, nil)
	reference := ask(b, "springfield", "mlopez71", maria)
	if got := outcome(t, b, reference); got != "" {
		t.Errorf("got %q, want none while the mail service is away", got)
	}
	b.Advance("10m")
	if got := outcome(t, b, reference); got != "sent" {
		t.Errorf("got %q, want sent once it is back", got)
	}
	if n := len(b.Mails(maria)); n != 1 {
		t.Errorf("got %d mails, want 1", n)
	}
	b.Hook(http.MethodPost, "fault", map[string]any{"port": "mail", "times": 1000, "error": "throttled"}, nil)
	reference = ask(b, "springfield", "jlopez72", "juan.lopez@example.org")
	b.Advance("26h")
	if got := outcome(t, b, reference); got != "failed" {
		t.Errorf("got %q, want failed after a day", got)
	}
}

func TestDaysPassToo(t *testing.T) {
	root := start(t, "")
	b := browse.New(t, root)
	b.Hook(http.MethodPost, "clock", map[string]any{"freeze": true}, nil)
	var clock struct{ Now time.Time }
	b.Hook(http.MethodGet, "clock", nil, &clock)
	for text, want := range map[string]time.Duration{"8d": 192 * time.Hour, "1d12h": 36 * time.Hour, "0d1m": time.Minute, "31m": 31 * time.Minute} {
		before := clock.Now
		b.Hook(http.MethodPost, "clock", map[string]any{"advance": text}, &clock)
		if got := clock.Now.Sub(before); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{"d", "-1d", "1.5d", "1d-12h", "1d-36h", "1d-0h1m", "-1h", "1d1d", "12h1d", "8 d", "99999d", "1d2562047h47m", "soon"} {
		if got := post(t, root, "clock", `{"freeze":false,"advance":"`+text+`"}`); got != 400 {
			t.Errorf("%s: got %d, want 400", text, got)
		}
	}
	before := clock.Now
	if b.Hook(http.MethodGet, "clock", nil, &clock); !clock.Now.Equal(before) {
		t.Error("what was refused has moved the clock")
	}
}

func TestAFaultThatCouldNeverHappenIsRefused(t *testing.T) {
	root := start(t, "")
	for body, want := range map[string]int{
		`{"port":"table","error":"throttled"}`:                            200,
		`{"port":"table","function":"courier","error":"throttled"}`:       200,
		`{"port":"table","function":"forgotpassword","error":"timeout"}`:  200,
		`{"port":"table","function":"forgot-password","error":"timeout"}`: 400,
		`{"port":"table","function":"Courier","error":"timeout"}`:         400,
		`{"port":"table","call":"Send","error":"timeout"}`:                400,
		`{"port":"post","error":"timeout"}`:                               400,
		`{"port":"table","error":"late"}`:                                 400,
	} {
		if got := post(t, root, "fault", body); got != want {
			t.Errorf("%s: got %d, want %d", body, got, want)
		}
	}
}
