package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sparekey/sparekey/infra/dynamo"
	"github.com/sparekey/sparekey/infra/dynamo/dynamotest"
	"github.com/sparekey/sparekey/shared/account"
	"github.com/sparekey/sparekey/shared/district"
	"github.com/sparekey/sparekey/shared/table"
	"github.com/sparekey/sparekey/shared/token"
)

// anybody is whom an emulator lets in.
func anybody(name string) (string, bool) {
	return "anybody", strings.HasPrefix(name, "AWS_") && name != "AWS_SESSION_TOKEN"
}

// office is a table, and the operator in front of it.
type office struct {
	t      *testing.T
	config dynamo.Config
	store  table.Store
}

func open(t *testing.T) office {
	t.Helper()
	config := dynamotest.Config(t)
	return office{t, config, table.Store{Table: dynamo.Open(config), Rand: rand.Reader}}
}

func (o office) give(command string, args ...string) (string, error) {
	o.t.Helper()
	var out bytes.Buffer
	all := append(strings.Fields(command), "-table", o.config.Table, "-endpoint", o.config.Endpoint)
	err := run(o.t.Context(), append(all, args...), anybody, &out)
	return out.String(), err
}

func (o office) must(says, command string, args ...string) {
	o.t.Helper()
	if out, err := o.give(command, args...); err != nil || !strings.Contains(out, says) {
		o.t.Fatalf("%s %q: %q, %v; want %q", command, args, out, err, says)
	}
}

func TestTheFirstDistrictAndItsFirstAccount(t *testing.T) {
	o := open(t)
	who := []string{"-district", "springfield", "-username", "first.parent", "-email", "parent@example.org", "-role", "guardian"}
	if _, err := o.give("account put", who...); err == nil || !strings.Contains(err.Error(), "no such district") {
		t.Fatalf("an account without a district: %v", err)
	}
	o.must("springfield: in force everywhere", "district put", example)
	o.must("springfield: in force already", "district put", example)
	o.must("not activated", "account put", who...)
	found, err := account.Find(t.Context(), o.store, "springfield", "First.Parent")
	if err != nil || !found.Live() || found.State.Value.Activated || found.Address() != "parent@example.org" {
		t.Errorf("found %+v, %v", found, err)
	}
}

// TestAnAccountIsCorrected puts one twice, and then with what was wrong put right.
func TestAnAccountIsCorrected(t *testing.T) {
	o := open(t)
	o.must("in force", "district put", example)
	put := func(says, email string, more ...string) account.Account {
		t.Helper()
		args := []string{"-district", "springfield", "-username", "first.parent", "-role", "guardian", "-email", email}
		o.must(says, "account put", append(args, more...)...)
		who, err := account.Find(t.Context(), o.store, "springfield", "first.parent")
		if err != nil {
			t.Fatal(err)
		}
		return who
	}
	sharing := func(address string) int {
		t.Helper()
		ids, err := account.Sharing(t.Context(), o.store, "springfield", address)
		if err != nil {
			t.Fatal(err)
		}
		return len(ids)
	}
	first := put("not activated", "wrong@example.org", "-first", "Maria")
	again := put("is as you say; its links go to wrong@example.org", "wrong@example.org", "-first", "Maria")
	if again.ID != first.ID || again.Profile.Version != first.Profile.Version || again.State.Version != first.State.Version {
		t.Errorf("the same again is %+v, and was %+v", again, first)
	}
	right := put("links go to right@example.org", "right@example.org")
	if right.ID != first.ID || right.Profile.Value.First != "Maria" || right.State.Value.Epoch != first.State.Value.Epoch+1 {
		t.Errorf("corrected, it is %+v", right)
	}
	if sharing("wrong@example.org") != 0 || sharing("right@example.org") != 1 {
		t.Error("the addresses are not found as they are")
	}
	_, err := o.give("account put", "-district", "springfield", "-username", "First.Parent", "-role", "staff", "-email", "right@example.org")
	if !errors.Is(err, account.ErrTaken) {
		t.Errorf("the same name in another role: %v", err)
	}
	disable := func(p *account.Profile, _ *account.State) { p.Status = account.Disabled }
	if err := account.Amend(t.Context(), o.store, "springfield", first.ID, disable); err != nil {
		t.Fatal(err)
	}
	if off := put("it is disabled", "right@example.org"); off.Live() {
		t.Error("a disabled account was put back by hand")
	}
}

const example = "../../docs/district.example.json"

