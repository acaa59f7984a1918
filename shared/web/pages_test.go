package web_test

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/web"
)

func TestPagesAreSmall(t *testing.T) {
	looked(t, func(f *faults, _ state, page string) {
		if len(page) > 15<<10 {
			f.find("%d bytes", len(page))
		}
	})
	var first int
	for _, name := range []string{"app.css", "app.js", "icon.svg"} {
		body, _, _ := web.Asset(hashedName(t, name))
		first += len(body)
	}
	if first > 25<<10 {
		t.Errorf("what pages are made of has %d bytes", first)
	}
}

func TestNoPageHasAnythingThatThePolicyForbids(t *testing.T) {
	looked(t, func(f *faults, _ state, page string) {
		for _, e := range elements(f, page) {
			for name, value := range e.attr {
				if name == "style" || strings.HasPrefix(name, "on") || strings.Contains(value, "javascript:") || strings.Contains(value, "ZgotmplZ") {
					f.find("%s has %s=%q", e.name, name, value)
				}
			}
			switch e.name {
			case "style", "base", "iframe", "object":
				f.find("there is a %s", e.name)
			case "script":
				if e.attr["src"] == "" || strings.TrimSpace(e.content) != "" {
					f.find("a script in the page")
				}
			case "img", "link":
				if address := e.attr["src"] + e.attr["href"]; !strings.HasPrefix(address, "/prod/assets/") {
					f.find("%s from %q", e.name, address)
				}
			}
		}
	})
}

func TestEveryPageHasTheSameFrame(t *testing.T) {
	looked(t, func(f *faults, s state, page string) {
		all := elements(f, page)
		count := map[string]int{}
		for _, e := range all {
			count[e.name]++
		}
		for _, one := range []string{"h1", "header", "main", "footer", "title"} {
			if count[one] != 1 {
				f.find("%d of %s", count[one], one)
			}
		}
		body := slices.IndexFunc(all, func(e element) bool { return e.name == "body" })
		if skip := all[body+1]; skip.attr["href"] != "#main" {
			f.find("first comes %v", skip)
		}
		// WCAG 3.2.6: help is in the same place on every page.
		_, foot, _ := strings.Cut(page, "<footer>")
		help, phone := strings.Index(foot, "/help"), strings.Index(foot, "tel:5550100")
		if help < 0 || !s.nowhere && phone < help {
			f.find("help at %d, phone at %d", help, phone)
		}
		title, h1 := inside(page, "title"), inside(page, "h1")
		failed := strings.Contains(page, `class="summary"`)
		if !strings.HasPrefix(strings.TrimPrefix(title, "Error: "), h1+" – ") || strings.HasPrefix(title, "Error: ") != failed {
			f.find("title %q, heading %q", title, h1)
		}
	})
}

func inside(page, tag string) string {
	_, rest, _ := strings.Cut(page, "<"+tag+">")
	text, _, _ := strings.Cut(rest, "</"+tag+">")
	return html.UnescapeString(text)
}

func TestNothingIsLeftUnsaid(t *testing.T) {
	looked(t, func(f *faults, _ state, page string) {
		text := regexp.MustCompile(`data-(says|has)="[^"]*"`).ReplaceAllString(page, "") // the script's
		if found := regexp.MustCompile(`\{\w+\}|<no value>|%!|>(?:[a-z-]+\.)+[a-z-]+</(?:a|b|p|li|h1|h2|span|small|label|button)>`).FindString(text); found != "" {
			f.find("says %q", found)
		}
	})
}

func TestEveryInputCanBeFilledInByEverybody(t *testing.T) {
	looked(t, func(f *faults, _ state, page string) {
		all := elements(f, page)
		ids, labelled := map[string]int{}, map[string]bool{}
		for _, e := range all {
			if id := e.attr["id"]; id != "" {
				ids[id]++
			}
			if e.name == "label" {
				labelled[e.attr["for"]] = true
			}
		}
		for id, n := range ids {
			if n > 1 {
				f.find("id %s stands %d times", id, n)
			}
		}
		for _, e := range all {
			for _, never := range []string{"placeholder", "maxlength", "required", "disabled", "autofocus", "aria-label"} {
				if _, has := e.attr[never]; has {
					f.find("%s has %s", e.name, never)
				}
			}
			for _, name := range []string{"aria-describedby", "aria-labelledby"} {
				for id := range strings.FieldsSeq(e.attr[name]) {
					if ids[id] == 0 {
						f.find("%s is described by %s, which is not there", e.attr["name"], id)
					}
				}
			}
			if e.name == "form" && e.attr["method"] == "post" && !strings.HasPrefix(e.attr["action"], "/prod/springfield/") {
				f.find("a form posts to %q", e.attr["action"])
			}
			if e.name == "input" && e.attr["type"] != "hidden" && e.attr["class"] != "vh" {
				checkInput(f, e, labelled)
				for _, part := range []string{"-hint", "-error", "-rules"} {
					if id := e.attr["name"] + part; ids[id] > 0 && !slices.Contains(strings.Fields(e.attr["aria-describedby"]), id) {
						f.find("%s is not described by %s", e.attr["name"], id)
					}
				}
			}
		}
	})
}

