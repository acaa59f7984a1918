package sim

import (
	"strings"

	"github.com/sparekey/sparekey/shared/audit"
	"github.com/sparekey/sparekey/shared/change"
	"github.com/sparekey/sparekey/shared/session"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
)

// held is a session as somebody brings it.
type held struct {
	digest string
	good   bool // it lets in, as far as its row and its account say
}

// heldBy tells of the session of that text how it stands now.
func (w *world) heldBy(text string) held {
	digest, ok := token.Digest(text)
	if !ok {
		return held{}
	}
	return held{digest: digest, good: w.lets(w.bySession[digest])}
}

// lets reports whether a session lets its owner in.
func (w *world) lets(s *knownSession) bool {
	if s == nil || s.gone || !w.now.Before(s.Ends) || s.wrong >= session.Checks {
		return false
	}
	who := w.account(s.Account)
	return who.Live() && who.State.Value.Epoch == s.Epoch && !who.State.Value.Disputed
}

// learnSession keeps of every session what it is, and that it is gone.
func (w *world) learnSession(t transition, after table.Row[session.Session]) {
	digest := strings.TrimPrefix(after.PK, "SESSION#")
	known := w.bySession[digest]
	switch {
	case !after.Exists():
		if known != nil {
			known.gone = true
		}
	case known != nil:
		known.Session = after.Value
	default:
		s := after.Value
		known = &knownSession{Session: s, password: t.by.right[s.Account]}
		w.bySession[digest] = known
		w.sessions[s.Account] = append(w.sessions[s.Account], known)
	}
}

// learnChange notes that a change which a session proved has ended as its maker
// meant it. Of one that a token proved, its use tells.
func (w *world) learnChange(t transition, before, after table.Row[change.Lock]) {
	if after.Exists() || w.bySession[before.Value.Token] == nil || before.Value.ID == "" {
		return
	}
	each(t, kind("AUDIT"), func(_, entry table.Row[audit.Entry]) {
		if entry.Value.Act == audit.PasswordChanged && w.locks[before.Value.ID].maker == t.by {
			t.by.finished = true
			t.by.proves(before.Value.Account, t.by.password)
		}
	})
}
