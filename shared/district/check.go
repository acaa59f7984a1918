package district

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/sparekey/sparekey/shared/i18n"
)

// ShortestPassword is the floor for everybody, whatever a district decides, in
// code points (standards C5).
const ShortestPassword = 8

// Bounds of what a district may decide about passwords.
const (
	longestMinimum = 64 // whoever likes a sentence may have one; nobody has to (standards C5)
	mostHistory    = 24
	lastGrade      = 12
)

// Check tells every setting that is out of bounds, or nil. The bounds are those
// of the design: a switch may make things stricter or looser only within them.
func (d District) Check() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if !ValidSlug(d.Slug) {
		fault("slug: small letters, digits and '-', 2 to 40 of them, and no name of our own pages")
	}
	if d.Name == "" || !plain(d.Name, 80) {
		fault("name: plain text of 1 to 80 characters")
	}
	for name, text := range map[string]string{"office": d.Office, "phone": d.Phone, "hours": d.Hours} {
		if !plain(text, 120) {
			fault("%s: plain text of up to 120 characters", name)
		}
	}
	if !slices.Contains([]string{"", NYC, PowerSchool}, d.Profile) {
		fault("profile: %s, %s or none", NYC, PowerSchool)
	}
	if _, err := time.LoadLocation(d.TimeZone); err != nil || d.TimeZone == "" {
		fault("time_zone: an IANA name such as America/New_York")
	}
	if len(d.Languages) == 0 {
		fault("languages: at least one")
	}
	for _, code := range d.Languages {
		if !slices.Contains(i18n.Default.Codes(), code) {
			fault("languages: %q is not spoken here", code)
		}
	}
	for flow, roles := range d.Flows {
		if !slices.Contains(Flows, flow) {
			fault("flows: there is no %q", flow)
		}
		for _, r := range roles {
			if !slices.Contains(Roles, r) {
				fault("flows: %s: %q is no role", flow, r)
			}
		}
	}
	if d.LinkMinutes < 10 || d.LinkMinutes > 60 {
		fault("link_minutes: 10 to 60")
	}
	faults = append(faults, d.checkPasswords()...)
	for name, address := range map[string]string{"mail_from": d.MailFrom, "mail_reply_to": d.MailReplyTo, "safety_email": d.SafetyEmail} {
		if _, err := mail.ParseAddress(address); err != nil && (address != "" || name == "mail_from") {
			fault("%s: an e-mail address", name)
		}
	}
	if u, err := url.Parse(d.Portal); d.Portal != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		fault("portal: an https address")
	}
	d.checkWhatItSays(fault)
	return errors.Join(faults...)
}

func (d District) checkPasswords() (faults []error) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	within := func(n int) bool { return n >= ShortestPassword && n <= longestMinimum }
	for _, role := range Roles {
		if !within(d.MinimumLength[role]) {
			fault("minimum_length: %s: %d to %d", role, ShortestPassword, longestMinimum)
		}
	}
	for role := range d.MinimumLength {
		if !slices.Contains(Roles, role) {
			fault("minimum_length: %q is no role", role)
		}
	}
	if !within(d.MinimumLengthYoung) {
		fault("minimum_length_young: %d to %d", ShortestPassword, longestMinimum)
	}
	if d.YoungGrade < 0 || d.YoungGrade > lastGrade {
		fault("young_grade: 0 to %d", lastGrade)
	}
	if d.PasswordHistory < 0 || d.PasswordHistory > mostHistory {
		fault("password_history: 0 to %d", mostHistory)
	}
	return faults
}

// plain reports whether text is short and has nothing in it that could break a
// header or hide something: no control characters.
func plain(text string, most int) bool {
	return len([]rune(text)) <= most && !strings.ContainsFunc(text, unicode.IsControl)
}
