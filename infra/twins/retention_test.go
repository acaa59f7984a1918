package twins_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/budget"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/request"
	"github.com/sparekey/sparekey/shared/session"
	"github.com/sparekey/sparekey/shared/table"
)

// onBoth runs a test in a world on each kind of drivers.
func onBoth(t *testing.T, test func(*world)) {
	t.Helper()
	t.Run("embedded", func(t *testing.T) {
		w := newWorld(t, "person-of-"+t.Name(), false)
		embeddedWorld(w)
		test(w)
	})
	t.Run("AWS", func(t *testing.T) {
		w := newWorld(t, "person-of-"+t.Name(), false)
		awsWorld(t, w, newPool(t))
		test(w)
	})
}

// row is what of an item says how long it is kept.
type row struct {
	Asked, At, Ends, Full time.Time
	Latest                []time.Time
}

const day = 24 * time.Hour

// kept is until when an item of a kind stays, by what it holds; of kinds that are
// not here, for ever.
var kept = map[string]func(table.Item, row) time.Time{
	"REQUEST": func(_ table.Item, r row) time.Time { return r.Asked.Add(30 * day) },
	"NOTICE":  func(_ table.Item, r row) time.Time { return r.At.Add(30 * day) },
	"TOKEN":   func(_ table.Item, r row) time.Time { return r.Ends.Add(7 * day) },
	"SESSION": func(_ table.Item, r row) time.Time { return r.Ends.Add(12 * time.Hour) }, // for the way back to its page
	"SESSION of an account": func(i table.Item, _ row) time.Time { // twelve hours at most, and the way back
		proved, _ := time.Parse("20060102T150405Z", strings.Split(i.SK, "#")[1])
		return proved.Add(24 * time.Hour)
	},
	"LIVING": func(_ table.Item, r row) time.Time { return r.Ends },
	"DEVICE": func(_ table.Item, r row) time.Time { return r.Ends }, // a year after it was last seen
	"BUDGET": func(_ table.Item, r row) time.Time { return r.Full },
	"AUDIT":  func(_ table.Item, r row) time.Time { return r.At.Add(396 * day) }, // 13 months
	"TRIES":  func(_ table.Item, r row) time.Time { return r.Latest[len(r.Latest)-1].Add(30 * day) },
	"COUNT network": func(i table.Item, _ row) time.Time {
		return windowOf(i).Add(20 * time.Minute)
	},
	"COUNT slot": func(i table.Item, _ row) time.Time { return windowOf(i).Add(time.Hour) },
}

// forever are the kinds that stay until somebody removes them.
var forever = []string{"DISTRICT", "USERNAME", "ADDRESS", "PROFILE", "STATE", "SIGNEDIN", "RUN"}

func windowOf(i table.Item) time.Time {
	began, _ := strconv.ParseInt(i.PK[strings.LastIndexByte(i.PK, '#')+1:], 10, 64)
	return time.Unix(began, 0)
}

// kindOf is what the list above calls an item.
func kindOf(i table.Item) string {
	kind, rest, _ := strings.Cut(i.PK, "#")
	switch kind {
	case "ACCOUNT":
		if kind, _, _ = strings.Cut(i.SK, "#"); kind == "SESSION" {
			kind += " of an account"
		}
	case "COUNT":
		of, _, _ := strings.Cut(rest, "#")
		kind += " " + of
	}
	return kind
}

func TestEachKindOfItemIsKeptAsLongAsTheDesignSays(t *testing.T) {
	onBoth(t, func(w *world) {
		w.hasLink(maria)
		w.insists(http.StatusUnprocessableEntity, func() answer {
			return w.ask("verifytoken", http.MethodPost, "code", "", nil, "username", "mlopez71", "code", "0000-0000")
		})
		w.insists(http.StatusOK, func() answer { return w.signsIn(oldWords) })
		w.insists(http.StatusUnprocessableEntity, func() answer { return w.signsIn(newWords) })
		w.sets("token", w.token("/r/"))
		w.passes()
		w.ask("verifytoken", http.MethodPost, "not-me/{token}", "", map[string]string{"token": w.token("/not-me/")}, "confirm", "yes")
		w.passes()
		seen := map[string]bool{}
		for _, item := range w.dump() {
			kind := kindOf(item)
			seen[kind] = true
			ends, bound := kept[kind]
			holds, err := table.As[row](item)
			w.fatal(err)
			switch {
			case bound && !item.Expires.Equal(ends(item, holds.Value).Truncate(time.Second)):
				w.Errorf("%s %s is kept until %v, want %v", item.PK, item.SK, item.Expires, ends(item, holds.Value))
			case !bound && !slices.Contains(forever, kind):
				w.Errorf("nobody says how long a %s is kept", kind)
			case !bound && !item.Expires.IsZero():
				w.Errorf("%s %s goes at %v", item.PK, item.SK, item.Expires)
			}
		}
		for kind := range kept {
			if !seen[kind] {
				w.Errorf("there is no %s, so nothing is proved of it", kind)
			}
		}
	})
}

