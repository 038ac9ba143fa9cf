package instance

import (
	"slices"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

// neighbour is an instance made a while after acme, of a part of the bucket that
// somebody chose.
func neighbour(name, prefix string, after time.Duration) *cloud.Instance {
	i := instance(name)
	i.UID = types.UID("87654321-" + name)
	i.CreationTimestamp = metav1.NewTime(i.CreationTimestamp.Add(after))
	i.Spec.Storage.Prefix = prefix
	return i
}

func (s *stage) gone(name string) bool {
	s.t.Helper()
	err := s.c.Get(s.t.Context(), types.NamespacedName{Name: name}, &cloud.Instance{})
	if err != nil && !apierrors.IsNotFound(err) {
		s.t.Fatal(err)
	}
	return err != nil
}

// removed deletes an instance and lets its grace pass.
func (s *stage) removed(name string) {
	s.t.Helper()
	s.check(s.c.Delete(s.t.Context(), s.get(name)))
	s.settle(name)
	s.now = s.now.Add(2 * time.Hour)
	s.settle(name)
	if !s.gone(name) {
		s.t.Fatalf("%s is still there: %+v", name, s.get(name).Status)
	}
}

func TestAPrefixIsOfOneInstance(t *testing.T) {
	for _, c := range []struct {
		name, first, second string
		sooner              bool // the second was made sooner, and is looked at later
		taken               string
	}{
		{"chosen by both", "shared", "shared", false, "shared"},
		{"chosen by one, made from the name of the other", "", "acme-12345678", false, "acme-12345678"},
		{"the one that has it stays, whoever is older", "shared", "shared", true, "shared"},
		{"beside each other", "shared", "shared-2", false, ""},
		{"made from their names", "", "", false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			first, second := neighbour("acme", c.first, 0), neighbour("other", c.second, time.Minute)
			first.UID = "12345678-1"
			if c.sooner {
				second.CreationTimestamp = metav1.NewTime(first.CreationTimestamp.Add(-time.Hour))
			}
			s := newStage(t, first)
			s.settle("acme")
			s.check(s.c.Create(t.Context(), second))
			s.settle("other")
			s.want("acme", cloud.Ready, "It serves acme.example.com.")
			if c.taken == "" {
				s.want("other", cloud.Ready, "It serves other.example.com.")
				return
			}
			i := s.want("other", cloud.Provisioning, "Its part of the bucket, "+c.taken+", is that of the instance acme: give it another spec.storage.prefix, or none")
			if s.pod("other") != nil || i.Status.Prefix != "" {
				t.Errorf("it was begun: %+v", i.Status)
			}
			s.change("other", func(i *cloud.Instance) { i.Spec.Storage.Prefix = "" })
			s.settle("other")
			if i := s.want("other", cloud.Ready, "It serves"); i.Status.Prefix != "other-87654321" {
				t.Errorf("%+v", i.Status)
			}
		})
	}
}

// TestTwoAtOnce: neither has anything yet, and the one that is seen first is not
// known to the other when the operator is ended in between.
func TestTwoAtOnce(t *testing.T) {
	for n := range 12 {
		first, second := neighbour("acme", "shared", 0), neighbour("other", "shared", 0)
		s := newStage(t, first, second)
		s.budget = n
		for _, name := range []string{"other", "acme", "other"} {
			s.settle(name)
			if s.budget == 0 {
				s.budget = -1
				s.begin()
			}
		}
		s.settle("acme")
		s.settle("other")
		served := 0
		for _, name := range []string{"acme", "other"} {
			if s.get(name).Status.Prefix == "shared" {
				served++
			}
		}
		if served != 1 {
			t.Errorf("killed at change %d, %d have the prefix", n, served)
		}
	}
}

// TestAPrefixThatAnotherHasIsNotErased: of one that waits for it, and of two that
// had it before it was refused.
func TestAPrefixThatAnotherHasIsNotErased(t *testing.T) {
	t.Run("waiting", func(t *testing.T) {
		s := newStage(t, neighbour("acme", "shared", 0), neighbour("other", "shared", time.Minute))
		s.settle("acme")
		s.settle("other")
		s.removed("other")
		if len(s.erased) > 0 {
			t.Fatalf("%v was erased with one that never had it", s.erased)
		}
		s.want("acme", cloud.Ready, "It serves")
	})
	t.Run("from before", func(t *testing.T) {
		first, second := neighbour("acme", "shared", 0), neighbour("other", "shared", time.Minute)
		first.Status.Prefix, second.Status.Prefix = "shared", "shared"
		s := newStage(t, first, second)
		s.settle("acme")
		s.settle("other")
		says := "Its part of the bucket, shared, is also that of the instance acme"
		if i := s.get("other"); !strings.Contains(i.Status.Conditions[0].Message, says) || i.Status.Conditions[0].Status == metav1.ConditionTrue || s.pod("other") == nil {
			t.Errorf("%+v", i.Status)
		}
		if i := s.get("acme"); !strings.Contains(i.Status.Conditions[0].Message, "is also that of the instance other") {
			t.Errorf("%+v", i.Status)
		}
		s.removed("acme")
		if len(s.erased) > 0 {
			t.Fatalf("%v was erased, which other has", s.erased)
		}
		s.settle("other")
		s.change("other", func(i *cloud.Instance) {
			i.Annotations = map[string]string{cloud.AnnotationWake: s.now.Add(time.Second).Format(time.RFC3339Nano)}
		})
		s.settle("other")
		s.want("other", cloud.Ready, "It serves other.example.com.")
		s.removed("other")
		if !slices.Contains(s.erased, "shared") {
			t.Error("what the last one had was not erased")
		}
	})
}

// TestTheKeyOfAPrefixThatAnotherHasStays with the other.
func TestTheKeyOfAPrefixThatAnotherHasStays(t *testing.T) {
	s, g := guarded(t)
	s.settle("acme")
	second := neighbour("other", "acme-12345678", time.Minute)
	second.Status.Prefix = "acme-12345678"
	s.check(s.c.Create(t.Context(), second))
	second.Status.Prefix = "acme-12345678"
	s.check(s.c.Status().Update(t.Context(), second))
	s.settle("other")
	s.removed("other")
	if len(g.keys[acmeUser]) == 0 {
		t.Error("the key that acme works with was taken back")
	}
}
