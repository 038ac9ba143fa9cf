package retention

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/setting"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// Schedule enqueues the task Retention when it is due. Any number of nodes may
// run it at the same time.
type Schedule struct {
	DB    *store.DB
	Queue *task.Queue
	// Now is the clock; nil is time.Now.
	Now func() time.Time

	early store.Lull // in which the next round is not due yet
}

// Run looks again and again until the context ends.
func (s *Schedule) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		if err := s.Tick(ctx); err != nil && ctx.Err() == nil {
			slog.Warn("whether it is time to apply retention cannot be found out", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// lastRound is when the task was last enqueued, and as what.
type lastRound struct {
	At   time.Time
	Task string
}

const roundSetting = "retention-round"

// errRaced says that another node was faster.
var errRaced = errors.New("another node has done it")

// Tick enqueues the task if it is due. Rounds that were missed are made up for
// by one, and none is enqueued before the last has ended. The time begins to
// count when a server first runs.
func (s *Schedule) Tick(ctx context.Context) error {
	now := time.Now().UTC()
	if s.Now != nil {
		now = s.Now().UTC()
	}
	looked, lasts := s.early.Lasts(s.DB, now)
	if lasts {
		return nil
	}
	var before string
	var last lastRound
	var next time.Time
	due := false
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		if before, err = tx.Setting(roundSetting); err != nil || before == "" {
			return err
		}
		if err := json.Unmarshal([]byte(before), &last); err != nil {
			return fmt.Errorf("reading the last round of retention: %w", err)
		}
		due, next, err = isDue(tx, last.At, now)
		return err
	})
	if err != nil {
		return err
	}
	if before != "" && !due {
		s.early.Begin(looked, next)
		return nil
	}
	err = s.DB.Do(ctx, func(tx *store.Tx) error { return s.begin(tx, before, last, now) })
	if errors.Is(err, errRaced) {
		return nil
	}
	return err
}

// isDue says whether the schedule has come by since the last round, and when it
// comes by. One that never does is never due, and next is zero.
func isDue(tx *store.Tx, last, now time.Time) (due bool, next time.Time, err error) {
	v, err := setting.Retention.Get(tx)
	if err != nil {
		return false, next, err
	}
	schedule, err := v.Schedule()
	if err != nil {
		return false, next, fmt.Errorf("reading when policies of retention are applied: %w", err)
	}
	next, ok := schedule.Next(last)
	if !ok {
		return false, time.Time{}, nil
	}
	return !next.After(now), next, nil
}

func (s *Schedule) begin(tx *store.Tx, before string, last lastRound, now time.Time) error {
	next := lastRound{At: now}
	if before != "" {
		old, err := task.GetTx(tx, last.Task)
		if err != nil && !fault.Is(err, fault.NotFound) || err == nil && old.Hold != task.Done {
			return err
		}
		t, err := s.Queue.EnqueueTx(tx, task.New{Name: TaskName, Description: Description, Tag: Tag})
		if err != nil {
			return err
		}
		next.Task = t.ID
	}
	data, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("noting the round of retention: %w", err)
	}
	swapped, err := tx.SwapSetting(roundSetting, before, string(data))
	if err == nil && !swapped {
		return errRaced
	}
	return err
}

// Description is what such a task is called.
const Description = "Apply retention policies"
