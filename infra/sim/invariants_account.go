package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/audit"
	"github.com/sparekey/sparekey/shared/change"
	"github.com/sparekey/sparekey/shared/notice"
	"github.com/sparekey/sparekey/shared/outbox"
	"github.com/sparekey/sparekey/shared/request"
	"github.com/sparekey/sparekey/shared/session"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
)

func aNewTokenIsTheLivingOne(_ *world, t transition) (fault string) {
	each(t, kind("TOKEN"), func(before, after table.Row[token.Token]) {
		if before.Exists() || !after.Value.Purpose.SetsPassword() {
			return
		}
		digest := strings.TrimPrefix(after.PK, "TOKEN#")
		living := token.Living{}
		each(t, part("LIVING#"+string(after.Value.Purpose)), func(_, row table.Row[token.Living]) {
			if accountOf(row.Key) == after.Value.Account {
				living = row.Value
			}
		})
		if living.Digest != digest {
			fault = "the pointer did not move to it"
		}
	})
	return fault
}

func theLivingPointer(w *world, t transition) (fault string) {
	for _, p := range []token.Purpose{token.Reset, token.Activation, token.ForcedChange} {
		each(t, part("LIVING#"+string(p)), func(before, after table.Row[token.Living]) {
			if fresh := w.tokens[after.Value.Digest] == nil; after.Exists() && fresh {
				if item := w.read(token.Key(after.Value.Digest))[0]; !item.Exists() {
					fault = "it points to nothing"
				}
				return
			}
			if !refusedIn(t, before.Value, after.Value) && !disownedIn(t, before.Value) {
				fault = fmt.Sprintf("from %.8s back to %.8s", before.Value.Digest, after.Value.Digest)
			}
		})
	}
	return fault
}

// refusedIn: the mail of the newest was refused, so the one before is back.
func refusedIn(t transition, newest, back token.Living) (yes bool) {
	each(t, kind("REQUEST"), func(_, after table.Row[request.Request]) {
		plan := after.Value.Plan
		yes = yes || after.Value.Outcome == outbox.Refused && plan.Digest == newest.Digest && plan.Before.Digest == back.Digest
	})
	return yes
}

// disownedIn: its owner said "this was not me".
func disownedIn(t transition, newest token.Living) (yes bool) {
	each(t, kind("TOKEN"), func(_, after table.Row[token.Token]) {
		yes = yes || after.Value.Purpose == token.NotMe && after.Value.Used && after.Value.About.Link == newest.Digest
	})
	return yes
}

func aTokenIsUsedUpByItsChange(w *world, t transition) (fault string) {
	each(t, kind("TOKEN"), func(before, after table.Row[token.Token]) {
		digest := strings.TrimPrefix(after.PK, "TOKEN#")
		known := w.tokens[digest]
		switch b, a := before.Value, after.Value; {
		case !before.Exists() || !b.Purpose.SetsPassword():
		case !after.Exists():
			fault = "a token was removed"
		case known.spent && !a.Used:
			fault = "a used token is unused again"
		case a.Account != b.Account || a.Purpose != b.Purpose || !a.Ends.Equal(b.Ends) || a.Code != b.Code:
			fault = "a token is another"
		case a.Used && !b.Used:
			fault = usedUp(w, t, digest)
		}
	})
	return fault
}

// usedUp: a token is used up in the Write that ends the change it proved, and
// the password is the new one.
func usedUp(w *world, t transition, digest string) string {
	fault := "used up by no change"
	each(t, part("CHANGE"), func(before, after table.Row[change.Lock]) {
		if before.Value.Token != digest || after.Exists() {
			return
		}
		fault = ""
		lock := w.locks[before.Value.ID]
		switch raised := raisedBy(t); {
		case lock.maker != t.by:
			fault = "used up by somebody else"
		case raised < 1:
			fault = "the epoch was not raised"
		case w.passwords[lock.Account] != t.by.password || !w.creds.Matches(lock.Account, t.by.password):
			fault = "but the password is not the new one"
		}
		t.by.finished = fault == ""
		t.by.proves(lock.Account, t.by.password)
	})
	return fault
}

func raisedBy(t transition) (by int) {
	each(t, part("STATE"), func(before, after table.Row[account.State]) { by = after.Value.Epoch - before.Value.Epoch })
	return by
}

// beginning is how long after its last look at the clock a change may begin: a
// write that gets no reply is repeated, each time to the end of the driver's
// patience.
const beginning = 4 * 2 * time.Second

