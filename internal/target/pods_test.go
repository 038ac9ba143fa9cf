package target_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kube"
	"github.com/takodeploy/tako/internal/kube/kubetest"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/target"
)

// podsOf are worker pods in a real cluster. Those of the test have a folder of
// this machine beside their own, through which it opens gates.
func podsOf(t *testing.T, more string) (*target.Pods, *kubetest.Cluster, string) {
	t.Helper()
	image, c, home := kubetest.WorkerImage(t), kubetest.New(t), homeDir(t)
	must(t, os.Chmod(home, 0o777))
	if !strings.Contains(more, "terminationGracePeriodSeconds") {
		more += "\n  terminationGracePeriodSeconds: 1"
	}
	manifest, err := target.ParsePodManifest(fmt.Appendf(nil, `
spec:
  volumes: [{name: gates, hostPath: {path: %[1]q}}]
  containers:
  - image: %[2]q
    volumeMounts: [{name: gates, mountPath: %[1]q}]
    env: [{name: TAKO_AGENT_GRACE, value: 700ms}, {name: TAKO_AGENT_LOG_LIMIT, value: "3145728"}]
%[3]s`, home, image, more))
	must(t, err)
	return &target.Pods{Cluster: c.Cluster, Manifest: manifest, Instance: "test", Options: options}, c, home
}

// podMux is one Transport for many tickets, as the suite wants it, where each
// ticket has a way of its own.
type podMux struct {
	pods *target.Pods
	mu   sync.Mutex
	ways map[string]target.Anchored
}

func (m *podMux) way(t string) target.Anchored {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ways[t] == nil {
		w, err := m.pods.Open(target.PodTicket{Ticket: t, Task: "ServerTasks-1"})
		if err != nil {
			panic(err)
		}
		m.ways[t] = w
	}
	return m.ways[t]
}

func (m *podMux) Probe(ctx context.Context) (target.Host, error) { return m.way("own").Probe(ctx) }
func (m *podMux) Reachable(ctx context.Context) error            { return m.way("own").Reachable(ctx) }
func (m *podMux) Has(ctx context.Context, p runner.Package) (bool, error) {
	return m.way("own").Has(ctx, p)
}
func (m *podMux) Put(ctx context.Context, p runner.Package, open func() (io.ReadCloser, error)) (bool, error) {
	return m.way("own").Put(ctx, p, open)
}
func (m *podMux) Start(ctx context.Context, t string, j runner.Job) error {
	return m.way(t).Start(ctx, t, j)
}
func (m *podMux) Follow(ctx context.Context, t string, after int64, emit func([]runner.Line) error) (runner.Exit, error) {
	return m.way(t).Follow(ctx, t, after, emit)
}
func (m *podMux) Get(ctx context.Context, t, path string) (io.ReadCloser, int64, error) {
	return m.way(t).Get(ctx, t, path)
}
func (m *podMux) Cancel(ctx context.Context, t string) error   { return m.way(t).Cancel(ctx, t) }
func (m *podMux) Complete(ctx context.Context, t string) error { return m.way(t).Complete(ctx, t) }
func (m *podMux) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, w := range m.ways {
		_ = w.Close()
	}
	return nil
}

// TestPods holds worker pods in a real cluster to what holds for every way.
func TestPods(t *testing.T) {
	pods, _, home := podsOf(t, "")
	p := place{name: "pods", home: home, agentHome: "/work", open: func(t *testing.T) target.Transport {
		m := &podMux{pods: pods, ways: map[string]target.Anchored{}}
		t.Cleanup(func() { m.Close() })
		return m
	}}
	for _, test := range []struct {
		name string
		run  func(t *testing.T, p place)
	}{
		{"probe", testProbe}, {"reachable", testReachable}, {"run", testRun}, {"start twice", testStartTwice},
		{"resume", testResume}, {"emit fails", testEmitFails}, {"unknown ticket", testUnknown}, {"bad ticket", testBadTicket},
		{"cancel", testCancel}, {"timeout", testTimeout}, {"long line", testLongLine}, {"artifact", testArtifact},
		{"files", testFiles}, {"unknown command", testUnknownCommand}, {"health", testHealth},
	} {
		t.Run(test.name, func(t *testing.T) { t.Parallel(); test.run(t, p) })
	}
}

