package promises_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// An account that signs in with another service has no password here. Whatever is
// asked for it or tried with it, none is ever set (standards R56): its owner is
// told by mail where to sign in, and the page tells everybody the same.
func TestAnAccountOfAnotherServiceIsExplainedAndNeverGetsAPassword(t *testing.T) {
	t.Parallel()
	const finn = "finn.park@students.example.org"
	for _, lang := range []string{"en", "es"} {
		w := here(t)
		w.district("springfield", map[string]any{"portal": "https://portal.example.org/"})
		w.forgetCalls()
		w.form("/springfield/forgot-password?lang="+lang, "username", "fpark", "email", finn).want(t, http.StatusAccepted)
		w.settle()
		m := w.last(finn)
		for _, want := range []string{"fpark", "Google", "https://portal.example.org/", "555-0100", "Springfield Family Help Desk"} {
			if !strings.Contains(m.Text, want) || !strings.Contains(m.HTML, want) {
				t.Errorf("%s: the mail does not say %s:\n%s", lang, want, m.Text)
			}
		}
		for _, not := range []string{"/r/", "/not-me/", "/code"} {
			if strings.Contains(m.Text, not) {
				t.Errorf("%s: the mail has %s:\n%s", lang, not, m.Text)
			}
		}
		if all := w.requests(); len(all) != 1 || all[0].Outcome == nil || *all[0].Outcome != "sent" {
			t.Errorf("%s: %+v", lang, all)
		}
		if all := w.audit(); len(all) != 1 || all[0].Act != "explained" {
			t.Errorf("%s: audit %+v", lang, all)
		}

		// Within a minute it is over budget, as any other mail.
		w.json("/springfield/forgot-password", "username", "fpark", "email", finn).want(t, http.StatusAccepted)
		w.settle()
		if n := len(w.mails(finn)); n != 1 {
			t.Errorf("%s: %d mails for two asks within a minute", lang, n)
		}

		w.json("/springfield/sign-in", "username", "fpark", "password", "anything at all", "new_password", "seven quiet herons").want(t, http.StatusUnprocessableEntity)
		w.json("/springfield/set-password", "username", "fpark", "code", "K7QM-2RXP", "new_password", "seven quiet herons dancing").want(t, http.StatusUnprocessableEntity)
		w.advance(25 * time.Hour)
		for _, function := range []string{"forgotpassword", "courier", "verifytoken", "signin", "cleanup"} {
			for _, call := range w.calls(function) {
				if strings.HasPrefix(call, "credential.") && call != "credential.Check" {
					t.Errorf("%s: %s calls %s", lang, function, call)
				}
			}
		}
	}
}

var typedText = regexp.MustCompile(`TYPED\d`)

// Activation: whoever never set a password asks where everybody asks, sees what
// everybody sees, and gets a mail to set the first one; asking again sends it
// again, and the older mail is dead.
func TestAnAccountThatIsNotActiveIsActivatedByMailAndTheMailComesAgain(t *testing.T) {
	t.Parallel()
	const tomas, chosen = "tomas.nowak@example.org", "seven quiet herons dancing"
	for lang, says := range map[string]struct{ subject, form string }{
		"en": {"activate your account", "It activates your account."},
		"es": {"active su cuenta", "Con ella su cuenta queda activa."},
	} {
		w := here(t)
		ask := func(username, email string) answer {
			return w.form("/springfield/forgot-password?lang="+lang, "username", username, "email", email).want(t, http.StatusAccepted)
		}
		link := func(m mailed) string { return w.path(m.Link(t, "/r/")) }
		one, two := unclock(w.mask(ask("tnowak", tomas), "tnowak", tomas)), unclock(w.mask(ask("nobody", "nobody@example.org"), "nobody@example.org", "nobody"))
		one, two = typedText.ReplaceAllString(one, "TYPED"), typedText.ReplaceAllString(two, "TYPED")
		if one != two {
			t.Errorf("%s: the page tells an account that is not active from none:\n%s\n%s", lang, one, two)
		}
		w.settle()
		first := w.last(tomas)
		if !strings.Contains(first.Subject, says.subject) || !strings.Contains(first.Text, "7 d") {
			t.Errorf("%s: %q\n%s", lang, first.Subject, first.Text)
		}
		w.advance(2 * time.Minute)
		ask("tnowak", tomas)
		w.settle()
		again := w.last(tomas)
		if w.get(link(first)).Status != http.StatusGone || len(w.mails(tomas)) != 2 {
			t.Errorf("%s: asked again, there are %d mails, and the first one still works", lang, len(w.mails(tomas)))
		}
		w.advance(7*24*time.Hour - time.Minute)
		if form := w.get(link(again)).want(t, http.StatusOK); !strings.Contains(form.Body, says.form) {
			t.Errorf("%s: the form does not say that it activates", lang)
		}
		w.json("/springfield/set-password", "token", strings.TrimSuffix(tokenOf(link(again)), "?lang="+lang), "new_password", chosen).want(t, http.StatusOK)
		if !w.signsIn("springfield", "tnowak", chosen) {
			t.Errorf("%s: the first password does not open the account", lang)
		}
	}
}

func TestAnActivationLinkWorksForSevenDaysAndNoLonger(t *testing.T) {
	t.Parallel()
	w := here(t)
	token, _ := w.link("springfield", "tnowak", "tomas.nowak@example.org")
	w.advance(7 * 24 * time.Hour)
	w.json("/springfield/set-password", "token", token, "new_password", "seven quiet herons dancing").want(t, http.StatusGone)
	w.json("/springfield/link-again", "token", token).want(t, http.StatusAccepted)
	w.settle()
	if again := w.last("tomas.nowak@example.org"); tokenOf(again.Link(t, "/r/")) == token || len(w.mails("tomas.nowak@example.org")) != 2 {
		t.Error("no new one came")
	}
}
