package kubernetes

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/takodeploy/tako/e2e/rest"
	"github.com/takodeploy/tako/internal/kube/kubetest"
)

const cloudChart = "../../operator/chart"

// fleet is the operator in a cluster of this machine, with a gateway before its
// instances and a bucket in the memory of the test.
type fleet struct {
	*testing.T
	cluster *kubetest.Cluster
	http    *http.Client // to whose hosts the gateway leads
	image   string
	prefix  string // of the names of this test's instances
	keys    *keyring
}

// scaled is how much of something a test has: so much unless the environment says
// otherwise.
func scaled(variable string, n int) int {
	if given, err := strconv.Atoi(os.Getenv(variable)); err == nil {
		return given
	}
	return n
}

// newFleet installs the operator's chart from the images of `make image`.
func newFleet(t *testing.T) *fleet {
	t.Helper()
	worker := kubetest.WorkerImage(t)
	_, tag, _ := strings.Cut(path.Base(worker), ":")
	c := kubetest.New(t)
	ns := c.Namespace
	bucket := s3mem.New()
	if err := bucket.CreateBucket("cloud"); err != nil {
		t.Fatal(err)
	}
	files := near(t, c.Address)
	go http.Serve(files, gofakes3.New(bucket).Server())
	at, err := url.Parse(c.Address)
	if err != nil {
		t.Fatal(err)
	}
	kubernetes := kubectl(t, "", "-n", "default", "get", "service", "kubernetes", "-o", "jsonpath={.spec.clusterIP}")
	kubectl(t, "", "label", "namespace", ns, "pod-security.kubernetes.io/enforce=restricted")
	began := time.Now()
	helm(t, append([]string{"install", "cloud", cloudChart, "-n", ns, "--take-ownership", "--wait", "--timeout", "5m"}, set([]string{"image.tag=" + tag, "operator.replicas=1", "gateway.replicas=1",
		"bucket.place=s3://cloud/one", "bucket.endpoint=http://" + files.Addr().String(), "bucket.region=here", "bucket.accessKey=key", "bucket.secretKey=secret", "bucket.iam=off",
		"instances.scheme=http", "instances.workerImage=" + worker, "instances.healthyFor=2s", "instances.healthyWithin=40s",
		"instances.reach={" + at.Hostname() + "/32," + kubernetes + "/32}"})...)...)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(kubectl(t, "", "get", "instances,channels,restores"), kubectl(t, "", "-n", ns, "logs", "deployment/tako-operator", "--tail=30"))
		}
		helm(t, "uninstall", "cloud", "-n", ns)
	})
	t.Logf("operator and gateway are there after %s", time.Since(began).Round(10*time.Millisecond))
	gateway := kubectl(t, "", "-n", ns, "get", "service", "tako-gateway", "-o", "jsonpath={.spec.clusterIP}")
	f := &fleet{T: t, cluster: c, image: strings.Replace(worker, "tako-worker:", "tako:", 1), prefix: "e" + strings.TrimPrefix(ns, "tako-test-"), keys: newKeyring(t, c)}
	f.http = &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 4, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort(gateway, "80"))
	}}}
	t.Cleanup(f.remove)
	return f
}

func (f *fleet) until(what string, patience time.Duration, fact func() bool) {
	f.Helper()
	(&installed{T: f.T}).until(what, patience, fact)
}

// remove deletes the instances, before who carries that out.
func (f *fleet) remove() {
	names := strings.Fields(kubectl(f.T, "", "get", "instances", "-o", "jsonpath={.items[*].metadata.name}"))
	names = slices.DeleteFunc(names, func(n string) bool { return !strings.HasPrefix(n, f.prefix) })
	for _, kind := range []string{"restores", "channels"} {
		kubectl(f.T, "", "delete", kind, "--all")
	}
	for _, n := range names {
		// Those that no server knows any more are given time to end.
		kubectl(f.T, "", "-n", "tako-"+n, "delete", "pods", "-l", "tako.dev/worker", "--grace-period=0", "--force", "--ignore-not-found")
		kubectl(f.T, "", "patch", "instance", n, "--type=merge", "-p", `{"spec":{"deletionGrace":"1s"}}`)
	}
	if len(names) > 0 {
		kubectl(f.T, "", append([]string{"delete", "instance", "--timeout=5m"}, names...)...)
	}
}

// name is that of one of the test's instances.
func (f *fleet) name(n int) string { return fmt.Sprintf("%s-%02d", f.prefix, n) }

// instance is what an Instance shall be, which stays awake.
func (f *fleet) instance(name, version string) string {
	return fmt.Sprintf("---\napiVersion: cloud.tako.dev/v1alpha1\nkind: Instance\nmetadata: {name: %s}\nspec: {customer: %[1]s, hosts: [%[1]s.cloud.test], %s, hibernation: {idleAfter: 0s}}\n", name, version)
}

