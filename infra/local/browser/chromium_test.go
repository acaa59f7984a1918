// Package browser_test sees the pages as families see them: in Chromium, with
// JavaScript and without it, in each language, in light and dark.
//
// Each page of each story is held to the same: no violation that axe knows of,
// no sideways scrolling on the narrowest phone, nothing clipped when text is
// spaced out, nothing in the console, the language it says it has. What it looks
// like is kept under out/screens, for people to look at.
//
// It is of the second tier. testdata/axe.min.js is axe-core 4.14.1 of Deque
// Systems, under the Mozilla Public License 2.0 (axe-LICENSE.txt); it is test data
// and part of no program.
//
// Read story_test.go first.
package browser_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if end != nil {
		end()
	}
	os.Exit(code)
}

// end stops Chromium, if it was started.
var end context.CancelFunc

// chromium is the one browser that all tests share; each window of it has a
// profile of its own.
var chromium = sync.OnceValues(func() (context.Context, error) {
	program, err := find("chromium", "chromium-browser", "google-chrome", "../../../.tools/chromium")
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		chromedp.WSURLReadTimeout(30*time.Second),
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	silent := func(string, ...any) {} // the driver complains of every event it does not know
	ctx, stopBrowser := chromedp.NewContext(allocator, chromedp.WithErrorf(silent))
	end = func() { stopBrowser(); stop() }
	return ctx, chromedp.Run(ctx)
})

func find(names ...string) (string, error) {
	for _, name := range names {
		if program, err := exec.LookPath(name); err == nil {
			return program, nil
		}
	}
	return "", fmt.Errorf("no Chromium: %v; install it with apt-get install -y --no-install-recommends chromium fonts-noto-core", names)
}

// needChromium skips the test where the tier is off, and fails it where Chromium
// is missing although it is on: nobody shall take silence for success.
func needChromium(t *testing.T) context.Context {
	t.Helper()
	if os.Getenv("SPAREKEY_TEST_BROWSER") != "1" {
		t.Skip("second tier: set SPAREKEY_TEST_BROWSER=1 to run this in Chromium")
	}
	ctx, err := chromium()
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}
