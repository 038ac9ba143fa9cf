// Package kubernetes installs Tako with its Helm chart into a real cluster and
// uses it there.
package kubernetes

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/takodeploy/tako/e2e/rest"
	"github.com/takodeploy/tako/internal/kube/kubetest"
)

const chart = "../../packaging/helm/tako"

type object = rest.Object

// program finds a program, which an environment variable may name.
func program(t *testing.T, name, variable string) string {
	t.Helper()
	if path := os.Getenv(variable); path != "" {
		return path
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%v, and %s names none", err, variable)
	}
	return path
}

func helm(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command(program(t, "helm", "TAKO_HELM"), args...)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		t.Fatalf("helm %s: %v\n%s", strings.Join(args, " "), err, complaints.String())
	}
	return out.String()
}

func kubectl(t *testing.T, input string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program(t, "kubectl", "TAKO_KUBECTL"), args...)
	cmd.Stdin = strings.NewReader(input)
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, text)
	}
	return string(text)
}

// monitoring are the kinds of the Prometheus operator, as far as the chart needs
// a cluster to know them.
const monitoring = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %[1]ss.monitoring.coreos.com}
spec:
  group: monitoring.coreos.com
  scope: Namespaced
  names: {kind: %[2]s, plural: %[1]ss, singular: %[1]s}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
