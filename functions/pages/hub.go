package pages

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/web"
)

// The pages that go with another flow's switch: a code comes with the mails of
// forgot-password, and who changes a password has signed in.
const (
	Code           = "code"
	ChangePassword = "change-password"
)

// Deployed are the pages of a district that the template has a route for; a hub
// leads to no other. A test holds it to the template.
var Deployed = []string{"change-password", Code, district.ForgotPassword, "home", "link-again", "prove", "sessions", "set-password", district.SignIn, "sign-out"}

var switches = map[string]string{Code: district.ForgotPassword, ChangePassword: district.SignIn}

// need is what a family may have come for, in its own words, and the ways on,
// the best first. One without a way to the help page is shown only where one of
// its flows is there.
type need struct {
	says, icon string
	ways       []way
}

// way leads to a page of the district, and says what happens there.
type way struct{ to, says string }

// The needs, in the order of how often they are: first those that end in a form,
// then what goes wrong, then what an account is about. Together they are the ten
// problems that PowerSource's page asks families to pick from, and our own.
var (
	first = []need{
		{"hub.forgot", "lock", []way{{district.ForgotPassword, "hub.forgot.text"}}},
		{"help.username", "person", []way{{district.ForgotUsername, "hub.username.text"}, {"help#username", "hub.username.help"}}},
		{"hub.code", "code", []way{{Code, "hub.code.text"}}},
		{"hub.sign-in", "enter", []way{{district.SignIn, "hub.sign-in.text"}}},
	}
	groups = []group{
		{"hub.wrong", []need{
			{"help.no-email", "", []way{{"help#no-email", "hub.no-email.text"}}},
			{"help.link", "", []way{{"help#link", "hub.link.text"}}},
			{"help.rejected", "", []way{{"help#rejected", "hub.rejected.text"}}},
			{"help.answers", "", []way{{"help#answers", "hub.answers.text"}}},
		}},
		{"hub.account", []need{
			{"help.student", "", []way{{"help#student", "hub.student.text"}}},
			{"help.child", "", []way{{"help#child", "hub.child.text"}}},
			{"help.change", "", []way{{ChangePassword, "hub.change.text"}, {district.ForgotPassword, "hub.forgot.text"}, {"help#change", "hub.office.text"}}},
			{"help.active", "", []way{{district.ForgotPassword, "hub.active.text"}, {"help#active", "hub.office.text"}}},
			{"help.new", "", []way{{"help#new", "hub.new.text"}}},
		}},
		{"hub.more", []need{
			{"help.access", "", []way{{"help#access", "hub.access.text"}}},
			{"help.other", "", []way{{"help#other", "hub.other.text"}}},
			{"hub.else", "", []way{{"help#contact", "hub.else.text"}}},
		}},
	}
)

type group struct {
	says  string
	needs []need
}

// Line is one need as a hub shows it: what is asked, and the way on that is there.
type Line struct{ Says, Icon, To, Text string }

// Group is some lines under a heading.
type Group struct {
	Says  string
	Lines []Line
}

// Hub is what a hub shows.
type Hub struct {
	Offer
	First  []Line
	Groups []Group
}

func (f Flow) hub(_ context.Context, r *gateway.Request) (gateway.Reply, error) {
	offer := f.offer(r.District)
	page := Hub{Offer: offer, First: offer.lines(first)}
	for _, g := range groups {
		page.Groups = append(page.Groups, Group{Says: g.says, Lines: offer.lines(g.needs)})
	}
	return gateway.Reply{Status: http.StatusOK, Page: web.Page{Name: "hub", Data: page}}, nil
}

// Offer is what a family finds here: what the hub and the help page are made of.
type Offer struct {
	Students bool // who may also ask for a link by mail
	open     []string
}

func (f Flow) offer(d district.District) Offer {
	var o Offer
	for _, flow := range f.Served {
		switched := flow
		if other, ok := switches[flow]; ok {
			switched = other
		}
		if d.Offers(switched) {
			o.open = append(o.open, flow)
		}
	}
	o.Students = o.Serves(district.ForgotPassword) && d.Allows(district.ForgotPassword, district.Student)
	return o
}

// Serves reports whether a flow is there, for somebody at least.
func (o Offer) Serves(flow string) bool { return slices.Contains(o.open, flow) }

// lines gives each need the best way that is there, and leaves out what has none.
func (o Offer) lines(needs []need) []Line {
	var all []Line
	for _, n := range needs {
		there := slices.IndexFunc(n.ways, func(w way) bool { return strings.HasPrefix(w.to, "help#") || o.Serves(w.to) })
		if there >= 0 {
			all = append(all, Line{Says: n.says, Icon: n.icon, To: n.ways[there].to, Text: n.ways[there].says})
		}
	}
	return all
}
