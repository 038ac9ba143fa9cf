package instance

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
	"github.com/takodeploy/tako/operator/slo"
)

// measure notes how the instance serves, by what its pod says and not by when that
// was seen, as the operator may have been away.
func (s scene) measure() {
	if s.i.Status.Service == nil {
		s.i.Status.Service = &cloud.Service{}
	}
	service := s.i.Status.Service
	slo.Woke(service, s.i.Annotations[cloud.AnnotationWoke])
	state, at := s.serving(service.State)
	if at.IsZero() || at.After(s.now) {
		at = s.now
	}
	if service.State == cloud.ServiceUp && state == cloud.ServiceUp && at.Sub(service.Since.Time) > skew {
		slo.Note(service, s.missed(), s.downSince(service.Since.Time, at))
	}
	slo.Note(service, state, at)
}

// skew is how far the clocks of nodes and of the operator may be apart.
const skew = 5 * time.Second

// missed is how an instance was down that served when it was last looked at, serves
// now, and did not all the time in between: no operator ran.
func (s scene) missed() cloud.ServiceState {
	if s.i.Status.Phase == cloud.Ready {
		return cloud.ServiceUnplanned
	}
	return cloud.ServicePlanned
}

// downSince is from when on an instance was down that came back at a time, as far
// as its pod shows that: its last end, or when it was made in the place of another.
// Else it is not known, and no more than a moment is counted.
func (s scene) downSince(before, back time.Time) time.Time {
	since := back.Add(-time.Second)
	if made := s.pod.CreationTimestamp.Time; made.After(before) && made.Before(since) {
		since = made
	}
	for _, c := range s.pod.Status.ContainerStatuses {
		if t := c.LastTerminationState.Terminated; t != nil && t.FinishedAt.After(before) && t.FinishedAt.Time.Before(since) {
			since = t.FinishedAt.Time
		}
	}
	return since
}

// serving is how the instance serves, and since when where that can be told.
func (s scene) serving(before cloud.ServiceState) (cloud.ServiceState, time.Time) {
	switch s.i.Status.Phase {
	case cloud.Hibernated:
		return cloud.ServiceAsleep, time.Time{}
	case cloud.Suspended:
		return cloud.ServicePlanned, time.Time{}
	}
	if s.ready() {
		return cloud.ServiceUp, s.readySince()
	}
	since := time.Time{}
	if s.pod != nil && s.pod.DeletionTimestamp == nil {
		since = condition(s.pod, corev1.PodReady).LastTransitionTime.Time
	}
	switch {
	case s.i.Status.Phase != cloud.Ready:
		return cloud.ServicePlanned, since // it is made, brought to another version or back
	case before == cloud.ServiceAsleep || before == cloud.ServiceWaking:
		return cloud.ServiceWaking, time.Time{}
	case before == cloud.ServicePlanned:
		return cloud.ServicePlanned, time.Time{} // it starts after that
	}
	return cloud.ServiceUnplanned, since
}
