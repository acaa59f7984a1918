// Package problem is what Sparekey says when it says no.
//
// A problem is one row of one table: a code, which is the slug that goes over
// the wire, and the HTTP status it is said with (RFC 9457). Rules make problems;
// stores and drivers never do. Everything that is not a problem is internal to
// whoever is told.
//
// It promises that a cause put behind a problem ([Error.Because]) is never shown.
// How a problem looks, in JSON or as a page, is the gateway's business.
package problem

import (
	"net/http"
	"time"

	"github.com/sparekey/sparekey/shared/i18n"
)

// Code is the slug of a kind of problem.
type Code string

// The codes, each with the occasion on which it is said. There is no
// account-not-found, and a test says so.
const (
	InvalidRequest       Code = "invalid-request"        // malformed; Fields say where
	NotSignedIn          Code = "not-signed-in"          // no session, or a dead one
	ProveAgain           Code = "prove-again"            // the last proof of who you are is too old
	NotAllowed           Code = "not-allowed"            // signed in, but not for this
	MustChange           Code = "must-change"            // the password is right, and for one use only
	CrossSite            Code = "cross-site"             // a post that did not come from one of our pages
	NotFound             Code = "not-found"              // unknown district, page, or somebody else's child
	MethodNotAllowed     Code = "method-not-allowed"     //
	UnsupportedMediaType Code = "unsupported-media-type" // neither a form nor JSON
	TooLarge             Code = "too-large"              // more than 64 KiB
	ChangedMeanwhile     Code = "changed-meanwhile"      // lost every race; nothing changed
	LinkDead             Code = "link-dead"              // Why says expired, used or replaced, if it was genuine
	NotProved            Code = "not-proved"             // wrong code, PIN, answers, name or password: one answer
	PasswordRefused      Code = "password-refused"       // one field for each rule broken
	AllowanceUsed        Code = "allowance-used"         // told after proof only
	TooManyRequests      Code = "too-many-requests"      // this network, whoever asks
	Busy                 Code = "busy"                   // passwords cannot be set right now; nothing was used up
	ChangeUnknown        Code = "change-unknown"         // the new password may work already
	Unavailable          Code = "unavailable"            // not accepted; the same for everybody
	Internal             Code = "internal"               // our fault
)

// Statuses is the table: every code has its row.
var Statuses = map[Code]int{
	InvalidRequest:       http.StatusBadRequest,
	NotSignedIn:          http.StatusUnauthorized,
	ProveAgain:           http.StatusUnauthorized,
	NotAllowed:           http.StatusForbidden,
	MustChange:           http.StatusForbidden,
	CrossSite:            http.StatusForbidden,
	NotFound:             http.StatusNotFound,
	MethodNotAllowed:     http.StatusMethodNotAllowed,
	UnsupportedMediaType: http.StatusUnsupportedMediaType,
	TooLarge:             http.StatusRequestEntityTooLarge,
	ChangedMeanwhile:     http.StatusConflict,
	LinkDead:             http.StatusGone,
	NotProved:            http.StatusUnprocessableEntity,
	PasswordRefused:      http.StatusUnprocessableEntity,
	AllowanceUsed:        http.StatusUnprocessableEntity,
	TooManyRequests:      http.StatusTooManyRequests,
	Busy:                 http.StatusServiceUnavailable,
	ChangeUnknown:        http.StatusServiceUnavailable,
	Unavailable:          http.StatusServiceUnavailable,
	Internal:             http.StatusInternalServerError,
}

// Field is one thing wrong with one field.
type Field struct {
	Name string // the field's name in the form, and the JSON property
	Says i18n.Text
}

// Error is a problem on its way to whoever asked.
type Error struct {
	Code   Code
	Detail i18n.Text // helps to put it right; without one the code's own sentence is said
	Fields []Field
	// RetryAfter is how long to wait before the same is worth trying, zero if
	// waiting does not help. It becomes a header, in whole seconds.
	RetryAfter time.Duration
	// More is said in JSON beside the standard members: "why", "tries_left" …
	More  map[string]any
	cause error
}

// New makes a problem.
func New(code Code) *Error { return &Error{Code: code} }

// Invalid is the problem of fields that are wrong before any rule is asked.
func Invalid(fields ...Field) *Error { return &Error{Code: InvalidRequest, Fields: fields} }

// Saying adds a sentence that helps.
func (e *Error) Saying(key string, args ...string) *Error {
	e.Detail = i18n.Say(key, args...)
	return e
}

// After adds how long to wait.
func (e *Error) After(d time.Duration) *Error {
	e.RetryAfter = d
	return e
}

// With adds a member to the JSON.
func (e *Error) With(name string, value any) *Error {
	if e.More == nil {
		e.More = map[string]any{}
	}
	e.More[name] = value
	return e
}

// Because puts the cause behind the problem: for the log, never for the answer.
func (e *Error) Because(err error) *Error {
	e.cause = err
	return e
}

// Status is the HTTP status of the code.
func (e *Error) Status() int {
	if s, ok := Statuses[e.Code]; ok {
		return s
	}
	return http.StatusInternalServerError
}

func (e *Error) Error() string {
	if e.cause != nil {
		return string(e.Code) + ": " + e.cause.Error()
	}
	return string(e.Code)
}

func (e *Error) Unwrap() error { return e.cause }
