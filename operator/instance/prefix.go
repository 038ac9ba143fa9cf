package instance

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

// IndexPrefix finds instances by the part of the bucket that they have or want.
const IndexPrefix = "prefix"

func prefixesOf(o client.Object) []string {
	if i, ok := o.(*cloud.Instance); ok {
		return []string{prefixOf(i)}
	}
	return nil
}

// rivals are the other instances of the same part of the bucket. No part lies
// within another, since a prefix has no slash.
func (r *Reconciler) rivals(ctx context.Context, i *cloud.Instance) ([]cloud.Instance, error) {
	var list cloud.InstanceList
	if err := r.List(ctx, &list, client.MatchingFields{IndexPrefix: prefixOf(i)}); err != nil {
		return nil, fmt.Errorf("looking for others of the same part of the bucket: %w", err)
	}
	var others []cloud.Instance
	for _, o := range list.Items {
		if o.UID != i.UID {
			others = append(others, o)
		}
	}
	return others, nil
}

// occupy gives an instance its part of the bucket, unless another has it. Of two
// that chose the same nobody is told by the cache who was first: they ask and
// write one after the other, and what is written is believed.
func (r *Reconciler) occupy(ctx context.Context, i *cloud.Instance) (*stop, error) {
	if i.Status.Prefix != "" || r.Cloud.Place == "" {
		return nil, nil
	}
	if o, err := r.foreign(ctx, i); err != nil {
		return nil, err
	} else if o != nil {
		return &stop{after: time.Minute, phase: cloud.Provisioning, reason: "PrefixTaken", text: o.abroad(prefixOf(i)) + " Otherwise give this one another spec.storage.prefix."}, nil
	}
	r.occupying.Lock()
	defer r.occupying.Unlock()
	others, err := r.rivals(ctx, i)
	if err != nil {
		return nil, err
	}
	for n := range others {
		has, err := r.holds(ctx, &others[n], i)
		if err != nil {
			return nil, err
		}
		if has {
			return &stop{after: time.Minute, phase: cloud.Provisioning, reason: "PrefixTaken", text: fmt.Sprintf(
				"Its part of the bucket, %s, is that of the instance %s: give it another spec.storage.prefix, or none for one that is made from its name.", prefixOf(i), others[n].Name)}, nil
		}
	}
	i.Status.Prefix = prefixOf(i)
	if i.Spec.Storage.Prefix == "" {
		return nil, nil // nobody else is given what is made from its name
	}
	if err := r.Status().Update(ctx, i); err != nil {
		i.Status.Prefix = ""
		return nil, fmt.Errorf("noting its part of the bucket: %w", err)
	}
	return nil, nil
}

// holds says whether another has the part of the bucket that an instance wants.
func (r *Reconciler) holds(ctx context.Context, other, i *cloud.Instance) (bool, error) {
	if other.Status.Prefix == "" {
		if err := r.Direct.Get(ctx, client.ObjectKeyFromObject(other), other); err != nil {
			if apierrors.IsNotFound(err) {
				return false, nil
			}
			return false, fmt.Errorf("looking for another of the same part of the bucket: %w", err)
		}
	}
	return other.Status.Prefix == prefixOf(i) || other.Status.Prefix == "" && other.Spec.Storage.Prefix == "", nil
}

// shared has one that has its part of the bucket together with another say so.
func (r *Reconciler) shared(ctx context.Context, i *cloud.Instance, s *stop) error {
	if s.reason == "" || i.Status.Prefix == "" || r.Cloud.Place == "" {
		return nil
	}
	others, err := r.rivals(ctx, i)
	if err != nil {
		return err
	}
	for _, o := range others {
		if o.Status.Prefix == i.Status.Prefix {
			s.reason, s.text = "PrefixShared", fmt.Sprintf("Its part of the bucket, %s, is also that of the instance %s, and each spoils what the other writes: restore one of them into a new instance and delete it here. "+
				"What is there is not erased before both are gone. %s", i.Status.Prefix, o.Name, s.text)
			return nil
		}
	}
	r.sharedAbroad(ctx, i, s)
	return nil
}
