package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/audit"
	"github.com/sparekey/sparekey/shared/budget"
	"github.com/sparekey/sparekey/shared/notice"
	"github.com/sparekey/sparekey/shared/outbox"
	"github.com/sparekey/sparekey/shared/request"
	"github.com/sparekey/sparekey/shared/table"
)

// promises are held to every Write: each looks at what was and what is, and says
// what is wrong, or nothing.
var promises = []struct {
	name   string
	broken func(*world, transition) string
}{
	{"the audit is only ever added to", theAuditIsOnlyAddedTo},
	{"an epoch never falls", anEpochNeverFalls},
	{"an accepted request stays, and its outcome with it", anOutcomeStays},
	{"what was typed is erased once it is decided", whatWasTypedIsErased},
	{"one courier at a time works on an item", oneCourierAtATime},
	{"sent means mailed", sentMeansMailed},
	{"a new token is the living one", aNewTokenIsTheLivingOne},
	{"the living pointer points to the newest, or to the one before a refusal", theLivingPointer},
	{"a token is used up by the change that it proved, once", aTokenIsUsedUpByItsChange},
	{"one change at a time", oneChangeAtATime},
	{"no password without audit entry and notice", aChangeEndsWithAuditAndNotice},
	{"a password that was in force is remembered where passwords are", aPasswordIsRemembered},
	{"a sign-out is owed until it is done", aSignOutIsOwedUntilDone},
	{"mail is paid for, within the budgets", mailIsPaidFor},
	{"nothing stored opens a door", nothingStoredOpensADoor},
	{"a session ends", aSessionEnds},
}

// standing promises hold of an account at every moment.
var standing = []struct {
	name   string
	broken func(*world, string) string
}{
	{"only one link of a purpose works", onlyOneLinkWorks},
	{"a session lives no longer than the password that opened it", aSessionLivesWithItsPassword},
}

func theAuditIsOnlyAddedTo(_ *world, t transition) (fault string) {
	each(t, kind("AUDIT"), func(before, _ table.Row[audit.Entry]) {
		if before.Exists() {
			fault = "an entry was changed"
		}
	})
	return fault
}

func anEpochNeverFalls(_ *world, t transition) (fault string) {
	each(t, part("STATE"), func(before, after table.Row[account.State]) {
		if after.Value.Epoch < before.Value.Epoch || !after.Exists() {
			fault = fmt.Sprintf("from %d to %d", before.Value.Epoch, after.Value.Epoch)
		}
	})
	return fault
}

func anOutcomeStays(_ *world, t transition) (fault string) {
	look := func(key table.Key, before, after outbox.Progress, there bool) {
		switch {
		case !there:
			fault = key.Kind() + " was removed"
		case before.Outcome != "" && (after.Outcome != before.Outcome || !after.Decided.Equal(before.Decided)):
			fault = fmt.Sprintf("%s decided %q is now %q", key.Kind(), before.Outcome, after.Outcome)
		}
	}
	each(t, kind("REQUEST"), func(before, after table.Row[request.Request]) {
		look(after.Key, before.Value.Progress, after.Value.Progress, after.Exists())
	})
	each(t, kind("NOTICE"), func(before, after table.Row[notice.Notice]) {
		look(after.Key, before.Value.Progress, after.Value.Progress, after.Exists())
	})
	return fault
}

func whatWasTypedIsErased(_ *world, t transition) (fault string) {
	each(t, kind("REQUEST"), func(_, after table.Row[request.Request]) {
		decided := after.Value.Outcome != "" || after.Value.Plan.Outcome != ""
		if decided && (after.Value.Typed != request.Typed{} || strings.Contains(string(after.Body), typedMark)) {
			fault = "a decided request still holds it"
		}
	})
	each(t, kind("NOTICE"), func(_, after table.Row[notice.Notice]) {
		if after.Value.Outcome != "" && len(after.Value.To) > 0 {
			fault = "a decided notice still holds where it went"
		}
	})
	for _, m := range t.moved {
		if m.key().Kind() != "REQUEST" && (strings.Contains(string(m.after.Body), typedMark) || strings.Contains(m.after.PK+m.after.SK, typedMark)) {
			fault = m.key().Kind() + " holds it"
		}
	}
	return fault
}

