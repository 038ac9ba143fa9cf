package instance

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

// worthwhile is how long a sleep must last at least to be begun.
const worthwhile = 10 * time.Minute

// soon is how long before something is due an instance is woken.
const soon = time.Minute

// Report is what a server says of itself when it is asked.
type Report struct {
	Version      string     `json:"Version"`
	LastRequest  *time.Time `json:"LastRequest"`
	Executing    int        `json:"Executing"`
	Queued       int        `json:"Queued"`
	NextDue      *time.Time `json:"NextDue"`
	Requests     int64      `json:"Requests"`
	ServerErrors int64      `json:"ServerErrors"`
}

// scene is everything that decides what happens to an instance next.
type scene struct {
	i    *cloud.Instance
	pod  *corev1.Pod // nil when there is none
	mark string      // of the template that the pod should have
	now  time.Time
}

// stamp reads a time that somebody wrote on an instance.
func stamp(i *cloud.Instance, annotation string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, i.Annotations[annotation])
	if err != nil {
		return time.Time{}
	}
	return t
}

// lastUse is when anybody last wanted the instance.
func (s scene) lastUse() time.Time {
	last := s.i.Status.Since.Time
	for _, t := range []time.Time{stamp(s.i, cloud.AnnotationWake), stamp(s.i, cloud.AnnotationUse), s.i.CreationTimestamp.Time} {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// stale says whether the pod is of an earlier template, or has a key to the bucket
// that is to be taken back.
func (s scene) stale() bool {
	return s.pod != nil && s.pod.Annotations[annotationTemplate] != s.mark || s.oldKey()
}

// ready says whether the pod serves.
func (s scene) ready() bool {
	return s.pod != nil && s.pod.DeletionTimestamp == nil && condition(s.pod, corev1.PodReady).Status == corev1.ConditionTrue
}

// runs says whether the server was started, if it does not serve yet.
func (s scene) runs() bool {
	return s.pod != nil && len(s.pod.Status.ContainerStatuses) > 0 && s.pod.Status.ContainerStatuses[0].State.Running != nil
}

// readySince is when the pod began to serve.
func (s scene) readySince() time.Time {
	return condition(s.pod, corev1.PodReady).LastTransitionTime.Time
}

func condition(p *corev1.Pod, t corev1.PodConditionType) corev1.PodCondition {
	for _, c := range p.Status.Conditions {
		if c.Type == t {
			return c
		}
	}
	return corev1.PodCondition{}
}

// wakeReason says why a hibernated instance should be awake; empty if it should
// not.
func (s scene) wakeReason() string {
	i := s.i
	switch {
	case stamp(i, cloud.AnnotationWake).After(i.Status.Since.Time):
		return "somebody asked for it"
	case i.Status.WakeAt != nil && !s.now.Before(i.Status.WakeAt.Time):
		return "something is due soon"
	case i.Spec.Hibernation.IdleAfter.Duration <= 0:
		return "it is to stay awake"
	}
	return ""
}

// sleepAt is when an instance that nobody uses from now on can be put to sleep;
// never when zero.
func (s scene) sleepAt() time.Time {
	idle := s.i.Spec.Hibernation.IdleAfter.Duration
	if idle <= 0 {
		return time.Time{}
	}
	return s.lastUse().Add(idle)
}

// busy says why a server must not be put to sleep; empty if it may.
func (s scene) busy(r Report) string {
	h := s.i.Spec.Hibernation
	switch {
	case r.Executing > 0:
		return fmt.Sprintf("%d tasks are running", r.Executing)
	case r.Queued > 0:
		return fmt.Sprintf("%d tasks are waiting", r.Queued)
	case r.LastRequest != nil && s.now.Sub(*r.LastRequest) < h.IdleAfter.Duration:
		return "it was used at " + r.LastRequest.UTC().Format("15:04:05")
	case r.NextDue != nil && r.NextDue.Sub(s.now) < worthwhile:
		return "something is due at " + r.NextDue.UTC().Format("15:04:05")
	}
	return ""
}

// troubled says why a new version is not healthy although its pod is ready.
func troubled(r Report) string {
	if r.Requests >= 20 && r.ServerErrors*20 > r.Requests {
		return fmt.Sprintf("%d of %d requests failed", r.ServerErrors, r.Requests)
	}
	return ""
}

// trouble is what keeps a pod from running, in a sentence.
func trouble(p *corev1.Pod) string {
	if p == nil {
		return "its pod has not been made yet"
	}
	for _, c := range p.Status.ContainerStatuses {
		switch w, last := c.State.Waiting, c.LastTerminationState.Terminated; {
		case last != nil && c.RestartCount > 0:
			return fmt.Sprintf("the server ended with code %d and was started %d times again%s", last.ExitCode, c.RestartCount, lastWords(last.Message))
		case w != nil && w.Reason != "ContainerCreating" && w.Reason != "PodInitializing":
			return fmt.Sprintf("its container waits: %s %s", w.Reason, w.Message)
		}
	}
	if c := condition(p, corev1.PodScheduled); c.Status == corev1.ConditionFalse {
		return "no node takes its pod: " + c.Message
	}
	return "the server is starting"
}

// lastWords is the last line of what a server wrote before it ended.
func lastWords(text string) string {
	text = strings.TrimSpace(text)
	if n := strings.LastIndexByte(text, '\n'); n >= 0 {
		text = text[n+1:]
	}
	if text == "" {
		return ""
	}
	return " (" + text[:min(len(text), 500)] + ")"
}
