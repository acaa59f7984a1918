package district_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/table"
)

func sound() district.District {
	d := district.Default("springfield", "Springfield Public Schools")
	d.MailFrom = "no-reply@springfield.example.org"
	return d
}

func news(all ...district.Announcement) func(*district.District) {
	return func(d *district.District) { d.Announcements = all }
}

func products(all ...district.Product) func(*district.District) {
	return func(d *district.District) { d.OtherProducts = all }
}

func TestSettingsHaveBounds(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 121)
	for _, c := range []struct {
		name, fault string // empty: none
		but         func(*district.District)
	}{
		{"the defaults", "", func(*district.District) {}},
		{"a slug of our own pages", "slug", func(d *district.District) { d.Slug = "help" }},
		{"no slug", "slug", func(d *district.District) { d.Slug = "" }},
		{"no name", "name", func(d *district.District) { d.Name = "" }},
		{"a name of 80 letters", "", func(d *district.District) { d.Name = strings.Repeat("\u00e9", 80) }},
		{"a longer name", "name", func(d *district.District) { d.Name = long[:81] }},
		{"a name over two lines", "name", func(d *district.District) { d.Name = "Springfield\r\nBcc: x@example.org" }},
		{"a long office", "office", func(d *district.District) { d.Office = long }},
		{"a phone with a line break", "phone", func(d *district.District) { d.Phone = "555\n0100" }},
		{"long hours", "hours", func(d *district.District) { d.Hours = long }},
		{"no time zone", "time_zone", func(d *district.District) { d.TimeZone = "" }},
		{"an unknown time zone", "time_zone", func(d *district.District) { d.TimeZone = "America/Springfield" }},
		{"a time zone that is a path", "time_zone", func(d *district.District) { d.TimeZone = "../../etc/passwd" }},
		{"no language", "languages", func(d *district.District) { d.Languages = nil }},
		{"a flow for nobody", "", func(d *district.District) { d.Flows[district.SignIn] = nil }},
		{"a flow for an unknown role", "flows", func(d *district.District) { d.Flows[district.SignIn] = []district.Role{"root"} }},
		{"links of nine minutes", "link_minutes", func(d *district.District) { d.LinkMinutes = 9 }},
		{"links of ten minutes", "", func(d *district.District) { d.LinkMinutes = 10 }},
		{"links of an hour", "", func(d *district.District) { d.LinkMinutes = 60 }},
		{"links of longer", "link_minutes", func(d *district.District) { d.LinkMinutes = 61 }},
		{"seven characters", "minimum_length", func(d *district.District) { d.MinimumLength[district.Staff] = 7 }},
		{"eight characters", "", func(d *district.District) { d.MinimumLength[district.Student] = 8 }},
		{"64 characters", "", func(d *district.District) { d.MinimumLength[district.Staff] = 64 }},
		{"65 characters", "minimum_length", func(d *district.District) { d.MinimumLength[district.Staff] = 65 }},
		{"no length for a role", "minimum_length: guardian", func(d *district.District) { delete(d.MinimumLength, district.Guardian) }},
		{"a length for an unknown role", "minimum_length", func(d *district.District) { d.MinimumLength["root"] = 8 }},
		{"seven characters for the young", "minimum_length_young", func(d *district.District) { d.MinimumLengthYoung = 7 }},
		{"64 characters for the young", "", func(d *district.District) { d.MinimumLengthYoung = 64 }},
		{"65 characters for the young", "minimum_length_young", func(d *district.District) { d.MinimumLengthYoung = 65 }},
		{"a grade below all", "young_grade", func(d *district.District) { d.YoungGrade = -1 }},
		{"none young but those before the first grade", "", func(d *district.District) { d.YoungGrade = 0 }},
		{"all grades young", "", func(d *district.District) { d.YoungGrade = 12 }},
		{"a grade above all", "young_grade", func(d *district.District) { d.YoungGrade = 13 }},
		{"less than no history", "password_history", func(d *district.District) { d.PasswordHistory = -1 }},
		{"the longest history", "", func(d *district.District) { d.PasswordHistory = 24 }},
		{"a longer history", "password_history", func(d *district.District) { d.PasswordHistory = 25 }},
		{"a profile", "", func(d *district.District) { d.Profile = district.PowerSchool }},
		{"a profile that nobody wrote", "profile", func(d *district.District) { d.Profile = "Powerschool" }},
		{"mail from nowhere", "mail_from", func(d *district.District) { d.MailFrom = "" }},
		{"mail from no address", "mail_from", func(d *district.District) { d.MailFrom = "springfield" }},
		{"answers to no address", "mail_reply_to", func(d *district.District) { d.MailReplyTo = "springfield" }},
		{"nobody to tell", "", func(d *district.District) { d.SafetyEmail = "" }},
		{"a portal without TLS", "portal", func(d *district.District) { d.Portal = "http://portal.example.org" }},
		{"a portal that is a script", "portal", func(d *district.District) { d.Portal = "javascript:alert(1)" }},
		{"an announcement", "", news(district.Announcement{Date: "2026-11-25", Text: "Closed.", Translations: map[string]string{"es": "Cerrado."}})},
		{"an announcement without a date", "announcements", news(district.Announcement{Text: "Closed."})},
		{"an announcement of a day that is none", "announcements", news(district.Announcement{Date: "2026-02-30", Text: "Closed."})},
		{"an announcement that says nothing", "announcements", news(district.Announcement{Date: "2026-11-25", Text: " "})},
		{"an announcement over two lines", "announcements", news(district.Announcement{Date: "2026-11-25", Text: "Closed.\nOpen."})},
		{"a long announcement", "announcements", news(district.Announcement{Date: "2026-11-25", Text: strings.Repeat("x", 301)})},
		{"an announcement in a language unheard of", "announcements", news(district.Announcement{Date: "2026-11-25", Text: "Closed.", Translations: map[string]string{"tlh": "Qu"}})},
		{"a translation that says nothing", "announcements", news(district.Announcement{Date: "2026-11-25", Text: "Closed.", Translations: map[string]string{"es": ""}})},
		{"six announcements", "announcements", func(d *district.District) { d.Announcements = make([]district.Announcement, 6) }},
		{"a code of four digits", "", func(d *district.District) { d.Code = "0042" }},
		{"a code of three", "district_code", func(d *district.District) { d.Code = "042" }},
		{"a code of other digits", "district_code", func(d *district.District) { d.Code = "\u0664\u0668\u0662\u0661" }},
		{"a code and a line break", "district_code", func(d *district.District) { d.Code = "4821\n" }},
		{"another product", "", products(district.Product{Name: "Lunch", Phone: "555-0120"})},
		{"another product that nobody helps with", "other_products", products(district.Product{Name: "Lunch"})},
		{"another product without a name", "other_products", products(district.Product{Office: "Food Services"})},
		{"seven other products", "other_products", func(d *district.District) { d.OtherProducts = make([]district.Product, 7) }},
		{"a portal", "", func(d *district.District) { d.Portal = "https://portal.example.org/login" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := sound()
			c.but(&d)
			switch err := d.Check(); {
			case c.fault == "" && err != nil:
				t.Error(err)
			case c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)):
				t.Errorf("got %v, want a fault in %s", err, c.fault)
			}
		})
	}
}

