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
		{"a base that ends in a slash", []string{"-base", "/prod/"}, "/prod"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := run(t.Context(), c.args)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestItEndsCleanlyWhenTold(t *testing.T) {
	listener, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- serve(ctx, listener, "") }()
	address := "http://" + listener.Addr().String() + "/springfield"
	answer, err := http.Get(address) //nolint:noctx // the simplest request there is
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
