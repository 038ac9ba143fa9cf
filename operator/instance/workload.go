package instance

import (
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

// Names of the secrets in an instance's namespace.
const (
	keySecret    = "tako-master-key"
	adminSecret  = "tako-administrator"
	bucketSecret = "tako-bucket"
)

// annotationTemplate tells a pod of today's template from one of an earlier.
const annotationTemplate = "cloud.tako.dev/template"

// nobody is the account of the image.
const nobody = 65532

// workload is the server. A StatefulSet never has two pods of one name: a pod
// on a node that cannot be reached is not replaced before somebody has made
// sure that it is dead. A pod is replaced only when the operator removes it,
// within the maintenance window.
func (c Cloud) workload(i *cloud.Instance, mark string, replicas int32, back *Going) (*appsv1.StatefulSet, error) {
	template, err := c.pod(i)
	if err != nil {
		return nil, err
	}
	template.Labels, template.Annotations[annotationTemplate] = serverLabels(i), mark
	if i.Status.BucketKey != "" {
		template.Annotations[annotationKey] = i.Status.BucketKey
	}
	if back != nil {
		template.Annotations[annotationRestore] = back.Name
		template.Spec.Containers[0].Env = append(template.Spec.Containers[0].Env, c.restoring(i, back)...)
	}
	set := &appsv1.StatefulSet{
		TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "StatefulSet"}, ObjectMeta: meta(i, serverName),
		Spec: appsv1.StatefulSetSpec{
			Replicas: &replicas, ServiceName: serverName, Selector: &metav1.LabelSelector{MatchLabels: serverLabels(i)}, Template: template,
			UpdateStrategy:       appsv1.StatefulSetUpdateStrategy{Type: appsv1.OnDeleteStatefulSetStrategyType},
			PodManagementPolicy:  appsv1.ParallelPodManagement,
			RevisionHistoryLimit: new(int32),
		},
	}
	if !ephemeral(i) {
		set.Spec.VolumeClaimTemplates = []corev1.PersistentVolumeClaim{c.claim(i)}
	}
	return set, nil
}

// mark tells the template of a pod from others. How a start restores is no
// reason to start anew.
func (c Cloud) mark(i *cloud.Instance) (string, error) {
	same := i.DeepCopy()
	same.Status.Begun = false
	pod, err := c.pod(same)
	if err != nil {
		return "", err
	}
	return digest([]any{pod.Spec, pod.Annotations})
}

func (c Cloud) claim(i *cloud.Instance) corev1.PersistentVolumeClaim {
	claim := corev1.PersistentVolumeClaim{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "PersistentVolumeClaim"},
		ObjectMeta: metav1.ObjectMeta{Name: "data", Labels: labels(i)},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: gib(i.Spec.Storage.SizeGiB)}},
		},
	}
	if c.StorageClass != "" {
		claim.Spec.StorageClassName = &c.StorageClass
	}
	return claim
}

func gib(n int32) resource.Quantity { return *resource.NewQuantity(int64(n)<<30, resource.BinarySI) }

// pod is what the server's pod shall be, with the annotations that are files to it.
func (c Cloud) pod(i *cloud.Instance) (corev1.PodTemplateSpec, error) {
	yes, no, grace := true, false, int64(60)
	user := int64(nobody)
	s := sizeOf(i)
	disk := gib(i.Spec.Storage.SizeGiB)
	volumes := []corev1.Volume{{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
	if ephemeral(i) {
		volumes = append(volumes, corev1.Volume{Name: "data", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: &disk}}})
	}
	pod := corev1.PodSpec{
		ServiceAccountName: serverName, AutomountServiceAccountToken: &no, EnableServiceLinks: &no, TerminationGracePeriodSeconds: &grace,
		SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: &yes, RunAsUser: &user, RunAsGroup: &user, FSGroup: &user,
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}},
		Volumes: volumes,
		Containers: []corev1.Container{{
			Name: serverName, Image: i.Status.Image, Args: []string{"server"}, ImagePullPolicy: corev1.PullIfNotPresent, TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError, Env: c.environment(i),
			Ports: []corev1.ContainerPort{{Name: "web", ContainerPort: webPort, Protocol: corev1.ProtocolTCP}, {Name: "agents", ContainerPort: agentPort, Protocol: corev1.ProtocolTCP}},
			SecurityContext: &corev1.SecurityContext{AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes,
				Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}},
			VolumeMounts: []corev1.VolumeMount{{Name: "data", MountPath: "/data"}, {Name: "tmp", MountPath: "/tmp"}},
			Resources: corev1.ResourceRequirements{
				Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(s.askCPU), corev1.ResourceMemory: resource.MustParse(s.askMemory),
					corev1.ResourceEphemeralStorage: resource.MustParse("64Mi")},
				Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(s.memory)},
			},
			ReadinessProbe: probe("/healthz", 2, 3),
			// A server that has lost its database is not mended by a start.
			LivenessProbe: probe("/livez", 20, 6),
			// A start restores from the bucket first, which takes as long as there
			// is data.
			StartupProbe: probe("/healthz", 1, 900),
		}},
	}
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{}}, Spec: pod}
	return template, c.withWorkers(&template)
}

