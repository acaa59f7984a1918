package promises_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// FuzzTheWholeEdge sends anything anywhere. Whatever comes, the answer is a page
// or a problem, and never our fault.
func FuzzTheWholeEdge(f *testing.F) {
	for _, r := range routes() {
		f.Add("POST", r.path, formType, "confirm=yes&token=x&username=mlopez71&email="+maria+"&code=00000000&password=x&new_password="+newWords, "", "text/html")
		f.Add("POST", r.path, jsonType, `{"username":"mlopez71","email":"`+maria+`"}`, "s-springfield="+nowhere, "application/json")
		f.Add("GET", r.path+"?lang=\xff", "", "", "lang=\xff;=", "\xff")
	}
	served := inMemory(f)
	f.Fuzz(func(t *testing.T, method, path, kind, body, cookie, accept string) {
		w := &world{TB: t, root: served.root, service: served.service, logs: served.logs}
		if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "/_local") || strings.Contains(path, "//") || strings.Contains(path, "/./") || strings.Contains(path, "/..") || strings.HasSuffix(path, "/.") || strings.ContainsAny(method, " /") || len(path) > 8192 {
			t.Skip("no request that reaches the edge as it is")
		}
		a := w.send(ask{Method: method, Path: path, Kind: kind, Body: body, Header: map[string]string{"Origin": w.origin(), "Cookie": cookie, "Accept": accept, "Accept-Language": accept, "User-Agent": accept}})
		if a.Status >= http.StatusInternalServerError || a.Status < http.StatusOK {
			t.Fatalf("%s %q: %d %s", method, path, a.Status, a.Body)
		}
		if strings.Contains(a.Body, "<script>alert") || slices.ContainsFunc(a.Header["Location"], func(to string) bool { return !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") }) {
			t.Fatalf("%s %q: %v %s", method, path, a.Header, a.Body)
		}
	})
}
