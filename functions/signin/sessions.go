package signin

import (
	"context"
	"net/http"
	"time"

	"github.com/sparekey/sparekey/shared/device"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/i18n"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/session"
)

// Sessions is what the page of one's sessions shows.
type Sessions struct {
	Lines  []Shown
	Others bool // there is one beside this
	Ended  bool // one was ended just now
}

// Shown is one session in words.
type Shown struct {
	ID, Agent, Signed, Proved string
	This                      bool
}

// Listed is one session for a machine.
type Listed struct {
	ID     string `json:"id"`
	Agent  string `json:"agent"`
	Signed string `json:"signed_in"`
	Proved string `json:"proved"`
	Ends   string `json:"ends"`
	Left   int    `json:"left"` // seconds
	This   bool   `json:"this"`
}

func (f Flow) sessions(ctx context.Context, r *gateway.Request) (gateway.Reply, error) {
	held, reply, err := f.signedIn(ctx, r)
	if err != nil {
		return reply, err
	}
	f.at(ctx, r, &held, "sessions")
	return f.list(ctx, r, held, false)
}

func (f Flow) list(ctx context.Context, r *gateway.Request, held session.Held, ended bool) (gateway.Reply, error) {
	lines, err := held.List(ctx, f.Table)
	if err != nil {
		return gateway.Reply{}, err
	}
	page, list := Sessions{Others: len(lines) > 1, Ended: ended}, []Listed{}
	say := func(t time.Time) string { return r.Language.Moment(r.District.In(t)) }
	for _, l := range lines {
		page.Lines = append(page.Lines, Shown{ID: l.ID, Agent: l.Agent, Signed: say(l.Signed), Proved: say(l.Proved), This: l.This})
		list = append(list, Listed{
			ID: l.ID, Agent: l.Agent, Signed: wire(l.Signed), Proved: wire(l.Proved), Ends: wire(l.Ends),
			Left: int(l.Ends.Sub(f.Now()).Seconds()), This: l.This,
		})
	}
	return gateway.Reply{Status: http.StatusOK, Page: held.Page(r, "sessions", page), JSON: list}, nil
}

// manage does one of three things to one's sessions: end another, or all others;
// ask for more time; answer the offer to go back to where one was.
func (f Flow) manage(ctx context.Context, r *gateway.Request) (gateway.Reply, error) {
	held, reply, err := f.signedIn(ctx, r)
	if err != nil {
		return reply, err
	}
	if err := onlyOne(r); err != nil {
		return gateway.Reply{}, err
	}
	switch {
	case r.Fields["end"] != "":
		return f.end(ctx, r, held, r.Fields["end"])
	case r.Fields["more"] != "":
		if err := held.More(ctx, f.Table); err != nil {
			return gateway.Reply{}, err
		}
		reply, err = f.list(ctx, r, held, false)
		reply.Location = r.Link(held.Session().Place.Path())
		return reply, err
	}
	back, err := held.Restore(ctx, f.Table)
	if err != nil {
		return gateway.Reply{}, err
	}
	reply, err = f.list(ctx, r, held, false)
	reply.Location = r.Link("home")
	if r.Fields["restore"] == "yes" {
		reply.Location = r.Link(back.Path())
	}
	return reply, err
}

// onlyOne refuses what is not exactly one of the three.
func onlyOne(r *gateway.Request) error {
	if err := r.Fields.Only("end", "more", "restore"); err != nil {
		return err
	}
	more, restore := r.Fields["more"], r.Fields["restore"]
	switch {
	case len(r.Fields) != 1:
		return problem.Invalid(problem.Field{Name: "end", Says: i18n.Say("sessions.one")})
	case more != "" && more != "yes":
		return problem.Invalid(problem.Field{Name: "more", Says: i18n.Say("sessions.yes")})
	case r.Fields["end"] == "" && more == "" && restore != "yes" && restore != "no":
		return problem.Invalid(problem.Field{Name: "restore", Says: i18n.Say("sessions.yes")})
	}
	return nil
}

func (f Flow) end(ctx context.Context, r *gateway.Request, held session.Held, which string) (gateway.Reply, error) {
	var err error
	switch {
	case held.Is(which):
		r.Fields = nil
		return f.signOut(ctx, r)
	case which == "others":
		err = held.EndOthers(ctx, f.Table, r)
	default:
		err = held.EndOne(ctx, f.Table, r, which)
	}
	if err != nil {
		return refused(r, err), err
	}
	reply, err := f.list(ctx, r, held, true)
	if which == "others" {
		reply.Cookie = append(reply.Cookie, device.Proved(ctx, f.Table, r, held.Who, f.Now()))
	}
	reply.Outcome = "ended"
	return reply, err
}