func checkInput(f *faults, e element, labelled map[string]bool) {
	name := e.attr["name"]
	if e.attr["type"] == "checkbox" {
		if _, ticked := e.attr["checked"]; ticked || !slices.Contains(e.within, "label") {
			f.find("%s is ticked, or has no label", name)
		}
		return
	}
	if !labelled[name] || e.attr["id"] != name {
		f.find("%s has no label", name)
	}
	want := map[string]string{
		"username": "username", "email": "email", "code": "one-time-code", "password": "current-password",
		"new_password": "new-password", "new_password_again": "new-password", "district": "off",
	}
	if e.attr["autocomplete"] != want[name] {
		f.find("%s is completed as %q", name, e.attr["autocomplete"])
	}
	if e.attr["dir"] != "ltr" || e.attr["autocapitalize"] != "none" || e.attr["spellcheck"] != "false" {
		f.find("%s may be turned round or corrected", name)
	}
}

func TestEveryFaultLeadsToItsField(t *testing.T) {
	looked(t, func(f *faults, s state, page string) {
		if s.problem == nil || len(s.problem.Fields) == 0 {
			return
		}
		for _, field := range s.problem.Fields {
			for _, want := range []string{`<a href="#` + field.Name + `">`, `id="` + field.Name + `-error"`} {
				if !strings.Contains(page, want) {
					f.find("lacks %s", want)
				}
			}
			said := regexp.MustCompile(`id="` + field.Name + `"[^>]*aria-invalid="true"`)
			if !said.MatchString(page) {
				f.find("%s is not marked", field.Name)
			}
		}
	})
}

func TestWhatWasTypedComesBackButNeverASecret(t *testing.T) {
	pages := open(t, i18n.Default)
	for _, s := range gallery() {
		if s.problem == nil || s.typed == nil {
			continue
		}
		page := show(t, pages, s, "en")
		for name, value := range s.typed {
			secret := strings.Contains(name, "password") || name == "code"
			if value != "" && strings.Contains(page, `value="`+value+`"`) == secret {
				t.Errorf("%s: %s=%q", s.name, name, value)
			}
		}
	}
}

func TestEveryPageNamesAnotherWay(t *testing.T) {
	looked(t, func(f *faults, s state, page string) {
		_, main, _ := strings.Cut(page, "<main")
		main, _, _ = strings.Cut(main, "</main>")
		if s.page == "set-password" || s.page == "home" || s.page == "root" {
			return // here somebody has got in, or not begun; the footer is enough
		}
		if !strings.Contains(main, "<a ") {
			f.find("a dead end")
		}
	})
	pages := open(t, i18n.Default)
	for _, s := range gallery() {
		page := show(t, pages, s, "en")
		remembered := strings.Contains(page, `autocomplete="current-password"`) || s.page == "forgot-password"
		if remembered && !strings.Contains(page, "data-nonmemory") {
			t.Errorf("%s asks for what must be remembered and names no other way", s.name)
		}
	}
}

func TestALinkIsPostedByTokenAndACodeByName(t *testing.T) {
	pages := open(t, i18n.Default)
	for _, c := range []struct {
		state string
		posts []string
	}{
		{"set password", []string{"token", "attempt", "new_password", "new_password_again"}},
		{"set password by code", []string{"username", "code", "attempt", "new_password", "new_password_again"}},
		{"forgot password", []string{"username", "email"}},
		{"code", []string{"username", "code"}},
		{"link dead", []string{"token"}},
		{"not me", []string{"confirm"}},
		{"sign in", []string{"username", "password"}},
		{"home", []string{"more", "more"}},
		{"home, back to a page", []string{"restore", "restore", "more", "more"}},
		{"sessions", []string{"end", "end", "more", "more"}},
		{"prove", []string{"password"}},
		{"change password", []string{"password", "new_password", "new_password_again", "more", "more"}},
	} {
		i := slices.IndexFunc(gallery(), func(s state) bool { return s.name == c.state })
		var got []string
		for _, e := range elements(new(faults), show(t, pages, gallery()[i], "en")) {
			if name, named := e.attr["name"]; named && e.name != "meta" {
				got = append(got, name)
			}
		}
		if !slices.Equal(got, c.posts) {
			t.Errorf("%s posts %v, want %v", c.state, got, c.posts)
		}
	}
}

func TestTheAnswerToAPostOffersNoOtherLanguage(t *testing.T) {
	looked(t, func(f *faults, s state, page string) {
		if menu := strings.Contains(page, `class="langs"`); menu != (s.typed == nil) {
			f.find("menu: %v", menu)
		}
	})
}

func TestADraftSaysSo(t *testing.T) {
	looked(t, func(f *faults, _ state, page string) {
		draft := strings.Contains(page, `lang="es" dir="ltr">`) && strings.HasPrefix(page, "<!doctype html>\n<html lang=\"es\"")
		if strings.Contains(page, `class="draft"`) != draft {
			f.find("draft: %v", !draft)
		}
	})
}
