package tabletest

import (
	"fmt"
	"testing"

	"github.com/sparekey/sparekey/shared/table"
)

var writes = map[string]promise{
	"a put on absent makes the item, once":                           putsOnAbsent,
	"a put on a version replaces the item":                           putsOnVersion,
	"a stale put changes nothing and is told what is there":          putsStale,
	"a put on a version of an absent item is told that it is absent": putsOnGone,
	"a put takes the place of all that was there":                    putsWhole,
	"a delete needs the version":                                     deletes,
	"a delete of what must be absent demands just that":              deletesAbsent,
	"a check demands and does nothing":                               checks,
	"what is deleted can be made again":                              makesAgain,
	"items of one partition are as separate as those of two":         separates,
}

var transactions = map[string]promise{
	"all ops are done":                          doesAll,
	"one op that fails undoes the others":       doesNone,
	"every item in the way is handed over":      handsOverAll,
	"a transaction may hold nothing but checks": checksMany,
	"a hundred ops are one transaction":         doesHundred,
}

func putsOnAbsent(t *testing.T, tab table.Table) {
	key := table.K("TOKEN", "a")
	write(t, tab, put(key, "1", ""))
	wantChanged(t, tab.Write(t.Context(), put(key, "2", "")), map[table.Key]string{key: "1"})
	wantItem(t, get(t, tab, key), put(key, "1", "").Item)
}

func putsOnVersion(t *testing.T, tab table.Table) {
	key := table.K("TOKEN", "a")
	write(t, tab, put(key, "1", ""))
	write(t, tab, put(key, "2", "1"))
	wantItem(t, get(t, tab, key), put(key, "2", "").Item)
}

func putsStale(t *testing.T, tab table.Table) {
	key := table.K("TOKEN", "a")
	write(t, tab, put(key, "1", ""))
	write(t, tab, put(key, "2", "1"))
	err := tab.Write(t.Context(), put(key, "3", "1"))
	wantChanged(t, err, map[table.Key]string{key: "2"})
	wantVersion(t, tab, key, "2")
}

func putsOnGone(t *testing.T, tab table.Table) {
	key := table.K("TOKEN", "a")
	wantChanged(t, tab.Write(t.Context(), put(key, "2", "1")), map[table.Key]string{key: ""})
	wantVersion(t, tab, key, "")
}

func putsWhole(t *testing.T, tab table.Table) {
	full := put(table.K("REQUEST", "a"), "1", "")
	full.Item.Due = table.Due{Queue: "REQUEST", At: noon}
	full.Item.By = table.Key{PK: "DAY", SK: "a"}
	full.Item.Expires = noon
	write(t, tab, full)
	bare := table.Op{Act: table.Put, Item: table.Item{Key: full.Item.Key, Version: "2"}, Was: "1"}
	write(t, tab, bare)
	wantItem(t, get(t, tab, full.Item.Key), bare.Item)
}

func deletes(t *testing.T, tab table.Table) {
	key := table.K("TOKEN", "a")
	write(t, tab, put(key, "1", ""))
	wantChanged(t, tab.Write(t.Context(), drop(key, "0")), map[table.Key]string{key: "1"})
	wantChanged(t, tab.Write(t.Context(), drop(key, "")), map[table.Key]string{key: "1"})
	wantVersion(t, tab, key, "1")
	write(t, tab, drop(key, "1"))
	wantVersion(t, tab, key, "")
	wantChanged(t, tab.Write(t.Context(), drop(key, "1")), map[table.Key]string{key: ""})
}

func deletesAbsent(t *testing.T, tab table.Table) {
	key := table.K("TOKEN", "a")
	write(t, tab, drop(key, ""))
	write(t, tab, drop(key, ""), put(key.At("b"), "1", ""))
	wantVersion(t, tab, key, "")
}

func checks(t *testing.T, tab table.Table) {
	key := table.K("TOKEN", "a")
	write(t, tab, check(key, ""))
	wantChanged(t, tab.Write(t.Context(), check(key, "1")), map[table.Key]string{key: ""})
	write(t, tab, put(key, "1", ""))
	write(t, tab, check(key, "1"))
	wantChanged(t, tab.Write(t.Context(), check(key, "")), map[table.Key]string{key: "1"})
	wantChanged(t, tab.Write(t.Context(), check(key, "2")), map[table.Key]string{key: "1"})
	wantItem(t, get(t, tab, key), put(key, "1", "").Item)
}

