package archive

import (
	"archive/zip"
	"bufio"
	"compress/bzip2"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/charmap"
)

// zipSource reads a zip by its central directory.
type zipSource struct {
	file   *os.File
	length int64
	reader *zip.Reader
	nuget  bool
	most   int64

	// Entries are read one after the other and share what inflates them.
	buffer   *bufio.Reader
	inflater io.ReadCloser
}

// The compression methods of the zip format beyond those that Go knows.
const (
	methodBzip2 = 12
	methodZstd  = 93
)

func newZip(f *os.File, size int64, nuget bool) (*zipSource, error) {
	r, err := zip.NewReader(f, size)
	if err != nil {
		return nil, damaged("", err)
	}
	z := &zipSource{file: f, length: size, reader: r, nuget: nuget}
	r.RegisterDecompressor(zip.Deflate, z.inflate)
	r.RegisterDecompressor(methodBzip2, func(r io.Reader) io.ReadCloser {
		return io.NopCloser(bzip2.NewReader(r))
	})
	r.RegisterDecompressor(methodZstd, zstd.ZipDecompressor(zstd.WithDecoderConcurrency(1)))
	return z, nil
}

// inflate gives the one inflater, set to another entry.
func (z *zipSource) inflate(r io.Reader) io.ReadCloser {
	if z.inflater == nil {
		z.buffer = bufio.NewReaderSize(r, 64<<10)
		z.inflater = flate.NewReader(z.buffer)
		return io.NopCloser(z.inflater)
	}
	z.buffer.Reset(r)
	// Without a dictionary a reset cannot fail.
	_ = z.inflater.(flate.Resetter).Reset(z.buffer, nil)
	return io.NopCloser(z.inflater)
}

func (z *zipSource) size() int64       { return z.length }
func (z *zipSource) limit(bytes int64) { z.most = bytes }
func (z *zipSource) Close() error      { return z.file.Close() }

func (z *zipSource) declared() (int64, int, bool) {
	var total uint64
	for _, f := range z.reader.File {
		if total += f.UncompressedSize64; total > 1<<62 || f.UncompressedSize64 > 1<<62 {
			return 1 << 62, len(z.reader.File), true
		}
	}
	return int64(total), len(z.reader.File), true
}

// shape checks the directory without reading any content: that every entry's
// data lies in the file and that no two share theirs, which is how a small zip
// is made to unpack to petabytes.
func (z *zipSource) shape() error {
	var packed uint64
	for _, f := range z.reader.File {
		at, err := f.DataOffset()
		if err != nil {
			return damaged(f.Name, err)
		}
		if at+int64(f.CompressedSize64) > z.length || int64(f.CompressedSize64) < 0 {
			return refuse(f.Name, "is damaged or incomplete (its data ends beyond the file)")
		}
		if packed += f.CompressedSize64; packed > uint64(z.length) {
			return refuse(f.Name, "shares its data with other entries")
		}
	}
	return nil
}

func (z *zipSource) each(visit func(*item) error) error { return z.walk(true, visit) }

// walk visits every entry; without content, only the text of links is read.
func (z *zipSource) walk(content bool, visit func(*item) error) error {
	if err := z.shape(); err != nil {
		return err
	}
	for _, f := range z.reader.File {
		it, err := z.item(f)
		if err != nil {
			return err
		}
		switch {
		case it == nil:
		case it.mode.IsDir(), !content && it.mode.IsRegular():
			err = visit(it)
		default:
			err = z.visit(f, it, visit)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// item describes an entry; nil when it is not content.
func (z *zipSource) item(f *zip.File) (*item, error) {
	name := f.Name
	if f.NonUTF8 && !utf8.ValidString(name) {
		// The format's original code page; decoding it cannot fail.
		name, _ = charmap.CodePage437.NewDecoder().String(name)
	}
	if f.Flags&1 != 0 {
		return nil, refuse(name, "is encrypted")
	}
	stored := name
	if z.nuget {
		var metadata bool
		if name, metadata = nugetPath(name); metadata {
			return nil, nil
		}
	}
	p, err := cleanPath(name, true)
	if err != nil {
		return nil, err
	}
	mode := f.Mode()
	if strings.HasSuffix(name, "/") || strings.HasSuffix(name, `\`) {
		mode = fs.ModeDir | mode.Perm()
	}
	// Archives from systems without modes leave them zero.
	if mode.Perm() == 0 {
		mode |= 0o644
		if mode.IsDir() {
			mode |= 0o755
		}
	}
	return &item{name: stored, path: p, mode: mode, size: int64(f.UncompressedSize64), time: f.Modified}, nil
}

// visit opens an entry's content for the time of the call.
func (z *zipSource) visit(f *zip.File, it *item, visit func(*item) error) error {
	body, err := f.Open()
	if err != nil {
		return damaged(it.name, err)
	}
	defer body.Close()
	if it.mode&fs.ModeSymlink != 0 {
		target, err := io.ReadAll(io.LimitReader(body, 1<<14))
		if err != nil {
			return damaged(it.name, err)
		}
		it.link = string(target)
		return visit(it)
	}
	it.body = body
	return visit(it)
}
