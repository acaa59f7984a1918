package browser_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// show puts a document into the window as it is. It has to come from somewhere:
// a page of the local run without a policy of its own will do.
func (w *window) show(root, document string) {
	w.Helper()
	w.to(root + "/_local/inbox.css")
	w.do(chromedp.ActionFunc(func(ctx context.Context) error {
		frames, err := page.GetFrameTree().Do(ctx)
		if err != nil {
			return err
		}
		return page.SetDocumentContent(frames.Frame.ID, document).Do(ctx)
	}))
}

// Every mail, in each language, is held to what pages are held to.
func TestEveryMail(t *testing.T) {
	t.Parallel()
	needChromium(t)
	letters, err := filepath.Glob("../../../functions/courier/testdata/*.html")
	if err != nil || len(letters) == 0 {
		t.Fatal("no mails to look at", err)
	}
	root := serve(t, "")
	w := open(t, true)
	shots := shots{part: true, folder: filepath.Join(screens, "mails"), widths: map[string][]int64{"light": {phone}, "dark": {phone}}}
	for _, file := range letters {
		html, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		w.show(root, string(html))
		name := strings.TrimSuffix(filepath.Base(file), ".html")
		if _, lang, _ := strings.Cut(name, "."); ask[string](w, `document.documentElement.lang`) != lang {
			t.Errorf("%s does not say that it is %s", name, lang)
		}
		w.hold(shots, name)
	}
}
