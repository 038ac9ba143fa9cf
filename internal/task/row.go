package task

import (
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// Times are stored as milliseconds since 1970, none as 0: one form for both
// engines, and an index orders it.

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// fixed are the columns that never change once a task exists, moving those
// that do.
var (
	fixed = []string{"id", "num", "name", "description", "space", "project", "environment", "tenant", "runbook",
		"arguments", "created_by", "light", "tag", "queue_time", "parent", "parent_key"}
	moving = []string{"state", "hold", "class", "place_rank", "place", "tag_held", "expiry", "started", "updated",
		"completed", "wake_at", "node", "epoch", "lease", "error", "warnings", "pending", "why", "log_lines", "log_bytes"}
	taskColumns = strings.Join(append(append([]string{}, fixed...), moving...), ", ")
)

func (t *Task) fixedValues() []any {
	return []any{t.ID, t.Num, t.Name, t.Description, t.SpaceID, t.ProjectID, t.EnvironmentID, t.TenantID, t.RunbookID,
		string(t.Arguments), t.CreatedBy, flag(t.Light), t.Tag, millis(t.QueueTime), t.Parent, t.ParentKey}
}

func (t *Task) movingValues() []any {
	var held any
	if t.HasTag && t.Tag != "" {
		held = t.Tag
	}
	return []any{string(t.State), string(t.Hold), int64(t.Class), int64(rank(t.State, t.Class, t.Top)), t.Place, held, millis(t.Expiry),
		millis(t.Started), millis(t.Updated), millis(t.Completed), millis(t.WakeAt), t.Node, t.Epoch, millis(t.Lease),
		t.Error, flag(t.Warnings), strings.Join(t.Pending, ","), t.Why, t.LogLines, t.LogBytes}
}

func scanTask(scan func(dest ...any) error) (*Task, error) {
	var t Task
	var light, queued, class, rank, expiry, started, updated, completed, wake, lease, warnings int64
	var arguments, state, hold, pending string
	var held sql.NullString
	err := scan(&t.ID, &t.Num, &t.Name, &t.Description, &t.SpaceID, &t.ProjectID, &t.EnvironmentID, &t.TenantID, &t.RunbookID,
		&arguments, &t.CreatedBy, &light, &t.Tag, &queued, &t.Parent, &t.ParentKey,
		&state, &hold, &class, &rank, &t.Place, &held, &expiry, &started, &updated, &completed, &wake,
		&t.Node, &t.Epoch, &lease, &t.Error, &warnings, &pending, &t.Why, &t.LogLines, &t.LogBytes)
	if err != nil {
		return nil, err
	}
	t.Arguments = []byte(arguments)
	t.State, t.Hold = State(state), Hold(hold)
	t.Class, t.Top = Class(class), rank == rankTop
	t.Light, t.HasTag, t.Warnings = light != 0, held.Valid, warnings != 0
	t.QueueTime, t.Expiry, t.Started, t.Updated = fromMillis(queued), fromMillis(expiry), fromMillis(started), fromMillis(updated)
	t.Completed, t.WakeAt, t.Lease = fromMillis(completed), fromMillis(wake), fromMillis(lease)
	if pending != "" {
		t.Pending = strings.Split(pending, ",")
	}
	return &t, nil
}

// holes gives "$from, …, $to".
func holes(from, to int) string {
	var b strings.Builder
	for i := from; i <= to; i++ {
		if i > from {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", i)
	}
	return b.String()
}

var (
	insertTask = fmt.Sprintf("insert into task (%s) values (%s)", taskColumns, holes(1, len(fixed)+len(moving)))
	updateTask = func() string {
		sets := make([]string, len(moving))
		for i, c := range moving {
			sets[i] = fmt.Sprintf("%s = $%d", c, i+1)
		}
		n := len(moving)
		return fmt.Sprintf("update task set %s where id = $%d and state = $%d and hold = $%d and epoch = $%d",
			strings.Join(sets, ", "), n+1, n+2, n+3, n+4)
	}()
)
