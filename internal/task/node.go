package task

import (
	"context"
	"fmt"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
)

// Node is a server that carries out tasks.
type Node struct {
	Name     string
	Cap      int // how many tasks at once
	Draining bool
	Seen     int64 // Unix milliseconds of its last sign of life
	Since    int64 // when it started
	Active   int   // how many tasks it has in its hands
	Alive    bool  // it has given a sign of life of late
}

// DefaultCap is how many tasks a node carries out at once unless told otherwise.
const DefaultCap = 5

// Join makes a node known, or known again after a restart, and puts what its
// earlier life has left behind up for taking. Without a cap it keeps the one that
// it had.
func (q *Queue) Join(ctx context.Context, name string, limit int) error {
	return q.journal.Do(ctx, func(tx *store.Tx) error {
		now, err := q.dbNow(tx)
		if err != nil {
			return err
		}
		start := limit
		if start <= 0 {
			start = DefaultCap
		}
		_, err = tx.Exec(`insert into task_node (name, cap, draining, seen, since) values ($1, $2, 0, $3, $3)
			on conflict (name) do update set seen = excluded.seen, since = excluded.since,
			cap = case when cast($4 as bigint) > 0 then cast($4 as bigint) else task_node.cap end`, name, start, millis(now), limit)
		if err != nil {
			return fmt.Errorf("join as node %s: %w", name, err)
		}
		if _, err := tx.Exec("update task set lease = 1 where hold = 'Held' and node = $1", name); err != nil {
			return fmt.Errorf("take up what node %s has left: %w", name, err)
		}
		return nil
	})
}

// Leave says that a node is not there any more, so that the others need not
// wait to find out: what they take depends on who shares the work.
func (q *Queue) Leave(ctx context.Context, name string) error {
	return q.journal.Do(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec("update task_node set seen = 0 where name = $1", name); err != nil {
			return fmt.Errorf("leave as node %s: %w", name, err)
		}
		q.tell(tx, Change{Kind: Enqueued})
		return nil
	})
}

// SetNode changes a node's cap and whether it drains: a node that drains
// finishes what it has and takes nothing new. Each of then runs in the same
// transaction.
func (q *Queue) SetNode(ctx context.Context, name string, limit int, draining bool, then ...func(*store.Tx) error) error {
	return q.store.Do(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec("update task_node set cap = $1, draining = $2 where name = $3", limit, flag(draining), name)
		if err != nil {
			return fmt.Errorf("change node %s: %w", name, err)
		}
		if n == 0 {
			return fault.New(fault.NotFound, "There is no node %s.", name)
		}
		q.tell(tx, Change{Kind: Enqueued})
		return all(tx, then)
	})
}

// Forget removes a node that is not there any more.
func (q *Queue) Forget(ctx context.Context, name string, then ...func(*store.Tx) error) error {
	return q.store.Do(ctx, func(tx *store.Tx) error {
		nodes, err := q.NodesTx(tx)
		if err != nil {
			return err
		}
		for _, n := range nodes {
			switch {
			case n.Name != name:
				continue
			case n.Alive:
				return fault.New(fault.Conflict, "Node %s is alive: stop it before it is removed.", name)
			}
			if _, err := tx.Exec("delete from task_node where name = $1", name); err != nil {
				return fmt.Errorf("forget node %s: %w", name, err)
			}
			return all(tx, then)
		}
		return fault.New(fault.NotFound, "There is no node %s.", name)
	})
}

func all(tx *store.Tx, then []func(*store.Tx) error) error {
	for _, f := range then {
		if err := f(tx); err != nil {
			return err
		}
	}
	return nil
}

// Nodes lists the nodes that were ever seen, by name.
func (q *Queue) Nodes(ctx context.Context) (nodes []Node, err error) {
	err = q.store.View(ctx, func(tx *store.Tx) (err error) {
		nodes, err = q.NodesTx(tx)
		return err
	})
	return nodes, err
}

