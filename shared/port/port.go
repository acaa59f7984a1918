// Package port names the ways in which a call to the outside can fail.
//
// Three ports lead outside: table, credential and mail. What a caller must know
// about a failed call is one thing: was it done? Drivers answer that by wrapping
// one of the errors below; everything else a driver returns is a bug.
//
// Read shared/table first: it is the port everything else stands on.
package port

import "errors"

var (
	// ErrThrottled says that the other side refused for now. The call was not done.
	ErrThrottled = errors.New("throttled")
	// ErrUnavailable says that the other side was not reached. The call was not done.
	ErrUnavailable = errors.New("unavailable")
	// ErrUnknown says that no answer came. The call may have been done, and may
	// still take effect until the driver's deadline has passed.
	ErrUnknown = errors.New("outcome unknown")
)

// NotDone reports whether err proves that the call had no effect.
func NotDone(err error) bool {
	return errors.Is(err, ErrThrottled) || errors.Is(err, ErrUnavailable)
}
