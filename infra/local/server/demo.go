package server

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/table"
)

// person is one of the demo people, as the hook tells of them.
type person struct {
	District string        `json:"district"`
	Username string        `json:"username"`
	Password string        `json:"password"`
	Role     district.Role `json:"role"`
	Email    string        `json:"email"`
	Status   string        `json:"status"`
	PIN      string        `json:"pin"`
	Students []string      `json:"students"`
	TOTP     string        `json:"totp"`

	id, first, last, grade, school, elsewhere, about string

	known account.Last // the account's last change when Password was set
}

// people are the demo people as the run began; what became of them since, the
// table knows.
type people struct {
	mu  sync.Mutex
	all []*person
}

var demoSlugs = []string{"springfield", "shelbyville"}

func demoDistricts() []district.District {
	springfield := district.Default("springfield", "Springfield Public Schools")
	springfield.Profile = "nyc"
	springfield.Office, springfield.Phone, springfield.Hours = "Springfield Family Help Desk", "555-0100", "Monday to Friday, 8 AM to 4 PM"
	springfield.MailFrom, springfield.MailReplyTo = "no-reply@springfield.example.org", "help@springfield.example.org"
	springfield.SafetyEmail = "safety@springfield.example.org"

	springfield.Announcements = []district.Announcement{
		{
			Date: "2026-11-20", Text: "Schools are closed November 26 and 27. The Family Help Desk opens again on November 30.",
			Translations: map[string]string{"es": "Las escuelas cierran el 26 y 27 de noviembre. La oficina de ayuda abre otra vez el 30 de noviembre."},
		},
		{
			Date: "2026-11-02", Text: "Report cards are in the portal now.",
			Translations: map[string]string{"es": "Las boletas de calificaciones ya están en el portal."},
		},
	}
	springfield.OtherProducts = []district.Product{
		{Name: "School lunch accounts", Office: "Springfield Food Services", Phone: "555-0120"},
		{Name: "Library catalog", Office: "Your school library"},
	}

	shelbyville := district.Default("shelbyville", "Shelbyville School District")
	shelbyville.Profile, shelbyville.TimeZone, shelbyville.Languages = "powerschool", "America/Chicago", []string{"en"}
	shelbyville.Office, shelbyville.Phone, shelbyville.Hours = "Shelbyville District Office", "555-0199", "Monday to Friday, 7:30 AM to 3:30 PM"
	shelbyville.MailFrom, shelbyville.SafetyEmail = "no-reply@shelbyville.example.org", "safety@shelbyville.example.org"
	shelbyville.LockSignIn = true
	shelbyville.PasswordHistory = 3
	shelbyville.MinimumLength = map[district.Role]int{district.Student: 8, district.Guardian: 8, district.Staff: 12}
	shelbyville.Code = "4821"
	return []district.District{springfield, shelbyville}
}

// MailDomains are those that the demo districts send from.
func MailDomains() (all []string) {
	for _, d := range demoDistricts() {
		_, domain, _ := strings.Cut(d.MailFrom, "@")
		all = append(all, domain)
	}
	return all
}

