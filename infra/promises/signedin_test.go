package promises_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// listed is one line of the JSON list of sessions.
type listed struct {
	ID, Agent string
	Signed    time.Time `json:"signed_in"`
	Proved    time.Time
	Ends      time.Time
	Left      int
	This      bool
}

// as sends with a session as its bearer.
func (w *world) as(session, method, path string, pairs ...string) answer {
	w.Helper()
	a := ask{Method: method, Path: path, Header: map[string]string{"Authorization": "Bearer " + session}}
	if method == http.MethodPost {
		a.Kind, a.Body = jsonType, object(pairs)
	}
	return w.send(a)
}

func (a answer) list(t testing.TB) (all []listed) {
	t.Helper()
	a.want(t, http.StatusOK)
	if err := json.Unmarshal([]byte(a.Body), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

const mySessions = "/springfield/sessions"

func TestSessionsOfOnesOwnAreListedAndEnded(t *testing.T) {
	t.Parallel()
	w := here(t)
	first := w.signIn("mlopez71", oldWords)
	w.advance(5 * time.Minute)
	second, third := w.signIn("mlopez71", oldWords), w.signIn("mlopez71", oldWords)
	stranger := w.signIn("jlopez72", "silver-boat-garden-72")
	all := w.as(second, http.MethodGet, mySessions).list(t)
	if len(all) != 3 {
		t.Fatalf("%d sessions: %+v", len(all), all)
	}
	var other, mine listed
	for _, l := range all {
		switch {
		case l.This:
			mine = l
		case l.Signed.Before(w.now()):
			other = l
		}
		for _, text := range []string{first, second, third} {
			if strings.Contains(text, l.ID) || w.home("springfield", l.ID) == http.StatusOK {
				t.Error("the id of a session opens it")
			}
		}
	}
	if mine.ID == "" || other.ID == "" || !mine.Proved.Equal(w.now().Truncate(time.Second)) || mine.Left != 3600 {
		t.Fatalf("%+v", all)
	}
	// A stranger can neither see nor end them.
	if got := w.as(stranger, http.MethodPost, mySessions, "end", other.ID).list(t); len(got) != 1 || w.home("springfield", first) != http.StatusOK {
		t.Errorf("a stranger ended it: %+v", got)
	}
	if got := w.as(second, http.MethodPost, mySessions, "end", other.ID).list(t); len(got) != 2 {
		t.Errorf("%+v", got)
	}
	if w.home("springfield", first) != http.StatusUnauthorized || w.home("springfield", third) != http.StatusOK {
		t.Error("another was ended")
	}
	if got := w.as(second, http.MethodPost, mySessions, "end", "others").list(t); len(got) != 1 || !got[0].This {
		t.Errorf("%+v", got)
	}
	if w.home("springfield", third) != http.StatusUnauthorized || w.home("springfield", second) != http.StatusOK || w.home("springfield", stranger) != http.StatusOK {
		t.Error("not exactly the others were ended")
	}
	w.as(second, http.MethodPost, mySessions, "end", mine.ID).want(t, http.StatusOK)
	if w.home("springfield", second) != http.StatusUnauthorized {
		t.Error("one's own goes on")
	}
}

func TestSessionsListNoneThatCameToTheirEnd(t *testing.T) {
	t.Parallel()
	w := here(t)
	w.signIn("mlopez71", oldWords)
	w.advance(59 * time.Minute)
	session := w.signIn("mlopez71", oldWords)
	w.advance(time.Minute)
	if all := w.as(session, http.MethodGet, mySessions).list(t); len(all) != 1 || !all[0].This {
		t.Errorf("%+v", all)
	}
}

func TestSessionsGetMoreTimeButNotForEver(t *testing.T) {
	t.Parallel()
	w := here(t)
	session := w.signIn("mlopez71", oldWords)
	for range 14 {
		w.advance(50 * time.Minute)
		w.as(session, http.MethodPost, mySessions, "more", "yes").want(t, http.StatusOK)
	}
	w.advance(20*time.Minute - time.Second) // twelve hours, but for a second
	if all := w.as(session, http.MethodPost, mySessions, "more", "yes").list(t); all[0].Left != 1 {
		t.Errorf("%+v", all)
	}
	w.advance(time.Second)
	if w.home("springfield", session) != http.StatusUnauthorized {
		t.Error("it goes on for ever")
	}
	w.as(session, http.MethodPost, mySessions, "more", "yes").want(t, http.StatusUnauthorized)
}

func TestSessionsWantOneThingAtATime(t *testing.T) {
	t.Parallel()
	w := here(t)
	session := w.signIn("mlopez71", oldWords)
	for _, pairs := range [][]string{nil, {"more", "yes", "end", "others"}, {"more", "no"}, {"restore", "perhaps"}, {"end", ""}, {"which", "all"}} {
		if a := w.as(session, http.MethodPost, mySessions, pairs...); a.Status != http.StatusBadRequest {
			t.Errorf("%v: %d %s", pairs, a.Status, a.Body)
		}
	}
	for _, pairs := range [][]string{{"end", "nonsense"}, {"end", strings.Repeat("0", 16)}, {"end", "SESSION#x"}} {
		if got := w.as(session, http.MethodPost, mySessions, pairs...).list(t); len(got) != 1 {
			t.Errorf("%v: %+v", pairs, got)
		}
	}
}

func TestSessionsAreNewAtEveryProof(t *testing.T) {
	t.Parallel()
	w := here(t)
	old := w.signIn("mlopez71", oldWords)
	w.advance(30 * time.Minute)
	fresh := w.as(old, http.MethodPost, "/springfield/prove", "password", oldWords).want(t, http.StatusOK).member("session")
	if fresh == "" || fresh == old || w.home("springfield", old) != http.StatusUnauthorized || w.home("springfield", fresh) != http.StatusOK {
		t.Fatalf("%q", fresh)
	}
	all := w.as(fresh, http.MethodGet, mySessions).list(t)
	if len(all) != 1 || all[0].Proved.Sub(all[0].Signed) != 30*time.Minute || all[0].Left != 3600 {
		t.Errorf("%+v", all)
	}
	if w.as(fresh, http.MethodPost, "/springfield/prove", "password", oldWords, "username", "mlopez71").Status != http.StatusBadRequest {
		t.Error("a field that is none is taken")
	}
}

func TestSessionsHaveAllTheirTriesAgainAfterAProof(t *testing.T) {
	t.Parallel()
	w := here(t)
	session := w.signIn("mlopez71", oldWords)
	for range 3 {
		for left := 4; left > 0; left-- {
			a := w.as(session, http.MethodPost, "/springfield/prove", "password", "wrong-wrong-wrong-1")
			if a.slug() != "not-proved" || a.member("tries_left") != string(rune('0'+left)) {
				t.Fatalf("got %d %s", a.Status, a.Body)
			}
		}
		w.advance(20 * time.Minute) // Cognito's pause
		session = w.as(session, http.MethodPost, "/springfield/prove", "password", oldWords).want(t, http.StatusOK).member("session")
	}
}

func TestSessionsEndAfterFiveWrongPasswords(t *testing.T) {
	t.Parallel()
	for page, fields := range map[string][]string{
		"/springfield/prove":           {"password", "wrong-wrong-wrong-1"},
		"/springfield/change-password": {"password", "wrong-wrong-wrong-1", "new_password", newWords, "new_password_again", newWords},
	} {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			w := here(t)
			session, other := w.signIn("mlopez71", oldWords), w.signIn("mlopez71", oldWords)
			for left := 4; left > 0; left-- {
				a := w.as(session, http.MethodPost, page, fields...)
				if a.slug() != "not-proved" || a.member("tries_left") != string(rune('0'+left)) {
					t.Fatalf("got %d %s", a.Status, a.Body)
				}
			}
			w.as(session, http.MethodPost, page, fields...).want(t, http.StatusUnauthorized)
			if w.home("springfield", session) != http.StatusUnauthorized {
				t.Error("the session goes on")
			}
			if w.home("springfield", other) != http.StatusOK {
				t.Error("another session ended with it")
			}
			acts := func(act string) bool {
				return slices.ContainsFunc(w.audit(), func(e entry) bool { return e.Act == act })
			}
			if !acts("wrong-passwords") || acts("signed-out") {
				t.Errorf("the audit says that its owner ended it: %v", w.audit())
			}
			w.advance(time.Minute) // Cognito's pause
			if !w.signsIn("springfield", "mlopez71", oldWords) {
				t.Error("it cost the public tries, or changed the password")
			}
		})
	}
}