func TestEveryFaultIsToldAtOnce(t *testing.T) {
	t.Parallel()
	err := district.District{}.Check()
	for _, name := range []string{"slug", "name", "time_zone", "languages", "link_minutes", "mail_from"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not among %v", name, err)
		}
	}
}

func TestAMinimumIsByRoleAndGrade(t *testing.T) {
	t.Parallel()
	d := sound()
	for _, c := range []struct {
		role  district.Role
		grade string
		want  int
	}{
		{district.Student, "KG", 8},
		{district.Student, "PK", 8},
		{district.Student, "01", 8},
		{district.Student, "5", 8},
		{district.Student, "05", 8},
		{district.Student, "06", 12},
		{district.Student, "12", 12},
		{district.Student, "13", 12},
		{district.Student, "", 12},
		{district.Student, "00", 12},
		{district.Student, "-1", 12},
		{district.Student, "fifth", 12},
		{district.Student, "UG", 12},
		{district.Guardian, "05", 15},
		{district.Staff, "KG", 15},
		{"a role of tomorrow", "05", 8},
	} {
		if got := d.ShortestFor(c.role, c.grade); got != c.want {
			t.Errorf("%s of grade %q: %d, want %d", c.role, c.grade, got, c.want)
		}
	}
	d.YoungGrade, d.MinimumLengthYoung = 0, 10
	if d.ShortestFor(district.Student, "KG") != 10 || d.ShortestFor(district.Student, "01") != 12 {
		t.Error("the district's own bounds do not hold")
	}
}

func TestSlugs(t *testing.T) {
	t.Parallel()
	for slug, want := range map[string]bool{
		"springfield": true, "ps-118": true, "a1": true, "v2": true, strings.Repeat("a", 40): true,
		"": false, "a": false, "v1": false, "assets": false, "help": false, "ping": false, "sping": false, "Springfield": false, "_local": false, ".well-known": false, "-a": false, "a-": false,
		strings.Repeat("a", 41): false, "\u00e9cole": false, "a b": false, "a/b": false, "a\n": false, "a%2f": false, "a.b": false, "a#b": false,
	} {
		if got := district.ValidSlug(slug); got != want {
			t.Errorf("%q: %t, want %t", slug, got, want)
		}
	}
}

