package server

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/shared/credential"
	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/table"
)

// Backend is where things are kept; what is nil is kept in this process.
type Backend struct {
	Rows        table.Table
	Credentials credential.Store
	Mail        mail.Sender

	// Of Rows, and given with them: the key of every item that there is, what is new
	// on the table's stream, and when in any queue the next item is due, if one is.
	Keys    func(context.Context) ([]table.Key, error)
	Changes func(context.Context) ([]Change, error)
	NextDue func(context.Context) (at time.Time, owed bool, err error)

	About []string // what the banner tells of it
}

// Change is one record of the table's stream.
type Change struct {
	Event string // INSERT, MODIFY, REMOVE
	Key   table.Key
}

// matcher tells whether a password is an account's, and counts no try.
type matcher interface {
	Matches(account, password string) bool
}

// back takes the backends that were given, and makes those that were not. Of
// every mail that was taken, the inbox has a copy.
func (s *Server) back(b Backend) {
	s.mailbox, s.about = embedded.NewMailbox(s.clock.Now), b.About
	s.rows, s.keys, s.changes, s.nextDue = b.Rows, b.Keys, b.Changes, b.NextDue
	if s.rows == nil {
		m := &memory{Table: embedded.NewTable()}
		m.Feed = m.made
		s.rows, s.keys, s.changes, s.nextDue, s.sweep = m, m.keys, m.changes, m.nextDue, m.Sweep
	}
	s.credentials = cmp.Or[credential.Store](b.Credentials, embedded.NewCredentials(s.clock.Now))
	s.secrets, _ = s.credentials.(matcher)
	s.post = s.mailbox
	if b.Mail != nil {
		s.post = carbon{Sender: b.Mail, copy: s.mailbox}
	}
}

// memory is the table in this process, with its stream.
type memory struct {
	*embedded.Table
	mu  sync.Mutex
	new []Change
}

func (m *memory) made(keys []table.Key) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, key := range keys {
		m.new = append(m.new, Change{Event: "INSERT", Key: key})
	}
}

func (m *memory) changes(context.Context) ([]Change, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.new
	m.new = nil
	return all, nil
}

func (m *memory) keys(context.Context) (all []table.Key, err error) {
	for _, item := range m.Dump() {
		all = append(all, item.Key)
	}
	return all, nil
}

func (m *memory) nextDue(context.Context) (time.Time, bool, error) {
	at, owed := m.NextDue()
	return at, owed, nil
}

// carbon sends a mail and keeps a copy for the inbox.
type carbon struct {
	mail.Sender
	copy mail.Sender
}

func (c carbon) Send(ctx context.Context, m mail.Mail) (string, error) {
	id, err := c.Sender.Send(ctx, m)
	if err == nil {
		_, _ = c.copy.Send(ctx, m)
	}
	return id, err
}
