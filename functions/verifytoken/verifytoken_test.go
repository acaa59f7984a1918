package verifytoken_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/functions/verifytoken"
	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/pepper"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
	"github.com/sparekey/sparekey/shared/web"
)

const (
	slug     = "springfield"
	id       = "p-1"
	chosen   = "seven quiet herons dancing"
	other    = "eight loud herons sleeping"
	jsonType = "application/json"
)

// world is the flow behind its edge, with one account that was never activated.
type world struct {
	*testing.T
	now       time.Time
	rows      *embedded.Table
	store     table.Store
	passwords *embedded.Credentials
	pepper    pepper.Pepper
	hashes    int
	serve     func(context.Context, gateway.Event) (gateway.Response, error)
}

func here(t *testing.T, but ...func(*district.District)) *world {
	t.Helper()
	w := &world{T: t, now: time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC), rows: embedded.NewTable()}
	clock := func() time.Time { return w.now }
	w.store, w.passwords = table.Store{Table: w.rows, Rand: rand.Reader}, embedded.NewCredentials(clock)
	var err error
	w.pepper, err = pepper.Random(rand.Reader)
	w.fatal(err)
	for _, name := range []string{slug, "shelbyville"} {
		d := district.Default(name, "Public Schools of "+name)
		d.MailFrom = "no-reply@" + name + ".example.org"
		for _, change := range but {
			change(&d)
		}
		w.fatal(district.Save(t.Context(), w.store, d))
	}
	profile := account.Profile{Username: "mlopez71", First: "Maria", Role: district.Guardian, Address: "maria@example.org", Status: account.Active}
	w.fatal(account.Create(t.Context(), w.store, slug, id, profile, account.State{Status: account.Active}))
	edge := gateway.Edge{
		Function: "verifytoken", Districts: &district.Directory{Table: w.store, Now: clock}, Now: clock, Log: slog.New(slog.DiscardHandler),
		Pages: web.Open(web.NewSite(&url.URL{Scheme: "https", Host: "recover.example.org"}), i18n.Default, verifytoken.Pages),
	}
	w.serve = edge.Serve(verifytoken.Flow{Table: w.store, Credentials: w.passwords, Pepper: w.pepper, Hash: w.hash, Now: clock}.Routes())
	return w
}

func (w *world) fatal(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// answer is what came back.
type answer struct {
	status int
	slug   string
	body   string
}

func (w *world) call(method, at, page, secret string, fields map[string]string) answer {
	w.Helper()
	body, _ := json.Marshal(fields)
	event := gateway.Event{
		Resource: "/{district}/" + page, HTTPMethod: method, PathParameters: map[string]string{"district": at, "token": secret},
		Headers: map[string]string{"Content-Type": jsonType, "Accept": jsonType}, Body: string(body),
	}
	event.RequestContext.Identity.SourceIP = "192.0.2.1"
	response, err := w.serve(w.Context(), event)
	w.fatal(err)
	var told struct{ Type string }
	_ = json.Unmarshal([]byte(response.Body), &told)
	return answer{status: response.StatusCode, slug: told.Type[strings.LastIndexByte(told.Type, '/')+1:], body: response.Body}
}

func (w *world) set(pairs ...string) answer {
	w.Helper()
	fields := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		fields[pairs[i]] = pairs[i+1]
	}
	return w.call("POST", slug, "set-password", "", fields)
}

func (w *world) open(text string) answer {
	w.Helper()
	return w.call("GET", slug, "r/{token}", text, nil)
}

// look is the page that a browser is shown.
func (w *world) look(page, secret string) string {
	w.Helper()
	event := gateway.Event{
		Resource: "/{district}/" + page, HTTPMethod: "GET", PathParameters: map[string]string{"district": slug, "token": secret},
		Headers: map[string]string{"Accept": "text/html"},
	}
	event.RequestContext.Identity.SourceIP = "192.0.2.1"
	response, err := w.serve(w.Context(), event)
	w.fatal(err)
	return response.Body
}

