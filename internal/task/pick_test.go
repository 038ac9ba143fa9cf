package task

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPick(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ids := func(list []Candidate) string {
		var names []string
		for _, c := range list {
			names = append(names, c.ID)
		}
		return strings.Join(names, " ")
	}
	c := func(id string, num int64, change ...func(*Candidate)) Candidate {
		c := Candidate{ID: id, Num: num, Place: num, Rank: rankNormal, State: Queued, Space: "S", Project: "P", Due: now}
		for _, f := range change {
			f(&c)
		}
		return c
	}
	project := func(p string) func(*Candidate) { return func(c *Candidate) { c.Project = p } }
	tag := func(s string) func(*Candidate) { return func(c *Candidate) { c.Tag = s } }
	priority := func(c *Candidate) { c.Rank = rankPriority }
	top := func(c *Candidate) { c.Rank = rankTop }
	later := func(c *Candidate) { c.Due = now.Add(time.Second) }
	resumed := func(c *Candidate) { c.State, c.Rank = Executing, rankAgain }
	cancelling := func(c *Candidate) { c.State, c.Rank = Cancelling, rankUrgent }
	light := func(c *Candidate) { c.Light = true }
	one := map[string]NodeLoad{"n": {Cap: 2}}
	for _, tt := range []struct {
		name    string
		s       Situation
		waiting []Candidate
		want    string
	}{
		{"first come", Situation{Nodes: one}, []Candidate{c("b", 2), c("a", 1), c("c", 3)}, "a b"},
		{"classes", Situation{Nodes: map[string]NodeLoad{"n": {Cap: 9}}}, []Candidate{c("a", 1), c("b", 2, priority), c("c", 3, top), c("d", 4, resumed), c("e", 5, cancelling)}, "e c b d a"},
		{"scheduled", Situation{Nodes: one}, []Candidate{c("a", 1, later), c("b", 2)}, "b"},
		{"tag taken", Situation{Nodes: one, Holders: map[string]string{"x": "z"}}, []Candidate{c("a", 1, tag("x")), c("b", 2)}, "b"},
		{"one per tag", Situation{Nodes: one}, []Candidate{c("a", 1, tag("x")), c("b", 2, tag("x")), c("d", 3)}, "a d"},
		{"stopped", Situation{Nodes: one, Stopped: map[string]bool{"S": true}}, []Candidate{c("a", 1), c("b", 2, resumed)}, "b"},
		{"full", Situation{Nodes: map[string]NodeLoad{"n": {Cap: 2, Active: 2}}}, []Candidate{c("a", 1), c("b", 2, cancelling), c("d", 3, light)}, "b d"},
		{"draining", Situation{Nodes: map[string]NodeLoad{"n": {Cap: 2, Draining: true}}}, []Candidate{c("a", 1)}, ""},
		{"fair", Situation{Nodes: map[string]NodeLoad{"n": {Cap: 4}}}, []Candidate{c("a", 1), c("b", 2), c("d", 3), c("e", 4, project("Q"))}, "a e b d"},
		{"fair not across classes", Situation{Nodes: map[string]NodeLoad{"n": {Cap: 2}}, Active: map[string]int{"P": 5}}, []Candidate{c("a", 1, priority), c("b", 2, priority), c("e", 4, project("Q"))}, "a b"},
		{"fair in turn", Situation{Nodes: map[string]NodeLoad{"n": {Cap: 3}}, Served: map[string]bool{"P": true}}, []Candidate{c("a", 1), c("b", 2), c("e", 4, project("Q")), c("f", 5, project("Q"))}, "e a b"},
		{"balance", Situation{Nodes: map[string]NodeLoad{"n": {Cap: 4, Active: 2}, "m": {Cap: 4}}}, []Candidate{c("a", 1)}, ""},
		{"balance both", Situation{Nodes: map[string]NodeLoad{"n": {Cap: 4}, "m": {Cap: 4}}}, []Candidate{c("a", 1), c("b", 2)}, "a b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := tt.s
			s.Now, s.Node = now, "n"
			s.Nodes = map[string]NodeLoad{}
			for k, v := range tt.s.Nodes {
				s.Nodes[k] = v
			}
			if s.Holders == nil {
				s.Holders = map[string]string{}
			}
			if s.Active == nil {
				s.Active = map[string]int{}
			}
			if got := ids(s.pick(tt.waiting)); got != tt.want {
				t.Errorf("picked %q, want %q", got, tt.want)
			}
			// What was not picked has a reason, and what could be has none.
			for _, c := range tt.waiting {
				picked := strings.Contains(" "+tt.want+" ", " "+c.ID+" ")
				if why := s.why(c.ID, tt.waiting, nil); !picked && len(why.Sentences) == 0 && tt.name != "balance" {
					t.Errorf("%s was not picked and nothing says why", c.ID)
				}
			}
		})
	}
}

