package instance

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

// TestLine gives those that came first their turn, and nobody's to who is slow or gone.
func TestLine(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	l := &line{}
	turn := func(name string) time.Duration {
		return l.turn(ticket{name, now.Truncate(time.Hour).Add(time.Duration(name[0]) * time.Second)}, 2, now)
	}
	want := func(does string, names ...string) {
		t.Helper()
		for n, name := range []string{"a", "b", "c", "d", "e"} {
			has := turn(name) == 0
			if should := n < len(names) && names[n] == "+"; has != should {
				t.Errorf("%s: %s has its turn: %v", does, name, has)
			}
		}
	}
	want("all come at once", "+", "+")
	l.leave("a")
	if turn("c") != 0 || turn("d") == 0 {
		t.Error("the third does not follow the first")
	}
	if first, later := turn("d"), turn("z"); first != inLine || later < first {
		t.Errorf("they ask again after %s and %s", first, later)
	}
	l.leave("d") // deleted while it waited
	now = now.Add(slow + 1)
	if turn("e") != 0 || turn("z") != 0 {
		t.Error("those that are slow hold up others")
	}
}

// TestManyAtOnce are begun a few at a time, and one that waits for something holds up nobody.
func TestManyAtOnce(t *testing.T) {
	s := newStage(t)
	s.bad["tako:slow"] = true
	var names []string
	for n := range 2*perNode + 1 {
		i := instance(fmt.Sprintf("i%02d", n))
		i.CreationTimestamp = metav1.NewTime(s.now)
		if n > 0 && n <= perNode {
			i.Spec.Image = "tako:slow"
		}
		if n == 0 {
			i.Spec.Image, i.Spec.Channel = "", "stable" // which has no version yet
		}
		s.check(s.c.Create(t.Context(), i))
		names = append(names, i.Name)
	}
	begun := func() (n int) {
		for _, name := range names {
			_, err := s.r.Reconcile(t.Context(), request(name))
			s.check(err)
			if s.get(name).Status.Applied != "" {
				n++
			}
		}
		return n
	}
	if n := begun(); n != perNode {
		t.Errorf("%d were begun at once", n)
	}
	for _, name := range names[1 : perNode+1] {
		s.settle(name)
		s.want(name, cloud.Provisioning, "It is being made")
	}
	if n := begun(); n != len(names)-1 {
		t.Errorf("%d were begun when the node had started the first", n)
	}
}
