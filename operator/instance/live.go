package instance

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

// Annotations of pods and sets.
const (
	// annotationRestore names the restore that a pod does when it starts.
	annotationRestore = "cloud.tako.dev/restored"
	// annotationSet tells what a set was made from.
	annotationSet = "cloud.tako.dev/applied"
)

// at once lets the decision be written down before it is acted upon.
const atOnce = time.Millisecond

// goingOf is the restore that an instance is to do; nil when there is none.
func goingOf(i *cloud.Instance) (*Going, error) {
	text := i.Annotations[cloud.AnnotationRestore]
	if text == "" {
		return nil, nil
	}
	var g Going
	if err := json.Unmarshal([]byte(text), &g); err != nil || g.Name == "" {
		return nil, fmt.Errorf("the annotation %s cannot be read: %q", cloud.AnnotationRestore, text)
	}
	return &g, nil
}

// live takes the server from one phase of its life to the next.
func (r *Reconciler) live(ctx context.Context, i *cloud.Instance) (*stop, error) {
	back, err := goingOf(i)
	if err != nil {
		return nil, err
	}
	if back != nil && back.Name == i.Status.Restored {
		back = nil
	}
	set, pod, err := r.find(ctx, i)
	if err != nil {
		return nil, err
	}
	mark, err := r.Cloud.mark(i)
	if err != nil {
		return nil, err
	}
	s := scene{i: i, pod: pod, mark: mark, now: r.Now()}
	s.measure()
	w := &world{r: r, scene: s, set: set, back: back}
	switch i.Status.Phase {
	case cloud.Ready:
		return w.awake(ctx)
	case cloud.Hibernated, cloud.Suspended:
		return w.asleep(ctx)
	case cloud.Upgrading:
		return w.upgrading(ctx)
	case cloud.Restoring:
		return w.restoring(ctx)
	}
	return w.provisioning(ctx)
}

// world is a scene and the means to change it.
type world struct {
	scene
	r    *Reconciler
	set  *appsv1.StatefulSet
	back *Going
}

// scale makes the set what it shall be, with so many pods.
func (w *world) scale(ctx context.Context, replicas int32) error {
	set, err := w.r.Cloud.workload(w.i, w.mark, replicas, w.back)
	if err != nil {
		return err
	}
	mark, err := digest(set)
	if err != nil {
		return err
	}
	if w.set != nil && w.set.Annotations[annotationSet] == mark && w.set.Spec.Replicas != nil && *w.set.Spec.Replicas == replicas {
		return nil
	}
	set.Annotations = map[string]string{annotationSet: mark}
	return w.r.apply(ctx, set)
}

// replace ends the pod, so that another is made from today's template.
func (w *world) replace(ctx context.Context) error {
	if w.pod == nil || w.pod.DeletionTimestamp != nil {
		return nil
	}
	err := w.r.Delete(ctx, w.pod, client.Preconditions{UID: &w.pod.UID})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return fmt.Errorf("ending the server's pod: %w", err)
	}
	return nil
}

func (w *world) provisioning(ctx context.Context) (*stop, error) {
	if w.i.Spec.Suspended {
		return &stop{after: atOnce, phase: cloud.Suspended, reason: "Suspended", text: "It is suspended."}, nil
	}
	if w.back != nil {
		return w.goBack(), nil
	}
	if err := w.scale(ctx, 1); err != nil {
		return nil, err
	}
	if !w.ready() {
		if want := wantedImage(w.i); want != "" && want != w.i.Status.Image {
			w.i.Status.Image = want // it never ran: nothing is to be taken care of
		}
		if w.stale() {
			return &stop{phase: cloud.Provisioning, reason: starting, text: "It starts anew with another version."}, w.replace(ctx)
		}
		if w.runs() {
			w.r.line.leave(w.i.Name) // the node has done its part
		}
		return &stop{phase: cloud.Provisioning, reason: starting, text: "It is being made: " + trouble(w.pod) + "."}, nil
	}
	w.i.Status.Begun = true
	return &stop{after: atOnce, phase: cloud.Ready, reason: "Serving", text: w.serves()}, nil
}

func (w *world) goBack() *stop {
	return &stop{after: atOnce, phase: cloud.Restoring, reason: "Restoring", text: "It goes back to an earlier time (restore " + w.back.Name + ")."}
}

// due says whether the server is to be replaced now, for another version or
// other settings; else when it may be, if there is anything to do.
func (w *world) due() (bool, time.Time) {
	want := wantedImage(w.i)
	other := want != "" && want != w.i.Status.Image && want != w.i.Status.Refused
	if !other && !w.stale() {
		return false, time.Time{}
	}
	if other && w.i.Annotations[cloud.AnnotationRepair] == want || w.oldKey() {
		return true, time.Time{}
	}
	may, when := open(w.i.Spec.MaintenanceWindow, w.now)
	return may, when
}

