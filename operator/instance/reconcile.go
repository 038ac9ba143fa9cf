package instance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

// again is how soon something that is under way is looked at without a watch
// having told of a change.
const again = 2 * time.Second

// moment is how long what nobody waits for is left to those who wait.
const moment = 30 * time.Second

// soonAgain is after how long an instance is looked at that was changed in the midst
// of a pass.
const soonAgain = 50 * time.Millisecond

// fieldOwner marks the fields that the operator decides.
const fieldOwner = client.FieldOwner("tako-operator")

// Reconciler brings instances to where they shall be.
type Reconciler struct {
	client.Client
	Direct client.Reader // past the cache, for what is not watched
	Cloud  Cloud
	Events events.EventRecorder
	Now    func() time.Time
	Began  time.Time // when this operator did
	// Ask has a server report of itself.
	Ask func(ctx context.Context, pod *corev1.Pod) (Report, error)
	// Forget removes a prefix of the bucket.
	Forget func(ctx context.Context, prefix string) error
	// Mark says whose a prefix of the bucket is, and makes it an owner's when it is
	// nobody's, or that of the cluster named last.
	Mark func(ctx context.Context, prefix string, o Owner, from string) (Owner, error)

	damaged   sync.Map   // instances that something of was removed or changed
	marked    sync.Map   // prefixes that are this cluster's
	line      line       // of new instances
	occupying sync.Mutex // held while an instance is given its part of the bucket
}

// starting is the reason to wait that makes others wait, too.
const starting = "Starting"

// stop ends a pass: nothing that comes later can be done yet.
type stop struct {
	after  time.Duration // 0: a watch tells when to go on
	phase  cloud.Phase   // as it is when empty
	reason string
	text   string // what a person reads
}

