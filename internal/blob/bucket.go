package blob

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/takodeploy/tako/internal/fault"
)

// partSize is how much of an upload is held in memory at a time. The library's
// own choice for a stream of unknown length is half a gigabyte.
const partSize = 8 << 20

// smallSize is up to where a blob goes in one request.
const smallSize = 4 << 20

// Bucket is a Store in a bucket of an S3-compatible service.
type Bucket struct {
	client *minio.Client
	bucket string
	prefix string // empty or ending in a slash
}

// openBucket opens the store and sees that the bucket is there, so that a
// wrong setting shows at the start and not at the first upload.
func openBucket(ctx context.Context, bucket, prefix string, o Options) (*Bucket, error) {
	endpoint, secure := "s3.amazonaws.com", true
	if o.Endpoint != "" {
		u, err := url.Parse(o.Endpoint)
		if err != nil || u.Host == "" {
			return nil, fault.New(fault.Invalid, "The address %q of the storage service is not a URL.", o.Endpoint)
		}
		endpoint, secure = u.Host, u.Scheme == "https"
	}
	keys := credentials.NewChainCredentials([]credentials.Provider{
		&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{Client: http.DefaultClient},
	})
	if o.AccessKey != "" {
		keys = credentials.NewStaticV4(o.AccessKey, o.SecretKey, "")
	}
	client, err := minio.New(endpoint, &minio.Options{Creds: keys, Secure: secure, Region: o.Region})
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The settings for the bucket %s cannot be used", bucket)
	}
	if prefix != "" {
		prefix += "/"
	}
	b := &Bucket{client: client, bucket: bucket, prefix: prefix}
	exists, err := client.BucketExists(ctx, bucket)
	switch {
	case err != nil && minio.ToErrorResponse(err).Code == "AccessDenied":
		// Some keys may use the objects without seeing the bucket.
	case err != nil:
		return nil, fmt.Errorf("looking for the bucket %s: %w", bucket, err)
	case !exists:
		return nil, fault.New(fault.Invalid, "There is no bucket %s: create it, or name another in blob-store.", bucket)
	}
	return b, nil
}

// Put implements Store. The service makes an object visible when it is whole,
// and the library gives up an upload in parts that fails.
func (b *Bucket) Put(ctx context.Context, name string, r io.Reader, size int64) (Written, error) {
	if err := check(name); err != nil {
		return Written{}, err
	}
	src := newSource(ctx, r, size)
	err := b.upload(ctx, b.prefix+name, src)
	if src.err != nil {
		return Written{}, src.err
	}
	if err != nil {
		return Written{}, storing(err, name)
	}
	return src.written(), nil
}

// upload sends all of src.
//
// Invariant: an upload is completed only after its source has ended well. What
// is small is read to its end first. What is not goes as a stream of parts
// whose length is not announced, for the library would complete an announced
// one as soon as that many bytes came, although more, or an error, follow.
func (b *Bucket) upload(ctx context.Context, key string, src *source) error {
	options := uploading()
	var head bytes.Buffer
	n, err := io.CopyN(&head, src, smallSize)
	if err == io.EOF {
		_, err = b.client.PutObject(ctx, b.bucket, key, &head, n, options)
		return err
	}
	if err != nil {
		return err
	}
	_, err = b.client.PutObject(ctx, b.bucket, key, io.MultiReader(&head, src), -1, options)
	return err
}

func uploading() minio.PutObjectOptions {
	return minio.PutObjectOptions{
		PartSize: partSize, NumThreads: 1, ContentType: "application/octet-stream",
		// A sum over each request instead of a signature on each chunk, which
		// not every service understands.
		SendContentMd5: true, DisableContentSha256: true,
	}
}

// create has the service decide who is first. One that does not know how says so,
// or takes whoever comes last: a caller who reads again what is there finds that.
func (b *Bucket) create(ctx context.Context, name string, data []byte) error {
	options := uploading()
	options.SetMatchETagExcept("*")
	_, err := b.client.PutObject(ctx, b.bucket, b.prefix+name, bytes.NewReader(data), int64(len(data)), options)
	switch minio.ToErrorResponse(err).Code {
	case minio.PreconditionFailed, "ConditionalRequestConflict":
		return taken(name)
	case minio.NotImplemented:
		_, err = b.client.PutObject(ctx, b.bucket, b.prefix+name, bytes.NewReader(data), int64(len(data)), uploading())
	}
	if err != nil {
		return storing(err, name)
	}
	return nil
}

// bucketReader is an object that knows which blob it is.
type bucketReader struct {
	*minio.Object
	info Info
}

func (r bucketReader) Info() Info { return r.info }

// Open implements Store.
func (b *Bucket) Open(ctx context.Context, name string) (Reader, error) {
	if err := check(name); err != nil {
		return nil, err
	}
	object, err := b.client.GetObject(ctx, b.bucket, b.prefix+name, minio.GetObjectOptions{})
	if err != nil {
		return nil, reading(err, name)
	}
	st, err := object.Stat()
	if err != nil {
		_ = object.Close()
		return nil, reading(err, name)
	}
	return bucketReader{object, Info{name, st.Size, st.LastModified}}, nil
}

// Stat implements Store.
func (b *Bucket) Stat(ctx context.Context, name string) (Info, error) {
	if err := check(name); err != nil {
		return Info{}, err
	}
	st, err := b.client.StatObject(ctx, b.bucket, b.prefix+name, minio.StatObjectOptions{})
	if err != nil {
		return Info{}, reading(err, name)
	}
	return Info{name, st.Size, st.LastModified}, nil
}

func reading(err error, name string) error {
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return missing(name)
	}
	return fmt.Errorf("opening the stored file %s: %w", name, err)
}

// Delete implements Store.
func (b *Bucket) Delete(ctx context.Context, name string) error {
	if err := check(name); err != nil {
		return err
	}
	err := b.client.RemoveObject(ctx, b.bucket, b.prefix+name, minio.RemoveObjectOptions{})
	if err != nil && minio.ToErrorResponse(err).Code != minio.NoSuchKey {
		return fmt.Errorf("deleting the stored file %s: %w", name, err)
	}
	return nil
}

// List implements Store.
func (b *Bucket) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop() // ends the library's goroutine when the caller has enough
		for o := range b.client.ListObjects(ctx, b.bucket, minio.ListObjectsOptions{Prefix: b.prefix + prefix, Recursive: true}) {
			if o.Err != nil {
				yield(Info{}, fmt.Errorf("listing stored files: %w", o.Err))
				return
			}
			name := strings.TrimPrefix(o.Key, b.prefix)
			if check(name) != nil {
				continue // somebody else's object
			}
			if !yield(Info{name, o.Size, o.LastModified}, nil) {
				return
			}
		}
		if ctx.Err() != nil {
			yield(Info{}, fmt.Errorf("listing stored files: %w", context.Cause(ctx)))
		}
	}
}
