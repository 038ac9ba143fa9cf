package target

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/kube"
	"github.com/takodeploy/tako/internal/runner"
)

// podGone is a pod that does not run any more, and what that means for its
// job.
type podGone struct{ exit runner.Exit }

// Error says why.
func (g *podGone) Error() string { return g.exit.Reason }

// Unwrap makes it an ErrGone.
func (g *podGone) Unwrap() error { return ErrGone }

func lostPod(format string, args ...any) *podGone {
	return &podGone{runner.Exit{Code: runner.ExitUnknown, Lost: true, Reason: fmt.Sprintf(format, args...)}}
}

// podState is what is to be done about a pod.
type podState struct {
	runs    bool     // its container runs: one can talk to the agent
	gone    *podGone // it will not run any more
	waits   string   // why it does not run yet
	failing bool     // what it waits for goes wrong and may never come
	never   bool     // it cannot come
}

// judge says how a pod is.
func (w *podWay) judge(pod *kube.Pod) podState {
	switch {
	case pod == nil:
		return podState{gone: lostPod("The pod %s is not there any more: it was deleted, or its node is gone for good.", w.name)}
	case pod.Metadata.UID != w.known():
		return podState{gone: lostPod("The pod %s was deleted and is another one now.", w.name)}
	}
	for _, c := range pod.Status.ContainerStatuses {
		switch {
		case c.Name != workContainer:
		case c.State.Running != nil:
			return podState{runs: true}
		case c.State.Terminated != nil && c.State.Terminated.Reason == "StartError":
			return podState{never: true, waits: fmt.Sprintf("The image %s of the worker pod cannot run tako-agent: %s", c.Image, c.State.Terminated.Message)}
		case c.State.Terminated != nil:
			return podState{gone: w.ended(pod)}
		}
	}
	if pod.Status.Phase == kube.Failed || pod.Status.Phase == kube.Succeeded {
		return podState{gone: w.ended(pod)}
	}
	if pod.Metadata.DeletionTimestamp != nil {
		return podState{gone: lostPod("The pod %s was deleted before its container ran.", w.name)}
	}
	return waiting(pod)
}

// pullTrouble are the reasons of a container that waits for its image in vain,
// hopeless those of one that will never run.
var (
	pullTrouble = []string{"ErrImagePull", "ImagePullBackOff", "RegistryUnavailable"}
	hopeless    = []string{"InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError", "CreateContainerError", "RunContainerError", "CrashLoopBackOff"}
)

// startingPod is what every pod waits for at first.
const startingPod = "The worker pod is being started."

// waiting says what a pod waits for.
func waiting(pod *kube.Pod) podState {
	for _, c := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		reason := c.State.Waiting
		if reason == nil {
			continue
		}
		s := podState{failing: slices.Contains(pullTrouble, reason.Reason), never: slices.Contains(hopeless, reason.Reason)}
		switch {
		case s.failing || s.never && strings.Contains(reason.Reason, "Image"):
			s.waits = fmt.Sprintf("The image %s of the worker pod cannot be pulled (%s): %s", c.Image, reason.Reason, reason.Message)
		case s.never:
			s.waits = fmt.Sprintf("The container %s of the worker pod cannot be started (%s): %s", c.Name, reason.Reason, reason.Message)
		default:
			continue
		}
		return s
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == "PodScheduled" && c.Status == "False" {
			return podState{waits: "No node has room for the worker pod yet: " + c.Message}
		}
	}
	return podState{waits: startingPod}
}

// ended says why a pod does not run any more.
func (w *podWay) ended(pod *kube.Pod) *podGone {
	var t kube.Terminated
	for _, c := range pod.Status.ContainerStatuses {
		if c.Name == workContainer && c.State.Terminated != nil {
			t = *c.State.Terminated
		}
	}
	message := func(otherwise string) string {
		if pod.Status.Message != "" {
			return strings.TrimSuffix(pod.Status.Message, ".")
		}
		return otherwise
	}
	switch {
	case w.canceled.Load():
		return &podGone{runner.Exit{Code: runner.ExitCanceled, Canceled: true, Ended: t.FinishedAt, Reason: "Its pod was deleted."}}
	case pod.Status.Reason == "DeadlineExceeded":
		return &podGone{runner.Exit{Code: runner.ExitTimeout, TimedOut: true, Ended: time.Now().UTC(),
			Reason: fmt.Sprintf("The pod %s reached the deadline of worker pods and was ended: %s.", w.name, message("it was active for too long"))}}
	case pod.Status.Reason != "": // Evicted, NodeLost, Shutdown, Preempting
		return lostPod("The pod %s was ended by the cluster (%s): %s.", w.name, pod.Status.Reason, message("no more is known"))
	case t.Reason == "OOMKilled":
		return lostPod("The pod %s was killed because it needed more memory than its limit; give worker pods more, or let the step need less.", w.name)
	case pod.Status.Phase == kube.Succeeded || t.ExitCode == 0 && t.Reason == "Completed":
		return lostPod("The job in the pod %s was completed before, and its output is gone.", w.name)
	}
	return lostPod("The agent in the pod %s was killed (%s, exit code %d): the node was restarted, or somebody ended it.", w.name, t.Reason, t.ExitCode)
}
