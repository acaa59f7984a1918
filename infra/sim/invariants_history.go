package sim

import (
	"encoding/hex"
	"slices"

	"github.com/sparekey/sparekey/shared/audit"
	"github.com/sparekey/sparekey/shared/change"
	"github.com/sparekey/sparekey/shared/history"
	"github.com/sparekey/sparekey/shared/table"
)

// aPasswordIsRemembered: whoever ends a change writes its password into the
// history, as the newest, or, if nobody knows whether it was set, as one that may
// have been. Where no passwords are kept there is no history.
func aPasswordIsRemembered(w *world, t transition) (fault string) {
	each(t, part("CHANGE"), func(before, after table.Row[change.Lock]) {
		lock := w.locks[before.Value.ID]
		if after.Exists() || lock.sets == 0 {
			return
		}
		var kept table.Row[history.History]
		each(t, part("HISTORY"), func(_, after table.Row[history.History]) { kept = after })
		is := func(sum string) bool {
			return w.secret.Matches(sum, "history", lock.Account, hex.EncodeToString(cheap(w.passwords[lock.Account], kept.Value.Salt)))
		}
		sure := false
		each(t, kind("AUDIT"), func(_, entry table.Row[audit.Entry]) { sure = sure || entry.Value.Act == audit.PasswordChanged })
		switch keep := w.home.PasswordHistory; {
		case keep == 0 && kept.Exists():
			fault = "a history where none is kept"
		case keep == 0:
		case sure && (len(kept.Value.Sums) == 0 || !is(kept.Value.Sums[0])):
			fault = "the newest is not the one of now"
		case !sure && !slices.ContainsFunc(kept.Value.Perhaps, is):
			fault = "one that may be in force was forgotten"
		case len(kept.Value.Sums) > keep || len(kept.Value.Perhaps) > keep:
			fault = "more are kept than the district keeps"
		}
	})
	return fault
}
