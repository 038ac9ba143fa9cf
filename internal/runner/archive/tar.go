package archive

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
)

// tarSource reads a tar from front to back, through a decompressor if need be.
type tarSource struct {
	file    *os.File
	length  int64
	inflate func(io.Reader) (io.Reader, error)
	most    int64
}

func (t *tarSource) size() int64                  { return t.length }
func (t *tarSource) limit(bytes int64)            { t.most = bytes }
func (t *tarSource) declared() (int64, int, bool) { return 0, 0, false }
func (t *tarSource) Close() error                 { return t.file.Close() }

func (t *tarSource) each(visit func(*item) error) error {
	if _, err := t.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	var stream io.Reader = t.file
	if t.inflate != nil {
		inflated, err := t.inflate(t.file)
		if err != nil {
			return damaged("", err)
		}
		if c, ok := inflated.(interface{ Close() }); ok { // zstd keeps buffers
			defer c.Close()
		}
		stream = &capped{r: inflated, left: t.streamLimit()}
	}
	reader := tar.NewReader(stream)
	for {
		h, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return damaged("", err)
		}
		it, err := tarItem(h, reader)
		if err != nil {
			return err
		}
		if it == nil {
			continue
		}
		if err := visit(it); err != nil {
			return err
		}
	}
	if t.inflate == nil {
		return nil
	}
	// What follows the end mark carries the checksum of the whole.
	if _, err := io.Copy(io.Discard, stream); err != nil {
		return damaged("", err)
	}
	return nil
}

// streamLimit leaves room for headers and padding beside the content.
func (t *tarSource) streamLimit() int64 {
	if t.most <= 0 || t.most > math.MaxInt64/4 {
		return math.MaxInt64
	}
	return 2*t.most + 64<<20
}

func tarItem(h *tar.Header, body io.Reader) (*item, error) {
	if h.Typeflag == tar.TypeXGlobalHeader {
		return nil, nil
	}
	p, err := cleanPath(h.Name, false)
	if err != nil {
		return nil, err
	}
	it := &item{name: h.Name, path: p, mode: fs.FileMode(h.Mode).Perm(), size: h.Size, time: h.ModTime}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse, '\x00', tar.TypeCont:
		it.body = body
	case tar.TypeDir:
		it.mode |= fs.ModeDir
	case tar.TypeSymlink:
		it.mode |= fs.ModeSymlink
		it.link = h.Linkname
	case tar.TypeLink:
		it.hard = true
		if it.link, err = cleanPath(h.Linkname, false); err != nil {
			return nil, refuse(h.Name, "is a link to %q, outside the folder", h.Linkname)
		}
	default:
		return nil, refuse(h.Name, "is neither file, folder nor link (type %q)", h.Typeflag)
	}
	return it, nil
}

// capped is a reader that fails, rather than ends, past its limit.
type capped struct {
	r    io.Reader
	left int64
}

func (c *capped) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if c.left -= int64(n); c.left < 0 {
		return 0, refuse("", "it unpacks to far more than its entries hold")
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return n, fmt.Errorf("decompress: %w", err)
	}
	return n, err
}