// TestPodBehindABadLine cuts the way to the API server again and again.
func TestPodBehindABadLine(t *testing.T) {
	pods, c, home := podsOf(t, "")
	at, err := url.Parse(c.Address)
	must(t, err)
	line := newRelay(t, at.Host)
	trust := c.TLS.Clone()
	trust.ServerName = at.Hostname()
	pods.Cluster = &kube.Cluster{Address: fmt.Sprintf("https://127.0.0.1:%d", line.port), Namespace: c.Namespace, TLS: trust}
	testCut(t, place{name: "pods", home: home, cut: line.cut, open: func(t *testing.T) target.Transport {
		return wayTo(t, pods, target.PodTicket{Ticket: "cut-1"})
	}})
}

// wayTo opens the way to a ticket's pod and lets it go with the test.
func wayTo(t *testing.T, pods *target.Pods, ticket target.PodTicket) target.Anchored {
	t.Helper()
	w, err := pods.Open(ticket)
	must(t, err)
	t.Cleanup(func() { w.Close() })
	return w
}

// stateOf waits until a pod is as it should be.
func stateOf(t *testing.T, c *kubetest.Cluster, name, what string, is func(*kube.Pod) bool) {
	t.Helper()
	if err := c.Await(within(t, time.Minute), name, func(p *kube.Pod) (bool, error) { return is(p), nil }); err != nil {
		t.Fatalf("the pod %s has not %s: %v", name, what, err)
	}
}

// TestPodOfATicket takes a package along, ends when its job was completed, and
// is then still the sign that the ticket has run.
func TestPodOfATicket(t *testing.T) {
	pods, c, home := podsOf(t, "")
	ticket := target.PodTicket{Ticket: "package-1", Task: "ServerTasks-7"}
	w := wayTo(t, pods, ticket)
	data := bytes.Repeat([]byte("tako in a pod"), 100_000)
	pkg, opened := packageOf(data), 0
	for i := range 2 {
		sent, err := w.Put(within(t, time.Minute), pkg, opener(data, &opened))
		must(t, err)
		if sent != (i == 0) || opened != 1 {
			t.Errorf("time %d: sent %v, opened %d times", i, sent, opened)
		}
	}
	at, err := w.Anchor(within(t, time.Minute), nil)
	must(t, err)
	must(t, w.Start(within(t, time.Minute), "package-1", script("echo ran >> "+home+"/ran; sha256sum < \"$HOME/.tako/packages/"+pkg.Hash+".zip\"")))
	lines, exit := follow(t, w, "package-1", 0)
	if exit.Code != 0 || !strings.HasPrefix(lines[0].Text, pkg.Hash) {
		t.Errorf("%+v %v", exit, texts(lines))
	}
	asked := 0
	pods.Kept = func(context.Context) error {
		asked++
		stateOf(t, c, target.PodName("package-1"), "held", func(p *kube.Pod) bool { return p.Status.Phase == kube.Running })
		return errors.New("there is no place for it")
	}
	must(t, w.Complete(within(t, time.Minute), "package-1"))
	pods.Kept = nil
	if asked != 1 {
		t.Errorf("it was asked %d times whether the end of the job is kept", asked)
	}
	must(t, w.Close())
	stateOf(t, c, target.PodName("package-1"), "ended", func(p *kube.Pod) bool { return p.Status.Phase == kube.Succeeded })
	for name, known := range map[string]string{"which is known": at, "which a server that was set back does not know": ""} {
		again := wayTo(t, pods, target.PodTicket{Ticket: "package-1", At: known})
		must(t, again.Start(within(t, time.Minute), "package-1", script("echo ran >> "+home+"/ran")))
		if _, exit := follow(t, again, "package-1", 1); !exit.Lost || exit.Last != 1 {
			t.Errorf("a ticket %s: %+v", name, exit)
		}
	}
	if ran, _ := os.ReadFile(home + "/ran"); string(ran) != "ran\n" {
		t.Errorf("it ran %d times", strings.Count(string(ran), "ran"))
	}
	ended := func(at time.Time, known bool) func(string) (time.Time, bool, error) {
		return func(task string) (time.Time, bool, error) {
			if task != "ServerTasks-7" {
				t.Errorf("the task is %q", task)
			}
			return at, known, nil
		}
	}
	count := func() int {
		list, err := c.List(within(t, time.Minute), target.LabelTask+"=ServerTasks-7")
		must(t, err)
		return len(list)
	}
	for _, early := range []func(string) (time.Time, bool, error){ended(time.Time{}, true), ended(time.Now(), true), ended(time.Time{}, false)} {
		if must(t, pods.Sweep(within(t, time.Minute), early)); count() != 1 {
			t.Fatal("it was swept away too early")
		}
	}
	must(t, pods.Sweep(within(t, time.Minute), ended(time.Now().Add(-time.Hour), true)))
	eventually(t, "it is swept away", func() bool { return count() == 0 })
}

