package host

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/runner"
)

// The order of the specification's example: with projects T, T, F, T, T the
// first two run together, the third waits for both, the last two for it.
func TestIsolationOrder(t *testing.T) {
	locks := newIsolation()
	ctx := context.Background()
	take := func(ticket string, full bool) <-chan func() {
		got, queued := make(chan func(), 1), make(chan struct{})
		go func() {
			release, err := locks.acquire(ctx, "m", runner.Ahead{Ticket: ticket, Title: ticket}, full, func([]string) { close(queued) })
			if err != nil {
				t.Error(err)
			}
			got <- release
		}()
		select { // until it holds the lock or waits for it
		case release := <-got:
			got <- release
		case <-queued:
		}
		return got
	}
	waits := func(name string, c <-chan func()) {
		t.Helper()
		select {
		case <-c:
			t.Fatalf("%s did not wait", name)
		default:
		}
	}
	a, b := take("a", false), take("b", false)
	releaseA, releaseB := <-a, <-b
	c, d, e := take("c", true), take("d", false), take("e", false)
	waits("c", c)
	releaseA()
	waits("c", c)
	releaseB()
	releaseC := <-c
	waits("d", d)
	waits("e", e)
	want := []runner.Ahead{{Ticket: "c", Title: "c"}, {Ticket: "d", Title: "d", Waits: true}}
	if diff := cmp.Diff(want, locks.ahead("e")); diff != "" || locks.ahead("c") != nil {
		t.Error(diff, locks.ahead("c"))
	}
	releaseC()
	(<-d)()
	(<-e)()
	if len(locks.locks) != 0 {
		t.Errorf("%d locks are left", len(locks.locks))
	}
}

func TestIsolationGivesUp(t *testing.T) {
	locks := newIsolation()
	release, err := locks.acquire(context.Background(), "m", runner.Ahead{Title: "a"}, true, func([]string) {})
	if err != nil {
		t.Fatal(err)
	}
	why := errors.New("canceled by hand")
	ctx, cancel := context.WithCancelCause(context.Background())
	_, err = locks.acquire(ctx, "m", runner.Ahead{Title: "b"}, true, func(holders []string) {
		if fmt.Sprint(holders) != "[a]" {
			t.Errorf("waits for %v", holders)
		}
		cancel(why)
	})
	if !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
	release()
	if _, err := locks.acquire(context.Background(), "m", runner.Ahead{Title: "c"}, true, func([]string) { t.Error("the lock is held by nobody") }); err != nil {
		t.Fatal(err)
	}
}

// Whatever the order, writers are alone and nobody is forgotten.
func TestIsolationExcludes(t *testing.T) {
	locks := newIsolation()
	var mu sync.Mutex
	readers, writers := 0, 0
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			full := rand.IntN(4) == 0
			ctx := context.Background()
			if rand.IntN(5) == 0 {
				var stop context.CancelFunc
				ctx, stop = context.WithTimeout(ctx, time.Duration(rand.IntN(1000))*time.Microsecond)
				defer stop()
			}
			release, err := locks.acquire(ctx, "m", runner.Ahead{Title: fmt.Sprint(i)}, full, func([]string) {})
			if err != nil {
				return
			}
			enter := func(by int) {
				mu.Lock()
				defer mu.Unlock()
				if full {
					writers += by
				} else {
					readers += by
				}
				if writers > 1 || writers == 1 && readers > 0 {
					t.Errorf("%d writers beside %d readers", writers, readers)
				}
			}
			enter(1)
			enter(-1)
			release()
		})
	}
	all.Wait()
	if len(locks.locks) != 0 {
		t.Errorf("%d locks are left", len(locks.locks))
	}
}