func oneChangeAtATime(w *world, t transition) (fault string) {
	each(t, part("CHANGE"), func(before, after table.Row[change.Lock]) {
		switch b, a := before.Value, after.Value; {
		case before.Exists() && after.Exists():
			fault = "one took the place of another"
		case after.Exists():
			who := w.account(a.Account)
			known, living := w.tokens[a.Token], token.Living{}
			if known != nil {
				living = w.living(a.Account, known.Purpose)
			}
			proved := w.bySession[a.Token]
			switch {
			case proved != nil && (!w.lets(proved) || t.by.right[a.Account] != w.passwords[a.Account]):
				fault = "it begins without a good session, or the password"
			case proved == nil && (known == nil || known.Judge(a.Token, living, who, t.now.Add(-beginning)) != token.Good):
				fault = "it begins without a good token"
			}
			if a.Ends.Before(t.now.Add(webTimeout)) && t.by.ends.Add(deadlineOfSet).After(a.Ends) {
				fault = "its lease ends before its maker's time does"
			}
			if after.Due.Queue != change.Queue || after.Due.At.After(a.Ends) {
				fault = "nobody is told when its lease ends"
			}
		default:
			if lock := w.locks[b.ID]; lock != nil && lock.maker != t.by && t.now.Before(b.Ends) {
				fault = "taken away before its lease was over"
			}
		}
	})
	return fault
}

const deadlineOfSet = 8 * time.Second

func aChangeEndsWithAuditAndNotice(w *world, t transition) (fault string) {
	each(t, part("CHANGE"), func(before, after table.Row[change.Lock]) {
		if after.Exists() {
			return
		}
		lock := w.locks[before.Value.ID]
		var acts []audit.Act
		each(t, kind("AUDIT"), func(_, entry table.Row[audit.Entry]) {
			if entry.Value.Account == lock.Account {
				acts = append(acts, entry.Value.Act)
			}
		})
		told := notice.Kind("")
		each(t, kind("NOTICE"), func(_, n table.Row[notice.Notice]) {
			if n.Value.Account == lock.Account && n.Due.Queue == notice.Queue && slices.Equal(n.Value.To, lock.To) {
				told = n.Value.Kind
			}
		})
		signOut := false
		each(t, part("SIGNOUT"), func(_, row table.Row[struct{}]) { signOut = row.Exists() && row.Due.Queue == change.SignOutQueue })
		switch {
		case len(acts) == 0 && told == "" && lock.sets == 0 && len(t.moved) == 1: // given up before anything was done
		case len(acts) == 1 && acts[0] == audit.PasswordChanged && told == notice.Changed && signOut && raisedBy(t) == 1:
			if lock.sets == 0 {
				fault = "told of a change that was none"
			}
		case len(acts) == 1 && acts[0] == audit.PasswordMayChanged && told == notice.MayChanged && signOut && raisedBy(t) == 1:
		default:
			fault = fmt.Sprintf("after %d passwords it ended with %v and notice %q, sign-out owed %t, epoch +%d", lock.sets, acts, told, signOut, raisedBy(t))
		}
	})
	return fault
}

func aSignOutIsOwedUntilDone(w *world, t transition) (fault string) {
	each(t, part("SIGNOUT"), func(_, after table.Row[struct{}]) {
		id := accountOf(after.Key)
		if !after.Exists() && w.signedOut[id] <= w.owedSince[id] {
			fault = "struck off and not done"
		}
	})
	return fault
}

func onlyOneLinkWorks(w *world, id string) string {
	who, good := w.account(id), map[token.Purpose]int{}
	for _, digest := range w.tokensOf[id] {
		k := w.tokens[digest]
		if !k.Purpose.SetsPassword() || k.Judge(digest, w.living(id, k.Purpose), who, w.now) != token.Good {
			continue
		}
		good[k.Purpose]++
		switch {
		case k.spent:
			return "a used link works again"
		case k.dead:
			return "a link that died with its epoch works again"
		case good[k.Purpose] > 1:
			return "two links work"
		}
	}
	return ""
}

func aSessionLivesWithItsPassword(w *world, id string) string {
	if w.lockOf(id).ID != "" {
		return "" // a change is under way: its end ends the sessions
	}
	for _, s := range w.sessions[id] {
		if w.lets(s) && s.password != w.passwords[id] {
			return "one outlives it"
		}
	}
	return ""
}

// aSessionEnds: each by itself, at most so long after its owner proved who they
// are; and none is there again that was ended.
func aSessionEnds(w *world, t transition) (fault string) {
	each(t, kind("SESSION"), func(before, after table.Row[session.Session]) {
		s, known := after.Value, w.bySession[strings.TrimPrefix(after.PK, "SESSION#")]
		switch {
		case !after.Exists():
		case known != nil && known.gone:
			fault = "one that was ended is there again"
		case s.Ends.After(s.Proved.Add(session.Longest)):
			fault = "it would go on for ever"
		case s.Wrong > session.Checks || s.Wrong < 0:
			fault = fmt.Sprintf("%d wrong passwords", s.Wrong)
		case !before.Exists() && t.by.right[s.Account] == "":
			fault = "nobody proved anything"
		}
	})
	return fault
}
