package task

import (
	"context"
	"errors"
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

// A commit closes once for each owner, after all its writes; one that fails is
// taken apart, and each write closes its own.
func TestACommitClosesOnce(t *testing.T) {
	q := NewQueue(open(t), Options{})
	no := errors.New("no")
	type step struct {
		name  string
		owner string // "" closes with nothing
		fails string // "do" or "then"
	}
	for name, c := range map[string]struct {
		steps []step
		want  []string // what ran in what was committed, in order
		fails []string
	}{
		"shared": {
			steps: []step{{"a", "x", ""}, {"b", "", ""}, {"c", "y", ""}, {"d", "x", ""}},
			want:  []string{"a", "b", "c", "d", "c closes", "d closes"},
		},
		"alone": {
			steps: []step{{"a", "x", ""}},
			want:  []string{"a", "a closes"},
		},
		"one fails": {
			steps: []step{{"a", "x", ""}, {"b", "x", "do"}, {"c", "x", ""}},
			want:  []string{"a", "a closes", "c", "c closes"}, fails: []string{"b"},
		},
		"the last cannot close": {
			steps: []step{{"a", "x", ""}, {"b", "x", "then"}},
			want:  []string{"a", "a closes"}, fails: []string{"b"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var kept, run []string
			note := func(what string, fails bool) func(*store.Tx) error {
				return func(tx *store.Tx) error {
					if fails {
						run = nil
						return no
					}
					run = append(run, what)
					tx.After(func() { kept, run = append(kept, run...), nil })
					return nil
				}
			}
			var batch []*write
			for _, s := range c.steps {
				w := &write{ctx: t.Context(), do: note(s.name, s.fails == "do"), done: make(chan struct{})}
				if s.owner != "" {
					w.then = &follow{s.owner, note(s.name+" closes", s.fails == "then")}
				}
				batch = append(batch, w)
			}
			q.journal.commit(batch)
			var fails []string
			for i, w := range batch {
				if errors.Is(w.err, no) {
					fails = append(fails, c.steps[i].name)
				} else if w.err != nil {
					t.Error(w.err)
				}
			}
			if !slices.Equal(kept, c.want) || !slices.Equal(fails, c.fails) {
				t.Errorf("committed %q with %q failed, not %q with %q", kept, fails, c.want, c.fails)
			}
		})
	}
}
