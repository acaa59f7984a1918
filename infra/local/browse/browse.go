// Package browse is a family's browser without JavaScript, for tests: it keeps
// cookies, follows redirects, fills in forms as they stand on the page and posts
// them with the headers that browsers send.
package browse

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// Browser is one person's browser.
type Browser struct {
	t      testing.TB
	root   *url.URL
	Client *http.Client
	Header http.Header // sent with every request
}

// New makes a browser with no cookies. Root is where the service is, with its
// base path.
func New(t testing.TB, root string) *Browser {
	t.Helper()
	at, err := url.Parse(root)
	if err != nil {
		t.Fatal(err)
	}
	jar, _ := cookiejar.New(nil)
	return &Browser{t: t, root: at, Client: &http.Client{Jar: jar}, Header: http.Header{"Accept": {"text/html,application/xhtml+xml"}}}
}

// Page is an answer, read.
type Page struct {
	Status int
	Header http.Header
	Body   string
	URL    *url.URL

	b    *Browser
	tree *html.Node
}

// Open goes to a path of the service, or to a whole address.
func (b *Browser) Open(address string) Page {
	b.t.Helper()
	return b.do(http.MethodGet, b.at(address), nil, "")
}

// Post posts fields as a form does.
func (b *Browser) Post(address string, fields url.Values) Page {
	b.t.Helper()
	return b.do(http.MethodPost, b.at(address), strings.NewReader(fields.Encode()), "application/x-www-form-urlencoded")
}

// JSON posts an object as a machine does, and reads the answer into into.
func (b *Browser) JSON(address string, fields, into any) Page {
	b.t.Helper()
	body, err := json.Marshal(fields)
	if err != nil {
		b.t.Fatal(err)
	}
	page := b.do(http.MethodPost, b.at(address), strings.NewReader(string(body)), "application/json")
	if into != nil {
		if err := json.Unmarshal([]byte(page.Body), into); err != nil {
			b.t.Fatalf("POST %s: %v in %s", address, err, page.Body)
		}
	}
	return page
}

func (b *Browser) at(address string) string {
	if strings.HasPrefix(address, "http") {
		return address
	}
	return strings.TrimSuffix(b.root.String(), "/") + address
}

func (b *Browser) do(method, address string, body io.Reader, kind string) Page {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, address, body)
	if err != nil {
		b.t.Fatal(err)
	}
	for name, values := range b.Header {
		r.Header[name] = values
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
		if r.Header.Get("Origin") == "" {
			r.Header.Set("Origin", b.root.Scheme+"://"+b.root.Host)
		}
	}
	answer, err := b.Client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	page := Page{Status: answer.StatusCode, Header: answer.Header, Body: string(text), URL: answer.Request.URL, b: b}
	page.tree, _ = html.Parse(strings.NewReader(page.Body))
	return page
}

// Want fails the test if the page has another status, or lacks some of the text.
func (p Page) Want(status int, texts ...string) Page {
	p.b.t.Helper()
	if p.Status != status {
		p.b.t.Fatalf("%s: got %d, want %d:\n%s", p.URL.Path, p.Status, status, p.Text())
	}
	for _, text := range texts {
		if !strings.Contains(p.Text(), text) {
			p.b.t.Fatalf("%s: %q is not on the page:\n%s", p.URL.Path, text, p.Text())
		}
	}
	return p
}

// Text is what a person reads on the page.
func (p Page) Text() string {
	var words []string
	walk(p.tree, func(n *html.Node) {
		if n.Type == html.TextNode && n.Parent.Data != "script" && n.Parent.Data != "style" {
			words = append(words, strings.Fields(n.Data)...)
		}
	})
	return strings.Join(words, " ")
}

// Submit fills in the form that posts to where action ends, leaves its other
// fields as they stand, and presses its button.
func (p Page) Submit(action string, fields map[string]string) Page {
	p.b.t.Helper()
	target, values := p.Form(action)
	for name, value := range fields {
		values.Set(name, value)
	}
	return p.b.Post(target, values)
}

