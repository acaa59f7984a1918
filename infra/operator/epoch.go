package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/table"
)

// raiseEpochs raises every account's epoch, once for each cause. Without -yes it
// counts.
func raiseEpochs(set *flag.FlagSet) func(context.Context, desk, []string) error {
	cause := set.String("cause", "", "a name for this restore, the same when the command is given again")
	workers := set.Int("workers", 32, "how many accounts at the same time")
	yes := set.Bool("yes", false, "do it; else only count")
	return func(ctx context.Context, d desk, _ []string) error {
		if *cause == "" || *workers < 1 {
			return errors.New("epoch raise needs a -cause, such as restore-2026-11-25, and -workers of 1 or more")
		}
		tally := &tally{}
		raise := func(slug, id string) error {
			if !*yes {
				return nil
			}
			return patiently(ctx, func() error {
				done, err := account.Raise(ctx, d.store, slug, id, *cause)
				if done {
					tally.raised.Add(1)
				}
				return err
			})
		}
		err := forEach(ctx, *workers, d.accounts, func(key table.Key) {
			slug, id, _ := strings.Cut(strings.TrimPrefix(key.PK, accountPrefix), "#")
			tally.accounts.Add(1)
			if err := raise(slug, id); err != nil {
				tally.failed(err)
			}
		})
		return errors.Join(err, tally.end(d, *yes))
	}
}

type tally struct {
	accounts, raised, failures atomic.Int64
	first                      sync.Once
	why                        error
}

func (t *tally) failed(err error) {
	t.failures.Add(1)
	t.first.Do(func() { t.why = err })
}

func (t *tally) end(d desk, yes bool) error {
	accounts, raised, failures := t.accounts.Load(), t.raised.Load(), t.failures.Load()
	if !yes {
		d.say("%d accounts; nothing was changed: say -yes", accounts)
		return nil
	}
	d.say("%d accounts: %d raised now, %d before, %d failed", accounts, raised, accounts-raised-failures, failures)
	if failures > 0 {
		return fmt.Errorf("give the same command again, it goes on where it is needed; the first failure: %w", t.why)
	}
	return nil
}

const accountPrefix = "ACCOUNT#"

// accounts hands over the key of every account's STATE. This is the one Scan there
// is, and why there is one: no index lists accounts, because no function may ask who
// is there; here every account has to be touched, by a person, on a table that
// nothing else uses yet. So it reads consistently, and leaves nobody out.
func (d desk) accounts(ctx context.Context, found chan<- table.Key) error {
	pages := sdk.NewScanPaginator(sdk.New(sdk.Options{
		Region: d.rows.Region, Credentials: d.rows.Credentials, BaseEndpoint: optional(d.rows.Endpoint),
	}), &sdk.ScanInput{
		TableName: aws.String(d.rows.Table), ConsistentRead: aws.Bool(true),
		ProjectionExpression: aws.String("PK, SK"),
		FilterExpression:     aws.String("begins_with(PK, :account) AND SK = :state"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":account": &types.AttributeValueMemberS{Value: accountPrefix},
			":state":   &types.AttributeValueMemberS{Value: account.StateKey("", "").SK},
		},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list accounts: %w", err)
		}
		for _, item := range page.Items {
			key, _ := item["PK"].(*types.AttributeValueMemberS)
			found <- table.Key{PK: key.Value}
		}
	}
	return nil
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// forEach lets so many workers take what list finds.
func forEach(ctx context.Context, workers int, list func(context.Context, chan<- table.Key) error, do func(table.Key)) error {
	found := make(chan table.Key, workers)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for key := range found {
				do(key)
			}
		})
	}
	err := list(ctx, found)
	close(found)
	group.Wait()
	return err
}

// patiently goes on where the table is busy: a restored one is not warm yet. Raising
// twice for one cause is once, so an answer that was lost is asked for again too.
func patiently(ctx context.Context, do func() error) error {
	for wait := 250 * time.Millisecond; ; wait *= 2 {
		err := do()
		again := port.NotDone(err) || errors.Is(err, port.ErrUnknown)
		if err == nil || !again || wait > 8*time.Second || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}
