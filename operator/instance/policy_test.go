package instance

import (
	"net/netip"
	"testing"

	"github.com/alecthomas/kong"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8slabels "k8s.io/apimachinery/pkg/labels"
)

// place is a pod, or an address outside of the cluster when it has no namespace.
type place struct {
	namespace string
	labels    map[string]string
	ip        string
}

// network judges connections as a cluster does that carries network policies out:
// what no policy chooses is open, what some choose may do what any of those allow,
// and both ends must agree.
type network struct {
	t        *testing.T
	policies []*networkingv1.NetworkPolicy
	spaces   map[string]map[string]string // labels of namespaces
}

func (n *network) chosen(s *metav1.LabelSelector, l map[string]string) bool {
	n.t.Helper()
	selector, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		n.t.Fatal(err)
	}
	return selector.Matches(k8slabels.Set(l))
}

// peer says whether one of a rule's peers is the place; a rule without any is of
// all places. Selectors are of pods only, blocks of addresses.
func (n *network) peer(peers []networkingv1.NetworkPolicyPeer, of string, p place) bool {
	for _, peer := range peers {
		if b := peer.IPBlock; b != nil {
			ip := netip.MustParseAddr(p.ip)
			in := netip.MustParsePrefix(b.CIDR).Contains(ip)
			for _, e := range b.Except {
				in = in && !netip.MustParsePrefix(e).Contains(ip)
			}
			if in {
				return true
			}
			continue
		}
		space := p.namespace == of
		if peer.NamespaceSelector != nil {
			space = n.chosen(peer.NamespaceSelector, n.spaces[p.namespace])
		}
		if p.namespace != "" && space && (peer.PodSelector == nil || n.chosen(peer.PodSelector, p.labels)) {
			return true
		}
	}
	return len(peers) == 0
}

func reaches(ports []networkingv1.NetworkPolicyPort, protocol corev1.Protocol, port int32) bool {
	for _, p := range ports {
		of := corev1.ProtocolTCP
		if p.Protocol != nil {
			of = *p.Protocol
		}
		last := int32(0)
		if p.EndPort != nil {
			last = *p.EndPort
		}
		if of == protocol && (p.Port == nil || p.Port.IntVal == port || p.Port.IntVal < port && port <= last) {
			return true
		}
	}
	return len(ports) == 0
}

// side says whether the policies of one end let a connection be.
func (n *network) side(direction networkingv1.PolicyType, own, other place, protocol corev1.Protocol, port int32) bool {
	some, allowed := false, false
	for _, p := range n.policies {
		governs := false
		for _, d := range p.Spec.PolicyTypes {
			governs = governs || d == direction
		}
		if own.namespace == "" || p.Namespace != own.namespace || !governs || !n.chosen(&p.Spec.PodSelector, own.labels) {
			continue
		}
		some = true
		if direction == networkingv1.PolicyTypeEgress {
			for _, r := range p.Spec.Egress {
				allowed = allowed || n.peer(r.To, p.Namespace, other) && reaches(r.Ports, protocol, port)
			}
			continue
		}
		for _, r := range p.Spec.Ingress {
			allowed = allowed || n.peer(r.From, p.Namespace, other) && reaches(r.Ports, protocol, port)
		}
	}
	return allowed || !some
}

func (n *network) open(from, to place, protocol corev1.Protocol, port int32) bool {
	return n.side(networkingv1.PolicyTypeEgress, from, to, protocol, port) && n.side(networkingv1.PolicyTypeIngress, to, from, protocol, port)
}

// walled are two instances behind the policies that are made for them, with the
// settings' own defaults.
func walled(t *testing.T) (*network, Cloud) {
	t.Helper()
	var c Cloud
	parser, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse([]string{"--reach=10.96.0.1/32,10.1.9.9/32", "--worker-image=worker:1", "--proxies=10.1.7.0/24"}); err != nil {
		t.Fatal(err)
	}
	n := &network{t: t, spaces: map[string]map[string]string{}}
	for _, name := range []string{"tako-system", "kube-system", "tako-acme", "tako-other"} {
		n.spaces[name] = map[string]string{corev1.LabelMetadataName: name}
	}
	for _, name := range []string{"acme", "other"} {
		for _, o := range append(c.fence(instance(name)), c.workers(instance(name))...) {
			if p, ok := o.(*networkingv1.NetworkPolicy); ok {
				n.policies = append(n.policies, p)
			}
		}
	}
	return n, c
}

