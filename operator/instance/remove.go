package instance

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

// remove ends an instance. The server stops first, which completes its backup;
// the backup and the master key stay for the grace; then the namespace goes,
// and the bucket's prefix last, so that whatever is broken off can be seen and
// is gone on with.
func (r *Reconciler) remove(ctx context.Context, i *cloud.Instance) (*stop, error) {
	if !controllerutil.ContainsFinalizer(i, cloud.Finalizer) {
		return &stop{}, nil
	}
	if i.Status.Phase != cloud.Deleting {
		return &stop{after: atOnce, phase: cloud.Deleting, reason: "Stopping", text: "It is deleted: the server stops and completes its backup."}, nil
	}
	set, pod, err := r.find(ctx, i)
	if err != nil {
		return nil, err
	}
	if set != nil && set.DeletionTimestamp == nil && (set.Spec.Replicas == nil || *set.Spec.Replicas > 0) {
		none := int32(0)
		patch := client.MergeFrom(set.DeepCopy())
		set.Spec.Replicas = &none
		if err := r.Patch(ctx, set, patch); client.IgnoreNotFound(err) != nil {
			return nil, fmt.Errorf("stopping the server: %w", err)
		}
	}
	if pod != nil {
		return &stop{reason: "Stopping", text: "It is deleted: the server stops and completes its backup."}, nil
	}
	end := i.Status.Since.Add(i.Spec.DeletionGrace.Duration)
	if left := end.Sub(r.Now()); left > 0 {
		return &stop{after: left, reason: "Kept", text: "It is deleted; its backup and its key are kept until " + end.UTC().Format("2006-01-02 15:04") + " UTC."}, nil
	}
	return r.erase(ctx, i)
}

// erase removes what is left of an instance whose grace is over.
func (r *Reconciler) erase(ctx context.Context, i *cloud.Instance) (*stop, error) {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespaceOf(i)}}
	err := r.Direct.Get(ctx, types.NamespacedName{Name: namespace.Name}, namespace)
	if err == nil {
		if namespace.Labels[cloud.LabelInstance] != i.Name {
			return &stop{reason: "NotOurs", text: "The namespace " + namespace.Name + " was not made for this instance and is left alone: remove its label or the namespace by hand."}, nil
		}
		if namespace.DeletionTimestamp == nil {
			if err := r.Delete(ctx, namespace); client.IgnoreNotFound(err) != nil {
				return nil, fmt.Errorf("removing the namespace: %w", err)
			}
		}
		return &stop{after: again, reason: "Erasing", text: "Its namespace is being removed."}, nil
	}
	if !apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("looking for the namespace: %w", err)
	}
	if err := r.vacate(ctx, i); err != nil {
		return nil, err
	}
	patch := client.MergeFrom(i.DeepCopy())
	controllerutil.RemoveFinalizer(i, cloud.Finalizer)
	if err := r.Patch(ctx, i, patch); client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("letting the instance go: %w", err)
	}
	return &stop{}, nil
}

// vacate removes an instance's part of the bucket and the key to it, unless another
// has or wants the same part, here or in another cluster: it goes with the last.
func (r *Reconciler) vacate(ctx context.Context, i *cloud.Instance) error {
	if r.Cloud.Place == "" || i.Status.Prefix == "" {
		return nil
	}
	others, err := r.rivals(ctx, i)
	if err != nil {
		return err
	}
	if len(others) > 0 {
		r.warn(i, "NotErased", "Its part of the bucket, "+i.Status.Prefix+", is not erased, since the instance "+others[0].Name+" names the same.")
		return nil
	}
	r.marked.Delete(i.Status.Prefix) // it may have been taken over since
	if o, err := r.foreign(ctx, i); err != nil {
		return err
	} else if o != nil {
		r.warn(i, "NotErased", "Its part of the bucket, "+i.Status.Prefix+", is not erased, since it is that of the instance "+o.Instance+" of another cluster ("+o.Cluster+").")
		return nil
	}
	r.marked.Delete(i.Status.Prefix)
	if err := r.Forget(ctx, i.Status.Prefix); err != nil {
		return fmt.Errorf("removing its part of the bucket: %w", err)
	}
	if smith := r.Cloud.smith(r.Now); smith != nil {
		if err := smith.dismiss(ctx, userOf(i.Status.Prefix)); err != nil {
			return fmt.Errorf("taking its key to the bucket back: %w", err)
		}
	}
	return nil
}