// signIn signs the administrator in, as a person does, once there is a password.
func (f *fleet) signIn(name string) (*http.Response, error) {
	password := f.keys.wait(name, 10*time.Minute)
	if password == "" {
		return nil, fmt.Errorf("there is no password of %s", name)
	}
	body, _ := json.Marshal(object{"Username": "admin", "Password": password})
	answer, err := f.http.Post("http://"+name+".cloud.test/api/users/login", "application/json", strings.NewReader(string(body)))
	if err == nil && answer.StatusCode != http.StatusOK {
		answer.Body.Close()
		err = fmt.Errorf("signing in to %s: %s", name, answer.Status)
	}
	return answer, err
}

// served waits until the administrator of an instance can sign in.
func (f *fleet) served(name string) *http.Response {
	f.Helper()
	var last error
	for deadline := time.Now().Add(10 * time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		var answer *http.Response
		if answer, last = f.signIn(name); last == nil {
			return answer
		}
	}
	f.Errorf("%s does not come to serve: %v", name, last)
	return nil
}

// client gives a client of an instance with an API key that it makes.
func (f *fleet) client(name string) *installed {
	f.Helper()
	answer := f.served(name)
	if answer == nil {
		f.FailNow()
	}
	defer answer.Body.Close()
	var me object
	if err := json.NewDecoder(answer.Body).Decode(&me); err != nil {
		f.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, "http://"+name+".cloud.test/api/users/"+id(me)+"/apikeys", strings.NewReader(`{"Purpose":"the test"}`))
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range answer.Cookies() {
		r.AddCookie(c)
		if strings.HasPrefix(c.Name, "Octopus-Csrf-Token") {
			r.Header.Set("X-Octopus-Csrf-Token", c.Value)
		}
	}
	made, err := f.http.Do(r)
	if err != nil {
		f.Fatal(err)
	}
	defer made.Body.Close()
	var key struct{ ApiKey, ErrorMessage string }
	if err := json.NewDecoder(made.Body).Decode(&key); err != nil || key.ApiKey == "" {
		f.Fatalf("no key was made: %s %s %v", made.Status, key.ErrorMessage, err)
	}
	return &installed{T: f.T, cluster: f.cluster, Client: &rest.Client{URL: "http://" + name + ".cloud.test", APIKey: key.ApiKey, HTTP: f.http}}
}

// make has instances made at once and tells how long each took until somebody
// could sign in, the quickest first.
func (f *fleet) make(names []string, version string) []time.Duration {
	f.Helper()
	var text strings.Builder
	for _, n := range names {
		text.WriteString(f.instance(n, version))
	}
	began := time.Now()
	kubectl(f.T, text.String(), "apply", "-f", "-")
	f.Logf("kubectl apply took %s", time.Since(began).Round(10*time.Millisecond))
	took := make([]time.Duration, len(names))
	var all sync.WaitGroup
	for n, name := range names {
		all.Go(func() {
			if answer := f.served(name); answer != nil {
				answer.Body.Close()
			}
			took[n] = time.Since(began)
		})
	}
	all.Wait()
	if f.Failed() {
		f.FailNow()
	}
	slices.Sort(took)
	return took
}

// TestCloud installs the operator and lets it run servers, as many as
// TAKO_CLOUD_INSTANCES says.
func TestCloud(t *testing.T) {
	f := newFleet(t)
	count := scaled("TAKO_CLOUD_INSTANCES", 4)
	var names []string
	for n := range count {
		names = append(names, f.name(n))
	}
	kubectl(t, fmt.Sprintf("apiVersion: cloud.tako.dev/v1alpha1\nkind: Channel\nmetadata: {name: %s}\nspec: {image: %q, waves: [10, 40, 100], soak: 3s}\n", f.prefix, f.image), "apply", "-f", "-")
	took := f.make(names, "channel: "+f.prefix)
	t.Logf("%d of %d instances serve: median %s, worst %s after kubectl apply", len(took), count, took[len(took)/2].Round(10*time.Millisecond), took[len(took)-1].Round(10*time.Millisecond))
	f.deployPackage(f.client(names[0]))
	t.Run("density", func(t *testing.T) { f.on(t).density(names) })
	t.Run("isolation", func(t *testing.T) { f.on(t).isolation(names) })
	t.Run("kill", func(t *testing.T) { f.on(t).kill(names[:min(count, 6)]) })
	t.Run("backup", func(t *testing.T) { f.on(t).backup(names[0]) })
	t.Run("sleep", func(t *testing.T) { f.on(t).sleep(names) })
	t.Run("upgrade", func(t *testing.T) { f.on(t).upgrade(names) })
}

// on is the fleet as a part of the test sees it.
func (f *fleet) on(t *testing.T) *fleet {
	return &fleet{T: t, cluster: f.cluster, http: f.http, image: f.image, prefix: f.prefix, keys: f.keys}
}
