package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
	"github.com/takodeploy/tako/operator/instance"
)

// webServer answers for the servers of all pods, which are not there, and gives
// their address: one of this machine's own that nobody else has, at the port that
// all servers have.
func webServer(t *testing.T) string {
	t.Helper()
	var last error
	for range 20 {
		address := fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254))
		l, err := net.Listen("tcp", address+":8080")
		if err != nil {
			last = err
			continue
		}
		s := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_ = json.NewEncoder(w).Encode(instance.Report{Version: "1", Executing: 1})
		})}
		go func() { _ = s.Serve(l) }()
		t.Cleanup(func() { s.Close() })
		return address
	}
	t.Skipf("port 8080, which servers have, is taken on this machine: %v", last)
	return ""
}

// killer ends the operator again and again, wherever it is, and starts another.
// Lives grow longer, so that it gets on where it takes long to begin.
type killer struct {
	stop, stopped chan struct{}
	kills         int
}

func (k *killer) run(start func() *program) {
	defer close(k.stopped)
	p := start()
	for {
		select {
		case <-k.stop:
			return
		case <-time.After(time.Duration(200+rand.IntN(2000+100*k.kills)) * time.Millisecond):
		}
		p.kill()
		k.kills++
		p = start()
	}
}

// trial is a channel with instances and the operator that is killed under them.
type trial struct {
	*testing.T
	client.WithWatch
	size, copies int
}

const (
	killed   = "killed" // the channel
	patience = 3 * time.Minute
)

func (k *trial) name(n int) string { return fmt.Sprintf("k%05d", n) }

func (k *trial) make(o client.Object) {
	k.Helper()
	if err := k.Create(k.Context(), o); err != nil {
		k.Fatal(err)
	}
}

// run waits until all instances run from an image.
func (k *trial) run(image string) {
	k.Helper()
	await(k.T, k, k.size+k.copies, patience, func(i *cloud.Instance) bool {
		return i.Spec.Channel == killed && ready(i) && i.Status.Image == image
	})
}