func TestSessionsARightPasswordGivesBackItsTry(t *testing.T) {
	t.Parallel()
	w := here(t)
	session := w.signIn("mlopez71", oldWords)
	for range 12 {
		a := w.as(session, http.MethodPost, "/springfield/change-password", "password", oldWords, "new_password", "short", "new_password_again", "short")
		if a.slug() != "password-refused" {
			t.Fatalf("got %d %s", a.Status, a.Body)
		}
	}
	if w.home("springfield", session) != http.StatusOK {
		t.Error("rules that were broken ended the session")
	}
}

func TestSessionsAChangedPasswordKeepsTheOneThatChangedIt(t *testing.T) {
	t.Parallel()
	w := here(t)
	mine, other := w.browser("192.0.2.10"), w.signIn("mlopez71", oldWords)
	mine.enters("springfield", "mlopez71", oldWords)
	old := mine.jar["s-springfield"]
	link, _ := w.link("springfield", "mlopez71", maria)
	a := mine.post("/springfield/change-password", "password", oldWords, "new_password", newWords, "new_password_again", newWords).want(t, http.StatusOK)
	fresh := mine.jar["s-springfield"]
	if fresh == old || w.home("springfield", fresh) != http.StatusOK {
		t.Errorf("the changer is out: %s", a.Body)
	}
	if w.home("springfield", old) != http.StatusUnauthorized || w.home("springfield", other) != http.StatusUnauthorized {
		t.Error("a session of before goes on")
	}
	if w.json(setPassword, "token", link, "new_password", "eight loud herons sleeping").Status != http.StatusGone {
		t.Error("a link of before works")
	}
	w.settle()
	if w.last(maria).Subject == "" || !slices.ContainsFunc(w.audit(), func(e entry) bool { return e.Act == "password-changed" && e.Route == "change-password" }) {
		t.Error("no notice, or no audit entry")
	}
	if w.signsIn("springfield", "mlopez71", oldWords) || !w.signsIn("springfield", "mlopez71", newWords) {
		t.Error("the password is not the new one")
	}
}

