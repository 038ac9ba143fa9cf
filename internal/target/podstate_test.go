package target

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kube"
)

// TestPodStates reads pods as clusters tell of them.
func TestPodStates(t *testing.T) {
	for name, test := range map[string]struct {
		pod  string // "" is none
		want string // "runs", or what is said of it
		lost bool
		stop bool // it will never run
	}{
		"none":         {want: "not there any more", lost: true},
		"another":      {pod: `{"metadata":{"uid":"2"},"status":{"phase":"Running"}}`, want: "another one now", lost: true},
		"new":          {pod: `{"metadata":{"uid":"1"},"status":{"phase":"Pending"}}`, want: startingPod},
		"no room":      {pod: `{"metadata":{"uid":"1"},"status":{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","message":"0/3 nodes are available"}]}}`, want: "No node has room for the worker pod yet: 0/3 nodes"},
		"runs":         {pod: `{"metadata":{"uid":"1","deletionTimestamp":"2026-01-01T00:00:00Z"},"status":{"phase":"Running","containerStatuses":[{"name":"worker","state":{"running":{}}}]}}`, want: "runs"},
		"other runs":   {pod: `{"metadata":{"uid":"1"},"status":{"phase":"Pending","containerStatuses":[{"name":"sidecar","state":{"running":{}}}]}}`, want: startingPod},
		"being pulled": {pod: `{"metadata":{"uid":"1"},"status":{"phase":"Pending","containerStatuses":[{"name":"worker","image":"a:1","state":{"waiting":{"reason":"ErrImagePull","message":"no such host"}}}]}}`, want: "The image a:1 of the worker pod cannot be pulled (ErrImagePull): no such host"},
		"no secret":    {pod: `{"metadata":{"uid":"1"},"status":{"phase":"Pending","containerStatuses":[{"name":"worker","state":{"waiting":{"reason":"CreateContainerConfigError","message":"secret \"a\" not found"}}}]}}`, want: `secret "a" not found`, stop: true},
		"no agent":     {pod: `{"metadata":{"uid":"1"},"status":{"phase":"Failed","containerStatuses":[{"name":"worker","image":"a:1","state":{"terminated":{"exitCode":128,"reason":"StartError","message":"tako-agent: not found"}}}]}}`, want: "The image a:1 of the worker pod cannot run tako-agent: tako-agent: not found", stop: true},
		"deleted":      {pod: `{"metadata":{"uid":"1","deletionTimestamp":"2026-01-01T00:00:00Z"},"status":{"phase":"Pending"}}`, want: "deleted before its container ran", lost: true},
		"evicted":      {pod: `{"metadata":{"uid":"1"},"status":{"phase":"Failed","reason":"Evicted","message":"The node was low on resource: memory."}}`, want: "(Evicted): The node was low on resource: memory.", lost: true},
		"no memory":    {pod: `{"metadata":{"uid":"1"},"status":{"phase":"Failed","containerStatuses":[{"name":"worker","state":{"terminated":{"exitCode":137,"reason":"OOMKilled"}}}]}}`, want: "more memory than its limit", lost: true},
		"deadline":     {pod: `{"metadata":{"uid":"1"},"status":{"phase":"Failed","reason":"DeadlineExceeded","message":"Pod was active on the node longer than the specified deadline"}}`, want: "the deadline of worker pods and was ended: Pod was active"},
		"killed":       {pod: `{"metadata":{"uid":"1"},"status":{"phase":"Failed","containerStatuses":[{"name":"worker","state":{"terminated":{"exitCode":137,"reason":"Error"}}}]}}`, want: "was killed (Error, exit code 137)", lost: true},
		"completed":    {pod: `{"metadata":{"uid":"1"},"status":{"phase":"Succeeded","containerStatuses":[{"name":"worker","state":{"terminated":{"exitCode":0,"reason":"Completed"}}}]}}`, want: "was completed before", lost: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := &podWay{pods: &Pods{}, name: "tako-1", uid: "1"}
			var pod *kube.Pod
			if test.pod != "" {
				if err := json.Unmarshal([]byte(test.pod), &pod); err != nil {
					t.Fatal(err)
				}
			}
			s := w.judge(pod)
			got := s.waits
			switch {
			case s.runs:
				got = "runs"
			case s.gone != nil:
				got = s.gone.exit.Reason
				if s.gone.exit.Lost != test.lost || s.gone.exit.TimedOut == test.lost || !errors.Is(s.gone, ErrGone) {
					t.Errorf("%+v", s.gone.exit)
				}
			}
			if !strings.Contains(got, test.want) || s.never != test.stop || test.lost && s.gone == nil {
				t.Errorf("%+v: %s", s, got)
			}
		})
	}
}

