package credentialtest

import (
	"context"
	"fmt"
	"sync"

	"github.com/sparekey/sparekey/shared/credential"
)

// racers is how many set one password at once: few enough that finding out whose
// it is takes less than five wrong tries.
const racers = 4

// manyAtOnce lets several set the password of an account that the store has not
// heard of, all at the same time. One of them is the last; nobody can say which.
func manyAtOnce(b bench) {
	var all sync.WaitGroup
	for i := range racers {
		all.Go(func() { b.race(racerPassword(i)) })
	}
	all.Wait()
	right := 0
	for i := range racers {
		got, err := b.store.Check(context.Background(), ada, racerPassword(i))
		if err != nil {
			b.Fatal(err)
		}
		if got == credential.Right {
			right++
		}
	}
	if right != 1 {
		b.Errorf("%d of the passwords are right, want 1", right)
	}
}

func racerPassword(i int) string { return fmt.Sprintf("password-number-%d", i) }

// race is everything at once. It runs outside the test's goroutine, so it may not
// end the test.
func (b bench) race(password string) {
	ctx := context.Background()
	if err := b.store.Set(ctx, ada, password, credential.Permanent); err != nil {
		b.Errorf("Set: %v", err)
	}
	if answer, err := b.store.Check(ctx, bob, password); err != nil || answer != credential.Wrong {
		b.Errorf("Check of an account that does not exist = %s, %v", answer, err)
	}
	for _, act := range []func(context.Context, string) error{b.store.SignOut, b.store.Enable, b.store.SignOut} {
		if err := act(ctx, ada); err != nil {
			b.Error(err)
		}
	}
}
