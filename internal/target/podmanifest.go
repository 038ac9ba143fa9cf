package target

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"

	"go.yaml.in/yaml/v3"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kube"
)

// The labels by which worker pods are known.
const (
	LabelWorker   = "tako.dev/worker" // the installation whose work it does
	LabelTask     = "tako.dev/task"   // the task that it is for
	ticketMark    = "tako.dev/ticket" // an annotation: the ticket in full
	workContainer = "worker"          // the container that jobs run in
	podHome       = "/work"           // directory that holds .tako in it
	podAccount    = 65532             // account that jobs run as, unless the manifest says otherwise
	podDeadline   = 24 * 60 * 60      // seconds after which a pod ends, whatever becomes of the server
	podIdle       = "TAKO_AGENT_IDLE" // see tako-agent
	podOnce       = "TAKO_AGENT_ONCE" //
	podFarewell   = 10 * 60           // seconds that a pod that is drained gives its job
)

// PodManifest is what worker pods are made from: a pod as Kubernetes knows it,
// whose first container is the one that jobs run in. Its image must have
// tako-agent and a shell.
type PodManifest struct{ pod map[string]any }

// ParsePodManifest reads a manifest in YAML or JSON. What it leaves open is
// filled in as the restricted profile of pod security wants it.
func ParsePodManifest(text []byte) (*PodManifest, error) {
	var pod map[string]any
	if err := yaml.Unmarshal(text, &pod); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The manifest of worker pods is no YAML")
	}
	// Through JSON, so that what cannot be sent is found now.
	data, err := json.Marshal(pod)
	if err == nil {
		pod = nil
		err = json.Unmarshal(data, &pod)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The manifest of worker pods is no object of Kubernetes")
	}
	if kind := pod["kind"]; kind != nil && kind != "Pod" {
		return nil, fault.New(fault.Invalid, "The manifest of worker pods is of the kind %v: give a Pod.", kind)
	}
	spec, _ := pod["spec"].(map[string]any)
	containers, _ := spec["containers"].([]any)
	if len(containers) == 0 {
		return nil, fault.New(fault.Invalid, "The manifest of worker pods has no spec.containers: give one with the image that jobs run in.")
	}
	first, _ := containers[0].(map[string]any)
	if image, _ := first["image"].(string); image == "" {
		return nil, fault.New(fault.Invalid, "The manifest of worker pods has no spec.containers[0].image: name an image that has tako-agent and a shell.")
	}
	return &PodManifest{pod: pod}, nil
}

// fill puts what is missing in a into it, deeply; what is there stays.
func fill(a, defaults map[string]any) map[string]any {
	if a == nil {
		a = map[string]any{}
	}
	for name, value := range defaults {
		inner, deep := value.(map[string]any)
		there, has := a[name]
		if sub, same := there.(map[string]any); deep && (same || !has) {
			a[name] = fill(sub, inner)
		} else if !has {
			a[name] = value
		}
	}
	return a
}

// make gives the manifest of the pod of one ticket.
func (m *PodManifest) make(name, ticket string, labels map[string]string, owner *kube.Owner) (map[string]any, error) {
	data, err := json.Marshal(m.pod)
	if err != nil {
		return nil, fmt.Errorf("copying the manifest of worker pods: %w", err)
	}
	var pod map[string]any
	if err := json.Unmarshal(data, &pod); err != nil {
		return nil, fmt.Errorf("copying the manifest of worker pods: %w", err)
	}
	pod["apiVersion"], pod["kind"] = "v1", "Pod"
	meta := fill(mapIn(pod, "metadata"), map[string]any{"annotations": map[string]any{
		// Nobody else can go on with what a pod has begun.
		"cluster-autoscaler.kubernetes.io/safe-to-evict": "false", "karpenter.sh/do-not-disrupt": "true",
	}})
	delete(meta, "generateName")
	delete(meta, "namespace")
	meta["name"] = name
	mapIn(meta, "annotations")[ticketMark] = ticket
	for key, value := range labels {
		mapIn(meta, "labels")[key] = value
	}
	if owner != nil {
		meta["ownerReferences"] = []any{owner}
	}
	spec := fill(mapIn(pod, "spec"), map[string]any{
		"automountServiceAccountToken": false, "enableServiceLinks": false,
		"activeDeadlineSeconds": podDeadline, "terminationGracePeriodSeconds": podFarewell,
		"securityContext": map[string]any{
			"runAsNonRoot": true, "runAsUser": podAccount, "runAsGroup": podAccount, "fsGroup": podAccount,
			"seccompProfile": map[string]any{"type": "RuntimeDefault"},
		},
	})
	spec["restartPolicy"] = "Never"
	// The pause container then takes in what jobs leave without a parent.
	spec["shareProcessNamespace"] = true
	// A node that is away for a while comes back with its jobs still running.
	for _, taint := range []string{"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"} {
		spec["tolerations"] = append(listIn(spec, "tolerations"), map[string]any{"key": taint, "operator": "Exists", "effect": "NoExecute"})
	}
	worker := spec["containers"].([]any)[0].(map[string]any)
	furnish(spec, worker)
	return pod, nil
}

// furnish gives the container of the jobs its program and its folders.
func furnish(spec, worker map[string]any) {
	fill(worker, map[string]any{
		"imagePullPolicy": "IfNotPresent",
		"securityContext": map[string]any{
			"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
			"capabilities": map[string]any{"drop": []any{"ALL"}},
		},
	})
	worker["name"] = workContainer
	worker["command"] = []any{"tako-agent", "host", "--home", podHome}
	delete(worker, "args")
	for _, pair := range [][2]string{{"HOME", podHome}, {podIdle, "24h"}, {podOnce, "1"}} {
		if !named(listIn(worker, "env"), "name", pair[0]) {
			worker["env"] = append(listIn(worker, "env"), map[string]any{"name": pair[0], "value": pair[1]})
		}
	}
	for volume, path := range map[string]string{"tako-work": podHome, "tako-tmp": "/tmp"} {
		if named(listIn(worker, "volumeMounts"), "mountPath", path) {
			continue
		}
		worker["volumeMounts"] = append(listIn(worker, "volumeMounts"), map[string]any{"name": volume, "mountPath": path})
		spec["volumes"] = append(listIn(spec, "volumes"), map[string]any{"name": volume, "emptyDir": map[string]any{}})
	}
}

func mapIn(of map[string]any, name string) map[string]any {
	inner, ok := of[name].(map[string]any)
	if !ok {
		inner = map[string]any{}
		of[name] = inner
	}
	return inner
}

func listIn(of map[string]any, name string) []any {
	list, _ := of[name].([]any)
	return list
}

// named reports whether a list has an object with a member of a value.
func named(list []any, member, value string) bool {
	for _, one := range list {
		if object, ok := one.(map[string]any); ok && object[member] == value {
			return true
		}
	}
	return false
}

var plainTicket = regexp.MustCompile(`^[a-z0-9]{8,48}$`)

var labelForm = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$`)

// label makes a text a label's value.
func label(text string) string {
	if labelForm.MatchString(text) {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// PodName is the name of a ticket's pod.
func PodName(ticket string) string {
	if !plainTicket.MatchString(ticket) {
		sum := sha256.Sum256([]byte(ticket))
		ticket = hex.EncodeToString(sum[:20])
	}
	return "tako-" + ticket
}
