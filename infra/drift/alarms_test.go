package drift_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/sparekey/sparekey/functions/cleanup"
	"github.com/sparekey/sparekey/functions/courier"
	"github.com/sparekey/sparekey/functions/forgotpassword"
	"github.com/sparekey/sparekey/functions/signin"
	"github.com/sparekey/sparekey/functions/verifytoken"
	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/infra/gate"
	"github.com/sparekey/sparekey/infra/template"
	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/pepper"
	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/web"
)

// stack is the functions on the embedded drivers, each with a log of its own, in
// the form in which they log on Lambda.
type stack struct {
	*testing.T
	now    time.Time
	rows   table.Store
	users  credential.Store
	post   *embedded.Mailbox
	pepper pepper.Pepper
	site   web.Site
	logs   map[string]*bytes.Buffer
	fault  error // of every call of Cognito and SES
	rate   int64
	broken int
}

const here = "springfield"

func opened(t *testing.T) *stack {
	t.Helper()
	s := &stack{T: t, now: time.Date(2026, time.September, 7, 8, 0, 0, 0, time.UTC), logs: map[string]*bytes.Buffer{}, rate: 100}
	clock := func() time.Time { return s.now }
	s.rows = table.Store{Table: embedded.NewTable(), Rand: rand.Reader}
	users := embedded.NewCredentials(clock)
	s.users = gate.Credentials(users, "", s.around)
	s.post, s.site = embedded.NewMailbox(clock), web.NewSite(&url.URL{Scheme: "https", Host: "reset.example.org"})
	s.pepper, _ = pepper.Random(rand.Reader)
	d := district.Default(here, "Springfield Public Schools")
	d.MailFrom, d.SafetyEmail = "no-reply@springfield.example.org", "safety@springfield.example.org"
	s.must(district.Save(t.Context(), s.rows, d))
	s.must(account.Create(t.Context(), s.rows, here, "a-1",
		account.Profile{Username: "mlopez71", First: "Maria", Last: "Lopez", Role: district.Guardian, Status: account.Active, Address: "maria.lopez@example.org"},
		account.State{Status: account.Active, Activated: true}))
	s.must(users.Set(t.Context(), "a-1", "purple kite river", credential.Permanent))
	return s
}

func (s *stack) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *stack) around(_ context.Context, _ gate.Call, do func() error) error {
	if s.fault != nil {
		return s.fault
	}
	return do()
}

// log writes as Lambda's own handler does where its settings say JSON.
func (s *stack) log(function string) *slog.Logger {
	if s.logs[function] == nil {
		s.logs[function] = &bytes.Buffer{}
	}
	return slog.New(slog.NewJSONHandler(s.logs[function], &slog.HandlerOptions{ReplaceAttr: lambdacontext.ReplaceAttr}))
}

// ask posts to a function.
func (s *stack) ask(function, route string, fields url.Values) {
	s.Helper()
	clock := func() time.Time { return s.now }
	flows := map[string]gateway.Routes{
		"forgotpassword": forgotpassword.Flow{Table: s.rows, Now: clock}.Routes(),
		"verifytoken":    verifytoken.Flow{Table: s.rows, Credentials: s.users, Pepper: s.pepper, Now: clock}.Routes(),
		"signin":         signin.Flow{Table: s.rows, Credentials: s.users, Pepper: s.pepper, Now: clock}.Routes(),
		"broken": {"/{district}/broken": {http.MethodPost: func(context.Context, *gateway.Request) (gateway.Reply, error) {
			return gateway.Reply{}, errors.New("what nobody thought of")
		}}},
	}
	edge := gateway.Edge{
		Function: function, Districts: &district.Directory{Table: s.rows, Now: clock}, Now: clock, Log: s.log(strings.Replace(function, "broken", "signin", 1)),
		Pages: web.Open(s.site, i18n.Default, forgotpassword.Pages, verifytoken.Pages, signin.Pages),
	}
	vars := map[string]string{"district": here}
	if token := fields.Get("in-path"); token != "" {
		vars["token"] = token
		fields.Del("in-path")
	}
	_, err := edge.Serve(flows[function])(s.Context(), gateway.Event{
		Resource: route, HTTPMethod: http.MethodPost, PathParameters: vars, Body: fields.Encode(),
		Headers: map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin", "Accept": "text/html"},
	})
	s.must(err)
}

func (s *stack) deliver() {
	clock := func() time.Time { return s.now }
	_ = courier.Flow{
		Table: s.rows, Mail: gate.Mail(s.post, "", s.around), Districts: &district.Directory{Table: s.rows, Now: clock}, Pepper: s.pepper, Site: s.site,
		Words: i18n.Default, Log: s.log("courier"), Now: clock, Rate: s.rate, Pause: func(context.Context, time.Duration) bool { return false },
	}.Run(s.Context())
}

