package emulator_test

import (
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/sparekey/sparekey/infra/emulator"
	"github.com/sparekey/sparekey/infra/tools"
)

func TestNothingAnswersAnyMoreOnceItIsClosed(t *testing.T) {
	tools.Dynoxide(t)
	e, err := emulator.Dynoxide(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-e.Gone():
		t.Fatal("it has ended by itself")
	default:
	}
	e.Close()
	<-e.Gone()
	at, _ := url.Parse(e.URL)
	if connection, err := net.Dial("tcp", at.Host); err == nil {
		connection.Close()
		t.Error("it still answers")
	}
}

func TestAProgramThatEndsAtOnceIsToldByItsLastWord(t *testing.T) {
	t.Setenv("SPAREKEY_DYNOXIDE", "/bin/false")
	if e, err := emulator.Dynoxide(t.Context()); err == nil || !strings.Contains(err.Error(), "ended at once") {
		t.Errorf("got %v, %v", e, err)
	}
}