// upgrade notes what is to run from now on.
func (w *world) upgrade() *stop {
	w.i.Status.Previous = w.i.Status.Image
	if want := wantedImage(w.i); want != "" && want != w.i.Status.Refused {
		w.i.Status.Image = want
	}
	text := "It is brought from " + w.i.Status.Previous + " to " + w.i.Status.Image + "."
	if w.i.Status.Previous == w.i.Status.Image {
		text = "It starts anew with changed settings."
		if w.oldKey() {
			text = "It starts anew with another key to the bucket."
		}
	}
	return &stop{after: atOnce, phase: cloud.Upgrading, reason: "Upgrading", text: text}
}

// awake looks after a server that runs, and puts it to sleep.
func (w *world) awake(ctx context.Context) (*stop, error) {
	if w.i.Spec.Suspended {
		return &stop{after: atOnce, phase: cloud.Suspended, reason: "Suspended", text: "It is suspended: spec.suspended is set."}, nil
	}
	if w.back != nil {
		return w.goBack(), nil
	}
	now, when := w.due()
	if now {
		return w.upgrade(), nil
	}
	calm, err := w.keepUp(ctx)
	if err != nil {
		return nil, err
	}
	if !w.ready() {
		if given := w.restoreOfPod(); given != "" && given != w.i.Status.Restored {
			return &stop{reason: "NotServing", text: "The restore was given up, and it goes on with what it had."}, w.replace(ctx)
		}
		return &stop{after: w.until(when), reason: "NotServing", text: "It does not serve: " + trouble(w.pod) + ". The node starts it again by itself."}, nil
	}
	w.i.Status.WakeAt = nil
	serving := &stop{after: w.until(when, w.sleepAt(), calm), reason: "Serving", text: w.serves()}
	if !when.IsZero() {
		serving.text += " A change waits for the maintenance window at " + when.Format("Mon 15:04") + " UTC."
	}
	if at := w.sleepAt(); at.IsZero() || w.now.Before(at) {
		return serving, nil
	}
	return w.sleep(ctx, serving)
}

// keepUp has Kubernetes keep the server running. What it shall be at its next start,
// when it serves already, can wait for a moment, as many that are made at once should
// not wait for that; calm is when it is done then.
func (w *world) keepUp(ctx context.Context) (calm time.Time, err error) {
	calm = w.i.Status.Since.Add(moment)
	if w.ready() && w.now.Before(calm) && w.set != nil && w.set.Spec.Replicas != nil && *w.set.Spec.Replicas == 1 {
		return calm, nil
	}
	return time.Time{}, w.scale(ctx, 1)
}

// sleep puts a server to sleep, unless it says that it is busy.
func (w *world) sleep(ctx context.Context, serving *stop) (*stop, error) {
	later := max(w.i.Spec.Hibernation.IdleAfter.Duration/4, time.Second)
	report, err := w.r.Ask(ctx, w.pod)
	if err != nil {
		return &stop{after: max(later, 10*time.Second), reason: "Serving", text: serving.text + " It is not put to sleep, since it could not be asked: " + err.Error() + "."}, nil
	}
	if why := w.busy(report); why != "" {
		return &stop{after: later, reason: "Serving", text: serving.text + " It stays awake, since " + why + "."}, nil
	}
	w.i.Status.WakeAt = nil
	text := "Nobody used it; it is woken by the first request."
	if report.NextDue != nil {
		t := metav1.NewTime(report.NextDue.Add(-soon))
		w.i.Status.WakeAt = &t
		text = "Nobody used it; it is woken by the first request, or at " + t.UTC().Format("15:04") + " UTC for what is due then."
	}
	return &stop{after: atOnce, phase: cloud.Hibernated, reason: "Asleep", text: text}, nil
}

// restoreOfPod names the restore that the pod was started for.
func (w *world) restoreOfPod() string {
	if w.pod == nil {
		return ""
	}
	return w.pod.Annotations[annotationRestore]
}

// until is how long it is to the first of some times; 0 for never.
func (w *world) until(times ...time.Time) time.Duration {
	var d time.Duration
	for _, t := range times {
		if t.IsZero() {
			continue
		}
		if left := max(t.Sub(w.now), atOnce); d == 0 || left < d {
			d = left
		}
	}
	return d
}

