// Package district is the tenant: a school district and what it has decided.
//
// Its settings are one item, read by every function and written by operators and
// the district's own engineers. It promises that settings out of bounds never
// come into force ([District.Check]), and that a district which says nothing
// gets the defaults of this package. It leaves to the flows what a switch means
// for them.
//
// Read [District] first.
package district

import (
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // Lambda's runtime has no zones of its own
)

// Role is what an account is in its district.
type Role string

// The roles.
const (
	Student  Role = "student"
	Guardian Role = "guardian"
	Staff    Role = "staff"
)

// The profiles, whose name says whose words and ways a district keeps.
const (
	NYC         = "nyc"
	PowerSchool = "powerschool"
)

// Roles lists them all.
var Roles = []Role{Student, Guardian, Staff}

// The flows that a district may switch off, each for each role, by their slugs.
const (
	ForgotPassword = "forgot-password"
	ForgotUsername = "forgot-username"
	SignIn         = "sign-in"
)

// Flows lists them all.
var Flows = []string{ForgotPassword, ForgotUsername, SignIn}

// District is a district's settings; the JSON names are those of the
// configuration that its engineers write.
type District struct {
	Slug      string   `json:"slug"`      // the first part of every path
	Name      string   `json:"name"`      // as families know it
	Profile   string   `json:"profile"`   // nyc, powerschool, or none: powerschool adds its rules of composition and their words
	TimeZone  string   `json:"time_zone"` // IANA name
	Languages []string `json:"languages"` // offered, the default first

	Office string `json:"office"` // who helps: an office, never a person
	Phone  string `json:"phone"`
	Hours  string `json:"hours"`
	Portal string `json:"portal"` // where to sign in after a reset; empty: our own page

	Announcements []Announcement `json:"announcements"`  // shown where people come to sign in; none: nothing is
	Code          string         `json:"district_code"`  // four digits that the phone app asks for; empty: it is not registered
	OtherProducts []Product      `json:"other_products"` // whose accounts are not these, and who helps with them

	// Flows names, for each flow, the roles that may use it. None: it is off.
	Flows map[string][]Role `json:"flows"`
	// AskEmail: forgot-password asks for the e-mail address beside the username.
	AskEmail bool `json:"ask_email"`
	// LinkMinutes is how long a link to reset a password works; 10 to 60.
	LinkMinutes int `json:"link_minutes"`
	// LockSignIn: after too many wrong passwords no waiting helps, but the school
	// does, or recovery by mail.
	LockSignIn bool `json:"lock_sign_in"`
	// AskUsername: the form behind a mailed link asks for the username again.
	AskUsername bool `json:"ask_username"`
	// MinimumLength of a password, by role; 8 to 64 code points.
	MinimumLength map[Role]int `json:"minimum_length"`
	// MinimumLengthYoung is that of pupils up to YoungGrade, which is 0 to 12; 0
	// are those before the first grade.
	MinimumLengthYoung int `json:"minimum_length_young"`
	YoungGrade         int `json:"young_grade"`
	// PasswordHistory is how many passwords, with the one of now, may not be chosen
	// again; 0 to 24. None: none is remembered.
	PasswordHistory int `json:"password_history"`

	MailFrom    string `json:"mail_from"`     // the address mails come from
	MailReplyTo string `json:"mail_reply_to"` // where answers go, may be empty
	SafetyEmail string `json:"safety_email"`  // told when somebody says "this was not me"
}

// Default is a district that has decided nothing yet.
func Default(slug, name string) District {
	return District{
		Slug: slug, Name: name, TimeZone: "America/New_York", Languages: []string{"en", "es"},
		Flows: map[string][]Role{
			ForgotPassword: {Student, Guardian, Staff},
			ForgotUsername: {Student, Guardian, Staff},
			SignIn:         {Student, Guardian, Staff},
		},
		AskEmail:           true,
		LinkMinutes:        30,
		MinimumLength:      map[Role]int{Student: 12, Guardian: 15, Staff: 15}, // standards C5
		MinimumLengthYoung: 8,
		YoungGrade:         5,
	}
}

// Offers reports whether any role may use the flow: what a page can say without
// knowing who asks.
func (d District) Offers(flow string) bool { return len(d.Flows[flow]) > 0 }

// Allows reports whether that role may use the flow.
func (d District) Allows(flow string, role Role) bool { return slices.Contains(d.Flows[flow], role) }

// LinkLife is how long a link to reset a password works.
func (d District) LinkLife() time.Duration { return time.Duration(d.LinkMinutes) * time.Minute }

// In gives a moment in the district's own time.
func (d District) In(t time.Time) time.Time {
	zone, err := time.LoadLocation(d.TimeZone)
	if err != nil {
		zone = time.UTC // Check refuses such a setting; an old one must not stop a mail
	}
	return t.In(zone)
}

const slugLetters = "abcdefghijklmnopqrstuvwxyz0123456789"

var reserved = []string{"v1", "assets", "help", "ping", "sping"}

// ValidSlug reports whether a district may be called so: it shares the first
// part of the path with our own pages.
func ValidSlug(slug string) bool {
	return len(slug) >= 2 && len(slug) <= 40 && strings.TrimLeft(slug, slugLetters+"-") == "" &&
		slug[0] != '-' && slug[len(slug)-1] != '-' && !slices.Contains(reserved, slug)
}