func oneCourierAtATime(w *world, t transition) (fault string) {
	look := func(before, after outbox.Progress) {
		if after.Claim != before.Claim && t.now.Before(before.Until) {
			fault = "it was claimed from somebody who works on it"
		}
		if holder := w.claims[before.Claim]; before.Claim != "" && after.Claim == before.Claim && holder != nil && holder != t.by {
			fault = fmt.Sprintf("what #%d claimed is written by another", holder.number)
		}
	}
	each(t, kind("REQUEST"), func(before, after table.Row[request.Request]) { look(before.Value.Progress, after.Value.Progress) })
	each(t, kind("NOTICE"), func(before, after table.Row[notice.Notice]) { look(before.Value.Progress, after.Value.Progress) })
	return fault
}

func sentMeansMailed(w *world, t transition) (fault string) {
	each(t, kind("REQUEST"), func(before, after table.Row[request.Request]) {
		r := after.Value
		if before.Value.Outcome != "" || r.Outcome == "" {
			return
		}
		switch r.Outcome {
		case outbox.Sent, outbox.UsernamesSent, outbox.ActivationSent:
			if len(w.mails[after.Key]) > 0 {
				return
			}
			if w.overtook(r) {
				w.overtaken++
				return
			}
			fault = "no mail of it was ever handed over"
		case outbox.Failed:
			if t.now.Sub(r.Asked) < outbox.GiveUp {
				fault = "given up early"
			}
		}
	})
	each(t, kind("NOTICE"), func(before, after table.Row[notice.Notice]) {
		n := after.Value
		if !before.Exists() || before.Value.Outcome != "" || n.Outcome == "" {
			return
		}
		switch {
		case n.Outcome == outbox.Sent && len(before.Value.To) > 1:
			if told := expanded(t); !slices.Equal(told, before.Value.To) {
				fault = fmt.Sprintf("a notice to %v was handed on to %v", before.Value.To, told)
			}
		case n.Outcome == outbox.Sent && len(w.mails[after.Key]) == 0:
			fault = "no mail of the notice was ever handed over"
		case n.Outcome == outbox.NoAddress && len(before.Value.To) > 0:
			fault = "there was an address"
		case n.Outcome == outbox.Failed && t.now.Sub(n.At) < outbox.GiveUp:
			fault = "given up early"
		}
	})
	return fault
}

// overtook: the link of a request has been used, or something newer took its
// place, so the design lets it end without another mail.
func (w *world) overtook(r request.Request) bool {
	if r.Plan.Purpose == "" || len(r.Plan.Accounts) == 0 {
		return false
	}
	id := r.Plan.Accounts[0]
	known := w.tokens[r.Plan.Digest]
	return known != nil && known.spent || w.account(id).State.Value.Epoch != r.Plan.Epoch || w.living(id, r.Plan.Purpose).Digest != r.Plan.Digest
}

func expanded(t transition) (to []string) {
	each(t, kind("NOTICE"), func(before, after table.Row[notice.Notice]) {
		if !before.Exists() {
			to = append(to, after.Value.To...)
		}
	})
	return to
}

// mailIsPaidFor counts what was paid against what the rules allow, with a
// minute's grace for a courier that read its clock before it wrote.
func mailIsPaidFor(w *world, t transition) (fault string) {
	each(t, kind("BUDGET"), func(before, after table.Row[budget.Bucket]) {
		rule := budget.PerDestination
		if strings.HasPrefix(after.PK, "BUDGET#account#") {
			rule = budget.PerAccount
		}
		if want, ok := before.Value.Pay(rule, after.Value.Last); !ok || !want.Full.Equal(after.Value.Full) {
			fault = "a bucket was not paid from by its rule"
		}
	})
	each(t, kind("REQUEST"), func(before, after table.Row[request.Request]) {
		plan := after.Value.Plan
		if before.Value.Plan.Outcome != "" || plan.Outcome == "" {
			return
		}
		to := w.account(plan.Accounts[0]).Address()
		payer := plan.Accounts[0]
		if plan.Outcome == outbox.UsernamesSent {
			payer = to
		}
		if !w.pays(payer+" "+string(plan.Purpose)+string(plan.Outcome), budget.PerAccount, t.now) || !w.pays(to, budget.PerDestination, t.now) {
			fault = "more mail than the budget has"
		}
	})
	return fault
}

func (w *world) pays(who string, rule budget.Rule, now time.Time) bool {
	w.paid[who] = append(w.paid[who], now)
	all := w.paid[who]
	for i, from := range all {
		if len(all)-i > rule.Burst+int((now.Sub(from)+workTimeout)/rule.Back) {
			return false
		}
	}
	return true
}

func nothingStoredOpensADoor(_ *world, t transition) (fault string) {
	for _, m := range t.moved {
		if strings.Contains(string(m.after.Body), secretMark) || strings.Contains(m.after.PK+m.after.SK, secretMark) {
			fault = m.key().Kind() + " holds a password"
		}
	}
	return fault
}
