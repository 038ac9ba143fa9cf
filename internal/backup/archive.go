// Package backup copies what a server keeps, and brings it back: everything at
// once into an archive, or all the time into a folder or a bucket. Neither
// stops the server, and neither leaves half of anything behind.
package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

// An archive is a compressed tar. Its entries are, in this order: a manifest;
// the master key, if that was asked for; the rows of the database in pieces;
// every blob; and the totals, without which the archive was cut off.
const (
	manifestEntry = "tako.json"
	keyEntry      = "master.key"
	rowsFolder    = "rows/"
	blobFolder    = "blobs/"
	totalsEntry   = "totals.json"
)

// format is raised when archives change such that older programs fail at them.
const format = 1

// pieceSize is about how large a piece of the rows gets: what is held in memory.
const pieceSize = 1 << 20

// Manifest says what is in an archive.
type Manifest struct {
	Format       int
	Version      string // of the program that made it
	Made         time.Time
	Engine       store.Engine
	Schema       int64
	Installation string
	MasterKey    string // the id of the key that its secrets are sealed with
	HasMasterKey bool
}

// Totals is what an archive came to.
type Totals struct {
	Rows, Blobs, Bytes int64
	Missing            []string // blobs that were removed while the archive was made
}

// Source is what an archive is made of.
type Source struct {
	DB      *store.DB
	Blobs   blob.Store
	Version string
	Key     *secret.Key // goes into the archive unless nil
}

// Write makes an archive of everything as of now; the server may go on with
// its work.
func Write(ctx context.Context, to io.Writer, from Source) (Manifest, Totals, error) {
	m, err := from.manifest(ctx)
	if err != nil {
		return m, Totals{}, err
	}
	packer, err := zstd.NewWriter(to)
	if err != nil {
		return m, Totals{}, fmt.Errorf("compressing the archive: %w", err)
	}
	w := &archiveWriter{tar: tar.NewWriter(packer), made: m.Made}
	err = w.all(ctx, m, from)
	return m, w.totals, errors.Join(err, w.tar.Close(), packer.Close())
}

func (from Source) manifest(ctx context.Context) (Manifest, error) {
	m := Manifest{Format: format, Version: from.Version, Made: time.Now().UTC(), Engine: from.DB.Engine, HasMasterKey: from.Key != nil}
	var err error
	if m.Schema, _, err = from.DB.Schema(ctx); err != nil {
		return m, err
	}
	return m, from.DB.View(ctx, func(tx *store.Tx) error {
		if m.Installation, err = tx.Setting("installation"); err != nil {
			return err
		}
		m.MasterKey, err = tx.Setting("master key")
		return err
	})
}

type archiveWriter struct {
	tar    *tar.Writer
	made   time.Time
	totals Totals
	piece  bytes.Buffer
	pieces int
	last   string // the table of the row before
}

func (w *archiveWriter) all(ctx context.Context, m Manifest, from Source) error {
	if err := w.object(manifestEntry, m); err != nil {
		return err
	}
	if from.Key != nil {
		if err := w.entry(keyEntry, []byte(from.Key.Text().Reveal()+"\n")); err != nil {
			return err
		}
	}
	if err := from.DB.Dump(ctx, w.row); err != nil {
		return err
	}
	if err := w.endPiece(); err != nil {
		return err
	}
	if from.Blobs != nil {
		for info, err := range from.Blobs.List(ctx, "") {
			if err != nil {
				return err
			}
			if err := w.blob(ctx, from.Blobs, info.Name); err != nil {
				return err
			}
		}
	}
	return w.object(totalsEntry, w.totals)
}

func (w *archiveWriter) object(name string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return w.entry(name, append(text, '\n'))
}

func (w *archiveWriter) entry(name string, data []byte) error {
	if err := w.head(name, int64(len(data)), w.made); err != nil {
		return err
	}
	if _, err := w.tar.Write(data); err != nil {
		return fmt.Errorf("writing the archive: %w", err)
	}
	return nil
}

func (w *archiveWriter) head(name string, size int64, modified time.Time) error {
	err := w.tar.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o600, ModTime: modified, Format: tar.FormatPAX})
	if err != nil {
		return fmt.Errorf("writing the archive: %w", err)
	}
	return nil
}

// row adds a row to the piece that is being filled.
func (w *archiveWriter) row(r store.Row) error {
	if w.piece.Len() == 0 || w.last != r.Table {
		if err := encodeTable(&w.piece, r); err != nil {
			return err
		}
		w.last = r.Table
	}
	if err := encodeRow(&w.piece, r); err != nil {
		return err
	}
	w.totals.Rows++
	if w.piece.Len() < pieceSize {
		return nil
	}
	return w.endPiece()
}

