package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/problem"
)

// MostBytes is how large a posted body may be.
const MostBytes = 64 << 10

// Fields are the names and texts that were posted, whether as a form or as JSON.
type Fields map[string]string

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
)

// saysItIs reports whether a body is said to be of that media type, in any letter
// case; whether it is, readFields finds out.
func saysItIs(header http.Header, kind string) bool {
	said, _, _ := strings.Cut(header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(said), kind)
}

// read checks where a post comes from, bounds it, and decodes it. What nobody
// would read is refused for what it is before it is asked for its papers; but not
// if it comes from another site.
func (r *Request) read(g guard) (err error) {
	if err := g.foreign(r); err != nil {
		return err
	}
	if err := readable(r.Header, r.body); err != nil {
		return err
	}
	if err := nameless(r); err != nil {
		return err
	}
	r.Fields, err = readFields(r.Header, r.body)
	return err
}

func readable(header http.Header, body []byte) error {
	if len(body) > MostBytes {
		return problem.New(problem.TooLarge)
	}
	if len(body) == 0 {
		return nil // nothing to read: a route without fields may be posted so
	}
	kind, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	charset := params["charset"]
	if err != nil || kind != formType && kind != jsonType || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return problem.New(problem.UnsupportedMediaType)
	}
	return nil
}

// readFields decodes a body that is readable. Both kinds are held to the same:
// one value for each name, valid UTF-8, nothing else.
func readFields(header http.Header, body []byte) (Fields, error) {
	switch {
	case len(body) == 0:
		return Fields{}, nil
	case !utf8.Valid(body):
		return nil, malformed("form.not-utf8")
	case saysItIs(header, jsonType):
		return readJSON(body)
	}
	return readForm(string(body))
}

func malformed(key string) error { return problem.New(problem.InvalidRequest).Saying(key) }

func readForm(body string) (Fields, error) {
	values, err := url.ParseQuery(body)
	if err != nil {
		return nil, malformed("form.malformed")
	}
	fields := Fields{}
	for name, all := range values {
		if len(all) != 1 {
			return nil, malformed("form.twice")
		}
		if !utf8.ValidString(name) || !utf8.ValidString(all[0]) {
			return nil, malformed("form.not-utf8")
		}
		fields[name] = all[0]
	}
	return fields, nil
}

// readJSON reads one flat object of texts, token by token, because the standard
// decoder would accept a property twice, or in other letters.
func readJSON(body []byte) (Fields, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, malformed("json.not-an-object")
	}
	fields := Fields{}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, malformed("json.malformed")
		}
		key, _ := name.(string)
		if _, twice := fields[key]; twice {
			return nil, problem.Invalid(problem.Field{Name: key, Says: i18n.Say("json.twice")})
		}
		value, err := dec.Token()
		if err != nil {
			return nil, malformed("json.malformed")
		}
		text, ok := value.(string)
		if !ok {
			return nil, problem.Invalid(problem.Field{Name: key, Says: i18n.Say("json.not-text")})
		}
		if badEscape(text) {
			return nil, malformed("form.not-utf8")
		}
		fields[key] = text
	}
	if _, err := dec.Token(); err != nil {
		return nil, malformed("json.malformed")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, malformed("json.malformed")
	}
	return fields, nil
}

// badEscape finds the mark that the decoder leaves where half a surrogate pair
// was escaped: two different passwords would become the same one.
func badEscape(text string) bool { return strings.ContainsRune(text, utf8.RuneError) }

// Only refuses fields that are not among the names a route knows.
func (f Fields) Only(names ...string) error {
	var unknown []problem.Field
	for name := range f {
		if !slices.Contains(names, name) {
			unknown = append(unknown, problem.Field{Name: name, Says: i18n.Say("form.unknown")})
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	slices.SortFunc(unknown, func(a, b problem.Field) int { return strings.Compare(a.Name, b.Name) })
	return problem.Invalid(unknown...)
}
