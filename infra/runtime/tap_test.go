package runtime_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/shared/mail"
)

// tap lies between the functions and a service: it counts what goes through,
// keeps the mails that were taken, and lets somebody stand in the way.
type tap struct {
	URL string

	mu      sync.Mutex
	between between
	calls   map[string]int    // by the operation
	looked  int               // items that the service looked at for queries
	taken   *embedded.Mailbox // by the mail service
	refused map[string]bool   // addresses that the mail service takes no mail for
	ended   map[string]bool   // whose sign-ins Cognito has ended, since their last password
}

// between is what happens to a call on its way; through is the rest of the way.
type between func(w http.ResponseWriter, r *http.Request, through http.Handler)

// form is the context's key to what is asked of SES, and person to whom Cognito
// is asked about.
type (
	form   struct{}
	person struct{}
)

func newTap(t *testing.T, service string) *tap {
	at, err := url.Parse(service)
	if err != nil {
		t.Fatal(err)
	}
	tap := &tap{calls: map[string]int{}, taken: embedded.NewMailbox(time.Now), refused: map[string]bool{}, ended: map[string]bool{}}
	through := &httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(at) },
		ModifyResponse: tap.look,
		ErrorHandler:   func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		Transport:      &http.Transport{MaxIdleConnsPerHost: 64},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body) // so that it is noticed when whoever asks is gone
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if r.Header.Get("X-Amz-Target") == "" {
			asked, _ := url.ParseQuery(string(body))
			r = r.WithContext(context.WithValue(r.Context(), form{}, asked))
		} else {
			var asked struct{ Username string }
			_ = json.Unmarshal(body, &asked) // of DynamoDB, nobody
			r = r.WithContext(context.WithValue(r.Context(), person{}, asked.Username))
		}
		tap.mu.Lock()
		tap.calls[operation(r)]++
		between, rest := tap.between, http.Handler(through)
		if asked, mails := r.Context().Value(form{}).(url.Values); mails && tap.refused[asked.Get("Destinations.member.1")] {
			rest = http.HandlerFunc(refuse)
		}
		tap.mu.Unlock()
		if between == nil {
			rest.ServeHTTP(w, r)
			return
		}
		between(w, r, rest)
	}))
	t.Cleanup(server.Close)
	tap.URL = server.URL
	return tap
}

// refuse is what SES answers to a mail for an address that it has given up.
func refuse(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(http.StatusBadRequest)
	_, _ = io.WriteString(w, `<ErrorResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><Error><Type>Sender</Type>
		<Code>MessageRejected</Code><Message>Address blacklisted.</Message></Error><RequestId>1</RequestId></ErrorResponse>`)
}

// refuses has the mail service take no mail for an address from now on.
func (t *tap) refuses(address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refused[address] = true
}

// operation is what is asked of the service.
func operation(r *http.Request) string {
	if asked, ok := r.Context().Value(form{}).(url.Values); ok {
		return asked.Get("Action")
	}
	_, name, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	return name
}

// look sees an answer before whoever asked does.
func (t *tap) look(response *http.Response) error {
	switch operation(response.Request) {
	case "Query":
		return t.count(response)
	case "SendRawEmail":
		return t.keep(response)
	case "AdminSetUserPassword":
		t.end(response, false)
	case "AdminUserGlobalSignOut":
		t.end(response, true)
	}
	return nil
}

// end notes whether somebody's sign-ins are ended now.
func (t *tap) end(response *http.Response, ended bool) {
	who, _ := response.Request.Context().Value(person{}).(string)
	if response.StatusCode == http.StatusOK {
		t.mu.Lock()
		t.ended[who] = ended
		t.mu.Unlock()
	}
}

// forget takes it that somebody has signed in.
func (t *tap) forget(who string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.ended, who)
}

func (t *tap) signedOut(who string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ended[who]
}

func (t *tap) count(response *http.Response) error {
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	var answer struct{ ScannedCount int }
	if err := json.Unmarshal(raw, &answer); err != nil {
		return err
	}
	t.mu.Lock()
	t.looked += answer.ScannedCount
	t.mu.Unlock()
	response.Body = io.NopCloser(bytes.NewReader(raw))
	return nil
}

func (t *tap) keep(response *http.Response) error {
	asked, _ := response.Request.Context().Value(form{}).(url.Values)
	if response.StatusCode != http.StatusOK {
		return nil
	}
	raw, err := base64.StdEncoding.DecodeString(asked.Get("RawMessage.Data"))
	if err != nil {
		return err
	}
	_, err = t.taken.Send(response.Request.Context(), mail.Mail{
		From: asked.Get("Source"), To: asked.Get("Destinations.member.1"), Raw: raw,
	})
	return err
}

// see puts someone in the way of every call; nil: nobody.
func (t *tap) see(between between) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.between = between
}

// reset begins to count anew, and tells what was counted.
func (t *tap) reset() (calls map[string]int, looked int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	calls, looked = t.calls, t.looked
	t.calls, t.looked = map[string]int{}, 0
	return calls, looked
}
