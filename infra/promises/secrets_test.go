package promises_test

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// hidden are the shapes in which a text may hide.
func hidden(text string) []string {
	plain := strings.NewReplacer("-", "").Replace(text)
	return []string{
		text, strings.ToLower(text), strings.ToUpper(text), url.QueryEscape(text), url.PathEscape(text), plain,
		hex.EncodeToString([]byte(text)), strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(text)), "="),
	}
}

// absent fails where one of the texts is found.
func absent(t *testing.T, where, in string, texts map[string]string) {
	t.Helper()
	for name, text := range texts {
		if len(text) < 6 {
			t.Fatalf("%s is %q: too short to look for", name, text)
		}
		for _, form := range hidden(text) {
			if strings.Contains(in, form) {
				t.Errorf("%s holds %s (%s)", where, name, form)
				break
			}
		}
	}
}

func TestNothingStoredThatOpensADoor(t *testing.T) {
	t.Parallel()
	w := here(t)
	secrets := map[string]string{} // never stored, never logged
	typed := map[string]string{    // gone once it is decided, never logged
		"a password in the username box":    "Hunter2-is-my-Passw0rd",
		"a password in the e-mail box":      "my-password-is@zxqv-marked.example",
		"a marked username":                 "zxqv-marked-username",
		"a marked e-mail":                   "zxqv-marked-address@example.org",
		"a marked name tried at signing in": "zxqv-signed-username",
		"a marked name tried with a code":   "zxqv-coded-username",
	}
	look := func() {
		t.Helper()
		w.settle()
		for _, where := range []string{"table.json", "calls.json", "audit.json"} {
			absent(t, where, w.raw(where), secrets)
			absent(t, where, w.raw(where), typed)
		}
		absent(t, "the log", w.logs.String(), secrets)
		absent(t, "the log", w.logs.String(), typed)
	}

	for _, post := range []func(string, ...string) answer{w.json, w.form} {
		post("/springfield/forgot-password", "username", typed["a password in the username box"], "email", maria).want(t, http.StatusAccepted)
		post("/springfield/forgot-password", "username", "mlopez71", "email", typed["a password in the e-mail box"]).want(t, http.StatusAccepted)
		post("/springfield/forgot-password", "username", typed["a marked username"], "email", typed["a marked e-mail"]).want(t, http.StatusAccepted)
		look()
	}
	token, code := w.link("springfield", "mlopez71", maria)
	secrets["a reset token"], secrets["a code"] = token, code
	secrets["a not-me token of a request"] = tokenOf(w.last(maria).Link(t, "/not-me/"))
	look()

	secrets["a wrong password"] = "wrong words of a stranger 1"
	secrets["a wrong code"] = "ZXQV-9999"
	secrets["a password typed into the code box"] = "my password in the code box"
	w.json("/springfield/code", "username", typed["a marked name tried with a code"], "code", secrets["a wrong code"]).want(t, http.StatusUnprocessableEntity)
	w.form("/springfield/code", "username", "mlopez71", "code", secrets["a wrong code"]).want(t, http.StatusUnprocessableEntity)
	w.form("/springfield/code", "username", "mlopez71", "code", secrets["a password typed into the code box"]).want(t, http.StatusBadRequest)
	w.json("/springfield/sign-in", "username", typed["a marked name tried at signing in"], "password", secrets["a wrong password"]).want(t, http.StatusUnprocessableEntity)
	w.json("/springfield/sign-in", "username", "mlopez71", "password", secrets["a wrong password"]).want(t, http.StatusUnprocessableEntity)
	look()

	w.form("/springfield/code", "username", "mlopez71", "code", code).want(t, http.StatusOK)
	w.get("/springfield/r/"+token).want(t, http.StatusOK)
	secrets["a new password"], secrets["the old password"] = newWords, oldWords
	secrets["a refused password"] = "mlopez71" + "mlopez71"
	w.json(setPassword, "token", token, "new_password", secrets["a refused password"]).want(t, http.StatusUnprocessableEntity)
	w.json(setPassword, "token", token, "new_password", newWords).want(t, http.StatusOK)
	notice := w.last(maria)
	secrets["a not-me token of a change"] = tokenOf(notice.Link(t, "/not-me/"))
	look()

	secrets["a session"] = w.json("/springfield/sign-in", "username", "mlopez71", "password", newWords).want(t, http.StatusOK).member("session")
	w.send(ask{Path: "/springfield/home", Header: map[string]string{"Authorization": "Bearer " + secrets["a session"]}}).want(t, http.StatusOK)
	secrets["a forced-change token"] = w.json("/springfield/sign-in", "username", "sbaker", "password", "temporary-bridge-6612").want(t, http.StatusForbidden).member("token")
	secrets["a temporary password"] = "temporary-bridge-6612"
	w.advance(2 * time.Minute)
	w.json("/springfield/link-again", "token", token).want(t, http.StatusAccepted)
	look()
	for _, m := range w.mails("") {
		for _, name := range []string{"a new password", "the old password", "a wrong password", "a session", "a temporary password"} {
			absent(t, "a mail", m.Text+m.HTML+m.Subject, map[string]string{name: secrets[name]})
		}
		absent(t, "a mail", m.Text+m.HTML+m.Subject, typed)
	}
}

