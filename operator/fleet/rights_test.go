package fleet

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	"github.com/takodeploy/tako/operator/chart/charttest"
)

const home = charttest.Namespace

// charted is what the chart makes with everything switched on.
func charted(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	values, err := charttest.Values(charttest.Everything)
	if err != nil {
		t.Fatal(err)
	}
	documents, err := charttest.Render(values)
	if err != nil {
		t.Fatal(err)
	}
	var all []*unstructured.Unstructured
	for _, d := range documents {
		var u unstructured.Unstructured
		if err := yaml.Unmarshal([]byte(d), &u.Object); err != nil {
			t.Fatal(err)
		}
		all = append(all, &u)
	}
	return all
}

// grant makes what of the chart is about rights.
func grant(t *testing.T, c client.Client) {
	t.Helper()
	if err := c.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: home, Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"}}}); err != nil {
		t.Fatal(err)
	}
	made := map[string]int{}
	for _, u := range charted(t) {
		switch kind := u.GetKind(); kind {
		case "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding":
			if err := c.Create(t.Context(), u); err != nil {
				t.Fatal(err)
			}
			made[kind]++
		}
	}
	if made["ClusterRole"] != 3 || made["ClusterRoleBinding"] != 3 {
		t.Fatalf("the chart has %v", made)
	}
}

// testChart has the API server judge all that the chart makes, without making it,
// and the definitions in the place of those that are there.
func testChart(t *testing.T, c client.Client) {
	seen := 0
	for _, u := range charted(t) {
		seen++
		err := c.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(u), client.FieldOwner("helm"), client.ForceOwnership, client.DryRunAll)
		if err != nil {
			t.Errorf("%s %s: %v", u.GetKind(), u.GetName(), err)
		}
	}
	if seen < 20 {
		t.Errorf("only %d objects", seen)
	}
	// A pod that is not as the restricted profile wants it would be refused in this
	// namespace. Deployments are not, so their pods are made.
	for _, u := range charted(t) {
		var d appsv1.Deployment
		if u.GetKind() != "Deployment" {
			continue
		}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &d); err != nil {
			t.Fatal(err)
		}
		d.Spec.Template.Spec.PriorityClassName = "" // there is none here
		pod := &corev1.Pod{ObjectMeta: d.Spec.Template.ObjectMeta, Spec: d.Spec.Template.Spec}
		pod.Name, pod.Namespace = d.Name, home
		if err := c.Create(t.Context(), pod, client.DryRunAll); err != nil {
			t.Errorf("a pod of %s: %v", d.Name, err)
		}
	}
}

func account(name string) string { return "system:serviceaccount:" + home + ":" + name }

var groups = []string{"system:serviceaccounts", "system:serviceaccounts:" + home, "system:authenticated"}

// as gives a file by which a program comes with the rights of an account.
func as(t *testing.T, env *envtest.Environment, name string) string {
	t.Helper()
	user, err := env.AddUser(envtest.User{Name: account(name), Groups: groups[:2]}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := user.KubeConfig()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// testRights asks what operator and gateway may not do. That what they may is
// enough for the operator, the fleet shows.
func testRights(t *testing.T, c client.Client) {
	for _, test := range []struct {
		account, verb, group, resource, namespace string
		may                                       bool
	}{
		{"tako-operator", "delete", "cloud.tako.dev", "instances", "", false},
		{"tako-operator", "update", "cloud.tako.dev", "instances", "", false},
		{"tako-operator", "patch", "cloud.tako.dev", "channels", "", false},
		{"tako-operator", "delete", "", "secrets", "tako-acme", false},
		{"tako-operator", "update", "", "secrets", "tako-acme", false},
		{"tako-operator", "create", "rbac.authorization.k8s.io", "clusterroles", "", false},
		{"tako-operator", "create", "rbac.authorization.k8s.io", "clusterrolebindings", "", false},
		{"tako-operator", "bind", "rbac.authorization.k8s.io", "clusterroles", "", false},
		{"tako-operator", "escalate", "rbac.authorization.k8s.io", "roles", "tako-acme", false},
		{"tako-operator", "get", "", "nodes", "", false},
		{"tako-operator", "update", "coordination.k8s.io", "leases", "kube-system", false},
		{"tako-operator", "update", "coordination.k8s.io", "leases", home, true},
		{"tako-operator", "impersonate", "", "users", "", false},
		{"tako-control", "get", "", "secrets", home, false},
		{"tako-control", "delete", "cloud.tako.dev", "instances", "", true}, // which keeps backup and key for a while
		{"tako-control", "deletecollection", "cloud.tako.dev", "instances", "", false},
		{"tako-control", "update", "cloud.tako.dev", "instances/status", "", false},
		{"tako-control", "patch", "cloud.tako.dev", "instances/status", "", false},
		{"tako-control", "delete", "cloud.tako.dev", "channels", "", false},
		{"tako-control", "patch", "cloud.tako.dev", "restores", "", false},
		{"tako-control", "get", "", "secrets", "tako-acme", false},
		{"tako-control", "delete", "", "configmaps", home, false},
		{"tako-control", "get", "", "configmaps", "tako-acme", false},
		{"tako-control", "list", "", "pods", "", false},
		{"tako-gateway", "get", "", "secrets", "tako-acme", false},
		{"tako-gateway", "list", "", "secrets", "", false},
		{"tako-gateway", "delete", "", "pods", "tako-acme", false},
		{"tako-gateway", "create", "", "pods", "tako-acme", false},
		{"tako-gateway", "create", "cloud.tako.dev", "instances", "", false},
		{"tako-gateway", "delete", "cloud.tako.dev", "instances", "", false},
		{"tako-gateway", "patch", "cloud.tako.dev", "instances", "", true},
		{"tako-gateway", "list", "", "pods", "", true},
	} {
		t.Run(strings.Join([]string{test.account, test.verb, test.resource, test.namespace}, "_"), func(t *testing.T) {
			review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{User: account(test.account), Groups: groups,
				ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: test.verb, Group: test.group, Resource: test.resource, Namespace: test.namespace}}}
			if err := c.Create(t.Context(), review); err != nil {
				t.Fatal(err)
			}
			if review.Status.Allowed != test.may {
				t.Errorf("allowed: %v (%s)", review.Status.Allowed, review.Status.Reason)
			}
		})
	}
}
