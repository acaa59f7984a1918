package web_test

import (
	"net/url"
	"os"
	"testing"

	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/web"
)

// The first page of a process waits for its templates to be parsed and escaped;
// every later one is only written.
func BenchmarkPages(b *testing.B) {
	base, _ := url.Parse("https://reset.example.org")
	open := func() *web.Pages {
		return web.Open(web.NewSite(base), i18n.Default, os.DirFS("../../functions/forgotpassword"))
	}
	asked := web.Asked{District: springfield(), Language: i18n.Default.Language("en")}
	write := func(b *testing.B, p *web.Pages) {
		b.Helper()
		if _, err := p.Render(web.Page{Name: "forgot-password"}, asked); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			open()
		}
	})
	b.Run("parse and first", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			write(b, open())
		}
	})
	b.Run("later", func(b *testing.B) {
		b.ReportAllocs()
		p := open()
		for write(b, p); b.Loop(); {
			write(b, p)
		}
	})
}