func TestSessionsChangingAPasswordSaysAllThatIsWrong(t *testing.T) {
	t.Parallel()
	w := here(t)
	session := w.signIn("mlopez71", oldWords)
	for name, c := range map[string]struct {
		fields []string
		slug   string
	}{
		"nothing":             {nil, "invalid-request"},
		"no new password":     {[]string{"password", oldWords}, "password-refused"},
		"the same again":      {[]string{"password", oldWords, "new_password", oldWords, "new_password_again", oldWords}, "password-refused"},
		"typed differently":   {[]string{"password", oldWords, "new_password", newWords, "new_password_again", newWords + "x"}, "password-refused"},
		"too short":           {[]string{"password", oldWords, "new_password", "short", "new_password_again", "short"}, "password-refused"},
		"only its own name":   {[]string{"password", oldWords, "new_password", "mlopez71mlopez71", "new_password_again", "mlopez71mlopez71"}, "password-refused"},
		"an unknown property": {[]string{"password", oldWords, "new_password", newWords, "epoch", "7"}, "invalid-request"},
	} {
		before := w.state()
		a := w.as(session, http.MethodPost, "/springfield/change-password", c.fields...)
		if a.slug() != c.slug || w.home("springfield", session) != http.StatusOK {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
		if !w.signsIn("springfield", "mlopez71", oldWords) {
			t.Errorf("%s: changed: %s", name, before)
		}
	}
}

func TestSessionsInTheProfileOfPowerSchoolTheCurrentPasswordIsNotCorrect(t *testing.T) {
	t.Parallel()
	w := here(t)
	b := w.browser("192.0.2.10")
	b.enters("shelbyville", "mlopez71", "different-person-88")
	page := b.do(http.MethodGet, "/shelbyville/change-password", "", "").want(t, http.StatusOK)
	for _, label := range []string{"Change Your Password", "Current Password", "New Password", "Re-Enter New Password"} {
		if !strings.Contains(page.Body, label) {
			t.Errorf("the page lacks %q", label)
		}
	}
	a := b.post("/shelbyville/change-password", "password", "wrong-wrong-1", "new_password", newWords, "new_password_again", newWords)
	if a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, "Current password is not correct.") {
		t.Errorf("got %d %s", a.Status, a.Body)
	}
}