// NodesTx is Nodes in the caller's transaction.
func (q *Queue) NodesTx(tx *store.Tx) ([]Node, error) {
	now, err := q.dbNow(tx)
	if err != nil {
		return nil, err
	}
	var nodes []Node
	var newest int64
	err = tx.Query(func(scan func(...any) error) error {
		var n Node
		var draining int64
		err := scan(&n.Name, &n.Cap, &draining, &n.Seen, &n.Since, &n.Active)
		n.Draining = draining != 0
		n.Alive = now.Sub(fromMillis(n.Seen)) < nodeDead
		newest = max(newest, n.Since)
		nodes = append(nodes, n)
		return err
	}, `select name, cap, draining, seen, since,
		(select count(*) from task where hold = 'Held' and task.node = task_node.name) from task_node order by name`)
	if err != nil {
		return nil, fmt.Errorf("list the nodes: %w", err)
	}
	for i := range nodes {
		// Where there can be only one node it does not write that it is there.
		if n := &nodes[i]; !q.shared() {
			n.Alive = n.Seen > 0 && n.Since == newest
		}
	}
	return nodes, nil
}

// renew keeps the leases of what runs alive. It costs nothing while nothing
// runs. If it cannot, the executions are stopped before the leases end.
func (r *Runner) renew(ctx context.Context) {
	idle := time.NewTicker(nodeDead / 3)
	defer idle.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.held:
			r.renewWhileHeld(ctx)
		case <-idle.C:
			r.signOfLife(ctx)
		}
	}
}

// signOfLife tells other nodes that an idle one is there. Where there can be
// no others nothing is written.
func (r *Runner) signOfLife(ctx context.Context) {
	if !r.q.shared() {
		return
	}
	if err := r.renewOnce(ctx); err != nil && ctx.Err() == nil {
		r.o.Log.Warn("the node's sign of life cannot be written", "error", err)
	}
}

func (r *Runner) renewWhileHeld(ctx context.Context) {
	ticker := time.NewTicker(r.o.Renew)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			// Those that are being stopped still write; their leases hold for
			// the time that they are given.
			return
		case <-ticker.C:
		}
		r.mu.Lock()
		none := len(r.running) == 0
		r.mu.Unlock()
		if none {
			return
		}
		if err := r.renewOnce(ctx); err != nil && ctx.Err() == nil {
			r.o.Log.Warn("leases cannot be renewed", "error", err)
		}
	}
}

// renewOnce renews all leases, stops what has lost its task, and gives up the
// tasks that nothing here works on any more: their lease would otherwise be
// renewed with the others', and nobody could ever take them.
func (r *Runner) renewOnce(ctx context.Context) error {
	r.lease.Lock()
	defer r.lease.Unlock()
	asked := time.Now()
	held, err := r.q.Renew(ctx, r.o.Node, r.o.Lease)
	if err != nil {
		return err
	}
	var orphans []Task
	var canceled []*Execution
	r.mu.Lock()
	r.renewed(asked)
	for id, x := range r.running {
		switch t, ok := held[id]; {
		case ok && t.Epoch == x.Task.Epoch:
			if t.State == Cancelling {
				x.cancelOnce()
				canceled = append(canceled, x)
			}
			if r.q.shared() {
				x.notice() // another node's hint may have been lost
			}
		default:
			x.stop(errFenced)
		}
	}
	for id, t := range held {
		if x := r.running[id]; x == nil || x.Task.Epoch != t.Epoch {
			orphans = append(orphans, t)
		}
	}
	r.mu.Unlock()
	for _, t := range orphans {
		if err := r.q.release(ctx, t.ID, t.Epoch); err != nil {
			return err
		}
	}
	if len(orphans) > 0 {
		r.poke()
	}
	return r.giveUp(ctx, canceled)
}

// renewed sets the time at which everything stops unless it is called again:
// before the leases that were asked for then can have ended. The caller holds
// mu.
func (r *Runner) renewed(asked time.Time) {
	if r.fence != nil {
		r.fence.Stop()
	}
	r.fence = time.AfterFunc(time.Until(asked.Add(r.o.Lease-r.o.Lease/6)), func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.o.Log.Warn("the leases could not be renewed in time; what ran here is left to whichever node is there", "tasks", len(r.running))
		for _, x := range r.running {
			x.stop(errFenced)
		}
	})
}
