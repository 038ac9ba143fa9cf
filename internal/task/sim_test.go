package task

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/store"
)

// The simulation goes through every order in which a few nodes can claim,
// renew, work, pause, stall and die, on the real queue and a clock that it
// moves itself, and checks after each move what must always hold.

// simNode is what a node believes.
type simNode struct {
	name string
	has  map[string]int64 // task → epoch
}

// sim is one world of the simulation.
type sim struct {
	q     *Queue
	clock *clock
	nodes []*simNode
	tasks []string
	wrote map[string][]int64 // task → epochs of the accepted writes, in order
	t     *testing.T
	trace []string
}

const simLease = 6 * time.Second

func newSim(t *testing.T, db *store.DB, tasks int) *sim {
	c := newClock()
	s := &sim{q: NewQueue(db, Options{Now: c.now}), clock: c, wrote: map[string][]int64{}, t: t}
	err := db.Do(t.Context(), func(tx *store.Tx) error {
		for _, table := range []string{"task", "task_plan", "task_step", "task_event", "task_log", "task_node"} {
			if _, err := tx.Exec("delete from " + table); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		s.nodes = append(s.nodes, &simNode{fmt.Sprint("n", i), map[string]int64{}})
		if err := s.q.Join(t.Context(), s.nodes[i].name, 1+i); err != nil {
			t.Fatal(err)
		}
	}
	for range tasks {
		// All of one tag: at most one may ever be held.
		s.tasks = append(s.tasks, must[*Task](t)(s.q.Enqueue(t.Context(), New{Name: "X", Tag: "shared"})).ID)
	}
	return s
}

// simMoves are what can happen next.
var simMoves = []string{"claim 0", "claim 1", "write 0", "write 1", "pause 0", "end 1", "renew 0", "wait", "stall", "wake", "cancel", "restart 0"}

func (s *sim) do(move string) {
	s.t.Helper()
	s.trace = append(s.trace, move)
	ctx := s.t.Context()
	verb, arg, _ := strings.Cut(move, " ")
	n := s.nodes[0]
	if arg == "1" {
		n = s.nodes[1]
	}
	var err error
	switch verb {
	case "claim":
		var got []*Task
		got, err = s.q.Claim(ctx, n.name, simLease)
		for _, t := range got {
			n.has[t.ID] = t.Epoch
		}
	case "write":
		s.save(n, Save{Records: []Record{{Key: Key{"1", "", 1}, State: StepRunning}}})
	case "pause":
		s.save(n, Save{Outcome: &Outcome{Pause: &Pause{}}})
	case "end":
		s.save(n, Save{Outcome: &Outcome{Act: Succeed}})
	case "renew":
		var held map[string]Task
		held, err = s.q.Renew(ctx, n.name, simLease)
		for id, epoch := range n.has {
			if held[id].Epoch != epoch {
				delete(n.has, id)
			}
		}
	case "wait":
		s.clock.pass(simLease / 2)
	case "stall":
		s.clock.pass(simLease + time.Millisecond)
	case "wake":
		err = s.q.store.Do(ctx, func(tx *store.Tx) error { return s.q.Signal(tx, s.tasks[0], Event{Kind: EventAnswer, Ref: "r"}) })
	case "cancel":
		_, err = s.q.Cancel(ctx, s.tasks[len(s.tasks)-1])
	case "restart":
		n.has = map[string]int64{}
		err = s.q.Join(ctx, n.name, 0)
	}
	if err != nil {
		s.t.Fatalf("%s: %v", strings.Join(s.trace, ", "), err)
	}
	s.check()
}

// save writes for each task that a node believes to have, in a fixed order.
func (s *sim) save(n *simNode, v Save) {
	ids := sortedKeys(n.has)
	for _, id := range ids {
		x := &Execution{Task: Task{ID: id, Epoch: n.has[id]}, q: s.q, mask: newMasks(), stop: func(error) {}}
		before := must[*Task](s.t)(s.q.Get(s.t.Context(), id))
		err := x.Save(context.Background(), v)
		switch {
		case err == nil:
			s.wrote[id] = append(s.wrote[id], n.has[id])
			if before.Epoch != n.has[id] || before.Hold != Held || before.Node != n.name {
				s.t.Fatalf("%s: %s wrote to %s, which %s has", strings.Join(s.trace, ", "), n.name, id, before.Node)
			}
			if v.Outcome != nil {
				delete(n.has, id)
			}
		case errors.Is(err, errFenced) || fenced(err):
			if before.Epoch == n.has[id] && before.Hold == Held {
				s.t.Fatalf("%s: %s was kept from its own task %s", strings.Join(s.trace, ", "), n.name, id)
			}
			delete(n.has, id)
		default:
			s.t.Fatalf("%s: %v", strings.Join(s.trace, ", "), err)
		}
	}
}

// check looks for what must never be.
func (s *sim) check() {
	s.t.Helper()
	tasks, _, err := s.q.List(s.t.Context(), Filter{OldestFirst: true})
	if err != nil {
		s.t.Fatal(err)
	}
	holders, active := 0, map[string]int{}
	for _, t := range tasks {
		if t.HasTag {
			holders++
		}
		if t.Hold == Held && t.State == Executing {
			active[t.Node]++
			if !t.HasTag {
				s.t.Fatalf("%s: %s runs without its tag", strings.Join(s.trace, ", "), t.ID)
			}
		}
		if t.State.Final() != (t.Hold == Done) || (t.Hold == Done && t.HasTag) {
			s.t.Fatalf("%s: %s is %s", strings.Join(s.trace, ", "), t.ID, t.Status)
		}
		// Epochs of accepted writes never go back.
		if !slices.IsSorted(s.wrote[t.ID]) {
			s.t.Fatalf("%s: epochs of %s went back: %v", strings.Join(s.trace, ", "), t.ID, s.wrote[t.ID])
		}
	}
	if holders > 1 {
		s.t.Fatalf("%s: %d tasks have one tag", strings.Join(s.trace, ", "), holders)
	}
}

// state is all that decides what can follow; two paths that lead to it need
// not both be followed.
func (s *sim) state() string {
	tasks, _, err := s.q.List(s.t.Context(), Filter{OldestFirst: true})
	if err != nil {
		s.t.Fatal(err)
	}
	var b strings.Builder
	for i, t := range tasks {
		lease := "none"
		if !t.Lease.IsZero() {
			lease = max(t.Lease.Sub(s.clock.now()), -1).String()
		}
		fmt.Fprint(&b, i, t.Status, t.HasTag, t.Node, t.Rank(), lease, ";")
		for _, n := range s.nodes {
			fmt.Fprint(&b, n.has[t.ID] > 0, t.Epoch-n.has[t.ID] > 0 && n.has[t.ID] > 0, ",")
		}
	}
	return b.String()
}

// Rank is where the task stands in the queue.
func (t *Task) Rank() int { return rank(t.State, t.Class, t.Top) }

// simTables are what a state of the simulation is made of. What is only told of
// it is left out.
var simTables = []string{"task", "task_plan", "task_step", "task_event", "task_log", "task_node", "task_gate"}

// snapshot is a state of the simulation to which it can go back.
type snapshot struct {
	rows  map[string][][]any // table → rows
	has   []map[string]int64
	wrote map[string][]int64
	at    time.Time
	trace []string
}

// keep gives the present state.
func (s *sim) keep() snapshot {
	k := snapshot{rows: map[string][][]any{}, wrote: map[string][]int64{}, at: s.clock.now(), trace: slices.Clone(s.trace)}
	for _, n := range s.nodes {
		k.has = append(k.has, maps.Clone(n.has))
	}
	for id, epochs := range s.wrote {
		k.wrote[id] = slices.Clone(epochs)
	}
	err := s.q.store.View(s.t.Context(), func(tx *store.Tx) error {
		for _, table := range simTables {
			var width int
			if _, err := tx.QueryRow([]any{&width}, "select count(*) from pragma_table_info('"+table+"')"); err != nil {
				return err
			}
			err := tx.Query(func(scan func(...any) error) error {
				row, into := make([]any, width), make([]any, width)
				for i := range row {
					into[i] = &row[i]
				}
				k.rows[table] = append(k.rows[table], row)
				return scan(into...)
			}, "select * from "+table)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return k
}

// back goes back to a state.
func (s *sim) back(k snapshot) {
	s.clock.set(k.at)
	s.trace, s.wrote = slices.Clone(k.trace), map[string][]int64{}
	for id, epochs := range k.wrote {
		s.wrote[id] = slices.Clone(epochs)
	}
	for i, n := range s.nodes {
		n.has = maps.Clone(k.has[i])
	}
	err := s.q.store.Do(s.t.Context(), func(tx *store.Tx) error {
		for _, table := range simTables {
			if _, err := tx.Exec("delete from " + table); err != nil {
				return err
			}
			for _, row := range k.rows[table] {
				if _, err := tx.Exec("insert into "+table+" values ("+holes(1, len(row))+")", row...); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// TestSimulation follows every sequence of moves, leaving out those that lead to
// a state seen before, until there is none left.
func TestSimulation(t *testing.T) {
	sqliteOnly(t)
	if _, err := os.Stat("/dev/shm"); err == nil {
		t.Setenv("TMPDIR", "/dev/shm") // nothing has to outlive a power cut
	}
	s := newSim(t, open(t), 2)
	seen, depth := map[string]bool{}, 0
	for frontier := []snapshot{s.keep()}; len(frontier) > 0; depth++ {
		var next []snapshot
		for _, from := range frontier {
			for _, move := range simMoves {
				s.back(from)
				s.do(move)
				if state := s.state(); !seen[state] {
					seen[state] = true
					next = append(next, s.keep())
				}
			}
		}
		frontier = next
	}
	t.Logf("%d states, the last after %d moves", len(seen), depth)
	if len(seen) < 500 {
		t.Error("not all that can happen is played")
	}
}
