package kubernetes

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// used is what a server's pod takes.
type used struct{ memory, anonymous, cpu float64 }

// density tells what servers that nobody uses take.
func (f *fleet) density(names []string) {
	f.Helper()
	var all []used
	since := time.Now().Add(30 * time.Second) // of rest
	f.until("the node has measured all servers", 5*time.Minute, func() bool {
		all = f.measured(names, since)
		return len(all) == len(names)
	})
	median := func(of func(used) float64) (float64, float64) {
		var list []float64
		for _, u := range all {
			list = append(list, of(u))
		}
		slices.Sort(list)
		return list[len(list)/2], list[len(list)-1]
	}
	memory, worst := median(func(u used) float64 { return u.memory })
	anonymous, _ := median(func(u used) float64 { return u.anonymous })
	cpu, _ := median(func(u used) float64 { return u.cpu })
	f.Logf("awake: %.1f MiB working set (worst %.1f), %.1f MiB of it anonymous, %.4f processors: %.0f in 1 GiB", memory, worst, anonymous, cpu, 1024/memory)
}

// measured is what the node has measured of servers since a time.
func (f *fleet) measured(names []string, since time.Time) (all []used) {
	f.Helper()
	node := kubectl(f.T, "", "get", "nodes", "-o", "jsonpath={.items[0].metadata.name}")
	var summary struct {
		Pods []struct {
			PodRef struct{ Name, Namespace string }
			Memory struct {
				Time                      time.Time
				WorkingSetBytes, RssBytes float64
			}
			CPU struct{ UsageNanoCores float64 }
		}
	}
	if err := json.Unmarshal([]byte(kubectl(f.T, "", "get", "--raw", "/api/v1/nodes/"+node+"/proxy/stats/summary")), &summary); err != nil {
		f.Fatal(err)
	}
	for _, p := range summary.Pods {
		if p.PodRef.Name == "tako-0" && slices.Contains(names, strings.TrimPrefix(p.PodRef.Namespace, "tako-")) && p.Memory.Time.After(since) && p.Memory.WorkingSetBytes > 0 {
			all = append(all, used{p.Memory.WorkingSetBytes / (1 << 20), p.Memory.RssBytes / (1 << 20), p.CPU.UsageNanoCores / 1e9})
		}
	}
	return all
}

// sleep lets servers go to sleep and wakes each by a request.
func (f *fleet) sleep(names []string) {
	for _, n := range names {
		kubectl(f.T, "", "patch", "instance", n, "--type=merge", "-p", `{"spec":{"hibernation":{"idleAfter":"5s"}}}`)
	}
	var took []time.Duration
	for _, n := range names {
		kubectl(f.T, "", "wait", "instance/"+n, "--for=jsonpath={.status.phase}=Hibernated", "--timeout=5m")
		kubectl(f.T, "", "-n", "tako-"+n, "wait", "pod/tako-0", "--for=delete", "--timeout=2m")
		began := time.Now()
		answer, err := f.http.Get("http://" + n + ".cloud.test/api")
		if err != nil {
			f.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			f.Errorf("%s answers %s when it is woken", n, answer.Status)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	f.Logf("woken by a request, %d of them: median %s, p95 %s, worst %s", len(took), took[len(took)/2].Round(10*time.Millisecond), took[len(took)*95/100].Round(10*time.Millisecond), took[len(took)-1].Round(10*time.Millisecond))
	for _, n := range names {
		kubectl(f.T, "", "patch", "instance", n, "--type=merge", "-p", `{"spec":{"hibernation":{"idleAfter":"0s"}}}`)
	}
}

// isolation looks what the server's account may read, and what can be reached from
// where the server is. Where the cluster carries no policies out, which
// TAKO_TEST_POLICIES=1 says that it does, the network is not tried.
func (f *fleet) isolation(names []string) {
	one, other := "tako-"+names[0], "tako-"+names[len(names)-1]
	for _, ns := range []string{one, other, f.cluster.Namespace, "kube-system"} {
		text, err := exec.Command(program(f.T, "kubectl", "TAKO_KUBECTL"), "auth", "can-i", "get", "secrets", "-n", ns, "--as=system:serviceaccount:"+one+":tako").CombinedOutput()
		if answer := strings.TrimSpace(string(text)); answer != "no" {
			f.Errorf("the account of %s may read the secrets of %s: %s %v", one, ns, answer, err)
		}
	}
	if os.Getenv("TAKO_TEST_POLICIES") == "" {
		f.Log("whether this cluster carries network policies out is not said; set TAKO_TEST_POLICIES=1 where it does")
		return
	}
	pids := f.pids(names[0])
	if len(pids) == 0 {
		f.Fatal("the server's process is not on this machine")
	}
	ip := func(ns, pod string) string {
		return kubectl(f.T, "", "-n", ns, "get", "pod", "-l", pod, "-o", "jsonpath={.items[0].status.podIP}")
	}
	reaches := func(url string) bool {
		return exec.Command("nsenter", "-t", fmt.Sprint(pids[0]), "-n", "curl", "-sk", "-m", "3", "-o", "/dev/null", url).Run() == nil
	}
	if own := ip(one, "app.kubernetes.io/component=server"); !reaches("http://127.0.0.1:8080/healthz") {
		f.Fatalf("the server at %s is not reached from where it is itself", own)
	}
	for what, url := range map[string]string{
		"a neighbour":             "http://" + ip(other, "app.kubernetes.io/component=server") + ":8080/healthz",
		"the operator":            "http://" + ip(f.cluster.Namespace, "app.kubernetes.io/name=tako-operator") + ":8081/healthz",
		"the gateway":             "http://" + ip(f.cluster.Namespace, "app.kubernetes.io/name=tako-gateway") + ":8083/healthz",
		"the address of metadata": "http://169.254.169.254/latest/meta-data/",
	} {
		if reaches(url) {
			f.Errorf("%s is reached from the server's pod at %s", what, url)
		}
	}
}
