package drift_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/sparekey/sparekey"
	"github.com/sparekey/sparekey/functions/forgotpassword"
	"github.com/sparekey/sparekey/functions/pages"
	"github.com/sparekey/sparekey/functions/signin"
	"github.com/sparekey/sparekey/functions/verifytoken"
	"github.com/sparekey/sparekey/infra/template"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/web"
)

// flows are the functions that serve pages, by folder, with the tag that the
// document gives them. A new one is forgotten here at most until its template is
// written.
var flows = map[string]struct {
	tag    string
	routes gateway.Routes
}{
	"forgotpassword": {"forgot-password", forgotpassword.Flow{}.Routes()},
	"verifytoken":    {"verify-token", verifytoken.Flow{}.Routes()},
	"signin":         {"sign-in", signin.Flow{}.Routes()},
	"pages":          {"pages", pages.Flow{Site: web.NewSite(&url.URL{})}.Routes()},
}

func deployed(t *testing.T) template.Template {
	t.Helper()
	read, err := template.Read(sparekey.Template)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func document(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(sparekey.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestTheDocumentIsValidAndItsExamplesKeepIt(t *testing.T) {
	if err := document(t).Validate(t.Context(), openapi3.EnableExamplesValidation()); err != nil {
		t.Fatal(err)
	}
}

// documented writes a route as the document does: it knows no greedy variable.
func documented(route string) string { return strings.ReplaceAll(route, "+}", "}") }

func TestRoutesAreTheSameInCodeTemplateAndDocument(t *testing.T) {
	doc := document(t)
	inDocument := map[string]bool{}
	for _, f := range deployed(t).Functions {
		flow, served := flows[f.Folder]
		if !served {
			if len(f.Routes) > 0 {
				t.Errorf("%s has routes in the template and none here", f.Folder)
			}
			continue
		}
		if inCode := slices.Sorted(maps.Keys(flow.routes)); !slices.Equal(inCode, f.Routes) {
			t.Errorf("%s serves %q, and the template has %q", f.Folder, inCode, f.Routes)
		}
		for route, methods := range flow.routes {
			inDocument[documented(route)] = true
			sameMethods(t, doc.Paths.Value(documented(route)), flow.tag, route, methods)
		}
	}
	for path := range doc.Paths.Map() {
		if !inDocument[path] {
			t.Errorf("the document has %s, and nobody serves it", path)
		}
	}
}

func sameMethods(t *testing.T, item *openapi3.PathItem, tag, route string, methods gateway.Methods) {
	t.Helper()
	if item == nil {
		t.Errorf("%s is served, and not documented", route)
		return
	}
	operations := item.Operations()
	methods = maps.Clone(methods)
	delete(methods, gateway.Any) // it only refuses
	if inCode, written := slices.Sorted(maps.Keys(methods)), slices.Sorted(maps.Keys(operations)); !slices.Equal(inCode, written) {
		t.Errorf("%s takes %q, and the document says %q", route, inCode, written)
	}
	for method, operation := range operations {
		if !slices.Equal(operation.Tags, []string{tag}) {
			t.Errorf("%s %s is of %s, and the document says %q", method, route, tag, operation.Tags)
		}
		if method == http.MethodPost && operation.RequestBody == nil {
			t.Errorf("POST %s has no body in the document", route)
		}
	}
}

func TestHubsKnowWhatIsDeployed(t *testing.T) {
	if inTemplate := deployed(t).Pages(); !slices.Equal(pages.Deployed, inTemplate) {
		t.Errorf("the template has the pages %q, and pages.Deployed is %q", inTemplate, pages.Deployed)
	}
}

func TestProblemsAreTheSameInCodeAndDocument(t *testing.T) {
	doc := document(t)
	var inCode []string
	for code := range problem.Statuses {
		inCode = append(inCode, string(code))
	}
	slices.Sort(inCode)
	if written := slices.Sorted(maps.Keys(doc.Components.Examples)); !slices.Equal(inCode, written) {
		t.Errorf("problems are %q, and the document has examples of %q", inCode, written)
	}
	for code, example := range doc.Components.Examples {
		value, _ := example.Value.Value.(map[string]any)
		if status, _ := value["status"].(float64); int(status) != problem.Statuses[problem.Code(code)] {
			t.Errorf("%s is said with %d, and its example has %v", code, problem.Statuses[problem.Code(code)], value["status"])
		}
		if address, _ := value["type"].(string); !strings.HasSuffix(address, "/help/"+code) {
			t.Errorf("the example of %s has the type %q", code, address)
		}
	}
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			for status, response := range operation.Responses.Map() {
				saidWith(t, method+" "+path, status, response)
			}
		}
	}
}

// saidWith checks that what is documented under a status is a problem of that
// status, or none.
func saidWith(t *testing.T, where, status string, response *openapi3.ResponseRef) {
	t.Helper()
	media := response.Value.Content["application/problem+json"]
	if isProblem := status >= "400"; isProblem != (media != nil) {
		t.Errorf("%s: %s: problem %v", where, status, media != nil)
		return
	}
	if media == nil {
		return
	}
	if len(media.Examples) == 0 {
		t.Errorf("%s: %s names no problem", where, status)
	}
	for code := range media.Examples {
		if want := http.StatusText(problem.Statuses[problem.Code(code)]); want != http.StatusText(atoi(status)) {
			t.Errorf("%s: %s is documented under %s", where, code, status)
		}
	}
}
