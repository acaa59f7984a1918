package server

import (
	"sync"
	"time"
)

// clock is the time in the local run: the real one, moved, or standing still.
type clock struct {
	mu     sync.Mutex
	ahead  time.Duration
	frozen time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *clock) now() time.Time {
	if !c.frozen.IsZero() {
		return c.frozen
	}
	return time.Now().UTC().Add(c.ahead)
}

// Set moves the clock to a moment; one that stands still goes on standing.
func (c *clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.frozen.IsZero() {
		c.frozen = t
		return
	}
	c.ahead = t.Sub(time.Now().UTC())
}

// Freeze lets the clock stand still, or go on from where it stands.
func (c *clock) Freeze(still bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	c.frozen = time.Time{}
	c.ahead = now.Sub(time.Now().UTC())
	if still {
		c.frozen = now
	}
}

// Frozen reports whether the clock stands still.
func (c *clock) Frozen() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.frozen.IsZero()
}
