package task

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/store/storetest"
)

// follower is an execution that takes lines of a far end together with the
// cursor that accounts for them.
type follower struct {
	*testing.T
	q      *Queue
	x      *Execution
	cursor int64
}

func newFollower(t *testing.T, db *store.DB, ctx context.Context) *follower {
	t.Helper()
	q := NewQueue(db, Options{})
	if err := q.Join(t.Context(), "n", 9); err != nil {
		t.Fatal(err)
	}
	must[*Task](t)(q.Enqueue(t.Context(), New{Name: "Follow"}))
	got := must[[]*Task](t)(q.Claim(t.Context(), "n", time.Minute))[0]
	return &follower{t, q, &Execution{Task: *got, q: q, mask: newMasks(), ctx: ctx, stop: func(error) {}}, 0}
}

func (f *follower) take() {
	f.Helper()
	f.cursor++
	err := f.x.Later(f.Context(), Save{
		Records: []Record{{Key: Key{Path: "1", Attempt: 1}, State: StepRunning, Cursor: f.cursor}},
		Logs:    []Lines{{Path: "1", Lines: []Line{{Category: Info, Text: fmt.Sprint("line ", f.cursor)}}}},
	})
	if err != nil {
		f.Fatal(err)
	}
}

// whole checks that no line is missing of those that the cursor accounts for.
func (f *follower) whole(want int64) {
	f.Helper()
	var records []Record
	err := f.q.store.View(f.Context(), func(tx *store.Tx) (err error) {
		records, err = f.q.readRecords(tx, f.x.Task.ID)
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	cursor := int64(0)
	for _, r := range records {
		cursor = r.Cursor
	}
	if lines := must[*Task](f.T)(f.q.Get(f.Context(), f.x.Task.ID)).LogLines; lines != cursor || cursor != want {
		f.Errorf("%d lines are stored, the cursor accounts for %d, and %d were expected", lines, cursor, want)
	}
}

// TestNoLineIsLostWithASaveThatIsRefused has a save fail for a reason of its own
// that took lines along.
func TestNoLineIsLostWithASaveThatIsRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFollower(t, db, nil)
		f.take()
		no := errors.New("no")
		if err := f.x.Save(t.Context(), Save{Then: []func(*store.Tx) error{func(*store.Tx) error { return no }}}); !errors.Is(err, no) {
			t.Fatal(err)
		}
		f.take()
		if err := f.x.Save(t.Context(), Save{}); err != nil {
			t.Fatal(err)
		}
		f.whole(2)
	})
}

// TestNoLineIsLostWithASaveThatIsGivenUp has a node lose its lease while the
// database is away, so that it gives up what it wanted to store. When the
// database is back, and nobody has taken the task yet, it must not store what
// came after that.
func TestNoLineIsLostWithASaveThatIsGivenUp(t *testing.T) {
	c, through := newCutter(t, storetest.PostgresURL(t))
	db := must[*store.DB](t)(store.Open(t.Context(), "", through))
	defer db.Close()
	ctx, fence := context.WithCancel(t.Context())
	f := newFollower(t, db, ctx)
	f.take()
	if err := f.x.Save(t.Context(), Save{}); err != nil {
		t.Fatal(err)
	}
	f.take()
	fence()
	c.refuse.Store(true)
	if err := f.x.Save(t.Context(), Save{}); !store.Unreachable(err) {
		t.Fatal(err)
	}
	c.refuse.Store(false)
	f.take()
	if err := f.x.Save(t.Context(), Save{}); !errors.Is(err, errFenced) {
		t.Errorf("what came after the gap is stored: %v", err)
	}
	f.whole(1)
}