// press is the page that a browser is shown after a form.
func (w *world) press(page string, fields url.Values) string {
	w.Helper()
	event := gateway.Event{
		Resource: "/{district}/" + page, HTTPMethod: "POST", PathParameters: map[string]string{"district": slug}, Body: fields.Encode(),
		Headers: map[string]string{"Accept": "text/html", "Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"},
	}
	event.RequestContext.Identity.SourceIP = "192.0.2.1"
	response, err := w.serve(w.Context(), event)
	w.fatal(err)
	return response.Body
}

func (w *world) disown(text string) answer {
	w.Helper()
	return w.call("POST", slug, "not-me/{token}", text, map[string]string{"confirm": "yes"})
}

// mint stores a token of a purpose; one that sets a password is the living one.
func (w *world) mint(purpose token.Purpose, about token.About) (text, digest, code string) {
	w.Helper()
	text, digest = token.Mint(rand.Reader)
	code = token.MintCode(rand.Reader)
	t := token.Token{District: slug, Account: id, Purpose: purpose, Epoch: w.state().Epoch, Made: w.now, Ends: w.now.Add(time.Hour), About: about, Code: token.SealCode(w.pepper, digest, code)}
	w.fatal(w.store.Write(w.Context(), t.Put(digest)))
	if purpose.SetsPassword() {
		w.live(purpose, digest)
	}
	return text, digest, code
}

// live makes a token the living one of its purpose.
func (w *world) live(purpose token.Purpose, digest string) {
	w.Helper()
	_, _, err := table.Amend(w.Context(), w.store, token.LivingKey(slug, id, purpose), func(row *table.Row[token.Living]) bool {
		row.Value = token.Living{Digest: digest, Ends: w.now.Add(time.Hour)}
		return true
	})
	w.fatal(err)
}

func (w *world) state() account.State {
	w.Helper()
	who, err := account.Load(w.Context(), w.store, slug, id)
	w.fatal(err)
	return who.State.Value
}

func (w *world) count(kind string) (n int) {
	for _, item := range w.rows.Dump() {
		if item.Kind() == kind {
			n++
		}
	}
	return n
}

