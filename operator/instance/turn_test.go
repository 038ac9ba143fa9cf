package instance

import (
	"slices"
	"testing"
	"time"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

// turning is a stage on which no key is taken back that the server's pod has.
func turning(t *testing.T) (*stage, *guild) {
	s, g := guarded(t)
	g.dropped = func(id string) {
		if pod := s.pod("acme"); pod != nil && pod.Annotations[annotationKey] == id {
			t.Errorf("%s was taken back while the server works with it", id)
		}
	}
	return s, g
}

func (s *stage) turnKey(wish string) {
	s.change("acme", func(i *cloud.Instance) { i.Annotations = map[string]string{cloud.AnnotationTurnKey: wish} })
}

// onlyKey wants the instance to have one key, which is no other than it says and
// the only one that is good.
func (s *stage) onlyKey(g *guild, not string) string {
	s.t.Helper()
	id := string(s.access().Data["access-key"])
	if i := s.get("acme"); id == not || !slices.Equal(g.keys[acmeUser], []string{id}) || i.Status.BucketKey != id || i.Status.Turning {
		s.t.Fatalf("it has %s of %v: %+v", id, g.keys, i.Status)
	}
	if pod := s.pod("acme"); pod != nil && pod.Annotations[annotationKey] != id {
		s.t.Errorf("its server works with %s instead of %s", pod.Annotations[annotationKey], id)
	}
	return id
}

// TestAKeyIsTurned at once, wherever the operator is ended, and the one before is
// taken back when nothing uses it.
func TestAKeyIsTurned(t *testing.T) {
	for n := range 60 {
		s, g := turning(t)
		s.change("acme", func(i *cloud.Instance) { i.Spec.MaintenanceWindow = &cloud.Window{Start: "22:00", Hours: 2} })
		s.settle("acme")
		first := s.onlyKey(g, "")
		s.budget = n
		s.turnKey("now")
		s.settle("acme")
		cut := s.budget == 0
		if cut {
			s.budget = -1
			s.begin()
		}
		for range 2 { // until it starts anew, and until that is known to be healthy
			s.now = s.now.Add(time.Minute)
			s.settle("acme")
		}
		s.want("acme", cloud.Ready, "It serves")
		second := s.onlyKey(g, first)
		made := g.made
		s.now = s.now.Add(time.Minute)
		s.settle("acme")
		if s.onlyKey(g, first) != second || g.made != made {
			t.Error("it was turned again")
		}
		if t.Failed() {
			t.Fatalf("killed at change %d", n)
		}
		if !cut {
			return
		}
	}
	t.Error("the story never ends")
}

func TestAKeyIsTurnedWhileItSleeps(t *testing.T) {
	s, g := turning(t)
	s.settle("acme")
	first := s.onlyKey(g, "")
	s.now = s.now.Add(time.Hour)
	s.settle("acme")
	s.want("acme", cloud.Hibernated, "")
	s.turnKey("now")
	s.settle("acme")
	s.want("acme", cloud.Hibernated, "")
	s.onlyKey(g, first)
}

// TestTheKeyOfALostSecretIsTakenBack: whoever has the secret has the key.
func TestTheKeyOfALostSecretIsTakenBack(t *testing.T) {
	s, g := turning(t)
	s.settle("acme")
	first := s.onlyKey(g, "")
	s.check(s.c.Delete(t.Context(), s.access()))
	s.r.damaged.Store("acme", true)
	for range 2 {
		s.settle("acme")
		s.now = s.now.Add(time.Minute)
	}
	s.want("acme", cloud.Ready, "It serves")
	s.onlyKey(g, first)
}

// TestAKeyThatCannotBeTakenBack is tried again, and nothing else waits for that.
func TestAKeyThatCannotBeTakenBack(t *testing.T) {
	s, g := turning(t)
	s.settle("acme")
	first := s.onlyKey(g, "")
	g.refuse = "DeleteAccessKey"
	s.turnKey("now")
	for range 40 {
		if _, err := s.r.Reconcile(t.Context(), request("acme")); err != nil {
			t.Fatal(err)
		}
		s.node("acme")
		s.now = s.now.Add(time.Second)
	}
	if i := s.want("acme", cloud.Ready, "It serves"); !i.Status.Turning {
		t.Errorf("%+v", i.Status)
	}
	g.refuse = ""
	s.settle("acme")
	s.onlyKey(g, first)
}
