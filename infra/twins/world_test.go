// Package twins_test plays one story twice, on the embedded drivers and on AWS's,
// with the same fault at the same call, and demands that nobody can tell the two
// worlds apart afterwards: every row to the byte, every mail, every password,
// every sign-out, every answer. A mail on AWS is what was handed to the SDK, and
// counts if SES answered that it took it: the bytes on the wire are for the tests
// of infra/ses.
//
// So what the first tier proves with faults at the ports is true of the drivers
// that are deployed. They fail in the middleware of the SDK, as close to the wire
// as it goes; emulators neither throttle nor conflict.
//
// Read twins_test.go first, then stories_test.go.
package twins_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/sparekey/sparekey/functions/cleanup"
	"github.com/sparekey/sparekey/functions/courier"
	"github.com/sparekey/sparekey/functions/forgotpassword"
	"github.com/sparekey/sparekey/functions/signin"
	"github.com/sparekey/sparekey/functions/verifytoken"
	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/infra/gate"
	"github.com/sparekey/sparekey/infra/local/browse"
	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/pepper"
	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/web"
)

const (
	slug   = "springfield"
	maria  = "maria.lopez@example.org"
	second = "maria.private@example.org" // an address of her own, so that notices have two ways to go
)

// world is the service on one kind of drivers, with Maria in it. Its clock stands
// still between steps and its randomness is seeded, so that two worlds in which
// the same happens are the same.
type world struct {
	testing.TB
	id       string // Maria's account
	newcomer bool   // she has no password yet, and Cognito does not know her
	silent   bool   // Cognito gives no answer to who sets a password
	drivers
	now    time.Time
	rand   io.Reader
	calls  []made // of ports, since the act began
	fault  *fault // nil: all goes well
	acts   bool   // the act has begun: calls count
	edges  map[string]func(context.Context, gateway.Event) (gateway.Response, error)
	post   courier.Flow
	sweep  cleanup.Flow
	asked  int      // requests that were made
	heard  []string // what was answered to each, status and body
	befell []string // each failing of an operation, and its fate
}

// drivers are one of the twins.
type drivers struct {
	rows      table.Table
	passwords credential.Store
	mails     mail.Sender
	taken     *embedded.Mailbox // what the mail service has taken, whatever it said
	dump      func() []table.Item
	signedOut func() int  // how often Maria's sign-ins were ended
	around    gate.Around // how a call fails there
}

// made is one call of a port, and the operations of AWS that it came to.
type made struct {
	name       string // table.Write
	of         string // its function, and the kinds of items
	reads      bool   // it has no effect
	operations []string
}

// like is what calls that are alike have in common. One port's call comes to
// other operations where the account is new to Cognito: those fail too.
func (m made) like() string {
	return m.of + ": " + strings.Join(slices.Compact(slices.Clone(m.operations)), ", ")
}

var site = web.NewSite(&url.URL{Scheme: "https", Host: "reset.example.org"})

// pagesOf are parsed once: they hold nothing of a world.
var pagesOf = map[string]*web.Pages{
	"forgotpassword": web.Open(site, i18n.Default, forgotpassword.Pages),
	"verifytoken":    web.Open(site, i18n.Default, verifytoken.Pages),
	"signin":         web.Open(site, i18n.Default, signin.Pages),
}

var monday = time.Date(2026, time.September, 7, 8, 0, 0, 0, time.UTC)

func newWorld(t testing.TB, id string, newcomer bool) *world {
	return &world{TB: t, id: id, newcomer: newcomer, now: monday, rand: rand.NewChaCha8([32]byte{})}
}

func (w *world) Now() time.Time { return w.now }

// open makes the functions on the drivers, and Maria.
func (w *world) open(d drivers) {
	w.Helper()
	w.drivers = d
	secret, err := pepper.Random(w.rand)
	w.fatal(err)
	w.settle()
	log := slog.New(slog.DiscardHandler)
	around := gate.Chain(w.count, w.drivers.around)
	store := func(function string) table.Store {
		return table.Store{Table: gate.Table(w.rows, function, around), Rand: w.rand}
	}
	known := &district.Directory{Table: w.rows, Now: w.Now}
	edge := func(function string, routes gateway.Routes) func(context.Context, gateway.Event) (gateway.Response, error) {
		return gateway.Edge{Function: function, Districts: known, Pages: pagesOf[function], Log: log, Now: w.Now}.Serve(routes)
	}
	passwords := func(function string) credential.Store { return gate.Credentials(w.passwords, function, around) }
	verify := verifytoken.Flow{Table: store("verifytoken"), Credentials: passwords("verifytoken"), Pepper: secret, Now: w.Now}
	sign := signin.Flow{Table: store("signin"), Credentials: passwords("signin"), Pepper: secret, Now: w.Now}
	ask := forgotpassword.Flow{Table: store("forgotpassword"), Now: w.Now}
	w.edges = map[string]func(context.Context, gateway.Event) (gateway.Response, error){
		"forgotpassword": edge("forgotpassword", ask.Routes()),
		"verifytoken":    edge("verifytoken", verify.Routes()),
		"signin":         edge("signin", sign.Routes()),
	}
	w.post = courier.Flow{
		Table: store("courier"), Mail: gate.Mail(w.mails, "courier", around), Districts: known, Pepper: secret, Site: site,
		Words: i18n.Default, Log: log, Now: w.Now, Rate: 100, Pause: func(context.Context, time.Duration) bool { return false },
	}
	w.sweep = cleanup.Flow{Table: store("cleanup"), Sessions: passwords("cleanup"), Log: log, Now: w.Now}
}

const (
	oldWords = "purple-kite-river-71"
	newWords = "seven quiet herons dancing"
)

