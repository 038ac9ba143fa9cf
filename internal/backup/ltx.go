package backup

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/benbjohnson/litestream"
	"github.com/superfly/ltx"

	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/fault"
)

// copies keeps the pieces of one database's history as blobs, for litestream.
// A name tells all of a piece, so that a listing needs no look into any:
//
//	database/GENERATION/LEVEL/MIN-MAX-TIME
type copies struct {
	blobs  blob.Store
	prefix string // of the generation, with a slash at its end
}

func (c *copies) folder(level int) string { return fmt.Sprintf("%s%d/", c.prefix, level) }

func (c *copies) name(f *ltx.FileInfo) string {
	return fmt.Sprintf("%s%s-%s-%013d", c.folder(f.Level), f.MinTXID, f.MaxTXID, f.CreatedAt.UnixMilli())
}

// Type implements litestream.ReplicaClient.
func (c *copies) Type() string { return "tako" }

// Init implements litestream.ReplicaClient.
func (c *copies) Init(context.Context) error { return nil }

// SetLogger implements litestream.ReplicaClient; errors are returned here.
func (c *copies) SetLogger(*slog.Logger) {}

// LTXFiles implements litestream.ReplicaClient.
func (c *copies) LTXFiles(ctx context.Context, level int, seek ltx.TXID, _ bool) (ltx.FileIterator, error) {
	files, err := c.list(ctx, level)
	if err != nil {
		return nil, err
	}
	from := files[:0]
	for _, f := range files {
		if f.MinTXID >= seek {
			from = append(from, f)
		}
	}
	return ltx.NewFileInfoSliceIterator(from), nil
}

func (c *copies) list(ctx context.Context, level int) ([]*ltx.FileInfo, error) {
	var files []*ltx.FileInfo
	for info, err := range c.blobs.List(ctx, c.folder(level)) {
		if err != nil {
			return nil, err
		}
		f, ok := parsePiece(strings.TrimPrefix(info.Name, c.folder(level)))
		if !ok {
			continue
		}
		f.Level, f.Size = level, info.Size
		files = append(files, f)
	}
	return files, nil
}

// parsePiece reads what the last part of a piece's name tells.
func parsePiece(name string) (*ltx.FileInfo, bool) {
	parts := strings.Split(name, "-")
	if len(parts) != 3 {
		return nil, false
	}
	low, err1 := ltx.ParseTXID(parts[0])
	high, err2 := ltx.ParseTXID(parts[1])
	at, err3 := strconv.ParseInt(parts[2], 10, 64)
	if err1 != nil || err2 != nil || err3 != nil {
		return nil, false
	}
	return &ltx.FileInfo{MinTXID: low, MaxTXID: high, CreatedAt: time.UnixMilli(at).UTC()}, true
}

// find looks for a piece whose time is not known.
func (c *copies) find(ctx context.Context, level int, low, high ltx.TXID) (string, error) {
	start := fmt.Sprintf("%s%s-%s-", c.folder(level), low, high)
	found := ""
	for info, err := range c.blobs.List(ctx, start) {
		if err != nil {
			return "", err
		}
		found = max(found, info.Name)
	}
	if found == "" {
		return "", os.ErrNotExist
	}
	return found, nil
}

// OpenLTXFile implements litestream.ReplicaClient.
func (c *copies) OpenLTXFile(ctx context.Context, level int, low, high ltx.TXID, offset, size int64) (io.ReadCloser, error) {
	name, err := c.find(ctx, level, low, high)
	if err != nil {
		return nil, err
	}
	r, err := c.blobs.Open(ctx, name)
	if fault.Is(err, fault.NotFound) {
		return nil, os.ErrNotExist
	}
	if err != nil {
		return nil, err
	}
	if _, err := r.Seek(offset, io.SeekStart); err != nil {
		r.Close()
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if size > 0 {
		return limited{io.LimitReader(r, size), r}, nil
	}
	return r, nil
}

type limited struct {
	io.Reader
	io.Closer
}

// WriteLTXFile implements litestream.ReplicaClient.
func (c *copies) WriteLTXFile(ctx context.Context, level int, low, high ltx.TXID, r io.Reader) (*ltx.FileInfo, error) {
	head, r, err := ltx.PeekHeader(r)
	if err != nil {
		return nil, fmt.Errorf("reading the time of a piece of the database: %w", err)
	}
	f := &ltx.FileInfo{Level: level, MinTXID: low, MaxTXID: high, CreatedAt: time.UnixMilli(head.Timestamp).UTC()}
	written, err := c.blobs.Put(ctx, c.name(f), r, -1)
	f.Size = written.Size
	return f, err
}

// DeleteLTXFiles implements litestream.ReplicaClient.
func (c *copies) DeleteLTXFiles(ctx context.Context, files []*ltx.FileInfo) error {
	for _, f := range files {
		name, err := c.find(ctx, f.Level, f.MinTXID, f.MaxTXID)
		if err == os.ErrNotExist {
			continue
		}
		if err != nil {
			return err
		}
		if err := c.blobs.Delete(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// DeleteAll implements litestream.ReplicaClient.
func (c *copies) DeleteAll(ctx context.Context) error { return deleteAll(ctx, c.blobs, c.prefix) }

func deleteAll(ctx context.Context, blobs blob.Store, prefix string) error {
	for info, err := range blobs.List(ctx, prefix) {
		if err != nil {
			return err
		}
		if err := blobs.Delete(ctx, info.Name); err != nil {
			return err
		}
	}
	return nil
}

// newest is when the youngest piece of the history was written; zero when there
// is none.
func (c *copies) newest(ctx context.Context) (time.Time, error) {
	var last time.Time
	for level := 0; level <= litestream.SnapshotLevel; level++ {
		files, err := c.list(ctx, level)
		if err != nil {
			return last, err
		}
		for _, f := range files {
			if f.CreatedAt.After(last) {
				last = f.CreatedAt
			}
		}
	}
	return last, nil
}
