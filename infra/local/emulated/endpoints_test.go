package emulated_test

import (
	"strings"
	"testing"

	"github.com/sparekey/sparekey/infra/local/emulated"
)

func from(all map[string]string) (emulated.Endpoints, error) {
	return emulated.EndpointsFrom(func(name string) (string, bool) {
		value, ok := all[name]
		return value, ok
	})
}

const (
	all     = "AWS_ENDPOINT_URL"
	rows    = "AWS_ENDPOINT_URL_DYNAMODB"
	streams = "AWS_ENDPOINT_URL_DYNAMODB_STREAMS"
	people  = "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"
	post    = "AWS_ENDPOINT_URL_SES"
)

func TestAnEndpointIsOnThisMachine(t *testing.T) {
	for address, want := range map[string]string{
		"http://127.0.0.1:8000":        "http://127.0.0.1:8000",
		"http://127.0.0.1:8000/":       "http://127.0.0.1:8000",
		"http://127.9.9.9":             "http://127.9.9.9",
		"https://127.0.0.1:8000":       "https://127.0.0.1:8000",
		"http://[::1]:8000":            "http://[::1]:8000",
		"http://[::ffff:127.0.0.1]:80": "http://[::ffff:127.0.0.1]:80",
		"http://localhost:8000":        "http://127.0.0.1:8000", // whatever a name service says
		"http://localhost":             "http://127.0.0.1",
	} {
		got, err := from(map[string]string{all: address})
		if err != nil || got.DynamoDB != want || got.Cognito != want || got.SES != want {
			t.Errorf("%s: %+v, %v", address, got, err)
		}
	}
}

func TestAnEndpointElsewhereIsRefusedWhicheverItIs(t *testing.T) {
	for _, address := range []string{
		"https://dynamodb.us-east-1.amazonaws.com", "http://example.org:8000", "http://192.0.2.1:8000", "http://10.0.0.1",
		"http://169.254.169.254", "http://[2001:db8::1]:8000", "http://[fe80::1%25eth0]:8000", "http://[::ffff:192.0.2.1]:8000",
		"http://0.0.0.0:8000", "http://[::]:8000", "http://0:8000", "http://2130706433:8000", "http://0x7f000001", "http://127.1:8000",
		"http://127.0.0.1.example.org:8000", "http://localhost.example.org", "http://localhost.:8000", "http://example.localhost:8000",
		"http://127.0.0.1@example.org:8000", "http://localhost:8000@example.org", "http://me@127.0.0.1:8000", "http://me:it@localhost:8000",
		"http://example.org#@127.0.0.1:8000", "http://127.0.0.1:8000#x", "http://127.0.0.1:8000/path", "http://127.0.0.1:8000?at=example.org", "http://127.0.0.1?",
		"http://127.0.0.1\\@example.org", "127.0.0.1:8000", "localhost:8000", "//127.0.0.1:8000", "ftp://127.0.0.1", "file:///etc/passwd", "http:127.0.0.1:8000",
		"http://[::1%25lo]:8000", "http://localhost:99999", "http://127.0.0.1:65536", "http://127.0.0.1:0", "http://[::1]:0",
		"http://", "http://:8000", "http://127.0.0.1:port", "::", "%", " http://127.0.0.1:8000", "http://127.0.0.1:8000\n", "nonsense", "http://[::1", "http://１２７.0.0.1",
	} {
		for _, name := range []string{all, rows, streams, people, post} {
			_, err := from(map[string]string{rows: "http://127.0.0.1:1", name: address})
			if err == nil {
				t.Errorf("%s at %q is accepted", name, address)
				continue
			}
			if said := err.Error(); !strings.Contains(said, name+" is ") || !strings.Contains(said, "on this machine") || strings.Contains(said, "\n") {
				t.Errorf("%s at %q: said %q", name, address, said)
			}
		}
	}
}

func TestEachServiceHasAnEndpointOfItsOwn(t *testing.T) {
	got, err := from(map[string]string{
		all: "http://127.0.0.1:1", rows: "http://127.0.0.1:2", streams: "http://127.0.0.1:3", people: "http://127.0.0.1:4", post: "http://127.0.0.1:5",
	})
	want := emulated.Endpoints{DynamoDB: "http://127.0.0.1:2", Streams: "http://127.0.0.1:3", Cognito: "http://127.0.0.1:4", SES: "http://127.0.0.1:5"}
	if err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := from(nil); err != nil || got != (emulated.Endpoints{}) {
		t.Errorf("none given: got %+v, %v", got, err)
	}
	if got, err := from(map[string]string{rows: ""}); err != nil || got != (emulated.Endpoints{}) {
		t.Errorf("an empty one: got %+v, %v", got, err)
	}
	if _, err := from(map[string]string{streams: "http://127.0.0.1:3"}); err == nil || !strings.Contains(err.Error(), rows) {
		t.Errorf("the stream of no table: %v", err)
	}
}

func TestEveryEndpointElsewhereIsToldAtOnce(t *testing.T) {
	_, err := from(map[string]string{rows: "http://example.org", people: "http://example.org"})
	if err == nil || !strings.Contains(err.Error(), rows) || !strings.Contains(err.Error(), people) {
		t.Errorf("got %v", err)
	}
}
