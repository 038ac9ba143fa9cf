package task

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Class is the part of the queue in which a task stands.
type Class int

// The classes, best first. Moved to the top is not a class but an order above
// both of them.
const (
	Priority Class = 1
	Normal   Class = 2
)

// The ranks of the queue, best first. A rank is stored with its task, so that
// an index has the queue in order.
const (
	rankUrgent = 1 + iota // it is being canceled and only has to be told so
	rankTop               // somebody moved it to the top
	rankPriorityAgain
	rankPriority
	rankAgain // it was executing before and goes on
	rankNormal
)

// rank is where a task stands in the queue.
func rank(state State, class Class, top bool) int {
	switch {
	case state == Cancelling:
		return rankUrgent
	case top:
		return rankTop
	case class == Priority && state != Queued:
		return rankPriorityAgain
	case class == Priority:
		return rankPriority
	case state != Queued:
		return rankAgain
	}
	return rankNormal
}

// Candidate is a task that waits in the queue, as far as choosing needs it.
type Candidate struct {
	ID      string
	Num     int64 // in the order of creation
	Space   string
	Project string
	Tag     string // concurrency tag; empty for none
	HasTag  bool   // it kept its tag while it was paused
	State   State
	Rank    int
	Place   int64 // its place within its rank: queue time, or a superseded task's
	Light   bool  // it takes no place of the cap
	Apart   bool  // it runs on a node that takes nothing new, so that its end frees no place
	Due     time.Time
}

// NodeLoad is what one live node carries.
type NodeLoad struct {
	Cap      int // 0 takes nothing new
	Draining bool
	Active   int
}

// Situation is all that decides which waiting task a node takes next. The
// claim and the sentence that says why a task waits are made from the same
// value by the same predicates.
type Situation struct {
	Now     time.Time
	Node    string              // the node that asks
	Nodes   map[string]NodeLoad // every live node, the asking one among them
	Holders map[string]string   // concurrency tag → the task that has it
	Active  map[string]int      // executing tasks by project
	Served  map[string]bool     // projects that have had their turn while others waited
	Stopped map[string]bool     // spaces whose queue is stopped
}

// resumed reports whether the task was executing before and goes on.
func (c *Candidate) resumed() bool { return c.State != Queued }

// urgent reports whether nothing may hold the task up: what is being canceled
// only has to be told so.
func (c *Candidate) urgent() bool { return c.Rank == rankUrgent }

// held says why the task may not run on any node now; empty if it may.
func (s *Situation) held(c *Candidate) string {
	switch {
	case s.mayRun(c):
		return ""
	case c.Due.After(s.Now):
		return "It is scheduled for " + c.Due.UTC().Format("2006-01-02 15:04:05 UTC") + "."
	case !c.resumed() && s.Stopped[c.Space]:
		return "The task queue of its space is stopped."
	}
	return fmt.Sprintf("It waits for %s, which runs under the same concurrency tag (%s).", s.Holders[c.Tag], c.Tag)
}

// mayRun reports whether nothing but the nodes' places is in the task's way.
func (s *Situation) mayRun(c *Candidate) bool {
	switch {
	case c.urgent():
		return true
	case c.Due.After(s.Now), !c.resumed() && s.Stopped[c.Space]:
		return false
	case c.Tag == "" || c.HasTag:
		return true
	}
	holder := s.Holders[c.Tag]
	return holder == "" || holder == c.ID
}

// room is how many more tasks the asking node has places for.
func (s *Situation) room() int {
	n := s.Nodes[s.Node]
	if n.Draining {
		return 0
	}
	return max(0, n.Cap-n.Active)
}

// full says why the node takes nothing more; empty if it does. waiting is how
// many tasks could run now.
func (s *Situation) full(node string, waiting int) string {
	n := s.Nodes[node]
	switch {
	case n.Draining:
		return "Node " + node + " is draining: it finishes what it has and takes nothing new."
	case n.Active >= n.Cap && n.Cap == 1:
		return "Node " + node + " has its only place taken."
	case n.Active >= n.Cap:
		return fmt.Sprintf("Node %s has all %d of its places taken.", node, n.Cap)
	case len(s.Nodes) < 2:
		return ""
	}
	active, total := 0, 0
	for _, other := range s.Nodes {
		if !other.Draining {
			active += other.Active
			total += other.Cap
		}
	}
	// active/cap of this node against (active+waiting)/cap of all of them,
	// without the division.
	if n.Active*total > (active+waiting)*n.Cap {
		return "Node " + node + " already carries more than its part of the load."
	}
	return ""
}

// less orders the queue.
func less(a, b *Candidate) int {
	return cmp.Or(cmp.Compare(a.Rank, b.Rank), cmp.Compare(a.Place, b.Place), cmp.Compare(a.Num, b.Num))
}

