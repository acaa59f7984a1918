package browser_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// A check that never failed is not a check: axe must find buttons that no thumb
// can hit, a field without a name and grey on grey, and the other checks what is
// cut off or too wide.
func TestTheChecksFindWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := open(t, true)
	w.do(size(narrow), chromedp.Navigate("about:blank"), chromedp.Evaluate(`
		document.documentElement.lang = "en";
		document.body.innerHTML = "<main><h1>Tiny</h1><p style='color:#999;background:#aaa'>grey</p><input>" +
			"<button style='width:10px;height:10px;padding:0;border:0'>a</button>".repeat(3) +
			"<p style='height:1em;overflow:hidden'>one line and no more than that</p><p style='width:500px'>wide</p></main>";
		0`, nil), chromedp.Evaluate(axe+";0", nil))
	all := strings.Join(w.violations(false), "\n")
	for _, rule := range []string{"target-size", "label", "color-contrast", "document-title"} {
		if !strings.Contains(all, rule+" (") {
			t.Errorf("axe does not find %s:\n%s", rule, all)
		}
	}
	if over := ask[int](w, sideways); over <= 0 {
		t.Errorf("a line of 500 px is not found to be wider than %d px", narrow)
	}
	if cut := ask[[]string](w, spaced); len(cut) == 0 {
		t.Error("a line that is cut off is not found")
	}
}
