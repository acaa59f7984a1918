package promises_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// page is what a program sees of a page: its forms and its links.
type page struct {
	forms []form
	links []string
}

type form struct {
	action string
	fields url.Values // as they stand
	names  []string   // all of them
}

func read(body string) (p page) {
	tree, err := html.Parse(strings.NewReader(body))
	if err != nil {
		return p
	}
	attr := func(n *html.Node, name string) (string, bool) {
		for _, a := range n.Attr {
			if a.Key == name {
				return a.Val, true
			}
		}
		return "", false
	}
	var at *form
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		name, named := attr(n, "name")
		switch {
		case n.Data == "a":
			if href, ok := attr(n, "href"); ok {
				p.links = append(p.links, href)
			}
		case n.Data == "form":
			action, _ := attr(n, "action")
			p.forms = append(p.forms, form{action: action, fields: url.Values{}})
			at = &p.forms[len(p.forms)-1]
		case (n.Data == "input" || n.Data == "button") && named && at != nil:
			value, _ := attr(n, "value")
			kind, _ := attr(n, "type")
			_, checked := attr(n, "checked")
			at.names = append(at.names, name)
			if kind != "checkbox" || checked {
				at.fields.Set(name, value)
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(tree)
	return p
}

// scan does what a mail scanner does with a link: it asks for its head, opens it
// from two networks, follows what the page leads to, and submits every form, as
// it stands and emptied.
func (w *world) scan(path string) {
	w.Helper()
	browser := map[string]string{"Origin": w.origin(), "Sec-Fetch-Site": "same-origin"}
	for _, from := range []string{"198.51.100.7", "2001:db8::7"} {
		for _, method := range []string{http.MethodHead, http.MethodOptions, http.MethodGet, http.MethodGet, http.MethodGet} {
			w.send(ask{Method: method, Path: path, From: from})
		}
	}
	body := w.get(path).Body
	seen := read(body)
	for _, link := range seen.links {
		if strings.HasPrefix(link, w.root.Path+"/") {
			w.get(strings.TrimPrefix(link, w.root.Path))
		}
	}
	for _, f := range seen.forms {
		action := strings.TrimPrefix(f.action, w.root.Path)
		empty := url.Values{}
		for _, name := range f.names {
			if name != "confirm" { // a box that is not ticked is not sent
				empty.Set(name, "")
			}
		}
		for _, fields := range []url.Values{f.fields, empty, {}} {
			w.send(ask{Method: http.MethodPost, Path: action, Kind: formType, Body: fields.Encode(), Header: browser, From: "198.51.100.7"})
			w.send(ask{Method: http.MethodPost, Path: path, Kind: formType, Body: fields.Encode(), Header: browser, From: "198.51.100.7"})
		}
	}
}

func TestScannersUseNothingUp(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"http://127.0.0.1:8080", "https://reset.example.org/prod"} {
		w := at(t, base)
		token, code := w.link("springfield", "mlopez71", maria)
		first := w.last(maria)
		w.link("springfield", "tnowak", "tomas.nowak@example.org")
		activation := w.last("tomas.nowak@example.org")
		w.json("/springfield/forgot-password", "username", "jlopez72", "email", "juan.lopez@example.org")
		done := tokenOf(w.last("juan.lopez@example.org").Link(t, "/r/"))
		w.json(setPassword, "token", done, "new_password", newWords).want(t, http.StatusOK)
		notice := w.last("juan.lopez@example.org")
		w.advance(time.Minute)

		before := w.state()
		links := 0
		for _, m := range []mailed{first, activation, notice} {
			for line := range strings.Lines(m.Text) {
				if line = strings.TrimSpace(line); strings.HasPrefix(line, w.root.String()) {
					w.scan(w.path(line))
					links++
				}
			}
		}
		if links < 5 {
			t.Fatalf("only %d links were scanned", links)
		}
		for _, path := range []string{"/springfield", "/springfield/forgot-password", "/springfield/code", "/springfield/sign-in", "/springfield/help"} {
			w.scan(path)
		}
		w.settle()
		if after := w.state(); after != before {
			t.Errorf("%s: a scanner changed something:\n%s", base, difference(before, after))
		}

		w.form(setPassword, "token", token, "new_password", newWords, "new_password_again", newWords).want(t, http.StatusOK)
		w.json(setPassword, "token", tokenOf(activation.Link(t, "/r/")), "new_password", newWords).want(t, http.StatusOK)
		w.form(w.path(notice.Link(t, "/not-me/")), "confirm", "yes").want(t, http.StatusOK)
		_ = code
	}
}

func difference(before, after string) string {
	old := strings.Split(before, `{"PK":`)
	var fresh []string
	for _, part := range strings.Split(after, `{"PK":`) {
		if !slices.Contains(old, part) {
			fresh = append(fresh, part)
		}
	}
	return strings.Join(fresh, "\n")
}

func TestScannersCannotDisownWithoutATickedBox(t *testing.T) {
	t.Parallel()
	w := here(t)
	token, _ := w.link("springfield", "mlopez71", maria)
	path := w.path(w.last(maria).Link(t, "/not-me/"))
	if body := w.get(path).Body; strings.Contains(body, " checked") {
		t.Error("the box is ticked already")
	}
	for _, value := range []string{"", "no", "on", "true", "YES", "yes ", "1"} {
		if a := w.form(path, "confirm", value); a.Status != http.StatusBadRequest {
			t.Errorf("confirm=%q: %d", value, a.Status)
		}
	}
	w.get("/springfield/r/"+token).want(t, http.StatusOK)
	w.form(path, "confirm", "yes").want(t, http.StatusOK)
	w.form(path, "confirm", "yes").want(t, http.StatusOK) // said twice
	w.get("/springfield/r/"+token).want(t, http.StatusGone)
}

func TestScannersDoNotSpendTheTriesOfTheOwner(t *testing.T) {
	t.Parallel()
	w := here(t)
	_, code := w.link("springfield", "mlopez71", maria)
	for i := range 20 {
		w.send(ask{Path: "/springfield/code", From: fmt.Sprintf("198.51.100.%d", i)})
		w.form("/springfield/code", "username", "mlopez71", "code", "")
		w.form("/springfield/code", "username", "", "code", code)
		w.form("/springfield/code", "username", "mlopez71", "code", "no code at all")
	}
	w.json("/springfield/code", "username", "mlopez71", "code", code).want(t, http.StatusOK)
}
