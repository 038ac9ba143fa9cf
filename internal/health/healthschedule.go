package health

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// Schedule enqueues health checks when they are due: for each machine
// policy at its interval or times, and for machines that are new. It also
// deletes machines that have been away for as long as their policy allows.
// Any number of nodes may run it at the same time.
type Schedule struct {
	DB    *store.DB
	Queue *task.Queue
	// Every is how often it looks; 0 is ten seconds.
	Every time.Duration
	// Now is the clock; nil is time.Now.
	Now func() time.Time

	none store.Lull // in which there is no machine
}

// Run looks again and again until the context ends.
func (h *Schedule) Run(ctx context.Context) error {
	every := h.Every
	if every == 0 {
		every = 10 * time.Second
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := h.Tick(ctx); err != nil && ctx.Err() == nil {
			slog.Warn("what health checks are due cannot be found out", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (h *Schedule) now() time.Time {
	if h.Now != nil {
		return h.Now().UTC()
	}
	return time.Now().UTC()
}

// Tick does what is due now. What fails for one policy keeps nothing else
// back.
func (h *Schedule) Tick(ctx context.Context) error {
	looked, lasts := h.none.Lasts(h.DB, h.now())
	if lasts {
		return nil
	}
	var policies []*catalog.MachinePolicy
	var all members
	err := h.DB.View(ctx, func(tx *store.Tx) (err error) {
		if policies, _, err = catalog.MachinePolicies.List(tx, kind.Query{AnySpace: true}); err != nil {
			return err
		}
		all, err = readMembers(tx)
		return err
	})
	if err != nil {
		return err
	}
	if len(all.of) == 0 {
		h.none.Begin(looked, time.Time{})
	}
	var wrong []error
	for _, p := range policies {
		if len(all.of[p.ID]) == 0 {
			continue
		}
		wrong = append(wrong, h.regular(ctx, p), h.cleanUp(ctx, p, all.of[p.ID]))
	}
	for space, fresh := range all.fresh {
		wrong = append(wrong, h.initial(ctx, space, fresh))
	}
	return errors.Join(wrong...)
}

// members are the machines of all spaces as far as the schedule goes.
type members struct {
	of    map[string][]member // by policy
	fresh map[string][]string // never checked, by space
}

type member struct {
	id, name, space, health string
}

// readMembers reads the targets and workers that are not disabled.
func readMembers(tx *store.Tx) (members, error) {
	all := members{of: map[string][]member{}, fresh: map[string][]string{}}
	take := func(b *kind.Base, name string, c *catalog.Condition) {
		if c.IsDisabled {
			return
		}
		all.of[c.MachinePolicyID] = append(all.of[c.MachinePolicyID], member{b.ID, name, b.SpaceID, c.HealthStatus})
		if c.HealthStatus == catalog.Unknown && !c.SkipInitialHealthCheck {
			all.fresh[b.SpaceID] = append(all.fresh[b.SpaceID], b.ID)
		}
	}
	machines, _, err := catalog.Machines.List(tx, kind.Query{AnySpace: true})
	if err != nil {
		return all, err
	}
	for _, m := range machines {
		take(&m.Base, m.Name, &m.Condition)
	}
	workers, _, err := catalog.Workers.List(tx, kind.Query{AnySpace: true})
	for _, w := range workers {
		take(&w.Base, w.Name, &w.Condition)
	}
	return all, err
}

// lastRound is when a policy's machines were last enqueued, and as what.
type lastRound struct {
	At   time.Time
	Task string
}

// errRaced says that another node was faster.
var errRaced = errors.New("another node has done it")

// regular enqueues the check of a policy's machines when it is due. Rounds
// that were missed are made up for by one, and none begins before the last has
// ended.
func (h *Schedule) regular(ctx context.Context, p *catalog.MachinePolicy) error {
	now := h.now()
	err := h.DB.Do(ctx, func(tx *store.Tx) error {
		name := "health-round/" + p.ID
		before, err := tx.Setting(name)
		if err != nil {
			return err
		}
		var last lastRound
		if before != "" {
			if err := json.Unmarshal([]byte(before), &last); err != nil {
				return fmt.Errorf("reading the last round of %s: %w", p.ID, err)
			}
		}
		due, err := dueAt(&p.MachineHealthCheckPolicy, last.At, now)
		if err != nil || !due {
			return err
		}
		if busy, err := stillBusy(tx, last.Task); err != nil || busy {
			return err
		}
		// The first sight of a policy is where its time begins to count: new
		// machines have a check of their own.
		if last.At.IsZero() {
			return h.swap(tx, name, before, lastRound{At: now})
		}
		t, err := h.Queue.EnqueueTx(tx, task.New{
			Name: TaskName, SpaceID: p.SpaceID,
			Description: fmt.Sprintf("Check the health of the machines with the policy %s", p.Name),
			Arguments:   Arguments{MachinePolicyID: p.ID},
		})
		if err != nil {
			return err
		}
		return h.swap(tx, name, before, lastRound{At: now, Task: t.ID})
	})
	if errors.Is(err, errRaced) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("machine policy %s: %w", p.Name, err)
	}
	return nil
}

// swap writes a setting unless somebody else has changed it meanwhile.
func (h *Schedule) swap(tx *store.Tx, name, before string, last lastRound) error {
	data, err := json.Marshal(last)
	if err != nil {
		return fmt.Errorf("storing %s: %w", name, err)
	}
	swapped, err := tx.SwapSetting(name, before, string(data))
	if err != nil {
		return err
	}
	if !swapped {
		return errRaced
	}
	return nil
}

// stillBusy reports whether a task has not ended.
func stillBusy(tx *store.Tx, id string) (bool, error) {
	if id == "" {
		return false, nil
	}
	t, err := task.GetTx(tx, id)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return !t.State.Final(), nil
}

// dueAt decides whether a check is due. A policy with neither an interval nor
// times is never due.
func dueAt(p *catalog.HealthCheckPolicy, last, now time.Time) (bool, error) {
	switch {
	case last.IsZero():
		return p.HealthCheckCron != nil || p.HealthCheckInterval != nil, nil
	case p.HealthCheckCron != nil:
		when, err := p.Table()
		if err != nil {
			return false, fmt.Errorf("reading the times of health checks: %w", err)
		}
		next, ok := when.Next(last)
		return ok && !next.After(now), nil
	case p.HealthCheckInterval != nil:
		every, err := catalog.ParseTimeSpan(*p.HealthCheckInterval)
		if err != nil || every <= 0 {
			return false, err
		}
		return !last.Add(every).After(now), nil
	}
	return false, nil
}

// initial enqueues the first check of machines that are new.
func (h *Schedule) initial(ctx context.Context, space string, ids []string) error {
	now := h.now()
	return h.DB.Do(ctx, func(tx *store.Tx) error {
		var first []string
		for _, id := range ids {
			last, err := step.LastCheckOf(tx, id)
			if err != nil {
				return err
			}
			if !last.Checked.IsZero() {
				continue
			}
			claimed, err := claimFirst(tx, id, now)
			if err != nil {
				return err
			}
			if claimed {
				first = append(first, id)
			}
		}
		if len(first) == 0 {
			return nil
		}
		what := "a new machine"
		if len(first) > 1 {
			what = fmt.Sprintf("%d new machines", len(first))
		}
		_, err := h.Queue.EnqueueTx(tx, task.New{
			Name: TaskName, SpaceID: space, Description: "Check the health of " + what,
			Arguments: Arguments{MachineIDs: first},
		})
		return err
	})
}

// claimFirst notes that a machine's first check is on its way, and says
// whether it was this caller who did. The note is no check: it has no time.
func claimFirst(tx *store.Tx, id string, now time.Time) (bool, error) {
	return tx.SwapSetting("health-first/"+id, "", now.Format(time.RFC3339))
}

// cleanUp deletes the machines that have been unavailable for longer than the
// policy allows.
func (h *Schedule) cleanUp(ctx context.Context, p *catalog.MachinePolicy, machines []member) error {
	if p.MachineCleanupPolicy.DeleteMachinesBehavior != "DeleteUnavailableMachines" {
		return nil
	}
	allowed, err := catalog.ParseTimeSpan(p.MachineCleanupPolicy.DeleteMachinesElapsedTimeSpan)
	if err != nil {
		return fmt.Errorf("machine policy %s: %w", p.Name, err)
	}
	var wrong []error
	for _, m := range machines {
		if m.health == catalog.Unavailable {
			wrong = append(wrong, h.deleteAway(ctx, m, allowed))
		}
	}
	return errors.Join(wrong...)
}

func (h *Schedule) deleteAway(ctx context.Context, m member, allowed time.Duration) error {
	var last step.LastCheck
	remove := func(tx *store.Tx) (err error) {
		if last, err = step.LastCheckOf(tx, m.id); err != nil {
			return err
		}
		if last.Status != catalog.Unavailable || last.Since.Add(allowed).After(h.now()) {
			return nil
		}
		if err := forgetMachine(tx, m.id); err != nil {
			return err
		}
		if k, ok := kind.Lookup(kindOf(m.id)); ok {
			return k.DeleteAny(tx, m.id)
		}
		return nil
	}
	err := h.DB.Do(ctx, remove)
	if fault.Is(err, fault.NotFound) || !fault.Mendable(err) {
		return err
	}
	return h.DB.Do(ctx, func(tx *store.Tx) error { return h.cleanUpFailed(tx, m, err) })
}

// cleanUpFailed puts into the audit trail, once a day, why a machine stays.
func (h *Schedule) cleanUpFailed(tx *store.Tx, m member, why error) error {
	name, today := "health-cleanup/"+m.id, h.now().Format(time.DateOnly)
	if said, err := tx.Setting(name); err != nil || said == today {
		return err
	}
	if err := tx.SetSetting(name, today); err != nil {
		return err
	}
	return tx.Append(&store.Event{Space: m.space, Category: "MachineCleanupFailed", Document: m.id,
		Message: fmt.Sprintf("Machine %s is unavailable for too long but could not be deleted: %v", m.name, why)})
}

// forgetMachine removes what is kept of a machine's checks.
func forgetMachine(tx *store.Tx, id string) error {
	for _, prefix := range []string{"machine-health/", "health-first/", "health-cleanup/"} {
		if err := tx.RemoveSetting(prefix + id); err != nil {
			return fmt.Errorf("forgetting the checks of %s: %w", id, err)
		}
	}
	return nil
}

func kindOf(id string) string {
	if id[:min(len(id), len("Workers-"))] == "Workers-" {
		return "Workers"
	}
	return "Machines"
}
