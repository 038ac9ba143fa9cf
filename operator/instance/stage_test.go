package instance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

// stage is a cluster in memory, with a node that starts pods when it is told to.
type stage struct {
	t       *testing.T
	c       client.Client
	now     time.Time
	report  Report
	askErr  error
	bad     map[string]bool // images that never become ready
	erased  []string        // prefixes of the bucket that were removed
	owners  map[string]Owner
	mu      sync.Mutex // of the budget, as some calls are made at once
	budget  int        // calls until everything fails; negative for none
	r       *Reconciler
	started int // pods
	applies int
	// meanwhile is called once, before the next status is written.
	meanwhile func()
	iam       string
}

var errCut = errors.New("the operator was killed")

func newStage(t *testing.T, objects ...client.Object) *stage {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), cloud.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, now: time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC), bad: map[string]bool{}, owners: map[string]Owner{}, budget: -1}
	s.c = fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).WithStatusSubresource(&cloud.Instance{}, &cloud.Channel{}, &cloud.Restore{}).
		WithIndex(&cloud.Instance{}, IndexHost, hostsOf).WithIndex(&cloud.Instance{}, IndexPrefix, prefixesOf).
		Build()
	s.begin()
	return s
}

// begin starts the operator, which forgets everything that it had in memory.
func (s *stage) begin() {
	cut := func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.budget == 0 {
			return errCut
		}
		s.budget--
		return nil
	}
	c := interceptor.NewClient(s.c.(client.WithWatch), interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			if err := cut(); err != nil {
				return err
			}
			return c.Create(ctx, o, opts...)
		},
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
			if err := cut(); err != nil {
				return err
			}
			return c.Patch(ctx, o, p, opts...)
		},
		Apply: func(ctx context.Context, c client.WithWatch, o runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
			if err := cut(); err != nil {
				return err
			}
			s.mu.Lock()
			s.applies++
			s.mu.Unlock()
			return applied(ctx, c, o)
		},
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			if err := cut(); err != nil {
				return err
			}
			return c.Delete(ctx, o, opts...)
		},
		SubResourceUpdate: func(ctx context.Context, c client.Client, sub string, o client.Object, opts ...client.SubResourceUpdateOption) error {
			if err := cut(); err != nil {
				return err
			}
			if f := s.meanwhile; f != nil {
				s.meanwhile = nil
				f()
			}
			return c.SubResource(sub).Update(ctx, o, opts...)
		},
	})
	s.r = &Reconciler{Client: c, Direct: c, Now: func() time.Time { return s.now }, Began: s.now,
		Cloud:  Cloud{Place: "s3://cloud", Cluster: "here", Endpoint: "http://s3", AccessKey: "id", SecretKey: "secret", IAM: s.iam, Home: "tako-system", Scheme: "https", Inside: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, HealthyWithin: 5 * time.Minute, HealthyFor: 10 * time.Second},
		Ask:    func(context.Context, *corev1.Pod) (Report, error) { return s.report, s.askErr },
		Forget: func(_ context.Context, prefix string) error { s.erased = append(s.erased, prefix); return cut() },
		Mark: func(_ context.Context, prefix string, o Owner, from string) (Owner, error) {
			if there, ok := s.owners[prefix]; !ok || there.Cluster == from {
				s.owners[prefix] = o
			}
			return s.owners[prefix], nil
		},
	}
}

// applied creates an object or puts it in place of the one that is there: the
// client in memory cannot apply all kinds.
func applied(ctx context.Context, c client.Client, o runtime.ApplyConfiguration) error {
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	var u, there unstructured.Unstructured
	if err := u.UnmarshalJSON(text); err != nil {
		return err
	}
	if binding := (rbacv1.RoleBinding{}); u.GetKind() == "RoleBinding" {
		if err := json.Unmarshal(text, &binding); err != nil {
			return err
		}
		// As the API server does, which looks whether more is given than one has.
		if err := c.Get(ctx, types.NamespacedName{Namespace: u.GetNamespace(), Name: binding.RoleRef.Name}, &rbacv1.Role{}); err != nil {
			return err
		}
	}
	there.SetGroupVersionKind(u.GroupVersionKind())
	switch err := c.Get(ctx, client.ObjectKeyFromObject(&u), &there); {
	case apierrors.IsNotFound(err):
		return c.Create(ctx, &u)
	case err != nil:
		return err
	}
	u.SetResourceVersion(there.GetResourceVersion())
	u.SetUID(there.GetUID())
	return c.Update(ctx, &u)
}

func (s *stage) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func request(name string) reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Name: name}}
}

// settle lets operator and node work, until neither has anything to do in
// the next seconds.
func (s *stage) settle(name string) reconcile.Result {
	s.t.Helper()
	for range 400 {
		result, err := s.r.Reconcile(s.t.Context(), request(name))
		if errors.Is(err, errCut) {
			return result
		}
		s.check(err)
		if moved := s.node(name); !moved && (result.RequeueAfter == 0 || result.RequeueAfter > again) {
			return result
		}
		if result.RequeueAfter <= again {
			s.now = s.now.Add(result.RequeueAfter)
		}
	}
	s.t.Fatal("it never comes to rest")
	return reconcile.Result{}
}