func TestSessionsReplayed(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *world, session string){
		"after sign-out": func(w *world, session string) {
			w.as(session, http.MethodPost, "/springfield/sign-out").want(w, http.StatusOK)
		},
		"after a reset": func(w *world, _ string) {
			token, _ := w.link("springfield", "mlopez71", maria)
			w.json(setPassword, "token", token, "new_password", newWords).want(w, http.StatusOK)
		},
		"after a change": func(w *world, session string) {
			w.as(session, http.MethodPost, "/springfield/change-password", "password", oldWords, "new_password", newWords, "new_password_again", newWords).want(w, http.StatusOK)
		},
		"after its end": func(w *world, _ string) { w.advance(time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := here(t)
			session := w.signIn("mlopez71", oldWords)
			end(w, session)
			before := w.state()
			for path, pairs := range map[string][]string{
				"/springfield/home": nil, mySessions: {"more", "yes"}, "/springfield/prove": {"password", oldWords},
				"/springfield/change-password": {"password", newWords, "new_password", oldWords, "new_password_again", oldWords},
			} {
				method := http.MethodPost
				if pairs == nil {
					method = http.MethodGet
				}
				if a := w.as(session, method, path, pairs...); a.Status != http.StatusUnauthorized {
					t.Errorf("%s: %d %s", path, a.Status, a.Body)
				}
			}
			if w.state() != before {
				t.Error("something changed")
			}
		})
	}
}

