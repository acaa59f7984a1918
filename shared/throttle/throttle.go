// Package throttle bounds what comes from one network: asks and wrong proofs.
//
// A school is one address to the world, so the bound is loose; what protects an
// account is package tries. It promises to look at nothing but the caller's
// network, so it says the same whoever is asked about, and says it before
// anything is hashed.
package throttle

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/sparekey/sparekey/shared/problem"
	"github.com/sparekey/sparekey/shared/table"
)

// The bound (design 8).
const (
	Most   = 300
	Window = 10 * time.Minute
)

// Take counts one ask or proof, or refuses it.
func Take(ctx context.Context, t table.Table, from netip.Prefix, now time.Time) error {
	sum, err := t.Count(ctx, key(from, now), 1, expiry(now))
	if err != nil {
		return problem.New(problem.Unavailable).Because(fmt.Errorf("count network: %w", err))
	}
	if sum > Most {
		return problem.New(problem.TooManyRequests).After(now.Truncate(Window).Add(Window).Sub(now))
	}
	return nil
}

// GiveBack takes a right proof off the count. That it may fail harms nobody.
func GiveBack(ctx context.Context, t table.Table, from netip.Prefix, now time.Time) {
	_, _ = t.Count(ctx, key(from, now), -1, expiry(now))
}

func key(from netip.Prefix, now time.Time) table.Key {
	return table.K("COUNT", "network", from.Addr().String(), strconv.FormatInt(now.Truncate(Window).Unix(), 10))
}

func expiry(now time.Time) time.Time { return now.Truncate(Window).Add(2 * Window) }
