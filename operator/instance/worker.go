package instance

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

const (
	workerName = "tako-worker"
	// labelWorker is on every pod that a server makes for its jobs.
	labelWorker = "tako.dev/worker"
	workerPath  = "/etc/tako/worker.yaml"
)

// workers are what a server needs to run its jobs in pods of its namespace: the
// manifest of such a pod, the right to make pods here and nowhere else, and
// what those may reach, which is the internet and nothing of the cluster.
func (c Cloud) workers(i *cloud.Instance) ([]client.Object, error) {
	if c.WorkerImage == "" {
		return nil, nil
	}
	no, deadline := false, int64(24*60*60)
	manifest, err := yaml.Marshal(map[string]any{"apiVersion": "v1", "kind": "Pod", "spec": corev1.PodSpec{
		AutomountServiceAccountToken: &no, ActiveDeadlineSeconds: &deadline,
		Containers: []corev1.Container{{Name: "worker", Image: c.WorkerImage, ImagePullPolicy: corev1.PullIfNotPresent}},
	}})
	if err != nil {
		return nil, fmt.Errorf("writing the manifest of worker pods: %w", err)
	}
	text := &corev1.ConfigMap{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}, ObjectMeta: meta(i, workerName),
		Data: map[string]string{"worker.yaml": string(manifest)}}
	role := &rbacv1.Role{TypeMeta: metav1.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "Role"}, ObjectMeta: meta(i, workerName),
		Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get", "list", "watch", "create", "delete"}},
			{APIGroups: []string{""}, Resources: []string{"pods/exec"}, Verbs: []string{"get", "create"}},
		}}
	binding := &rbacv1.RoleBinding{TypeMeta: metav1.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "RoleBinding"}, ObjectMeta: meta(i, workerName),
		RoleRef:  rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "Role", Name: workerName},
		Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Name: serverName, Namespace: namespaceOf(i)}}}
	reach := c.open(i)
	reach.ObjectMeta = meta(i, workerName)
	reach.Spec = networkingv1.NetworkPolicySpec{
		PodSelector: metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: labelWorker, Operator: metav1.LabelSelectorOpExists}}},
		PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress},
		Egress:      reach.Spec.Egress[:2], // names and the internet; not what only the server may reach
	}
	return []client.Object{text, role, binding, reach}, nil
}

// withWorkers lets the pod of a server make other pods.
func (c Cloud) withWorkers(p *corev1.PodSpec) {
	if c.WorkerImage == "" {
		return
	}
	yes := true
	p.AutomountServiceAccountToken = &yes
	p.Volumes = append(p.Volumes, corev1.Volume{Name: "worker", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
		LocalObjectReference: corev1.LocalObjectReference{Name: workerName}}}})
	server := &p.Containers[0]
	server.VolumeMounts = append(server.VolumeMounts, corev1.VolumeMount{Name: "worker", MountPath: "/etc/tako", ReadOnly: true})
	server.Env = append(server.Env, corev1.EnvVar{Name: "TAKO_WORKER_PODS", Value: workerPath})
}