func TestNothingInALogThatNamesAnybody(t *testing.T) {
	t.Parallel()
	named := map[string]string{
		"a username": "mlopez71", "an address": maria, "a first name": "Maria Lopez", "a network": "203.0.113.77", "a wide network": "2001:db8:77::",
		"a path": "/springfield/r", "an agent": "Mozilla/5.0", "a password": newWords, "another password": oldWords, "a typed name": "zxqv-marked-username",
		"an account id": "demo-0001", "a cookie": "zxqv-cookie", "a query": "zxqv-query", "a token in a path": strings.Repeat("zxqv", 13),
	}
	for _, kind := range append([]string{""}, faults...) {
		w := here(t)
		for skip := range 12 {
			if slow && skip%3 != 0 {
				continue
			}
			for _, port := range []string{"table", "credential", "mail"} {
				if kind != "" && (port == "table" || skip < 2) {
					w.hook(http.MethodPost, "fault", fault{Port: port, Skip: skip, Times: 2, Error: kind}, nil)
				}
			}
			for _, from := range []string{"203.0.113.77", "2001:db8:77::1"} {
				for _, a := range []ask{
					{Path: "/springfield/forgot-password", Body: object([]string{"username", "mlopez71", "email", maria})},
					{Path: "/springfield/forgot-password", Body: object([]string{"username", "zxqv-marked-username", "email", maria})},
					{Path: "/springfield/sign-in", Body: object([]string{"username", "mlopez71", "password", oldWords})},
					{Path: setPassword + "?lang=zxqv-query", Body: object([]string{"username", "mlopez71", "code", "0000-0000", "new_password", newWords})},
					{Path: "/springfield/not-me/" + strings.Repeat("zxqv", 13), Body: object([]string{"confirm", "yes"})},
					{Path: "/springfield/zxqv-query/zxqv-marked-username", Body: "{}"},
					{Path: "/zxqv-query/forgot-password", Body: object([]string{"zxqv-marked-username", maria})},
				} {
					a.Method, a.Kind, a.From = http.MethodPost, jsonType, from
					a.Header = map[string]string{"User-Agent": "Mozilla/5.0 (zxqv-marked-username)", "X-Request-Id": "zxqv-query", "Accept-Language": "zxqv-query"}
					w.send(a)
				}
			}
			w.hook(http.MethodDelete, "fault", nil, nil)
			w.advance(10 * time.Minute)
		}
		absent(t, "the log under "+kind, w.logs.String(), named)
		if len(w.logs.String()) == 0 {
			t.Error("no log at all")
		}
		if kind != "" && !strings.HasPrefix(kind, "crash") && !strings.Contains(w.logs.String(), "cause=") {
			t.Errorf("%s: no cause was logged", kind)
		}
	}
}
