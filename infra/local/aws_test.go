//go:build unix

package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/infra/emulator"
	"github.com/sparekey/sparekey/infra/local/browse"
	"github.com/sparekey/sparekey/infra/tools"
	"github.com/sparekey/sparekey/shared/mail"
)

func TestAMissingEmulatorIsToldInOneLine(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("SPAREKEY_DYNOXIDE", "")
	for _, repository := range []bool{false, true} {
		if repository {
			if err := os.WriteFile(filepath.Join(".", "go.mod"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		err := run(t.Context(), []string{"-addr", "127.0.0.1:0", "-backend", "aws"})
		if err == nil || !strings.Contains(err.Error(), "make tools") || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %q", err)
		}
	}
}

// Somebody listens at the good address, and hears of nothing.
func TestAnEndpointElsewhereIsRefusedBeforeAnythingIsCalled(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	called := make(chan struct{})
	go func() {
		if connection, err := listener.Accept(); err == nil {
			connection.Close()
			close(called)
		}
	}()
	t.Setenv("AWS_ENDPOINT_URL", "http://"+listener.Addr().String())
	for _, name := range []string{
		"AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_DYNAMODB_STREAMS", "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", "AWS_ENDPOINT_URL_SES",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, "https://example.org")
			err := run(t.Context(), []string{"-addr", "127.0.0.1:0", "-backend", "aws"})
			if err == nil || !strings.Contains(err.Error(), name+` is "https://example.org"`) {
				t.Errorf("got %v", err)
			}
		})
	}
	listener.Close()
	select {
	case <-called:
		t.Error("the other endpoint was called")
	default:
	}
}

// The whole story on the drivers that are deployed, by the command itself.
func TestAParentGetsBackInOnAWS(t *testing.T) {
	tools.Moto(t)
	r := began(t, nil, "-backend", "aws")
	const maria, words = "maria.lopez@example.org", "seven quiet herons dancing"
	phone := browse.New(t, r.root)
	phone.Open("/springfield/forgot-password").Want(200).
		Submit("/forgot-password", map[string]string{"username": "mlopez71", "email": maria}).Want(202, maria)

	copied := phone.LastMail(maria, 1)
	letter := mailed(t, r.at("Mail"), maria)
	if len(letter) != 1 || letter[0].Text != copied.Text || letter[0].HTML != copied.HTML || letter[0].Subject != copied.Subject {
		t.Fatalf("SES has %+v, and the inbox %+v", letter, copied)
	}
	link := browse.Mail{Text: letter[0].Text}.Link(t, "/r/")
	phone.Open(link).Want(200, "mlopez71").
		Submit("/set-password", map[string]string{"new_password": words, "new_password_again": words}).Want(200)
	phone.Open(link).Want(410)
	phone.JSON("/springfield/sign-in", map[string]string{"username": "mlopez71", "password": "purple-kite-river-71"}, nil).Want(422)
	phone.JSON("/springfield/sign-in", map[string]string{"username": "mlopez71", "password": words}, nil).Want(200)
	phone.LastMail(maria, 2)
	if all := mailed(t, r.at("Mail"), maria); len(all) != 2 {
		t.Errorf("SES has %d mails, want the link and the notice", len(all))
	}

	var entries []struct{ Act string }
	phone.Hook(http.MethodGet, "audit.json", nil, &entries)
	if !slices.ContainsFunc(entries, func(e struct{ Act string }) bool { return e.Act == "password-changed" }) {
		t.Errorf("audit: %+v", entries)
	}
	var items []struct{ PK, SK string }
	phone.Hook(http.MethodGet, "table.json", nil, &items)
	for _, kind := range []string{"DISTRICT#", "ACCOUNT#", "REQUEST#", "TOKEN#", "AUDIT#", "NOTICE#", "SESSION#"} {
		if !slices.ContainsFunc(items, func(i struct{ PK, SK string }) bool { return strings.HasPrefix(i.PK, kind) }) {
			t.Errorf("the table shows no %s", kind)
		}
	}
	r.gone(syscall.SIGINT)
}

// mailed is what SES took for somebody, by the emulator's own account.
func mailed(t *testing.T, endpoint, to string) (mine []embedded.Received) {
	t.Helper()
	box := embedded.NewMailbox(time.Now)
	for _, m := range tools.Mails(t, endpoint) {
		if slices.Contains(m.Destinations, to) {
			if _, err := box.Send(t.Context(), mail.Mail{From: m.Source, To: to, Raw: []byte(m.Raw)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return box.All()
}

// gone ends the command, and waits until nothing of it is left.
func (r *running) gone(signal syscall.Signal) {
	r.t.Helper()
	if inProc && len(r.left()) < 3 {
		r.t.Errorf("it runs as %q: where are the emulators?", r.left())
	}
	err := r.interrupt(signal)
	if (err == nil) != (signal != syscall.SIGKILL) || strings.Contains(r.out.String(), "left behind") {
		r.t.Errorf("%v\n%s", err, &r.out)
	}
	patience, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	for len(r.left()) > 0 || answers(r.at("Table")) || answers(r.at("Mail")) {
		if signal != syscall.SIGKILL || patience.Err() != nil { // who was killed can wait for nobody
			r.t.Fatalf("left running: %q, Dynoxide answers %t, moto answers %t", r.left(), answers(r.at("Table")), answers(r.at("Mail")))
		}
	}
}

func TestWhoIsKilledLeavesNoEmulatorBehind(t *testing.T) {
	tools.Moto(t)
	began(t, nil, "-backend", "aws").gone(syscall.SIGKILL)
}

// What was there before stays, and what was made in it does not.
func TestEmulatorsThatWereGivenAreLeftAsTheyWere(t *testing.T) {
	rows, rest := tools.Dynoxide(t), tools.Moto(t)
	named := strings.Replace(rows, "127.0.0.1", "localhost", 1)
	r := began(t, []string{"AWS_ENDPOINT_URL=" + rest, "AWS_ENDPOINT_URL_DYNAMODB=" + named}, "-backend", "aws")
	if all := r.left(); inProc && len(all) != 1 {
		t.Errorf("it has started something: %q", all)
	}
	if r.at("Table") != rows || r.at("Passwords") != rest || r.at("Mail") != rest {
		t.Errorf("it says %q", r.said)
	}
	if name := r.said["Table"][1]; !slices.Contains(tables(t, rows), name) {
		t.Errorf("no %s in %q", name, tables(t, rows))
	}
	if err := r.end(syscall.SIGTERM); err != nil {
		t.Errorf("%v\n%s", err, &r.out)
	}
	if left := tables(t, rows); slices.Contains(left, r.said["Table"][1]) {
		t.Errorf("its table is left: %q", left)
	}
	if !answers(rest) {
		t.Error("it has ended what it did not start")
	}
}

func tables(t *testing.T, endpoint string) []string {
	t.Helper()
	api := sdk.New(sdk.Options{Region: emulator.Region, BaseEndpoint: &endpoint, Credentials: emulator.Anybody})
	all, err := api.ListTables(t.Context(), &sdk.ListTablesInput{})
	if err != nil {
		t.Fatal(err)
	}
	return all.TableNames
}