// demoPeople are one of each odd case; everybody is invented.
func demoPeople() []*person {
	return []*person{
		{District: "springfield", Username: "mlopez71", Password: "purple-kite-river-71", Role: district.Guardian, Email: "maria.lopez@example.org", Status: active, Students: []string{"alopez7", "blopez9"}, first: "Maria", last: "Lopez", about: "a mother of two"},
		{District: "springfield", Username: "jlopez72", Password: "silver-boat-garden-72", Role: district.Guardian, Email: "juan.lopez@example.org", Status: active, Students: []string{"alopez7"}, first: "Juan", last: "Lopez", about: "a second guardian"},
		{District: "springfield", Username: "alopez7", Password: "yellow-drum-cloud", Role: district.Student, Email: "ana.lopez@students.example.org", Status: active, first: "Ana", last: "Lopez", grade: "05", school: "Maple Street School", about: "a student with two guardians"},
		{District: "springfield", Username: "blopez9", Password: "orange-fish-table", Role: district.Student, Status: active, first: "Ben", last: "Lopez", grade: "01", school: "Maple Street School", about: "a young student without an address"},
		{District: "springfield", Username: "wchen", Password: "quiet-stone-harbor-5", Role: district.Guardian, Email: "chen.family@example.org", Status: active, Students: []string{"lchen"}, first: "Wei", last: "Chen", about: "shares an address with her son"},
		{District: "springfield", Username: "lchen", Password: "green-lamp-bicycle", Role: district.Student, Email: "chen.family@example.org", Status: active, first: "Li", last: "Chen", grade: "08", school: "Harbor Middle School", about: "shares an address with his mother"},
		{District: "springfield", Username: "kwood", Password: "window-paper-cedar-8", Role: district.Guardian, Email: "karl.wood@example.org", Status: active, first: "Karl", last: "Wood", about: "a guardian whom a court has blocked"},
		{District: "springfield", Username: "cwood", Password: "little-train-pepper", Role: district.Student, Email: "cora.wood@students.example.org", Status: active, first: "Cora", last: "Wood", grade: "07", school: "Harbor Middle School", about: "the student he is blocked from"},
		{District: "springfield", Username: "ograntham", Password: "copper-field-engine", Role: district.Student, Email: "olive.grantham@students.example.org", Status: active, first: "Olive", last: "Grantham", grade: "12", school: "Springfield High School", about: "an adult student"},
		{District: "springfield", Username: "fpark", Role: district.Student, Email: "finn.park@students.example.org", Status: active, first: "Finn", last: "Park", grade: "10", school: "Springfield High School", elsewhere: "Google", about: "signs in with Google"},
		{District: "springfield", Username: "dgreen", Password: "marble-cabin-violet-3", Role: district.Guardian, Email: "dora.green@example.org", Status: disabled, first: "Dora", last: "Green", about: "a disabled account"},
		{District: "springfield", Username: "tnowak", Role: district.Guardian, Email: "tomas.nowak@example.org", Status: notActivated, first: "Tomas", last: "Nowak", about: "never activated"},
		{District: "springfield", Username: "npatel", Password: "anchor-lemon-summer-4", Role: district.Guardian, Status: active, first: "Nila", last: "Patel", about: "a guardian without an address"},
		{District: "springfield", Username: "sbaker", Password: "temporary-bridge-6612", Role: district.Guardian, Email: "sam.baker@example.org", Status: temporary, first: "Sam", last: "Baker", about: "has a temporary password"},
		{District: "springfield", Username: "ereed", Password: "worn-out-lantern-1999", Role: district.Guardian, Email: "eve.reed@example.org", Status: expired, first: "Eve", last: "Reed", about: "whose password has expired"},
		{District: "springfield", Username: "rdiaz", Password: "office-morning-bell-22", Role: district.Staff, Email: "rosa.diaz@springfield.example.org", Status: active, first: "Rosa", last: "Diaz", school: "Maple Street School", about: "the school's secretary"},
		{District: "shelbyville", Username: "mlopez71", Password: "different-person-88", Role: district.Guardian, Email: "milo.lopez@example.org", Status: active, Students: []string{"zlopez"}, first: "Milo", last: "Lopez", about: "same username, another district"},
		{District: "shelbyville", Username: "zlopez", Password: "zebra-coat-9", Role: district.Student, Email: "zoe.lopez@students.example.org", Status: active, first: "Zoe", last: "Lopez", grade: "06", school: "Shelbyville School", about: "a student"},
		{District: "shelbyville", Username: "hfox", Password: "principal-quiet-hall-1", Role: district.Staff, Email: "hana.fox@shelbyville.example.org", Status: active, first: "Hana", last: "Fox", school: "Shelbyville School", about: "staff"},
	}
}

// settle puts the demo districts and people into the table.
func (s *Server) settle(ctx context.Context) error {
	store := table.Store{Table: s.rows, Rand: s.rand}
	for _, d := range demoDistricts() {
		if err := district.Save(ctx, store, d); err != nil {
			return err
		}
	}
	for i, p := range demoPeople() {
		p.id = fmt.Sprintf("demo-%04d", i+1)
		if err := s.admit(ctx, store, p); err != nil {
			return fmt.Errorf("%s: %w", p.Username, err)
		}
		s.people.all = append(s.people.all, p)
	}
	return nil
}