// Form finds a form by the end of its action: where it posts to, and its fields
// as they stand.
func (p Page) Form(action string) (target string, values url.Values) {
	p.b.t.Helper()
	var form *html.Node
	walk(p.tree, func(n *html.Node) {
		if n.Data == "form" && attr(n, "method") == "post" && strings.HasSuffix(strings.Split(attr(n, "action"), "?")[0], action) {
			form = n
		}
	})
	if form == nil {
		p.b.t.Fatalf("%s: no form posts to %s:\n%s", p.URL.Path, action, p.Body)
	}
	to, err := p.URL.Parse(attr(form, "action"))
	if err != nil {
		p.b.t.Fatal(err)
	}
	values = url.Values{}
	walk(form, func(n *html.Node) {
		kind, name := attr(n, "type"), attr(n, "name")
		if n.Data == "input" && name != "" && (kind != "checkbox" || has(n, "checked")) {
			values.Set(name, attr(n, "value"))
		}
	})
	return to.String(), values
}

// Links are the addresses that the page leads to.
func (p Page) Links() []string {
	var all []string
	walk(p.tree, func(n *html.Node) {
		if n.Type == html.ElementNode && n.Data == "a" {
			all = append(all, attr(n, "href"))
		}
	})
	return all
}

func walk(n *html.Node, see func(*html.Node)) {
	if n == nil {
		return
	}
	see(n)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		walk(c, see)
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// Mail is one mail in the local inbox.
type Mail struct {
	ID      string            `json:"id"`
	To      []string          `json:"to"`
	Subject string            `json:"subject"`
	Text    string            `json:"text"`
	HTML    string            `json:"html"`
	Headers map[string]string `json:"headers"`
}

// Link is the first link of the mail that has that part in its path.
func (m Mail) Link(t testing.TB, part string) string {
	t.Helper()
	for line := range strings.Lines(m.Text) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "http") && strings.Contains(line, part) {
			return line
		}
	}
	t.Fatalf("no link with %s in %q:\n%s", part, m.Subject, m.Text)
	return ""
}

// Code is the code that stands alone on its line.
func (m Mail) Code(t testing.TB) string {
	t.Helper()
	for line := range strings.Lines(m.Text) {
		if line = strings.TrimSpace(line); len(line) == 9 && line[4] == '-' {
			return line
		}
	}
	t.Fatalf("no code in:\n%s", m.Text)
	return ""
}

// Hook calls one of the local run's hooks and reads its answer.
func (b *Browser) Hook(method, path string, body, into any) {
	b.t.Helper()
	text, _ := json.Marshal(body)
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.root.Scheme+"://"+b.root.Host+"/_local/"+path, strings.NewReader(string(text)))
	if err != nil {
		b.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	got, _ := io.ReadAll(answer.Body)
	if answer.StatusCode/100 != 2 {
		b.t.Fatalf("%s %s: %d %s", method, path, answer.StatusCode, got)
	}
	if into != nil {
		if err := json.Unmarshal(got, into); err != nil {
			b.t.Fatal(fmt.Errorf("%s: %w in %s", path, err, got))
		}
	}
}

// Advance moves the clock; when it returns all that fell due has run.
func (b *Browser) Advance(by string) {
	b.t.Helper()
	b.Hook(http.MethodPost, "clock", map[string]string{"advance": by}, nil)
}

// Mails lets the courier run, and reads the mails to an address, oldest first.
func (b *Browser) Mails(to string) []Mail {
	b.t.Helper()
	b.Hook(http.MethodPost, "run", map[string]string{"function": "courier"}, nil)
	var all, mine []Mail
	b.Hook(http.MethodGet, "inbox.json", nil, &all)
	for _, m := range all {
		if len(m.To) == 1 && m.To[0] == to {
			mine = append(mine, m)
		}
	}
	return mine
}

// LastMail is the newest mail to an address, which must be the nth.
func (b *Browser) LastMail(to string, nth int) Mail {
	b.t.Helper()
	mails := b.Mails(to)
	if len(mails) != nth {
		b.t.Fatalf("%s has %d mails, want %d", to, len(mails), nth)
	}
	return mails[nth-1]
}
