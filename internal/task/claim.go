package task

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
)

// nodeDead is after how long without a sign of life a node no longer counts.
const nodeDead = 12 * time.Second

// dbNow is the time by which leases are measured: the database's own where
// several machines share it, so that their clocks need not agree.
func (q *Queue) dbNow(tx *store.Tx) (time.Time, error) {
	if tx.Engine() != store.PostgreSQL {
		return q.now(), nil
	}
	var ms int64
	_, err := tx.QueryRow([]any{&ms}, "select cast(extract(epoch from clock_timestamp()) * 1000 as bigint)")
	if err != nil {
		return time.Time{}, fmt.Errorf("ask the database for the time: %w", err)
	}
	return fromMillis(ms), nil
}

// Due reports whether there is something for the node to claim: a task that
// waits and may run, a lease that has run out, or a clock that has struck. next
// is when that may be so without anything else happening; zero if never. It
// only reads, so that looking again and again costs next to nothing.
func (q *Queue) Due(ctx context.Context, node string) (due bool, next time.Time, err error) {
	looked, lasts := q.empty.Lasts(q.store, q.now())
	if lasts {
		return false, q.empty.Until(), nil
	}
	var ready int64
	err = q.store.View(ctx, func(tx *store.Tx) error {
		now, err := q.dbNow(tx)
		if err != nil {
			return err
		}
		var scheduled, wake, lease, expiry int64
		_, err = tx.QueryRow([]any{&ready, &scheduled, &wake, &lease, &expiry}, `select
			(select count(*) from (select 1 from task where hold = 'Waiting' and queue_time <= $1 limit 1) ready),
			(select coalesce(min(queue_time), 0) from task where hold = 'Waiting' and queue_time > $1),
			(select coalesce(min(wake_at), 0) from task where hold = 'Paused' and wake_at > 0),
			(select coalesce(min(lease), 0) from task where hold = 'Held'),
			(select coalesce(min(expiry), 0) from task where hold = 'Waiting' and state = 'Queued' and expiry > 0)`, millis(now))
		if err != nil {
			return fmt.Errorf("look at the queue: %w", err)
		}
		var first int64
		for _, at := range []int64{scheduled, wake, lease, expiry} {
			if at > 0 && (first == 0 || at < first) {
				first = at
			}
		}
		next = fromMillis(first)
		if due = first > 0 && first <= millis(now); due || ready == 0 {
			return nil
		}
		s, err := q.situation(tx, node, now)
		if err != nil {
			return err
		}
		waiting, err := candidates(tx, s)
		due = len(s.pick(waiting)) > 0
		return err
	})
	if err == nil && !due && ready == 0 {
		q.empty.Begin(looked, next)
	}
	return due, next, err
}

// Claim takes for a node what it may run now, as far as its cap and the other
// predicates of the queue allow, and does what the passing of time asks for:
// tasks that were not started in time end, paused tasks whose clock has struck
// are woken, and tasks of nodes whose lease ran out are taken over.
func (q *Queue) Claim(ctx context.Context, node string, lease time.Duration) ([]*Task, error) {
	var taken []*Task
	err := q.journal.Do(ctx, func(tx *store.Tx) (err error) {
		taken, err = q.claim(tx, node, lease)
		return err
	})
	return taken, err
}

// claim is Claim in the caller's transaction.
func (q *Queue) claim(tx *store.Tx, node string, lease time.Duration) ([]*Task, error) {
	if _, err := tx.Exec("update task_gate set claims = claims + 1 where id = 1"); err != nil {
		return nil, fmt.Errorf("enter the gate of the queue: %w", err)
	}
	now, err := q.dbNow(tx)
	if err != nil {
		return nil, err
	}
	struck, err := q.struck(tx, now)
	if err != nil {
		return nil, err
	}
	if struck {
		if err := q.passTime(tx, now); err != nil {
			return nil, err
		}
	}
	s, err := q.situation(tx, node, now)
	if err != nil {
		return nil, err
	}
	var taken []*Task
	if struck {
		if taken, err = q.steal(tx, s, now, lease); err != nil {
			return nil, err
		}
	}
	waiting, err := candidates(tx, s)
	if err != nil {
		return nil, err
	}
	picked := s.pick(waiting)
	q.turns.note(s.Served)
	for _, c := range picked {
		t, err := GetTx(tx, c.ID)
		if err != nil {
			return nil, err
		}
		if t.Hold != Waiting {
			continue // canceled since it was seen; that hints at the next claim, which fills its place
		}
		if err := q.take(tx, t, node, Claim, now, lease); err != nil {
			return nil, err
		}
		taken = append(taken, t)
	}
	return taken, nil
}

