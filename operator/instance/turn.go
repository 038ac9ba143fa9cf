package instance

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

// annotationKey names the key to the bucket that a pod was started with.
const annotationKey = "cloud.tako.dev/bucket-key"

// turnsTo notes which key an instance has. The one before it, which was replaced
// because somebody asked for it or because its secret was lost, is taken back once
// nothing uses it; of the cloud's own key that is not the operator's to decide.
func turnsTo(i *cloud.Instance, s *corev1.Secret, clouds string) {
	id := string(s.Data["access-key"])
	switch {
	case s.Annotations[annotationUser] == "":
		i.Status.BucketKey, i.Status.Turning = "", false
	case i.Status.BucketKey != id:
		i.Status.Turning = i.Status.BucketKey != "" || s.Annotations[annotationTurned] != ""
		i.Status.BucketKey = id
	}
}

// oldKey says whether the server works with a key that is to be taken back. That
// waits for no maintenance window: somebody else may have the key.
func (s scene) oldKey() bool {
	return s.i.Status.Turning && s.pod != nil && s.pod.Annotations[annotationKey] != s.i.Status.BucketKey
}

// serve looks after the server, and then after the key that it has no use for any
// more.
func (r *Reconciler) serve(ctx context.Context, i *cloud.Instance) (*stop, error) {
	halt, err := r.live(ctx, i)
	if err != nil || !i.Status.Turning {
		return halt, err
	}
	if err := r.revoke(ctx, i); err != nil {
		// What it is in the midst of goes on.
		r.warn(i, "KeyNotRevoked", "Its earlier key to the bucket is still good, since it could not be taken back: "+err.Error())
		if halt.after == 0 || halt.after > time.Minute {
			halt.after = time.Minute
		}
	}
	return halt, nil
}

// revoke takes all keys back but the one in use, when no pod has another.
func (r *Reconciler) revoke(ctx context.Context, i *cloud.Instance) error {
	_, pod, err := r.find(ctx, i)
	if err != nil {
		return err
	}
	s := scene{i: i, pod: pod}
	if smith := r.Cloud.smith(r.Now); smith != nil && (pod == nil || !s.oldKey() && s.ready()) {
		user := userOf(prefixOf(i))
		had, err := smith.keys(ctx, user)
		if err != nil {
			return err
		}
		if err := smith.leave(ctx, user, had, i.Status.BucketKey); err != nil {
			return err
		}
		i.Status.Turning = false
	}
	return nil
}
