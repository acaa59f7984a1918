package runtime_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/sparekey/sparekey"
	"github.com/sparekey/sparekey/infra/cognito"
	"github.com/sparekey/sparekey/infra/dynamo"
	"github.com/sparekey/sparekey/infra/dynamo/dynamotest"
	"github.com/sparekey/sparekey/infra/dynamo/stream"
	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/infra/emulator"
	"github.com/sparekey/sparekey/infra/local/inbox"
	"github.com/sparekey/sparekey/infra/runtime"
	"github.com/sparekey/sparekey/infra/template"
	"github.com/sparekey/sparekey/infra/tools"
	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/table"
)

// stack is the deployed service, played on this machine: the real programs under
// the Runtime API, Dynoxide for DynamoDB and its stream, moto for Cognito, SES
// and Parameter Store, and this test for API Gateway and EventBridge.
type stack struct {
	t        *testing.T
	root     string // where a browser finds it
	moto     string
	dynamo   *tap // between the functions and DynamoDB
	cognito  *tap // between the functions and Cognito
	ses      *tap // between the functions and SES
	rows     dynamo.Config
	store    table.Store
	users    *cognito.Store
	env      []string
	deployed template.Template
	routes   []route
	stream   *stream.Reader

	mu        sync.Mutex
	functions map[string]*runtime.Process
}

const stage = "v"

// newStack starts everything but the functions, which start with their first
// event.
func newStack(t *testing.T) *stack {
	t.Helper()
	s := &stack{t: t, moto: tools.Moto(t), functions: map[string]*runtime.Process{}}
	s.rows = dynamotest.Config(t)
	s.store = table.Store{Table: dynamo.Open(s.rows), Rand: rand.Reader}
	s.dynamo, s.cognito, s.ses = newTap(t, s.rows.Endpoint), newTap(t, s.moto), newTap(t, s.moto)
	var err error
	if s.deployed, err = template.Read(sparekey.Template); err != nil {
		t.Fatal(err)
	}
	s.routes = routesOf(s.deployed)
	front := httptest.NewServer(s)
	t.Cleanup(front.Close)
	s.root = front.URL + "/" + stage

	pool := s.pool()
	s.users = cognito.Open(pool)
	if err := emulator.VerifyDomain(t.Context(), s.moto, "springfield.example.org"); err != nil {
		t.Fatal(err)
	}
	s.env = []string{
		"AWS_LAMBDA_LOG_FORMAT=JSON", "AWS_LAMBDA_LOG_LEVEL=INFO", "AWS_REGION=" + emulator.Region, "AWS_ACCESS_KEY_ID=anybody", "AWS_SECRET_ACCESS_KEY=anything",
		"TABLE=" + s.rows.Table, "DYNAMODB_ENDPOINT=" + s.dynamo.URL, "BASE_URL=" + s.root,
		"POOL_ID=" + pool.Pool, "CLIENT_ID=" + pool.Client, "CLIENT_SECRET=" + pool.ClientSecret, "COGNITO_ENDPOINT=" + s.cognito.URL,
		"PEPPER_PARAMETER=" + s.pepper("/sparekey/pepper", "SecureString"), "SSM_ENDPOINT=" + s.moto,
		"CONFIGURATION_SET=sparekey", "SES_ENDPOINT=" + s.ses.URL, "SEND_RATE=10000",
	}
	return s
}

// process is the function's process: the one there is, or a new one where there
// is none any more.
func (s *stack) process(folder string) *runtime.Process {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.functions[folder]; p != nil {
		select {
		case <-p.Ended():
		default:
			return p
		}
	}
	s.functions[folder] = s.another(folder)
	return s.functions[folder]
}

// another is one more process of a function, as Lambda starts when all are busy.
func (s *stack) another(folder string) *runtime.Process {
	s.t.Helper()
	return run(s.t, runtime.Config{
		Function: folder, Program: built(s.t, runtime.Bootstrap(folder)), Env: s.env, Timeout: 60 * time.Second,
	})
}

