package task

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/store"
)

// yard is a queue whose tasks have names of one letter.
type yard struct {
	*testing.T
	q   *Queue
	ids map[string]string // name → id
}

func newYard(t *testing.T, nodes map[string]int) *yard {
	y := &yard{T: t, q: NewQueue(open(t), Options{}), ids: map[string]string{}}
	for name, limit := range nodes {
		if err := y.q.Join(t.Context(), name, limit); err != nil {
			t.Fatal(err)
		}
	}
	return y
}

func (y *yard) add(names string, adjust ...func(*New)) {
	y.Helper()
	for _, name := range strings.Fields(names) {
		n := New{Name: name}
		for _, f := range adjust {
			f(&n)
		}
		y.ids[name] = must[*Task](y)(y.q.Enqueue(y.Context(), n)).ID
	}
}

// claim takes what a node may run and gives the names.
func (y *yard) claim(node string) string {
	y.Helper()
	var names []string
	for _, t := range must[[]*Task](y)(y.q.Claim(y.Context(), node, time.Minute)) {
		names = append(names, t.Name)
	}
	return strings.Join(names, " ")
}

// end ends a run of a task that a node has.
func (y *yard) end(name string, o Outcome) {
	y.Helper()
	t := must[*Task](y)(y.q.Get(y.Context(), y.ids[name]))
	x := &Execution{Task: *t, q: y.q, mask: newMasks(), stop: func(error) {}}
	if err := x.Save(y.Context(), Save{Outcome: &o}); err != nil {
		y.Fatalf("%s: %v", name, err)
	}
}

// why gives what is said to somebody who asks why a task waits, and behind what.
func (y *yard) why(name string) (sentences, behind string) {
	y.Helper()
	w := must[Why](y)(y.q.WhyWaiting(y.Context(), y.ids[name]))
	var names []string
	for _, id := range w.Behind {
		for n, i := range y.ids {
			if i == id {
				names = append(names, n)
			}
		}
	}
	return strings.Join(w.Sentences, " "), strings.Join(names, " ")
}

func (y *yard) check(err error) {
	y.Helper()
	if err != nil {
		y.Fatal(err)
	}
}

var (
	tagged   = func(tag string) func(*New) { return func(n *New) { n.Tag = tag } }
	within   = func(space string) func(*New) { return func(n *New) { n.SpaceID = space } }
	of       = func(project string) func(*New) { return func(n *New) { n.ProjectID = project } }
	urgently = func(n *New) { n.Class = Priority }
	lightly  = func(n *New) { n.Light = true }
)

