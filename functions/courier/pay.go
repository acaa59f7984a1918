package courier

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/budget"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/outbox"
	"github.com/sparekey/sparekey/shared/request"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
)

// A letter is composed once it is paid for: it holds the only copy of a token.
type letter func() (mail.Mail, error)

var (
	errOverBudget = errors.New("over budget")
	errOvertaken  = errors.New("overtaken")
	errScattered  = errors.New("scattered")
)

// pay puts the token, moves the living pointer, pays the budgets and notes all
// of it in the request, in one Write, provided that the account is as it was
// when the decision was made. Losing that Write costs nothing: the request is
// due again and decided anew.
func (f Flow) pay(ctx context.Context, j *job, people []account.Account) (letter, error) {
	owner, now := people[0], f.Now()
	kind := kindOf(j.row.Value.Plan)
	address := f.Pepper.Digest("address", account.FoldAddress(owner.Address()))
	payer := owner.ID
	if kind == "usernames" {
		payer = "family-" + address // a mail about several is the family's, whoever comes first
	}
	items, err := f.Table.Get(ctx,
		budget.AccountKey(owner.District, payer, kind), budget.DestinationKey(address),
		token.LivingKey(owner.District, owner.ID, j.row.Value.Plan.Purpose))
	if err != nil {
		return nil, fmt.Errorf("read budget: %w", err)
	}
	forAccount, ok, err := budget.Spend(items[0], budget.PerAccount, now)
	if err != nil {
		return nil, err
	}
	forAddress, also, err := budget.Spend(items[1], budget.PerDestination, now)
	if err != nil {
		return nil, err
	}
	if !ok || !also {
		return nil, errOverBudget
	}
	if err := f.slot(ctx); err != nil {
		return nil, err
	}
	ops := []table.Op{forAccount, forAddress}
	for _, who := range people {
		ops = append(ops, who.Profile.Check(), who.State.Check())
	}
	return f.commit(ctx, j, people, items[2], ops)
}

// renew is pay for a request that has paid: it mints a new token in place of the
// request's own, as long as that is the living one, unused and of this epoch.
func (f Flow) renew(ctx context.Context, j *job, people []account.Account) (letter, error) {
	plan, owner := j.row.Value.Plan, people[0]
	if plan.Outcome == outbox.UsernamesSent {
		if people = stillTogether(plan, people); len(people) == 0 {
			return nil, errScattered
		}
		j.row.Value.Plan.Accounts = nil
		for _, who := range people {
			j.row.Value.Plan.Accounts = append(j.row.Value.Plan.Accounts, who.ID)
		}
	}
	if plan.Purpose == "" {
		return f.compose(j, people, secrets{}), nil
	}
	items, err := f.Table.Get(ctx, token.LivingKey(owner.District, owner.ID, plan.Purpose), token.Key(plan.Digest))
	if err != nil {
		return nil, fmt.Errorf("read token: %w", err)
	}
	living, err := table.As[token.Living](items[0])
	if err != nil {
		return nil, err
	}
	own, err := table.As[token.Token](items[1])
	if err != nil {
		return nil, err
	}
	if own.Value.Used || owner.State.Value.Epoch != plan.Epoch || living.Value.Digest != plan.Digest {
		return nil, errOvertaken
	}
	return f.commit(ctx, j, people, items[0], []table.Op{owner.Profile.Check(), owner.State.Check(), own.Check()})
}

// stillTogether is who may still be listed in a mail of usernames that goes late:
// an account whose address is another's by now is nobody's business there. As
// long as the first is of its epoch, its address is the one that was asked for;
// if it is not, nobody knows that address any more.
func stillTogether(plan request.Plan, people []account.Account) []account.Account {
	first := people[0]
	if first.State.Value.Epoch != plan.Epoch {
		return nil
	}
	var still []account.Account
	for _, who := range people {
		if who.Live() && account.SameAddress(who.Address(), first.Address()) {
			still = append(still, who)
		}
	}
	return still
}

