package credentialtest

import (
	"time"

	"github.com/sparekey/sparekey/shared/credential"
)

// fail takes n wrong tries at ada's password, all of which are compared.
func (b bench) fail(n int) {
	b.Helper()
	for range n {
		b.check(ada, other, credential.Wrong)
	}
}

func fivePause(b bench) {
	b.set(ada, first, credential.Permanent)
	b.set(bob, first, credential.Permanent)
	b.fail(5)
	b.check(ada, other, credential.Paused)
	b.check(ada, first, credential.Paused) // right, but not compared
	b.check(bob, first, credential.Right)  // nobody else's business
	b.advance(time.Second)
	b.check(ada, first, credential.Right)
}

func pauseDoubles(b bench) {
	b.set(ada, first, credential.Permanent)
	b.fail(4)
	for pause := time.Second; pause < time.Hour; pause *= 2 {
		b.fail(1)
		now := min(pause, 15*time.Minute)
		b.advance(now - time.Millisecond)
		b.check(ada, first, credential.Paused)
		b.advance(time.Millisecond)
	}
	b.check(ada, first, credential.Right)
}

func pauseNotLengthened(b bench) {
	b.set(ada, first, credential.Permanent)
	b.fail(5)
	for range 10 {
		b.check(ada, other, credential.Paused)
	}
	b.advance(time.Second)
	b.fail(1) // compared again; and only the sixth failure, which pauses for 2 s
	b.advance(2 * time.Second)
	b.check(ada, first, credential.Right)
}

func rightForgets(b bench) {
	b.set(ada, first, credential.Permanent)
	for range 3 {
		b.fail(4)
		b.check(ada, first, credential.Right)
	}
	b.fail(5)
	b.advance(time.Second)
	b.check(ada, first, credential.Right)
	b.fail(5) // five again, not one
	b.check(ada, first, credential.Paused)
}

func quietForgets(b bench) {
	b.set(ada, first, credential.Permanent)
	b.fail(5)
	b.advance(15 * time.Minute)
	b.fail(5)
	b.check(ada, first, credential.Paused)
}

func setEndsPause(b bench) {
	b.set(ada, first, credential.Permanent)
	b.fail(5)
	b.check(ada, first, credential.Paused)
	b.set(ada, first, credential.Permanent)
	b.check(ada, first, credential.Right)
	b.fail(4)
	b.check(ada, first, credential.Right)
}