// settle makes the district and Maria.
func (w *world) settle() {
	w.Helper()
	store := table.Store{Table: w.rows, Rand: w.rand}
	d := district.Default(slug, "Springfield Public Schools")
	d.Office, d.Phone, d.Hours = "Springfield Family Help Desk", "555-0100", "Monday to Friday"
	d.MailFrom, d.SafetyEmail = "no-reply@springfield.example.org", "safety@springfield.example.org"
	w.fatal(district.Save(w.Context(), store, d))
	w.fatal(account.Create(w.Context(), store, slug, w.id, account.Profile{
		Username: "mlopez71", First: "Maria", Last: "Lopez", Role: district.Guardian, Address: maria, Status: account.Active,
	}, account.State{Status: account.Active, Activated: !w.newcomer}))
	if !w.newcomer {
		w.fatal(w.passwords.Set(w.Context(), w.id, oldWords, credential.Permanent))
	}
}

// amend changes our part of Maria's account.
func (w *world) amend(change func(*account.State)) {
	w.Helper()
	store := table.Store{Table: w.rows, Rand: w.rand}
	_, _, err := table.Amend(w.Context(), store, account.StateKey(slug, w.id), func(row *table.Row[account.State]) bool {
		change(&row.Value)
		return true
	})
	w.fatal(err)
}

func (w *world) fatal(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// count is the [gate.Around] that numbers the calls.
func (w *world) count(_ context.Context, c gate.Call, do func() error) error {
	switch {
	case w.silent && c.Name == "Set":
		return port.ErrUnknown
	case !w.acts:
		return do()
	}
	one := made{name: c.Port + "." + c.Name, of: c.Function + " " + c.Port + "." + c.Name, reads: c.Name == "Get" || c.Name == "List"}
	if c.Name == "Write" && len(c.Touches) == 1 {
		one.reads = c.Touches[0].Act == "check"
	}
	for _, touch := range c.Touches {
		one.of += " " + touch.Act + " " + touch.Kind
	}
	w.calls = append(w.calls, one)
	return do()
}

// met is the fault that the call going on meets, if it does.
func (w *world) met() *fault {
	if !w.acts || w.fault == nil || len(w.calls) != w.fault.call+1 {
		return nil
	}
	return w.fault
}

// passes lets the minutes run until nothing is owed, at most so many.
func (w *world) passes() {
	w.Helper()
	for range 6 {
		_ = w.post.Run(w.Context())
		_ = w.sweep.Run(w.Context())
		if !w.owes() {
			return
		}
		w.now = w.now.Add(61 * time.Second)
	}
}

func (w *world) owes() bool {
	w.Helper()
	for _, queue := range []string{"REQUEST", "NOTICE", "CHANGE", "SIGNOUT"} {
		due, _, err := w.rows.List(w.Context(), table.Range{Index: table.ByDue, Partition: queue, Until: w.now.Add(time.Hour), Limit: 1})
		w.fatal(err)
		if len(due) > 0 {
			return true
		}
	}
	return false
}

// answer is what came back.
type answer struct {
	status int
	said   map[string]any
}

func (a answer) text(name string) string {
	text, _ := a.said[name].(string)
	return text
}

// ask sends JSON, or asks for it.
func (w *world) ask(function, method, route, bearer string, vars map[string]string, pairs ...string) answer {
	w.Helper()
	fields, path := map[string]string{}, map[string]string{"district": slug}
	for pair := range slices.Chunk(pairs, 2) {
		fields[pair[0]] = pair[1]
	}
	for name, value := range vars {
		path[name] = value
	}
	body, _ := json.Marshal(fields)
	w.asked++
	event := gateway.Event{
		Resource: "/{district}/" + route, HTTPMethod: method, PathParameters: path, Body: string(body),
		Headers: map[string]string{"Content-Type": "application/json", "Accept": "application/json"},
		RequestContext: events.APIGatewayProxyRequestContext{
			RequestID: fmt.Sprintf("00000000-0000-4000-8000-%012d", w.asked), Identity: events.APIGatewayRequestIdentity{SourceIP: "198.51.100.7"},
		},
	}
	if bearer != "" {
		event.Headers["Authorization"] = "Bearer " + bearer
	}
	response, err := w.edges[function](w.Context(), event)
	w.fatal(err)
	a := answer{status: response.StatusCode, said: map[string]any{}}
	_ = json.Unmarshal([]byte(response.Body), &a.said)
	w.heard = append(w.heard, fmt.Sprintf("%s %s: %d %s, Retry-After %v", method, route, a.status, response.Body, response.MultiValueHeaders["Retry-After"]))
	return a
}

// insists does something until it is answered so: whoever was not told of success
// waits half a minute and tries again.
func (w *world) insists(status int, do func() answer) answer {
	w.Helper()
	for range 4 {
		if a := do(); a.status == status {
			return a
		}
		w.now = w.now.Add(31 * time.Second)
	}
	w.Fatalf("never answered %d:\n%s", status, strings.Join(w.heard, "\n"))
	return answer{}
}

// newest is the newest mail that has such a link, as the mail service has it.
func (w *world) newest(part string) browse.Mail {
	w.Helper()
	all := w.taken.All()
	for _, m := range slices.Backward(all) {
		if strings.Contains(m.Text, part) {
			return browse.Mail{Text: m.Text, HTML: m.HTML}
		}
	}
	w.Fatalf("none of %d mails has %s", len(all), part)
	return browse.Mail{}
}

func (w *world) token(part string) string {
	w.Helper()
	link := w.newest(part).Link(w, part)
	return link[strings.LastIndexByte(link, '/')+1:]
}
