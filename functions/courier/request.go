package courier

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/audit"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/outbox"
	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/request"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
)

// job is one request being worked on.
type job struct {
	row      table.Row[request.Request]
	district district.District
}

// request claims a request, works on it, and records what became of it, or when
// it is due again.
func (f Flow) request(ctx context.Context, key table.Key) error {
	row, err := claim(ctx, f, key, progressOfRequest)
	if err != nil {
		return err
	}
	j := &job{row: row}
	if err := f.work(ctx, j); err != nil {
		return errors.Join(err, putOff(ctx, f, row, progressOfRequest, err))
	}
	return nil
}

func progressOfRequest(r *request.Request) *outbox.Progress { return &r.Progress }

// work is the story of one claimed request.
func (f Flow) work(ctx context.Context, j *job) error {
	if outbox.Hopeless(j.row.Value.Asked, f.Now()) {
		return f.record(ctx, j, outbox.Failed, "")
	}
	var err error
	if j.district, err = f.district(ctx, j.row.Value.District); err != nil {
		return err
	}
	if j.row.Value.Plan.Outcome == "" {
		return f.first(ctx, j)
	}
	return f.again(ctx, j)
}

// first decides, pays and sends. Who loses the paying to another request of the
// same account decides again at once: that one's mail is a fact by now.
func (f Flow) first(ctx context.Context, j *job) error {
	var err error
	for range races {
		try := *j
		if err = f.attempt(ctx, &try); !lost(err) {
			return err
		}
	}
	return err
}

// races is how often a lost race is run again.
const races = 4

func (f Flow) attempt(ctx context.Context, j *job) error {
	found, err := f.facts(ctx, j)
	if err != nil {
		return err
	}
	d := decide(found)
	plan := &j.row.Value.Plan
	for _, who := range d.Accounts {
		plan.Accounts = append(plan.Accounts, who.ID)
	}
	if !d.mails() {
		return f.record(ctx, j, d.Outcome, "")
	}
	plan.Outcome, plan.Purpose, plan.Epoch = d.Outcome, d.Purpose, d.Accounts[0].State.Value.Epoch
	letter, err := f.pay(ctx, j, d.Accounts)
	if errors.Is(err, errOverBudget) {
		plan.Outcome = ""
		return f.record(ctx, j, outbox.OverBudget, "")
	}
	if err != nil {
		return err
	}
	return f.mail(ctx, j, letter)
}

// again sends what was decided and paid for before. Only the token is new,
// because nobody knows the old one any more; where its owner has used that, or
// something newer has taken its place, the mail did arrive and nothing is sent.
func (f Flow) again(ctx context.Context, j *job) error {
	plan := j.row.Value.Plan
	var people []account.Account
	for _, id := range plan.Accounts {
		who, err := account.Load(ctx, f.Table, j.row.Value.District, id)
		if err != nil {
			return err
		}
		people = append(people, who)
	}
	if err := f.slot(ctx); err != nil {
		return err
	}
	letter, err := f.renew(ctx, j, people)
	switch {
	case errors.Is(err, errOvertaken):
		return f.record(ctx, j, outbox.Sent, "")
	case errors.Is(err, errScattered):
		return f.record(ctx, j, outbox.NoMatch, "")
	}
	if err != nil {
		return err
	}
	return f.mail(ctx, j, letter)
}

// mail sends a letter and records what became of it.
func (f Flow) mail(ctx context.Context, j *job, letter letter) error {
	id, refused, err := f.send(ctx, letter)
	switch {
	case err != nil:
		return fmt.Errorf("send: %w", err)
	case refused:
		return f.recordRefused(ctx, j)
	}
	return f.record(ctx, j, j.row.Value.Plan.Outcome, id)
}

// recordRefused also puts back the link that was living before, if ours is still
// in its place. Where a newer one takes that place meanwhile, that one stays.
func (f Flow) recordRefused(ctx context.Context, j *job) error {
	restore, err := f.before(ctx, j)
	if err != nil {
		return err
	}
	if err = f.write(ctx, j, outbox.Refused, "", restore...); lost(err) && len(restore) > 0 {
		err = f.write(ctx, j, outbox.Refused, "")
	}
	return ignoreLost(err)
}

// before is the op that puts back what was living before this request.
func (f Flow) before(ctx context.Context, j *job) ([]table.Op, error) {
	plan := j.row.Value.Plan
	if plan.Purpose == "" {
		return nil, nil
	}
	items, err := f.Table.Get(ctx, token.LivingKey(j.row.Value.District, plan.Accounts[0], plan.Purpose))
	if err != nil {
		return nil, fmt.Errorf("read living: %w", err)
	}
	living, err := table.As[token.Living](items[0])
	switch {
	case err != nil || living.Value.Digest != plan.Digest:
		return nil, err
	case plan.Before.Digest == "":
		return []table.Op{living.Delete()}, nil
	}
	living.Value = plan.Before
	return []table.Op{living.Put()}, nil
}

// record ends a request; of one that somebody else works on by now, that one does.
func (f Flow) record(ctx context.Context, j *job, o outbox.Outcome, mailID string) error {
	return ignoreLost(f.write(ctx, j, o, mailID))
}

// write ends a request on its own claim's version: with the outcome, the audit
// entry of each account it was about, and without what was typed.
func (f Flow) write(ctx context.Context, j *job, o outbox.Outcome, mailID string, more ...table.Op) error {
	now := f.Now()
	r := &j.row.Value
	r.Progress = r.Done(o, mailID, now)
	r.Typed = request.Typed{}
	j.row.Due = table.Due{}
	ops := append([]table.Op{j.row.Put()}, more...)
	for _, id := range r.Plan.Accounts {
		ops = append(ops, f.entry(j, id, o, now).Put(f.Table.Rand))
	}
	if o == outbox.Failed {
		f.Log.ErrorContext(ctx, "failed", "district", r.District, "flow", r.Flow, "fault", r.LastWhat)
	}
	return f.insist(ctx, ops)
}

func (f Flow) entry(j *job, id string, o outbox.Outcome, now time.Time) audit.Entry {
	act := audit.LinkRefused
	switch {
	case o == outbox.Sent && j.row.Value.Plan.Purpose == "":
		act = audit.Explained
	case o == outbox.Sent || o == outbox.UsernamesSent || o == outbox.ActivationSent:
		act = audit.LinkMailed
	}
	return audit.Entry{
		At: now, District: j.row.Value.District, Account: id, Act: act, Actor: "anybody",
		Route: j.row.Value.Flow, Outcome: string(o), Request: referenceOf(j.row.Key),
	}
}

// insist asks again for a write that the table refuses for the moment: the mail
// has gone, and an outcome that is not recorded would send it again.
func (f Flow) insist(ctx context.Context, ops []table.Op) error {
	err := f.Table.Write(ctx, ops...)
	for try := 1; try < races && port.NotDone(err); try++ {
		err = f.Table.Write(ctx, ops...)
	}
	return err
}
