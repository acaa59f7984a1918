package sim

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/sparekey/sparekey/functions/cleanup"
	"github.com/sparekey/sparekey/functions/courier"
	"github.com/sparekey/sparekey/functions/forgotpassword"
	"github.com/sparekey/sparekey/functions/signin"
	"github.com/sparekey/sparekey/functions/verifytoken"
	"github.com/sparekey/sparekey/infra/gate"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/web"
)

// deviceCookie is how the cookie is called by which an account knows a browser.
const deviceCookie = "__Secure-d-"

// The functions' timeouts, as the template has them.
const (
	webTimeout  = 20 * time.Second
	workTimeout = 60 * time.Second
)

// pagesOf are parsed once: they hold nothing of a story.
var pagesOf = map[string]*web.Pages{
	"forgotpassword": web.Open(site, i18n.Default, forgotpassword.Pages),
	"verifytoken":    web.Open(site, i18n.Default, verifytoken.Pages),
	"signin":         web.Open(site, i18n.Default, signin.Pages),
}

// container is a process that Lambda keeps warm between invocations: what it
// remembers of the districts is its own, and dies with it.
type container struct {
	directory *district.Directory
	busy      bool
}

// occupy gives an invocation a process: one that is free, or a new one.
func (w *world) occupy(function string) *container {
	for _, c := range w.warm[function] {
		if !c.busy && w.dice.IntN(8) > 0 {
			c.busy = true
			return c
		}
	}
	c := &container{busy: true, directory: &district.Directory{Table: w.table(function), Now: w.Now, Fresh: 5 * time.Minute}}
	w.warm[function] = append(w.warm[function], c)
	return c
}

func (w *world) leave(inv *invocation, died bool) {
	inv.room.busy = false
	if died {
		w.warm[inv.function] = slices.DeleteFunc(w.warm[inv.function], func(c *container) bool { return c == inv.room })
	}
}

// table is the way of a function to the table: through the gate, then through
// what is broken on purpose, then under the eyes of the model.
func (w *world) table(function string) table.Table {
	var inner table.Table = &watchedTable{Table: w.memory, w: w}
	if w.o.Broken.Table != nil {
		inner = w.o.Broken.Table(function, inner)
	}
	return gate.Table(inner, function, gate.Chain(gate.Mortal, w.around))
}

func (w *world) store(inv *invocation) table.Store {
	return table.Store{Table: w.table(inv.function), Rand: inv.rand}
}

func (w *world) credentials(function string) credential.Store {
	var inner credential.Store = &watchedCredentials{Store: w.creds, w: w}
	if w.o.Broken.Credentials != nil {
		inner = w.o.Broken.Credentials(function, inner)
	}
	return gate.Credentials(inner, function, gate.Chain(gate.Mortal, w.around))
}

func (w *world) mailer() mail.Sender {
	var inner mail.Sender = &watchedMail{Sender: w.boxes, w: w}
	if w.o.Broken.Mail != nil {
		inner = w.o.Broken.Mail(inner)
	}
	return gate.Mail(inner, "courier", gate.Chain(gate.Mortal, w.around))
}

func (w *world) routes(inv *invocation) gateway.Routes {
	switch inv.function {
	case "forgotpassword":
		return forgotpassword.Flow{Table: w.store(inv), Now: w.Now}.Routes()
	case "verifytoken":
		return verifytoken.Flow{Table: w.store(inv), Credentials: w.credentials(inv.function), Pepper: w.secret, Hash: inv.hash, Now: w.Now}.Routes()
	case "signin":
		return signin.Flow{Table: w.store(inv), Credentials: w.credentials(inv.function), Pepper: w.secret, Hash: inv.hash, Now: w.Now}.Routes()
	}
	panic(inv.function)
}

// hash stands for the slow hash: cheap, and counted.
func (inv *invocation) hash(secret string, salt []byte) []byte {
	inv.hashes++
	return cheap(secret, salt)
}

func cheap(secret string, salt []byte) []byte {
	sum := sha256.Sum256(append([]byte(secret), salt...))
	return sum[:]
}

func (w *world) courier(inv *invocation) courier.Flow {
	return courier.Flow{
		Table: w.store(inv), Mail: w.mailer(), Districts: inv.room.directory, Pepper: w.secret, Site: site, Words: i18n.Default,
		Log: w.log(), Now: w.Now, Rate: 2, Pause: w.sleep,
	}
}

func (w *world) cleanup(inv *invocation) cleanup.Flow {
	return cleanup.Flow{Table: w.store(inv), Sessions: w.credentials(inv.function), Log: w.log(), Now: w.Now}
}

// ask is what somebody sends, and what is done with the answer.
type ask struct {
	function, route, method string
	vars                    map[string]string
	fields                  map[string]string
	form                    bool   // as a browser does
	bearer                  string // a session
	cookie                  string // what else a browser holds
	network                 string
	what                    string
	target                  bool
	deeds                   deeds
	before                  func()
	then                    func(answer)
}

// answer is what came back; zero if nobody answered.
type answer struct {
	status int
	code   string            // of a problem, where JSON was asked for
	said   map[string]string // texts of the JSON
	device string            // the cookie by which an account knows a browser
	body   string
	inv    *invocation
}