// TestPodVanishes says of a job that its pod is gone, and never runs it again.
func TestPodVanishes(t *testing.T) {
	pods, c, home := podsOf(t, "")
	w := wayTo(t, pods, target.PodTicket{Ticket: "gone-1"})
	at, err := w.Anchor(within(t, time.Minute), nil)
	must(t, err)
	must(t, w.Start(within(t, time.Minute), "gone-1", script("echo ran >> "+home+"/gone; echo up; sleep 600")))
	deleted := false
	exit, err := w.Follow(within(t, time.Minute), "gone-1", 0, func([]runner.Line) error {
		if !deleted {
			deleted = true
			c.Call(t, http.MethodDelete, "/api/v1/namespaces/"+c.Namespace+"/pods/"+target.PodName("gone-1")+"?gracePeriodSeconds=0", nil, nil)
		}
		return nil
	})
	must(t, err)
	if !exit.Lost || exit.Last != 1 || exit.Reason == "" {
		t.Errorf("%+v", exit)
	}
	again := wayTo(t, pods, target.PodTicket{Ticket: "gone-1", At: at})
	must(t, again.Start(within(t, time.Minute), "gone-1", script("echo ran >> "+home+"/gone")))
	if _, exit := follow(t, again, "gone-1", 1); !exit.Lost {
		t.Errorf("%+v", exit)
	}
	if ran, _ := os.ReadFile(home + "/gone"); string(ran) != "ran\n" {
		t.Errorf("it ran %d times", strings.Count(string(ran), "ran"))
	}
}