// commit writes what pay and renew have in common. After it the row of the job
// is as it is stored.
func (f Flow) commit(ctx context.Context, j *job, people []account.Account, living table.Item, ops []table.Op) (letter, error) {
	s, more, err := f.mint(j, people[0], living)
	if err != nil {
		return nil, err
	}
	j.row.Value.Typed = request.Typed{} // decided: what was typed is needed no more
	ops = append([]table.Op{j.row.Put()}, append(ops, more...)...)
	if err := f.Table.Write(ctx, ops...); err != nil {
		return nil, fmt.Errorf("pay: %w", err)
	}
	j.row, err = table.As[request.Request](ops[0].Item)
	return f.compose(j, people, s), err
}

// secrets are what a mail carries and nobody else knows.
type secrets struct {
	link, code, notMe string
	ends              time.Time
}

// mint makes the secrets of a mail with a link, and the ops that store what may
// be stored of them.
func (f Flow) mint(j *job, owner account.Account, item table.Item) (s secrets, ops []table.Op, err error) {
	plan := &j.row.Value.Plan
	if plan.Purpose == "" {
		return s, nil, nil
	}
	living, err := table.As[token.Living](item)
	if err != nil {
		return s, nil, err
	}
	now := f.Now()
	s.ends = now.Add(lifeOf(plan.Purpose, j.district))
	var digest, notMe string
	s.link, digest = token.Mint(f.Table.Rand)
	s.notMe, notMe = token.Mint(f.Table.Rand)
	s.code = token.MintCode(f.Table.Rand)
	if plan.Digest == "" {
		plan.Before = living.Value
	}
	plan.Digest = digest
	living.Value = token.Living{Digest: digest, Ends: s.ends}
	living.Expires = s.ends
	made := token.Token{
		District: owner.District, Account: owner.ID, Purpose: plan.Purpose, Epoch: owner.State.Value.Epoch,
		Made: now, Ends: s.ends, Code: token.SealCode(f.Pepper, digest, s.code), Request: referenceOf(j.row.Key),
	}
	disown := token.Token{
		District: owner.District, Account: owner.ID, Purpose: token.NotMe, Made: now, Ends: now.Add(token.NotMeLife),
		About: token.About{Kind: token.AboutRequest, Link: digest}, Request: referenceOf(j.row.Key),
	}
	return s, []table.Op{made.Put(digest), disown.Put(notMe), living.Put()}, nil
}

func lifeOf(p token.Purpose, d district.District) time.Duration {
	if p == token.Activation {
		return token.ActivationLife
	}
	return d.LinkLife()
}

// compose makes the letter that the plan says, to the owner's address on file.
func (f Flow) compose(j *job, people []account.Account, s secrets) letter {
	plan, owner := j.row.Value.Plan, people[0]
	write := letters{Site: f.Site, Words: f.Words}
	e := envelope{
		District: j.district, Language: j.row.Value.Language, To: owner.Address(), Now: f.Now(),
		ID: fmt.Sprintf("%s.%d", strings.ToLower(referenceOf(j.row.Key)), j.row.Value.Tries),
	}
	username := owner.Profile.Value.Username
	return func() (mail.Mail, error) {
		switch kindOf(plan) {
		case "reset":
			return write.reset(e, username, s.link, s.code, s.notMe, s.ends)
		case "activation":
			return write.activation(e, username, s.link, s.code, s.notMe, s.ends)
		case "usernames":
			return write.usernames(e, list(people))
		}
		return write.elsewhere(e, username, owner.Profile.Value.Elsewhere)
	}
}

func kindOf(p request.Plan) string {
	switch {
	case p.Purpose != "":
		return string(p.Purpose)
	case p.Outcome == "usernames-sent":
		return "usernames"
	}
	return "elsewhere"
}

func list(people []account.Account) []listed {
	var all []listed
	for _, who := range people {
		p := who.Profile.Value
		entry := listed{Username: p.Username, Role: p.Role}
		if p.Role == district.Student {
			entry.Name = p.Brief()
		}
		all = append(all, entry)
	}
	return all
}

func referenceOf(key table.Key) string { return strings.TrimPrefix(key.PK, "REQUEST#") }