func (k *trial) bring(image string) {
	k.Helper()
	c := &cloud.Channel{ObjectMeta: metav1.ObjectMeta{Name: killed}}
	if err := k.Patch(k.Context(), c, client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"spec":{"image":%q}}`, image))); err != nil {
		k.Fatal(err)
	}
}

// is waits until the channel is in a state with the image that it was given.
func (k *trial) is(state string) {
	k.Helper()
	var last cloud.ChannelStatus
	if until(k.T, k, &cloud.ChannelList{}, patience, func(e watch.Event) bool {
		o, ok := e.Object.(*cloud.Channel)
		if !ok || o.Name != killed {
			return false
		}
		last = o.Status
		return last.State == state && last.Image == o.Spec.Image
	}) {
		return
	}
	var all cloud.InstanceList
	_ = k.List(context.WithoutCancel(k.Context()), &all)
	for _, i := range all.Items {
		text, _ := json.Marshal(i.Status)
		k.Logf("%s %v: %s", i.Name, i.Annotations, text)
	}
	k.Fatalf("the channel does not come to be %s: %+v", state, last)
}

// restored waits until so many restores are done.
func (k *trial) restored(want int) {
	k.Helper()
	done := map[string]bool{}
	if !until(k.T, k, &cloud.RestoreList{}, patience, func(e watch.Event) bool {
		if o, ok := e.Object.(*cloud.Restore); ok && o.Status.State == cloud.RestoreDone {
			done[o.Name] = true
		}
		return len(done) == want
	}) {
		k.Fatalf("of %d restores ended %v", want, done)
	}
}

// round brings the instances to another version in waves, restores two into
// themselves and two into others meanwhile, and then brings a version that never
// becomes healthy, which is taken back.
func (k *trial) round(n int) {
	k.Helper()
	good := fmt.Sprint("tako:", n+2)
	k.bring(good)
	for m := range 4 {
		source := k.name((4*n + m) % k.size)
		o := &cloud.Restore{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("killed-%d-%d", n, m)}, Spec: cloud.RestoreSpec{Source: source, Target: source}}
		if m < 2 {
			o.Spec.Target = fmt.Sprintf("copy-%d-%s", n, source)
			o.Spec.Hosts = []string{o.Spec.Target + ".example.com"}
			k.copies++
		}
		k.make(o)
	}
	k.is(cloud.ChannelDone)
	k.run(good)
	k.restored(4 * (n + 1))
	k.bring(fmt.Sprint(neverReady, n))
	k.is(cloud.ChannelStopped)
	k.run(good)
}

// TestKilled has instances made, brought to other versions in waves, one of which
// never becomes healthy, restored and brought back, with the operator killed at
// random all the while; and wants everything done, once. TAKO_KILLED says how many
// rounds of it there are.
func TestKilled(t *testing.T) {
	rounds := 1
	if n, err := strconv.Atoi(os.Getenv("TAKO_KILLED")); err == nil {
		rounds = n
	}
	config, _ := cluster(t)
	address, path := webServer(t), built(t)
	nodes(t, config, address)
	start := func() *program { return operator(t, path, "--healthy-for=1s", "--healthy-within=6s") }
	death := &killer{stop: make(chan struct{}), stopped: make(chan struct{})}
	end := sync.OnceFunc(func() { close(death.stop); <-death.stopped })
	began := time.Now()
	go death.run(start)
	defer end()
	k := &trial{T: t, WithWatch: reader(t, config), size: 10}
	k.make(&cloud.Channel{ObjectMeta: metav1.ObjectMeta{Name: killed}, Spec: cloud.ChannelSpec{Image: "tako:1", Waves: []int32{20, 60, 100}, Soak: metav1.Duration{Duration: time.Second}}})
	for n := range k.size {
		i := made(n)
		i.Name, i.Spec.Hosts, i.Spec.Image, i.Spec.Channel = k.name(n), []string{k.name(n) + ".example.com"}, "", killed
		k.make(i)
	}
	k.run("tako:1")
	for n := range rounds {
		k.round(n)
	}
	end()
	k.run(fmt.Sprint("tako:", rounds+1))
	t.Logf("%d instances, %d copies and %d versions, with the operator killed %d times in %s", k.size, k.copies, 2*rounds+1, death.kills, time.Since(began).Round(time.Second))
	once(t, k, k.size, k.copies)
}

// once looks whether each instance has what belongs to it, and nothing more is
// there.
func once(t *testing.T, c client.Client, size, copies int) {
	t.Helper()
	var instances cloud.InstanceList
	var namespaces corev1.NamespaceList
	var secrets corev1.SecretList
	var sets appsv1.StatefulSetList
	var pods corev1.PodList
	ours := client.HasLabels{cloud.LabelInstance}
	for _, err := range []error{c.List(t.Context(), &instances), c.List(t.Context(), &namespaces, ours), c.List(t.Context(), &secrets, ours), c.List(t.Context(), &sets, ours), c.List(t.Context(), &pods, ours)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var want []string
	for _, i := range instances.Items {
		want = append(want, i.Status.Namespace)
	}
	var have []string
	for _, n := range namespaces.Items {
		have = append(have, n.Name)
	}
	slices.Sort(want)
	slices.Sort(have)
	if !slices.Equal(want, have) {
		t.Errorf("instances have the namespaces %v, and there are %v", want, have)
	}
	if all := len(instances.Items); all != size+copies || len(sets.Items) != all || len(pods.Items) != all || len(secrets.Items) != 3*all {
		t.Errorf("%d instances with %d sets, %d pods and %d secrets", all, len(sets.Items), len(pods.Items), len(secrets.Items))
	}
	keys := map[string]int{}
	for _, s := range secrets.Items {
		if s.Name == "tako-master-key" {
			keys[string(s.Data["key"])]++
		}
	}
	if len(keys) != size { // a copy has the key of what it is a copy of
		t.Errorf("%d different master keys for %d instances and %d copies", len(keys), size, copies)
	}
}