`

// TestChartIsAccepted has the API server judge what the chart makes of many
// values, without making it.
func TestChartIsAccepted(t *testing.T) {
	c := kubetest.New(t)
	for plural, kind := range map[string]string{"servicemonitor": "ServiceMonitor", "prometheusrule": "PrometheusRule"} {
		kubectl(t, fmt.Sprintf(monitoring, plural, kind), "apply", "-f", "-")
		kubectl(t, "", "wait", "--for=condition=Established", "crd/"+plural+"s.monitoring.coreos.com", "--timeout=30s")
	}
	helm(t, "lint", "--strict", chart)
	cluster := []string{"replicaCount=3", "database.url=postgres://tako:secret@db/tako", "blob.store=s3://bucket/tako", "blob.accessKey=a", "blob.secretKey=b"}
	for name, values := range map[string][]string{
		"one server":       nil,
		"nothing optional": {"workerPods.enabled=false", "persistence.enabled=false", "networkPolicy.enabled=false", "serviceAccount.create=false", "podDisruptionBudget.enabled=false"},
		"cluster":          cluster,
		"cluster of secrets": {"replicaCount=2", "existingSecret=keys", "database.existingSecret=db", "blob.store=s3://b/p", "blob.endpoint=https://s3:9000",
			"blob.region=eu", "blob.existingSecret=bucket", "persistence.enabled=false"},
		"everything": append([]string{"url=https://tako.example.com", "taskCap=20", "admin.email=a@example.com", "admin.apiKey=API-ABC", "polling.enabled=true",
			"ingress.enabled=true", "ingress.className=nginx", "ingress.hosts[0]=tako.example.com", "ingress.tls[0].secretName=tls", "ingress.tls[0].hosts[0]=tako.example.com",
			"metrics.serviceMonitor.enabled=true", "metrics.prometheusRule.enabled=true", "workerPods.quota.enabled=true", "workerPods.serviceAccountName=deployer",
			"workerPods.runtimeClassName=gvisor", "workerPods.tolerations[0].key=work", "workerPods.nodeSelector.pool=work", "workerPods.env[0].name=A", "workerPods.env[0].value=b",
			"workerPods.podAnnotations.a=b", "workerPods.podLabels.a=b", "workerPods.priorityClassName=low", "nodeSelector.pool=main", "tolerations[0].operator=Exists",
			"podAnnotations.a=b", "podLabels.a=b", "extraEnv[0].name=A", "extraEnv[0].value=b", "priorityClassName=high", "imagePullSecrets[0].name=registry",
			"networkPolicy.from[0].namespaceSelector.matchLabels.a=b", "persistence.storageClass=fast", "persistence.annotations.a=b", "service.annotations.a=b",
			"serviceAccount.annotations.a=b", "topologySpreadConstraints[0].maxSkew=1", "topologySpreadConstraints[0].topologyKey=zone", "topologySpreadConstraints[0].whenUnsatisfiable=ScheduleAnyway"}, cluster...),
		"backup": {"backup.to=s3://bucket/backup", "persistence.existingClaim=mine"},
	} {
		t.Run(name, func(t *testing.T) {
			text := helm(t, append([]string{"template", "tako", chart, "--kube-version", "1.31.0", "--namespace", c.Namespace}, set(values)...)...)
			kubectl(t, text, "apply", "--server-side", "--dry-run=server", "--validate=strict", "-n", c.Namespace, "-f", "-")
		})
	}
}

func set(values []string) (args []string) {
	for _, v := range values {
		args = append(args, "--set", v)
	}
	return args
}

// TestChartRefusesWhatCannotWork in a sentence that says what to do.
func TestChartRefusesWhatCannotWork(t *testing.T) {
	bin := program(t, "helm", "TAKO_HELM")
	for values, sentence := range map[string]string{
		"replicaCount=2": "database.url",
		"replicaCount=2,database.url=postgres://a@b/c":                                  "blob.store",
		"database.url=postgres://a@b/c,backup.to=s3://a/b":                              "backup.to",
		"ingress.enabled=true":                                                          "ingress.hosts",
		"replicaCount=2,database.url=p,blob.store=s3://a/b,persistence.existingClaim=x": "existingClaim",
	} {
		text, err := exec.Command(bin, "template", "tako", chart, "--kube-version", "1.31.0", "--set", values).CombinedOutput()
		if err == nil || !strings.Contains(string(text), sentence) {
			t.Errorf("%s: %v %s", values, err, text)
		}
	}
}

// installed is a release in a cluster, and a client of its server.
type installed struct {
	*testing.T
	*rest.Client
	cluster *kubetest.Cluster
}

const apiKey = "API-CHARTCHARTCHARTCHART"

// install installs the chart where pods are held to the restricted profile, and
// gives how long it took until somebody could sign in.
func install(t *testing.T) (*installed, time.Duration) {
	t.Helper()
	return installWith(t, func(string) []string { return nil })
}

// installWith is install with values that may depend on where the cluster is.
func installWith(t *testing.T, values func(cluster string) []string) (*installed, time.Duration) {
	t.Helper()
	_, tag, _ := strings.Cut(path.Base(kubetest.WorkerImage(t)), ":")
	c := kubetest.New(t)
	more := append(values(c.Address), "image.tag="+tag, "workerPods.image.tag="+tag, "admin.password=Sesame-12345", "admin.apiKey="+apiKey)
	kubectl(t, "", "label", "namespace", c.Namespace, "pod-security.kubernetes.io/enforce=restricted")
	i := &installed{T: t, cluster: c, Client: &rest.Client{APIKey: apiKey, HTTP: c.HTTP(),
		URL: c.Address + "/api/v1/namespaces/" + c.Namespace + "/services/tako:http/proxy"}}
	claim(t, c.Namespace)
	began := time.Now()
	helm(t, append([]string{"install", "tako", chart, "--namespace", c.Namespace}, set(more)...)...)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(kubectl(t, "", "-n", c.Namespace, "get", "pods,events", "-o", "wide"))
			t.Log(kubectl(t, "", "-n", c.Namespace, "logs", "tako-0", "--tail=30"))
		}
	})
	i.until("somebody can sign in", 3*time.Minute, func() bool {
		_, err := i.Post("/api/users/login", object{"Username": "admin", "Password": "Sesame-12345"})
		return err == nil
	})
	return i, time.Since(began)
}

// claim makes the volume beforehand where the cluster's volumes are folders of
// this machine, which the kubelet gives to no account but root's.
func claim(t *testing.T, namespace string) {
	t.Helper()
	if !strings.Contains(kubectl(t, "", "get", "storageclass", "-o", "jsonpath={.items[*].provisioner}"), "kubernetes.io/host-path") {
		return
	}
	kubectl(t, "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data-tako-0}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}\n",
		"-n", namespace, "apply", "-f", "-")
	kubectl(t, "", "-n", namespace, "wait", "--for=jsonpath={.status.phase}=Bound", "pvc/data-tako-0", "--timeout=60s")
	volume := kubectl(t, "", "-n", namespace, "get", "pvc", "data-tako-0", "-o", "jsonpath={.spec.volumeName}")
	folder := kubectl(t, "", "get", "pv", volume, "-o", "jsonpath={.spec.hostPath.path}")
	if err := os.Chmod(folder, 0o777); err != nil {
		t.Fatal(err)
	}
}

func (i *installed) until(what string, patience time.Duration, fact func() bool) {
	i.Helper()
	for deadline := time.Now().Add(patience); !fact(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			i.Fatalf("it never came true that %s", what)
		}
	}
}

func (i *installed) must(o object, err error) object {
	i.Helper()
	if err != nil {
		i.Fatal(err)
	}
	return o
}

const space = "/api/Spaces-1"

func id(o object) string { s, _ := o["Id"].(string); return s }

func first(o object) object {
	items, _ := o["Items"].([]any)
	if len(items) == 0 {
		return nil
	}
	one, _ := items[0].(object)
	return one
}

// project makes a project with one step, a script of the server's own worker.
func (i *installed) project(name, body string) {
	i.Helper()
	i.process(name, object{"Octopus.Action.RunOnServer": "True", "Octopus.Action.Script.ScriptSource": "Inline",
		"Octopus.Action.Script.Syntax": "Bash", "Octopus.Action.Script.ScriptBody": body})
}

// process makes a project with one script, and a release of it.
func (i *installed) process(name string, script object, packages ...object) {
	i.Helper()
	if first(i.must(i.Get(space+"/environments?partialName=Development"))) == nil {
		i.must(i.Post(space+"/environments", object{"Name": "Development"}))
	}
	lifecycle, group := id(first(i.must(i.Get(space+"/lifecycles?take=1")))), id(first(i.must(i.Get(space+"/projectgroups?take=1"))))
	p := id(i.must(i.Post(space+"/projects", object{"Name": name, "ProjectGroupId": group, "LifecycleId": lifecycle})))
	path := space + "/projects/" + p + "/deploymentprocesses"
	process := i.must(i.Get(path))
	process["Steps"] = []object{{"Name": "Run", "Condition": "Success", "StartTrigger": "StartAfterPrevious", "Properties": object{}, "Actions": []object{{
		"Name": "Run", "ActionType": "Octopus.Script", "Properties": script, "Packages": packages}}}}
	i.must(i.Put(path, process))
	i.must(i.Post(space+"/releases/create/v1", object{"SpaceIdOrName": "Spaces-1", "ProjectName": name, "ReleaseVersion": "1.0.0"}))
}

// deploy deploys a project and gives the task.
func (i *installed) deploy(project string) string {
	i.Helper()
	answer := i.must(i.Post(space+"/deployments/create/untenanted/v1", object{"SpaceIdOrName": "Spaces-1", "ProjectName": project,
		"ReleaseVersion": "1.0.0", "EnvironmentNames": []string{"Development"}}))
	tasks, _ := answer["DeploymentServerTasks"].([]any)
	if len(tasks) != 1 {
		i.Fatalf("%d tasks were made", len(tasks))
	}
	task, _ := tasks[0].(object)["ServerTaskId"].(string)
	return task
}

// end waits for the end of a task, across restarts of the server.
func (i *installed) end(task string) (state, log string) {
	i.Helper()
	i.until("the end of "+task, 3*time.Minute, func() bool {
		t, err := i.Get("/api/tasks/" + task)
		state, _ = t["State"].(string)
		return err == nil && t["IsCompleted"] == true
	})
	if err := i.Do("GET", "/api/tasks/"+task+"/raw", nil, &log); err != nil {
		i.Fatal(err)
	}
	return state, log
}

// TestChartServes installs one server, deploys, and upgrades it while a
// deployment runs.
func TestChartServes(t *testing.T) {
	i, took := install(t)
	t.Logf("from the install to a served login: %v", took)
	i.project("Quick", "id -u; echo hello from $HOSTNAME")
	began := time.Now()
	state, log := i.end(i.deploy("Quick"))
	t.Logf("a deployment with one step, pod and all: %v", time.Since(began))
	if state != "Success" || !strings.Contains(log, "hello from tako-") || !strings.Contains(log, "65532") || !strings.Contains(log, "Runs in the pod tako-") {
		t.Errorf("it ended as %s:\n%s", state, log)
	}
	i.measure("Quick")
	i.project("Slow", "echo begun; while [ ! -e /tmp/gate ]; do sleep 0.2; done; echo finished")
	task := i.deploy("Slow")
	i.until("the slow one has begun", 2*time.Minute, func() bool {
		var log string
		return i.Do("GET", "/api/tasks/"+task+"/raw", nil, &log) == nil && strings.Contains(log, "begun")
	})
	ns := i.cluster.Namespace
	pod := strings.TrimSpace(kubectl(t, "", "-n", ns, "get", "pods", "-l", "tako.dev/task="+task, "-o", "name"))
	before := kubectl(t, "", "-n", ns, "get", "pod", "tako-0", "-o", "jsonpath={.metadata.uid}")
	helm(t, "upgrade", "tako", chart, "--namespace", ns, "--reuse-values", "--set", "podAnnotations.upgraded=yes")
	kubectl(t, "", "-n", ns, "rollout", "status", "statefulset/tako", "--timeout=120s")
	if after := kubectl(t, "", "-n", ns, "get", "pod", "tako-0", "-o", "jsonpath={.metadata.uid}"); after == before {
		t.Fatal("the upgrade did not change the pod")
	}
	kubectl(t, "", "-n", ns, "exec", pod, "-c", "worker", "--", "touch", "/tmp/gate")
	state, log = i.end(task)
	if state != "Success" || strings.Count(log, "begun") != 1 || strings.Count(log, "finished") != 1 {
		t.Errorf("after the upgrade it ended as %s:\n%s", state, log)
	}
	i.rights()
	i.project("Orphan", "echo begun; sleep 600")
	task = i.deploy("Orphan")
	i.until("a worker pod runs", 2*time.Minute, func() bool {
		return strings.Contains(kubectl(t, "", "-n", ns, "get", "pods", "-l", "tako.dev/task="+task), "Running")
	})
	helm(t, "uninstall", "tako", "--namespace", ns)
	i.until("worker pods go with what made them", time.Minute, func() bool {
		return kubectl(t, "", "-n", ns, "get", "pods", "-l", "tako.dev/task="+task, "-o", "jsonpath={.items[*].metadata.deletionTimestamp}") != ""
	})
}

// measure tells what a pod adds to a step.
func (i *installed) measure(project string) {
	i.Helper()
	for range 5 {
		i.end(i.deploy(project))
	}
	var text string
	if err := i.Do("GET", "/metrics", nil, &text); err != nil {
		i.Fatal(err)
	}
	value := func(name string) (n float64) {
		i.Helper()
		for line := range strings.Lines(text) {
			if rest, ok := strings.CutPrefix(line, name+" "); ok {
				fmt.Sscan(rest, &n)
				return n
			}
		}
		i.Errorf("there is no metric %s", name)
		return 0
	}
	starts := value(`tako_worker_pod_starts_total{result="started"}`)
	if starts < 6 || value("tako_worker_pod_losses_total") != 0 || value("tako_database_up") != 1 {
		i.Errorf("after six deployments the metrics say:\n%s", text)
	}
	i.Logf("a pod took %.2f s to start on average; the server has %.1f MiB", value("tako_worker_pod_start_seconds_total")/starts, value("process_resident_memory_bytes")/(1<<20))
}

// rights asks what the server's account may do: pods of its namespace, and no
// more.
func (i *installed) rights() {
	i.Helper()
	may := func(namespace, verb, resource string) bool {
		var review struct{ Status struct{ Allowed bool } }
		group, sub := "", ""
		if resource == "pods/exec" {
			resource, sub = "pods", "exec"
		}
		i.cluster.Call(i.T, http.MethodPost, "/apis/authorization.k8s.io/v1/subjectaccessreviews", map[string]any{
			"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": map[string]any{
				"user": "system:serviceaccount:" + i.cluster.Namespace + ":tako", "groups": []string{"system:serviceaccounts", "system:authenticated"},
				"resourceAttributes": map[string]string{"namespace": namespace, "verb": verb, "group": group, "resource": resource, "subresource": sub}}}, &review)
		return review.Status.Allowed
	}
	ns := i.cluster.Namespace
	for _, ask := range []struct {
		namespace, verb, resource string
		want                      bool
	}{
		{ns, "create", "pods", true}, {ns, "create", "pods/exec", true}, {ns, "delete", "pods", true},
		{ns, "get", "secrets", false}, {ns, "update", "pods", false}, {"default", "get", "pods", false}, {"", "list", "pods", false}, {ns, "create", "roles", false},
	} {
		if got := may(ask.namespace, ask.verb, ask.resource); got != ask.want {
			i.Errorf("it may %s %s in %q: %v", ask.verb, ask.resource, ask.namespace, got)
		}
	}
}

// TestChartKeepsItsKey over an upgrade that gives none.
func TestChartKeepsItsKey(t *testing.T) {
	c := kubetest.New(t)
	read := func() (s struct{ Data map[string]string }) {
		text := kubectl(t, "", "-n", c.Namespace, "get", "secret", "tako", "-o", "json")
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	args := []string{"tako", chart, "--namespace", c.Namespace, "--set", "replicaCount=0"}
	helm(t, append([]string{"install"}, args...)...)
	made := read()
	helm(t, append([]string{"upgrade"}, args...)...)
	kept := read()
	if made.Data["masterKey"] == "" || made.Data["adminPassword"] == "" || made.Data["masterKey"] != kept.Data["masterKey"] || made.Data["adminPassword"] != kept.Data["adminPassword"] {
		t.Error("the upgrade made another key or password")
	}
	helm(t, "uninstall", "tako", "--namespace", c.Namespace)
	if left := read(); left.Data["masterKey"] != made.Data["masterKey"] {
		t.Error("the key went with the release")
	}
}