// TestPodIsDrained ends the job first, and then the pod at once.
func TestPodIsDrained(t *testing.T) {
	pods, c, home := podsOf(t, "  terminationGracePeriodSeconds: 300")
	w := wayTo(t, pods, target.PodTicket{Ticket: "drain-1"})
	must(t, w.Start(within(t, time.Minute), "drain-1", script("echo up; while [ ! -e "+home+"/gate ]; do sleep 0.05; done; echo done")))
	path, told := "/api/v1/namespaces/"+c.Namespace+"/pods/"+target.PodName("drain-1"), false
	var lines []string
	exit, err := w.Follow(within(t, time.Minute), "drain-1", 0, func(batch []runner.Line) error {
		lines = append(lines, texts(batch)...)
		if !told {
			told = true
			c.Call(t, http.MethodDelete, path, nil, nil)
			return os.WriteFile(home+"/gate", nil, 0o644)
		}
		return nil
	})
	must(t, err)
	if exit.Code != 0 || strings.Join(lines, " ") != "up done" {
		t.Errorf("%+v %v", exit, lines)
	}
	must(t, w.Complete(within(t, time.Minute), "drain-1"))
	must(t, w.Close())
	stateOf(t, c, target.PodName("drain-1"), "gone away", func(p *kube.Pod) bool { return p == nil })
	// One that was given nothing has nothing to wait for.
	idle := wayTo(t, pods, target.PodTicket{Ticket: "drain-2"})
	_, err = idle.Anchor(within(t, time.Minute), nil)
	must(t, err)
	c.Call(t, http.MethodDelete, "/api/v1/namespaces/"+c.Namespace+"/pods/"+target.PodName("drain-2"), nil, nil)
	stateOf(t, c, target.PodName("drain-2"), "gone away", func(p *kube.Pod) bool { return p == nil })
}

// TestPodEndsBadly tells why.
func TestPodEndsBadly(t *testing.T) {
	for name, test := range map[string]struct {
		manifest, body, reason string
		timedOut               bool
	}{
		"agent killed": {body: "kill -9 $PPID", reason: "was killed"},
		"deadline":     {manifest: "  activeDeadlineSeconds: 8", body: "echo up; sleep 600", reason: "deadline", timedOut: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pods, _, _ := podsOf(t, test.manifest)
			w := wayTo(t, pods, target.PodTicket{Ticket: "bad-1"})
			must(t, w.Start(within(t, time.Minute), "bad-1", script(test.body)))
			_, exit := follow(t, w, "bad-1", 0)
			if exit.Lost == test.timedOut || exit.TimedOut != test.timedOut || !strings.Contains(exit.Reason, test.reason) {
				t.Errorf("%+v", exit)
			}
		})
	}
}

// TestPodThatCannotRun says what is wrong with it, and goes when it is let go.
func TestPodThatCannotRun(t *testing.T) {
	for name, test := range map[string]struct {
		image, reason string
		quota         bool
	}{
		"no such image": {image: "registry.invalid/none:1", reason: "cannot be pulled"},
		"no image":      {image: "Not an image", reason: "InvalidImageName"},
		"quota":         {image: kubetest.WorkerImage(t), reason: "quota", quota: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := kubetest.New(t)
			manifest, err := target.ParsePodManifest(fmt.Appendf(nil, "spec: {containers: [{image: %q}]}", test.image))
			must(t, err)
			if test.quota {
				c.Call(t, http.MethodPost, "/api/v1/namespaces/"+c.Namespace+"/resourcequotas", map[string]any{
					"metadata": map[string]any{"name": "none"}, "spec": map[string]any{"hard": map[string]string{"pods": "0"}}}, nil)
				eventually(t, "the quota holds", func() bool {
					var q struct {
						Status struct{ Hard map[string]string }
					}
					c.Call(t, http.MethodGet, "/api/v1/namespaces/"+c.Namespace+"/resourcequotas/none", nil, &q)
					return q.Status.Hard["pods"] == "0"
				})
			}
			pods := &target.Pods{Cluster: c.Cluster, Manifest: manifest, Instance: "test", PullPatience: time.Nanosecond, Patience: 20 * time.Second}
			w := wayTo(t, pods, target.PodTicket{Ticket: "cannot-1"})
			var waited []string
			_, err = w.Anchor(within(t, time.Minute), func(reason string) error { waited = append(waited, reason); return nil })
			if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), test.reason) {
				t.Errorf("%v (waited for %q)", err, waited)
			}
			must(t, w.Complete(within(t, time.Minute), "cannot-1"))
			eventually(t, "the pod is gone", func() bool {
				list, err := c.List(within(t, time.Minute), target.LabelWorker+"=test")
				must(t, err)
				return len(list) == 0
			})
		})
	}
}
