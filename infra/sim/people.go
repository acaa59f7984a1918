package sim

import (
	"context"
	"fmt"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/table"
)

const slug = "springfield"

var timeless = context.Background()

// person is somebody with an account, and what they keep in mind.
type person struct {
	id, username string
	role         district.Role
	boxes        []string // the addresses they read: those they had, too
	first        string   // the password the district gave them
	elsewhere    string
	status       account.Status
	activated    bool
	must         bool
	sessions     []string
	device       string // the cookie of the browser in which they type only what is right
	entering     int    // times that they are signing in there, at this moment
	unlucky      bool   // one of these met a fault, which may have cost a try
	recovery     string // an address of their own, beside the roster's
	homeless     bool   // no address on file
}

// settle makes the district and its people: one of each odd case.
func (w *world) settle(ctx context.Context) {
	d := district.Default(slug, "Springfield Public Schools")
	d.Office, d.Phone, d.Hours = "Springfield Family Help Desk", "555-0100", "Monday to Friday"
	d.MailFrom, d.MailReplyTo = "no-reply@springfield.example.org", "help@springfield.example.org"
	d.SafetyEmail = "safety@springfield.example.org"
	if w.seed%2 == 0 { // every other district remembers passwords
		d.PasswordHistory = 3
	}
	w.home = d
	inner := &watchedTable{Table: w.memory, w: w}
	store := table.Store{Table: inner, Rand: entropy(w.seed, 0)}
	must(district.Save(ctx, store, d))
	w.people = []*person{
		{username: "mlopez71", role: district.Guardian, boxes: []string{"maria@example.org"}, activated: true, first: secretMark + " purple kite river"},
		{username: "jlopez72", role: district.Guardian, boxes: []string{"juan@example.org", "juan.private@example.org"}, recovery: "juan.private@example.org", activated: true, first: secretMark + " silver boat garden"},
		{username: "wchen", role: district.Guardian, boxes: []string{"chen@example.org"}, activated: true, first: secretMark + " quiet stone harbor"},
		{username: "lchen", role: district.Student, boxes: []string{"chen@example.org"}, activated: true, first: secretMark + " green lamp bicycle"},
		{username: "dgreen", role: district.Guardian, boxes: []string{"dora@example.org"}, activated: true, status: account.Disabled, first: secretMark + " marble cabin violet"},
		{username: "tnowak", role: district.Guardian, boxes: []string{"tomas@example.org"}},
		{username: "npatel", role: district.Guardian, homeless: true, activated: true, first: secretMark + " anchor lemon summer"},
		{username: "sbaker", role: district.Guardian, boxes: []string{"sam@example.org"}, activated: true, must: true, first: secretMark + " temporary bridge"},
		{username: "fpark", role: district.Student, boxes: []string{"finn@example.org"}, activated: true, elsewhere: "Google"},
		{username: "rdiaz", role: district.Staff, boxes: []string{"rosa@springfield.example.org"}, activated: true, first: secretMark + " office morning bell"},
	}
	for i, p := range w.people {
		p.id = fmt.Sprintf("p-%02d", i+1)
		w.admit(ctx, store, p)
	}
}

func (w *world) admit(ctx context.Context, store table.Store, p *person) {
	profile := account.Profile{Username: p.username, First: "Pat", Last: "Q", Role: p.role, Status: account.Active, Elsewhere: p.elsewhere}
	if p.status != "" {
		profile.Status = p.status
	}
	if !p.homeless {
		profile.Address = p.boxes[0]
	}
	state := account.State{Status: account.Active, Activated: p.activated, Recovery: p.recovery}
	if p.must {
		state.Must = account.Must{Change: true, Ends: w.now.Add(24 * 3600e9)}
	}
	must(account.Create(ctx, store, slug, p.id, profile, state))
	if p.first == "" {
		return
	}
	kind := credential.Permanent
	if p.must {
		kind = credential.ForOnce
	}
	must((&watchedCredentials{Store: w.creds, w: w}).Store.Set(ctx, p.id, p.first, kind))
	w.passwords[p.id] = p.first
	if p.status == account.Disabled {
		must(w.creds.Disable(ctx, p.id))
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// mail is what a person finds in their boxes, oldest first.
func (w *world) mail(p *person) []*letter {
	var all []*letter
	for _, box := range p.boxes {
		for _, l := range w.letters[box] {
			if l.account == p.id || l.kind == "usernames" {
				all = append(all, l)
			}
		}
	}
	return all
}

// newPassword is one that keeps the rules, and is like no other.
func (w *world) newPassword() string {
	w.count++
	return fmt.Sprintf("%s herons %d dancing quietly", secretMark, w.count)
}

// somebody is anyone of the district, most often the first few: trouble needs
// company.
func (w *world) somebody() *person {
	if w.dice.IntN(3) > 0 {
		return w.people[w.dice.IntN(4)]
	}
	return pick(w.dice, w.people...)
}
