package inbox_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/infra/local/inbox"
	"github.com/sparekey/sparekey/shared/mail"
)

var sent = time.Date(2026, time.November, 22, 20, 15, 0, 0, time.UTC)

// mailbox holds mails with these subjects, each with the same two parts.
func mailbox(t *testing.T, page string, subjects ...string) *embedded.Mailbox {
	t.Helper()
	box := embedded.NewMailbox(func() time.Time { return sent })
	for _, subject := range subjects {
		raw := "From: \"Springfield Sign-in Help\" <no-reply@springfield.example>\nTo: <maria@example.com>\nSubject: " + subject +
			"\nDate: Sun, 22 Nov 2026 15:15:00 -0500\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n" +
			"--b\nContent-Type: text/plain; charset=UTF-8\n\nSet a new password\n--b\nContent-Type: text/html; charset=UTF-8\n\n" + page + "\n--b--\n"
		_, err := box.Send(t.Context(), mail.Mail{
			From: "no-reply@springfield.example", To: "maria@example.com", Raw: []byte(strings.ReplaceAll(raw, "\n", "\r\n")),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return box
}

func ask(t *testing.T, box *embedded.Mailbox, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRecorder()
	inbox.Handler(box, "http://127.0.0.1:8080").ServeHTTP(r, httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody))
	return r
}

func TestNewestMailIsFirstOnThePageAndLastInJSON(t *testing.T) {
	t.Parallel()
	box := mailbox(t, "<p>x</p>", "first mail", "second mail")
	page := ask(t, box, http.MethodGet, "/_local/inbox").Body.String()
	if one, two := strings.Index(page, "first mail"), strings.Index(page, "second mail"); one < 0 || two < 0 || one < two {
		t.Errorf("first at %d, second at %d", one, two)
	}
	for _, want := range []string{"to <bdi><span>maria@</span><span>example.com</span></bdi>", "<bdi>Springfield Sign-in Help</bdi>", ">November 22, 3:15 PM</time>", `datetime="2026-11-22T20:15:00Z"`, `href="http://127.0.0.1:8080/"`, `href="/_local/inbox/mail-2"`} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in\n%s", want, page)
		}
	}
	reply := ask(t, box, http.MethodGet, "/_local/inbox.json")
	var mails []map[string]any
	if err := json.Unmarshal(reply.Body.Bytes(), &mails); err != nil || len(mails) != 2 {
		t.Fatalf("%v: %s", err, reply.Body)
	}
	if mails[0]["subject"] != "first mail" || reply.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%q: %v", reply.Header(), mails)
	}
	for _, name := range []string{"id", "at", "to", "from", "subject", "text", "html", "headers"} {
		if mails[0][name] == nil {
			t.Errorf("no %q in %v", name, mails[0])
		}
	}
	if len(mails[0]) != 8 {
		t.Errorf("more than was agreed: %v", mails[0])
	}
}

func TestAnAddressBreaksBehindItsAtOnly(t *testing.T) {
	t.Parallel()
	page := ask(t, mailbox(t, "<p>x</p>", "a"), http.MethodGet, "/_local/inbox/mail-1").Body.String()
	for _, want := range []string{
		"<bdi>Springfield Sign-in Help <span>&lt;no-reply@</span><span>springfield.example&gt;</span></bdi>",
		">November 22, 3:15 PM</time>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in\n%s", want, page)
		}
	}
	if css := ask(t, mailbox(t, ""), http.MethodGet, "/_local/inbox.css").Body.String(); !strings.Contains(css, "bdi span { display: inline-block") {
		t.Error("no half of an address is held together")
	}
}

func TestEmptying(t *testing.T) {
	t.Parallel()
	box := mailbox(t, "<p>x</p>", "first mail")
	if reply := ask(t, box, http.MethodDelete, "/_local/inbox.json"); reply.Code != http.StatusNoContent {
		t.Errorf("status %d", reply.Code)
	}
	if got := strings.TrimSpace(ask(t, box, http.MethodGet, "/_local/inbox.json").Body.String()); got != "[]" {
		t.Errorf("JSON of an empty box: %s", got)
	}
	if page := ask(t, box, http.MethodGet, "/_local/inbox").Body.String(); !strings.Contains(page, "No mail yet") {
		t.Error(page)
	}
}

func TestAMailIsShownInAFrameWhereNothingRuns(t *testing.T) {
	t.Parallel()
	box := mailbox(t, `<html><head><title>x</title></head><body><a href="https://signin.example.org/x?a=1&amp;b=2">"Set"</a><script>alert(1)</script></body></html>`, `<script>alert(2)</script>`)
	reply := ask(t, box, http.MethodGet, "/_local/inbox/mail-1")
	page := reply.Body.String()
	if strings.Contains(page, "<script>") {
		t.Errorf("markup of the mail is markup of the page: %s", page)
	}
	for _, want := range []string{
		`sandbox="allow-same-origin allow-top-navigation allow-popups allow-popups-to-escape-sandbox"`,
		`srcdoc="&lt;html&gt;&lt;head&gt;&lt;base target=&#34;_top&#34;&gt;`,
		`?a=1&amp;amp;b=2&#34;`, "Set a new password</pre>", "Subject: &lt;script&gt;",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in\n%s", want, page)
		}
	}
	if policy := reply.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "http") {
		t.Errorf("policy %q", policy)
	}
}

func TestNeighboursAreLinked(t *testing.T) {
	t.Parallel()
	box := mailbox(t, "<p>x</p>", "a", "b", "c")
	for id, want := range map[string][2]bool{"mail-1": {true, false}, "mail-2": {true, true}, "mail-3": {false, true}} {
		page := ask(t, box, http.MethodGet, "/_local/inbox/"+id).Body.String()
		if got := [2]bool{strings.Contains(page, ">Newer<"), strings.Contains(page, ">Older<")}; got != want {
			t.Errorf("%s: newer, older %v", id, got)
		}
	}
}

func TestOtherAddresses(t *testing.T) {
	t.Parallel()
	box := mailbox(t, "<p>x</p>")
	for path, want := range map[string]int{
		"/_local/inbox/mail-9": http.StatusNotFound, "/_local/inbox.css": http.StatusOK, "/_local/inbox/inbox.js": http.StatusOK,
		"/_local/inbox/": http.StatusNotFound, "/_local/inbox.html": http.StatusNotFound,
	} {
		if got := ask(t, box, http.MethodGet, path).Code; got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	if got := ask(t, box, http.MethodPost, "/_local/inbox.json").Code; got != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", got)
	}
}
