package typed_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/typed"
)

func faults(read func(*typed.Faults) string) (text string, keys []string) {
	var all typed.Faults
	text = read(&all)
	for _, f := range all {
		keys = append(keys, f.Name+": "+f.Says.Key)
	}
	return text, keys
}

func TestUsernames(t *testing.T) {
	t.Parallel()
	for typedText, want := range map[string]string{
		"mlopez71": "", " Maria Lopez ": "", strings.Repeat("\u5c71", 128): "", "\u202e": "",
		"": "username.missing", "  \u3000": "username.missing", strings.Repeat("x", 129): "username.long", strings.Repeat("x", 10<<10): "username.long", "a\x00b": "text.control", "a\r\nb": "text.control", "a\u0085b": "text.control",
	} {
		text, got := faults(func(f *typed.Faults) string { return f.Username("username", typedText) })
		if want == "" && len(got) > 0 || want != "" && !slices.Equal(got, []string{"username: " + want}) {
			t.Errorf("%.30q: %v, want %q", typedText, got, want)
		}
		if text != strings.TrimSpace(typedText) {
			t.Errorf("%.30q is read as %.30q", typedText, text)
		}
	}
}

func TestEmailAddresses(t *testing.T) {
	t.Parallel()
	for typedText, want := range map[string]string{
		"maria@example.org": "", " maria@example.org ": "", "m.l+school@sub.example.org": "", "jos\u00e9@example.org": "", strings.Repeat("a", 240) + "@example.org": "",
		"": "email.missing", " ": "email.missing", "maria": "email.malformed", "maria@": "email.malformed", "@example.org": "email.malformed", "maria@localhost": "email.malformed", "Maria <maria@example.org>": "email.malformed", "<maria@example.org>": "email.malformed",
		"maria@example.org, juan@example.org": "email.malformed", "maria@example.org\r\nBcc: x@example.org": "text.control", "maria@exa\x00mple.org": "text.control", strings.Repeat("a", 250) + "@example.org": "email.long", "maria@@example.org": "email.malformed", "maria example@example.org": "email.malformed",
	} {
		_, got := faults(func(f *typed.Faults) string { return f.Email("email", typedText) })
		if want == "" && len(got) > 0 || want != "" && !slices.Equal(got, []string{"email: " + want}) {
			t.Errorf("%.40q: %v, want %q", typedText, got, want)
		}
	}
}

func TestAttempts(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{"": true, "0123abc": true, strings.Repeat("x", 64): true, strings.Repeat("x", 65): false, "a\nb": false, "\x00": false} {
		got, keys := faults(func(f *typed.Faults) string { return f.Attempt("attempt", text) })
		if good != (len(keys) == 0) || good && got != text || !good && got != "" {
			t.Errorf("%.20q: %q, %v", text, got, keys)
		}
	}
}

func TestFaultsAreToldTogether(t *testing.T) {
	t.Parallel()
	var all typed.Faults
	if all.Err() != nil {
		t.Error("a fault where there is none")
	}
	all.Username("username", "")
	all.Email("email", "")
	p, ok := errors.AsType[*problem.Error](all.Err())
	if !ok || p.Code != problem.InvalidRequest || len(p.Fields) != 2 {
		t.Errorf("%+v", p)
	}
}
