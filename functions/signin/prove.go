package signin

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/session"
	"github.com/sparekey/sparekey/shared/typed"
)

func (f Flow) proveForm(ctx context.Context, r *gateway.Request) (gateway.Reply, error) {
	held, reply, err := f.signedIn(ctx, r)
	if err != nil {
		return reply, err
	}
	return gateway.Reply{Status: http.StatusOK, Page: held.Page(r, "prove", held.Who.Profile.Value.Username)}, nil
}

// prove asks whoever is signed in for the password again, gives them a new session
// in place of the one they hold, and takes them back to where they were.
func (f Flow) prove(ctx context.Context, r *gateway.Request) (gateway.Reply, error) {
	held, reply, err := f.signedIn(ctx, r)
	if err != nil {
		return reply, err
	}
	again := func() gateway.Reply {
		return gateway.Reply{Page: held.Page(r, "prove", held.Who.Profile.Value.Username)}
	}
	if err := r.Fields.Only("password"); err != nil {
		return again(), err
	}
	var faults typed.Faults
	secret := current(&faults, r.Fields["password"])
	if err := faults.Err(); err != nil {
		return again(), err
	}
	if err := f.compare(ctx, r, &held, secret); is(err, problem.NotSignedIn) {
		return refused(r, err), err
	} else if err != nil {
		return again(), err
	}
	text, err := held.Renew(ctx, f.Table, r)
	if err != nil {
		return again(), err
	}
	return gateway.Reply{
		Status: http.StatusOK, JSON: Started{Session: text}, Location: r.Link(held.Session().Place.Path()),
		Cookie: []*http.Cookie{session.Cookie(r, text)}, Outcome: "proved",
	}, nil
}

// compare compares the owner's password once a try of their session is taken; the
// last wrong one ends the session. What was not compared costs none.
func (f Flow) compare(ctx context.Context, r *gateway.Request, held *session.Held, secret string) error {
	if err := held.Try(ctx, f.Table); err != nil {
		return err
	}
	answer, err := credential.Compare(ctx, f.Credentials, held.Who.ID, secret)
	if err == nil && answer == credential.Paused {
		err = problem.New(problem.Busy).Saying("sign-in.paused").After(longestPause)
	}
	switch {
	case err != nil:
		held.GiveBack(ctx, f.Table)
		return err
	case answer != credential.Right:
		return held.Wrong(ctx, f.Table, r)
	}
	return nil
}

func is(err error, code problem.Code) bool {
	p, ok := errors.AsType[*problem.Error](err)
	return ok && p.Code == code
}

// wire is a moment as a machine reads it.
func wire(t time.Time) string { return t.UTC().Format(time.RFC3339) }
