// Package directory tells the gateway where instances are, from what the
// cluster says of them.
package directory

import (
	"cmp"
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
	"github.com/takodeploy/tako/operator/gateway"
	"github.com/takodeploy/tako/operator/instance"
	"github.com/takodeploy/tako/operator/slo"
)

// Directory reads from a cache and writes annotations.
type Directory struct {
	client.Client
}

var _ gateway.Directory = &Directory{}

// Find implements gateway.Directory. Where two instances claim a host, the
// older one has it, and of two of one second the first by name.
func (d *Directory) Find(ctx context.Context, host string) (gateway.Place, error) {
	var list cloud.InstanceList
	if err := d.List(ctx, &list, client.MatchingFields{instance.IndexHost: host}, client.UnsafeDisableDeepCopy); err != nil {
		return gateway.Place{}, fmt.Errorf("looking for the instance of %s: %w", host, err)
	}
	var oldest *cloud.Instance
	for n := range list.Items {
		i := &list.Items[n]
		if oldest == nil || cmp.Or(i.CreationTimestamp.Compare(oldest.CreationTimestamp.Time), cmp.Compare(i.Name, oldest.Name)) < 0 {
			oldest = i
		}
	}
	if oldest == nil {
		return gateway.Place{}, gateway.ErrUnknown
	}
	return d.place(ctx, oldest)
}

// Locate implements gateway.Directory.
func (d *Directory) Locate(ctx context.Context, name string) (gateway.Place, error) {
	var i cloud.Instance
	if err := d.Get(ctx, types.NamespacedName{Name: name}, &i); apierrors.IsNotFound(err) {
		return gateway.Place{}, gateway.ErrUnknown
	} else if err != nil {
		return gateway.Place{}, fmt.Errorf("looking for %s: %w", name, err)
	}
	return d.place(ctx, &i)
}

func (d *Directory) place(ctx context.Context, i *cloud.Instance) (gateway.Place, error) {
	p := gateway.Place{Name: i.Name, Asleep: i.Status.Phase == cloud.Hibernated}
	switch {
	case i.DeletionTimestamp != nil:
		p.Closed = "This server was deleted."
		return p, nil
	case i.Spec.Suspended || i.Status.Phase == cloud.Suspended:
		p.Closed = "This server is suspended. Ask whoever runs it."
		return p, nil
	case i.Status.Phase == cloud.Restoring:
		p.Closed = "This server goes back to an earlier time and is there again in a moment."
		return p, nil
	}
	var pod corev1.Pod
	err := d.Get(ctx, instance.PodOf(i.Name), &pod)
	if err != nil && !apierrors.IsNotFound(err) {
		return p, fmt.Errorf("looking for the server of %s: %w", i.Name, err)
	}
	if err == nil && pod.DeletionTimestamp == nil && pod.Status.PodIP != "" {
		p.Address = instance.Address(&pod)
	}
	return p, nil
}

// Wake implements gateway.Directory.
func (d *Directory) Wake(ctx context.Context, name string) error {
	return d.stamp(ctx, name, cloud.AnnotationWake, time.Now())
}

// Woke implements gateway.Directory.
func (d *Directory) Woke(ctx context.Context, name string, at time.Time, took time.Duration) error {
	return d.write(ctx, name, cloud.AnnotationWoke, slo.Awakening(at, took))
}

// Used implements gateway.Directory.
func (d *Directory) Used(ctx context.Context, name string, at time.Time) error {
	return d.stamp(ctx, name, cloud.AnnotationUse, at)
}

func (d *Directory) stamp(ctx context.Context, name, annotation string, at time.Time) error {
	return d.write(ctx, name, annotation, at.UTC().Format(time.RFC3339Nano))
}

func (d *Directory) write(ctx context.Context, name, annotation, text string) error {
	i := &cloud.Instance{}
	i.Name = name
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:%q}}}`, annotation, text)
	if err := d.Patch(ctx, i, client.RawPatch(types.MergePatchType, patch)); err != nil {
		return fmt.Errorf("writing to the instance %s: %w", name, err)
	}
	return nil
}

// Warm has instances and pods read before the first request.
func Warm(ctx context.Context, c cache.Cache) error {
	for _, o := range []client.Object{&cloud.Instance{}, &corev1.Pod{}} {
		if _, err := c.GetInformer(ctx, o, cache.BlockUntilSynced(false)); err != nil {
			return fmt.Errorf("watching the cluster: %w", err)
		}
	}
	return nil
}
