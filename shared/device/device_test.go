package device_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/device"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/table"
)

const slug = "springfield"

var noon = time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)

type world struct {
	*testing.T
	rows  *embedded.Table
	store table.Store
}

func here(t *testing.T) world {
	t.Helper()
	rows := embedded.NewTable()
	w := world{T: t, rows: rows, store: table.Store{Table: rows, Rand: rand.Reader}}
	for id, username := range map[string]string{"p-1": "alopez7", "p-2": "blopez9"} {
		profile := account.Profile{Username: username, Status: account.Active}
		w.fatal(account.Create(t.Context(), w.store, slug, id, profile, account.State{Status: account.Active}))
	}
	return w
}

func (w world) fatal(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w world) request(c *http.Cookie) *gateway.Request {
	r := &gateway.Request{District: district.District{Slug: slug}, Secure: true, Header: http.Header{}}
	if c != nil {
		r.Header.Set("Cookie", c.Name+"="+c.Value)
	}
	return r
}

func (w world) find(c *http.Cookie, username string, now time.Time) (account.Account, device.Known) {
	w.Helper()
	who, known, err := device.Find(w.Context(), w.store, w.request(c), username, now)
	w.fatal(err)
	return who, known
}

// again signs in from a browser at a moment.
func (w world) again(c *http.Cookie, username string, now time.Time) *http.Cookie {
	w.Helper()
	who, known := w.find(c, username, now)
	return device.Again(w.Context(), w.store, w.request(c), who, known, now)
}

func TestABrowserIsKnownForAYearAfterItWasLastUsed(t *testing.T) {
	t.Parallel()
	w := here(t)
	c := w.again(nil, "alopez7", noon)
	_, first := w.find(c, "alopez7", noon.Add(device.Life-1))
	if first.Name == "" {
		t.Fatal("forgotten before its end")
	}
	if _, known := w.find(c, "alopez7", noon.Add(device.Life)); known.Name != "" {
		t.Error("known at its end")
	}
	later := noon.Add(300 * 24 * time.Hour)
	if renewed := w.again(c, "alopez7", later); renewed.Value != c.Value {
		t.Error("it became another")
	}
	_, known := w.find(c, "alopez7", later.Add(device.Life-1))
	if known.Name != first.Name {
		t.Errorf("using it gave it other tries: %q, %q", known.Name, first.Name)
	}
	for _, item := range w.rows.Dump() {
		if item.Kind() == "ACCOUNT" && len(item.SK) > 10 && !item.Expires.Equal(later.Add(device.Life)) {
			t.Errorf("swept away at %v", item.Expires)
		}
	}
}

func TestABrowserIsNotNotedTwiceADay(t *testing.T) {
	t.Parallel()
	w := here(t)
	c := w.again(nil, "alopez7", noon)
	before := w.rows.Dump()
	w.again(c, "alopez7", noon.Add(24*time.Hour-1))
	after := w.rows.Dump()
	for i := range before {
		if before[i].Version != after[i].Version {
			t.Errorf("%s was written again", before[i].SK)
		}
	}
}

func TestRecoveryBeginsNewTriesAndSigningInDoesNot(t *testing.T) {
	t.Parallel()
	w := here(t)
	c := w.again(nil, "alopez7", noon)
	who, first := w.find(c, "alopez7", noon)
	w.again(c, "alopez7", noon.Add(48*time.Hour))
	if _, known := w.find(c, "alopez7", noon.Add(48*time.Hour)); known.Name != first.Name {
		t.Error("signing in gave it new tries")
	}
	c = device.Proved(t.Context(), w.store, w.request(c), who, noon)
	if _, known := w.find(c, "alopez7", noon); known.Name == first.Name || known.Name == "" {
		t.Errorf("recovery left it %q", known.Name)
	}
}

func TestAnotherGenerationIsAStranger(t *testing.T) {
	t.Parallel()
	w := here(t)
	c := w.again(nil, "alopez7", noon)
	_, first := w.find(c, "alopez7", noon)
	_, _, err := table.Amend(t.Context(), w.store, account.StateKey(slug, "p-1"), func(row *table.Row[account.State]) bool {
		row.Value.Devices++
		return true
	})
	w.fatal(err)
	if _, known := w.find(c, "alopez7", noon); known.Name != "" {
		t.Fatal("still known")
	}
	copied := c
	c = w.again(c, "alopez7", noon)
	if _, known := w.find(copied, "alopez7", noon); known.Name != "" {
		t.Error("a copy of before is known again")
	}
	if _, known := w.find(c, "alopez7", noon); known.Name == "" || known.Name == first.Name {
		t.Errorf("known again as %q", known.Name)
	}
}

func TestATextOfItsOwnForEachWhoShareABrowser(t *testing.T) {
	t.Parallel()
	w := here(t)
	copied := w.again(nil, "alopez7", noon)
	both := w.again(copied, "blopez9", noon)
	_, one := w.find(both, "alopez7", noon)
	_, two := w.find(both, "blopez9", noon)
	if one.Name == "" || two.Name == "" || one.Name == two.Name {
		t.Errorf("%q and %q", one.Name, two.Name)
	}
	if _, known := w.find(copied, "blopez9", noon); known.Name != "" {
		t.Error("a copy came to be known to an account that signed in later")
	}
	if len(w.again(both, "alopez7", noon).Value) != len(both.Value) {
		t.Error("signing in again makes the cookie longer")
	}
}

func TestABrowserIsKnownToTheLatestAccounts(t *testing.T) {
	t.Parallel()
	w := here(t)
	c := w.again(nil, "alopez7", noon)
	for i := range 8 {
		if _, known := w.find(c, "alopez7", noon); known.Name == "" {
			t.Fatalf("forgotten after %d others", i)
		}
		id := fmt.Sprint("q-", i)
		profile := account.Profile{Username: id, Status: account.Active}
		w.fatal(account.Create(t.Context(), w.store, slug, id, profile, account.State{Status: account.Active}))
		c = w.again(c, id, noon)
	}
	if _, known := w.find(c, "alopez7", noon); known.Name != "" {
		t.Error("the cookie grows for ever")
	}
	if _, known := w.find(c, "q-0", noon); known.Name == "" {
		t.Error("more than the oldest is forgotten")
	}
}

func TestNoCopyOfBeforeRecoveryIsKnownAfterIt(t *testing.T) {
	t.Parallel()
	w := here(t)
	copied := w.again(nil, "alopez7", noon)
	who, _ := w.find(copied, "alopez7", noon)
	c := device.Proved(t.Context(), w.store, w.request(copied), who, noon)
	if _, known := w.find(copied, "alopez7", noon); known.Name != "" || len(c.Value) != len(copied.Value) {
		t.Errorf("known as %q; the cookie is %q", known.Name, c.Value)
	}
}

func TestABrowserThatHoldsNonsenseGetsACookieOfItsOwn(t *testing.T) {
	t.Parallel()
	w := here(t)
	bad := &http.Cookie{Name: "__Secure-d-springfield", Value: "nonsense"}
	c := w.again(bad, "alopez7", noon)
	if _, known := w.find(c, "alopez7", noon); known.Name == "" || c.Value == bad.Value {
		t.Errorf("%+v", c)
	}
}