func (w *archiveWriter) endPiece() error {
	if w.piece.Len() == 0 {
		return nil
	}
	w.pieces++
	err := w.entry(fmt.Sprintf("%s%08d", rowsFolder, w.pieces), w.piece.Bytes())
	w.piece.Reset()
	return err
}

// blob copies one blob. One that went away since it was listed is noted: the
// rows, which are older, may speak of it.
func (w *archiveWriter) blob(ctx context.Context, blobs blob.Store, name string) error {
	r, err := blobs.Open(ctx, name)
	if fault.Is(err, fault.NotFound) {
		w.totals.Missing = append(w.totals.Missing, name)
		return nil
	}
	if err != nil {
		return err
	}
	defer r.Close()
	info := r.Info()
	if err := w.head(blobFolder+name, info.Size, info.Modified); err != nil {
		return err
	}
	if n, err := io.Copy(w.tar, io.LimitReader(r, info.Size)); err != nil || n < info.Size {
		return fmt.Errorf("copying %s, of which %d of %d bytes came: %w", name, n, info.Size, err)
	}
	w.totals.Blobs++
	w.totals.Bytes += info.Size
	return nil
}

// Archive reads an archive from its beginning.
type Archive struct {
	Manifest Manifest
	Key      string // the text of the master key, if the archive has it

	unpack *zstd.Decoder
	tar    *tar.Reader
	head   *tar.Header // of the entry that is next
	end    Totals
}

// Read opens an archive.
func Read(r io.Reader) (*Archive, error) {
	unpack, err := zstd.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("reading the archive: %w", err)
	}
	a := &Archive{unpack: unpack, tar: tar.NewReader(unpack)}
	if err := a.begin(); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

func (a *Archive) begin() error {
	if err := a.advance(); err != nil {
		return err
	}
	if a.head.Name != manifestEntry {
		return fault.New(fault.Invalid, "This is no backup made by 'tako admin backup'.")
	}
	if err := a.object(&a.Manifest); err != nil {
		return err
	}
	if a.Manifest.Format > format {
		return fault.New(fault.Invalid, "The backup was made by version %s, whose archives this version cannot read: restore it with that version or a later one.", a.Manifest.Version)
	}
	if err := a.advance(); err != nil {
		return err
	}
	if a.head.Name != keyEntry {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(a.tar, 1000))
	if err != nil {
		return damaged(err)
	}
	a.Key = strings.TrimSpace(string(text))
	return a.advance()
}

// Close frees what reading took.
func (a *Archive) Close() { a.unpack.Close() }

// damaged says what an archive that ends too soon or does not unpack means.
func damaged(err error) error {
	return fault.Wrap(fault.Invalid, err, "The backup is damaged or cut off: take another one")
}

// advance goes to the next entry. An archive ends with its totals only.
func (a *Archive) advance() (err error) {
	if a.head, err = a.tar.Next(); err != nil {
		return damaged(err)
	}
	return nil
}

func (a *Archive) object(into any) error {
	if err := json.NewDecoder(a.tar).Decode(into); err != nil {
		return damaged(err)
	}
	return nil
}

// inRows reports whether the next entry is a piece of the rows.
func (a *Archive) inRows() bool { return strings.HasPrefix(a.head.Name, rowsFolder) }

// Blobs skips to the blobs and gives each to f, to the end of the archive,
// whose totals it returns after checking them.
func (a *Archive) Blobs(f func(name string, r io.Reader, size int64) error) (Totals, error) {
	var seen Totals
	for ; ; seen.Blobs++ {
		for a.inRows() {
			if err := a.advance(); err != nil {
				return seen, err
			}
		}
		if a.head.Name == totalsEntry {
			break
		}
		name, ok := strings.CutPrefix(a.head.Name, blobFolder)
		if !ok {
			return seen, damaged(fmt.Errorf("it has an entry %q", a.head.Name))
		}
		if err := f(name, a.tar, a.head.Size); err != nil {
			return seen, err
		}
		seen.Bytes += a.head.Size
		if err := a.advance(); err != nil {
			return seen, err
		}
	}
	if err := a.object(&a.end); err != nil {
		return seen, err
	}
	if a.end.Blobs != seen.Blobs || a.end.Bytes != seen.Bytes {
		return seen, damaged(fmt.Errorf("%d files were announced and %d are there", a.end.Blobs, seen.Blobs))
	}
	return a.end, nil
}

// KeyOf gives the master key that an archive holds, or nil.
func KeyOf(path string) (key *secret.Key, err error) {
	err = withArchive(path, func(a *Archive) error {
		if a.Key != "" {
			key, err = secret.ParseKey(a.Key)
		}
		return err
	})
	return key, err
}
