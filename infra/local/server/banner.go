package server

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Banner tells who starts the service what there is to try.
func (s *Server) Banner(w io.Writer) {
	fmt.Fprintf(w, "\nSparekey runs at %s   (Ctrl-C ends it; nothing is kept)\n\n", s.site.Absolute("/"))
	fmt.Fprintf(w, "  Forgot a password   %s\n", s.site.Absolute("/springfield/forgot-password"))
	fmt.Fprintf(w, "  Read the mail       %s\n", s.site.Origin()+"/_local/inbox")
	fmt.Fprintf(w, "  All ways back in    %s\n", s.site.Absolute("/springfield"))
	for _, line := range s.about {
		fmt.Fprintf(w, "  %s\n", line)
	}
	fmt.Fprintln(w)
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "  DISTRICT\tUSERNAME\tPASSWORD\tE-MAIL\tWHO")
	for _, p := range s.people.all {
		fmt.Fprintf(out, "  %s\t%s\t%s\t%s\t%s, %s\n", p.District, p.Username, dash(p.Password), dash(p.Email), p.Role, p.about)
	}
	_ = out.Flush()
	fmt.Fprintf(w, "\nThe same as JSON: %s/_local/accounts.json\n\n", s.site.Origin())
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
