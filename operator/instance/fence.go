package instance

import (
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

// Ports of a server.
const (
	webPort   = 8080
	agentPort = 10943
)

// AgentPort is where a server waits for polling agents.
const AgentPort = "10943"

// serverName is what the objects of the server are called in its namespace.
const serverName = "tako"

func meta(i *cloud.Instance, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: namespaceOf(i), Labels: labels(i)}
}

func labels(i *cloud.Instance) map[string]string {
	return map[string]string{cloud.LabelInstance: i.Name, "app.kubernetes.io/name": "tako", "app.kubernetes.io/managed-by": "tako-operator"}
}

// serverLabels choose the server's pod, and no pod of its workers.
func serverLabels(i *cloud.Instance) map[string]string {
	l := labels(i)
	l["app.kubernetes.io/component"] = "server"
	return l
}

// fence is everything that keeps an instance apart from the others. The
// namespace goes with the instance, and all that is in it with the namespace.
func (c Cloud) fence(i *cloud.Instance) []client.Object {
	namespace := &corev1.Namespace{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
		ObjectMeta: metav1.ObjectMeta{Name: namespaceOf(i), Labels: labels(i), OwnerReferences: []metav1.OwnerReference{owner(i)}},
	}
	for _, mode := range []string{"enforce", "warn", "audit"} {
		namespace.Labels["pod-security.kubernetes.io/"+mode] = "restricted"
	}
	no := false
	account := &corev1.ServiceAccount{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"}, ObjectMeta: meta(i, serverName),
		AutomountServiceAccountToken: &no,
	}
	return []client.Object{namespace, quota(i), limits(i), closed(i), c.open(i), account}
}

func owner(i *cloud.Instance) metav1.OwnerReference {
	yes := true
	return metav1.OwnerReference{APIVersion: cloud.GroupVersion.String(), Kind: "Instance", Name: i.Name, UID: i.UID, Controller: &yes}
}

// size is what a server may take. Memory is asked for as an idle server needs
// it, since most are idle most of the time.
type size struct{ askCPU, askMemory, memory, disk string }

func sizeOf(i *cloud.Instance) size {
	switch cap := i.Spec.TaskCap; {
	case cap <= 5:
		return size{"5m", "64Mi", "512Mi", "1Gi"}
	case cap <= 20:
		return size{"10m", "96Mi", "1Gi", "2Gi"}
	case cap <= 40:
		return size{"20m", "128Mi", "2Gi", "2Gi"}
	}
	return size{"50m", "256Mi", "4Gi", "4Gi"}
}

// quota bounds the namespace: the server, and a pod for each task it may run
// and half as many again, for pods that are about to go.
func quota(i *cloud.Instance) *corev1.ResourceQuota {
	pods := int64(i.Spec.TaskCap) + int64(i.Spec.TaskCap)/2 + 2
	return &corev1.ResourceQuota{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ResourceQuota"}, ObjectMeta: meta(i, serverName),
		Spec: corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{
			corev1.ResourcePods:                     *resource.NewQuantity(pods, resource.DecimalSI),
			corev1.ResourceLimitsMemory:             *resource.NewQuantity((pods+2)<<30, resource.BinarySI),
			corev1.ResourceServicesLoadBalancers:    resource.MustParse("0"),
			corev1.ResourceServicesNodePorts:        resource.MustParse("0"),
			corev1.ResourcePersistentVolumeClaims:   resource.MustParse("1"),
			"count/jobs.batch":                      resource.MustParse("0"),
			corev1.ResourceRequestsEphemeralStorage: *resource.NewQuantity((pods+int64(i.Spec.Storage.SizeGiB))<<30, resource.BinarySI),
		}},
	}
}

// limits are for pods that say nothing of their own.
func limits(i *cloud.Instance) *corev1.LimitRange {
	return &corev1.LimitRange{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "LimitRange"}, ObjectMeta: meta(i, serverName),
		Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{{
			Type:    corev1.LimitTypeContainer,
			Default: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi"), corev1.ResourceEphemeralStorage: resource.MustParse("2Gi")},
			DefaultRequest: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("64Mi"), corev1.ResourceCPU: resource.MustParse("10m"),
				corev1.ResourceEphemeralStorage: resource.MustParse("64Mi")},
		}}},
	}
}

// closed forbids every pod of the namespace all traffic; what other policies
// allow is all there is.
func closed(i *cloud.Instance) *networkingv1.NetworkPolicy {
	return &networkingv1.NetworkPolicy{
		TypeMeta: metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"}, ObjectMeta: meta(i, "closed"),
		Spec: networkingv1.NetworkPolicySpec{PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}},
	}
}

// open is what a server needs: the gateway comes in; names, the bucket and the
// internet can be reached, the cluster's own networks and the addresses of
// metadata cannot.
func (c Cloud) open(i *cloud.Instance) *networkingv1.NetworkPolicy {
	ingress := []networkingv1.NetworkPolicyPeer{{NamespaceSelector: &metav1.LabelSelector{
		MatchLabels: map[string]string{corev1.LabelMetadataName: c.Home}}}}
	for _, p := range c.Proxies {
		ingress = append(ingress, networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: p.String()}})
	}
	egress := []networkingv1.NetworkPolicyEgressRule{
		{Ports: []networkingv1.NetworkPolicyPort{port(corev1.ProtocolUDP, 53), port(corev1.ProtocolTCP, 53)}},
		{To: []networkingv1.NetworkPolicyPeer{{IPBlock: &networkingv1.IPBlock{CIDR: "0.0.0.0/0", Except: within(c.Inside, true)}},
			{IPBlock: &networkingv1.IPBlock{CIDR: "::/0", Except: append(within(c.Inside, false), "fc00::/7", "fe80::/10")}}}},
	}
	for _, r := range c.Reach {
		egress = append(egress, networkingv1.NetworkPolicyEgressRule{To: []networkingv1.NetworkPolicyPeer{{IPBlock: &networkingv1.IPBlock{CIDR: r.String()}}}})
	}
	return &networkingv1.NetworkPolicy{
		TypeMeta: metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"}, ObjectMeta: meta(i, serverName),
		Spec: networkingv1.NetworkPolicySpec{
			PodSelector: metav1.LabelSelector{MatchLabels: serverLabels(i)},
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress},
			Ingress: []networkingv1.NetworkPolicyIngressRule{{From: ingress,
				Ports: []networkingv1.NetworkPolicyPort{port(corev1.ProtocolTCP, webPort), port(corev1.ProtocolTCP, agentPort)}}},
			Egress: egress,
		},
	}
}

func port(p corev1.Protocol, number int32) networkingv1.NetworkPolicyPort {
	n := intstr.FromInt32(number)
	return networkingv1.NetworkPolicyPort{Protocol: &p, Port: &n}
}

// within are the networks of one of the two families.
func within(networks []netip.Prefix, four bool) []string {
	var list []string
	for _, n := range networks {
		if n.Addr().Is4() == four {
			list = append(list, n.String())
		}
	}
	return list
}