func (s *stack) sweep() {
	_ = cleanup.Flow{Table: s.rows, Sessions: s.users, Log: s.log("cleanup"), Now: func() time.Time { return s.now }}.Run(s.Context())
}

// mailed finds a token in the newest mail.
func (s *stack) mailed(part string) string {
	s.Helper()
	all := s.post.All()
	if len(all) == 0 {
		s.Fatal("no mail")
	}
	_, rest, ok := strings.Cut(all[len(all)-1].Text, part)
	if !ok {
		s.Fatalf("no %s in %s", part, all[len(all)-1].Text)
	}
	return strings.Fields(rest)[0]
}

// due puts an item that nobody can read, and that has been due for a while.
func (s *stack) due(kind, queue string, since time.Duration) {
	s.broken++
	key := table.K(kind, here, strconv.Itoa(s.broken))
	s.must(s.rows.Write(s.Context(), table.Op{Act: table.Put, Item: table.Item{
		Key: key, Body: []byte(`{"asked":1,"ends":1}`), Due: table.Due{Queue: queue, At: s.now.Add(-since)},
	}}))
}

var (
	asks = func(s *stack) {
		s.ask("forgotpassword", "/{district}/forgot-password", url.Values{"username": {"mlopez71"}, "email": {"maria.lopez@example.org"}})
	}
	wrong = func(s *stack) {
		s.ask("signin", "/{district}/sign-in", url.Values{"username": {"nobody"}, "password": {"seven quiet herons"}})
	}
	runs = func(s *stack) { s.deliver(); s.sweep() }
	// changes asks, gets a mail, and sets a password with its link.
	changes = func(s *stack) {
		asks(s)
		s.deliver()
		s.ask("verifytoken", "/{district}/set-password", url.Values{
			"token": {s.mailed("/r/")}, "new_password": {"herons " + s.now.Format("150405") + " quiet"}, "new_password_again": {"herons " + s.now.Format("150405") + " quiet"},
		})
	}
)

// drills are what happens in one period of an alarm, and is either enough to wake
// somebody after as many periods as the alarm wants, or is not.
var drills = []struct {
	alarm string
	rings bool
	what  string
	each  func(*stack)
}{
	{"InternalErrors", true, "a mistake of ours", func(s *stack) { s.ask("broken", "/{district}/broken", url.Values{}) }},
	{"InternalErrors", false, "refusals, changes, runs, and mail that fails", func(s *stack) {
		s.ask("forgotpassword", "/{district}/forgot-password", url.Values{"username": {""}})
		wrong(s)
		s.fault = port.ErrThrottled
		asks(s)
		runs(s)
	}},
	{"CourierMissed", true, "nothing", func(*stack) {}},
	{"CourierMissed", true, "the sweep alone", func(s *stack) { s.sweep() }},
	{"CourierMissed", false, "a run", runs},
	{"CleanupMissed", true, "the courier alone", func(s *stack) { s.deliver() }},
	{"CleanupMissed", false, "a run", runs},
	{"MailLate", true, "what has been due for an hour", func(s *stack) { s.due("REQUEST", "REQUEST", time.Hour); s.deliver() }},
	{"MailLate", false, "what is due now", func(s *stack) { asks(s); s.deliver() }},
	{"CleanupLate", true, "a change in doubt for an hour", func(s *stack) { s.due("ACCOUNT", "CHANGE", time.Hour); s.sweep() }},
	{"CleanupLate", false, "mail that is late", func(s *stack) { s.due("REQUEST", "REQUEST", time.Hour); runs(s) }},
	{"MailWaiting", true, "more mail than SES takes", func(s *stack) { s.rate = 0; asks(s); s.deliver() }},
	{"MailWaiting", false, "as much as it takes", func(s *stack) { asks(s); s.deliver() }},
	{"MailFailing", true, "ten deliveries that fail", func(s *stack) {
		for range 10 {
			s.due("REQUEST", "REQUEST", time.Second)
		}
		s.deliver()
	}},
	{"MailFailing", false, "one that fails", func(s *stack) { s.fault = port.ErrThrottled; asks(s); s.deliver() }},
	{"MailGivenUp", true, "a day of failing", func(s *stack) {
		asks(s)
		s.fault = port.ErrUnavailable
		for range 60 {
			s.deliver()
			s.now = s.now.Add(time.Hour)
		}
	}},
	{"MailGivenUp", false, "an hour of failing", func(s *stack) {
		asks(s)
		s.fault = port.ErrUnavailable
		s.deliver()
		s.now = s.now.Add(time.Hour)
		s.deliver()
	}},
	{"CognitoBusy", true, "five who are told to wait", func(s *stack) {
		for range 5 {
			s.fault = port.ErrThrottled
			s.ask("signin", "/{district}/sign-in", url.Values{"username": {"mlopez71"}, "password": {"purple kite river"}})
			s.now = s.now.Add(time.Hour) // their tries come back
		}
	}},
	{"CognitoBusy", false, "five wrong passwords", func(s *stack) {
		for range 5 {
			wrong(s)
		}
	}},
	{"DisownedOften", true, "five who say that it was not them", func(s *stack) {
		for range 5 {
			s.now = s.now.Add(100 * time.Hour) // nothing is frozen any more
			asks(s)
			s.deliver()
			s.ask("verifytoken", "/{district}/not-me/{token}", url.Values{"in-path": {s.mailed("/not-me/")}, "confirm": {"yes"}})
		}
	}},
	{"DisownedOften", false, "five who change their passwords", func(s *stack) {
		for range 5 {
			s.now = s.now.Add(100 * time.Hour)
			changes(s)
		}
	}},
}

