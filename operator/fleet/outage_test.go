package fleet

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
	"github.com/takodeploy/tako/operator/control"
)

// atDesk starts the control plane as a program of its own, and gives it when it
// answers.
func atDesk(t *testing.T, path, kubeconfig string) (*exec.Cmd, desk) {
	t.Helper()
	users := filepath.Join(t.TempDir(), "users.yaml")
	list := fmt.Sprintf("- {name: vera, role: viewer, tokenSHA256: %x}\n- {name: otto, role: operator, tokenSHA256: %x}\n", sha256.Sum256([]byte("see")), sha256.Sum256([]byte("do")))
	if err := os.WriteFile(users, []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	c := exec.Command(path, "control", "--users="+users, "--listen="+address, "--namespace="+home)
	c.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig)
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(c) })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for tick := time.NewTicker(50 * time.Millisecond); ; {
		if answers(ctx, address) {
			return c, desk{t, "http://" + address}
		}
		select {
		case <-ctx.Done():
			t.Fatal("the control plane does not answer")
		case <-tick.C:
		}
	}
}

func answers(ctx context.Context, address string) bool {
	connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	return connection.Close() == nil
}

func end(c *exec.Cmd) {
	_ = c.Process.Kill() // it may have been ended already
	_ = c.Wait()
}

// serving is which pod each instance serves from, and since when it does.
func serving(t *testing.T, c client.Client) map[string]string {
	t.Helper()
	var pods corev1.PodList
	if err := c.List(t.Context(), &pods, client.HasLabels{cloud.LabelInstance}); err != nil {
		t.Fatal(err)
	}
	of := map[string]types.UID{}
	for _, p := range pods.Items {
		of[p.Labels[cloud.LabelInstance]] = p.UID
	}
	var list cloud.InstanceList
	if err := c.List(t.Context(), &list); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, i := range list.Items {
		if i.Status.Phase == cloud.Ready {
			all[i.Name] = fmt.Sprintf("%s on %s since %s", of[i.Name], i.Status.Image, i.Status.Since.UTC())
		}
	}
	return all
}

// testOutage, after lives, kills the control plane and wants nothing to miss it:
// instances serve on as they did, and what is asked for otherwise is done. When it is
// there again it knows all of it, though it kept nothing.
func testOutage(t *testing.T, c client.WithWatch, path, kubeconfig string) {
	const name = "i80000"
	began := time.Now().UTC()
	program, d := atDesk(t, path, kubeconfig)
	d.ask("do", "POST", "/api/instances", `{"name":"`+name+`","customer":"Made at the desk","hosts":["desk.example.com"],"image":"tako:1","hibernation":{"idleAfter":"0s"}}`, 200, nil)
	are := func(name, image string, phase cloud.Phase) {
		t.Helper()
		await(t, c, 1, time.Minute, func(i *cloud.Instance) bool {
			return i.Name == name && i.Status.Phase == phase && i.Status.Image == image && (phase != cloud.Ready || ready(i))
		})
	}
	are(name, "tako:1", cloud.Ready)
	before := serving(t, c)
	if len(before) < 20 {
		t.Fatalf("only %d instances serve", len(before))
	}
	end(program)
	if answers(t.Context(), strings.TrimPrefix(d.url, "http://")) {
		t.Fatal("the control plane answers although it was killed")
	}

	suspend := func(name string, is bool) {
		t.Helper()
		i := &cloud.Instance{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if err := c.Patch(t.Context(), i, client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"spec":{"suspended":%v}}`, is))); err != nil {
			t.Fatal(err)
		}
	}
	other := made(80001)
	other.Spec.Image, other.Spec.Channel = "", "stable"
	copied := &cloud.Restore{ObjectMeta: metav1.ObjectMeta{Name: "meanwhile"}, Spec: cloud.RestoreSpec{Source: "i00004", Target: "i80002", Hosts: []string{"meanwhile.example.com"}}}
	for _, o := range []client.Object{other, copied} {
		if err := c.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	are(other.Name, "tako:2", cloud.Ready)
	are(copied.Spec.Target, "tako:1", cloud.Ready)
	suspend(name, true)
	are(name, "tako:1", cloud.Suspended)
	suspend(name, false)
	are(name, "tako:1", cloud.Ready)

	after := serving(t, c)
	delete(before, name)
	maps.DeleteFunc(after, func(name, _ string) bool { return before[name] == "" })
	if difference := cmp.Diff(before, after); difference != "" {
		t.Errorf("instances did not serve on as they did:\n%s", difference)
	}
	_, d = atDesk(t, path, kubeconfig)
	var shown control.Shown
	d.ask("see", "GET", "/api/instances/"+other.Name, "", 200, &shown)
	if shown.State != cloud.Ready || shown.Version != "tako:2" || shown.Channel != "stable" {
		t.Errorf("%+v", shown)
	}
	remembers(t, d, began, name)
}

// remembers wants the audit to have, once, that an instance was made since then.
func remembers(t *testing.T, d desk, since time.Time, name string) {
	t.Helper()
	noted := 0
	for _, day := range slices.Compact([]string{since.Format(time.DateOnly), time.Now().UTC().Format(time.DateOnly)}) {
		var trail struct{ Items []control.Entry }
		d.ask("see", "GET", "/api/audit?day="+day, "", 200, &trail)
		for _, e := range trail.Items {
			if e.User == "otto" && e.Did == "create" && e.Instance == name {
				noted++
			}
		}
	}
	if noted != 1 {
		t.Errorf("the audit has %d times what was done before", noted)
	}
}
