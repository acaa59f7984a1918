package table

import (
	"context"
	"fmt"
	"time"
)

// Overdue tells for how long the oldest of what is due in the queues has been
// due; 0: nothing is. Of each queue it asks for one row. Rows are hints, so what
// was done this moment may still be told once.
func (s Store) Overdue(ctx context.Context, now time.Time, queues ...string) (oldest time.Duration, err error) {
	for _, queue := range queues {
		due, _, err := s.List(ctx, Range{Index: ByDue, Partition: queue, Until: now, Limit: 1})
		if err != nil {
			return 0, fmt.Errorf("list what is overdue: %w", err)
		}
		for _, item := range due {
			oldest = max(oldest, now.Sub(item.Due.At))
		}
	}
	return oldest, nil
}