// TestTheFence judges what the policies of two instances come to, for everything
// that should be reached and everything that must not be.
func TestTheFence(t *testing.T) {
	n, _ := walled(t)
	worker := map[string]string{labelWorker: "w"}
	places := map[string]place{
		"server": {"tako-acme", serverLabels(instance("acme")), "10.1.0.1"}, "worker": {"tako-acme", worker, "10.1.0.2"}, "stray": {"tako-acme", nil, "10.1.0.3"},
		"neighbour": {"tako-other", serverLabels(instance("other")), "10.1.0.4"}, "neighbour's worker": {"tako-other", worker, "10.1.0.5"},
		"gateway": {"tako-system", map[string]string{"app": "gateway"}, "10.1.0.6"}, "names": {"kube-system", nil, "10.96.0.10"}, "another's pod": {"kube-system", nil, "10.1.0.8"},
		"API server": {"", nil, "10.96.0.1"}, "API server behind it": {"", nil, "10.0.0.5"}, "bucket": {"", nil, "10.1.9.9"}, "node": {"", nil, "192.168.7.7"},
		"proxy": {"", nil, "10.1.7.7"}, "internet": {"", nil, "203.0.113.7"}, "internet by 6": {"", nil, "2a00:1450::1"},
		"metadata": {"", nil, "169.254.169.254"}, "metadata by 6": {"", nil, "fd00:ec2::254"}, "metadata of Alibaba": {"", nil, "100.100.100.200"}, "metadata of Azure": {"", nil, "168.63.129.16"},
		"names on the node": {"", nil, "169.254.20.10"}, "local by 6": {"", nil, "fe80::1"},
	}
	for _, c := range []struct {
		from, to string
		port     int32
		open     bool
	}{
		{"gateway", "server", webPort, true}, {"gateway", "server", agentPort, true}, {"gateway", "server", 22, false}, {"gateway", "worker", webPort, false}, {"gateway", "stray", webPort, false},
		{"proxy", "server", webPort, true}, {"internet", "server", webPort, false}, {"another's pod", "server", webPort, false},
		{"server", "names", 53, true}, {"worker", "names", 53, true}, {"server", "names on the node", 53, true}, {"server", "names", 9153, false}, {"stray", "names", 53, false},
		{"server", "internet", 443, true}, {"server", "internet", 22, true}, {"server", "internet by 6", 443, true}, {"worker", "internet", 443, true}, {"worker", "internet by 6", 443, true}, {"stray", "internet", 443, false},
		{"server", "bucket", 9000, true}, {"worker", "bucket", 9000, false},
		{"server", "API server", 443, true}, {"server", "API server behind it", 6443, false}, {"worker", "API server", 443, false}, {"worker", "API server behind it", 6443, false}, {"stray", "API server", 443, false},
		{"server", "neighbour", webPort, false}, {"server", "neighbour", 53, false}, {"server", "neighbour's worker", 53, false}, {"worker", "neighbour", webPort, false}, {"worker", "neighbour", 53, false},
		{"neighbour", "server", webPort, false}, {"neighbour's worker", "worker", 8080, false}, {"worker", "server", webPort, false}, {"server", "worker", 8080, false},
		{"server", "gateway", 8080, false}, {"worker", "gateway", 8080, false}, {"server", "another's pod", 8080, false}, {"worker", "another's pod", 10250, false},
		{"server", "node", 10250, false}, {"worker", "node", 10250, false}, {"server", "local by 6", 80, false},
		{"server", "metadata", 80, false}, {"worker", "metadata", 80, false}, {"server", "metadata by 6", 80, false}, {"worker", "metadata by 6", 80, false},
		{"server", "metadata of Alibaba", 80, false}, {"worker", "metadata of Alibaba", 80, false}, {"server", "metadata of Azure", 80, false}, {"worker", "metadata of Azure", 80, false},
	} {
		protocol := corev1.ProtocolTCP
		if c.port == 53 {
			protocol = corev1.ProtocolUDP
		}
		if open := n.open(places[c.from], places[c.to], protocol, c.port); open != c.open {
			t.Errorf("%s to %s, port %d: open %v, want %v", c.from, c.to, c.port, open, c.open)
		}
	}
}

// TestTheFenceIsJudged: what is judged to be shut is so by the policies alone.
func TestTheFenceIsJudged(t *testing.T) {
	n, c := walled(t)
	acme := place{"tako-acme", serverLabels(instance("acme")), "10.1.0.1"}
	other := place{"tako-other", serverLabels(instance("other")), "10.1.0.4"}
	if n.open(acme, other, corev1.ProtocolTCP, webPort) {
		t.Error("neighbours reach each other")
	}
	n.policies = n.policies[:0]
	if !n.open(acme, other, corev1.ProtocolTCP, webPort) {
		t.Error("without policies something is shut")
	}
	// An ingress rule without peers is for all, one without rules for nobody.
	n.policies = []*networkingv1.NetworkPolicy{closed(instance("other")), c.open(instance("other"))}
	n.policies[1].Spec.Ingress[0].From = nil
	if !n.open(acme, other, corev1.ProtocolTCP, webPort) || n.open(acme, other, corev1.ProtocolTCP, 22) {
		t.Error("a rule without peers is not judged as the cluster would")
	}
}