func (s *Server) admit(ctx context.Context, store table.Store, p *person) error {
	profile := account.Profile{
		Username: p.Username, First: p.first, Last: p.last, Role: p.Role, Grade: p.grade, School: p.school,
		Address: p.Email, Elsewhere: p.elsewhere,
	}
	state := account.State{Status: account.Active, Activated: true}
	apply(p.Status, &profile, &state, s.clock.Now())
	if err := account.Create(ctx, store, p.District, p.id, profile, state); err != nil {
		return err
	}
	if err := s.reset(ctx, p, p.Status, state.Last); err != nil {
		return err
	}
	return s.mirror(ctx, p, p.Status)
}

// amend makes the table and the credentials say another status or address of a
// person; an empty status, or no address, stays as it is.
func (s *Server) amend(ctx context.Context, p *person, status string, email *string) error {
	var again bool
	var last account.Last
	err := account.Amend(ctx, table.Store{Table: s.rows, Rand: s.rand}, p.District, p.id, func(profile *account.Profile, state *account.State) {
		if email != nil {
			profile.Address = *email
		}
		if status != "" {
			again, last = resets(status, *state), state.Last
			apply(status, profile, state, s.clock.Now())
		}
	})
	if err != nil || status == "" {
		return err
	}
	if again {
		if err := s.reset(ctx, p, status, last); err != nil {
			return err
		}
	}
	return s.mirror(ctx, p, status)
}

// apply makes an account's parts say a status. Disabling leaves the password as it
// was: the roster knows nothing of it.
func apply(status string, profile *account.Profile, state *account.State, now time.Time) {
	if status == disabled {
		profile.Status = account.Disabled
		return
	}
	profile.Status = account.Active
	state.Activated, state.Must = status != notActivated, account.Must{}
	switch status {
	case temporary:
		state.Must = account.Must{Change: true, Ends: now.Add(24 * time.Hour)}
	case expired:
		state.Must = account.Must{Change: true}
	}
}

// statusOf tells what [apply] has made an account say, and what became of it.
func statusOf(who account.Account) string {
	if !who.Live() {
		return disabled
	}
	return beneath(who.State.Value)
}

// beneath is the status of the password alone, whether the account is disabled or
// not.
func beneath(state account.State) string {
	switch {
	case !state.Activated:
		return notActivated
	case state.Must.Change && !state.Must.Ends.IsZero():
		return temporary
	case state.Must.Change:
		return expired
	}
	return active
}

// resets reports whether a new status comes with the password that the demo tells
// of: a temporary one, and a lasting one where there was none. To enable, disable
// or let expire leaves the one that its owner has chosen.
func resets(status string, before account.State) bool {
	was := beneath(before)
	return status == temporary || (status == active || status == expired) && (was == temporary || was == notActivated)
}

// reset sets the password that the demo tells of. That an account was changed
// after last says later that it is another.
func (s *Server) reset(ctx context.Context, p *person, status string, last account.Last) error {
	if p.Password == "" {
		return nil
	}
	kind := credential.Permanent
	if status == temporary {
		kind = credential.ForOnce
	}
	err := s.credentials.Set(ctx, p.id, p.Password, kind)
	if err == nil {
		p.known = last
	}
	return err
}

// mirror makes the credential say whether the account may be used.
func (s *Server) mirror(ctx context.Context, p *person, status string) error {
	if status == disabled {
		return s.credentials.Disable(ctx, p.id)
	}
	return s.credentials.Enable(ctx, p.id)
}

// now is a person as the table has it. The password is told only while it still
// is the one: the embedded credentials know, of others the last change tells.
func (s *Server) now(ctx context.Context, p *person) (person, error) {
	who, err := account.Load(ctx, s.rows, p.District, p.id)
	if err != nil {
		return person{}, err
	}
	seen := *p
	seen.Students = append([]string{}, p.Students...)
	seen.Status, seen.Email = statusOf(who), who.Profile.Value.Address
	still := who.State.Value.Last.At.Equal(p.known.At) && who.State.Value.Last.Attempt == p.known.Attempt
	if s.secrets != nil {
		still = s.secrets.Matches(p.id, p.Password)
	}
	if !still {
		seen.Password = ""
	}
	return seen, nil
}

// The statuses, as the hooks name them.
const (
	active       = "active"
	disabled     = "disabled"
	temporary    = "temporary"
	expired      = "expired"
	notActivated = "not-activated"
)

var statuses = []string{active, disabled, temporary, expired, notActivated}

// find is the demo person of that name, or nil.
func (p *people) find(slug, username string) *person {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, one := range p.all {
		if one.District == slug && one.Username == username {
			return one
		}
	}
	return nil
}
