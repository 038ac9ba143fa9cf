package feed

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/runner"
)

// cacheFolder holds what was downloaded from feeds elsewhere.
const cacheFolder = "feedcache/"

// cached is what is kept of a download beside the file.
type cached struct {
	Blob, Hash, Extension string
	Size                  int64
}

// download gives a file of a feed elsewhere. Its hash has to be known before it
// is sent anywhere, so it is kept here; a second time it is not fetched again.
func (r *remote) download(ctx context.Context, id, version string, fetch func(context.Context) (body io.ReadCloser, size int64, extension string, err error)) (runner.Package, Opener, error) {
	sum := sha256.Sum256([]byte(strings.Join([]string{r.feed.SpaceID, r.feed.ID, r.feed.FeedURI, strings.ToLower(id), version}, "\x00")))
	name := cacheFolder + hex.EncodeToString(sum[:])
	kept, err := r.kept(ctx, name+".json")
	if err != nil {
		return runner.Package{}, nil, err
	}
	if kept == nil {
		if kept, err = r.keep(ctx, name, fetch); err != nil {
			return runner.Package{}, nil, err
		}
	}
	file := runner.Package{ID: id, Version: version, Hash: kept.Hash, Extension: kept.Extension, Size: kept.Size}
	return file, func() (io.ReadCloser, error) { return r.feeds.Blobs.Open(ctx, kept.Blob) }, nil
}

// kept reads what is known of an earlier download; nil when there is none.
func (r *remote) kept(ctx context.Context, name string) (*cached, error) {
	note, err := r.feeds.Blobs.Open(ctx, name)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer note.Close()
	var c cached
	if err := json.NewDecoder(note).Decode(&c); err != nil {
		return nil, nil //nolint:nilerr // what cannot be read is fetched again
	}
	if info, err := r.feeds.Blobs.Stat(ctx, c.Blob); err != nil || info.Size != c.Size {
		return nil, absent(err)
	}
	return &c, nil
}

// heard is a body that is listened to: each read that brings something puts off
// the moment at which the download is given up.
type heard struct {
	io.Reader
	silence *time.Timer
	lasts   time.Duration
}

func (h heard) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	if n > 0 {
		h.silence.Reset(h.lasts)
	}
	return n, err
}

func (r *remote) keep(ctx context.Context, name string, fetch func(context.Context) (io.ReadCloser, int64, string, error)) (*cached, error) {
	lasts := cmp.Or(r.feeds.Silence, lookTimeout)
	bringing, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	silent := r.say(fault.Unavailable, "has sent nothing for %s, so the download was given up.", lasts)
	silence := time.AfterFunc(lasts, func() { stop(silent) })
	defer silence.Stop()
	body, size, extension, err := fetch(bringing)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	c := &cached{Blob: name + extension, Extension: extension}
	written, err := r.feeds.Blobs.Put(ctx, c.Blob, heard{body, silence, lasts}, size)
	switch {
	case err != nil && context.Cause(bringing) == silent:
		return nil, silent
	case err != nil:
		return nil, fmt.Errorf("downloading from the feed '%s': %w", r.feed.Name, err)
	}
	c.Hash, c.Size = written.SHA256, written.Size
	note, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	_, err = r.feeds.Blobs.Put(ctx, name+".json", bytes.NewReader(note), int64(len(note)))
	return c, err
}