func TestSessionsOfOneDistrictAreNoneInAnother(t *testing.T) {
	t.Parallel()
	w := here(t)
	session := w.signIn("mlopez71", oldWords)
	before := w.state()
	for path, pairs := range map[string][]string{
		"sessions": {"end", "others"}, "prove": {"password", oldWords}, "sign-out": {},
		"change-password": {"password", oldWords, "new_password", newWords, "new_password_again", newWords},
	} {
		if a := w.as(session, http.MethodPost, "/shelbyville/"+path, pairs...); path != "sign-out" && a.Status != http.StatusUnauthorized {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
	if w.state() != before {
		t.Error("something changed")
	}
}

func TestSessionsAreNotUsedByAnotherSite(t *testing.T) {
	t.Parallel()
	w := here(t)
	session := w.signIn("mlopez71", oldWords)
	before := w.state()
	for path, pairs := range map[string][]string{
		"sign-out": {}, "sessions": {"end", "others"}, "prove": {"password", oldWords},
		"change-password": {"password", oldWords, "new_password", newWords, "new_password_again", newWords},
	} {
		for _, header := range []map[string]string{{"Origin": "https://attacker.example"}, {"Sec-Fetch-Site": "cross-site"}, {}} {
			header["Cookie"] = "s-springfield=" + session
			if a := w.send(ask{Method: http.MethodPost, Path: "/springfield/" + path, Kind: formType, Body: encode(pairs), Header: header}); a.Status != http.StatusForbidden {
				t.Errorf("%s, %v: %d", path, header, a.Status)
			}
		}
	}
	if w.state() != before {
		t.Error("something changed")
	}
}

func TestSessionsLeadBackToThePageOnWhichTheyEnded(t *testing.T) {
	t.Parallel()
	const offer, chosen = "Reload Last Page", "Restore Selection(s)"
	for _, c := range []struct {
		name    string
		visit   []string
		between func(w *world, b *browser)
		offers  string
		to      string
	}{
		{"a page", []string{"sessions"}, nil, offer, "/springfield/sessions"},
		{"the last of several", []string{"sessions", "change-password"}, nil, offer, "/springfield/change-password"},
		{"what was chosen on one", []string{"home?show=security"}, nil, chosen, "/springfield/home?show=security"},
		{"the start page needs no offer", []string{"sessions", "home"}, nil, "", ""},
		{"no address of somebody else's making", []string{"home?show=//attacker.example"}, nil, "", ""},
		{"not after signing out", []string{"sessions"}, func(_ *world, b *browser) { b.post("/springfield/sign-out") }, "", ""},
		{"not after somebody else has signed in", []string{"sessions"}, func(w *world, b *browser) {
			w.advance(time.Hour)
			b.enters("springfield", "jlopez72", "silver-boat-garden-72")
			theirs := b.do(http.MethodGet, "/springfield/home", "", "").want(w, http.StatusOK)
			if strings.Contains(theirs.Body, offer) || strings.Contains(theirs.Body, chosen) {
				w.Error("the other is offered to go where the first was")
			}
		}, "", ""},
		{"not after the password was changed elsewhere", []string{"sessions"}, func(w *world, _ *browser) {
			token, _ := w.link("springfield", "mlopez71", maria)
			w.json(setPassword, "token", token, "new_password", oldWords+" again").want(w, http.StatusOK)
		}, "", ""},
		{"not after half a day more", []string{"sessions"}, func(w *world, _ *browser) { w.advance(13 * time.Hour) }, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := here(t)
			b := w.browser("192.0.2.10")
			b.enters("springfield", "mlopez71", oldWords)
			for _, page := range c.visit {
				b.do(http.MethodGet, "/springfield/"+page, "", "").want(t, http.StatusOK)
			}
			if c.between != nil {
				c.between(w, b)
			}
			w.advance(time.Hour)
			if !b.enters("springfield", "mlopez71", oldWords) && !b.enters("springfield", "mlopez71", oldWords+" again") {
				t.Fatal("cannot sign in")
			}
			home := b.do(http.MethodGet, "/springfield/home", "", "").want(t, http.StatusOK)
			if c.offers == "" {
				if strings.Contains(home.Body, offer) || strings.Contains(home.Body, chosen) {
					t.Error("it offers to go back")
				}
				return
			}
			if !strings.Contains(home.Body, c.offers) {
				t.Fatal(home.Body)
			}
			a := b.post(mySessions, "restore", "yes").want(t, http.StatusSeeOther)
			if got := a.Header.Get("Location"); got != c.to {
				t.Errorf("leads to %q", got)
			}
			if again := b.do(http.MethodGet, "/springfield/home", "", ""); strings.Contains(again.Body, c.offers) {
				t.Error("it is offered twice")
			}
		})
	}
}

func TestSessionsNoMeansTheStartPage(t *testing.T) {
	t.Parallel()
	w := here(t)
	b := w.browser("192.0.2.10")
	b.enters("springfield", "mlopez71", oldWords)
	b.do(http.MethodGet, mySessions, "", "").want(t, http.StatusOK)
	w.advance(time.Hour)
	if a := b.do(http.MethodGet, mySessions, "", "").want(t, http.StatusUnauthorized); !strings.Contains(a.Body, "You have been signed out.") || !strings.Contains(a.Body, "Return to Sign In Page.") {
		t.Errorf("the end is not said: %s", a.Body)
	}
	b.enters("springfield", "mlopez71", oldWords)
	if got := b.post(mySessions, "restore", "no").want(t, http.StatusSeeOther).Header.Get("Location"); got != "/springfield/home" {
		t.Errorf("leads to %q", got)
	}
	if home := b.do(http.MethodGet, "/springfield/home", "", ""); strings.Contains(home.Body, "Reload Last Page") {
		t.Error("it is offered again")
	}
}

func TestSessionsLeaveNoNameOnASharedComputer(t *testing.T) {
	t.Parallel()
	w := here(t)
	b := w.browser("192.0.2.10")
	b.post("/springfield/sign-in", "username", "mlopez71", "password", oldWords).want(t, http.StatusSeeOther)
	for _, page := range []string{"home", "sessions", "prove", "change-password"} {
		a := b.do(http.MethodGet, "/springfield/"+page, "", "").want(t, http.StatusOK)
		if a.Header.Get("Cache-Control") != "no-store" || !strings.Contains(a.Body, "Welcome, ") || !strings.Contains(a.Body, `action="/springfield/sign-out"`) {
			t.Errorf("%s: %v %s", page, a.Header, a.Body)
		}
	}
	out := b.post("/springfield/sign-out").want(t, http.StatusOK)
	if out.Header.Get("Clear-Site-Data") != `"cache"` || b.jar["s-springfield"] != "" {
		t.Errorf("%v", out.Header)
	}
	for _, a := range []answer{out, b.do(http.MethodGet, "/springfield/sign-in", "", ""), b.do(http.MethodGet, "/springfield/home", "", ""), b.do(http.MethodGet, "/springfield", "", "")} {
		for _, word := range []string{"mlopez71", "Maria", "Lopez"} {
			if strings.Contains(a.Body, word) {
				t.Errorf("%q is left", word)
			}
		}
	}
	for name, value := range b.jar {
		if strings.Contains(name+value, "lopez") {
			t.Errorf("cookie %s=%s", name, value)
		}
	}
}

func TestSessionsTellOfTheSignInBefore(t *testing.T) {
	t.Parallel()
	w := here(t)
	first := w.signIn("mlopez71", oldWords)
	if got := w.as(first, http.MethodGet, "/springfield/home").member("last_sign_in"); got != "" {
		t.Errorf("the first tells of %q", got)
	}
	at := w.now().UTC().Format(time.RFC3339)
	w.advance(3 * time.Hour)
	second := w.signIn("mlopez71", oldWords)
	if got := w.as(second, http.MethodGet, "/springfield/home").member("last_sign_in"); got != at {
		t.Errorf("got %q, want %q", got, at)
	}
}
