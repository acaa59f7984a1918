package twins_test

import (
	"context"

	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/infra/gate"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/port"
)

// embeddedWorld is the world of the first tier. Its calls fail as the ports say.
func embeddedWorld(w *world) {
	w.Helper()
	rows, box := embedded.NewTable(), embedded.NewMailbox(w.Now)
	full := &full{Credentials: embedded.NewCredentials(w.Now)}
	w.open(drivers{
		rows: rows, passwords: full, mails: box, taken: box, dump: rows.Dump,
		signedOut: func() int { return full.SignedOut(w.id) },
		around: func(_ context.Context, _ gate.Call, do func() error) error {
			met := w.met()
			if met == nil {
				return do()
			}
			return met.happens(w.calls[met.call], full, do)
		},
	})
}

// happens is a fault at a port: what it comes to, and what it says.
func (f *fault) happens(call made, passwords *full, do func() error) error {
	switch {
	case f.fate == throttled && call.name == "credential.Check":
		passwords.busy = true
		defer func() { passwords.busy = false }()
		return do()
	case f.fate == throttled, f.fate == conflict:
		return port.ErrThrottled
	case f.fate == unavailable:
		return port.ErrUnavailable
	case call.reads: // a read has no effect, so it is never in doubt
		return port.ErrUnavailable
	case f.fate == lost:
		_ = do()
	}
	return port.ErrUnknown
}

// full is a store of passwords that may have no time to compare.
type full struct {
	*embedded.Credentials
	busy bool
}

// Check compares, or says that it has no time.
func (f *full) Check(ctx context.Context, account, password string) (credential.Answer, error) {
	if f.busy {
		return credential.Busy, nil
	}
	return f.Credentials.Check(ctx, account, password)
}
