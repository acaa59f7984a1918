package verifytoken_test

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/token"
)

// hash stands for the slow one.
func (w *world) hash(secret string, salt []byte) []byte {
	w.hashes++
	sum := sha256.Sum256(append([]byte(secret), salt...))
	return sum[:]
}

// said are the sentences of a problem's fields.
func (a answer) said() (all []string) {
	var told struct {
		Errors []struct{ Detail, Pointer string }
	}
	_ = json.Unmarshal([]byte(a.body), &told)
	for _, e := range told.Errors {
		all = append(all, strings.TrimPrefix(e.Pointer, "#")+" "+e.Detail)
	}
	return all
}

// page posts as a browser does, or opens a page where there is nothing to post.
func (w *world) page(page, secret string, pairs ...string) answer {
	w.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	event := gateway.Event{
		Resource: "/{district}/" + page, HTTPMethod: http.MethodPost, PathParameters: map[string]string{"district": slug, "token": secret},
		Headers: map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html", "Sec-Fetch-Site": "same-origin"},
		Body:    form.Encode(),
	}
	if pairs == nil {
		event.HTTPMethod = http.MethodGet
	}
	event.RequestContext.Identity.SourceIP = "192.0.2.1"
	response, err := w.serve(w.Context(), event)
	w.fatal(err)
	return answer{status: response.StatusCode, body: response.Body}
}

func asking(d *district.District)  { d.AskUsername = true }
func classic(d *district.District) { d.Profile = district.PowerSchool }
func keeping(n int) func(*district.District) {
	return func(d *district.District) { d.PasswordHistory = n }
}

func TestTheUsernameIsTypedAgainWhereTheDistrictAsks(t *testing.T) {
	t.Parallel()
	w := here(t, asking)
	text, _, _ := w.mint(token.Reset, token.About{})
	shown := w.page("r/{token}", text)
	if !strings.Contains(shown.body, `id="username"`) || strings.Contains(shown.body, "mlopez71") {
		t.Errorf("the page does not ask, or says it: %s", shown.body)
	}
	if a := w.set("token", text, "new_password", chosen); a.status != 400 || len(a.said()) != 1 || !strings.HasPrefix(a.said()[0], "/username") {
		t.Errorf("without it: %d %s", a.status, a.body)
	}
	if a := w.page("set-password", "", "token", text, "username", "", "new_password", chosen); a.status != 400 || !strings.Contains(a.body, `value="`+text+`"`) {
		t.Errorf("the form does not come back: %d %s", a.status, a.body)
	}
	a := w.set("token", text, "username", "mlopez72", "new_password", "short")
	if a.status != 422 || a.slug != "not-proved" || !strings.Contains(a.body, `"tries_left":4`) {
		t.Errorf("a wrong one: %d %s", a.status, a.body)
	}
	if w.count("AUDIT") != 0 || w.state().Epoch != 0 {
		t.Error("something was used up")
	}
	if a := w.set("token", text, "username", " MLopez71 ", "new_password", chosen); a.status != 200 || !w.passwords.Matches(id, chosen) {
		t.Errorf("the right one: %d %s", a.status, a.body)
	}
}

func TestTheUsernameIsGuessedFiveTimes(t *testing.T) {
	t.Parallel()
	w := here(t, asking)
	text, _, _ := w.mint(token.Reset, token.About{})
	for range 5 {
		if a := w.set("token", text, "username", "mlopez72", "new_password", chosen); a.slug != "not-proved" {
			t.Fatalf("got %d %s", a.status, a.body)
		}
	}
	if a := w.set("token", text, "username", "mlopez71", "new_password", chosen); a.slug != "not-proved" || !strings.Contains(a.body, "wait_until") {
		t.Errorf("the sixth, which is right: %d %s", a.status, a.body)
	}
	other, _, _ := w.mint(token.Reset, token.About{})
	if a := w.set("token", other, "username", "mlopez71", "new_password", chosen); a.status != 200 {
		t.Errorf("by another link: %d %s", a.status, a.body)
	}
}

func TestAWrongUsernameBesideALinkIsAlwaysRefused(t *testing.T) {
	t.Parallel()
	w := here(t)
	text, _, _ := w.mint(token.Reset, token.About{})
	if a := w.set("token", text, "username", "somebody", "new_password", chosen); a.slug != "not-proved" {
		t.Errorf("got %d %s", a.status, a.body)
	}
	if a := w.set("token", text, "new_password", chosen); a.status != 200 {
		t.Errorf("without one: %d %s", a.status, a.body)
	}
}

