package server

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sparekey/sparekey/shared/audit"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/request"
	"github.com/sparekey/sparekey/shared/table"
)

// hooks are the local run's own doors, by which people and tests look inside.
// None of them exists in a Lambda.
func (s *Server) hooks() {
	for pattern, hook := range map[string]func(*http.Request) (any, error){
		"GET /_local/accounts.json": func(r *http.Request) (any, error) { return s.accounts(r.Context()) },
		"GET /_local/keys.json":     func(*http.Request) (any, error) { return []any{}, nil },
		"GET /_local/requests.json": func(r *http.Request) (any, error) { return s.requests(r.Context()) },
		"GET /_local/audit.json":    func(r *http.Request) (any, error) { return s.audits(r.Context()) },
		"GET /_local/table.json":    func(r *http.Request) (any, error) { return s.items(r.Context()) },
		"GET /_local/calls.json":    func(*http.Request) (any, error) { return s.watch.record(), nil },
		"DELETE /_local/calls.json": func(*http.Request) (any, error) { s.watch.clearCalls(); return struct{}{}, nil },
		"GET /_local/clock":         func(*http.Request) (any, error) { return s.time(), nil },
		"POST /_local/clock":        s.setClock,
		"POST /_local/run":          s.runNow,
		"POST /_local/district":     s.setDistrict,
		"POST /_local/account":      s.setAccount,
		"POST /_local/fault":        s.setFault,
		"DELETE /_local/fault":      func(*http.Request) (any, error) { s.watch.clearFaults(); return struct{}{}, nil },
	} {
		s.mux.HandleFunc(pattern, answer(hook))
	}
	s.mux.HandleFunc("/_local/", http.NotFound)
}

func answer(hook func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		value, err := hook(r)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			value = map[string]string{"error": err.Error()}
		}
		body := json.NewEncoder(w)
		body.SetIndent("", " ")
		_ = body.Encode(value)
	}
}

// read decodes a hook's body; a name it does not know is refused, because a test
// that misspells one would otherwise test nothing.
func read(r *http.Request, into any) error {
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("read JSON: %w", err)
	}
	return nil
}

// accounts are the demo people as they are now.
func (s *Server) accounts(ctx context.Context) (any, error) {
	s.people.mu.Lock()
	defer s.people.mu.Unlock()
	all := make([]person, len(s.people.all))
	for i, p := range s.people.all {
		var err error
		if all[i], err = s.now(ctx, p); err != nil {
			return nil, err
		}
	}
	return all, nil
}

type filed struct {
	Reference string    `json:"reference"`
	District  string    `json:"district"`
	Outcome   *string   `json:"outcome"`
	At        time.Time `json:"at"`
}

func (s *Server) requests(ctx context.Context) (any, error) {
	all := []filed{}
	err := eachOf(ctx, s, request.DayOf, func(key table.Key, r request.Request) {
		one := filed{Reference: strings.TrimPrefix(key.PK, "REQUEST#"), District: r.District, At: r.Asked}
		if outcome := string(r.Outcome); outcome != "" {
			one.Outcome = &outcome
		}
		all = append(all, one)
	})
	slices.SortStableFunc(all, func(a, b filed) int { return a.At.Compare(b.At) })
	return all, err
}

func (s *Server) audits(ctx context.Context) (any, error) {
	all := []audit.Entry{}
	err := eachOf(ctx, s, audit.DayOf, func(_ table.Key, e audit.Entry) { all = append(all, e) })
	slices.SortStableFunc(all, func(a, b audit.Entry) int { return a.At.Compare(b.At) })
	return all, err
}

// eachOf shows every item that the index has for the demo districts, from the day
// the service began to today.
func eachOf[T any](ctx context.Context, s *Server, day func(string, time.Time) string, see func(table.Key, T)) error {
	for _, slug := range demoSlugs {
		for at := s.began; !at.After(s.clock.Now().Add(24 * time.Hour)); at = at.Add(24 * time.Hour) {
			for after, more := "", true; more; more = after != "" {
				rows, next, err := s.rows.List(ctx, table.Range{Index: table.By, Partition: day(slug, at), After: after, Limit: 1000})
				if err != nil {
					return err
				}
				keys := make([]table.Key, len(rows))
				for i, row := range rows {
					keys[i] = row.Key
				}
				items, err := s.rows.Get(ctx, keys...)
				if err != nil {
					return err
				}
				for _, item := range items {
					value, err := table.As[T](item)
					if err != nil {
						return err
					}
					see(item.Key, value.Value)
				}
				after = next
			}
		}
	}
	return nil
}

