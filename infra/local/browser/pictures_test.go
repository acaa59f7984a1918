package browser_test

import (
	"flag"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/sparekey/sparekey/infra/local/browse"
)

var renew = flag.Bool("pictures", false, "renew the pictures of docs/pictures")

// The README's pictures: a mail and a page as a phone shows them, under an address
// such as a school would have.
func TestPictures(t *testing.T) {
	t.Parallel()
	needChromium(t)
	const public = "https://account.springfield.example.org"
	root := serve(t, public)
	answer, err := http.Post(root+"/springfield/forgot-password", "application/json", strings.NewReader(`{"username":"mlopez71","email":"`+maria+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	letter := browse.New(t, root).LastMail(maria, 1)
	folder := filepath.Join(screens, "..", "pictures")
	if *renew {
		folder = "../../../docs/pictures"
	}
	const width, height = 360, 830
	fits := chromedp.EmulateViewport(width, height)

	w := open(t, true)
	w.to(root + strings.TrimPrefix(letter.Link(t, "/r/"), public))
	w.do(fits)
	w.picture(filepath.Join(folder, "set-password.png"), width, height)

	w.show(root, letter.HTML)
	w.do(fits)
	w.picture(filepath.Join(folder, "mail.png"), width, height)
}