// A rule of the account's own is told to whoever has proved that it is theirs, and
// to nobody else: not by a dead link, not by a wrong code, not by a wrong username.
func TestNoRuleOfTheAccountIsToldBeforeProof(t *testing.T) {
	t.Parallel()
	w := here(t, keeping(3), asking)
	text, _, code := w.mint(token.Reset, token.About{})
	if a := w.set("token", text, "username", "mlopez71", "new_password", "maria"); len(a.said()) != 2 {
		t.Fatalf("after proof: %d %s", a.status, a.body)
	}
	none := "0000-0000"
	if code == "00000000" {
		none = "1111-1111"
	}
	w.hashes = 0
	for _, password := range []string{"maria", "mlopez71", "short", "password2026!!!", chosen} {
		for name, a := range map[string]answer{
			"a link that is none": w.set("token", strings.Repeat("0", len(text)), "new_password", password),
			"a wrong code":        w.set("username", "mlopez71", "code", none, "new_password", password),
			"an unknown name":     w.set("username", "nobody", "code", none, "new_password", password),
			"a wrong username":    w.set("token", text, "username", "other", "new_password", password),
		} {
			if a.slug != "link-dead" && a.slug != "not-proved" || a.said() != nil {
				t.Errorf("%s and %q: %d %s", name, password, a.status, a.body)
			}
		}
	}
	if w.hashes != 0 {
		t.Errorf("%d hashes for nobody", w.hashes)
	}
	for _, page := range []string{"code"} {
		if a := w.page(page, ""); strings.Contains(a.body, "data-rule") {
			t.Errorf("%s shows rules", page)
		}
	}
}

func TestPowerSchoolsRulesAreOnThePageAndInTheAnswer(t *testing.T) {
	t.Parallel()
	w := here(t, classic, keeping(5))
	text, _, _ := w.mint(token.Reset, token.About{})
	shown := w.page("r/{token}", text).body
	for _, want := range []string{
		"Choose one you will remember.", "Use at least 15 characters", "One capital letter and one small letter", "One letter and one number", "One special character", "Not one of your last 5 passwords",
		`data-min="15"`, `data-has="\p{Lu} \p{Ll}"`, `passwordrules="minlength: 15; maxlength: 256; required: upper;`,
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("the page does not say %s", want)
		}
	}
	a := w.set("token", text, "new_password", "herons", "new_password_again", "heron")
	if want := []string{
		"/new_password New password must be at least 15 characters long.",
		"/new_password New password must contain at least one uppercase and one lowercase letter.",
		"/new_password New password must contain at least one letter and one number.",
		"/new_password New password must contain at least one special character.",
		"/new_password_again The verification password you enter must match the new password.",
	}; !slices.Equal(a.said(), want) {
		t.Errorf("got %q", a.said())
	}
	page := w.page("set-password", "", "token", text, "new_password", "herons", "new_password_again", "heron")
	for _, said := range a.said() {
		if _, sentence, _ := strings.Cut(said, " "); !strings.Contains(page.body, sentence) {
			t.Errorf("the page does not say %s", sentence)
		}
	}
}

func TestAPasswordDoesNotComeBack(t *testing.T) {
	t.Parallel()
	w := here(t, classic, keeping(2))
	set := func(password string) answer {
		w.Helper()
		text, _, _ := w.mint(token.Reset, token.About{})
		return w.set("token", text, "new_password", password)
	}
	const first, second, third = "Seven quiet herons 1", "Eight loud herons 2", "Nine sleepy herons 3"
	for _, password := range []string{first, second} {
		if a := set(password); a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	const used = "/new_password The password entered was previously used. Please enter a new password."
	for _, password := range []string{first, second} {
		if a := set(password); a.status != 422 || !slices.Equal(a.said(), []string{used}) {
			t.Errorf("%s again: %d %s", password, a.status, a.body)
		}
	}
	if a := set(third); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := set(first); a.status != 200 {
		t.Errorf("the last but two: %d %s", a.status, a.body)
	}
}

// What there was before the district began to keep passwords, only the store can
// tell.
func TestThePasswordOfNowCountsFromTheFirstDay(t *testing.T) {
	t.Parallel()
	w := here(t, keeping(1))
	w.fatal(w.passwords.Set(t.Context(), id, chosen, credential.Permanent))
	text, _, _ := w.mint(token.Reset, token.About{})
	if a := w.set("token", text, "new_password", chosen); a.slug != "password-refused" {
		t.Errorf("got %d %s", a.status, a.body)
	}
	if a := w.set("token", text, "new_password", other); a.status != 200 {
		t.Errorf("got %d %s", a.status, a.body)
	}
}

func TestTheYoungMayHaveShorterOnes(t *testing.T) {
	t.Parallel()
	w := here(t)
	w.fatal(account.Amend(t.Context(), w.store, slug, id, func(p *account.Profile, _ *account.State) {
		p.Role, p.Grade = district.Student, "03"
	}))
	text, _, _ := w.mint(token.Reset, token.About{})
	if shown := w.page("r/{token}", text).body; !strings.Contains(shown, `data-min="8"`) {
		t.Error("the page asks for more than 8")
	}
	if a := w.set("token", text, "new_password", "my heron"); a.status != 200 {
		t.Errorf("got %d %s", a.status, a.body)
	}
}
