// Package fleet tests the operator against a real API server, whose nodes are
// played by the test: pods are made and become ready, and nothing runs.
package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/takodeploy/tako/operator/chart"
	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

// assets is the folder with etcd and kube-apiserver.
func assets(t *testing.T) string {
	t.Helper()
	missing := func(dir string) error {
		_, err1 := os.Stat(filepath.Join(dir, "kube-apiserver"))
		_, err2 := os.Stat(filepath.Join(dir, "etcd"))
		return errors.Join(err1, err2)
	}
	if dir := os.Getenv("KUBEBUILDER_ASSETS"); dir != "" {
		if err := missing(dir); err != nil {
			t.Fatalf("KUBEBUILDER_ASSETS names no folder with etcd and kube-apiserver: %v", err)
		}
		return dir
	}
	home, _ := os.UserHomeDir()
	for _, dir := range []string{filepath.Join(home, ".cache", "kindless"), "/usr/local/kubebuilder/bin"} {
		if missing(dir) == nil {
			return dir
		}
	}
	t.Skip("no API server: set KUBEBUILDER_ASSETS to a folder with etcd and kube-apiserver")
	return ""
}

// cluster starts an API server, gives it the operator's rights, and has the
// operator come with these and no others. The control plane comes with the file.
func cluster(t *testing.T) (*rest.Config, string) {
	t.Helper()
	dir := assets(t)
	crds := t.TempDir()
	text, err := chart.CRDs()
	if err == nil {
		err = os.WriteFile(filepath.Join(crds, "crds.yaml"), []byte(text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	env := &envtest.Environment{BinaryAssetsDirectory: dir, CRDDirectoryPaths: []string{crds}, ErrorIfCRDPathMissing: true,
		ControlPlaneStartTimeout: 2 * time.Minute, ControlPlaneStopTimeout: time.Minute}
	// No controller manager tells how much of a quota is used, without which
	// nothing would be let in.
	env.ControlPlane.GetAPIServer().Configure().Append("disable-admission-plugins", "ResourceQuota").Set("max-requests-inflight", "2000").Set("max-mutating-requests-inflight", "1000")
	env.ControlPlane.Etcd = &envtest.Etcd{}
	env.ControlPlane.Etcd.Configure().Append("unsafe-no-fsync", "true").Append("quota-backend-bytes", "8000000000")
	config, err := env.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := env.Stop(); err != nil {
			t.Log(err)
		}
	})
	config.QPS, config.Burst = -1, 0
	grant(t, reader(t, config))
	t.Setenv("KUBECONFIG", as(t, env, "tako-operator"))
	return config, as(t, env, "tako-control")
}

func scheme(t *testing.T) *runtime.Scheme {
	t.Helper()
	s := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(s), cloud.AddToScheme(s)); err != nil {
		t.Fatal(err)
	}
	return s
}

// node makes pods as sets say, and has them become ready.
type node struct {
	client.Client
	address string // of all pods
}

// neverReady begins the images of versions that do not become healthy.
const neverReady = "tako:bad"

func (n *node) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	var set appsv1.StatefulSet
	if err := n.Get(ctx, request.NamespacedName, &set); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	pod := &corev1.Pod{ObjectMeta: *set.Spec.Template.ObjectMeta.DeepCopy(), Spec: *set.Spec.Template.Spec.DeepCopy()}
	pod.Name, pod.Namespace = set.Name+"-0", set.Namespace
	if *set.Spec.Replicas == 0 {
		return reconcile.Result{}, client.IgnoreNotFound(n.Delete(ctx, pod, client.GracePeriodSeconds(0)))
	}
	switch err := n.Create(ctx, pod); {
	case apierrors.IsAlreadyExists(err):
		return reconcile.Result{}, n.end(ctx, client.ObjectKeyFromObject(pod))
	case err != nil:
		return reconcile.Result{}, err
	}
	patch := client.MergeFrom(pod.DeepCopy())
	pod.Status.Phase, pod.Status.PodIP = corev1.PodRunning, n.address
	if strings.HasPrefix(pod.Spec.Containers[0].Image, neverReady) {
		return reconcile.Result{}, n.Status().Patch(ctx, pod, patch)
	}
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()}}
	return reconcile.Result{}, n.Status().Patch(ctx, pod, patch)
}

