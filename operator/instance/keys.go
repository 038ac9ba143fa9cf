package instance

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"log/slog"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

// keys makes the master key and the administrator's password, once. A key that
// was made and is gone is not made again: nothing that was sealed with it could
// be read, and a server that began with another would hide that.
func (r *Reconciler) keys(ctx context.Context, i *cloud.Instance) (*stop, error) {
	if i.Status.Keyed {
		return nil, nil
	}
	key, err := r.masterKey(ctx, i)
	if err != nil {
		return nil, err
	}
	if err := r.once(ctx, i, keySecret, map[string]string{"key": key}); err != nil {
		return nil, err
	}
	if err := r.once(ctx, i, adminSecret, map[string]string{"username": i.Spec.Admin.Username, "password": rand.Text()}); err != nil {
		return nil, err
	}
	i.Status.Keyed = true
	return nil, nil
}

// masterKey is a new one, or that of the instance whose backup this one is
// made from.
func (r *Reconciler) masterKey(ctx context.Context, i *cloud.Instance) (string, error) {
	g, err := goingOf(i)
	if err != nil || g == nil || g.KeyOf == "" || g.KeyOf == i.Name {
		b := make([]byte, 32)
		_, _ = rand.Read(b) // it cannot fail
		return base64.StdEncoding.EncodeToString(b), err
	}
	var s corev1.Secret
	if err := r.Direct.Get(ctx, types.NamespacedName{Namespace: namespaceNamed(g.KeyOf), Name: keySecret}, &s); err != nil {
		return "", fmt.Errorf("reading the master key of %s: %w", g.KeyOf, err)
	}
	return string(s.Data["key"]), nil
}

// once makes a secret that is never changed.
func (r *Reconciler) once(ctx context.Context, i *cloud.Instance, name string, data map[string]string) error {
	yes := true
	s := &corev1.Secret{ObjectMeta: meta(i, name), StringData: data, Immutable: &yes, Type: corev1.SecretTypeOpaque}
	if err := r.Create(ctx, s); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("making the secret %s: %w", name, err)
	}
	return nil
}

// keyLost says whether the master key that was made is gone.
func (r *Reconciler) keyLost(ctx context.Context, i *cloud.Instance) (bool, error) {
	s := metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"}}
	err := r.Get(ctx, types.NamespacedName{Namespace: namespaceOf(i), Name: keySecret}, &s)
	if apierrors.IsNotFound(err) {
		// The cache may be behind: ask for certain before raising an alarm.
		err = r.Direct.Get(ctx, types.NamespacedName{Namespace: namespaceOf(i), Name: keySecret}, &corev1.Secret{})
		if apierrors.IsNotFound(err) {
			return true, nil
		}
	}
	if err != nil {
		return false, fmt.Errorf("looking for the master key: %w", err)
	}
	return false, nil
}

// annotationGrant tells what the key in a secret may do, and annotationUser whose
// it is.
const (
	annotationGrant = "cloud.tako.dev/grant"
	annotationUser  = "cloud.tako.dev/bucket-user"
	// annotationTurned is the wish for another key that the key in a secret meets.
	annotationTurned = "cloud.tako.dev/bucket-key-turned"
)

// access is that to the instance's part of the bucket: its own, where the
// operator's namespace has a secret bucket-NAME or there is a service that makes
// one, else the cloud's.
func (r *Reconciler) access(ctx context.Context, i *cloud.Instance) (*corev1.Secret, error) {
	if r.Cloud.AccessKey == "" {
		return nil, nil
	}
	s := &corev1.Secret{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"}, ObjectMeta: meta(i, bucketSecret), Type: corev1.SecretTypeOpaque,
		Data: map[string][]byte{"access-key": []byte(r.Cloud.AccessKey), "secret-key": []byte(r.Cloud.SecretKey)}}
	var own corev1.Secret
	err := r.Direct.Get(ctx, types.NamespacedName{Namespace: r.Cloud.Home, Name: "bucket-" + i.Name}, &own)
	switch {
	case err == nil:
		s.Data = own.Data
	case !apierrors.IsNotFound(err):
		return nil, fmt.Errorf("reading the instance's own access to the bucket: %w", err)
	default:
		if smith := r.Cloud.smith(r.Now); smith != nil {
			kept, err := r.forge(ctx, i, smith, s)
			if err != nil && len(kept.Data["secret-key"]) > 0 && kept.Annotations[annotationUser] == "" {
				// It has served with the cloud's key, from before there was a service: that
				// it cannot have its own is no reason not to wake it.
				slog.Warn("an instance goes on with the cloud's key to the bucket, since it was given none of its own", "instance", i.Name, "error", err)
				s.Data, s.Annotations, err = kept.Data, nil, nil
			}
			return s, err
		}
	}
	return s, nil
}

// forge puts the instance's own key into a secret: the one that is there, or a new
// one. Where it was ended between making a key and keeping it, that key is of
// nobody and goes with the next.
func (r *Reconciler) forge(ctx context.Context, i *cloud.Instance, smith *smith, s *corev1.Secret) (kept corev1.Secret, err error) {
	g, err := goingOf(i)
	if err != nil {
		return kept, err
	}
	from := ""
	if g != nil && g.Name != i.Status.Restored {
		from = g.From
	}
	user := userOf(prefixOf(i))
	policy, err := r.Cloud.grant(prefixOf(i), from)
	if err != nil {
		return kept, err
	}
	mark, err := digest(policy)
	if err != nil {
		return kept, err
	}
	if err := r.Direct.Get(ctx, types.NamespacedName{Namespace: s.Namespace, Name: s.Name}, &kept); err != nil && !apierrors.IsNotFound(err) {
		return kept, fmt.Errorf("reading the instance's own access to the bucket: %w", err)
	}
	s.Annotations = map[string]string{annotationGrant: mark, annotationUser: user}
	turn := i.Annotations[cloud.AnnotationTurnKey]
	if turn != "" {
		s.Annotations[annotationTurned] = turn
	}
	had := i.Status.BucketKey
	own := kept.Annotations[annotationUser] == user && len(kept.Data["secret-key"]) > 0
	if own {
		s.Data, had = kept.Data, string(kept.Data["access-key"])
	}
	if !own || kept.Annotations[annotationGrant] != mark {
		if err := smith.admit(ctx, user, policy); err != nil {
			return kept, err
		}
	}
	if own && kept.Annotations[annotationTurned] == turn {
		return kept, nil
	}
	made, err := smith.forge(ctx, user, had)
	if err != nil {
		return kept, err
	}
	s.Data = map[string][]byte{"access-key": []byte(made.ID), "secret-key": []byte(made.Secret)}
	return kept, nil
}
