package browser_test

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// window is one window of a browser with a profile of its own: no cookies, no
// history.
type window struct {
	*testing.T
	ctx    context.Context
	js     bool
	status int64 // of the page that is open

	mu       sync.Mutex
	console  []string
	requests []*network.Request
	bytes    float64
}

// open starts a window.
func open(t *testing.T, js bool) *window {
	t.Helper()
	browser := needChromium(t)
	id, closeProfile := profile(browser, t)
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithTargetID(id))
	t.Cleanup(func() { cancel(); closeProfile() })
	w := &window{T: t, ctx: ctx, js: js}
	chromedp.ListenTarget(ctx, w.hear)
	w.do(network.Enable(), log.Enable(), runtime.Enable(), emulation.SetFocusEmulationEnabled(true),
		emulation.SetScriptExecutionDisabled(!js), size(phone))
	return w
}

// profile makes a fresh profile with one window in it. (Chromium opens no tab
// where there is no window yet, so the driver's own way does not do.)
func profile(browser context.Context, t *testing.T) (id target.ID, end func()) {
	t.Helper()
	ctx := cdp.WithExecutor(browser, chromedp.FromContext(browser).Browser)
	fresh, err := target.CreateBrowserContext().Do(ctx)
	if err == nil {
		id, err = target.CreateTarget("about:blank").WithBrowserContextID(fresh).WithNewWindow(true).Do(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	return id, func() { _ = target.DisposeBrowserContext(fresh).Do(ctx) }
}

// hear keeps what the browser tells of the page: requests, and whatever it would
// show in its console.
func (w *window) hear(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		w.requests = append(w.requests, e.Request)
	case *network.EventLoadingFinished:
		w.bytes += e.EncodedDataLength
	case *log.EventEntryAdded:
		if !wanted(e.Entry) {
			w.console = append(w.console, fmt.Sprintf("%s %s: %s", e.Entry.Source, e.Entry.Level, e.Entry.Text))
		}
	case *runtime.EventConsoleAPICalled:
		w.console = append(w.console, fmt.Sprintf("console.%s", e.Type))
	case *runtime.EventExceptionThrown:
		w.console = append(w.console, e.ExceptionDetails.Error())
	}
}

// wanted: a page that says a problem has the problem's status, and the browser
// says that it has forgotten what it was asked to forget.
func wanted(e *log.Entry) bool {
	return e.Source == log.SourceNetwork && regexp.MustCompile(`responded with a status of [45]\d\d`).MatchString(e.Text) ||
		e.Level == log.LevelInfo && strings.HasPrefix(e.Text, "Clear-Site-Data header on")
}

const patience = 20 * time.Second

// do does something within the page.
func (w *window) do(actions ...chromedp.Action) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	if w.ctx.Err() == nil && chromedp.FromContext(w.ctx).Target == nil {
		ctx = w.ctx // the first action opens the window, which lives as long as its context
	}
	if err := chromedp.Run(ctx, actions...); err != nil {
		w.Fatalf("%v, on the page:\n%s", err, w.text())
	}
}

// load does something that leads to another page, and waits for that.
func (w *window) load(actions ...chromedp.Action) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	answer, err := chromedp.RunResponse(ctx, actions...)
	if err != nil {
		w.Fatalf("%v, on the page:\n%s", err, w.text())
	}
	w.status = answer.Status
}

// text is what is on the page, for messages.
func (w *window) text() (said string) {
	ctx, cancel := context.WithTimeout(w.ctx, 2*time.Second)
	defer cancel()
	_ = chromedp.Run(ctx, chromedp.Evaluate(`location.pathname.replace(/[0-9a-z]{52}/, "…") + "\n" + document.body.innerText`, &said))
	return said
}

// ask evaluates an expression in the page, as somebody at the developer tools
// would.
func ask[T any](w *window, expression string) (answer T) {
	w.Helper()
	w.do(chromedp.Evaluate(expression, &answer, awaiting))
	return answer
}

func awaiting(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

// to goes to an address.
func (w *window) to(address string) {
	w.Helper()
	w.load(chromedp.Navigate(address))
}

// press presses a button or follows a link.
func (w *window) press(what string) {
	w.Helper()
	w.load(chromedp.Click(what, chromedp.ByQuery))
}

// paste puts a text into a field in place of what is there, as a paste does.
func (w *window) paste(field, text string) {
	w.Helper()
	if !ask[bool](w, fmt.Sprintf(`(() => { const e = document.getElementById(%q); e?.focus(); e?.select(); return !!e })()`, field)) {
		w.Fatalf("no field %s on the page:\n%s", field, w.text())
	}
	w.do(input.InsertText(text))
}

// fill pastes texts into fields: name, text, name, text … A field that is not on
// this page, as the second password where JavaScript runs, is left out if its
// name ends in a question mark.
func (w *window) fill(fields ...string) {
	w.Helper()
	for i := 0; i < len(fields); i += 2 {
		name, optional := strings.CutSuffix(fields[i], "?")
		if optional && !w.has("#"+name) {
			continue
		}
		w.paste(name, fields[i+1])
	}
}

func (w *window) has(what string) bool {
	w.Helper()
	return ask[bool](w, fmt.Sprintf(`!!document.querySelector(%q)`, what))
}

// is fails the test unless the page has that status and that heading.
func (w *window) is(status int64, heading string) {
	w.Helper()
	if got := ask[string](w, `document.querySelector("h1").innerText`); w.status != status || got != heading {
		w.Fatalf("got %d %q, want %d %q:\n%s", w.status, got, status, heading, w.text())
	}
}

// says fails the test unless a sentence is to be read on the page.
func (w *window) says(sentence string) {
	w.Helper()
	if all := ask[string](w, `document.body.innerText.replaceAll(/\s+/g, " ")`); !strings.Contains(all, sentence) {
		w.Fatalf("%q is not on the page:\n%s", sentence, w.text())
	}
}

func (w *window) host() string {
	w.Helper()
	at, err := url.Parse(ask[string](w, `location.href`))
	if err != nil {
		w.Fatal(err)
	}
	return at.Host
}
