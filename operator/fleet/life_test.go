package fleet

import (
	"strings"
	"testing"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

// lives takes instances through what a fleet that is only made does not show: a
// version from a channel, a restore into a new instance, and the removal.
func lives(t *testing.T, c client.WithWatch) {
	t.Helper()
	follower := made(90000)
	follower.Spec.Image, follower.Spec.Channel, follower.Spec.DeletionGrace.Duration = "", "stable", time.Hour
	channel := &cloud.Channel{ObjectMeta: metav1.ObjectMeta{Name: "stable"}, Spec: cloud.ChannelSpec{Image: "tako:2", Soak: metav1.Duration{Duration: time.Second}}}
	copied := &cloud.Restore{ObjectMeta: metav1.ObjectMeta{Name: "copy"}, Spec: cloud.RestoreSpec{Source: "i00003", Target: "copied", Hosts: []string{"copied.example.com"}}}
	for _, o := range []client.Object{follower, channel, copied} {
		if err := c.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	await(t, c, 1, time.Minute, func(i *cloud.Instance) bool {
		return i.Name == follower.Name && ready(i) && i.Status.Image == "tako:2"
	})
	await(t, c, 1, time.Minute, func(i *cloud.Instance) bool {
		return i.Name == "copied" && ready(i) && strings.HasPrefix(i.Status.Restored, "copy-") && i.Spec.Image == "tako:1"
	})
	if !until(t, c, &cloud.RestoreList{}, time.Minute, func(e watch.Event) bool {
		o, ok := e.Object.(*cloud.Restore)
		return ok && o.Name == copied.Name && o.Status.State == cloud.RestoreDone
	}) {
		t.Error("a restore does not end")
	}
	if err := c.Delete(t.Context(), follower); err != nil {
		t.Fatal(err)
	}
	await(t, c, 1, time.Minute, func(i *cloud.Instance) bool {
		kept := apimeta.FindStatusCondition(i.Status.Conditions, "Ready")
		return i.Name == follower.Name && i.Status.Phase == cloud.Deleting && kept != nil && strings.Contains(kept.Message, "are kept until")
	})
}
