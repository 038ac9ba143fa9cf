package instance

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestChangedByHand tells a change from a status and from being listed again,
// also for kinds that count no generations.
func TestChangedByHand(t *testing.T) {
	namespace := func(version string) client.Object {
		return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{ResourceVersion: version}}
	}
	policy := func(version string, generation int64) client.Object {
		return &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{ResourceVersion: version, Generation: generation}}
	}
	for _, c := range []struct {
		name          string
		before, after client.Object
		want          bool
	}{
		{"a namespace", namespace("1"), namespace("2"), true},
		{"a namespace listed again", namespace("1"), namespace("1"), false},
		{"a policy", policy("1", 1), policy("2", 2), true},
		{"what is said of a policy", policy("1", 1), policy("2", 1), false},
	} {
		if got := changed(c.before, c.after); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
