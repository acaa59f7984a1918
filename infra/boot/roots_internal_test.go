package boot

import (
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

// It holds for this version of Go: how it finds roots is its own business.
func TestTheRootsOfTrustAreThoseOfTheBundleAlone(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	file := filepath.Join(t.TempDir(), "bundle.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(file, block, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSL_CERT_FILE", file)
	t.Setenv("SSL_CERT_DIR", "")
	oneBundle()
	pool, err := x509.SystemCertPool()
	if err != nil {
		t.Fatal(err)
	}
	want := x509.NewCertPool()
	want.AddCert(server.Certificate())
	if !pool.Equal(want) {
		t.Error("there are other roots than the bundle's")
	}
}

func TestWithoutABundleRootsAreSearchedAsEver(t *testing.T) {
	for _, c := range []struct{ name, file, dir string }{
		{"no bundle", filepath.Join(t.TempDir(), "none"), ""},
		{"a directory that somebody chose", os.DevNull, t.TempDir()},
	} {
		t.Setenv("SSL_CERT_FILE", c.file)
		t.Setenv("SSL_CERT_DIR", c.dir)
		oneBundle()
		if file, dir := os.Getenv("SSL_CERT_FILE"), os.Getenv("SSL_CERT_DIR"); file != c.file || dir != c.dir {
			t.Errorf("%s: %q, %q", c.name, file, dir)
		}
	}
}
