// Package inbox shows the mails of the local run: to people as pages, to
// black-box tests as JSON.
//
// A mail is shown as a family sees it, in a frame in which no script runs and
// nothing remote is loaded, so that what is wrong with a mail is seen here and
// not in somebody's mailbox. The package only reads the embedded mailbox; sending
// and keeping are the mailbox's. It has no place in a Lambda.
//
// Read [Handler] first.
package inbox

import (
	"bytes"
	"embed"
	"encoding/json"
	"html/template"
	"net/http"
	netmail "net/mail"
	"slices"
	"strings"
	"time"

	"github.com/sparekey/sparekey/infra/embedded"
)

//go:embed inbox.html inbox.css inbox.js
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{"pieces": pieces}).ParseFS(files, "inbox.html"))

// inbox is a mailbox and the address of the service's root, for links back.
type inbox struct {
	mailbox *embedded.Mailbox
	base    string
}

// Handler serves the pages and the JSON under /_local/inbox. The address of the
// service's root is base.
func Handler(mailbox *embedded.Mailbox, base string) http.Handler {
	i := inbox{mailbox: mailbox, base: strings.TrimSuffix(base, "/") + "/"}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_local/inbox", i.list)
	mux.HandleFunc("GET /_local/inbox/{id}", i.one)
	mux.HandleFunc("GET /_local/inbox.json", i.all)
	mux.HandleFunc("DELETE /_local/inbox.json", i.empty)
	mux.HandleFunc("GET /_local/inbox.css", file("inbox.css"))
	mux.HandleFunc("GET /_local/inbox/inbox.js", file("inbox.js"))
	return mux
}

func file(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeFileFS(w, r, files, name)
	}
}

// shown is a mail as the pages show it.
type shown struct {
	embedded.Received
	Sender, Addressee string // as the mail itself says
	When              string
	Older, Newer      string // ids of its neighbours, or empty
}

// piece is a part of a line; a whole one breaks only where it is longer than the
// line.
type piece struct {
	Text  string
	Whole bool
}

// pieces cuts a line so that an address in it breaks behind its @, and not at a
// hyphen.
func pieces(line string) (all []piece) {
	for word := range strings.SplitAfterSeq(line, " ") {
		at := strings.LastIndexByte(word, '@') + 1
		if at == 0 {
			all = append(all, piece{Text: word})
			continue
		}
		host := strings.TrimRight(word[at:], ", ")
		all = append(all, piece{Text: word[:at], Whole: true}, piece{Text: host, Whole: true}, piece{Text: word[at+len(host):]})
	}
	return all
}

func show(m embedded.Received) shown {
	at := m.At
	if date, err := netmail.ParseDate(m.Headers["Date"]); err == nil {
		at = at.In(date.Location()) // in the district's time, like the mail
	}
	return shown{
		Received: m, Sender: strings.ReplaceAll(m.Headers["From"], `"`, ""), Addressee: strings.Join(m.To, ", "),
		When: at.Format("January 2, 3:04 PM"),
	}
}

// Name is the sender's name alone, as a list of mails shows it.
func (s shown) Name() string {
	name, _, _ := strings.Cut(s.Sender, " <")
	return name
}

// Clock is when the mail was sent, for machines.
func (s shown) Clock() string { return s.At.Format(time.RFC3339) }

// Frame is the HTML part for a frame of its own: its links open in the window
// that the frame is in.
func (s shown) Frame() string {
	const target = `<base target="_top">`
	if strings.Contains(s.HTML, "<head>") {
		return strings.Replace(s.HTML, "<head>", "<head>"+target, 1)
	}
	return target + s.HTML
}

// Source is the mail as it was sent.
func (s shown) Source() string { return strings.ReplaceAll(string(s.Raw), "\r\n", "\n") }

func (i inbox) list(w http.ResponseWriter, _ *http.Request) {
	var mails []shown
	for _, m := range slices.Backward(i.mailbox.All()) {
		mails = append(mails, show(m))
	}
	i.page(w, http.StatusOK, "list", mails)
}

func (i inbox) one(w http.ResponseWriter, r *http.Request) {
	all := i.mailbox.All()
	at := slices.IndexFunc(all, func(m embedded.Received) bool { return m.ID == r.PathValue("id") })
	if at < 0 {
		i.page(w, http.StatusNotFound, "none", nil)
		return
	}
	s := show(all[at])
	if at > 0 {
		s.Older = all[at-1].ID
	}
	if at+1 < len(all) {
		s.Newer = all[at+1].ID
	}
	i.page(w, http.StatusOK, "one", s)
}

// policy lets the page's own style and script in, and the styles inside a mail,
// which inherits it. Pictures, fonts and frames from elsewhere stay out.
const policy = "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func (i inbox) page(w http.ResponseWriter, status int, name string, what any) {
	var page bytes.Buffer
	err := pages.ExecuteTemplate(&page, name, struct {
		Base string
		What any
	}{i.base, what})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", policy)
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = page.WriteTo(w)
}

func (i inbox) all(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false) // for people with curl
	_ = encoder.Encode(i.mailbox.All())
}

func (i inbox) empty(w http.ResponseWriter, _ *http.Request) {
	i.mailbox.Empty()
	w.WriteHeader(http.StatusNoContent)
}