// TestPodManifest keeps what is given, and closes what is left open.
func TestPodManifest(t *testing.T) {
	for text, wrong := range map[string]string{
		"a: [":                            "no YAML",
		"kind: Deployment":                "of the kind Deployment",
		"spec: {}":                        "no spec.containers",
		"spec: {containers: [{name: a}]}": "no spec.containers[0].image",
		"spec: {containers: [{image: 3}], 1: {}}": "no object of Kubernetes",
	} {
		if _, err := ParsePodManifest([]byte(text)); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), wrong) {
			t.Errorf("%s: %v", text, err)
		}
	}
	m, err := ParsePodManifest([]byte(`
metadata: {generateName: a-, namespace: other, labels: {mine: "1"}}
spec:
  restartPolicy: Always
  activeDeadlineSeconds: 60
  securityContext: {runAsUser: 1000}
  tolerations: [{key: gpu}]
  volumes: [{name: cache, emptyDir: {}}]
  containers: [{name: a, image: "x:1", args: [b], env: [{name: HOME, value: /root}], volumeMounts: [{name: cache, mountPath: /tmp}], resources: {limits: {memory: 1Gi}}}, {name: sidecar, image: y}]
`))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the manifest itself stays as it is
		pod, err := m.make("tako-1", "ticket-1", map[string]string{LabelTask: "ServerTasks-1"}, &kube.Owner{Kind: "StatefulSet", Name: "tako", UID: "u"})
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(pod)
		if err != nil {
			t.Fatal(err)
		}
		text := string(data)
		for _, has := range []string{`"name":"tako-1"`, `"mine":"1"`, `"tako.dev/task":"ServerTasks-1"`, `"tako.dev/ticket":"ticket-1"`, `"uid":"u"`, `"restartPolicy":"Never"`,
			`"activeDeadlineSeconds":60`, `"runAsUser":1000`, `"runAsNonRoot":true`, `"key":"gpu"`, `"key":"node.kubernetes.io/unreachable"`, `"automountServiceAccountToken":false`,
			`"command":["tako-agent","host","--home","/work"]`, `"readOnlyRootFilesystem":true`, `"drop":["ALL"]`, `"value":"/root"`, `"mountPath":"/work"`, `"memory":"1Gi"`, `"shareProcessNamespace":true`} {
			if !strings.Contains(text, has) {
				t.Errorf("%s is not in %s", has, text)
			}
		}
		for _, hasNot := range []string{"generateName", "namespace\":", `"args"`, `"name":"tako-tmp"`, "Always"} {
			if strings.Contains(text, hasNot) {
				t.Errorf("%s is in %s", hasNot, text)
			}
		}
	}
}

// TestPodNames are what Kubernetes takes, and differ where tickets do.
func TestPodNames(t *testing.T) {
	if got := PodName("abcdefghijklmnop234567"); got != "tako-abcdefghijklmnop234567" {
		t.Error(got)
	}
	long, upper := PodName(strings.Repeat("a", 100)), PodName("Upper_Case")
	if len(long) > 63 || strings.ToLower(upper) != upper || strings.Contains(upper, "_") || upper == PodName("upper_case") {
		t.Errorf("%s %s", long, upper)
	}
}

// TestWhatTheClusterRefuses tells what may pass from what somebody has to mend.
func TestWhatTheClusterRefuses(t *testing.T) {
	p := &Pods{Cluster: &kube.Cluster{Namespace: "acme"}}
	for name, test := range map[string]struct {
		err    error
		passes bool
		says   string
	}{
		"silence":             {errors.New("connection refused"), true, "cannot be reached"},
		"an outage":           {&kube.Error{Code: 503}, true, "does not answer as it should"},
		"a token that ended":  {&kube.Error{Code: 401, Message: "Unauthorized"}, true, "token"},
		"no role":             {&kube.Error{Code: 403, Message: "pods is forbidden"}, false, "needs a role"},
		"a bad manifest":      {&kube.Error{Code: 422, Message: "invalid"}, false, "manifest"},
		"a forbidden profile": {&kube.Error{Code: 403, Message: "violates PodSecurity"}, false, "manifest"},
	} {
		t.Run(name, func(t *testing.T) {
			err := p.refused("create pods", test.err)
			if Temporary(err) != test.passes || !strings.Contains(err.Error(), test.says) {
				t.Errorf("passes: %v, %v", Temporary(err), err)
			}
		})
	}
}
