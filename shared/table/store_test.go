package table_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/table"
)

// staged is a table whose writes go as the play says, one line for each write;
// after the last they go by themselves.
type staged struct {
	table.Table
	play   []func(do func() error) error
	writes [][]table.Op
	gets   int
}

func (s *staged) Write(ctx context.Context, ops ...table.Op) error {
	s.writes = append(s.writes, slices.Clone(ops))
	do := func() error { return s.Table.Write(ctx, ops...) }
	if len(s.play) == 0 {
		return do()
	}
	line := s.play[0]
	s.play = s.play[1:]
	return line(do)
}

func (s *staged) Get(ctx context.Context, keys ...table.Key) ([]table.Item, error) {
	s.gets++
	return s.Table.Get(ctx, keys...)
}

func says(err error) func(func() error) error {
	return func(func() error) error { return err }
}

// loses does the write and loses the reply.
func loses(do func() error) error {
	if err := do(); err != nil {
		return err
	}
	return port.ErrUnknown
}

func stage(play ...func(func() error) error) (*staged, table.Store) {
	s := &staged{Table: embedded.NewTable(), play: play}
	return s, table.Store{Table: s, Rand: rand.NewChaCha8([32]byte{1})}
}

var here = table.K("ACCOUNT", "a").At("STATE")

func put(k table.Key, was string) table.Op {
	return table.Op{Act: table.Put, Item: table.Item{Key: k, Body: []byte(`{}`)}, Was: was}
}

func TestAWriteWithoutAReplyIsAskedForAgainUnderTheSameNonce(t *testing.T) {
	lost := says(port.ErrUnknown)
	for name, play := range map[string][]func(func() error) error{
		"done and lost":          {loses},
		"lost before it arrived": {lost, lost, lost},
		"lost, then throttled":   {loses, says(port.ErrThrottled)},
		"lost, then unavailable": {lost, says(port.ErrUnavailable), loses},
	} {
		t.Run(name, func(t *testing.T) {
			s, store := stage(play...)
			if err := store.Write(t.Context(), put(here, ""), put(here.At("other"), "")); err != nil {
				t.Fatal(err)
			}
			if got, want := len(s.writes), len(play)+1; got != want {
				t.Errorf("got %d writes, want %d", got, want)
			}
			nonce := s.writes[0][0].Item.Version
			for _, ops := range s.writes {
				for _, op := range ops {
					if op.Item.Version != nonce || len(nonce) != 32 {
						t.Errorf("got the nonce %q, want %q everywhere", op.Item.Version, nonce)
					}
				}
			}
		})
	}
}

func TestAWriteGivesUpWithWhatIsKnown(t *testing.T) {
	lost, throttled, unavailable := says(port.ErrUnknown), says(port.ErrThrottled), says(port.ErrUnavailable)
	taken := &table.Changed{}
	for name, c := range map[string]struct {
		play   []func(func() error) error
		want   error
		writes int
	}{
		"a silent table":                         {[]func(func() error) error{lost, lost, lost, lost}, port.ErrUnknown, 4},
		"in doubt, then never done":              {[]func(func() error) error{lost, throttled, unavailable, throttled}, port.ErrUnknown, 4},
		"not done is not repeated":               {[]func(func() error) error{throttled}, port.ErrThrottled, 1},
		"not reached is not repeated":            {[]func(func() error) error{unavailable}, port.ErrUnavailable, 1},
		"a lost race is not repeated":            {[]func(func() error) error{says(taken)}, taken, 1},
		"in doubt, then something else is there": {[]func(func() error) error{lost, says(taken)}, taken, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s, store := stage(c.play...)
			err := store.Write(t.Context(), put(here, ""))
			if !errors.Is(err, c.want) || len(s.writes) != c.writes {
				t.Errorf("got %v after %d writes, want %v after %d", err, len(s.writes), c.want, c.writes)
			}
			if errors.Is(c.want, port.ErrUnknown) && port.NotDone(err) {
				t.Errorf("got %v, which calls not done what is in doubt", err)
			}
		})
	}
}

func TestAWriteWhoseTimeIsUpIsNotRepeated(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s, store := stage(func(func() error) error { cancel(); return port.ErrUnknown })
	if err := store.Write(ctx, put(here, "")); !errors.Is(err, port.ErrUnknown) || len(s.writes) != 1 {
		t.Errorf("got %v after %d writes, want ErrUnknown after one", err, len(s.writes))
	}
}

