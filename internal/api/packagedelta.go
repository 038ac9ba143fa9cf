package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/feed"
	"github.com/takodeploy/tako/octodiff"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "GET", Pattern: "S/packages/{id}/{version}/delta-signature", Handle: a.deltaSignature, Summary: "What an upload of a difference needs", Answer: packageSignature{}},
		{Method: "POST", Pattern: "S/packages/{id}/{base}/delta", Handle: a.pushDelta, Query: []string{"fileName", "overwriteMode", "replace"}, Summary: "Upload a package as its difference to a version that is there", Answer: packageDocument{}},
	}
})

// packageSignature is the signature of the version that a difference is to be
// made to.
type packageSignature struct {
	Signature   []byte
	BaseVersion string
}

// deltaSignature signs the newest version there is. A client that learns that
// there is none sends the whole file.
func (a *API) deltaSignature(r *Request) (any, error) {
	if !r.Rights.Anywhere(access.BuiltInFeedPush, r.Space) {
		return nil, r.Need("BuiltInFeedPush", At{})
	}
	id := r.Param("id")
	if err := a.needPackage(r, "BuiltInFeedPush", id); err != nil {
		return nil, err
	}
	own := a.feeds().BuiltIn()
	newest, _, err := own.List(r.Context(), feed.Query{Space: r.Space, PackageID: id, Take: 1})
	if err != nil {
		return nil, err
	}
	if len(newest) == 0 {
		return nil, fault.New(fault.NotFound, "There is no version of the package '%s' that a difference could be made to; upload the whole file.", id)
	}
	file, err := own.Open(r.Context(), newest[0])
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var signature bytes.Buffer
	if err := octodiff.Sign(&signature, file, octodiff.ChunkFor(newest[0].SizeBytes)); err != nil {
		return nil, fmt.Errorf("signing %s %s: %w", newest[0].PackageID, newest[0].Version, err)
	}
	return packageSignature{signature.Bytes(), newest[0].Version}, nil
}

// copiedMost bounds how often a difference may repeat what is there: a few
// bytes could fill the disk otherwise.
const copiedMost = 16

// pushDelta makes the new package of the difference and of the version that it
// was made to, and takes it as if all of it had been sent.
func (a *API) pushDelta(r *Request) (any, error) {
	return a.push(r, func(name string, delta io.Reader, _ int64) (io.Reader, int64, func(), error) {
		own := a.feeds().BuiltIn()
		base, err := own.Get(r.Context(), r.Space, r.Param("id"), r.Param("base"))
		if err != nil {
			return nil, 0, nil, err
		}
		file, err := feed.ParseFileName(name)
		if err != nil {
			return nil, 0, nil, err
		}
		if !strings.EqualFold(file.ID, base.PackageID) {
			return nil, 0, nil, fault.New(fault.Invalid, "The difference is uploaded for the package '%s', but the file '%s' is of the package '%s'.", base.PackageID, name, file.ID)
		}
		at, done, err := baseFile(r.Context(), own, base)
		if err != nil {
			return nil, 0, nil, err
		}
		return &patched{octodiff.NewPatch(at, base.SizeBytes, delta, copiedMost*base.SizeBytes), base}, -1, done, nil
	})
}

// baseFile opens a package for reading here and there. A file that lies
// elsewhere is fetched first: a difference has thousands of parts.
func baseFile(ctx context.Context, own *feed.BuiltIn, p *catalog.BuiltInPackage) (at io.ReaderAt, done func(), err error) {
	stored, err := own.Open(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	if blob.Local(own.Blobs) {
		return stored, func() { stored.Close() }, nil
	}
	defer stored.Close()
	file, err := os.CreateTemp("", "base-*")
	if err != nil {
		return nil, nil, fmt.Errorf("making room for a package: %w", err)
	}
	done = func() {
		file.Close()
		os.Remove(file.Name())
	}
	if _, err := io.Copy(file, stored); err != nil {
		done()
		return nil, nil, fmt.Errorf("fetching %s %s: %w", p.PackageID, p.Version, err)
	}
	return file, done, nil
}

// patched says of a difference that is no good whose fault that is.
type patched struct {
	*octodiff.Patch
	base *catalog.BuiltInPackage
}

// Read implements io.Reader.
func (p *patched) Read(into []byte) (int, error) {
	n, err := p.Patch.Read(into)
	var format octodiff.FormatError
	if errors.Is(err, octodiff.ErrBase) || errors.As(err, &format) {
		err = fault.Wrap(fault.Invalid, err, "The upload is no difference to version %s of %s, or was damaged on its way; upload the whole file", p.base.Version, p.base.PackageID)
	}
	return n, err
}