// Reconcile takes an instance some steps further. Each step looks at what is
// there and does what is missing, so that it does not matter where the one
// before was broken off.
func (r *Reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	var i cloud.Instance
	if err := r.Get(ctx, request.NamespacedName, &i); err != nil {
		r.line.leave(request.Name)
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if wait, err := r.turn(ctx, &i); wait > 0 || err != nil {
		return reconcile.Result{RequeueAfter: wait}, err
	}
	before := i.DeepCopy()
	halt, err := r.steps(ctx, &i)
	if err == nil {
		err = r.shared(ctx, &i, halt)
	}
	if err == nil && halt != nil {
		r.tell(&i, halt)
	}
	if apierrors.IsConflict(err) {
		return reconcile.Result{RequeueAfter: soonAgain}, nil // it was changed meanwhile, and is looked at as it is now
	}
	if err != nil || halt.reason != starting {
		r.line.leave(i.Name)
	}
	if err != nil {
		r.tell(&i, &stop{reason: "Failing", text: "Something could not be done and is tried again: " + err.Error()})
	}
	if gone := !i.DeletionTimestamp.IsZero() && len(i.Finalizers) == 0; gone {
		return reconcile.Result{}, err
	}
	if !equality.Semantic.DeepEqual(before.Status, i.Status) {
		if failed := r.keep(ctx, before, &i); failed != nil {
			if apierrors.IsConflict(failed) {
				return reconcile.Result{RequeueAfter: soonAgain}, err
			}
			return reconcile.Result{}, errors.Join(err, client.IgnoreNotFound(failed))
		}
		r.announce(before, &i)
	}
	if err != nil {
		return reconcile.Result{}, err
	}
	return reconcile.Result{RequeueAfter: halt.after}, nil
}

// keep writes the status. Where others changed the instance meanwhile, but not its
// status, what was done is noted all the same, or it would be done once more; a
// decision is left to a pass that sees the change.
func (r *Reconciler) keep(ctx context.Context, before, i *cloud.Instance) error {
	status := i.Status.DeepCopy()
	failed := r.Status().Update(ctx, i)
	decided := before.Status.Phase != "" && before.Status.Phase != status.Phase
	for try := 0; apierrors.IsConflict(failed) && !decided && try < 3; try++ {
		var now cloud.Instance
		if err := r.Direct.Get(ctx, client.ObjectKeyFromObject(i), &now); err != nil {
			return fmt.Errorf("looking at what was changed meanwhile: %w", err)
		}
		if now.UID != i.UID || !equality.Semantic.DeepEqual(now.Status, before.Status) {
			break
		}
		i.ResourceVersion, i.Status = now.ResourceVersion, *status
		failed = r.Status().Update(ctx, i)
	}
	return failed
}

// steps are done in this order.
func (r *Reconciler) steps(ctx context.Context, i *cloud.Instance) (*stop, error) {
	if !i.DeletionTimestamp.IsZero() {
		return r.remove(ctx, i)
	}
	for _, step := range []func(context.Context, *cloud.Instance) (*stop, error){r.claim, r.version, r.enclose, r.keys, r.serve} {
		if halt, err := step(ctx, i); halt != nil || err != nil {
			return halt, err
		}
	}
	return &stop{}, nil
}

// claim makes sure that the instance is not gone before its backup is made, and
// fixes its names.
func (r *Reconciler) claim(ctx context.Context, i *cloud.Instance) (*stop, error) {
	if r.Cloud.Place == "" && ephemeral(i) {
		return &stop{phase: cloud.Provisioning, reason: "NoBucket", text: "An ephemeral volume needs a bucket, and the operator was given none: give it --bucket, or set spec.storage.volume to Persistent."}, nil
	}
	if !controllerutil.ContainsFinalizer(i, cloud.Finalizer) {
		status := i.Status
		patch := client.MergeFromWithOptions(i.DeepCopy(), client.MergeFromWithOptimisticLock{})
		controllerutil.AddFinalizer(i, cloud.Finalizer)
		if err := r.Patch(ctx, i, patch); err != nil {
			return nil, fmt.Errorf("claiming the instance: %w", err)
		}
		i.Status = status
	}
	i.Status.Namespace = namespaceOf(i)
	return r.occupy(ctx, i)
}

// version fixes what a new instance runs. Nothing is made before that is known.
func (r *Reconciler) version(_ context.Context, i *cloud.Instance) (*stop, error) {
	if i.Status.Image == "" {
		i.Status.Image = wantedImage(i)
	}
	if i.Status.Image == "" {
		return &stop{phase: cloud.Provisioning, reason: "NoVersion", text: "It waits for the channel " + i.Spec.Channel + " to give it a version."}, nil
	}
	return nil, nil
}

// enclose makes what stands around the server, when it changed or something of
// it was damaged.
func (r *Reconciler) enclose(ctx context.Context, i *cloud.Instance) (halt *stop, err error) {
	_, damaged := r.damaged.LoadAndDelete(i.Name)
	defer func() {
		if err != nil && damaged {
			r.damaged.Store(i.Name, true)
		}
	}()
	if !damaged && r.beginning(i) {
		return nil, nil
	}
	objects := append(r.Cloud.fence(i), r.Cloud.workers(i)...)
	if secret, err := r.access(ctx, i); err != nil {
		return nil, err
	} else if secret != nil {
		turnsTo(i, secret, r.Cloud.AccessKey)
		objects = append(objects, secret)
	}
	mark, err := digest(objects)
	if err != nil {
		return nil, err
	}
	if !damaged && i.Status.Applied == mark {
		return nil, nil
	}
	if err := r.applyAll(ctx, objects); err != nil {
		r.damaged.Store(i.Name, true)
		return nil, err
	}
	i.Status.Applied = mark
	if !damaged || !i.Status.Keyed {
		return nil, nil
	}
	lost, err := r.keyLost(ctx, i)
	if err != nil || !lost {
		return nil, err
	}
	r.damaged.Store(i.Name, true) // look again at each pass until it is back
	return &stop{after: time.Minute, reason: "KeyLost", text: fmt.Sprintf("The master key is gone: put it back as secret %s of namespace %s (field key). It is not made anew, since nothing sealed with it could be read.", keySecret, namespaceOf(i))}, nil
}

// beginning says whether what stands around a server was made a moment ago and the
// server is starting. Each of many passes then asks for nothing once more.
func (r *Reconciler) beginning(i *cloud.Instance) bool {
	return i.Status.Phase == cloud.Provisioning && i.Status.Applied != "" && i.Status.ObservedGeneration == i.Generation && r.Now().Sub(i.Status.Since.Time) < moment
}

// applyAll makes a namespace, then what lies in it, and then who has which role there:
// the API server wants to see a role before it is given to anybody. What does not wait
// for each other is made at once, since each answer of a busy API server takes its
// time.
func (r *Reconciler) applyAll(ctx context.Context, objects []client.Object) error {
	var stages [3][]client.Object
	for _, o := range objects {
		stage := 1
		switch o.(type) {
		case *corev1.Namespace:
			stage = 0
		case *rbacv1.RoleBinding:
			stage = 2
		}
		stages[stage] = append(stages[stage], o)
	}
	for _, stage := range stages {
		failed := make([]error, len(stage))
		var all sync.WaitGroup
		for n, o := range stage {
			all.Go(func() { failed[n] = r.apply(ctx, o) })
		}
		all.Wait()
		if err := errors.Join(failed...); err != nil {
			return err
		}
	}
	return nil
}

// apply has the API server make an object what it shall be.
func (r *Reconciler) apply(ctx context.Context, o client.Object) error {
	m, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return fmt.Errorf("writing down %s: %w", o.GetName(), err)
	}
	u := &unstructured.Unstructured{Object: m}
	unstructured.RemoveNestedField(m, "status")
	unstructured.RemoveNestedField(m, "metadata", "creationTimestamp")
	unstructured.RemoveNestedField(m, "spec", "template", "metadata", "creationTimestamp")
	if err := r.Apply(ctx, client.ApplyConfigurationFromUnstructured(u), fieldOwner, client.ForceOwnership); err != nil {
		return fmt.Errorf("applying %s %s: %w", u.GetKind(), o.GetName(), err)
	}
	return nil
}

