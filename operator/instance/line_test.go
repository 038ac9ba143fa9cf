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
	want := func(does string, names ...string) {
		t.Helper()
		for n, name := range []string{"a", "b", "c", "d", "e"} {
			has := l.turn(name, 2, now) == 0
			if should := n < len(names) && names[n] == "+"; has != should {
				t.Errorf("%s: %s has its turn: %v", does, name, has)
			}
		}
	}
	want("all come at once", "+", "+")
	l.leave("a")
	if l.turn("c", 2, now) != 0 || l.turn("d", 2, now) == 0 {
		t.Error("the third does not follow the first")
	}
	if first, later := l.turn("d", 2, now), l.turn("z", 2, now); first != inLine || later < first {
		t.Errorf("they ask again after %s and %s", first, later)
	}
	l.leave("d") // deleted while it waited
	now = now.Add(slow + 1)
	if l.turn("e", 2, now) != 0 || l.turn("z", 2, now) != 0 {
		t.Error("those that are slow hold up others")
	}
}

// TestManyAtOnce are made a few at a time, and one that cannot be made holds up nobody.
func TestManyAtOnce(t *testing.T) {
	s := newStage(t)
	var names []string
	for n := range 2*perNode + 1 {
		i := instance(fmt.Sprintf("i%02d", n))
		i.CreationTimestamp = metav1.NewTime(s.now)
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
	if n := begun(); n != perNode+1 {
		t.Errorf("%d were begun at once", n)
	}
	for _, name := range names[1 : perNode+1] {
		s.settle(name)
		s.want(name, cloud.Ready, "serves")
	}
	if n := begun(); n != len(names) {
		t.Errorf("%d were begun when the first were there", n)
	}
}
