package problem_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/problem"
)

// contract is the table of docs and clients, written a second time on purpose.
var contract = map[problem.Code]int{
	"invalid-request": 400, "not-signed-in": 401, "prove-again": 401, "not-allowed": 403, "must-change": 403, "cross-site": 403, "not-found": 404,
	"method-not-allowed": 405, "changed-meanwhile": 409, "link-dead": 410, "too-large": 413, "unsupported-media-type": 415, "not-proved": 422, "password-refused": 422,
	"allowance-used": 422, "too-many-requests": 429, "internal": 500, "busy": 503, "change-unknown": 503, "unavailable": 503,
}

func TestTheTableIsTheContracts(t *testing.T) {
	t.Parallel()
	for code, status := range contract {
		if got := problem.New(code).Status(); got != status {
			t.Errorf("%s: %d, want %d", code, got, status)
		}
	}
	for code := range problem.Statuses {
		if _, ok := contract[code]; !ok {
			t.Errorf("%s is in no contract", code)
		}
		if strings.Contains(string(code), "account") || strings.Contains(string(code), "user") {
			t.Errorf("%s tells of accounts", code)
		}
	}
}

func TestEveryCodeHasAStatus(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "problem.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Code" {
			code := problem.Code(strings.Trim(spec.Values[0].(*ast.BasicLit).Value, `"`))
			if _, ok := problem.Statuses[code]; !ok {
				t.Errorf("%s has no status", code)
			}
			seen++
		}
		return true
	})
	if seen != len(problem.Statuses) {
		t.Errorf("%d codes and %d statuses", seen, len(problem.Statuses))
	}
}

func TestEveryCodeHasItsSentences(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"en", "es"} {
		words := i18n.Default.Language(language)
		for code := range problem.Statuses {
			for _, part := range []string{"title", "text"} {
				key := "problem." + string(code) + "." + part
				said, own := words.Find(i18n.Say(key))
				if !own || said == "" || said == key {
					t.Errorf("%s: %s says %q", language, key, said)
				}
			}
		}
	}
}

func TestACauseIsForTheLogAlone(t *testing.T) {
	t.Parallel()
	cause := errors.New("table: secret key")
	p := problem.New(problem.Unavailable).Saying("problem.unavailable.text").After(time.Second).With("why", "x").Because(cause)
	if !errors.Is(p, cause) || !strings.Contains(p.Error(), "secret key") {
		t.Error("the log does not learn the cause")
	}
	if p.Detail.Key != "problem.unavailable.text" || p.RetryAfter != time.Second || p.More["why"] != "x" {
		t.Errorf("%+v", p)
	}
	if problem.New("no such code").Status() != http.StatusInternalServerError {
		t.Error("an unknown code is not our fault")
	}
}
