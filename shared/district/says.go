package district

import (
	"cmp"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sparekey/sparekey/shared/i18n"
)

// Announcement is one dated piece of news from a district, as plain text.
type Announcement struct {
	Date string `json:"date"` // the day it bears, such as 2026-11-25
	Text string `json:"text"` // in the district's first language
	// Translations are the same in other languages the district offers. Where one
	// is missing, a page shows Text and marks its language.
	Translations map[string]string `json:"translations"`
}

// In is the text in that language, or the district's own with its language.
func (a Announcement) In(language string, d District) (text, spoken string) {
	if text = a.Translations[language]; text != "" {
		return text, language
	}
	return a.Text, d.Languages[0]
}

// Day is the day that it bears; of a date that is none, the zero time.
func (a Announcement) Day() time.Time {
	day, _ := time.Parse(time.DateOnly, a.Date)
	return day
}

// News are the announcements, the newest first.
func (d District) News() []Announcement {
	news := slices.Clone(d.Announcements)
	slices.SortStableFunc(news, func(a, b Announcement) int { return cmp.Compare(b.Date, a.Date) })
	return news
}

// Product is something else that families sign in to, with an account that is
// not of this service: an office and a phone tell who helps with it.
type Product struct {
	Name   string `json:"name"`
	Office string `json:"office"`
	Phone  string `json:"phone"`
}

// MailDomain is where the district's mails come from, for those who let mails in
// by domain.
func (d District) MailDomain() string {
	from, err := mail.ParseAddress(d.MailFrom)
	if err != nil {
		return ""
	}
	return from.Address[strings.LastIndexByte(from.Address, '@')+1:]
}

// The most of what a district may say: a page has to stay small.
const (
	mostAnnouncements = 5
	mostProducts      = 6
)

var fourDigits = regexp.MustCompile(`^[0-9]{4}$`)

func (d District) checkWhatItSays(fault func(format string, args ...any)) {
	if len(d.Announcements) > mostAnnouncements {
		fault("announcements: at most %d", mostAnnouncements)
	}
	for i, a := range d.Announcements {
		if a.Day().IsZero() {
			fault("announcements: %d: date: a day such as 2026-11-25", i)
		}
		if !said(a.Text, 300) {
			fault("announcements: %d: text: plain text of 1 to 300 characters", i)
		}
		for code, text := range a.Translations {
			if !slices.Contains(i18n.Default.Codes(), code) {
				fault("announcements: %d: translations: %q is not spoken here", i, code)
			}
			if !said(text, 300) {
				fault("announcements: %d: translations: %s: plain text of 1 to 300 characters", i, code)
			}
		}
	}
	if d.Code != "" && !fourDigits.MatchString(d.Code) {
		fault("district_code: four digits, or none")
	}
	if len(d.OtherProducts) > mostProducts {
		fault("other_products: at most %d", mostProducts)
	}
	for i, p := range d.OtherProducts {
		if !said(p.Name, 60) {
			fault("other_products: %d: name: plain text of 1 to 60 characters", i)
		}
		if !plain(p.Office, 120) || !plain(p.Phone, 120) || p.Office+p.Phone == "" {
			fault("other_products: %d: an office or a phone, plain text of up to 120 characters", i)
		}
	}
}

// said is plain text that says something.
func said(text string, most int) bool { return strings.TrimSpace(text) != "" && plain(text, most) }
