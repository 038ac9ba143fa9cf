package instance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/minio/minio-go/v7"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
)

// ownersFolder lies beside the parts of the bucket, where no instance can write: no
// part has a name that begins with a dot.
const ownersFolder = ".owners/"

// Owner is whose a part of the bucket is, as a mark in the bucket says. Instances of
// one cluster find each other there; of those of another only the mark tells.
type Owner struct {
	Cluster  string    // id of the cluster
	Instance string    // for people
	Since    time.Time // for people
}

// foreign gives the owner of an instance's part of the bucket when that is an
// instance of another cluster, and marks a part that is nobody's. A mark that was
// found to be this cluster's is not looked at again before the operator starts anew.
func (r *Reconciler) foreign(ctx context.Context, i *cloud.Instance) (*Owner, error) {
	prefix := prefixOf(i)
	if _, ok := r.marked.Load(prefix); ok {
		return nil, nil
	}
	o, err := r.Mark(ctx, prefix, Owner{Cluster: r.Cloud.Cluster, Instance: i.Name, Since: r.Now().UTC()}, i.Annotations[cloud.AnnotationTakePrefix])
	if err != nil {
		return nil, fmt.Errorf("looking whose its part of the bucket, %s, is: %w", prefix, err)
	}
	if o.Cluster != r.Cloud.Cluster {
		return &o, nil
	}
	r.marked.Store(prefix, true)
	return nil, nil
}

// abroad says what to do about a part of the bucket that is another cluster's.
func (o *Owner) abroad(prefix string) string {
	return fmt.Sprintf("Its part of the bucket, %s, is that of the instance %s of another cluster (%s, since %s). If that one is gone for good, take it over: annotate this one with %s=%s.",
		prefix, o.Instance, o.Cluster, o.Since.Format(time.DateOnly), cloud.AnnotationTakePrefix, o.Cluster)
}

// sharedAbroad has one that has its part of the bucket together with an instance of
// another cluster say so. That nobody can be asked is no reason to stand still.
func (r *Reconciler) sharedAbroad(ctx context.Context, i *cloud.Instance, s *stop) {
	o, err := r.foreign(ctx, i)
	if err != nil {
		slog.Warn("it cannot be known whether an instance of another cluster has the same part of the bucket", "instance", i.Name, "error", err)
		return
	}
	if o != nil {
		s.reason, s.text = "PrefixShared", o.abroad(i.Status.Prefix)+" Until then each spoils what the other writes. "+s.text
	}
}

// Mark marks a part of the bucket as an owner's, if it is nobody's or that of the
// cluster it is to be taken from, and gives whose it is then.
func (c Cloud) Mark(ctx context.Context, prefix string, o Owner, from string) (Owner, error) {
	client, bucket, root, err := c.bucket()
	if err != nil {
		return Owner{}, err
	}
	name := root + ownersFolder + prefix
	there, err := readOwner(ctx, client, bucket, name)
	if err != nil || there.Cluster != "" && there.Cluster != from {
		return there, err
	}
	text, err := json.Marshal(o)
	if err != nil {
		return Owner{}, fmt.Errorf("writing an owner down: %w", err)
	}
	options := minio.PutObjectOptions{ContentType: "application/json"}
	if there.Cluster == "" {
		options.SetMatchETagExcept("*")
	}
	_, err = client.PutObject(ctx, bucket, name, bytes.NewReader(text), int64(len(text)), options)
	if err != nil && minio.ToErrorResponse(err).StatusCode != 412 {
		return Owner{}, fmt.Errorf("marking %s: %w", name, err)
	}
	return readOwner(ctx, client, bucket, name) // another may have been quicker
}

// readOwner is nobody where there is no mark.
func readOwner(ctx context.Context, client *minio.Client, bucket, name string) (o Owner, err error) {
	object, err := client.GetObject(ctx, bucket, name, minio.GetObjectOptions{})
	if err == nil {
		defer object.Close()
		err = json.NewDecoder(object).Decode(&o)
	}
	switch {
	case err != nil && minio.ToErrorResponse(err).Code == minio.NoSuchKey:
		return Owner{}, nil
	case err != nil:
		return Owner{}, fmt.Errorf("reading %s: %w", name, err)
	case o.Cluster == "":
		return Owner{}, fmt.Errorf("reading %s: it names no cluster", name)
	}
	return o, nil
}
