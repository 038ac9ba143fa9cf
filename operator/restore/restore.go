// Package restore brings instances back to an earlier time, in place or as new
// ones.
package restore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
	"github.com/takodeploy/tako/operator/instance"
)

// Patience is how long an instance has to come back before a restore is given
// up and the instance goes on with what it had.
const Patience = 30 * time.Minute

// Reconciler carries restores out.
type Reconciler struct {
	client.Client
	Now func() time.Time
}

// Reconcile takes a restore a step further.
func (r *Reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	var o cloud.Restore
	if err := r.Get(ctx, request.NamespacedName, &o); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if o.Status.State == cloud.RestoreDone || o.Status.State == cloud.RestoreFailed {
		return reconcile.Result{}, nil
	}
	before := o.DeepCopy()
	if err := r.step(ctx, &o); err != nil {
		return reconcile.Result{}, err
	}
	if !equality.Semantic.DeepEqual(before.Status, o.Status) {
		if err := r.Status().Update(ctx, &o); err != nil {
			return reconcile.Result{}, client.IgnoreNotFound(err)
		}
	}
	if o.Status.State == cloud.RestoreDone || o.Status.State == cloud.RestoreFailed {
		return reconcile.Result{}, nil
	}
	return reconcile.Result{RequeueAfter: 10 * time.Second}, nil
}

// nameOf tells a restore from every other, of the same name too.
func nameOf(o *cloud.Restore) string {
	uid := string(o.UID)
	return o.Name + "-" + uid[:min(8, len(uid))]
}

func (r *Reconciler) step(ctx context.Context, o *cloud.Restore) error {
	source, err := r.find(ctx, o.Spec.Source)
	if err != nil {
		return err
	}
	if source == nil || source.Status.Prefix == "" {
		o.Status.State, o.Status.Message = cloud.RestoreWaiting, "There is no instance "+o.Spec.Source+" with a backup: it waits until there is one."
		return nil
	}
	target, err := r.find(ctx, o.Spec.Target)
	if err != nil {
		return err
	}
	order, err := json.Marshal(instance.Going{Name: nameOf(o), From: source.Status.Prefix, Time: timeOf(o), KeyOf: source.Name})
	if err != nil {
		return fmt.Errorf("writing down the restore: %w", err)
	}
	switch {
	case target == nil && len(o.Spec.Hosts) == 0:
		return r.end(o, cloud.RestoreFailed, "There is no instance "+o.Spec.Target+", and none can be made without hosts: make another restore with spec.hosts.")
	case target == nil:
		return r.create(ctx, o, source, string(order))
	case target.Status.Restored == nameOf(o):
		return r.end(o, cloud.RestoreDone, "It is done.")
	case target.Annotations[cloud.AnnotationRestore] == string(order):
		return r.watch(ctx, o, target)
	case target.Name != source.Name:
		return r.end(o, cloud.RestoreFailed, "The instance "+target.Name+" is there already, and is not overwritten with what another had: give another target.")
	case target.DeletionTimestamp != nil:
		return r.end(o, cloud.RestoreFailed, "The instance is being deleted: restore it as a new one, with another target and hosts.")
	}
	r.begin(o)
	return r.order(ctx, target, string(order))
}

func timeOf(o *cloud.Restore) *time.Time {
	if o.Spec.Time == nil {
		return nil
	}
	t := o.Spec.Time.UTC()
	return &t
}

func (r *Reconciler) find(ctx context.Context, name string) (*cloud.Instance, error) {
	var i cloud.Instance
	if err := r.Get(ctx, types.NamespacedName{Name: name}, &i); apierrors.IsNotFound(err) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("looking for the instance %s: %w", name, err)
	}
	return &i, nil
}

func (r *Reconciler) begin(o *cloud.Restore) {
	o.Status.State, o.Status.Message = cloud.RestoreRunning, "It has begun."
	if o.Status.Began == nil {
		t := metav1.NewTime(r.Now())
		o.Status.Began = &t
	}
}

func (r *Reconciler) end(o *cloud.Restore, state, message string) error {
	t := metav1.NewTime(r.Now())
	o.Status.State, o.Status.Message, o.Status.Ended = state, message, &t
	return nil
}

// create makes a new instance that is as the source is, but for its hosts.
func (r *Reconciler) create(ctx context.Context, o *cloud.Restore, source *cloud.Instance, order string) error {
	spec := *source.Spec.DeepCopy()
	spec.Hosts, spec.Storage.Prefix, spec.Suspended = o.Spec.Hosts, "", false
	i := &cloud.Instance{ObjectMeta: metav1.ObjectMeta{Name: o.Spec.Target, Annotations: map[string]string{cloud.AnnotationRestore: order}}, Spec: spec}
	if spec.Image == "" {
		i.Annotations[cloud.AnnotationImage] = source.Status.Image
	}
	if err := r.Create(ctx, i); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("making the instance %s: %w", i.Name, err)
	}
	r.begin(o)
	return nil
}

func (r *Reconciler) order(ctx context.Context, i *cloud.Instance, order any) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]any{cloud.AnnotationRestore: order}}})
	if err != nil {
		return fmt.Errorf("writing down the restore: %w", err)
	}
	if err := r.Patch(ctx, i, client.RawPatch(types.MergePatchType, patch)); err != nil {
		return fmt.Errorf("telling %s of the restore: %w", i.Name, err)
	}
	return nil
}

// watch tells how the target gets on, and gives a restore up that does not come
// to an end. What the bucket had is still there then.
func (r *Reconciler) watch(ctx context.Context, o *cloud.Restore, target *cloud.Instance) error {
	r.begin(o)
	if c := apimeta.FindStatusCondition(target.Status.Conditions, "Ready"); c != nil {
		o.Status.Message = c.Message
	}
	if r.Now().Sub(o.Status.Began.Time) < Patience {
		return nil
	}
	if err := r.order(ctx, target, nil); err != nil {
		return err
	}
	return r.end(o, cloud.RestoreFailed, "It was given up after "+Patience.String()+"; the instance goes on with what it had. Last: "+o.Status.Message)
}

// SetupWithManager has the reconciler called when restores or their targets
// change.
func (r *Reconciler) SetupWithManager(m ctrl.Manager) error {
	toRestores := handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, o client.Object) []reconcile.Request {
		var list cloud.RestoreList
		if o.GetAnnotations()[cloud.AnnotationRestore] == "" || r.List(ctx, &list) != nil {
			return nil
		}
		var all []reconcile.Request
		for _, restore := range list.Items {
			if restore.Spec.Target == o.GetName() {
				all = append(all, reconcile.Request{NamespacedName: types.NamespacedName{Name: restore.Name}})
			}
		}
		return all
	})
	err := ctrl.NewControllerManagedBy(m).Named("restore").For(&cloud.Restore{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&cloud.Instance{}, toRestores).Complete(r)
	if err != nil {
		return fmt.Errorf("watching restores: %w", err)
	}
	return nil
}
