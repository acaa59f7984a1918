package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/change"
	"github.com/sparekey/sparekey/shared/choice"
	"github.com/sparekey/sparekey/shared/device"
	"github.com/sparekey/sparekey/shared/gateway"
	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
)

// mustChange gives who holds a password for one use a token for one change, ten
// minutes long. A new password that came along is set with it at once.
func (f Flow) mustChange(ctx context.Context, r *gateway.Request, who account.Account, known device.Known, current string) (gateway.Reply, error) {
	text, proof, err := f.issue(ctx, who)
	if err != nil {
		return gateway.Reply{}, err
	}
	chosen, given := r.Fields["new_password"]
	if !given {
		return f.toForm(r, text)
	}
	heard, err := f.judge().Hear(ctx, choice.Asked{District: r.District, Account: who, Typed: chosen, Current: current})
	if err != nil {
		return gateway.Reply{Page: signInPage(r, Form{})}, err
	}
	if verdict := proof.Token.Value.Judge(proof.Digest, proof.Living.Value, who, f.Now()); verdict != token.Good {
		return gateway.Reply{Page: signInPage(r, Form{})}, problem.New(problem.NotAllowed) // recovery is frozen
	}
	err = f.maker().Make(ctx, proof, heard, change.Told{
		Route: string(token.ForcedChange), Agent: r.Agent, Network: r.Network.String(), Request: r.ID, Language: r.Language.Code,
	})
	if errors.Is(err, change.ErrAgain) {
		err = problem.New(problem.ChangedMeanwhile)
	}
	if err != nil {
		return gateway.Reply{Page: signInPage(r, Form{})}, err
	}
	who.State.Value.Epoch++ // as the change has just done
	reply, err := f.start(ctx, r, who, known)
	if err != nil {
		return gateway.Reply{Page: signInPage(r, Form{})}, problem.New(problem.ChangeUnknown).Because(err) // "unavailable" would say that nothing was done
	}
	return reply, nil
}

func (f Flow) judge() choice.Judge {
	return choice.Judge{Table: f.Table, Credentials: f.Credentials, Pepper: f.Pepper, Hash: f.Hash}
}

func (f Flow) maker() change.Maker {
	return change.Maker{Store: f.Table, Password: f.Credentials, Sessions: f.Credentials, Now: f.Now}
}

// toForm tells a machine the token, and takes a person to the form.
func (f Flow) toForm(r *gateway.Request, text string) (gateway.Reply, error) {
	if !r.JSON() {
		return gateway.Reply{Status: http.StatusOK, Location: r.Link("r/" + text), Outcome: "must-change"}, nil
	}
	return gateway.Reply{}, problem.New(problem.MustChange).With("token", text)
}

// issue puts a forced-change token and makes it the living one.
func (f Flow) issue(ctx context.Context, who account.Account) (text string, proof change.Proof, err error) {
	now := f.Now()
	text, digest := token.Mint(f.Table.Rand)
	t := token.Token{
		District: who.District, Account: who.ID, Purpose: token.ForcedChange, Epoch: who.State.Value.Epoch,
		Made: now, Ends: now.Add(token.ForcedChangeLife),
	}
	var ops []table.Op
	err = f.Table.Update(ctx, []table.Key{token.LivingKey(who.District, who.ID, token.ForcedChange)}, func(items []table.Item) ([]table.Op, error) {
		living, err := table.As[token.Living](items[0])
		living.Value = token.Living{Digest: digest, Ends: t.Ends}
		living.Expires = t.Ends
		ops = []table.Op{t.Put(digest), living.Put()}
		return ops, err
	})
	if err != nil {
		return "", proof, problem.New(problem.Unavailable).Because(fmt.Errorf("issue token: %w", err))
	}
	proof = change.Proof{Account: who, Digest: digest}
	if proof.Token, err = table.As[token.Token](ops[0].Item); err == nil {
		proof.Living, err = table.As[token.Living](ops[1].Item)
	}
	return text, proof, err
}