func TestTheFirstPasswordIsSetByCodeAndItsDoubleTapSaysTheSame(t *testing.T) {
	t.Parallel()
	w := here(t)
	_, _, code := w.mint(token.Activation, token.About{})
	post := func(code, password, attempt string) answer {
		return w.set("username", "mlopez71", "code", code, "new_password", password, "attempt", attempt)
	}
	if a := post(code, chosen, "one"); a.status != 200 || !w.passwords.Matches(id, chosen) {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	if a := post(code, chosen, "one"); a.status != 200 {
		t.Errorf("the double tap: %d %s", a.status, a.body)
	}
	for name, a := range map[string]answer{
		"another password": post(code, other, "one"),
		"another attempt":  post(code, chosen, "two"),
		"no attempt":       post(code, chosen, ""),
	} {
		if a.status == 200 {
			t.Errorf("%s is told a success", name)
		}
	}
	if !w.passwords.Matches(id, chosen) || w.count("NOTICE") != 1 || w.state().Epoch != 1 {
		t.Errorf("%d notices, epoch %d", w.count("NOTICE"), w.state().Epoch)
	}
}

func TestADoubleTapNeedsTheProofThatWasUsed(t *testing.T) {
	t.Parallel()
	w := here(t)
	old, digest, _ := w.mint(token.Reset, token.About{})
	_, _, err := table.Amend(t.Context(), w.store, token.Key(digest), func(row *table.Row[token.Token]) bool {
		row.Value.Used = true
		return true
	})
	w.fatal(err)
	text, _, _ := w.mint(token.Reset, token.About{})
	if a := w.set("token", text, "new_password", chosen, "attempt", "one"); a.status != 200 {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	if a := w.set("token", text, "new_password", chosen, "attempt", "one"); a.status != 200 {
		t.Errorf("the double tap: %d %s", a.status, a.body)
	}
	for name, secret := range map[string]string{"an older link, used before": old, "no link of ours": strings.Repeat("0", len(text))} {
		if a := w.set("token", secret, "new_password", chosen, "attempt", "one"); a.status != 410 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

func TestADisownedLinkIsDeadForGoodAndNoOtherIs(t *testing.T) {
	t.Parallel()
	w := here(t)
	link, digest, _ := w.mint(token.Reset, token.About{})
	notMe, _, _ := w.mint(token.NotMe, token.About{Kind: token.AboutRequest, Link: digest})
	newer, newest, _ := w.mint(token.Reset, token.About{})
	if a := w.disown(notMe); a.status != 200 {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	if a := w.open(newer); a.status != 200 {
		t.Errorf("the newer link: %d %s", a.status, a.body)
	}
	w.live(token.Reset, digest) // as a refused mail puts back what was living before
	if a := w.open(link); a.status != 410 {
		t.Errorf("the disowned link: %d %s", a.status, a.body)
	}
	w.live(token.Reset, newest)
	if a := w.disown(notMe); a.status != 200 || w.count("AUDIT") != 1 || w.open(newer).status != 200 {
		t.Errorf("said twice: %d, %d audit entries", a.status, w.count("AUDIT"))
	}
	own, itself, _ := w.mint(token.Reset, token.About{})
	again, _, _ := w.mint(token.NotMe, token.About{Kind: token.AboutRequest, Link: itself})
	w.disown(again)
	if a := w.open(own); a.status != 410 {
		t.Errorf("the living link, disowned: %d %s", a.status, a.body)
	}
}

func TestADisownedChangeIsToldOnce(t *testing.T) {
	t.Parallel()
	w := here(t, func(d *district.District) { d.SafetyEmail = "safety@example.org" })
	text, _, _ := w.mint(token.NotMe, token.About{Kind: token.AboutChange})
	if a := w.call("POST", slug, "not-me/{token}", text, map[string]string{}); a.status/100 != 4 || w.state().Disputed {
		t.Errorf("without the box: %d", a.status)
	}
	for range 2 {
		if a := w.disown(text); a.status != 200 {
			t.Errorf("got %d %s", a.status, a.body)
		}
	}
	if s := w.state(); s.Epoch != 1 || !s.Disputed || !s.Frozen.After(w.now) || w.count("NOTICE") != 1 || w.count("AUDIT") != 1 {
		t.Errorf("%+v, %d notices, %d audit entries", s, w.count("NOTICE"), w.count("AUDIT"))
	}
}

func TestANewLinkIsNotAskedForWhereTheFlowIsOff(t *testing.T) {
	t.Parallel()
	w := here(t, func(d *district.District) { d.Flows[district.ForgotPassword] = nil })
	text, _, _ := w.mint(token.Reset, token.About{})
	before := len(w.rows.Dump())
	a := w.call("POST", slug, "link-again", "", map[string]string{"token": text})
	if a.slug != "not-allowed" || len(w.rows.Dump()) != before {
		t.Errorf("got %d %s, %d items more", a.status, a.body, len(w.rows.Dump())-before)
	}
}

func TestATokenOfAnotherPurposeOrDistrictIsAFake(t *testing.T) {
	t.Parallel()
	w := here(t)
	link, digest, _ := w.mint(token.Reset, token.About{})
	notMe, _, _ := w.mint(token.NotMe, token.About{Kind: token.AboutRequest, Link: digest})
	fake := w.open(strings.Repeat("0", len(link)))
	for name, a := range map[string]answer{
		"a not-me token as a link":       w.open(notMe),
		"a link in another district":     w.call("GET", "shelbyville", "r/{token}", link, nil),
		"a link as a not-me token":       w.disown(link),
		"a not-me token of another's":    w.call("POST", "shelbyville", "not-me/{token}", notMe, map[string]string{"confirm": "yes"}),
		"a not-me token sets a password": w.set("token", notMe, "new_password", chosen),
	} {
		if a.status != 410 || a.body != fake.body {
			t.Errorf("%s: %d %s, want %s", name, a.status, a.body, fake.body)
		}
	}
	if a := w.open(link); a.status != 200 || w.count("NOTICE") != 0 {
		t.Errorf("the link: %d %s", a.status, a.body)
	}
}

func TestADeadLinkOffersOnlyTheWaysThatAreOpen(t *testing.T) {
	t.Parallel()
	closed := func(flows ...string) func(*district.District) {
		return func(d *district.District) {
			for _, flow := range flows {
				delete(d.Flows, flow)
			}
		}
	}
	portal := func(d *district.District) { d.Portal = "https://portal.example.org/" }
	for name, c := range map[string]struct {
		but        []func(*district.District)
		used       bool
		shown, not []string
	}{
		"used":                      {nil, true, []string{"/sign-in", "/code", "/link-again"}, nil},
		"used, no mails":            {[]func(*district.District){closed(district.ForgotPassword)}, true, []string{"/sign-in"}, []string{"/code", "/link-again"}},
		"used, no sign-in":          {[]func(*district.District){closed(district.SignIn)}, true, []string{"/code", "/link-again"}, []string{"/sign-in"}},
		"used, signed in elsewhere": {[]func(*district.District){closed(district.SignIn), portal}, true, []string{"https://portal.example.org/"}, []string{"/sign-in"}},
		"too old, no mails":         {[]func(*district.District){closed(district.ForgotPassword)}, false, []string{"/sign-in"}, []string{"/code", "/link-again"}},
		"too old, nothing is open":  {[]func(*district.District){closed(district.ForgotPassword, district.SignIn)}, false, nil, []string{"/sign-in", "/code", "/link-again"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := here(t, c.but...)
			text, _, _ := w.mint(token.Reset, token.About{})
			if c.used {
				if a := w.set("token", text, "new_password", chosen); a.status != 200 {
					t.Fatalf("got %d %s", a.status, a.body)
				}
			}
			w.now = w.now.Add(2 * time.Hour)
			page := w.look("r/{token}", text)
			for _, way := range c.shown {
				if !strings.Contains(page, way+`"`) {
					t.Errorf("no way to %s: %s", way, page)
				}
			}
			for _, way := range c.not {
				if strings.Contains(page, way+`"`) {
					t.Errorf("a way to %s, which is closed: %s", way, page)
				}
			}
		})
	}
}

func TestThePageToSetAPasswordSaysWhyWhoSignedInMustChooseAnother(t *testing.T) {
	t.Parallel()
	const why = "This password is not yours to keep."
	for purpose, want := range map[token.Purpose]bool{token.ForcedChange: true, token.Reset: false, token.Activation: false} {
		w := here(t)
		text, _, _ := w.mint(purpose, token.About{})
		if page := w.look("r/{token}", text); !strings.Contains(page, `name="new_password"`) || strings.Contains(page, why) != want {
			t.Errorf("%s: says why, want %v: %s", purpose, want, page)
		}
	}
}

func TestAFirstPasswordIsAnsweredAsWhatItIs(t *testing.T) {
	t.Parallel()
	for purpose, want := range map[token.Purpose]bool{token.Activation: true, token.Reset: false} {
		w := here(t)
		text, _, _ := w.mint(purpose, token.About{})
		page := w.press("set-password", url.Values{"token": {text}, "new_password": {chosen}})
		if first, changed := strings.Contains(page, "Your password is set"), strings.Contains(page, "Your password is changed"); first != want || changed == want {
			t.Errorf("%s: set %v, changed %v: %s", purpose, first, changed, page)
		}
		if strings.Contains(page, "signed you out on your other devices") == want {
			t.Errorf("%s: of other devices: %s", purpose, page)
		}
	}
}