// TestAlarmsRingForWhatTheLogsSay is the drill of every alarm that is made of log
// lines: the functions write them, the template's filters read them, the alarm
// rings or does not.
func TestAlarmsRingForWhatTheLogsSay(t *testing.T) {
	all := deployed(t)
	drilled := map[string]bool{"NotStarting": true} // by the built program, in the second tier
	for _, drill := range drills {
		t.Run(drill.alarm+"/"+drill.what, func(t *testing.T) {
			at := slices.IndexFunc(all.Alarms, func(a template.Alarm) bool { return a.Name == drill.alarm })
			if at < 0 {
				t.Fatal("no such alarm")
			}
			alarm := all.Alarms[at]
			var periods [][]float64
			for range alarm.Of {
				s := opened(t)
				drill.each(s)
				periods = append(periods, s.metric(all, alarm.Metrics[0].Name))
			}
			if rings(t, alarm, periods) != drill.rings {
				t.Errorf("it rings: %v; the metric was %v", !drill.rings, periods)
			}
		})
		drilled[drill.alarm] = drilled[drill.alarm] || drill.rings
	}
	for _, a := range all.Alarms {
		if strings.HasPrefix(a.Metrics[0].Namespace, "Sparekey/") && !a.Usual && !drilled[a.Name] {
			t.Errorf("%s was never heard", a.Name)
		}
	}
}

// What is compared with the usual has no threshold to reach; that the lines are
// counted is all there is to see here.
func TestWhatIsComparedWithTheUsualIsCounted(t *testing.T) {
	for metric, c := range map[string]struct {
		do   func(*stack)
		want int
	}{"Asks": {asks, 1}, "Changes": {changes, 1}, "Guesses": {wrong, 1}} {
		s := opened(t)
		s.ask("forgotpassword", "/{district}/forgot-password", url.Values{"username": {""}}) // refused
		c.do(s)
		if got := s.metric(deployed(t), metric); len(got) != c.want {
			t.Errorf("%s is %v", metric, got)
		}
	}
}

// metric is what the template's filters make of the logs.
func (s *stack) metric(all template.Template, name string) (values []float64) {
	for _, m := range all.Meters {
		at := slices.IndexFunc(all.Functions, func(f template.Function) bool { return f.Log == m.Log })
		log := s.logs[all.Functions[at].Folder]
		if m.Metric != name || log == nil {
			continue
		}
		for line := range bytes.Lines(log.Bytes()) {
			if value, ok := m.Reads(line); ok {
				values = append(values, value)
			}
		}
	}
	return values
}

// rings evaluates an alarm over the values of its periods, as CloudWatch does.
func rings(t *testing.T, a template.Alarm, periods [][]float64) bool {
	t.Helper()
	breaching := 0
	for _, values := range periods {
		if len(values) == 0 {
			if a.Missing == "breaching" {
				breaching++
			}
			continue
		}
		value := 0.0
		switch a.Statistic {
		case "Sum":
			for _, v := range values {
				value += v
			}
		case "Maximum":
			value = slices.Max(values)
		case "SampleCount":
			value = float64(len(values))
		default:
			t.Fatalf("%s: %s", a.Name, a.Statistic)
		}
		over := map[string]bool{"GreaterThanOrEqualToThreshold": value >= a.Threshold, "LessThanThreshold": value < a.Threshold}
		if _, known := over[a.Comparison]; !known {
			t.Fatalf("%s: %s", a.Name, a.Comparison)
		}
		if over[a.Comparison] {
			breaching++
		}
	}
	return breaching >= a.Need
}
