package signin

import (
	"context"
	"errors"
	"net/http"

	"github.com/sparekey/sparekey/shared/change"
	"github.com/sparekey/sparekey/shared/choice"
	"github.com/sparekey/sparekey/shared/device"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/password"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/session"
	"github.com/sparekey/sparekey/shared/typed"
	"github.com/sparekey/sparekey/shared/web"
)

// route is what the audit and the notice call it.
const route = "change-password"

// NewPassword is what the page to choose a new password shows.
type NewPassword struct {
	Username      string
	Rules         []password.Rule
	PasswordRules string // for password managers
}

func changePage(r *gateway.Request, held session.Held) web.Page {
	rules := password.For(r.District, held.Who)
	return held.Page(r, "change-password", NewPassword{
		Username: held.Who.Profile.Value.Username, Rules: rules.Rules(), PasswordRules: rules.Manager(),
	})
}

func (f Flow) changeForm(ctx context.Context, r *gateway.Request) (gateway.Reply, error) {
	held, reply, err := f.signedIn(ctx, r)
	if err != nil {
		return reply, err
	}
	f.at(ctx, r, &held, "change-password")
	return gateway.Reply{Status: http.StatusOK, Page: changePage(r, held)}, nil
}

// changePassword lets whoever is signed in choose another password. They stay
// signed in, by a new session; every other one ends.
func (f Flow) changePassword(ctx context.Context, r *gateway.Request) (gateway.Reply, error) {
	held, reply, err := f.signedIn(ctx, r)
	if err != nil {
		return reply, err
	}
	refuse := func(err error) (gateway.Reply, error) {
		if is(err, problem.NotSignedIn) {
			return refused(r, err), err
		}
		return gateway.Reply{Page: changePage(r, held)}, err
	}
	if err := r.Fields.Only("password", "new_password", "new_password_again"); err != nil {
		return refuse(err)
	}
	var faults typed.Faults
	now := current(&faults, r.Fields["password"])
	if err := faults.Err(); err != nil {
		return refuse(with(choice.Broken(asked(r, held, "")), err))
	}
	if err := f.compare(ctx, r, &held, now); err != nil {
		return refuse(with(choice.Broken(asked(r, held, "")), notCurrent(err)))
	}
	if err := f.change(ctx, r, &held, now); err != nil {
		held.GiveBack(ctx, f.Table) // it was right
		return refuse(err)
	}
	who := held.Who
	who.State.Value.Epoch++ // as the change has just done
	text, err := session.Start(ctx, f.Table, r, who, f.Now())
	if err != nil { // the password is changed all the same: signing in is the way on
		return gateway.Reply{Page: signInPage(r, Form{})}, problem.New(problem.ChangeUnknown).Because(err)
	}
	return gateway.Reply{
		Status: http.StatusOK, JSON: Started{Session: text}, Page: web.Page{Name: "password-changed-here"},
		Cookie: []*http.Cookie{session.Cookie(r, text), device.Proved(ctx, f.Table, r, who, f.Now())}, Forget: true, Outcome: "changed",
	}, nil
}

func asked(r *gateway.Request, held session.Held, now string) choice.Asked {
	a := choice.Asked{District: r.District, Account: held.Who, Typed: r.Fields["new_password"], Current: now}
	if again, twice := r.Fields["new_password_again"]; twice {
		a.Again = &again
	}
	return a
}

// notCurrent says of a wrong password which of the two it is.
func notCurrent(err error) error {
	if p, ok := errors.AsType[*problem.Error](err); ok && p.Code == problem.NotProved {
		p.Fields = []problem.Field{password.NotCurrent("password")}
	}
	return err
}

// with adds to what is wrong with the password of now what is wrong with the new
// one by itself. Whether that was theirs before is said after the proof only.
func with(broken []problem.Field, err error) error {
	if p, ok := errors.AsType[*problem.Error](err); ok && len(p.Fields) > 0 {
		p.Fields = append(p.Fields, broken...)
	}
	return err
}

// change holds the new password to what it must be and sets it, proved by the
// session as it is; where a page was looked at meanwhile, by the session as it is
// now.
func (f Flow) change(ctx context.Context, r *gateway.Request, held *session.Held, current string) error {
	told := change.Told{Route: route, Agent: r.Agent, Network: r.Network.String(), Request: r.ID, Language: r.Language.Code}
	epoch := held.Who.State.Value.Epoch
	for range 3 {
		chosen, err := f.judge().Hear(ctx, asked(r, *held, current))
		if err != nil {
			return err
		}
		proof := change.Proof{Account: held.Who, Digest: held.Digest(), Session: held.Unchanged()}
		if err = f.maker().Make(ctx, proof, chosen, told); !errors.Is(err, change.ErrAgain) {
			return err
		}
		now, err := session.Of(ctx, f.Table, r, f.Now())
		if err != nil {
			return err
		}
		if *held = now; held.Who.State.Value.Epoch != epoch {
			break // what was compared may be another password by now
		}
	}
	return problem.New(problem.ChangedMeanwhile)
}
