package embedded

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/port"
)

// Cognito's own figures, as it documents them.
const (
	shortest = 8 // characters; the pool's setting
	longest  = 256

	freeFailures = 5
	firstPause   = time.Second
	longestPause = 15 * time.Minute
	quiet        = 15 * time.Minute // without any attempt, and the failures are forgotten
)

// Credentials is a [credential.Store] in memory, which does what Cognito is
// documented to do. It is a stand-in: it keeps salted SHA-256 sums, so that a
// dump shows no password, but a fast hash is no way to keep real ones.
//
// Password bytes are compared as they come; NFC is the caller's business.
type Credentials struct {
	// TemporaryFor is how long a temporary password is good for.
	TemporaryFor time.Duration

	now      func() time.Time
	mu       sync.Mutex
	accounts map[string]*login
}

// login is one account as the store knows it.
type login struct {
	sum       [sha256.Size]byte
	sets      uint64 // how often a password was set: the salt's other half
	temporary bool
	ends      time.Time // of a temporary password
	disabled  bool
	signOuts  int

	failures int       // in a row
	paused   time.Time // until then nothing is compared
	last     time.Time // latest attempt, compared or not
}

var _ credential.Store = (*Credentials)(nil)

// NewCredentials returns an empty store that reads the time from now.
func NewCredentials(now func() time.Time) *Credentials {
	return &Credentials{
		TemporaryFor: 24 * time.Hour,
		now:          now,
		accounts:     map[string]*login{},
	}
}

// Check compares a password. What is missing or disabled has nothing to compare
// with, so there no tries are counted either and no stranger can fill the memory
// with invented accounts.
func (c *Credentials) Check(ctx context.Context, account, password string) (credential.Answer, error) {
	if err := over(ctx); err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.accounts[account]
	if l == nil || l.disabled {
		return credential.Wrong, nil
	}
	return l.try(l.sum == sum(account, l.sets, password), c.now()), nil
}

// try takes one attempt into account and answers it. An attempt within a pause
// does not lengthen it, but it is no quiet either.
func (l *login) try(right bool, now time.Time) credential.Answer {
	if now.Sub(l.last) >= quiet {
		l.failures = 0
	}
	l.last = now
	switch {
	case now.Before(l.paused):
		return credential.Paused
	case !right, l.temporary && !now.Before(l.ends):
		l.fail(now)
		return credential.Wrong
	}
	l.failures = 0
	if l.temporary {
		return credential.Temporary
	}
	return credential.Right
}

// fail counts a failure: the fifth in a row pauses for a second, and each
// further one for twice as long as the one before.
func (l *login) fail(now time.Time) {
	l.failures++
	if l.failures < freeFailures {
		return
	}
	pause := firstPause
	for range l.failures - freeFailures {
		pause = min(2*pause, longestPause)
	}
	l.paused = now.Add(pause)
}

// Set replaces the password, ends a pause and creates what is missing. A disabled
// account stays disabled.
func (c *Credentials) Set(ctx context.Context, account, password string, kind credential.Kind) error {
	if err := over(ctx); err != nil {
		return err
	}
	if !taken(password) {
		return credential.ErrPolicy
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.accounts[account]
	if l == nil {
		l = &login{}
		c.accounts[account] = l
	}
	l.sets++
	l.sum = sum(account, l.sets, password)
	l.temporary = kind == credential.ForOnce
	l.ends = c.now().Add(c.TemporaryFor)
	l.failures, l.paused = 0, time.Time{}
	return nil
}

// taken reports whether Cognito takes the password: by its length in characters,
// and by the pattern of its API, which wants something other than white space at
// both ends and no line break between.
func taken(password string) bool {
	n := utf8.RuneCountInString(password)
	return n >= shortest && n <= longest && utf8.ValidString(password) &&
		strings.TrimFunc(password, unicode.IsSpace) == password &&
		!strings.ContainsAny(password, "\n\r\u0085\u2028\u2029")
}

// SignOut counts the sign-out, for [Credentials.SignedOut].
func (c *Credentials) SignOut(ctx context.Context, account string) error {
	return c.change(ctx, account, func(l *login) { l.signOuts++ })
}

// Enable lets the account be checked again. An account that the store does not
// know has nothing to enable: nil. It will be enabled when it is set.
func (c *Credentials) Enable(ctx context.Context, account string) error {
	return c.change(ctx, account, func(l *login) { l.disabled = false })
}

// Disable makes every password wrong for the account. One that the store does not
// know has no password to refuse: nil, and nothing is remembered of it.
func (c *Credentials) Disable(ctx context.Context, account string) error {
	return c.change(ctx, account, func(l *login) { l.disabled = true })
}

func (c *Credentials) change(ctx context.Context, account string, do func(*login)) error {
	if err := over(ctx); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.accounts[account]; l != nil {
		do(l)
	}
	return nil
}

// SignedOut tells how often the account was signed out. It is not of the port: it
// is for tests.
func (c *Credentials) SignedOut(account string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.accounts[account]; l != nil {
		return l.signOuts
	}
	return 0
}

// Matches tells whether the account's password is this one, whatever its status,
// and counts no try. It is not of the port: it is for tests and invariants.
func (c *Credentials) Matches(account, password string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.accounts[account]
	return l != nil && l.sum == sum(account, l.sets, password)
}

// sum is what is kept of a password. Account and number salt it: two accounts
// with one password, or one password set twice, do not look alike, and still one
// run is like the next.
func sum(account string, number uint64, password string) [sha256.Size]byte {
	salt := binary.BigEndian.AppendUint64(nil, number)
	salt = binary.BigEndian.AppendUint64(salt, uint64(len(account)))
	return sha256.Sum256(append(append(salt, account...), password...))
}

// over refuses a call whose time is up before it began: it was not done.
func over(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", port.ErrUnavailable, err)
	}
	return nil
}
