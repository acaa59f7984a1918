package district

import "strconv"

// below are the grades before the first, as rosters write them (CEDS).
var below = map[string]bool{"IT": true, "PR": true, "PK": true, "TK": true, "KG": true}

// Young reports whether a pupil of that grade is one of the young ones, for whom
// there is another minimum. A grade that nobody wrote down, or that we do not
// know, is not: the stricter rule is the safe one.
func (d District) Young(grade string) bool {
	n, err := strconv.Atoi(grade)
	return below[grade] || err == nil && n >= 1 && n <= d.YoungGrade
}

// ShortestFor is how many characters a password has at least for that role and,
// of a pupil, grade.
func (d District) ShortestFor(role Role, grade string) int {
	n := d.MinimumLength[role]
	if role == Student && d.Young(grade) {
		n = d.MinimumLengthYoung
	}
	return max(n, ShortestPassword) // a role that nobody set a length for has the floor
}