// ServeHTTP plays API Gateway, and the hooks of the local run that the browser
// reads its mail by.
func (s *stack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/_local/run":
		s.feed()
		return
	case "/_local/inbox.json":
		inbox.Handler(s.mailbox(), "").ServeHTTP(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	r.URL.Path = strings.TrimPrefix(r.URL.Path, "/"+stage)
	at, variables := s.find(r.URL.Path)
	if at == nil {
		http.Error(w, `{"message":"Missing Authentication Token"}`, http.StatusForbidden)
		return
	}
	raw, err := s.process(at.folder).Invoke(r.Context(), runtime.Request(r, body, at.resource, stage, variables))
	var answer events.APIGatewayProxyResponse
	if err == nil {
		err = json.Unmarshal(raw, &answer)
	}
	if err != nil {
		s.t.Errorf("%s: %v", at.folder, err)
		http.Error(w, `{"message":"Internal server error"}`, http.StatusBadGateway)
		return
	}
	for name, values := range answer.MultiValueHeaders {
		w.Header()[http.CanonicalHeaderKey(name)] = values
	}
	w.WriteHeader(answer.StatusCode)
	_, _ = io.WriteString(w, answer.Body)
}

// minute sends a function what its schedule sends.
func (s *stack) minute(folder string) {
	s.t.Helper()
	if _, err := s.process(folder).Invoke(s.t.Context(), runtime.Scheduled(time.Now())); err != nil {
		s.t.Errorf("%s: %v", folder, err)
	}
}

// feed hands what is new on the table's stream to the courier, as the template's
// mapping does, until there is nothing more.
func (s *stack) feed() {
	s.t.Helper()
	mapping := deployedPoller(s.t)
	mapping.invoke = func(batch []runtime.Change) error {
		_, err := s.process("courier").Invoke(s.t.Context(), runtime.Stream(batch))
		if err != nil {
			s.t.Errorf("courier: %v", err)
		}
		return err
	}
	mapping.gaveUp = func(batch []runtime.Change) { s.t.Errorf("given up: %v", batch) }
	for batch := s.read(); len(batch) > 0; batch = s.read() {
		mapping.poll(s.t, batch, 0)
	}
}

// route is one of API Gateway's resources.
type route struct {
	folder, resource string
	parts            []string
}

// routesOf has fixed parts before variables, and those before greedy ones, as API
// Gateway looks for them.
func routesOf(deployed template.Template) (all []route) {
	for _, f := range deployed.Functions {
		for _, resource := range f.Routes {
			all = append(all, route{folder: f.Folder, resource: resource, parts: strings.Split(strings.Trim(resource, "/"), "/")})
		}
	}
	rank := func(part string) int {
		return strings.Count(part, "{") + strings.Count(part, "+}")
	}
	slices.SortFunc(all, func(a, b route) int {
		return slices.CompareFunc(a.parts, b.parts, func(x, y string) int { return rank(x) - rank(y) })
	})
	return all
}

func (s *stack) find(path string) (*route, map[string]string) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for i := range s.routes {
		if variables, ok := s.routes[i].match(parts); ok {
			return &s.routes[i], variables
		}
	}
	return nil, nil
}

func (r *route) match(path []string) (map[string]string, bool) {
	variables := map[string]string{}
	for i, part := range r.parts {
		name, variable := strings.CutPrefix(strings.TrimSuffix(part, "}"), "{")
		name, greedy := strings.CutSuffix(name, "+")
		switch {
		case i >= len(path) || variable && path[i] == "":
			return nil, false
		case greedy:
			variables[name] = strings.Join(path[i:], "/")
			return variables, true
		case variable:
			variables[name] = path[i]
		case part != path[i]:
			return nil, false
		}
	}
	return variables, len(path) == len(r.parts)
}

// pool is the template's user pool and client, in moto.
func (s *stack) pool() cognito.Config {
	s.t.Helper()
	made, err := emulator.CreatePool(s.t.Context(), s.moto, s.rows.Table)
	if err != nil {
		s.t.Fatal(err)
	}
	return cognito.Config{
		Pool: made.ID, Client: made.Client, ClientSecret: made.Secret,
		Region: emulator.Region, Endpoint: s.moto, Credentials: dynamotest.Anybody,
	}
}

// pepper puts one where the functions look for it, under a name.
func (s *stack) pepper(name, kind string) string {
	s.t.Helper()
	if err := emulator.PutParameter(s.t.Context(), s.moto, name, kind, "1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="); err != nil {
		s.t.Fatal(err)
	}
	return name
}

// mailbox is what SES took, as somebody reads it.
func (s *stack) mailbox() *embedded.Mailbox {
	s.t.Helper()
	box := embedded.NewMailbox(time.Now)
	for _, m := range tools.Mails(s.t, s.moto) {
		slices.Sort(m.Destinations) // the headers name the envelope's: the same twice
		for _, to := range slices.Compact(m.Destinations) {
			if _, err := box.Send(s.t.Context(), mail.Mail{From: "ses@springfield.example.org", To: to, Raw: []byte(m.Raw)}); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	return box
}

// sent is how many mails SES took, by address.
func (s *stack) sent() (byAddress map[string]int) {
	byAddress = map[string]int{}
	for _, m := range s.mailbox().All() {
		byAddress[m.To[0]]++
	}
	return byAddress
}

// settle makes the district and some people in it.
func (s *stack) settle(people ...account.Profile) {
	s.t.Helper()
	d := district.Default("springfield", "Springfield Public Schools")
	d.Office, d.Phone, d.Hours = "Springfield Family Help Desk", "555-0100", "Monday to Friday, 8 AM to 4 PM"
	d.MailFrom, d.SafetyEmail = "no-reply@springfield.example.org", "safety@springfield.example.org"
	if err := district.Save(s.t.Context(), s.store, d); err != nil {
		s.t.Fatal(err)
	}
	for i, profile := range people {
		profile.Status = account.Active
		id := fmt.Sprintf("person-%04d", i)
		err := account.Create(s.t.Context(), s.store, d.Slug, id, profile, account.State{Status: account.Active, Activated: true})
		if err != nil {
			s.t.Fatal(err)
		}
	}
}
