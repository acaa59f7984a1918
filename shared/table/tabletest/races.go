package tabletest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sparekey/sparekey/shared/port"
	"github.com/sparekey/sparekey/shared/table"
)

var repeats = map[string]promise{
	"the same put again is done already":                                      repeatsPut,
	"the same put again, overwritten meanwhile, is a lost race":               repeatsOverwritten,
	"the same transaction again is done already":                              repeatsTransaction,
	"a transaction again is known by its own item, whatever became of others": repeatsByOwnItem,
	"a transaction again whose deletes are done is done already":              repeatsDeletes,
	"a repeated write leaves alone what somebody else wrote since":            repeatsLeaveAlone,
}

var races = map[string]promise{
	"of 32 who make an item one wins":                 oneMaker,
	"of 32 who replace an item one wins":              oneReplacer,
	"of 32 transactions on the same items one wins":   oneTransaction,
	"no change is lost between writers who try again": noneLost,
	"any sequence of writes ends as it does on paper": asOnPaper,
}

func repeatsPut(t *testing.T, tab table.Table) {
	key := table.K("TOKEN", "a")
	for range 3 {
		write(t, tab, put(key, "1", ""))
	}
	for range 3 {
		write(t, tab, put(key, "2", "1"))
	}
	wantVersion(t, tab, key, "2")
}

func repeatsOverwritten(t *testing.T, tab table.Table) {
	key := table.K("TOKEN", "a")
	write(t, tab, put(key, "1", ""))
	write(t, tab, put(key, "2", "1"))
	wantChanged(t, tab.Write(t.Context(), put(key, "1", "")), map[table.Key]string{key: "2"})
}

func repeatsTransaction(t *testing.T, tab table.Table) {
	a, b := table.K("TOKEN", "a"), table.K("ACCOUNT", "b")
	write(t, tab, put(b, "old", ""))
	for range 3 {
		write(t, tab, put(a, "n", ""), put(b, "n", "old"))
	}
}

// The token is nobody else's, the state is everybody's: the state's version says
// that the race was lost, the token's that it had been won before.
func repeatsByOwnItem(t *testing.T, tab table.Table) {
	token, state, gone := table.K("TOKEN", "a"), table.K("ACCOUNT", "b").At("STATE"), table.K("ACCOUNT", "b").At("CHANGE")
	write(t, tab, put(state, "s0", ""), put(gone, "g0", ""))
	ops := []table.Op{put(state, "n", "s0"), drop(gone, "g0"), put(token, "n", "")}
	write(t, tab, ops...)
	write(t, tab, put(state, "s2", "n"))
	write(t, tab, ops...)
	wantVersion(t, tab, state, "s2")
	wantVersion(t, tab, token, "n")
	wantVersion(t, tab, gone, "")
}

func repeatsDeletes(t *testing.T, tab table.Table) {
	a, b := table.K("ACCOUNT", "a").At("CHANGE"), table.K("AUDIT", "a").At("1")
	write(t, tab, put(a, "lease", ""))
	for range 3 {
		write(t, tab, drop(a, "lease"), put(b, "n", ""))
	}
	wantVersion(t, tab, a, "")
}

func repeatsLeaveAlone(t *testing.T, tab table.Table) {
	a, b := table.K("AUDIT", "a").At("1"), table.K("ACCOUNT", "b").At("LIVING")
	ops := []table.Op{put(a, "n", ""), put(b, "n", "")}
	write(t, tab, ops...)
	write(t, tab, drop(b, "n"))
	write(t, tab, ops...)
	wantVersion(t, tab, b, "")
}

// contest lets 32 write at once and demands one winner; a loser is told of the
// race, or that it was not done.
func contest(t *testing.T, tab table.Table, ops func(version string) []table.Op) (winner string) {
	t.Helper()
	errs := make([]error, 32)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { errs[i] = tab.Write(t.Context(), ops(fmt.Sprint("v", i))...) })
	}
	all.Wait()
	for i, err := range errs {
		var changed *table.Changed
		switch {
		case err == nil && winner == "":
			winner = fmt.Sprint("v", i)
		case err == nil:
			t.Errorf("v%d won as well as %s", i, winner)
		case !errors.As(err, &changed) && !port.NotDone(err):
			t.Errorf("v%d: got %v, want a lost race", i, err)
		}
	}
	return winner
}