// SQLite would look through all tasks of a state if it saw one compared; few
// have an expiry.
const strikes = `select 1
	where exists (select 1 from task where hold = 'Waiting' and coalesce(state, '') = 'Queued' and expiry > 0 and expiry <= $1)
	or exists (select 1 from task where hold = 'Paused' and wake_at > 0 and wake_at <= $1)
	or exists (select 1 from task where hold = 'Held' and lease < $1)`

// struck reports whether a clock has struck that a claim has to heed: passTime
// and steal have something to do.
func (q *Queue) struck(tx *store.Tx, now time.Time) (bool, error) {
	var one int
	found, err := tx.QueryRow([]any{&one}, strikes, millis(now))
	if err != nil {
		return false, fmt.Errorf("look which clocks have struck: %w", err)
	}
	return found, nil
}

// take puts a task into a node's hands.
func (q *Queue) take(tx *store.Tx, t *Task, node string, act Act, now time.Time, lease time.Duration) error {
	t.Node, t.Lease = node, now.Add(lease)
	return q.move(tx, t, act, now)
}

// passTime carries out what the clock alone decides.
func (q *Queue) passTime(tx *store.Tx, now time.Time) error {
	expired, err := many(tx, "hold = 'Waiting' and state = 'Queued' and expiry > 0 and expiry <= $1", millis(now))
	if err != nil {
		return err
	}
	for _, t := range expired {
		t.Error = "The task was not started before " + t.Expiry.Format("2006-01-02 15:04:05 UTC") + ", its time to expire."
		if err := q.move(tx, t, Expire, now); err != nil {
			return err
		}
	}
	struck, err := many(tx, "hold = 'Paused' and wake_at > 0 and wake_at <= $1", millis(now))
	if err != nil {
		return err
	}
	for _, t := range struck {
		if err := q.move(tx, t, Wake, now); err != nil {
			return err
		}
	}
	return nil
}

// steal takes over tasks whose holder has not renewed its lease. It may go
// beyond the cap: what was begun should not wait because a node has died.
func (q *Queue) steal(tx *store.Tx, s *Situation, now time.Time, lease time.Duration) ([]*Task, error) {
	lapsed, err := many(tx, "hold = 'Held' and lease < $1", millis(now))
	if err != nil {
		return nil, err
	}
	var taken []*Task
	for _, t := range lapsed {
		n, canceled := s.Nodes[s.Node], t.State == Cancelling // which only has to be told so
		// What it has begun it goes on with when it was restarted.
		mine := t.Node == s.Node
		if !canceled && !mine && (n.Draining || n.Active >= 2*n.Cap) {
			continue
		}
		if !canceled && !mine {
			n.Active++
			s.Nodes[s.Node] = n
		}
		if err := q.take(tx, t, s.Node, Steal, now, lease); err != nil {
			return nil, err
		}
		taken = append(taken, t)
	}
	return taken, nil
}

// many reads the tasks for which a condition holds, a bounded number at a time.
func many(tx *store.Tx, where string, args ...any) ([]*Task, error) {
	var list []*Task
	err := tx.Query(func(scan func(...any) error) error {
		t, err := scanTask(scan)
		list = append(list, t)
		return err
	}, "select "+taskColumns+" from task where "+where+" order by num limit 100"+locking(tx), args...)
	if err != nil {
		return nil, fmt.Errorf("read tasks: %w", err)
	}
	return list, nil
}

// situation reads all that decides who goes next but the queue itself.
func (q *Queue) situation(tx *store.Tx, node string, now time.Time) (*Situation, error) {
	s := &Situation{Now: now, Node: node, Nodes: map[string]NodeLoad{}, Holders: map[string]string{}, Active: map[string]int{}, Stopped: map[string]bool{}, Served: q.turns.had()}
	err := tx.Query(func(scan func(...any) error) error {
		var name string
		var limit, draining, seen int64
		err := scan(&name, &limit, &draining, &seen)
		if name == node || now.Sub(fromMillis(seen)) < nodeDead {
			s.Nodes[name] = NodeLoad{Cap: int(limit), Draining: draining != 0}
		}
		return err
	}, "select name, cap, draining, seen from task_node")
	if err != nil {
		return nil, fmt.Errorf("read the nodes: %w", err)
	}
	err = tx.Query(func(scan func(...any) error) error {
		var holder, project string
		var count int64
		err := scan(&holder, &project, &count)
		s.Active[project] += int(count)
		if n, alive := s.Nodes[holder]; alive {
			n.Active += int(count)
			s.Nodes[holder] = n
		}
		return err
	}, "select node, project, count(*) from task where hold = 'Held' and light = 0 and state <> 'Cancelling' group by node, project")
	if err != nil {
		return nil, fmt.Errorf("read what runs: %w", err)
	}
	err = tx.Query(func(scan func(...any) error) error {
		var space string
		err := scan(&space)
		s.Stopped[space] = true
		return err
	}, "select space from task_stopped")
	if err != nil {
		return nil, fmt.Errorf("read which queues are stopped: %w", err)
	}
	return s, nil
}

