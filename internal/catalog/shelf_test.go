package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

const testSpace = "Spaces-1"

// shelf is a store with what projects need, and one project.
type shelf struct {
	t           *testing.T
	db          *store.DB
	environment *Environment
	lifecycle   *Lifecycle
	group       *ProjectGroup
	project     *Project
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	db, err := store.Open(context.Background(), t.TempDir(), NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.Key = secret.NewKey()
	if err := kind.Prepare(db); err != nil {
		t.Fatal(err)
	}
	s := &shelf{t: t, db: db, environment: &Environment{}, lifecycle: &Lifecycle{}, group: &ProjectGroup{}, project: &Project{}}
	s.environment.Name, s.lifecycle.Name, s.group.Name, s.project.Name = "Production", "Standard", "All", "Shop"
	s.do(func(tx *store.Tx) error {
		put(t, tx, Environments, s.environment)
		put(t, tx, Lifecycles, s.lifecycle)
		put(t, tx, ProjectGroups, s.group)
		s.project.LifecycleID, s.project.ProjectGroupID = s.lifecycle.ID, s.group.ID
		put(t, tx, Projects, s.project)
		return nil
	})
	return s
}

// do runs a unit that must succeed.
func (s *shelf) do(f func(tx *store.Tx) error) {
	s.t.Helper()
	if err := s.db.Do(context.Background(), f); err != nil {
		s.t.Fatal(explain(err))
	}
}

// refuse runs a unit that must fail with a code and a complaint that contains
// the text.
func (s *shelf) refuse(code fault.Code, text string, f func(tx *store.Tx) error) {
	s.t.Helper()
	err := s.db.Do(context.Background(), f)
	if !fault.Is(err, code) || !strings.Contains(explain(err), text) {
		s.t.Fatalf("want code %d and %q, got %v", code, text, explain(err))
	}
}

func explain(err error) string {
	if err == nil {
		return "no error"
	}
	text := err.Error()
	if f := (*fault.Error)(nil); errors.As(err, &f) {
		text += " " + strings.Join(f.Details, " | ")
	}
	return text
}

// put stores a resource in the test's space.
func put[T any](t *testing.T, tx *store.Tx, k *kind.Kind[T], r *T) {
	t.Helper()
	kind.BaseOf(r).SpaceID = testSpace
	if err := k.Put(tx, r); err != nil {
		t.Fatal(explain(err))
	}
}

func get[T any](t *testing.T, tx *store.Tx, k *kind.Kind[T], id string) *T {
	t.Helper()
	r, err := k.Get(tx, id)
	if err != nil {
		t.Fatal(explain(err))
	}
	return r
}

// create sends a client's JSON for a new resource.
func create[T any](s *shelf, k *kind.Kind[T], body string) (*T, error) {
	s.t.Helper()
	var made *T
	err := s.db.Do(context.Background(), func(tx *store.Tx) error {
		r, err := k.Decode([]byte(body))
		if err != nil {
			return err
		}
		kind.BaseOf(r).SpaceID = testSpace
		made = r.(*T)
		return k.Put(tx, made)
	})
	return made, err
}

// change sends a client's JSON for a stored resource.
func change[T any](s *shelf, k *kind.Kind[T], id, body string) (*T, error) {
	s.t.Helper()
	var changed *T
	err := s.db.Do(context.Background(), func(tx *store.Tx) error {
		r, err := k.Get(tx, id)
		if err != nil {
			return err
		}
		if err := k.Merge([]byte(body), r); err != nil {
			return err
		}
		changed = r
		return k.Put(tx, r)
	})
	return changed, err
}

func (s *shelf) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(explain(err))
	}
}

// wire gives a resource as clients see it.
func wire[T any](s *shelf, k *kind.Kind[T], id string) map[string]any {
	s.t.Helper()
	var m map[string]any
	s.must(s.db.View(context.Background(), func(tx *store.Tx) error {
		raw, _, err := k.FindRaw(tx, testSpace, id)
		if err != nil {
			return err
		}
		return json.Unmarshal(raw, &m)
	}))
	return m
}

// contract is what holds for every type that people create by themselves.
func contract[T any](s *shelf, k *kind.Kind[T], body, other, changed string, look func(*T) any) {
	s.t.Helper()
	made, err := create(s, k, body)
	s.must(err)
	id := kind.BaseOf(made).ID
	if plural := k.Info().Plural; !strings.HasPrefix(id, plural+"-") {
		s.t.Errorf("the id is %q", id)
	}
	if _, err := create(s, k, body); !k.Repeats && !fault.Is(err, fault.Invalid) {
		s.t.Errorf("a second one of the same name: %v", err)
	}
	second, err := create(s, k, other)
	s.must(err)
	s.do(func(tx *store.Tx) error {
		if diff := cmp.Diff(look(made), look(get(s.t, tx, k, id))); diff != "" {
			s.t.Errorf("read differs from created: %s", diff)
		}
		_, total, err := k.List(tx, kind.Query{Space: testSpace, IDs: []string{id, kind.BaseOf(second).ID}})
		if total != 2 {
			s.t.Errorf("listed %d, want 2", total)
		}
		return err
	})
	now, err := change(s, k, id, changed)
	s.must(err)
	if cmp.Equal(look(now), look(made)) {
		s.t.Error("the change changed nothing")
	}
	s.refuse(fault.Conflict, "", func(tx *store.Tx) error { return k.Put(tx, made) })
	s.do(func(tx *store.Tx) error { return k.Delete(tx, kind.BaseOf(second).ID) })
	s.refuse(fault.NotFound, "", func(tx *store.Tx) error { return k.Delete(tx, kind.BaseOf(second).ID) })
	links := wire(s, k, id)["Links"].(map[string]any)
	for name, link := range links {
		if path, ok := link.(string); !ok || path == "" || strings.ContainsAny(path, "<>") {
			s.t.Errorf("link %s is %v", name, link)
		}
	}
}

func sp(text string) *string { return &text }
