package api

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// topics are what a client wants to hear of.
type topics struct {
	tasks, dashboard, machines, interruptions, resources bool
	kinds                                                []string // of resources
	follow                                               []string // ids of tasks, for their nodes
	logs                                                 map[string]int64
}

// mostFollowed is how many tasks one stream may follow.
const mostFollowed = 20

// readTopics reads the query: words, "kind:Projects", "task:ServerTasks-1" for
// what a task does, and "task:ServerTasks-1:log@17" for its log too, from
// behind line 17 on.
func readTopics(words []string) (t topics, err error) {
	bad := func(word, why string) error {
		return fault.New(fault.Invalid, "The query value topics has %q: %s. Topics are tasks, dashboard, machines, interruptions, resources, kind:Projects, task:ServerTasks-1 and task:ServerTasks-1:log@17, with commas between.", word, why)
	}
	t.logs = map[string]int64{}
	for _, word := range words {
		name, rest, _ := strings.Cut(word, ":")
		switch name {
		case "tasks":
			t.tasks = true
		case "dashboard":
			t.dashboard = true
		case "machines":
			t.machines = true
		case "interruptions":
			t.interruptions = true
		case "resources":
			t.resources = true
		case "kind":
			t.kinds = append(t.kinds, rest)
		case "task":
			id, what, hasLog := strings.Cut(rest, ":")
			if id == "" {
				return t, bad(word, "the id of the task is missing")
			}
			if !slices.Contains(t.follow, id) {
				t.follow = append(t.follow, id)
			}
			if !hasLog {
				continue
			}
			what, from, _ := strings.Cut(what, "@")
			line, err := strconv.ParseInt("0"+from, 10, 64)
			if what != "log" || err != nil {
				return t, bad(word, "after the id only :log or :log@ with the number of a line can follow")
			}
			t.logs[id] = line
		default:
			return t, bad(word, "there is no such topic")
		}
	}
	if len(words) == 0 {
		return t, bad("", "it says nothing")
	}
	if len(t.follow) > mostFollowed {
		return t, fault.New(fault.Invalid, "The query value topics names %d tasks; one stream follows %d at most.", len(t.follow), mostFollowed)
	}
	return t, nil
}

// cursor is how far a client has come: in the tables, and in the logs that it
// follows. It is the id of every event, so that whoever comes back with one,
// to whatever node, goes on behind that event.
type cursor struct {
	issued  time.Time
	changes store.Position
	events  store.Position
	logs    map[string]int64
}

func (c *cursor) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "1.%x.%x.%x.%x.%x", time.Now().Unix(), c.changes.Xid, c.changes.ID, c.events.Xid, c.events.ID)
	ids := make([]string, 0, len(c.logs))
	for id := range c.logs {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		fmt.Fprintf(&b, "~%s.%x", id, c.logs[id])
	}
	return b.String()
}

func parseCursor(text string) (c cursor, ok bool) {
	parts := strings.Split(text, "~")
	numbers := strings.Split(parts[0], ".")
	if len(numbers) != 6 || numbers[0] != "1" || len(parts) > mostFollowed+1 {
		return c, false
	}
	var issued int64
	for i, at := range []*int64{&issued, &c.changes.Xid, &c.changes.ID, &c.events.Xid, &c.events.ID} {
		n, err := strconv.ParseInt(numbers[i+1], 16, 64)
		if err != nil || n < 0 {
			return c, false
		}
		*at = n
	}
	c.issued = time.Unix(issued, 0)
	c.logs = map[string]int64{}
	for _, p := range parts[1:] {
		id, line, _ := strings.Cut(p, ".")
		n, err := strconv.ParseInt(line, 16, 64)
		if err != nil || n < 0 {
			return c, false
		}
		c.logs[id] = n
	}
	return c, true
}

// follows reports whether everything behind the cursor can still be told: it
// is not too old, and it is not from a database that has been put back to an
// earlier state since.
func (c *cursor) follows(changes, events store.Position) bool {
	return time.Since(c.issued) < task.Reach() && !c.changes.After(changes) && !c.events.After(events)
}
