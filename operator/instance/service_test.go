package instance

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
	"github.com/takodeploy/tako/operator/slo"
)

// turn has the server's pod become ready or not, so long ago.
func (s *stage) turn(name string, ready corev1.ConditionStatus, ago time.Duration) {
	s.t.Helper()
	p := s.pod(name)
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: ready, LastTransitionTime: metav1.NewTime(s.now.Add(-ago))}}
	s.check(s.c.Status().Update(s.t.Context(), p))
}

// TestServiceIsMeasured through a life: by what the pod says and not by when the
// operator saw it, over its restarts, and once.
func TestServiceIsMeasured(t *testing.T) {
	s := newStage(t, instance("acme"))
	s.settle("acme")
	report := func() slo.Report {
		s.t.Helper()
		r, ok := slo.Monthly(s.get("acme"), "2026-11", s.now)
		if !ok {
			t.Fatal("nothing was measured")
		}
		return r
	}
	s.now = s.now.Add(10 * time.Minute)
	s.turn("acme", corev1.ConditionFalse, 90*time.Second)
	s.settle("acme")
	s.begin() // another operator
	s.now = s.now.Add(time.Minute)
	s.turn("acme", corev1.ConditionTrue, 30*time.Second)
	s.settle("acme")
	first := report()
	if first.UnplannedSeconds != 120 || first.Outages != 1 || first.UpSeconds < 500 || first.UpSeconds > 560 {
		t.Errorf("after an outage of two minutes: %+v", first)
	}

	s.change("acme", func(i *cloud.Instance) { i.Spec.Image = "tako:2" })
	s.settle("acme")
	s.now = s.now.Add(time.Minute)
	s.settle("acme")
	s.want("acme", cloud.Ready, "serves")

	s.now = s.now.Add(time.Hour)
	s.settle("acme")
	s.want("acme", cloud.Hibernated, "Nobody used it")
	s.now = s.now.Add(8 * time.Hour)
	woken := s.now
	s.change("acme", func(i *cloud.Instance) {
		i.Annotations = map[string]string{cloud.AnnotationWake: s.now.Format(time.RFC3339Nano)}
	})
	s.settle("acme")
	s.change("acme", func(i *cloud.Instance) {
		i.Annotations[cloud.AnnotationWoke] = slo.Awakening(woken, 1500*time.Millisecond)
	})
	s.settle("acme")
	s.settle("acme")
	last := report()
	if last.UnplannedSeconds != 120 || last.Outages != 1 || last.Wakes != 1 || last.WakesWithin2s != 1 {
		t.Errorf("an upgrade, a sleep and an awakening are no outages: %+v", last)
	}
	if whole := last.UpSeconds + last.PlannedSeconds + last.UnplannedSeconds; whole < int64(s.now.Sub(time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC))/time.Second)-5 {
		t.Errorf("of the time %d s are accounted for: %+v", whole, last)
	}

	s.change("acme", func(i *cloud.Instance) { i.Spec.Suspended = true })
	s.settle("acme")
	s.now = s.now.Add(time.Hour)
	if r := report(); r.PlannedSeconds < 3600 || r.UnplannedSeconds != 120 {
		t.Errorf("suspended for an hour: %+v", r)
	}
}
