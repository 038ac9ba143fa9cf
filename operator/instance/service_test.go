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

// TestOutagesThatNobodySaw began and ended while no operator ran. What the pod says
// afterwards is all that is known.
func TestOutagesThatNobodySaw(t *testing.T) {
	for _, test := range []struct {
		name             string
		ready            time.Duration // so long ago the pod became ready
		change           func(p *corev1.Pod, ago func(time.Duration) metav1.Time)
		during           cloud.Phase
		outages          int32
		unplanned, other int64 // seconds, and those that were planned
	}{
		{name: "the server ended and was started again", ready: 20 * time.Second, outages: 1, unplanned: 40, change: func(p *corev1.Pod, ago func(time.Duration) metav1.Time) {
			p.Status.ContainerStatuses = []corev1.ContainerStatus{{RestartCount: 1, LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 137, FinishedAt: ago(time.Minute)}}}}
		}},
		{name: "it ended before too, which was seen", ready: 20 * time.Second, outages: 1, unplanned: 1, change: func(p *corev1.Pod, ago func(time.Duration) metav1.Time) {
			p.Status.ContainerStatuses = []corev1.ContainerStatus{{RestartCount: 1, LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 137, FinishedAt: ago(time.Hour)}}}}
		}},
		{name: "another pod took its place", ready: 20 * time.Second, outages: 1, unplanned: 25, change: func(p *corev1.Pod, ago func(time.Duration) metav1.Time) {
			p.UID, p.CreationTimestamp = "another", ago(45*time.Second)
		}},
		{name: "nothing tells since when", ready: 20 * time.Second, outages: 1, unplanned: 1},
		{name: "an upgrade went on without an operator", ready: 20 * time.Second, during: cloud.Upgrading, other: 25, change: func(p *corev1.Pod, ago func(time.Duration) metav1.Time) {
			p.UID, p.CreationTimestamp = "another", ago(45*time.Second)
		}},
		{name: "only clocks differ", ready: 10*time.Minute - 2*time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t, instance("acme"))
			s.settle("acme")
			before, _ := slo.Monthly(s.get("acme"), "2026-11", s.now)
			if i := s.get("acme"); test.during != "" {
				i.Status.Phase = test.during
				s.check(s.c.Status().Update(t.Context(), i))
			}
			s.now = s.now.Add(10 * time.Minute)
			s.turn("acme", corev1.ConditionTrue, test.ready)
			if p := s.pod("acme"); test.change != nil {
				test.change(p, func(d time.Duration) metav1.Time { return metav1.NewTime(s.now.Add(-d)) })
				status := p.Status
				s.check(s.c.Delete(t.Context(), p))
				p.ResourceVersion, p.Status = "", status
				s.check(s.c.Create(t.Context(), p))
			}
			s.begin()
			s.settle("acme")
			s.settle("acme")
			r, _ := slo.Monthly(s.get("acme"), "2026-11", s.now)
			if r.Outages != test.outages || r.UnplannedSeconds != test.unplanned || r.PlannedSeconds-before.PlannedSeconds != test.other {
				t.Errorf("%+v", r)
			}
		})
	}
}