// asleep keeps a server down until there is a reason to wake it.
func (w *world) asleep(ctx context.Context) (*stop, error) {
	suspended := w.i.Status.Phase == cloud.Suspended
	now, when := w.due()
	switch {
	case w.i.Spec.Suspended && !suspended:
		return &stop{after: atOnce, phase: cloud.Suspended, reason: "Suspended", text: "It is suspended: spec.suspended is set."}, nil
	case w.i.Spec.Suspended:
	case suspended:
		return &stop{after: atOnce, phase: cloud.Ready, reason: "Waking", text: "It is taken back and starts."}, nil
	case w.back != nil:
		return w.goBack(), nil
	case now && w.pod == nil:
		return w.upgrade(), nil
	case w.wakeReason() != "":
		return &stop{after: atOnce, phase: cloud.Ready, reason: "Waking", text: "It is being woken, since " + w.wakeReason() + "."}, nil
	}
	if err := w.scale(ctx, 0); err != nil || suspended {
		return &stop{}, err
	}
	var due time.Time
	if w.i.Status.WakeAt != nil {
		due = w.i.Status.WakeAt.Time
	}
	return &stop{after: w.until(due, when)}, nil
}

// upgrading waits until the server runs from today's template and is healthy,
// and takes the version back when it does not become so.
func (w *world) upgrading(ctx context.Context) (*stop, error) {
	if err := w.scale(ctx, 1); err != nil {
		return nil, err
	}
	left := w.tryingSince().Add(w.r.Cloud.HealthyWithin).Sub(w.now)
	why := ""
	if w.stale() || w.pod == nil {
		why = "its pod is being replaced"
		if err := w.replace(ctx); err != nil {
			return nil, err
		}
	} else if !w.ready() {
		why = trouble(w.pod)
	} else if healthy := w.now.Sub(w.readySince()); healthy < w.r.Cloud.HealthyFor {
		return &stop{after: w.r.Cloud.HealthyFor - healthy}, nil
	} else if report, err := w.r.Ask(ctx, w.pod); err != nil {
		why = err.Error()
	} else {
		why = troubled(report)
	}
	if why == "" {
		return w.upgraded(), nil
	}
	if left > 0 {
		return &stop{after: min(left, again), reason: "Upgrading", text: "It is brought to " + w.i.Status.Image + ": " + why + "."}, nil
	}
	return w.takeBack(why), nil
}

// tryingSince is from when on the new version had its chance: no pod of it, no
// operator that would have made one.
func (w *world) tryingSince() time.Time {
	since, other := w.i.Status.Since.Time, w.r.Began
	if w.pod != nil && !w.stale() {
		other = w.pod.CreationTimestamp.Time
	}
	if other.After(since) {
		return other
	}
	return since
}

func (w *world) upgraded() *stop {
	w.i.Status.Begun = true
	return &stop{after: atOnce, phase: cloud.Ready, reason: "Serving", text: w.serves()}
}

// serves says that all is well, and what is not as it was asked for.
func (w *world) serves() string {
	text := "It serves " + w.i.Spec.Hosts[0] + "."
	if w.i.Status.Refused != "" && w.i.Status.Refused == wantedImage(w.i) {
		text += " " + w.i.Status.Refused + " did not become healthy here and was taken back; it is not tried again before another is given."
	}
	return text
}

// takeBack brings the version before back.
func (w *world) takeBack(why string) *stop {
	bad := w.i.Status.Image
	if w.i.Status.Previous == "" || w.i.Status.Previous == bad {
		return &stop{after: atOnce, phase: cloud.Ready, reason: "NotServing", text: "It did not become healthy with " + bad + ": " + why + "."}
	}
	w.i.Status.Refused, w.i.Status.Image, w.i.Status.Previous = bad, w.i.Status.Previous, ""
	w.i.Status.Since = metav1.NewTime(w.now)
	return &stop{after: atOnce, reason: "TakingBack", text: bad + " did not become healthy (" + why + "): it goes back to " + w.i.Status.Image + "."}
}

// restoring lets the server start once with the restore to do.
func (w *world) restoring(ctx context.Context) (*stop, error) {
	if w.back == nil {
		return &stop{after: atOnce, phase: cloud.Ready, reason: "Serving", text: w.serves()}, nil
	}
	if err := w.scale(ctx, 1); err != nil {
		return nil, err
	}
	if w.pod == nil || w.pod.Annotations[annotationRestore] != w.back.Name {
		return &stop{reason: "Restoring", text: "It goes back to an earlier time: the server is stopped first."}, w.replace(ctx)
	}
	if !w.ready() {
		return &stop{reason: "Restoring", text: "It goes back to an earlier time: " + trouble(w.pod) + "."}, nil
	}
	w.i.Status.Restored, w.i.Status.Begun = w.back.Name, true
	return &stop{after: atOnce, phase: cloud.Ready, reason: "Serving", text: w.serves()}, nil
}