func TestWhatADistrictAllows(t *testing.T) {
	t.Parallel()
	d := sound()
	d.Flows = map[string][]district.Role{district.SignIn: {district.Staff}, district.ForgotUsername: {}}
	if !d.Offers(district.SignIn) || d.Offers(district.ForgotUsername) || d.Offers(district.ForgotPassword) {
		t.Error("offers")
	}
	if !d.Allows(district.SignIn, district.Staff) || d.Allows(district.SignIn, district.Student) || d.Allows(district.SignIn, "") {
		t.Error("allows")
	}
	if d.LinkLife() != 30*time.Minute {
		t.Error(d.LinkLife())
	}
	d.TimeZone = "Nowhere/At_All"
	if d.In(time.Unix(0, 0)).Location() != time.UTC {
		t.Error("an old time zone stops a mail")
	}
}

// reads is a table that counts what is read, and fails where it is told to.
type reads struct {
	table.Table
	n     int
	fault error
}

func (r *reads) Get(ctx context.Context, keys ...table.Key) ([]table.Item, error) {
	r.n++
	if r.fault != nil {
		return nil, r.fault
	}
	return r.Table.Get(ctx, keys...)
}

func TestADirectoryReadsOnceWhileItIsFresh(t *testing.T) {
	t.Parallel()
	rows := &reads{Table: embedded.NewTable()}
	store := table.Store{Table: rows, Rand: rand.Reader}
	if err := district.Save(t.Context(), store, sound()); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	all := &district.Directory{Table: rows, Now: func() time.Time { return now }, Fresh: time.Minute}
	find := func(reads int) {
		t.Helper()
		rows.n = 0
		d, err := all.Find(t.Context(), "springfield")
		if err != nil || d.Name != "Springfield Public Schools" || rows.n != reads {
			t.Errorf("%v, %v, %d reads; want %d", d.Name, err, rows.n, reads)
		}
	}
	find(1)
	find(0)
	now = now.Add(time.Minute - 1)
	find(0)
	now = now.Add(1)
	find(1)
	all.Forget()
	find(1)

	rows.n = 0
	for _, slug := range []string{"help", "../springfield", "Springfield", strings.Repeat("x", 10_000)} {
		if _, err := all.Find(t.Context(), slug); !errors.Is(err, district.ErrUnknown) || rows.n != 0 {
			t.Errorf("%.20q: %v, %d reads", slug, err, rows.n)
		}
	}
	if _, err := all.Find(t.Context(), "nowhere"); !errors.Is(err, district.ErrUnknown) {
		t.Error(err)
	}
	all.Forget()
	rows.fault = port.ErrUnavailable
	if _, err := all.Find(t.Context(), "springfield"); !errors.Is(err, port.ErrUnavailable) || errors.Is(err, district.ErrUnknown) {
		t.Errorf("a table out of reach: %v", err)
	}
}

func TestSettingsOutOfBoundsNeverComeIntoForce(t *testing.T) {
	t.Parallel()
	rows := embedded.NewTable()
	store := table.Store{Table: rows, Rand: rand.Reader}
	bad := sound()
	bad.LinkMinutes = 1440
	if err := district.Save(t.Context(), store, bad); err == nil || len(rows.Dump()) != 0 {
		t.Errorf("saved: %v", err)
	}
}

func TestSettingsAreReadOverThoseInForce(t *testing.T) {
	t.Parallel()
	d := sound()
	d.Announcements = []district.Announcement{{Date: "2026-11-25", Text: "Closed.", Translations: map[string]string{"es": "Cerrado."}}}
	d.OtherProducts = []district.Product{{Name: "Lunch", Office: "Food Services", Phone: "555-0120"}}
	got, err := d.With([]byte(`{"announcements":[{"date":"2026-12-01","text":"Open."}],"other_products":[{"name":"Library","office":"Any library"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if text, spoken := got.Announcements[0].In("es", got); text != "Open." || spoken != "en" {
		t.Errorf("what an old announcement had is left: %q, %q", text, spoken)
	}
	if got.OtherProducts[0].Phone != "" || got.Name != d.Name || got.LinkMinutes != d.LinkMinutes {
		t.Errorf("%+v", got)
	}
	if text, _ := d.Announcements[0].In("es", d); text != "Cerrado." {
		t.Errorf("the settings in force have changed: %q", text)
	}
	if kept, err := d.With([]byte(`{"district_code":"4821"}`)); err != nil || len(kept.Announcements) != 1 || len(kept.OtherProducts) != 1 || kept.Code != "4821" {
		t.Errorf("%v, %+v", err, kept)
	}
	for _, wrong := range []string{`{"annoucements":[]}`, `{"announcements":[{"day":"2026-12-01"}]}`, `[]`, ``} {
		if _, err := d.With([]byte(wrong)); err == nil {
			t.Errorf("%s was taken", wrong)
		}
	}
}

func TestTheNewestNewsComesFirst(t *testing.T) {
	t.Parallel()
	d := sound()
	d.Announcements = []district.Announcement{{Date: "2026-11-02", Text: "b"}, {Date: "2026-11-20", Text: "a"}, {Date: "2025-12-31", Text: "c"}}
	var said string
	for _, a := range d.News() {
		said += a.Text
	}
	if said != "abc" || d.Announcements[0].Text != "b" {
		t.Errorf("%s, and the settings are %v", said, d.Announcements)
	}
}