// window is how many waiting tasks a claim looks at first.
const window = 16

const candidateColumns = "id, num, space, project, tag, case when tag_held is null then 0 else 1 end, state, place_rank, place, light, queue_time"

func scanCandidate(scan func(...any) error, more ...any) (Candidate, error) {
	var c Candidate
	var has, light, due int64
	var state string
	err := scan(append([]any{&c.ID, &c.Num, &c.Space, &c.Project, &c.Tag, &has, &state, &c.Rank, &c.Place, &light, &due}, more...)...)
	c.HasTag, c.State, c.Light, c.Due = has != 0, State(state), light != 0, fromMillis(due)
	return c, err
}

// candidateOf is a task that waits as choosing sees it.
func candidateOf(t *Task) Candidate {
	return Candidate{
		ID: t.ID, Num: t.Num, Space: t.SpaceID, Project: t.ProjectID, Tag: t.Tag, HasTag: t.HasTag, State: t.State,
		Rank: rank(t.State, t.Class, t.Top), Place: t.Place, Light: t.Light, Due: t.QueueTime,
	}
}

// candidates reads the head of the queue, as much of it as the node can take.
// Tasks of projects that have their share come from a second reading, without
// them, so that a long row of one project's tasks hides nobody.
func candidates(tx *store.Tx, s *Situation) ([]Candidate, error) {
	list, err := inSight(tx, s)
	if s.room() > 0 && !slices.ContainsFunc(list, func(c Candidate) bool { return !s.Served[c.Project] }) {
		clear(s.Served) // everybody had a turn
	}
	return list, err
}

func inSight(tx *store.Tx, s *Situation) ([]Candidate, error) {
	room := s.room()
	const free = "(tag_held is not null or tag = '' or not exists (select 1 from task h where h.tag_held = task.tag))"
	where := "(place_rank = 1 or (light = 1 and " + free + "))"
	if room > 0 {
		where = "(place_rank = 1 or " + free + ")"
	}
	if len(s.Stopped) > 0 {
		where += " and (state <> 'Queued' or not exists (select 1 from task_stopped s where s.space = task.space))"
	}
	read := func(extra string, args ...any) ([]Candidate, error) {
		var list []Candidate
		err := tx.Query(func(scan func(...any) error) error {
			c, err := scanCandidate(scan)
			list = append(list, c)
			return err
		}, "select "+candidateColumns+" from task where hold = 'Waiting' and queue_time <= $1 and "+where+extra+
			fmt.Sprintf(" order by place_rank, place, num limit $%d", len(args)+1), append(args, window+4*room)...)
		if err != nil {
			return nil, fmt.Errorf("read the queue: %w", err)
		}
		return list, nil
	}
	now := millis(s.Now)
	list, err := read("", now)
	if err != nil || room == 0 || len(list) < window+4*room {
		return list, err
	}
	seen := maps.Clone(s.Served)
	names := []any{now}
	for project := range seen {
		names = append(names, project)
	}
	for _, c := range list {
		if !seen[c.Project] {
			seen[c.Project] = true
			names = append(names, c.Project)
		}
	}
	for len(names) < roundUp(len(names)) {
		names = append(names, names[len(names)-1])
	}
	// Most often there are none, and the whole queue would be read to find out.
	switch others, err := otherProjects(tx, names[1:]); {
	case err != nil:
		return nil, err
	case !others:
		return list, nil
	}
	more, err := read(" and project not in ("+strings.TrimSpace(holes(2, len(names)))+")", names...)
	return append(list, more...), err
}

// otherProjects reports whether tasks of other projects than some wait. It goes
// from project to project, not from task to task.
func otherProjects(tx *store.Tx, names []any) (bool, error) {
	var project string
	these := holes(1, len(names))
	found, err := tx.QueryRow([]any{&project}, `with recursive p(project) as (select min(project) from task where hold = 'Waiting'
		union all select (select min(project) from task where hold = 'Waiting' and project > p.project) from p where p.project in (`+these+`))
		select project from p where project is not null and project not in (`+these+`) limit 1`, names...)
	if err != nil {
		return false, fmt.Errorf("look whose tasks wait: %w", err)
	}
	return found, nil
}

