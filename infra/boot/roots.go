package boot

import (
	"cmp"
	"os"
)

// bundle is where Amazon Linux keeps the roots of trust in one file; Debian keeps
// them elsewhere, and Go finds them there by itself.
const bundle = "/etc/pki/tls/certs/ca-bundle.crt"

// elsewhere is where no certificates are.
const elsewhere = "/srv"

// oneBundle has Go read the machine's roots of trust once. By itself it reads the
// bundle, and then every certificate again from the directories beside it
// (golang.org/issue/79018): of all that a start does over TLS, the longest. Where
// there is no bundle Go searches as ever.
func oneBundle() {
	file := cmp.Or(os.Getenv("SSL_CERT_FILE"), bundle)
	if _, err := os.Stat(file); err != nil || os.Getenv("SSL_CERT_DIR") != "" { //nolint:gosec // as Go itself reads it
		return
	}
	_ = os.Setenv("SSL_CERT_FILE", file) // neither can fail: no name here is empty or has an '='
	_ = os.Setenv("SSL_CERT_DIR", elsewhere)
}
