package feed

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/s3utils"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/version"
)

// bucket is packages in S3. An id is bucket/folder/Name, and the object is
// folder/Name.Version.extension.
type bucket struct {
	*remote
	client *minio.Client
}

func newBucket(ctx context.Context, r *remote) (*bucket, error) {
	key, err := r.amazonKey(ctx)
	if err != nil {
		return nil, err
	}
	login := credentials.NewStaticV4(key.AccessKeyID, key.SecretAccessKey, key.SessionToken)
	host, secure := "s3.amazonaws.com", true
	if r.feeds.S3 != "" {
		host, secure = strings.CutPrefix(r.feeds.S3, "https://")
		host = strings.TrimPrefix(host, "http://")
	}
	client, err := minio.New(host, &minio.Options{Creds: login, Secure: secure, Region: r.feed.Region})
	if err != nil {
		return nil, r.say(fault.Invalid, "cannot be reached: %s.", err)
	}
	return &bucket{r, client}, nil
}

func (f *bucket) Format() version.Format { return version.SemVer }

// told words an error of the service.
func (f *bucket) told(err error) error {
	if err == nil {
		return nil
	}
	switch answer := minio.ToErrorResponse(err); {
	case answer.Code == minio.NoSuchBucket || answer.Code == minio.NoSuchKey:
		return f.say(fault.NotFound, "has no such bucket or object.")
	case answer.StatusCode == 401 || answer.StatusCode == 403:
		return f.say(fault.Invalid, "refuses the login: %s.", answer.Message)
	}
	return f.say(fault.Unavailable, "cannot answer now: %s.", err)
}

// each calls visit for each package whose id begins with a text.
func (f *bucket) each(ctx context.Context, beginning string, visit func(id string, p version.PackageFile, object minio.ObjectInfo)) error {
	name, prefix, _ := strings.Cut(beginning, "/")
	if s3utils.CheckValidBucketName(name) != nil {
		return nil
	}
	ctx, stop := context.WithTimeout(ctx, lookTimeout)
	defer stop() // ends the library's goroutine
	for object := range f.client.ListObjects(ctx, name, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
		if object.Err != nil {
			return absent(f.told(object.Err))
		}
		p, err := version.ParsePackageFile(object.Key)
		if err != nil {
			continue
		}
		folder := object.Key[:strings.LastIndexByte(object.Key, '/')+1]
		visit(name+"/"+folder+p.ID, p, object)
	}
	return nil
}

func (f *bucket) Search(ctx context.Context, term string, skip, take int) ([]Package, int, error) {
	var all []Package
	if !strings.Contains(term, "/") {
		buckets, err := f.client.ListBuckets(ctx)
		if err != nil {
			return nil, 0, f.told(err)
		}
		for _, b := range buckets {
			if strings.Contains(b.Name, term) {
				all = append(all, Package{ID: b.Name})
			}
		}
	}
	seen := map[string]bool{}
	if strings.Contains(term, "/") {
		err := f.each(ctx, term, func(id string, _ version.PackageFile, _ minio.ObjectInfo) {
			if !seen[id] {
				seen[id] = true
				all = append(all, Package{ID: id})
			}
		})
		if err != nil {
			return nil, 0, err
		}
	}
	all, total := page(all, skip, take)
	return all, total, nil
}

func (f *bucket) Versions(ctx context.Context, id string) (all []Package, err error) {
	err = f.each(ctx, id+".", func(found string, p version.PackageFile, o minio.ObjectInfo) {
		if found == id {
			all = append(all, Package{ID: id, Version: p.Version, Extension: p.Extension, Size: o.Size, Published: o.LastModified})
		}
	})
	return highest(version.SemVer, all), err
}

func (f *bucket) Open(ctx context.Context, id, text string) (runner.Package, Opener, error) {
	return f.download(ctx, id, text, func(ctx context.Context) (io.ReadCloser, int64, string, error) {
		var key, extension string
		var size int64
		err := f.each(ctx, id+".", func(found string, p version.PackageFile, o minio.ObjectInfo) {
			if found == id && normalNuGet(p.Version) == normalNuGet(text) {
				key, extension, size = o.Key, p.Extension, o.Size
			}
		})
		if err == nil && key == "" {
			err = f.say(fault.NotFound, "has no version %s of %s.", text, id)
		}
		if err != nil {
			return nil, 0, "", err
		}
		name, _, _ := strings.Cut(id, "/")
		object, err := f.client.GetObject(ctx, name, key, minio.GetObjectOptions{})
		if err != nil {
			return nil, 0, "", fmt.Errorf("opening %s: %w", key, f.told(err))
		}
		return object, size, extension, nil
	})
}
