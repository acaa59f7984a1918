package server

import (
	"context"
	"fmt"
	"time"
)

// Run fires the schedules as the clock passes their moments, until ctx ends and
// nothing goes on any more.
func (s *Server) Run(ctx context.Context) {
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			s.behind.Wait()
			return
		case <-every.C:
			if !s.clock.Frozen() {
				s.catchUp(s.clock.Now())
			}
		}
	}
}

// catchUp fires each minute that has passed; of many missed at once the last.
func (s *Server) catchUp(now time.Time) {
	s.ticking.Lock()
	defer s.ticking.Unlock()
	if minute := now.Truncate(time.Minute); minute.After(s.ticked) {
		s.tick(minute)
	}
}

// tick runs what is scheduled for a minute, and then the feed.
func (s *Server) tick(minute time.Time) {
	s.ticked = minute
	for _, f := range s.template.Functions {
		if f.Every > 0 && minute.Truncate(f.Every).Equal(minute) {
			_ = s.fire(f.Folder)
		}
	}
	s.feed()
}

// fire runs a scheduled function now.
func (s *Server) fire(name string) error {
	f, ok := s.functions[name]
	if !ok || f.run == nil {
		return fmt.Errorf("%q is no scheduled function", name)
	}
	s.invoke(context.Background(), func(ctx context.Context) {
		if err := f.run(ctx); err != nil {
			s.log.ErrorContext(ctx, "schedule", "function", name, "cause", err.Error())
		}
	})
	return nil
}

// advance moves the clock, stopping at the first minute after each moment at
// which something falls due, and returns when all of it has run.
func (s *Server) advance(ctx context.Context, by time.Duration) error {
	s.ticking.Lock()
	defer s.ticking.Unlock()
	s.feed()
	target := s.clock.Now().Add(by)
	still := s.clock.Frozen()
	s.clock.Freeze(true)
	defer s.clock.Freeze(still)
	for {
		at, owed, err := s.nextMinute(ctx)
		if err != nil {
			return err
		}
		if !owed || at.After(target) {
			break
		}
		s.clock.Set(at)
		s.tick(at)
	}
	s.clock.Set(target)
	s.ticked = target.Truncate(time.Minute)
	if s.sweep != nil {
		s.sweep(target.Add(-48 * time.Hour)) // the broom comes late, as on AWS
	}
	return nil
}

// nextMinute is the first schedule after the next moment at which something is
// due, and after the last one that ran; false if nothing is owed at all.
func (s *Server) nextMinute(ctx context.Context) (minute time.Time, owed bool, err error) {
	due, owed, err := s.nextDue(ctx)
	minute = due.Add(time.Minute - 1).Truncate(time.Minute)
	if after := s.ticked.Add(time.Minute); minute.Before(after) {
		minute = after
	}
	return minute, owed, err
}