func oneMaker(t *testing.T, tab table.Table) {
	key := table.K("TOKEN", "a")
	winner := contest(t, tab, func(v string) []table.Op { return []table.Op{put(key, v, "")} })
	wantVersion(t, tab, key, winner)
}

func oneReplacer(t *testing.T, tab table.Table) {
	key := table.K("TOKEN", "a")
	write(t, tab, put(key, "1", ""))
	winner := contest(t, tab, func(v string) []table.Op { return []table.Op{put(key, v, "1")} })
	wantVersion(t, tab, key, winner)
}

func oneTransaction(t *testing.T, tab table.Table) {
	a, b, c := table.K("TOKEN", "a"), table.K("ACCOUNT", "b"), table.K("ACCOUNT", "c")
	write(t, tab, put(a, "1", ""), put(c, "1", ""))
	winner := contest(t, tab, func(v string) []table.Op {
		ops := []table.Op{put(a, v, "1"), put(b, v, ""), check(c, "1")}
		rand.New(rand.NewPCG(1, uint64(len(v)))).Shuffle(len(ops), func(i, j int) { ops[i], ops[j] = ops[j], ops[i] })
		return ops
	})
	wantVersion(t, tab, a, winner)
	wantVersion(t, tab, b, winner)
}

// noneLost adds to a number in a body from eight sides, as flows do: read,
// decide, write if unchanged, else again.
func noneLost(t *testing.T, tab table.Table) {
	key := table.K("TRIES", "a")
	var all sync.WaitGroup
	var done atomic.Int64
	for i := range 8 {
		all.Go(func() {
			for step := range 5 {
				if increment(t, tab, key, fmt.Sprintf("v%d-%d", i, step)) {
					done.Add(1)
				}
			}
		})
	}
	all.Wait()
	row, err := table.As[tally](get(t, tab, key))
	if err != nil || row.Value.N != done.Load() || done.Load() != 40 {
		t.Errorf("got %d, %v; want %d of 40 that were done", row.Value.N, err, done.Load())
	}
}

type tally struct {
	N int64 `json:"n"`
}

func increment(t *testing.T, tab table.Table, key table.Key, version string) bool {
	t.Helper()
	for try := range 1000 {
		items, err := tab.Get(t.Context(), key)
		if err != nil {
			continue
		}
		row, err := table.As[tally](items[0])
		if err != nil {
			t.Error(err)
			return false
		}
		row.Value.N++
		row.Version = fmt.Sprint(version, "-", try)
		if tab.Write(t.Context(), row.Put()) == nil {
			return true
		}
	}
	return false
}

// asOnPaper writes at random over a few keys and compares each outcome with a
// map of versions.
func asOnPaper(t *testing.T, tab table.Table) {
	dice := rand.New(rand.NewPCG(1, 2))
	paper := map[table.Key]string{}
	for step := range 250 {
		ops := roll(dice, paper, step)
		wrong := map[table.Key]string{}
		for _, op := range ops {
			if op.Was != paper[op.Item.Key] {
				wrong[op.Item.Key] = paper[op.Item.Key]
			}
		}
		err := tab.Write(t.Context(), ops...)
		if len(wrong) > 0 {
			wantChanged(t, err, wrong)
			continue
		}
		if err != nil {
			t.Fatalf("step %d: %v", step, err)
		}
		note(paper, ops)
	}
	for key, version := range paper {
		wantVersion(t, tab, key, version)
	}
}

// roll makes one to four ops; most of them know the version, some do not.
func roll(dice *rand.Rand, paper map[table.Key]string, step int) []table.Op {
	var ops []table.Op
	for _, k := range dice.Perm(6)[:1+dice.IntN(4)] {
		key := table.K("KIND", fmt.Sprint(k/2)).At(fmt.Sprint(k % 2))
		was := paper[key]
		if dice.IntN(8) == 0 {
			was = fmt.Sprint("v", dice.IntN(step+1))
		}
		act := table.Act(dice.IntN(3))
		op := table.Op{Act: act, Item: table.Item{Key: key}, Was: was}
		if act == table.Put {
			op = put(key, fmt.Sprint("v", step), was)
		}
		ops = append(ops, op)
	}
	return ops
}

func note(paper map[table.Key]string, ops []table.Op) {
	for _, op := range ops {
		switch op.Act {
		case table.Put:
			paper[op.Item.Key] = op.Item.Version
		case table.Delete:
			paper[op.Item.Key] = ""
		case table.Check:
		}
	}
}
