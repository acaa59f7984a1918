package history_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sparekey/sparekey/infra/embedded"
	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/history"
	"github.com/sparekey/sparekey/shared/pepper"
	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/table"
)

// shelf is one account's history, and how many hashes were made over it.
type shelf struct {
	*testing.T
	rows   *embedded.Table
	book   history.Book
	who    account.Account
	hashes int
}

func open(t *testing.T) *shelf {
	t.Helper()
	secret, err := pepper.Random(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := &shelf{T: t, rows: embedded.NewTable(), who: account.Account{District: "springfield", ID: "p-1"}}
	s.book = history.Book{Table: table.Store{Table: s.rows, Rand: rand.Reader}, Pepper: secret, Hash: func(secret string, salt []byte) []byte {
		s.hashes++
		sum := sha256.Sum256(append([]byte(secret), salt...))
		return sum[:]
	}}
	return s
}

func (s *shelf) look(keep int, password, current string) history.Seen {
	s.Helper()
	seen, err := s.book.Look(s.Context(), s.who, keep, password, current)
	if err != nil {
		s.Fatal(err)
	}
	return seen
}

func (s *shelf) record(mark history.Mark, sure bool) {
	s.Helper()
	key := history.Key(s.who.District, s.who.ID)
	err := s.book.Table.Update(s.Context(), []table.Key{key}, func(items []table.Item) ([]table.Op, error) {
		return history.Record(items[0], mark, sure)
	})
	if err != nil {
		s.Fatal(err)
	}
}

// set chooses a password and sets it.
func (s *shelf) set(keep int, passwords ...string) {
	s.Helper()
	for _, password := range passwords {
		s.record(s.look(keep, password, "").Mark, true)
	}
}

func (s *shelf) used(keep int, password string) bool {
	s.Helper()
	return s.look(keep, password, "").Used
}

func TestTheLastFewMayNotComeBack(t *testing.T) {
	t.Parallel()
	for _, keep := range []int{1, 2, 5, 24} {
		s := open(t)
		for i := range 30 {
			s.set(keep, fmt.Sprint("heron ", i))
		}
		for i := range 30 {
			if got, want := s.used(keep, fmt.Sprint("heron ", i)), i >= 30-keep; got != want {
				t.Errorf("of %d: the one %d before the last is used: %t", keep, 29-i, got)
			}
		}
		if s.used(keep, "HERON 29") || s.used(keep, "heron 29 ") {
			t.Error("another is taken for one of them")
		}
	}
}

func TestOneHashServesAll(t *testing.T) {
	t.Parallel()
	s := open(t)
	for i := range 24 {
		s.set(24, fmt.Sprint("heron ", i))
	}
	s.hashes = 0
	if !s.used(24, "heron 0") || s.hashes != 1 {
		t.Errorf("%d hashes", s.hashes)
	}
	s.hashes = 0
	if s.look(0, "heron 0", "").Used || s.hashes != 0 {
		t.Errorf("%d hashes where nothing is kept", s.hashes)
	}
}

func TestADistrictThatKeepsFewerForgets(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.set(5, "a", "b", "c", "d", "e")
	if s.used(2, "c") || !s.used(2, "d") {
		t.Error("the shorter history does not hold at once")
	}
	s.set(2, "f")
	if s.used(24, "d") {
		t.Error("what is not kept any more is still there")
	}
	s.set(0, "g")
	if n := len(s.rows.Dump()); n != 0 {
		t.Errorf("%d items are left where none is kept", n)
	}
	s.set(0, "h")
	if n := len(s.rows.Dump()); n != 0 {
		t.Errorf("%d items where none is kept", n)
	}
}

// Of a change without an answer nobody knows whether its password was set: its
// owner must be able to try it again, and once another has taken its place it may
// not come back.
func TestOfAChangeWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.set(3, "a", "b")
	s.record(s.look(3, "c", "").Mark, false)
	if s.used(3, "c") || !s.used(3, "b") {
		t.Error("it cannot be set again, or the one before is forgotten")
	}
	s.record(s.look(3, "d", "").Mark, false)
	s.set(3, "c")
	for password, want := range map[string]bool{"c": true, "d": true, "b": true, "a": false} {
		if got := s.used(3, password); got != want {
			t.Errorf("%s: used %t", password, got)
		}
	}
}

func TestThePasswordOfNowIsRememberedWhereItIsKnown(t *testing.T) {
	t.Parallel()
	for _, sure := range []bool{true, false} {
		s := open(t)
		seen := s.look(3, "new", "of now")
		if seen.Knows || s.hashes != 2 {
			t.Errorf("knows %t, %d hashes", seen.Knows, s.hashes)
		}
		s.record(seen.Mark, sure)
		if !s.used(3, "of now") || s.used(3, "new") != sure {
			t.Errorf("sure %t: of now %t, new %t", sure, s.used(3, "of now"), s.used(3, "new"))
		}
		s.hashes = 0
		if seen := s.look(3, "newer", "new"); !seen.Knows || s.hashes != 1 || seen.Mark.Before != "" {
			t.Errorf("the second time: %+v, %d hashes", seen, s.hashes)
		}
	}
}

func TestWhatIsStoredOpensNothing(t *testing.T) {
	t.Parallel()
	s, other := open(t), open(t)
	other.book.Pepper = s.book.Pepper
	s.set(5, "seven quiet herons", "purple kite river")
	other.set(5, "seven quiet herons")
	body := string(s.rows.Dump()[0].Body)
	if strings.Contains(body, "heron") || strings.Contains(body, "kite") {
		t.Errorf("it says %s", body)
	}
	mine, err := table.As[history.History](s.rows.Dump()[0])
	if err != nil {
		t.Fatal(err)
	}
	theirs, _ := table.As[history.History](other.rows.Dump()[0])
	if bytes.Equal(mine.Value.Salt, theirs.Value.Salt) || mine.Value.Sums[1] == theirs.Value.Sums[0] {
		t.Error("two people's sums of one password look alike")
	}
	slow := s.book.Hash("purple kite river", mine.Value.Salt)
	if strings.Contains(mine.Value.Sums[0], fmt.Sprintf("%x", slow)) {
		t.Error("it can be guessed without the pepper")
	}
}

func TestAHistoryOfOtherHashesBeginsAnew(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.set(3, "a")
	key := history.Key(s.who.District, s.who.ID)
	_, _, err := table.Amend(t.Context(), s.book.Table, key, func(row *table.Row[history.History]) bool {
		row.Value.Recipe = "md5"
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	if s.look(3, "a", "").Knows {
		t.Error("it knows what it cannot ask")
	}
	s.set(3, "b")
	if !s.used(3, "b") || s.used(3, "a") {
		t.Error("the new one does not take its place")
	}
}

func TestATableOutOfReachIsNoAnswer(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.book.Table.Table = broken{s.rows}
	if _, err := s.book.Look(t.Context(), s.who, 3, "a", ""); !errors.Is(err, port.ErrUnavailable) {
		t.Error(err)
	}
	if _, err := s.book.Look(t.Context(), s.who, 0, "a", ""); err != nil {
		t.Errorf("asked where nothing is kept: %v", err)
	}
}

type broken struct{ table.Table }

func (broken) Get(context.Context, ...table.Key) ([]table.Item, error) {
	return nil, port.ErrUnavailable
}
