package main

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestAWrongFlagIsToldInOneSentence(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"a port that is taken", []string{"-addr", taken.Addr().String()}, "is taken"},
		{"an address that is none", []string{"-addr", "8080"}, "such as 127.0.0.1:8080"},
		{"an address that others could reach", []string{"-addr", "0.0.0.0:0"}, "only this machine's own address"},
		{"a flag that there is not", []string{"-port", "1"}, "flags above"},
		{"a word that is no flag", []string{"start"}, `"start" is no flag`},
		{"a backend that there is not", []string{"-backend", "oracle"}, "embedded"},
		{"a base that ends in a slash", []string{"-base", "/prod/"}, "such as /prod"},
		{"a base that begins with two", []string{"-base", "//evil"}, "such as /prod"},
		{"a base without one", []string{"-base", "prod"}, "such as /prod"},
		{"a base with a part that is empty", []string{"-base", "/a//b"}, "such as /prod"},
		{"a base with a space", []string{"-base", "/a b"}, "such as /prod"},
		{"a base with a question mark", []string{"-base", "/a?b"}, "such as /prod"},
		{"a base with an escape", []string{"-base", "/a%2fb"}, "such as /prod"},
		{"a base with a line break", []string{"-base", "/prod\n"}, "such as /prod"},
		{"a base that goes up", []string{"-base", "/a/.."}, "such as /prod"},
		{"a base that is the hooks'", []string{"-base", "/_local"}, "outside /_local"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, stop := context.WithTimeout(t.Context(), 5*time.Second) // what is not refused would serve
			defer stop()
			err := run(ctx, c.args)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestItEndsCleanlyWhenTold(t *testing.T) {
	listener, err := listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- serve(ctx, listener, "", kept{}) }()
	address := "http://" + listener.Addr().String() + "/springfield"
	answer, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("got %d, want 200", answer.StatusCode)
	}
	stop()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("got %v, want a clean end", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it does not end")
	}
}

func TestItEndsWithWhatItStandsOn(t *testing.T) {
	listener, err := listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	close(gone)
	if err := serve(t.Context(), listener, "", kept{gone: gone}); err == nil || !strings.Contains(err.Error(), "an emulator has ended") {
		t.Errorf("got %v", err)
	}
}

func TestBasesThatCanBeServedUnder(t *testing.T) {
	for _, base := range []string{"/prod", "/a/b", "/v1.2", "/_x~y-z", "/_locals"} {
		if !isBase(base) {
			t.Errorf("%s: refused", base)
		}
	}
}