func (s *Server) items(ctx context.Context) (any, error) {
	keys, err := s.keys(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(keys, func(a, b table.Key) int { return cmp.Or(cmp.Compare(a.PK, b.PK), cmp.Compare(a.SK, b.SK)) })
	items, err := s.rows.Get(ctx, keys...)
	if err != nil {
		return nil, err
	}
	all := []map[string]any{}
	for _, item := range items {
		if !item.Exists() {
			continue // gone meanwhile
		}
		one := map[string]any{"PK": item.PK, "SK": item.SK, "version": item.Version, "body": json.RawMessage(item.Body)}
		if !item.Due.At.IsZero() {
			one["due"] = map[string]any{"queue": item.Due.Queue, "at": item.Due.At}
		}
		if item.By.PK != "" {
			one["by"] = map[string]string{"PK": item.By.PK, "SK": item.By.SK}
		}
		if !item.Expires.IsZero() {
			one["expires"] = item.Expires.Unix()
		}
		all = append(all, one)
	}
	return all, nil
}

func (s *Server) time() any { return map[string]time.Time{"now": s.clock.Now()} }

func (s *Server) setClock(r *http.Request) (any, error) {
	var wish struct {
		Advance string `json:"advance"`
		Freeze  *bool  `json:"freeze"`
	}
	if err := read(r, &wish); err != nil {
		return nil, err
	}
	by, err := length(wish.Advance)
	if err != nil {
		return nil, err
	}
	if wish.Freeze != nil {
		s.clock.Freeze(*wish.Freeze)
	}
	if wish.Advance != "" {
		err = s.advance(r.Context(), by)
	}
	return s.time(), err
}

// length reads a length of time as Go writes it, with days before it.
func length(text string) (time.Duration, error) {
	wrong := errors.New(`advance is a length of time such as "31m" or "1d12h"`)
	days, rest, ok := strings.Cut(text, "d")
	if !ok {
		days, rest = "0", text
	}
	n, err := strconv.ParseUint(days, 10, 15) // more than 89 years is a slip
	if err != nil {
		return 0, wrong
	}
	by := time.Duration(n) * 24 * time.Hour
	if rest == "" {
		return by, nil
	}
	more, err := time.ParseDuration(rest)
	if err != nil || more < 0 || by+more < by {
		return 0, wrong
	}
	return by + more, nil
}

func (s *Server) runNow(r *http.Request) (any, error) {
	var wish struct {
		Function string `json:"function"`
	}
	if err := read(r, &wish); err != nil {
		return nil, err
	}
	if err := s.fire(wish.Function); err != nil {
		return nil, err
	}
	s.feed()
	return struct{}{}, nil
}

func (s *Server) setDistrict(r *http.Request) (any, error) {
	var wish struct {
		District string          `json:"district"`
		Settings json.RawMessage `json:"settings"`
	}
	if err := read(r, &wish); err != nil {
		return nil, err
	}
	store := table.Store{Table: s.rows, Rand: s.rand}
	found, err := (&district.Directory{Table: s.rows, Now: s.clock.Now}).Find(r.Context(), wish.District)
	if err != nil {
		return nil, err
	}
	if found, err = found.With(wish.Settings); err != nil {
		return nil, err
	}
	found.Slug = wish.District
	if err := district.Save(r.Context(), store, found); err != nil {
		return nil, err
	}
	s.warm()
	return found, nil
}

func (s *Server) setAccount(r *http.Request) (any, error) {
	var wish struct {
		District string  `json:"district"`
		Username string  `json:"username"`
		Status   string  `json:"status"`
		Email    *string `json:"email"`
	}
	if err := read(r, &wish); err != nil {
		return nil, err
	}
	p := s.people.find(wish.District, wish.Username)
	switch {
	case p == nil:
		return nil, errors.New("no such demo person")
	case wish.Status != "" && !slices.Contains(statuses, wish.Status):
		return nil, fmt.Errorf("status is one of %s", strings.Join(statuses, ", "))
	case wish.Email != nil && !line(*wish.Email):
		return nil, errors.New("email is one line of at most 254 bytes")
	}
	s.people.mu.Lock()
	defer s.people.mu.Unlock()
	if err := s.amend(r.Context(), p, wish.Status, wish.Email); err != nil {
		return nil, err
	}
	return s.now(r.Context(), p)
}

// line reports whether a roster could have that text for an address, be it a good
// one or none at all.
func line(text string) bool {
	return len(text) <= 254 && utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	})
}

func (s *Server) setFault(r *http.Request) (any, error) {
	var wish fault
	if err := read(r, &wish); err != nil {
		return nil, err
	}
	if err := wish.check(s.template.Functions); err != nil {
		return nil, err
	}
	s.watch.add(wish)
	return wish, nil
}