// node does what Kubernetes does: it makes and ends pods as the set says, and
// has them become ready.
func (s *stage) node(name string) (moved bool) {
	ctx := s.t.Context()
	key := types.NamespacedName{Namespace: "tako-" + name, Name: "tako-0"}
	var set appsv1.StatefulSet
	if err := s.c.Get(ctx, types.NamespacedName{Namespace: "tako-" + name, Name: "tako"}, &set); err != nil {
		return false
	}
	var pod corev1.Pod
	err := s.c.Get(ctx, key, &pod)
	switch {
	case *set.Spec.Replicas == 0 && err == nil:
		s.check(s.c.Delete(ctx, &pod))
		return true
	case *set.Spec.Replicas == 1 && apierrors.IsNotFound(err):
		s.started++
		pod = corev1.Pod{ObjectMeta: *set.Spec.Template.ObjectMeta.DeepCopy(), Spec: set.Spec.Template.Spec}
		pod.Name, pod.Namespace, pod.UID = key.Name, key.Namespace, types.UID(fmt.Sprint("pod-", s.started))
		ready := corev1.ConditionTrue
		if s.bad[pod.Spec.Containers[0].Image] {
			ready = corev1.ConditionFalse
			pod.Status.ContainerStatuses = []corev1.ContainerStatus{{RestartCount: 3, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}, LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1}}}}
		}
		pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: ready, LastTransitionTime: metav1.NewTime(s.now)}}
		s.check(s.c.Create(ctx, &pod))
		return true
	}
	return false
}

func (s *stage) get(name string) *cloud.Instance {
	s.t.Helper()
	var i cloud.Instance
	s.check(s.c.Get(s.t.Context(), types.NamespacedName{Name: name}, &i))
	return &i
}

func (s *stage) change(name string, f func(*cloud.Instance)) {
	s.t.Helper()
	i := s.get(name)
	f(i)
	s.check(s.c.Update(s.t.Context(), i))
}

// want compares phase and sentence.
func (s *stage) want(name string, phase cloud.Phase, says string) *cloud.Instance {
	s.t.Helper()
	i := s.get(name)
	text := ""
	for _, c := range i.Status.Conditions {
		if c.Type == "Ready" {
			text = c.Message
			if (c.Status == metav1.ConditionTrue) != (phase == cloud.Ready && strings.HasPrefix(c.Reason, "Serving")) {
				s.t.Errorf("condition %+v in phase %s", c, i.Status.Phase)
			}
		}
	}
	if i.Status.Phase != phase || !strings.Contains(text, says) {
		s.t.Fatalf("%s: %q; want %s: %q", i.Status.Phase, text, phase, says)
	}
	return i
}

func (s *stage) pod(name string) *corev1.Pod {
	var pod corev1.Pod
	if err := s.c.Get(s.t.Context(), types.NamespacedName{Namespace: "tako-" + name, Name: "tako-0"}, &pod); err != nil {
		return nil
	}
	return &pod
}

func instance(name string) *cloud.Instance {
	return &cloud.Instance{
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: "12345678-1", CreationTimestamp: metav1.NewTime(time.Date(2026, 11, 27, 11, 59, 0, 0, time.UTC))},
		Spec: cloud.InstanceSpec{Customer: "Acme", Hosts: []string{name + ".example.com"}, Image: "tako:1", TaskCap: 5, Admin: cloud.Admin{Username: "admin"},
			Storage:       cloud.Storage{Volume: "Ephemeral", SizeGiB: 5, KeepBackups: metav1.Duration{Duration: 24 * time.Hour}},
			Hibernation:   cloud.Hibernation{IdleAfter: metav1.Duration{Duration: 30 * time.Minute}},
			DeletionGrace: metav1.Duration{Duration: time.Hour}},
	}
}

// objects lists everything that was made for instances, without what differs
// from run to run.
func (s *stage) objects() []string {
	s.t.Helper()
	var all []string
	for _, list := range []client.ObjectList{&corev1.NamespaceList{}, &corev1.SecretList{}, &corev1.ServiceAccountList{}, &corev1.ResourceQuotaList{},
		&corev1.LimitRangeList{}, &networkingv1.NetworkPolicyList{}, &appsv1.StatefulSetList{}, &corev1.PodList{}} {
		s.check(s.c.List(s.t.Context(), list))
		s.check(apimeta.EachListItem(list, func(o runtime.Object) error {
			c, ok := o.(client.Object)
			if !ok {
				return fmt.Errorf("%T has no name", o)
			}
			all = append(all, fmt.Sprintf("%T %s/%s", o, c.GetNamespace(), c.GetName()))
			return nil
		}))
	}
	return all
}