// end removes a pod that is ending. The API server removes one that no node has in
// two steps, and stops between them when who asked for it is killed meanwhile; a
// cluster's controllers then do the second.
func (n *node) end(ctx context.Context, key types.NamespacedName) error {
	var pod corev1.Pod
	if err := n.Get(ctx, key, &pod); err != nil || pod.DeletionTimestamp == nil {
		return client.IgnoreNotFound(err)
	}
	return client.IgnoreNotFound(n.Delete(ctx, &pod, client.GracePeriodSeconds(0), client.Preconditions{UID: &pod.UID}))
}

func nodes(t *testing.T, config *rest.Config, address string) {
	t.Helper()
	m, err := ctrl.NewManager(config, ctrl.Options{Scheme: scheme(t), Metrics: metricsserver.Options{BindAddress: "0"}})
	if err != nil {
		t.Fatal(err)
	}
	skip := true
	toSet := handler.EnqueueRequestsFromMapFunc(func(_ context.Context, o client.Object) []reconcile.Request {
		return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: o.GetNamespace(), Name: strings.TrimSuffix(o.GetName(), "-0")}}}
	})
	err = ctrl.NewControllerManagedBy(m).For(&appsv1.StatefulSet{}).Watches(&corev1.Pod{}, toSet).WithOptions(controller.Options{MaxConcurrentReconciles: 16, SkipNameValidation: &skip}).Complete(&node{m.GetClient(), address})
	if err != nil {
		t.Fatal(err)
	}
	start(t, m)
}

func start(t *testing.T, m ctrl.Manager) {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- m.Start(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// program is the operator as a process of its own.
type program struct {
	*exec.Cmd
	metrics string
	out     *os.File
}

// built is where the operator's program is.
func built(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("TAKO_OPERATOR"); path != "" {
		return path
	}
	path := filepath.Join(t.TempDir(), "tako-operator")
	build := exec.Command("go", "build", "-trimpath", "-o", path, "../cmd/tako-operator")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// bucket is the address of an object store, in which operators of all tests mark
// what is theirs; it outlives each of them.
var bucket = sync.OnceValue(func() string {
	return httptest.NewServer(gofakes3.New(s3mem.New(), gofakes3.WithAutoBucket(true)).Server()).URL
})

func operator(t *testing.T, path string, more ...string) *program {
	t.Helper()
	metrics := freeAddress(t)
	args := append([]string{"operate", "--no-elect", "--bucket=s3://cloud", "--bucket-endpoint=" + bucket(), "--bucket-iam=off", "--bucket-access-key=id", "--bucket-secret-key=secret", "--worker-image=worker:1", "--workers=16", "--qps=1000", "--listen=" + freeAddress(t), "--metrics=" + metrics}, more...)
	p := &program{Cmd: exec.Command(path, args...), metrics: metrics}
	log, err := os.Create(filepath.Join(t.TempDir(), "operator.log"))
	if err != nil {
		t.Fatal(err)
	}
	p.out, p.Stdout, p.Stderr = log, log, log
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.kill()
		if text, _ := os.ReadFile(log.Name()); t.Failed() {
			lines := strings.Split(string(text), "\n")
			t.Log(strings.Join(lines[max(0, len(lines)-30):], "\n"))
		}
	})
	return p
}

func (p *program) kill() {
	_ = p.Process.Kill()
	_ = p.Wait()
}

// memory is what the process has of its own, in MiB.
func (p *program) memory(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmRSS:" {
			n, _ := strconv.Atoi(f[1])
			return n / 1024
		}
	}
	return 0
}

// made is an instance of the test's.
func made(n int) *cloud.Instance {
	name := fmt.Sprintf("i%05d", n)
	return &cloud.Instance{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: cloud.InstanceSpec{Customer: "Customer " + name, Hosts: []string{name + ".example.com"}, Image: "tako:1"}}
}

