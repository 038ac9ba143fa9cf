package instance

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	k8slabels "k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

// Cache is what the operator keeps in memory: instances, and of what was made
// for them only what decides something.
func Cache() (cache.Options, error) {
	ours, err := k8slabels.Parse(cloud.LabelInstance)
	if err != nil {
		return cache.Options{}, fmt.Errorf("choosing the objects of instances: %w", err)
	}
	strip := cache.TransformStripManagedFields()
	lean := func(f func(any)) cache.ByObject {
		return cache.ByObject{Label: ours, Transform: func(o any) (any, error) {
			f(o)
			return strip(o)
		}}
	}
	whole := cache.ByObject{Label: ours}
	return cache.Options{
		DefaultTransform: strip,
		ByObject: map[client.Object]cache.ByObject{
			&corev1.Pod{}: lean(leanPod), &appsv1.StatefulSet{}: lean(leanSet),
			&corev1.Namespace{}: whole, &corev1.Secret{}: whole, &networkingv1.NetworkPolicy{}: whole,
		},
	}, nil
}

// leanPod drops what nothing is decided by.
func leanPod(o any) {
	if p, ok := o.(*corev1.Pod); ok {
		p.Spec = corev1.PodSpec{NodeName: p.Spec.NodeName}
		p.OwnerReferences = nil
	}
}

func leanSet(o any) {
	if s, ok := o.(*appsv1.StatefulSet); ok {
		s.Spec = appsv1.StatefulSetSpec{Replicas: s.Spec.Replicas}
		s.OwnerReferences = nil
	}
}

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// IndexHost finds instances by the names they are reached by.
const IndexHost = "spec.hosts"

func hostsOf(o client.Object) []string {
	if i, ok := o.(*cloud.Instance); ok {
		return i.Spec.Hosts
	}
	return nil
}

// Index makes instances be found by host, and by their part of the bucket.
func Index(ctx context.Context, m ctrl.Manager) error {
	err := m.GetFieldIndexer().IndexField(ctx, &cloud.Instance{}, IndexHost, hostsOf)
	if err != nil {
		return fmt.Errorf("indexing instances by host: %w", err)
	}
	if err := m.GetFieldIndexer().IndexField(ctx, &cloud.Instance{}, IndexPrefix, prefixesOf); err != nil {
		return fmt.Errorf("indexing instances by their part of the bucket: %w", err)
	}
	return nil
}

// SetupWithManager has the reconciler called whenever something may have to be
// done.
func (r *Reconciler) SetupWithManager(m ctrl.Manager, workers int) error {
	toInstance := handler.EnqueueRequestsFromMapFunc(func(_ context.Context, o client.Object) []reconcile.Request {
		return []reconcile.Request{{NamespacedName: types.NamespacedName{Name: o.GetLabels()[cloud.LabelInstance]}}}
	})
	onDamage := handler.Funcs{
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, q queue) { r.damage(e.Object, q) },
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) {
			if changed(e.ObjectOld, e.ObjectNew) {
				r.damage(e.ObjectNew, q)
			}
		},
	}
	// A change of the status alone is one's own.
	ours := predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{}, predicate.Funcs{
		UpdateFunc: func(e event.UpdateEvent) bool {
			before, ok1 := e.ObjectOld.(*cloud.Instance)
			after, ok2 := e.ObjectNew.(*cloud.Instance)
			return ok1 && ok2 && (before.Status.Phase != after.Status.Phase || before.DeletionTimestamp == nil && after.DeletionTimestamp != nil)
		}})
	b := ctrl.NewControllerManagedBy(m).Named("instance").
		For(&cloud.Instance{}, builder.WithPredicates(ours)).
		Watches(&appsv1.StatefulSet{}, toInstance, builder.WithPredicates(predicate.Funcs{CreateFunc: func(event.CreateEvent) bool { return false }, UpdateFunc: func(event.UpdateEvent) bool { return false }})).
		Watches(&corev1.Pod{}, toInstance).
		WithOptions(controller.Options{MaxConcurrentReconciles: workers})
	for _, o := range []client.Object{&corev1.Namespace{}, &corev1.Secret{}, &networkingv1.NetworkPolicy{}} {
		b = b.WatchesMetadata(o, onDamage)
	}
	if err := b.Complete(r); err != nil {
		return fmt.Errorf("watching instances: %w", err)
	}
	return nil
}

// changed says whether somebody changed what an object shall be. Secrets and
// namespaces have no generation: of them every change counts.
func changed(before, after client.Object) bool {
	if after.GetGeneration() == 0 {
		return before.GetResourceVersion() != after.GetResourceVersion()
	}
	return before.GetGeneration() != after.GetGeneration()
}

// damage notes that something of an instance must be made anew.
func (r *Reconciler) damage(o client.Object, q queue) {
	if name := o.GetLabels()[cloud.LabelInstance]; name != "" {
		r.damaged.Store(name, true)
		q.Add(reconcile.Request{NamespacedName: types.NamespacedName{Name: name}})
	}
}

// PodOf names the pod of an instance's server.
func PodOf(instance string) types.NamespacedName {
	return types.NamespacedName{Namespace: namespaceNamed(instance), Name: serverName + "-0"}
}

// Address is where the server in a pod answers.
func Address(pod *corev1.Pod) string {
	return net.JoinHostPort(pod.Status.PodIP, strconv.Itoa(webPort))
}

// AskByHTTP reads a server's report from its pod.
func AskByHTTP(ctx context.Context, pod *corev1.Pod) (Report, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	url := "http://" + Address(pod) + "/statusz"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return Report{}, fmt.Errorf("asking the server: %w", err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return Report{}, fmt.Errorf("asking the server: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return Report{}, fmt.Errorf("the server answers %s when it is asked how it is", answer.Status)
	}
	var report Report
	if err := json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(&report); err != nil {
		return Report{}, fmt.Errorf("reading the server's report: %w", err)
	}
	return report, nil
}
