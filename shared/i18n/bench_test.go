package i18n_test

import (
	"os"
	"testing"

	"github.com/sparekey/sparekey/shared/i18n"
)

// What the first page in a language waits for.
func BenchmarkReadingALanguage(b *testing.B) {
	for _, code := range i18n.Default.Codes() {
		b.Run(code, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				i18n.Open(os.DirFS(".")).Language(code)
			}
		})
	}
}

func BenchmarkMatch(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		i18n.Default.Match([]string{"en", "es"}, "", "", "es-MX,es;q=0.9,en;q=0.8")
	}
}
