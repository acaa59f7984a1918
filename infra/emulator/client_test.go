package emulator_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sparekey/sparekey/infra/emulator"
)

func TestTheClientSpeaksToThisMachineAlone(t *testing.T) {
	for _, address := range []string{"http://192.0.2.1", "http://0.0.0.0:8000", "https://[2001:db8::1]:8000", "http://169.254.169.254"} {
		response, err := emulator.Client.Get(address)
		if err == nil {
			response.Body.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "is not this machine") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestTheClientGoesByNoProxy(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the proxy is asked") }))
	defer proxy.Close()
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		t.Setenv(name, proxy.URL)
	}
	if response, err := emulator.Client.Get("http://192.0.2.1"); err == nil {
		response.Body.Close()
		t.Error("it answered")
	}
}

func TestTheClientIsNotSentElsewhere(t *testing.T) {
	for _, status := range []int{http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		server := httptest.NewServer(http.RedirectHandler("http://192.0.2.1/", status))
		response, err := emulator.Client.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != status {
			t.Errorf("got %d, want %d and no other request", response.StatusCode, status)
		}
		server.Close()
	}
}