func TestEachWriteHasANonceOfItsOwn(t *testing.T) {
	s, store := stage()
	for _, sk := range []string{"1", "2", "3"} {
		if err := store.Write(t.Context(), put(here.At(sk), "")); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]bool{}
	for _, ops := range s.writes {
		seen[ops[0].Item.Version] = true
	}
	if len(seen) != 3 {
		t.Errorf("got %d nonces, want 3", len(seen))
	}
}

func TestWithoutRandomnessNothingIsWritten(t *testing.T) {
	store := table.Store{Table: embedded.NewTable(), Rand: strings.NewReader("too short")}
	defer func() {
		if recover() == nil {
			t.Error("got a nonce out of nothing")
		}
	}()
	_ = store.Write(t.Context(), put(here, ""))
}

// rival lets somebody else write between the reading and the writing.
func rival(s *staged, times int) func([]table.Item) {
	return func(items []table.Item) {
		if times > 0 {
			op := put(here, items[0].Version)
			op.Item.Version = strings.Repeat("r", times)
			times--
			_ = s.Table.Write(context.Background(), op)
		}
	}
}

func TestTheLoserOfARaceDecidesAgainWithTheItemsAsTheyAre(t *testing.T) {
	s, store := stage()
	other := here.At("OTHER")
	interfere := rival(s, 2)
	var seen []string
	err := store.Update(t.Context(), []table.Key{other, here}, func(items []table.Item) ([]table.Op, error) {
		if items[0].Key != other || items[1].Key != here {
			t.Errorf("got %v, want the order of the keys", items)
		}
		seen = append(seen, items[1].Version)
		interfere(items[1:])
		return []table.Op{put(here, items[1].Version)}, nil
	})
	if want := []string{"", "rr", "r"}; err != nil || !slices.Equal(seen, want) {
		t.Errorf("got %q, %v; want %q", seen, err, want)
	}
	if s.gets != 1 {
		t.Errorf("got %d reads, want one: the rest is handed over", s.gets)
	}
}

func TestTheLoserReadsAgainWhatNobodyHandedOver(t *testing.T) {
	s, store := stage(says(&table.Changed{}))
	decided := 0
	err := store.Update(t.Context(), []table.Key{here}, func(items []table.Item) ([]table.Op, error) {
		decided++
		return []table.Op{put(here, items[0].Version)}, nil
	})
	if err != nil || decided != 2 || s.gets != 2 {
		t.Errorf("got %v after %d decisions on %d reads, want two and two", err, decided, s.gets)
	}
}

func TestAnUpdateThatAlwaysLosesGivesUp(t *testing.T) {
	s, store := stage()
	decided, interfere := 0, rival(s, 1000)
	err := store.Update(t.Context(), []table.Key{here}, func(items []table.Item) ([]table.Op, error) {
		decided++
		interfere(items)
		return []table.Op{put(here, items[0].Version)}, nil
	})
	var changed *table.Changed
	if !errors.As(err, &changed) || decided != 4 {
		t.Errorf("got %v after %d decisions, want *Changed after 4", err, decided)
	}
}

func TestAnUpdateThatWinsWithoutAReplyDecidesOnce(t *testing.T) {
	s, store := stage(loses)
	decided := 0
	err := store.Update(t.Context(), []table.Key{here}, func(items []table.Item) ([]table.Op, error) {
		decided++
		return []table.Op{put(here, items[0].Version)}, nil
	})
	if err != nil || decided != 1 || len(s.writes) != 2 {
		t.Errorf("got %v after %d decisions and %d writes, want one and two", err, decided, len(s.writes))
	}
}

func TestADecisionMayDecline(t *testing.T) {
	s, store := stage()
	for _, want := range []error{nil, io.ErrUnexpectedEOF} {
		got := store.Update(t.Context(), []table.Key{here}, func([]table.Item) ([]table.Op, error) { return nil, want })
		if got != want || len(s.writes) != 0 { //nolint:errorlint // it is returned as it is
			t.Errorf("got %v after %d writes, want %v after none", got, len(s.writes), want)
		}
	}
}

func TestAnUpdateThatCannotReadWritesNothing(t *testing.T) {
	s, store := stage()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := store.Update(ctx, []table.Key{here}, func([]table.Item) ([]table.Op, error) {
		t.Error("decided on nothing")
		return nil, nil
	})
	if !port.NotDone(err) || len(s.writes) != 0 {
		t.Errorf("got %v after %d writes, want not done", err, len(s.writes))
	}
}