func TestWhy(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := Situation{Now: now, Nodes: map[string]NodeLoad{"n": {Cap: 1, Active: 1}}, Holders: map[string]string{"x": "ServerTasks-1", "y": "ServerTasks-0"}, Active: map[string]int{"": 1}}
	waiting := []Candidate{
		{ID: "ServerTasks-2", Num: 2, Tag: "x", State: Queued}, {ID: "ServerTasks-3", Num: 3, Tag: "x", State: Queued},
		{ID: "ServerTasks-4", Num: 4, State: Queued}, {ID: "ServerTasks-5", Num: 5, State: Queued}, {ID: "ServerTasks-6", Num: 6, State: Queued, Due: now.Add(time.Hour)},
		{ID: "ServerTasks-7", Num: 7, Tag: "y", State: Queued}, {ID: "ServerTasks-8", Num: 8, Tag: "x", State: Queued},
	}
	running := []Candidate{{ID: "ServerTasks-1", Num: 1, Tag: "x", State: Executing}}
	want := map[string]Why{
		"ServerTasks-3": {Sentences: []string{"It waits for ServerTasks-1, which runs under the same concurrency tag (x).", "One task that waits is likely to start before it."},
			Behind: []string{"ServerTasks-1", "ServerTasks-2"}, Place: 2, Turns: 2},
		// What waits for a tag now does not when its turn comes.
		"ServerTasks-5": {Sentences: []string{"Node n has its only place taken.", "3 tasks are ahead of it."},
			Behind: []string{"ServerTasks-2", "ServerTasks-3", "ServerTasks-4"}, Place: 4, Turns: 4},
		"ServerTasks-6": {Sentences: []string{"It is scheduled for 2026-01-02 04:04:05 UTC."}},
		// Nobody knows when what is paused gives its tag away.
		"ServerTasks-7": {Sentences: []string{"It waits for ServerTasks-0, which runs under the same concurrency tag (y)."}, Behind: []string{"ServerTasks-0"}},
		"ServerTasks-8": {Sentences: []string{"It waits for ServerTasks-1, which runs under the same concurrency tag (x).", "4 tasks that wait are likely to start before it."},
			Behind: []string{"ServerTasks-1", "ServerTasks-2", "ServerTasks-3"}, Place: 5, Turns: 5},
	}
	for id, w := range want {
		if diff := cmp.Diff(w, s.why(id, waiting, running)); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
	}
}

// TestTheLastProjectHasItsShare fills places that do not divide by the number
// of projects, whose tasks stand in the queue one project after the other.
func TestTheLastProjectHasItsShare(t *testing.T) {
	s := &Situation{Node: "n", Nodes: map[string]NodeLoad{"n": {Cap: 20}}, Holders: map[string]string{}, Active: map[string]int{}, Stopped: map[string]bool{}}
	var waiting []Candidate
	for i := range 48 {
		waiting = append(waiting, Candidate{ID: fmt.Sprint(i), Num: int64(i), Project: fmt.Sprint("P", i/8), State: Queued, Rank: rankNormal, Place: int64(i)})
	}
	if taken := s.pick(waiting); len(taken) != 20 {
		t.Fatalf("%d are taken", len(taken))
	}
	for i := range 6 {
		if n := s.Active[fmt.Sprint("P", i)]; n < 3 || n > 4 {
			t.Errorf("project %d has %d of 20 places", i, n)
		}
	}
}