// TestQueueRules goes through the rules of the queue one by one, as the store
// applies them.
func TestQueueRules(t *testing.T) {
	one := map[string]int{"n": 3}
	for _, tt := range []struct {
		rule  string
		nodes map[string]int
		run   func(y *yard)
	}{
		{"one task per tag, in order, and others pass it", one, func(y *yard) {
			y.add("a b", tagged("x"))
			y.add("c")
			y.is(y.claim("n"), "a c")
			y.says("b", y.ids["a"]+", which runs under the same concurrency tag (x)", "a")
			y.end("a", Outcome{Act: Succeed})
			y.is(y.claim("n"), "b")
		}},
		{"a paused task gives its tag away", one, func(y *yard) {
			y.add("a b", tagged("x"))
			y.claim("n")
			y.end("a", Outcome{Pause: &Pause{Why: "It waits for somebody to answer."}})
			y.is(y.claim("n"), "b")
			// Woken, it waits for the tag like any other.
			y.check(y.q.journal.Do(y.Context(), func(tx *store.Tx) error { return y.q.Signal(tx, y.ids["a"], Event{Kind: EventAnswer}) }))
			y.is(y.claim("n"), "")
			y.says("a", "same concurrency tag", "b")
			y.end("b", Outcome{Act: Succeed})
			y.is(y.claim("n"), "a")
		}},
		{"a paused task that blocks others keeps its tag", one, func(y *yard) {
			y.add("a b", tagged("x"))
			y.claim("n")
			y.end("a", Outcome{Pause: &Pause{KeepTag: true, Why: "It waits for somebody to answer."}})
			y.is(y.claim("n"), "")
			y.says("a", "It waits for somebody to answer.", "")
			y.says("b", "same concurrency tag", "a")
		}},
		{"the cap", map[string]int{"n": 2}, func(y *yard) {
			y.add("a b c d")
			y.add("e", lightly)
			y.is(y.claim("n"), "a b e")
			y.says("d", "Node n has all 2 of its places taken. One task is ahead of it.", "c")
			y.end("a", Outcome{Pause: &Pause{}})
			y.is(y.claim("n"), "c") // what is paused takes no place
		}},
		{"moved to the top, then priority, then in order", map[string]int{"n": 1}, func(y *yard) {
			y.add("a b c")
			y.add("p q", urgently)
			must[*Task](y)(y.q.MoveToTop(y.Context(), y.ids["b"]))
			must[*Task](y)(y.q.MoveToTop(y.Context(), y.ids["c"]))
			_, behind := y.why("a")
			y.is(behind, "c b p q")
			for _, want := range strings.Fields("c b p q a") {
				y.is(y.claim("n"), want)
				y.end(want, Outcome{Act: Succeed})
			}
		}},
		{"what goes on comes before what begins, in its class", map[string]int{"n": 1}, func(y *yard) {
			y.add("a")
			y.claim("n")
			y.end("a", Outcome{Pause: &Pause{Until: time.Now().Add(-time.Second)}})
			y.add("b")
			y.add("p", urgently)
			for _, want := range strings.Fields("p a b") {
				y.is(y.claim("n"), want)
				y.end(want, Outcome{Act: Succeed})
			}
		}},
		{"scheduled tasks wait and hold nobody up", one, func(y *yard) {
			at := time.Now().Add(time.Hour)
			y.add("a", func(n *New) { n.QueueTime = at })
			y.add("b")
			y.is(y.claim("n"), "b")
			y.says("a", "It is scheduled for "+at.UTC().Format("2006-01-02 15:04:05 UTC"), "")
		}},
		{"what was not started in time does not start", one, func(y *yard) {
			y.add("a", func(n *New) { n.QueueTime, n.Expiry = time.Now().Add(-time.Hour), time.Now().Add(-time.Minute) })
			y.is(y.claim("n"), "")
			if got := must[*Task](y)(y.q.Get(y.Context(), y.ids["a"])); got.State != TimedOut || !strings.Contains(got.Error, "was not started before") {
				y.Errorf("%s: %s", got.State, got.Error)
			}
		}},
		{"what has begun does not expire", one, func(y *yard) {
			y.add("a", func(n *New) { n.Expiry = time.Now().Add(time.Hour) })
			y.is(y.claim("n"), "a")
			expire := func(tx *store.Tx) error {
				_, err := tx.Exec("update task set expiry = $1 where id = $2", millis(time.Now().Add(-time.Minute)), y.ids["a"])
				return err
			}
			if err := y.q.store.Do(y.Context(), expire); err != nil {
				y.Fatal(err)
			}
			y.end("a", Outcome{Pause: &Pause{Until: time.Now().Add(20 * time.Millisecond)}})
			for deadline := time.Now().Add(time.Minute); y.claim("n") != "a"; <-time.After(5 * time.Millisecond) {
				if time.Now().After(deadline) {
					y.Fatal("it does not go on")
				}
			}
		}},
		{"a place in the queue is inherited", map[string]int{"n": 1}, func(y *yard) {
			y.add("a b")
			old := must[*Task](y)(y.q.Cancel(y.Context(), y.ids["a"]))
			y.add("c", func(n *New) { n.InPlaceOf = old })
			y.is(y.claim("n"), "c")
		}},
		{"a draining node takes nothing, and is no part of the cluster", map[string]int{"n": 2, "m": 2}, func(y *yard) {
			y.add("a b")
			y.check(y.q.SetNode(y.Context(), "n", 2, true))
			y.is(y.claim("n"), "")
			y.is(y.claim("m"), "a b")
			y.add("c")
			y.says("c", "Node n is draining", "")
		}},
		{"a node that is gone is no part of the cluster", map[string]int{"n": 4, "gone": 100}, func(y *yard) {
			y.check(y.q.journal.Do(y.Context(), func(tx *store.Tx) error {
				_, err := tx.Exec("update task_node set seen = 1 where name = 'gone'")
				return err
			}))
			y.add("a b c d")
			y.is(y.claim("n"), "a b c d")
		}},
		{"a node with more than its part declines", map[string]int{"n": 4, "m": 4}, func(y *yard) {
			y.add("a b")
			y.is(y.claim("n"), "a b")
			y.add("c")
			y.is(y.claim("n"), "")
			y.is(y.claim("m"), "c")
		}},
		{"a stopped space's tasks wait, and what it has begun goes on", one, func(y *yard) {
			y.add("a", within("S"))
			y.claim("n")
			y.end("a", Outcome{Pause: &Pause{Until: time.Now().Add(-time.Second)}})
			y.add("b", within("S"))
			y.add("c", within("T"))
			stop(y, y.q, "S")
			y.is(y.claim("n"), "a c")
			y.says("b", "The task queue of its space is stopped.", "")
			start(y, y.q, "S")
			y.is(y.claim("n"), "b")
		}},
		{"a long row in a stopped space hides nobody", one, func(y *yard) {
			for i := range 200 {
				y.add(fmt.Sprint("s", i), within("S"), of(fmt.Sprint("P", i)))
			}
			stop(y, y.q, "S")
			y.add("z", within("T"), of("Q"))
			y.is(y.claim("n"), "z")
		}},
		{"a long row of one project hides nobody", map[string]int{"n": 2}, func(y *yard) {
			for i := range 200 {
				y.add(fmt.Sprint("s", i), of("P"))
			}
			y.add("z", of("Q"))
			y.is(y.claim("n"), "s0 z")
			if _, behind := y.why("s199"); len(strings.Fields(behind)) != 198 {
				y.Errorf("%d are ahead", len(strings.Fields(behind)))
			}
		}},
		{"who looks in vain forgets no turns", map[string]int{"n": 1}, func(y *yard) {
			y.add("p q r", of("P"))
			y.add("z", of("Q"))
			y.is(y.claim("n"), "p")
			y.is(y.claim("n"), "")
			y.end("p", Outcome{Act: Succeed})
			y.is(y.claim("n"), "z")
		}},
		{"what is canceled waits for nothing", map[string]int{"n": 1}, func(y *yard) {
			y.add("a b", tagged("x"), within("S"))
			y.claim("n")
			y.end("a", Outcome{Pause: &Pause{}})
			y.is(y.claim("n"), "b")
			stop(y, y.q, "S")
			y.check(y.q.SetNode(y.Context(), "n", 1, true))
			must[*Task](y)(y.q.Cancel(y.Context(), y.ids["a"]))
			y.is(y.claim("n"), "a")
		}},
	} {
		t.Run(tt.rule, func(t *testing.T) { tt.run(newYard(t, tt.nodes)) })
	}
}

