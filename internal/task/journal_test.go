package task

import (
	"context"
	"slices"
	"testing"

	"github.com/takodeploy/tako/internal/store"
)

// Writes that share a commit are each recorded for who asked for them, even
// where the first of them no longer waits for it.
func TestABatchKeepsItsActors(t *testing.T) {
	q := NewQueue(open(t), Options{})
	var got []string
	batch := []*write{}
	for _, name := range []string{"ann", "ben", ""} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if name != "" {
			ctx = store.WithActor(ctx, store.Actor{Username: name})
		}
		batch = append(batch, &write{ctx: ctx, done: make(chan struct{}), do: func(tx *store.Tx) error {
			e := store.Event{Space: "Spaces-1", Category: "Modified", Document: "Projects-1"}
			err := tx.Append(&e)
			got = append(got, e.Actor.Username)
			return err
		}})
	}
	q.journal.commit(batch)
	for _, w := range batch {
		if w.err != nil {
			t.Error(w.err)
		}
	}
	if want := []string{"ann", "ben", store.System.Username}; !slices.Equal(got, want) {
		t.Errorf("recorded for %q, not %q", got, want)
	}
}