func makesAgain(t *testing.T, tab table.Table) {
	key := table.K("ACCOUNT", "a").At("CHANGE")
	for i := range 3 {
		version := fmt.Sprint("v", i)
		write(t, tab, put(key, version, ""))
		write(t, tab, drop(key, version), check(key.At("STATE"), ""))
	}
	wantVersion(t, tab, key, "")
}

func separates(t *testing.T, tab table.Table) {
	key := table.K("ACCOUNT", "a")
	write(t, tab, put(key.At("PROFILE"), "p", ""), put(key.At("STATE"), "s", ""))
	write(t, tab, put(key.At("STATE"), "s2", "s"))
	write(t, tab, drop(key.At("PROFILE"), "p"))
	wantVersion(t, tab, key.At("PROFILE"), "")
	wantVersion(t, tab, key.At("STATE"), "s2")
}

func doesAll(t *testing.T, tab table.Table) {
	a, b, c, d := table.K("TOKEN", "a"), table.K("TOKEN", "b"), table.K("ACCOUNT", "c"), table.K("ACCOUNT", "d")
	write(t, tab, put(a, "a1", ""), put(b, "b1", ""), put(c, "c1", ""))
	write(t, tab, put(a, "2", "a1"), drop(b, "b1"), check(c, "c1"), put(d, "2", ""))
	for key, version := range map[table.Key]string{a: "2", b: "", c: "c1", d: "2"} {
		wantVersion(t, tab, key, version)
	}
}

func doesNone(t *testing.T, tab table.Table) {
	a, b, c, d := table.K("TOKEN", "a"), table.K("TOKEN", "b"), table.K("ACCOUNT", "c"), table.K("ACCOUNT", "d")
	write(t, tab, put(a, "a1", ""), put(b, "b1", ""))
	good := []table.Op{put(a, "2", "a1"), drop(b, "b1"), put(d, "2", "")}
	for what, bad := range map[string]table.Op{"put": put(c, "2", "1"), "delete": drop(c, "1"), "check": check(c, "1")} {
		for at := range len(good) + 1 {
			ops := append(append(append([]table.Op{}, good[:at]...), bad), good[at:]...)
			t.Logf("%s at %d", what, at)
			wantChanged(t, tab.Write(t.Context(), ops...), map[table.Key]string{c: ""})
		}
	}
	for key, version := range map[table.Key]string{a: "a1", b: "b1", c: "", d: ""} {
		wantVersion(t, tab, key, version)
	}
}

func handsOverAll(t *testing.T, tab table.Table) {
	a, b, c, d := table.K("TOKEN", "a"), table.K("TOKEN", "b"), table.K("ACCOUNT", "c"), table.K("ACCOUNT", "d")
	write(t, tab, put(a, "a1", ""), put(b, "b1", ""), put(c, "c1", ""))
	err := tab.Write(t.Context(), put(a, "2", "old"), drop(b, "b1"), check(c, "old"), drop(d, "old"))
	wantChanged(t, err, map[table.Key]string{a: "a1", c: "c1", d: ""})
}

func checksMany(t *testing.T, tab table.Table) {
	a, b := table.K("TOKEN", "a"), table.K("TOKEN", "b")
	write(t, tab, put(a, "1", ""))
	write(t, tab, check(a, "1"), check(b, ""))
	wantChanged(t, tab.Write(t.Context(), check(a, "1"), check(b, "1")), map[table.Key]string{b: ""})
}

func doesHundred(t *testing.T, tab table.Table) {
	ops := make([]table.Op, 100)
	for i := range ops {
		ops[i] = put(table.K("ROSTER", fmt.Sprint(i)), "1", "")
	}
	write(t, tab, ops...)
	wantVersion(t, tab, ops[0].Item.Key, "1")
	wantVersion(t, tab, ops[99].Item.Key, "1")
}