// share is how many tasks each project may run before others go first.
func (s *Situation) share(free []*Candidate) float64 {
	total := 0
	for _, n := range s.Nodes {
		if !n.Draining {
			total += n.Cap
		}
	}
	projects := map[string]bool{}
	for _, c := range free {
		projects[c.Project] = true
	}
	return float64(total) / float64(max(1, len(projects)))
}

// pick chooses what the asking node takes now, in order, and notes it in the
// situation as taken.
func (s *Situation) pick(waiting []Candidate) []Candidate {
	queue := pointers(waiting)
	slices.SortFunc(queue, less)
	var taken []Candidate
	for _, c := range s.choose(queue) {
		taken = append(taken, *c)
	}
	return taken
}

// choose is pick from a queue that is in order.
func (s *Situation) choose(queue []*Candidate) (taken []*Candidate) {
	free := make([]*Candidate, 0, len(queue))
	for _, c := range queue {
		if s.mayRun(c) {
			free = append(free, c)
		}
	}
	for {
		i := s.best(free)
		if i < 0 {
			return taken
		}
		c := free[i]
		free = slices.Delete(free, i, i+1)
		s.take(c)
		taken = append(taken, c)
	}
}

// best is the index of the next task for the asking node, -1 if there is none.
// Of those that stand equal but for their place, the project that runs the
// least goes first while it is below its share: shares are no whole numbers, and
// who comes late must not wait for what remains of them. Of projects that run as
// much, whoever had no turn yet goes first: tasks that end soon would else let
// one project after the other be served to its end.
func (s *Situation) best(free []*Candidate) int {
	full := s.full(s.Node, len(free)) != ""
	share := -1.0
	found, least := -1, -1
	for i, c := range free {
		switch {
		case full && !c.Light && !c.urgent(), !s.mayRun(c):
			continue
		case found < 0:
			found = i
			if c.Project == "" || c.urgent() {
				return i
			}
		case c.Rank != free[found].Rank:
			return cmp.Or(least+1, found+1) - 1
		}
		if share < 0 {
			share = s.share(free)
		}
		if n := s.Active[c.Project]; float64(n) < share && (least < 0 || s.sooner(c.Project, free[least].Project)) {
			if least = i; n == 0 && !s.Served[c.Project] {
				return i
			}
		}
	}
	return cmp.Or(least+1, found+1) - 1
}

// sooner reports whether a project goes before another.
func (s *Situation) sooner(a, b string) bool {
	if s.Active[a] != s.Active[b] {
		return s.Active[a] < s.Active[b]
	}
	return !s.Served[a] && s.Served[b]
}

func (s *Situation) take(c *Candidate) {
	if c.Tag != "" && !c.urgent() {
		s.Holders[c.Tag] = c.ID
	}
	if c.Light || c.urgent() {
		return
	}
	s.Active[c.Project]++
	if s.Served != nil && c.Project != "" {
		s.Served[c.Project] = true
	}
	n := s.Nodes[s.Node]
	n.Active++
	s.Nodes[s.Node] = n
}

// mostTurns bounds how many projects are remembered to have had their turn.
const mostTurns = 200

// turns remembers which projects have had their turn on this node while others
// waited. It is a memory of the process: who begins anew is no less fair, and a
// claim that is not committed only costs a turn.
type turns struct {
	mu     sync.Mutex
	served map[string]bool
}

func (t *turns) had() map[string]bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.served == nil || len(t.served) > mostTurns {
		return map[string]bool{}
	}
	return maps.Clone(t.served)
}

func (t *turns) note(served map[string]bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.served = served
}

// outlook is when a waiting task is likely to start.
type outlook struct {
	before []*Candidate // what waits too and is likely to start before it, in order
	turns  int          // so many tasks run one after the other until then
	known  bool
}

// foresee plays the queue on until the task starts, by the rules of the claim: as
// if all nodes were one, no task were added and each ran as long as any other.
// What is held up by more than tasks that run has no outlook.
func (s *Situation) foresee(id string, waiting, running []Candidate) (o outlook) {
	f := s.asOne()
	queue := pointers(waiting)
	slices.SortFunc(queue, less)
	type run struct {
		*Candidate
		ends int
	}
	var runs []run
	for i := range running {
		runs = append(runs, run{&running[i], 1})
	}
	for {
		if f.room() > 0 && !slices.ContainsFunc(queue, func(c *Candidate) bool { return f.mayRun(c) && !f.Served[c.Project] }) {
			clear(f.Served)
		}
		for _, c := range f.choose(queue) {
			if c.ID == id {
				o.known = true
				return o
			}
			at := slices.Index(queue, c)
			queue = slices.Delete(queue, at, at+1)
			c.Apart = false // wherever it ran before
			o.before = append(o.before, c)
			runs = append(runs, run{c, o.turns + 1})
		}
		if len(runs) == 0 {
			return outlook{}
		}
		f.end(runs[0].Candidate)
		o.turns, runs = runs[0].ends, runs[1:]
	}
}

