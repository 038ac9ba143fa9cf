package instance

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Forget removes everything below an instance's prefix of the bucket, and last the
// mark that says whose that is.
func (c Cloud) Forget(ctx context.Context, prefix string) error {
	client, bucket, root, err := c.bucket()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the listing when a deletion fails
	for o := range client.ListObjects(ctx, bucket, minio.ListObjectsOptions{Prefix: root + prefix + "/", Recursive: true}) {
		if o.Err != nil {
			return fmt.Errorf("looking for what is there: %w", o.Err)
		}
		if err := client.RemoveObject(ctx, bucket, o.Key, minio.RemoveObjectOptions{}); err != nil {
			return fmt.Errorf("deleting %s: %w", o.Key, err)
		}
	}
	if err := client.RemoveObject(ctx, bucket, root+ownersFolder+prefix, minio.RemoveObjectOptions{}); err != nil {
		return fmt.Errorf("deleting its mark: %w", err)
	}
	return nil
}

// bucket opens the bucket, and gives the part of it that is the cloud's.
func (c Cloud) bucket() (client *minio.Client, bucket, root string, err error) {
	rest, ok := strings.CutPrefix(c.Place, "s3://")
	if !ok {
		return nil, "", "", fmt.Errorf("the bucket is %q: give s3://bucket/prefix", c.Place)
	}
	bucket, root, _ = strings.Cut(strings.Trim(rest, "/"), "/")
	if root != "" {
		root += "/"
	}
	at := &url.URL{Scheme: "https", Host: "s3.amazonaws.com"}
	if c.Endpoint != "" {
		if at, err = url.Parse(c.Endpoint); err != nil {
			return nil, "", "", fmt.Errorf("reading the bucket's endpoint: %w", err)
		}
	}
	keys := credentials.NewIAM("")
	if c.AccessKey != "" {
		keys = credentials.NewStaticV4(c.AccessKey, c.SecretKey, "")
	}
	client, err = minio.New(at.Host, &minio.Options{Creds: keys, Secure: at.Scheme == "https", Region: c.Region})
	if err != nil {
		return nil, "", "", fmt.Errorf("opening the bucket: %w", err)
	}
	return client, bucket, root, nil
}
