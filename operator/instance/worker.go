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

// workers are what a server needs to run its jobs in pods of its namespace: the right
// to make pods here and nowhere else, and what those may reach, which is the internet
// and nothing of the cluster.
func (c Cloud) workers(i *cloud.Instance) []client.Object {
	if c.WorkerImage == "" {
		return nil
	}
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
	return []client.Object{role, binding, reach}
}

// workerPod is the manifest of a pod that runs a job.
func (c Cloud) workerPod() (string, error) {
	no, deadline := false, int64(24*60*60)
	manifest, err := yaml.Marshal(map[string]any{"apiVersion": "v1", "kind": "Pod", "spec": corev1.PodSpec{
		AutomountServiceAccountToken: &no, ActiveDeadlineSeconds: &deadline,
		Containers: []corev1.Container{{Name: "worker", Image: c.WorkerImage, ImagePullPolicy: corev1.PullIfNotPresent}},
	}})
	if err != nil {
		return "", fmt.Errorf("writing the manifest of worker pods: %w", err)
	}
	return string(manifest), nil
}

// Annotations of a server's pod that it reads as files.
const (
	annotationWorker    = "cloud.tako.dev/worker-pod"
	annotationAuthority = "cloud.tako.dev/authority"
)

// accountPath is where a pod finds its account.
const accountPath = "/var/run/secrets/kubernetes.io/serviceaccount"

// withWorkers lets the pod of a server make other pods. What is no secret it reads from
// its own annotations: a node begins to look for a config map when it is given the pod,
// is now and then refused as the API server has not yet noted that, and tries again
// only after a second or two.
func (c Cloud) withWorkers(p *corev1.PodTemplateSpec) error {
	if c.WorkerImage == "" {
		return nil
	}
	manifest, err := c.workerPod()
	if err != nil {
		return err
	}
	p.Annotations[annotationWorker] = manifest
	worker := corev1.DownwardAPIVolumeFile{Path: "worker.yaml", FieldRef: field("metadata.annotations['" + annotationWorker + "']")}
	p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: "worker", VolumeSource: corev1.VolumeSource{DownwardAPI: &corev1.DownwardAPIVolumeSource{Items: []corev1.DownwardAPIVolumeFile{worker}}}})
	server := &p.Spec.Containers[0]
	server.VolumeMounts = append(server.VolumeMounts, corev1.VolumeMount{Name: "worker", MountPath: "/etc/tako", ReadOnly: true})
	server.Env = append(server.Env, corev1.EnvVar{Name: "TAKO_WORKER_PODS", Value: workerPath})
	if c.Authority == "" {
		yes := true
		p.Spec.AutomountServiceAccountToken = &yes
		return nil
	}
	// As Kubernetes would give it, but for the config map with the authority.
	p.Annotations[annotationAuthority] = c.Authority
	hour := int64(3600)
	p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: "account", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
		{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token", ExpirationSeconds: &hour}},
		{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{
			{Path: "ca.crt", FieldRef: field("metadata.annotations['" + annotationAuthority + "']")},
			{Path: "namespace", FieldRef: field("metadata.namespace")},
		}}},
	}}}})
	server.VolumeMounts = append(server.VolumeMounts, corev1.VolumeMount{Name: "account", MountPath: accountPath, ReadOnly: true})
	return nil
}

func field(path string) *corev1.ObjectFieldSelector {
	return &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: path}
}