// roundUp gives the next power of two, so that few distinct statements arise.
func roundUp(n int) int {
	p := 1
	for p < n {
		p *= 2
	}
	return p
}

// Renew prolongs the leases of all tasks that the node holds, in one
// statement, and reports what it still holds: the caller's other executions
// have lost their tasks.
func (q *Queue) Renew(ctx context.Context, node string, lease time.Duration) (map[string]Task, error) {
	var held map[string]Task
	err := q.journal.Do(ctx, func(tx *store.Tx) error {
		held = map[string]Task{}
		now, err := q.dbNow(tx)
		if err != nil {
			return err
		}
		err = tx.Query(func(scan func(...any) error) error {
			var t Task
			var state string
			err := scan(&t.ID, &t.Epoch, &state)
			t.State = State(state)
			held[t.ID] = t
			return err
		}, "update task set lease = $1 where hold = 'Held' and node = $2 and lease >= $3 returning id, epoch, state",
			millis(now.Add(lease)), node, millis(now))
		if err != nil {
			return fmt.Errorf("renew leases: %w", err)
		}
		if _, err := tx.Exec("update task_node set seen = $1 where name = $2", millis(now), node); err != nil {
			return fmt.Errorf("show a sign of life: %w", err)
		}
		return nil
	})
	return held, err
}

// release ends the lease of a task that nobody works on.
func (q *Queue) release(ctx context.Context, id string, epoch int64) error {
	return q.journal.Do(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec("update task set lease = 1 where id = $1 and epoch = $2 and hold = 'Held'", id, epoch); err != nil {
			return fmt.Errorf("release task %s: %w", id, err)
		}
		return nil
	})
}

// WhyWaiting says why a task is not running, in sentences.
func (q *Queue) WhyWaiting(ctx context.Context, id string) (Why, error) {
	var w Why
	err := q.store.View(ctx, func(tx *store.Tx) error {
		t, err := GetTx(tx, id)
		if err != nil {
			return err
		}
		if t.Hold == Paused && t.Why != "" {
			w = Why{Sentences: []string{t.Why}}
		}
		if t.Hold != Waiting {
			return nil
		}
		w, err = q.whyWaiting(tx, t)
		return err
	})
	return w, err
}

func (q *Queue) whyWaiting(tx *store.Tx, t *Task) (Why, error) {
	now, err := q.dbNow(tx)
	if err != nil {
		return Why{}, err
	}
	s, err := q.situation(tx, "", now)
	if err != nil {
		return Why{}, err
	}
	delete(s.Nodes, "")
	waiting, err := asSeen(tx, s, "hold = 'Waiting' and queue_time <= $1 order by place_rank, place, num", max(millis(now), millis(t.QueueTime)))
	if err != nil {
		return Why{}, err
	}
	if !slices.ContainsFunc(waiting, func(c Candidate) bool { return c.ID == t.ID }) {
		waiting = append(waiting, candidateOf(t)) // more are ahead of it than were read
	}
	running, err := asSeen(tx, s, "hold = 'Held' order by case when state = 'Cancelling' then 0 else 1 end, started, num")
	if err != nil {
		return Why{}, err
	}
	err = tx.Query(func(scan func(...any) error) error {
		var tag, holder string
		err := scan(&tag, &holder)
		s.Holders[tag] = holder
		return err
	}, "select tag_held, id from task where tag_held is not null")
	if err != nil {
		return Why{}, fmt.Errorf("read who holds which tag: %w", err)
	}
	return s.why(t.ID, waiting, running), nil
}

// asSeen reads tasks as choosing sees them.
func asSeen(tx *store.Tx, s *Situation, where string, args ...any) (list []Candidate, err error) {
	err = tx.Query(func(scan func(...any) error) error {
		var node string
		c, err := scanCandidate(scan, &node)
		n, alive := s.Nodes[node]
		c.Apart = !alive || n.Draining
		list = append(list, c)
		return err
	}, "select "+candidateColumns+", node from task where "+where+fmt.Sprint(" limit ", mostAhead), args...)
	if err != nil {
		return nil, fmt.Errorf("read the queue: %w", err)
	}
	return list, nil
}

// fenced reports whether an error says that the task is somebody else's now.
func fenced(err error) bool { return err == errFenced || fault.Is(err, fault.Conflict) }