func probe(path string, every, failures int32) *corev1.Probe {
	return &corev1.Probe{PeriodSeconds: every, FailureThreshold: failures, TimeoutSeconds: 5, SuccessThreshold: 1,
		ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromInt32(webPort), Scheme: corev1.URISchemeHTTP}}}
}

// environment is what the server is told.
func (c Cloud) environment(i *cloud.Instance) []corev1.EnvVar {
	env := []corev1.EnvVar{
		{Name: "TAKO_DATA", Value: "/data"},
		{Name: "TAKO_NODE_NAME", Value: i.Name},
		{Name: "TAKO_TASK_CAP", Value: fmt.Sprint(i.Spec.TaskCap)},
		{Name: "TAKO_LOG_FORMAT", Value: "json"},
		{Name: "TAKO_URL", Value: c.Scheme + "://" + i.Spec.Hosts[0]},
		fromSecret("TAKO_MASTER_KEY", keySecret, "key"),
		{Name: "TAKO_ADMIN_USERNAME", Value: i.Spec.Admin.Username},
		fromSecret("TAKO_ADMIN_PASSWORD", adminSecret, "password"),
	}
	if i.Spec.Admin.Email != "" {
		env = append(env, corev1.EnvVar{Name: "TAKO_ADMIN_EMAIL", Value: i.Spec.Admin.Email})
	}
	if len(c.Proxies) > 0 {
		var networks []string
		for _, p := range c.Proxies {
			networks = append(networks, p.String())
		}
		env = append(env, corev1.EnvVar{Name: "TAKO_TRUSTED_PROXIES", Value: strings.Join(networks, ",")})
	}
	if c.Place == "" {
		return env
	}
	prefix := prefixOf(i)
	env = append(env,
		corev1.EnvVar{Name: "TAKO_BACKUP_TO", Value: c.part(prefix, "backup")},
		corev1.EnvVar{Name: "TAKO_BACKUP_KEEP", Value: i.Spec.Storage.KeepBackups.Duration.String()},
		corev1.EnvVar{Name: "TAKO_BACKUP_RESTORE", Value: restoreMode(i)},
		corev1.EnvVar{Name: "TAKO_BLOB_STORE", Value: c.part(prefix, "files")},
		corev1.EnvVar{Name: "TAKO_BLOB_ENDPOINT", Value: c.Endpoint},
		corev1.EnvVar{Name: "TAKO_BLOB_REGION", Value: c.Region})
	if c.AccessKey != "" {
		env = append(env, fromSecret("TAKO_BLOB_ACCESS_KEY", bucketSecret, "access-key"), fromSecret("TAKO_BLOB_SECRET_KEY", bucketSecret, "secret-key"))
	}
	return env
}

// restoreMode lets only an instance that never served begin empty: to one that
// did, an empty prefix is a disaster and no start.
func restoreMode(i *cloud.Instance) string {
	if i.Status.Begun {
		return "required"
	}
	return "present"
}

func fromSecret(name, secret, key string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
		LocalObjectReference: corev1.LocalObjectReference{Name: secret}, Key: key}}}
}

// Going is a restore that an instance is to do at its next start.
type Going struct {
	Name  string     `json:"name"`
	From  string     `json:"from"` // prefix of the bucket
	Time  *time.Time `json:"time,omitempty"`
	KeyOf string     `json:"keyOf"` // the instance whose master key a new one gets
}

// restoring tells the server of a restore, which it does once for each name.
func (c Cloud) restoring(i *cloud.Instance, g *Going) []corev1.EnvVar {
	env := []corev1.EnvVar{{Name: "TAKO_BACKUP_RESTORE_NAME", Value: g.Name}}
	if g.Time != nil {
		env = append(env, corev1.EnvVar{Name: "TAKO_BACKUP_RESTORE_AT", Value: g.Time.UTC().Format(time.RFC3339)})
	}
	if g.From != prefixOf(i) {
		env = append(env, corev1.EnvVar{Name: "TAKO_BACKUP_RESTORE_FROM", Value: c.part(g.From, "backup")},
			corev1.EnvVar{Name: "TAKO_BACKUP_RESTORE_FILES", Value: c.part(g.From, "files")})
	}
	return env
}
