package browser_test

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

//go:embed testdata/axe.min.js
var axe string

// The widths: the narrowest phone that counts (WCAG 1.4.10), a phone, a desk.
const (
	narrow = 320
	phone  = 360
	desk   = 1280
)

func size(width int64) chromedp.Action {
	return emulation.SetDeviceMetricsOverride(width, 800, 1, false)
}

func scheme(name string) chromedp.Action {
	return emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}})
}

// look holds the open page to what every page is held to, and keeps a picture of
// it under that name.
func (w *window) look(shots shots, name string) {
	w.Helper()
	w.frame(name, shots.lang)
	w.hold(shots, name)
}

// hold is look without what only our own pages promise.
func (w *window) hold(shots shots, name string) {
	w.Helper()
	// The page's own scripts have had their turn; without this axe has none.
	w.do(emulation.SetScriptExecutionDisabled(false), chromedp.Evaluate(axe+";0", nil))
	for _, light := range []string{"light", "dark"} {
		if len(shots.widths[light]) == 0 {
			continue
		}
		w.do(scheme(light), chromedp.Evaluate(settled, nil))
		for _, fault := range w.violations(shots.part) {
			w.Errorf("%s, %s: axe: %s", name, light, fault)
		}
		for _, width := range shots.widths[light] {
			w.shoot(width, filepath.Join(shots.folder, fmt.Sprintf("%s.%d.%s.png", name, width, light)))
		}
	}
	w.do(scheme("light"), size(narrow))
	if over := ask[int](w, sideways); over > 0 {
		w.Errorf("%s: %d px wider than a phone of %d px", name, over, narrow)
	}
	for _, fault := range ask[[]string](w, spaced) {
		w.Errorf("%s: with text spaced out: %s", name, fault)
	}
	w.do(size(phone), emulation.SetScriptExecutionDisabled(!w.js))
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, entry := range w.console {
		w.Errorf("%s: console: %s", name, entry)
	}
	w.console = nil
}

// frame holds the page's head: language, and a title that begins with the heading.
func (w *window) frame(name, lang string) {
	w.Helper()
	got := ask[map[string]string](w, `({lang: document.documentElement.lang, title: document.title, heading: document.querySelector("h1").innerText})`)
	if got["lang"] != lang {
		w.Errorf("%s: says it is %q, want %q", name, got["lang"], lang)
	}
	if !strings.Contains(got["title"], got["heading"]) {
		w.Errorf("%s: title %q does not say %q", name, got["title"], got["heading"])
	}
}

// violations are what axe finds, each with the element it is about. Of a part of
// somebody else's page the landmarks are theirs.
func (w *window) violations(part bool) []string {
	w.Helper()
	rules := "{}"
	if part {
		rules = `{"landmark-one-main": {enabled: false}, "region": {enabled: false}}`
	}
	return ask[[]string](w, `axe.run(document, {runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}, resultTypes: ["violations"], rules: `+rules+`})
		.then(r => r.violations.map(v => v.id + " (" + v.impact + ", " + v.nodes.length + "): " + v.nodes[0].html + " " + v.nodes[0].failureSummary))`)
}

// settled lets no colour be on its way to another when it is measured.
const settled = `document.getAnimations().forEach(a => a.finish()), 0`

const sideways = `document.documentElement.scrollWidth - document.documentElement.clientWidth`

// spaced sets the spacing that people who read with difficulty may set (WCAG
// 1.4.12), and tells what is cut off by it.
const spaced = `(() => {
	const own = new CSSStyleSheet();
	own.replaceSync("* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important } p { margin-block-end: 2em !important }");
	document.adoptedStyleSheets = [own];
	const cut = [];
	const hidden = (e) => e.closest(".vh, .skip, iframe, details:not([open]) > :not(summary)");
	for (const e of document.querySelectorAll("body *")) {
		if (hidden(e) || e.matches("input")) continue;
		const style = getComputedStyle(e);
		if (style.overflowX !== "visible" && e.scrollWidth > e.clientWidth + 1 || style.overflowY !== "visible" && e.scrollHeight > e.clientHeight + 1)
			cut.push("clipped: " + e.outerHTML.slice(0, 120));
	}
	const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (texts.nextNode()) {
		if (hidden(texts.currentNode.parentElement) || !texts.currentNode.data.trim()) continue;
		const range = document.createRange();
		range.selectNodeContents(texts.currentNode);
		for (const box of range.getClientRects())
			if (box.width > 0 && (box.right > innerWidth + 1 || box.left < -1)) { cut.push("off the screen: " + texts.currentNode.data.trim()); break }
	}
	document.adoptedStyleSheets = [];
	return cut;
})()`

// shots says which pictures are kept of each page, and where.
type shots struct {
	lang   string
	part   bool // what is looked at is shown within another page: a mail
	folder string
	widths map[string][]int64
}

// screens is where pictures are kept for people to look at; it is not versioned.
const screens = "../../../out/screens"

// shotsOf: English in every width and light; of the other stories what differs.
func shotsOf(lang string, js bool) shots {
	s := shots{lang: lang, folder: filepath.Join(screens, lang), widths: map[string][]int64{"light": {phone, desk}, "dark": {phone, desk}}}
	switch {
	case !js:
		s.folder, s.widths = s.folder+"-no-js", map[string][]int64{"light": {phone}}
	case lang != "en":
		s.widths = map[string][]int64{"light": {phone}, "dark": {desk}}
	}
	return s
}

// shoot keeps a picture of the whole page at a width.
func (w *window) shoot(width int64, file string) {
	w.Helper()
	w.do(size(width))
	w.picture(file, float64(width), ask[float64](w, `document.documentElement.scrollHeight`))
}

// picture keeps a picture of the page's upper part.
func (w *window) picture(file string, width, height float64) {
	w.Helper()
	var shot []byte
	w.do(chromedp.ActionFunc(func(ctx context.Context) (err error) {
		shot, err = page.CaptureScreenshot().WithCaptureBeyondViewport(true).WithOptimizeForSpeed(true).
			WithClip(&page.Viewport{Width: width, Height: height, Scale: 1}).Do(ctx)
		return err
	}))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		w.Fatal(err)
	}
	if err := os.WriteFile(file, shot, 0o644); err != nil {
		w.Fatal(err)
	}
}