func (y *yard) is(got, want string) {
	y.Helper()
	if diff := gocmp.Diff(want, got); diff != "" {
		y.Error(diff)
	}
}

// says checks what is said about a task that waits; the sentence may be a part.
func (y *yard) says(name, sentence, behind string) {
	y.Helper()
	said, after := y.why(name)
	if !strings.Contains(said, sentence) || behind != "" && after != behind {
		y.Errorf("%s waits behind %q: %q; want %q, %q", name, after, said, behind, sentence)
	}
}

// TestWhyOfTheLastInALongRow asks about a task that has more before it than are
// looked at.
func TestWhyOfTheLastInALongRow(t *testing.T) {
	y := newYard(t, map[string]int{"n": 1})
	err := y.q.journal.Do(context.Background(), func(tx *store.Tx) error {
		for range 1100 {
			if _, err := y.q.EnqueueTx(tx, New{Name: "row"}); err != nil {
				return err
			}
		}
		return nil
	})
	y.check(err)
	y.add("last")
	y.says("last", "At least 1000 tasks are ahead of it", "")
}

// TestTheOrderIsForeseen asks each task that waits what is ahead of it, then lets
// those that run end one after the other.
func TestTheOrderIsForeseen(t *testing.T) {
	db := open(t)
	for seed := range uint64(5) {
		dice := rand.New(rand.NewPCG(seed, 1))
		y := &yard{T: t, q: NewQueue(db, Options{}), ids: map[string]string{}}
		y.check(y.q.Join(y.Context(), "n", 1+dice.IntN(3)))
		for i := range 14 {
			y.add(fmt.Sprint(seed, "-", i), of([]string{"P", "P", "Q", "R", ""}[dice.IntN(5)]), tagged([]string{"x", "y", "", ""}[dice.IntN(4)]), func(n *New) {
				if n.Light = dice.IntN(8) == 0; dice.IntN(4) == 0 {
					n.Class = Priority
				}
			})
		}
		must[*Task](y)(y.q.MoveToTop(y.Context(), y.ids[fmt.Sprint(seed, "-", dice.IntN(14))]))
		running := must[[]*Task](y)(y.q.Claim(y.Context(), "n", time.Minute))
		slices.SortFunc(running, func(a, b *Task) int { return cmp.Compare(a.Num, b.Num) }) // all of the same moment
		foreseen := map[string]Why{}
		for _, c := range must[[]*Task](y)(waitingTasks(y)) {
			foreseen[c.ID] = must[Why](y)(y.q.WhyWaiting(y.Context(), c.ID))
		}
		for place := 1; len(running) > 0; {
			y.end(running[0].Name, Outcome{Act: Succeed})
			started := must[[]*Task](y)(y.q.Claim(y.Context(), "n", time.Minute))
			for _, s := range started {
				if w := foreseen[s.ID]; w.Place != place {
					t.Errorf("seed %d: %s was to be number %d to start and was number %d", seed, s.Name, w.Place, place)
				}
				place++
			}
			running = append(running[1:], started...)
		}
		if left := must[[]*Task](y)(waitingTasks(y)); len(left) > 0 {
			t.Errorf("seed %d: %d still wait", seed, len(left))
		}
	}
}

func waitingTasks(y *yard) (list []*Task, err error) {
	err = y.q.store.View(y.Context(), func(tx *store.Tx) error {
		list, err = many(tx, "hold = 'Waiting'")
		return err
	})
	return list, err
}