// asOne is the situation of a single node that has the places of all that take
// something; it may be changed.
func (s *Situation) asOne() *Situation {
	var all NodeLoad
	for _, n := range s.Nodes {
		if !n.Draining {
			all.Cap += n.Cap
			all.Active += n.Active
		}
	}
	all.Cap = max(all.Cap, 1)
	f := *s
	f.Node, f.Nodes = "", map[string]NodeLoad{"": all}
	f.Holders, f.Active, f.Served = maps.Clone(s.Holders), maps.Clone(s.Active), maps.Clone(s.Served)
	return &f
}

// end notes that what ran has ended.
func (s *Situation) end(c *Candidate) {
	if s.Holders[c.Tag] == c.ID {
		delete(s.Holders, c.Tag)
	}
	if c.Light || c.urgent() {
		return
	}
	s.Active[c.Project]--
	if n := s.Nodes[s.Node]; !c.Apart {
		n.Active--
		s.Nodes[s.Node] = n
	}
}

// Why is the answer to "why does this task not run?".
type Why struct {
	// Sentences give each reason, the decisive one first; empty if nothing is
	// in its way.
	Sentences []string
	// Behind are the tasks ahead of it or in its way, in the order in which they
	// are likely to start.
	Behind []string
	// Place is its likely place among all that wait to start, 1 for the next; 0 if
	// that cannot be told.
	Place int
	// Turns are how many tasks are likely to run one after the other until it
	// starts; 0 if nothing runs, or that cannot be told.
	Turns int
}

// why explains a waiting task by the predicates of the claim.
func (s *Situation) why(id string, waiting, running []Candidate) (w Why) {
	i := slices.IndexFunc(waiting, func(c Candidate) bool { return c.ID == id })
	if i < 0 {
		return w
	}
	c := &waiting[i]
	var o outlook
	if c.urgent() || !c.Due.After(s.Now) {
		o = s.foresee(id, waiting, running)
	}
	reason := s.held(c)
	if o.known {
		w.Place, w.Turns = len(o.before)+1, o.turns
	} else {
		o.before = ahead(c, waiting, func(o *Candidate) bool { return reason != "" || s.mayRun(o) })
	}
	if reason != "" {
		w.Sentences = []string{reason}
		if holder := s.Holders[c.Tag]; c.Tag != "" && holder != "" && !c.Due.After(s.Now) {
			o.before = slices.DeleteFunc(o.before, func(o *Candidate) bool { return o.Tag != c.Tag })
			w.Behind = append([]string{holder}, ids(o.before)...)
			if w.Place > 1 {
				w.Sentences = append(w.Sentences, amount(w.Place-1, "that waits is likely to start before it.", "that wait are likely to start before it."))
			}
		}
		return w
	}
	w.Behind = ids(o.before)
	for _, node := range sortedKeys(s.Nodes) {
		if reason := s.full(node, len(waiting)); reason != "" {
			w.Sentences = append(w.Sentences, reason)
		}
	}
	if len(w.Sentences) < len(s.Nodes) {
		w.Sentences = nil // some node has a place
	}
	if len(s.Nodes) == 0 {
		w.Sentences = append(w.Sentences, "No node is alive that could run it.")
	}
	if n := len(w.Behind); n > 0 {
		w.Sentences = append(w.Sentences, amount(n, "is ahead of it.", "are ahead of it."))
	}
	if c.Project != "" && len(w.Behind) > 0 && float64(s.Active[c.Project]) >= s.share(pointers(waiting)) {
		w.Sentences = append(w.Sentences, "Its project already runs its share of tasks, so those of other projects go first.")
	}
	return w
}

// mostAhead is how much of the queue is looked at to say why a task waits.
const mostAhead = 1000

// amount says what a number of tasks do.
func amount(n int, does, do string) string {
	switch {
	case n == 1:
		return "One task " + does
	case n >= mostAhead:
		return fmt.Sprintf("At least %d tasks %s", n, do)
	}
	return fmt.Sprintf("%d tasks %s", n, do)
}

// ahead is what stands before the task in the queue.
func ahead(c *Candidate, waiting []Candidate, which func(*Candidate) bool) []*Candidate {
	before := slices.DeleteFunc(pointers(waiting), func(o *Candidate) bool { return less(o, c) >= 0 || !which(o) })
	slices.SortFunc(before, less)
	return before
}

func ids(list []*Candidate) (ids []string) {
	for _, c := range list {
		ids = append(ids, c.ID)
	}
	return ids
}

func pointers(list []Candidate) []*Candidate {
	ptrs := make([]*Candidate, len(list))
	for i := range list {
		ptrs[i] = &list[i]
	}
	return ptrs
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, strings.Compare)
	return keys
}
