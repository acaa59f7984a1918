package server

import (
	"context"

	"github.com/sparekey/sparekey/shared/mail"
	"github.com/sparekey/sparekey/shared/table"
)

// fed is a table that is elsewhere, and tells what is inserted through it, as the
// stream of the real one would.
type fed struct {
	table.Table
	tell func([]table.Key)
}

func (f fed) Write(ctx context.Context, ops ...table.Op) error {
	err := f.Table.Write(ctx, ops...)
	if err != nil {
		return err
	}
	var made []table.Key
	for _, op := range ops {
		if op.Act == table.Put && op.Was == "" {
			made = append(made, op.Item.Key)
		}
	}
	f.tell(made)
	return nil
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