// TestAFlowIsSwitchedOff does as the pages for an alarm say: get, edit, put.
func TestAFlowIsSwitchedOff(t *testing.T) {
	o := open(t)
	o.must("  forgot-username: off\n", "district put", example)
	in := func() district.District {
		t.Helper()
		directory := &district.Directory{Table: o.store, Now: time.Now}
		d, err := directory.Find(t.Context(), "springfield")
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	edited := func(name, from, to string) string {
		t.Helper()
		text, err := o.give("district get", "springfield")
		if err != nil || !strings.Contains(text, from) {
			t.Fatalf("%q is not in %s, %v", from, text, err)
		}
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(strings.Replace(text, from, to, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	same := edited("same", "student", "student")
	o.must("in force already", "district put", same)
	stale := edited("stale", "555-0100", "555-0199")
	off := edited("off", `"forgot-password": [`, `"forgot-username": ["staff"], "no": [`)
	if _, err := o.give("district put", off); err == nil || !strings.Contains(err.Error(), `no "no"`) {
		t.Fatalf("a flow that is none: %v", err)
	}
	off = edited("off", "\"forgot-password\": [\n      \"student\",\n      \"guardian\",\n      \"staff\"\n    ],", "")
	o.must("  forgot-password: off\n", "district put", off)
	if d := in(); d.Offers(district.ForgotPassword) || !d.Allows(district.SignIn, district.Staff) {
		t.Errorf("flows are %v", d.Flows)
	}
	o.must("in force already", "district put", off)
	for _, old := range []string{stale, same, example} {
		if _, err := o.give("district put", old); !errors.Is(err, errStale) {
			t.Errorf("%s undid it: %v", old, err)
		}
	}
	if d := in(); d.Offers(district.ForgotPassword) || d.Phone != "555-0100" {
		t.Errorf("an old file is in force: %+v", d)
	}
	if _, err := o.give("district put", edited("other", `"slug": "springfield"`, `"slug": "shelbyville"`)); !errors.Is(err, district.ErrUnknown) {
		t.Errorf("a version of another district: %v", err)
	}
	if _, err := o.give("district get", "shelbyville"); !errors.Is(err, district.ErrUnknown) {
		t.Errorf("settings of a district that is not there: %v", err)
	}
}

func TestADistrictWithAFaultChangesNothing(t *testing.T) {
	o := open(t)
	o.must("in force", "district put", example)
	file := filepath.Join(t.TempDir(), "faulty.json")
	if err := os.WriteFile(file, []byte(`{"slug":"springfield","name":"Other","mail_from":"a@example.org","link_minutes":90}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := o.give("district put", file); err == nil {
		t.Error("links of 90 minutes were let through")
	}
	directory := &district.Directory{Table: o.store, Now: time.Now}
	if d, err := directory.Find(t.Context(), "springfield"); err != nil || d.Name != "Springfield Public Schools" {
		t.Errorf("%q, %v", d.Name, err)
	}
}

// TestARestoredTableHasNothingThatOpensADoor puts back what a backup would: a link
// that was used since, unused.
func TestARestoredTableHasNothingThatOpensADoor(t *testing.T) {
	o := open(t)
	now := time.Now()
	const accounts = 150 // more than the workers
	living := token.Living{Digest: "d", Ends: now.Add(time.Minute)}
	link := func(id string, epoch int) token.Token {
		return token.Token{District: "springfield", Account: id, Purpose: token.Reset, Epoch: epoch, Ends: living.Ends}
	}
	for i := range accounts {
		id := fmt.Sprintf("A%d", i)
		profile := account.Profile{Username: "user" + id, Address: id + "@example.org", Role: district.Guardian, Status: account.Active}
		state := account.State{Status: account.Active, Epoch: i % 3, Activated: true}
		if err := account.Create(t.Context(), o.store, []string{"springfield", "shelbyville"}[i%2], id, profile, state); err != nil {
			t.Fatal(err)
		}
	}
	judge := func(i, raised int) {
		t.Helper()
		id, slug := fmt.Sprintf("A%d", i), []string{"springfield", "shelbyville"}[i%2]
		who, err := account.Load(t.Context(), o.store, slug, id)
		if err != nil {
			t.Fatal(err)
		}
		if got := who.State.Value.Epoch; got != i%3+raised || !who.State.Value.Activated || !who.Live() {
			t.Fatalf("%s: epoch %d, want %d: %+v", id, got, i%3+raised, who.State.Value)
		}
		old := link(id, i%3)
		old.District = slug
		want := token.Good
		if raised > 0 {
			want = token.Replaced
		}
		if verdict := old.Judge("d", living, who, now); verdict != want {
			t.Fatalf("%s: a link from before is %q, want %q", id, verdict, want)
		}
	}
	all := func(raised int) {
		t.Helper()
		for i := range accounts {
			judge(i, raised)
		}
	}
	all(0)
	o.must("150 accounts; nothing was changed", "epoch raise", "-cause", "a")
	all(0)
	// It died after some accounts: given again, it raises the others.
	for i := range 40 {
		if done, err := account.Raise(t.Context(), o.store, []string{"springfield", "shelbyville"}[i%2], fmt.Sprintf("A%d", i), "a"); err != nil || !done {
			t.Fatal(done, err)
		}
	}
	o.must("150 accounts: 110 raised now, 40 before, 0 failed", "epoch raise", "-cause", "a", "-yes")
	all(1)
	o.must("150 accounts: 0 raised now, 150 before, 0 failed", "epoch raise", "-cause", "a", "-yes")
	all(1)
	o.must("150 accounts: 150 raised now", "epoch raise", "-cause", "b", "-yes", "-workers", "3")
	all(2)
}

func TestWhatCouldNotBeRaisedIsSaid(t *testing.T) {
	o := open(t)
	profile := account.Profile{Username: "one", Address: "one@example.org", Role: district.Guardian, Status: account.Active}
	if err := account.Create(t.Context(), o.store, "springfield", "A1", profile, account.State{Status: account.Active}); err != nil {
		t.Fatal(err)
	}
	broken := table.Item{Key: account.StateKey("springfield", "A2"), Version: "1", Body: []byte(`{"epoch":"many"}`)}
	if err := o.store.Write(t.Context(), table.Op{Act: table.Put, Item: broken}); err != nil {
		t.Fatal(err)
	}
	out, err := o.give("epoch raise", "-cause", "a", "-yes")
	if err == nil || !strings.Contains(out, "2 accounts: 1 raised now, 0 before, 1 failed") {
		t.Errorf("%q, %v", out, err)
	}
}