// create makes instances, several at once.
func create(t *testing.T, c client.Client, from, to int) {
	t.Helper()
	next := make(chan int)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for n := range next {
				if err := c.Create(t.Context(), made(n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for n := from; n < to; n++ {
		next <- n
	}
	close(next)
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// await waits until so many instances are as f says.
func await(t *testing.T, c client.WithWatch, want int, limit time.Duration, f func(*cloud.Instance) bool) {
	t.Helper()
	are := map[string]bool{}
	others := map[string]cloud.InstanceStatus{}
	enough := until(t, c, &cloud.InstanceList{}, limit, func(e watch.Event) bool {
		i, ok := e.Object.(*cloud.Instance)
		if !ok {
			return false
		}
		delete(others, i.Name)
		if are[i.Name] = e.Type != watch.Deleted && f(i); !are[i.Name] {
			delete(are, i.Name)
			others[i.Name] = i.Status
		}
		return len(are) >= want
	})
	if !enough {
		if len(others) > 5 {
			others = map[string]cloud.InstanceStatus{"some": slices.Collect(maps.Values(others))[0]}
		}
		text, _ := json.Marshal(others)
		t.Fatalf("%d of %d after %s; those that are not: %s", len(are), want, limit, text)
	}
}

// until shows f what there is and what becomes of it, until f has seen enough.
func until(t *testing.T, c client.WithWatch, list client.ObjectList, limit time.Duration, f func(watch.Event) bool, options ...client.ListOption) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	for ctx.Err() == nil { // the API server ends each watch after a while
		w, err := c.Watch(ctx, list, options...)
		if err != nil {
			t.Fatal(err)
		}
		for e := range w.ResultChan() {
			if f(e) {
				w.Stop()
				return true
			}
		}
	}
	return false
}

func ready(i *cloud.Instance) bool {
	return i.Status.Phase == cloud.Ready && len(i.Status.Conditions) > 0 && i.Status.Conditions[0].Status == metav1.ConditionTrue
}

func reader(t *testing.T, config *rest.Config) client.WithWatch {
	t.Helper()
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme(t)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestOnAnAPIServer shares one API server, whose start is most of what it takes.
func TestOnAnAPIServer(t *testing.T) {
	config, control := cluster(t)
	t.Run("rights", func(t *testing.T) { testRights(t, reader(t, config)) })
	t.Run("chart", func(t *testing.T) { testChart(t, reader(t, config)) })
	t.Run("refusals", func(t *testing.T) { testRefusals(t, reader(t, config)) })
	t.Run("control", func(t *testing.T) { testControl(t, reader(t, config), control) })
	t.Run("fleet", func(t *testing.T) { testFleet(t, config, control) })
}

// testRefusals looks whether the API server itself refuses what cannot be
// right, and says why, and what it fills in.
func testRefusals(t *testing.T, c client.Client) {
	for _, test := range []struct {
		name   string
		change func(*cloud.Instance)
		says   string
	}{
		{"no version", func(i *cloud.Instance) { i.Spec.Image = "" }, "give either a channel to follow or an image to stay on"},
		{"two versions", func(i *cloud.Instance) { i.Spec.Channel = "stable" }, "give either a channel"},
		{"a cap between tiers", func(i *cloud.Instance) { i.Spec.TaskCap = 7 }, "supported values"},
		{"no host", func(i *cloud.Instance) { i.Spec.Hosts = nil }, "spec.hosts"},
		{"a host with a path", func(i *cloud.Instance) { i.Spec.Hosts = []string{"a.example.com/x"} }, "spec.hosts[0]"},
		{"a short window", func(i *cloud.Instance) { i.Spec.MaintenanceWindow = &cloud.Window{Start: "02:00", Hours: 1} }, "greater than or equal to 2"},
		{"no time of day", func(i *cloud.Instance) { i.Spec.MaintenanceWindow = &cloud.Window{Start: "2am", Hours: 2} }, "spec.maintenanceWindow.start"},
		{"a long name", func(i *cloud.Instance) { i.Name = strings.Repeat("x", 51) }, "50 characters"},
	} {
		t.Run(test.name, func(t *testing.T) {
			i := made(1)
			test.change(i)
			if err := c.Create(t.Context(), i); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v", err)
			}
		})
	}
	least := &unstructured.Unstructured{Object: map[string]any{"apiVersion": cloud.GroupVersion.String(), "kind": "Instance", "metadata": map[string]any{"name": "least"},
		"spec": map[string]any{"customer": "Acme", "hosts": []any{"least.example.com"}, "image": "tako:1"}}}
	if err := c.Create(t.Context(), least); err != nil {
		t.Fatal(err)
	}
	var i cloud.Instance
	if err := c.Get(t.Context(), types.NamespacedName{Name: "least"}, &i); err != nil {
		t.Fatal(err)
	}
	if i.Spec.TaskCap != 5 || i.Spec.Storage.Volume != "Ephemeral" || i.Spec.Hibernation.IdleAfter.Duration != 30*time.Minute || i.Spec.DeletionGrace.Duration != 168*time.Hour {
		t.Errorf("defaults: %+v", i.Spec)
	}
	i.Spec.Storage.Volume = "Persistent"
	if err := c.Update(t.Context(), &i); err == nil || !strings.Contains(err.Error(), "kind of volume cannot be changed") {
		t.Errorf("%v", err)
	}
	if err := c.Delete(t.Context(), &i); err != nil {
		t.Fatal(err)
	}
}

// testFleet has many instances made at once, with the operator killed
// meanwhile, and wants each to serve, with what belongs to it made once.
// TAKO_FLEET says how many; what it took is in the log.
func testFleet(t *testing.T, config *rest.Config, control string) {
	size, kills := 25, 3
	if n, err := strconv.Atoi(os.Getenv("TAKO_FLEET")); err == nil {
		size, kills = n, 0
	}
	c := reader(t, config)
	nodes(t, config, "10.0.0.1")
	path := built(t)
	p := operator(t, path)
	began := time.Now()
	create(t, c, 0, size)
	t.Logf("%d instances asked for in %s", size, time.Since(began).Round(time.Millisecond))
	for n := range kills {
		await(t, c, size*(n+1)/(kills+2), time.Minute, func(i *cloud.Instance) bool { return i.Status.Keyed })
		p.kill()
		p = operator(t, path)
	}
	await(t, c, size, time.Hour, ready)
	took := time.Since(began)
	t.Logf("%d instances serve after %s (%.0f a second); the operator has %d MiB", size, took.Round(time.Millisecond), float64(size)/took.Seconds(), p.memory(t))
	var secrets corev1.SecretList
	if err := c.List(t.Context(), &secrets, client.HasLabels{cloud.LabelInstance}); err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	for _, s := range secrets.Items {
		if s.Name == "tako-master-key" {
			keys[string(s.Data["key"])] = true
		}
	}
	if len(keys) != size {
		t.Errorf("%d different master keys for %d instances", len(keys), size)
	}
	if size >= 1000 {
		steady(t, p)
		lost(t, c, size)
		return
	}
	damage(t, c)
	lives(t, c)
	t.Run("outage", func(t *testing.T) { testOutage(t, c, path, control) })
}

// damage removes and changes things of an instance by hand, and wants them back.
func damage(t *testing.T, c client.WithWatch) {
	t.Helper()
	const namespace, mode = "tako-i00003", "pod-security.kubernetes.io/enforce"
	closed := &networkingv1.NetworkPolicy{}
	if err := c.Get(t.Context(), types.NamespacedName{Namespace: namespace, Name: "closed"}, closed); err != nil {
		t.Fatal(err)
	}
	if err := c.Delete(t.Context(), closed); err != nil {
		t.Fatal(err)
	}
	if !until(t, c, &networkingv1.NetworkPolicyList{}, time.Minute, func(e watch.Event) bool {
		o, ok := e.Object.(*networkingv1.NetworkPolicy)
		return ok && e.Type != watch.Deleted && o.Name == closed.Name && o.UID != closed.UID
	}, client.InNamespace(namespace)) {
		t.Error("a network policy that was removed does not come back")
	}
	open := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"`+mode+`":"privileged"}}}`))
	if err := c.Patch(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, open); err != nil {
		t.Fatal(err)
	}
	if !until(t, c, &corev1.NamespaceList{}, time.Minute, func(e watch.Event) bool {
		o, ok := e.Object.(*corev1.Namespace)
		return ok && o.Name == namespace && o.Labels[mode] == "restricted"
	}) {
		t.Error("a namespace that was opened to privileged pods is not closed again")
	}
}

// lost ends a tenth of the pods at once, as when nodes die, and measures until
// all serve again.
func lost(t *testing.T, c client.WithWatch, size int) {
	t.Helper()
	began := time.Now()
	for n := 0; n < size; n += 10 {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: fmt.Sprintf("tako-i%05d", n), Name: "tako-0"}}
		if err := c.Delete(t.Context(), pod, client.GracePeriodSeconds(0)); err != nil {
			t.Fatal(err)
		}
		set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: "tako"}}
		touch := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"touched":"yes"}}}`)) // the nodes of the test look at sets only
		if err := c.Patch(t.Context(), set, touch); err != nil {
			t.Fatal(err)
		}
	}
	await(t, c, size, 10*time.Minute, ready)
	t.Logf("a tenth of the pods were lost and serve again after %s", time.Since(began).Round(time.Millisecond))
}
