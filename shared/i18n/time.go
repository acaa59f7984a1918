package i18n

import (
	"strconv"
	"strings"
	"time"
)

// Clock writes the time of day of t, which is in the reader's zone, with the
// zone's name: "3:45 PM EST".
func (l *Language) Clock(t time.Time) string { return t.Format(l.Meta.Clock + " MST") }

// Day writes the day of t, which is in the reader's zone: "November 22".
func (l *Language) Day(t time.Time) string {
	return strings.NewReplacer(
		"{day}", strconv.Itoa(t.Day()),
		"{month}", l.Meta.Months[t.Month()-1],
	).Replace(l.Date)
}

// Full writes the day of t with its year: "November 22, 2026".
func (l *Language) Full(t time.Time) string {
	return l.T("day.full", "day", l.Day(t), "year", strconv.Itoa(t.Year()))
}

// Moment writes day and time of day, joined as the language joins them.
func (l *Language) Moment(t time.Time) string {
	return l.T("moment", "day", l.Day(t), "clock", l.Clock(t))
}

// Until writes an end as a family reads it on now's day: the time of day alone,
// or day and time where the end lies on another day.
func (l *Language) Until(end, now time.Time) string {
	if end.YearDay() == now.YearDay() && end.Year() == now.Year() {
		return l.Clock(end)
	}
	return l.Moment(end)
}
