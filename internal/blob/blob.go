// Package blob keeps large immutable things: packages, artifacts, closed parts
// of logs. A blob is written whole or not at all, has a name like a path, and
// lies in a folder or in an S3-compatible bucket; callers cannot tell which.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"iter"
	"strings"
	"syscall"
	"time"

	"github.com/takodeploy/tako/internal/fault"
)

// Store keeps blobs. It is safe for concurrent use, by several servers too.
// Names are parts with slashes between; the whole name of one blob must not be
// the folder of another.
type Store interface {
	// Put writes a blob, in place of an earlier one of that name. Size is how
	// many bytes r will give, or negative when that is not known. When it
	// returns nil the blob outlives a crash; when it returns an error, or the
	// process dies, whatever had the name before is still there.
	Put(ctx context.Context, name string, r io.Reader, size int64) (Written, error)
	// Open opens a blob for reading anywhere in it; NotFound if it is missing.
	Open(ctx context.Context, name string) (Reader, error)
	// Stat tells of a blob; NotFound if it is missing.
	Stat(ctx context.Context, name string) (Info, error)
	// Delete removes a blob; one that is missing is removed already.
	Delete(ctx context.Context, name string) error
	// List gives the blobs whose names begin with prefix, in no certain order.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]
}

// Reader reads one blob. It is for one goroutine, except for ReadAt.
type Reader interface {
	io.ReadSeekCloser
	io.ReaderAt
	Info() Info
}

// Info is what a store knows of a blob.
type Info struct {
	Name     string
	Size     int64
	Modified time.Time
}

// Written is what Put saw pass.
type Written struct {
	Size   int64
	SHA256 string // in lower-case hexadecimal
}

// Options says which store to open.
type Options struct {
	Store     string // a folder, or s3://bucket/prefix
	Endpoint  string // address of the S3 service; Amazon's when empty
	Region    string
	AccessKey string // the machine's own role when empty
	SecretKey string
}

// Open opens the store that the options name.
func Open(ctx context.Context, o Options) (Store, error) {
	rest, isS3 := strings.CutPrefix(o.Store, "s3://")
	if !isS3 {
		return OpenFolder(o.Store)
	}
	bucket, prefix, _ := strings.Cut(rest, "/")
	return openBucket(ctx, bucket, strings.Trim(prefix, "/"), o)
}

// check refuses names that a store could not keep apart or keep in.
func check(name string) error {
	bad := func(why string) error {
		return fault.New(fault.Invalid, "%q is no name for a blob: %s.", name, why)
	}
	if !fs.ValidPath(name) || name == "." {
		return bad("names are parts with slashes between, without empty parts, . or ..")
	}
	if len(name) > 900 {
		return bad("it is longer than 900 bytes")
	}
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") {
			return bad("a part begins with a dot")
		}
		if len(part) > 250 {
			return bad("a part is longer than 250 bytes")
		}
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == '\\' || r == 0x7f }) {
		return bad("it has control characters or backslashes")
	}
	return nil
}

// source passes a reader's bytes on while it counts and hashes them, and turns
// an early end into an error.
type source struct {
	ctx  context.Context
	from io.Reader
	want int64
	n    int64
	hash hash.Hash
	err  error // why reading stopped, other than by the end
}

func newSource(ctx context.Context, r io.Reader, size int64) *source {
	return &source{ctx: ctx, from: r, want: size, hash: sha256.New()}
}

func (s *source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, s.stop(context.Cause(s.ctx))
	}
	n, err := s.from.Read(p)
	s.hash.Write(p[:n])
	s.n += int64(n)
	switch {
	case s.want >= 0 && s.n > s.want:
		return 0, s.stop(fault.New(fault.Invalid, "More bytes came than the %d that were announced.", s.want))
	case err == io.EOF && s.want >= 0 && s.n < s.want:
		return n, s.stop(fault.Wrap(fault.Invalid, io.ErrUnexpectedEOF, "Only %d of %d announced bytes came", s.n, s.want))
	case err != nil && err != io.EOF:
		return n, s.stop(fmt.Errorf("reading what is to be stored: %w", err))
	}
	return n, err
}

func (s *source) stop(err error) error {
	s.err = err
	return err
}

func (s *source) written() Written {
	return Written{Size: s.n, SHA256: hex.EncodeToString(s.hash.Sum(nil))}
}

func missing(name string) error {
	return fault.New(fault.NotFound, "There is no stored file %s.", name)
}

// Full reports whether an error is that of a disk without room.
func Full(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// storing words an error of writing; a full disk is said as such.
func storing(err error, name string) error {
	if Full(err) {
		return fault.Wrap(fault.Unavailable, err, "There is no space left to store %s", name)
	}
	return fmt.Errorf("storing %s: %w", name, err)
}

// Create writes a small blob under a name that nobody has: of several who try,
// one succeeds, and the others are told Conflict. A crash may leave it empty.
func Create(ctx context.Context, s Store, name string, data []byte) error {
	if err := check(name); err != nil {
		return err
	}
	c, ok := s.(interface {
		create(ctx context.Context, name string, data []byte) error
	})
	if !ok {
		return fmt.Errorf("a %T cannot say who was first", s)
	}
	return c.create(ctx, name, data)
}

func taken(name string) error {
	return fault.New(fault.Conflict, "There is a stored file %s already.", name)
}

// Local reports whether a store keeps its blobs on this machine, where it
// costs nothing to read them again.
func Local(s Store) bool {
	l, ok := s.(interface{ Local() bool })
	return ok && l.Local()
}