// send lets an ask arrive after a while.
func (w *world) send(after time.Duration, a ask) *invocation {
	inv := &invocation{function: a.function, what: a.what, target: a.target, deeds: a.deeds}
	event := a.event(w.count + 1)
	return w.invoke(after, inv, webTimeout, func(ctx context.Context, inv *invocation) {
		if a.before != nil {
			a.before()
		}
		inv.held = w.heldBy(a.bearer)
		edge := gateway.Edge{Function: a.function, Districts: inv.room.directory, Pages: pagesOf[a.function], Log: w.log(), Now: w.Now}
		response, _ := edge.Serve(w.routes(inv))(ctx, event)
		got := read(response)
		got.inv = inv
		w.say("#%d answers %d %s", inv.number, got.status, got.code)
		w.answered(inv, got)
		if a.then != nil {
			a.then(got)
		}
	})
}

func (a ask) event(number int) gateway.Event {
	vars := map[string]string{"district": slug}
	for name, value := range a.vars {
		vars[name] = value
	}
	header := map[string]string{"User-Agent": "Mozilla/5.0 (Linux; Android 14) Chrome/130"}
	body := ""
	switch {
	case a.method == "POST" && a.form:
		values := url.Values{}
		for name, value := range a.fields {
			values.Set(name, value)
		}
		body, header["Content-Type"], header["Sec-Fetch-Site"] = values.Encode(), "application/x-www-form-urlencoded", "same-origin"
	case a.method == "POST":
		text, _ := json.Marshal(a.fields)
		body, header["Content-Type"] = string(text), "application/json"
	case !a.form:
		header["Accept"] = "application/json"
	}
	if a.bearer != "" {
		header["Authorization"] = "Bearer " + a.bearer
	}
	if a.cookie != "" {
		header["Cookie"], header["Sec-Fetch-Site"] = a.cookie, "same-origin"
	}
	if a.network == "" {
		a.network = "198.51.100.7"
	}
	return gateway.Event{
		Resource: a.route, HTTPMethod: a.method, PathParameters: vars, Headers: header, Body: body,
		RequestContext: events.APIGatewayProxyRequestContext{
			RequestID: fmt.Sprintf("00000000-0000-4000-8000-%012d", number),
			Identity:  events.APIGatewayRequestIdentity{SourceIP: a.network},
		},
	}
}

func read(r gateway.Response) answer {
	a := answer{status: r.StatusCode, body: r.Body, said: map[string]string{}}
	for _, c := range (&http.Response{Header: r.MultiValueHeaders}).Cookies() {
		if strings.HasPrefix(c.Name, deviceCookie) {
			a.device = c.Name + "=" + c.Value
		}
	}
	var members map[string]any
	if json.Unmarshal([]byte(r.Body), &members) != nil {
		return a
	}
	for name, value := range members {
		if text, ok := value.(string); ok {
			a.said[name] = text
		}
	}
	if kind := a.said["type"]; a.status >= 400 {
		a.code = kind[strings.LastIndexByte(kind, '/')+1:]
	}
	return a
}

// feed is what the table's stream does with what was inserted: it hands it to
// the courier soon or late, twice or never, and in no order between items.
func (w *world) feed(keys []table.Key) {
	if w.still {
		return
	}
	for _, key := range keys {
		if kind := key.Kind(); kind != "REQUEST" && kind != "NOTICE" {
			continue
		}
		times := 1
		after := w.between(20*time.Millisecond, 2*time.Second)
		if !w.fair {
			times = pick(w.dice, 1, 1, 1, 1, 1, 2, 3, 0)
		}
		for range times {
			w.deliver(after, key)
			after += w.between(0, pick(w.dice, time.Second, 10*time.Second, time.Hour))
		}
	}
}

func (w *world) deliver(after time.Duration, keys ...table.Key) *invocation {
	inv := &invocation{function: "courier", what: "feed of " + kinds(keys)}
	return w.invoke(after, inv, workTimeout, func(ctx context.Context, inv *invocation) { w.courier(inv).Feed(ctx, keys) })
}

func kinds(keys []table.Key) string {
	var all []string
	for _, k := range keys {
		all = append(all, k.PK)
	}
	return strings.Join(all, " ")
}

// nextTick is the first minute at which something is due, after the last one
// that was run: what the schedules do in the others is nothing.
func (w *world) nextTick() (time.Time, bool) {
	due, owed := w.memory.NextDue()
	if !owed || w.still {
		return due, false
	}
	minute := due.Add(time.Minute - 1).Truncate(time.Minute)
	return later(minute, w.ticked.Add(time.Minute)), true
}

// tick is a minute's schedules. Lambda may run one late, or twice.
func (w *world) tick(minute time.Time) {
	w.ticked = minute
	times := 1
	if !w.fair {
		times = pick(w.dice, 1, 1, 1, 1, 1, 1, 2)
	}
	for range times {
		w.runCourier(w.between(0, time.Second))
		if w.owes("CHANGE") || w.owes("SIGNOUT") || w.dice.IntN(10) == 0 {
			w.runCleanup(w.between(0, time.Second))
		}
	}
}

func (w *world) runCourier(after time.Duration) *invocation {
	inv := &invocation{function: "courier", what: "the minute"}
	return w.invoke(after, inv, workTimeout, func(ctx context.Context, inv *invocation) { _ = w.courier(inv).Run(ctx) })
}

func (w *world) runCleanup(after time.Duration) *invocation {
	inv := &invocation{function: "cleanup", what: "the minute"}
	return w.invoke(after, inv, workTimeout, func(ctx context.Context, inv *invocation) { _ = w.cleanup(inv).Run(ctx) })
}
