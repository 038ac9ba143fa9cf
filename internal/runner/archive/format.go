package archive

import (
	"bytes"
	"compress/bzip2"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// An item is one entry of an archive in a form that all formats share.
type item struct {
	name string      // as the archive spells it, for messages
	path string      // clean, relative, with slashes; "" for the root itself
	mode fs.FileMode // type and permission bits
	size int64       // declared
	time time.Time
	link string    // what a link points to
	hard bool      // the link is a hard one and link is a path in the archive
	body io.Reader // of a regular file, valid until the next item
}

// A source gives an archive's items in order.
type source interface {
	// each calls visit for every item until one fails.
	each(visit func(*item) error) error
	// declared is what the archive says it unpacks to; known is false when it
	// does not say so in one place.
	declared() (bytes int64, entries int, known bool)
	// limit caps what the decompressor may put out, entries or not.
	limit(bytes int64)
	// size is the archive's own.
	size() int64
	io.Closer
}

// open recognises an archive by its first bytes, whatever its name says.
func open(file string) (source, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	src, err := sniff(f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return src, nil
}

func sniff(f *os.File) (source, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, refuse("", "it is not a file")
	}
	head := make([]byte, 512)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	head = head[:n]
	lower := strings.ToLower(filepath.Base(f.Name()))
	t := &tarSource{file: f, length: info.Size()}
	switch {
	case hasPrefix(head, "PK\x03\x04"), hasPrefix(head, "PK\x05\x06"), hasPrefix(head, "PK\x07\x08"):
		return newZip(f, info.Size(), strings.HasSuffix(lower, ".nupkg"))
	case hasPrefix(head, "\x1f\x8b"):
		t.inflate = func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }
	case hasPrefix(head, "BZh"):
		t.inflate = func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }
	case hasPrefix(head, "\x28\xb5\x2f\xfd"):
		t.inflate = inflateZstd
	case len(head) == 512 && looksLikeTar(head):
	default:
		return nil, refuse("", "it is not a zip or tar archive")
	}
	return t, nil
}

// inflateZstd reads on the calling goroutine, so that nothing is left running
// when an extraction stops half way, and refuses absurd window sizes.
func inflateZstd(r io.Reader) (io.Reader, error) {
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
}

func hasPrefix(head []byte, magic string) bool { return bytes.HasPrefix(head, []byte(magic)) }

// looksLikeTar checks the header's checksum: old tar files have no magic word.
func looksLikeTar(head []byte) bool {
	if bytes.Equal(head, make([]byte, 512)) {
		return true // the end mark alone: an empty archive
	}
	var want, sum int64
	for _, c := range bytes.Trim(head[148:156], " \x00") {
		if c < '0' || c > '7' {
			return false
		}
		want = want*8 + int64(c-'0')
	}
	for i, c := range head {
		if i >= 148 && i < 156 {
			c = ' '
		}
		sum += int64(c)
	}
	return sum == want
}
