package emulated

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Endpoints say where emulators answer. What is empty is still to be started.
type Endpoints struct{ DynamoDB, Streams, Cognito, SES string }

// EndpointsFrom reads them from the settings that Amazon's SDKs have for them, and
// refuses each that is not on this machine. All faults are told at once.
func EndpointsFrom(lookup func(string) (string, bool)) (Endpoints, error) {
	var faults []error
	read := func(name string) string {
		text, _ := lookup(name)
		endpoint, err := onThisMachine(text)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s is %q: %w", name, text, err))
		}
		return endpoint
	}
	all := read("AWS_ENDPOINT_URL")
	e := Endpoints{
		DynamoDB: cmp.Or(read("AWS_ENDPOINT_URL_DYNAMODB"), all),
		Streams:  read("AWS_ENDPOINT_URL_DYNAMODB_STREAMS"),
		Cognito:  cmp.Or(read("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"), all),
		SES:      cmp.Or(read("AWS_ENDPOINT_URL_SES"), all),
	}
	if e.Streams != "" && e.DynamoDB == "" {
		faults = append(faults, errors.New("AWS_ENDPOINT_URL_DYNAMODB_STREAMS is given, and where the table is that it streams is not: AWS_ENDPOINT_URL_DYNAMODB"))
	}
	return e, errors.Join(faults...)
}

var errElsewhere = errors.New("-backend aws speaks only to emulators on this machine, at an address such as http://127.0.0.1:8000")

// onThisMachine reads an address. Numbers alone say where they lead; of names,
// only localhost is this machine by its definition, and so nobody is asked where
// it is.
func onThisMachine(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil ||
		u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return "", errElsewhere
	}
	if rest, ok := strings.CutPrefix(u.Host, "localhost"); ok && u.Hostname() == "localhost" {
		u.Host = "127.0.0.1" + rest
	}
	address, err := netip.ParseAddr(u.Hostname())
	if err != nil || !address.IsLoopback() || address.Zone() != "" || !possible(u.Port()) {
		return "", errElsewhere
	}
	return u.Scheme + "://" + u.Host, nil
}

// possible reports whether something may listen at such a port; none is the
// scheme's own.
func possible(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0
}