// digest tells one rendering from another.
func digest(v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("writing down what to make: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8]), nil
}

// find looks for the server's set and its pod.
func (r *Reconciler) find(ctx context.Context, i *cloud.Instance) (*appsv1.StatefulSet, *corev1.Pod, error) {
	var set appsv1.StatefulSet
	switch err := r.Get(ctx, types.NamespacedName{Namespace: namespaceOf(i), Name: serverName}, &set); {
	case apierrors.IsNotFound(err):
		return nil, nil, nil
	case err != nil:
		return nil, nil, fmt.Errorf("looking for the server: %w", err)
	}
	var pod corev1.Pod
	switch err := r.Get(ctx, PodOf(i.Name), &pod); {
	case apierrors.IsNotFound(err):
		return &set, nil, nil
	case err != nil:
		return nil, nil, fmt.Errorf("looking for the server's pod: %w", err)
	}
	return &set, &pod, nil
}

// tell writes what a pass came to into the status.
func (r *Reconciler) tell(i *cloud.Instance, s *stop) {
	if s.phase != "" && s.phase != i.Status.Phase {
		i.Status.Phase, i.Status.Since = s.phase, metav1.NewTime(r.Now())
	}
	i.Status.ObservedGeneration = i.Generation
	if s.reason == "" {
		return
	}
	status := metav1.ConditionFalse
	if i.Status.Phase == cloud.Ready && !slices.Contains([]string{"Failing", "KeyLost", "PrefixShared"}, s.reason) {
		status = metav1.ConditionTrue
	}
	apimeta.SetStatusCondition(&i.Status.Conditions, metav1.Condition{Type: "Ready", Status: status, Reason: s.reason, Message: s.text,
		ObservedGeneration: i.Generation, LastTransitionTime: metav1.NewTime(r.Now())})
}

// announce makes an event of a change of phase.
func (r *Reconciler) announce(before, after *cloud.Instance) {
	if before.Status.Phase == after.Status.Phase || r.Events == nil {
		return
	}
	text := string(after.Status.Phase)
	if c := apimeta.FindStatusCondition(after.Status.Conditions, "Ready"); c != nil {
		text = c.Message
	}
	r.Events.Eventf(after, nil, corev1.EventTypeNormal, string(after.Status.Phase), "Reconcile", "%s", text)
}

// warn makes an event of what somebody should know.
func (r *Reconciler) warn(i *cloud.Instance, reason, text string) {
	if r.Events != nil {
		r.Events.Eventf(i, nil, corev1.EventTypeWarning, reason, "Reconcile", "%s", text)
	}
}