// The broom comes when it likes, within two days or not at all: what has expired
// is dead by what the code says, while its row is still there.
func TestWhatHasExpiredIsDeadAlthoughItsRowIsThere(t *testing.T) {
	for _, c := range []struct {
		kind string
		dead func(*world)
	}{
		{"a link and its code", func(w *world) {
			w.hasLink(maria)
			link, code := w.token("/r/"), w.newest("/r/").Code(w)
			for _, later := range []time.Duration{30 * time.Minute, 8 * day} {
				w.now = w.now.Add(later)
				w.wants(http.StatusGone, w.opens(link))
				w.wants(http.StatusGone, w.ask("verifytoken", http.MethodPost, "set-password", "", nil, "token", link, "new_password", newWords))
				w.wants(http.StatusUnprocessableEntity, w.ask("verifytoken", http.MethodPost, "code", "", nil, "username", "mlopez71", "code", code))
			}
		}},
		{"a link to say that it was not me", func(w *world) {
			w.hasLink(maria)
			link := map[string]string{"token": w.token("/not-me/")}
			w.now = w.now.Add(7 * day)
			w.wants(http.StatusGone, w.ask("verifytoken", http.MethodPost, "not-me/{token}", "", link, "confirm", "yes"))
		}},
		{"a session", func(w *world) {
			held := w.insists(http.StatusOK, func() answer { return w.signsIn(oldWords) }).text("session")
			w.now = w.now.Add(session.Life - 1)
			w.wants(http.StatusOK, w.ask("signin", http.MethodGet, "home", held, nil))
			w.now = w.now.Add(1)
			w.wants(http.StatusUnauthorized, w.ask("signin", http.MethodGet, "home", held, nil))
		}},
		{"a token for a forced change", func(w *world) {
			w.amend(func(s *account.State) { s.Must = account.Must{Change: true, Ends: w.now.Add(day)} })
			w.fatal(w.passwords.Set(w.Context(), w.id, oldWords, credential.ForOnce))
			link := w.insists(http.StatusForbidden, func() answer { return w.signsIn(oldWords) }).text("token")
			w.now = w.now.Add(10 * time.Minute)
			w.wants(http.StatusGone, w.opens(link))
		}},
		{"a living link", func(w *world) {
			w.hasLink(maria)
			first := w.token("/r/")
			w.now = w.now.Add(2 * time.Hour)
			w.hasLink(maria)
			if w.token("/r/") == first {
				w.Error("no new link, although the old one is over")
			}
		}},
		{"a budget", func(w *world) {
			for range budget.PerAccount.Burst {
				w.hasLink(maria)
				w.now = w.now.Add(time.Minute)
			}
			before := len(w.taken.All())
			w.hasLink(maria)
			w.now = w.now.Add(time.Duration(budget.PerAccount.Burst) * budget.PerAccount.Back)
			for range budget.PerAccount.Burst {
				w.hasLink(maria)
				w.now = w.now.Add(time.Minute)
			}
			if got := len(w.taken.All()) - before; got != budget.PerAccount.Burst {
				w.Errorf("%d mails once it is full again, want %d", got, budget.PerAccount.Burst)
			}
		}},
		{"tries", func(w *world) {
			for range 5 {
				w.wants(http.StatusUnprocessableEntity, w.signsIn(newWords))
			}
			w.now = w.now.Add(30*day + time.Second)
			if left := w.signsIn(newWords).said["tries_left"]; left != 4.0 {
				w.Errorf("%v tries left after thirty quiet days, want 4", left)
			}
		}},
		{"a count of a network", func(w *world) {
			window := w.now.Truncate(10 * time.Minute)
			_, err := w.rows.Count(w.Context(), table.K("COUNT", "network", "198.51.100.7", strconv.FormatInt(window.Unix(), 10)), 300, window.Add(20*time.Minute))
			w.fatal(err)
			ask := func() answer {
				return w.ask("forgotpassword", http.MethodPost, "forgot-password", "", nil, "username", "mlopez71", "email", maria)
			}
			w.wants(http.StatusTooManyRequests, ask())
			w.now = window.Add(10 * time.Minute)
			w.wants(http.StatusAccepted, ask())
		}},
		{"a request and a notice", func(w *world) {
			w.hasLink(maria)
			w.sets("token", w.token("/r/"))
			w.passes()
			mails := len(w.taken.All())
			w.now = w.now.Add(31 * day)
			var old []table.Key
			for _, item := range w.dump() {
				if kind := kindOf(item); kind == "REQUEST" || kind == "NOTICE" {
					old = append(old, item.Key)
				}
			}
			w.post.Feed(w.Context(), old) // as a stream that begins anew would
			w.passes()
			if got := len(w.taken.All()); len(old) < 2 || got != mails {
				w.Errorf("%d mails of %d old items", got-mails, len(old))
			}
		}},
		{"a request that was never worked on", func(w *world) {
			w.asks("mlopez71", maria)
			w.now = w.now.Add(31 * day)
			w.passes()
			if got := len(w.taken.All()); got != 0 || !w.ended("failed") {
				w.Errorf("%d mails a month late", got)
			}
		}},
	} {
		t.Run(c.kind, func(t *testing.T) {
			onBoth(t, func(w *world) {
				c.dead(w)
				if len(w.dump()) < 5 {
					w.Error("the rows are gone")
				}
			})
		})
	}
}

// ended reports whether every request has that outcome.
func (w *world) ended(outcome string) bool {
	w.Helper()
	n := 0
	for _, item := range w.dump() {
		if kindOf(item) != "REQUEST" {
			continue
		}
		r, err := table.As[request.Request](item)
		w.fatal(err)
		if n++; string(r.Value.Outcome) != outcome {
			return false
		}
	}
	return n > 0
}

func (w *world) wants(status int, a answer) {
	w.Helper()
	if a.status != status {
		w.Errorf("%d %v, want %d", a.status, a.said, status)
	}
}

func (w *world) opens(link string) answer {
	w.Helper()
	return w.ask("verifytoken", http.MethodGet, "r/{token}", "", map[string]string{"token": link})
}
