package emulator

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// Client speaks to emulators, and to nobody else: whatever leads away from this
// machine, an address, a name, a redirect or a proxy, ends before it is dialled.
var Client = &http.Client{
	Transport: &http.Transport{
		DialContext:         (&net.Dialer{Control: onlyHere}).DialContext,
		MaxIdleConnsPerHost: most, MaxConnsPerHost: most,
		IdleConnTimeout: time.Minute,
	},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// most is how many connections there are at once: who wants more waits here, and
// not in an emulator.
const most = 64

func onlyHere(_, address string, _ syscall.RawConn) error {
	if at, err := netip.ParseAddrPort(address); err != nil || !at.Addr().IsLoopback() {
		return fmt.Errorf("%s is not this machine", address)
	}
	return nil
}
