package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// tempFolder holds what is being written. Names of blobs cannot reach it, as
// none of their parts begins with a dot.
const tempFolder = ".tmp"

// staleAfter is the age at which a temporary file is no longer anybody's.
const staleAfter = 48 * time.Hour

// Folder is a Store in a folder of a file system.
type Folder struct{ root string }

// OpenFolder opens the store in a folder, making the folder if needed, and
// clears away what writes that a crash cut off left behind.
func OpenFolder(root string) (*Folder, error) {
	f := &Folder{root: root}
	temp := filepath.Join(root, tempFolder)
	if err := os.MkdirAll(temp, 0o750); err != nil {
		return nil, fmt.Errorf("opening the folder for stored files: %w", err)
	}
	entries, err := os.ReadDir(temp)
	if err != nil {
		return nil, fmt.Errorf("opening the folder for stored files: %w", err)
	}
	for _, e := range entries {
		// Another server may share the folder and be writing just now.
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > staleAfter {
			_ = os.Remove(filepath.Join(temp, e.Name()))
		}
	}
	return f, nil
}

// Local tells that the blobs are on this machine.
func (f *Folder) Local() bool { return true }

func (f *Folder) path(name string) string { return filepath.Join(f.root, filepath.FromSlash(name)) }

// Put implements Store.
func (f *Folder) Put(ctx context.Context, name string, r io.Reader, size int64) (Written, error) {
	if err := check(name); err != nil {
		return Written{}, err
	}
	temp, err := os.CreateTemp(filepath.Join(f.root, tempFolder), "put-*")
	if err != nil {
		return Written{}, storing(err, name)
	}
	src := newSource(ctx, r, size)
	if err := errors.Join(fill(temp, src), temp.Close()); err != nil {
		_ = os.Remove(temp.Name())
		if src.err != nil {
			return Written{}, src.err
		}
		return Written{}, storing(err, name)
	}
	if err := f.install(temp.Name(), f.path(name)); err != nil {
		_ = os.Remove(temp.Name())
		return Written{}, storing(err, name)
	}
	return src.written(), nil
}

// create makes the file where it belongs, as no move within a folder that other
// systems may serve would refuse to replace one.
func (f *Folder) create(_ context.Context, name string, data []byte) error {
	path := f.path(name)
	if err := f.makeFolders(filepath.Dir(path)); err != nil {
		return storing(err, name)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return taken(name)
	}
	if err != nil {
		return storing(err, name)
	}
	_, err = file.Write(data)
	if err := errors.Join(err, file.Sync(), file.Close(), syncFolder(filepath.Dir(path))); err != nil {
		return storing(err, name)
	}
	return nil
}

// fill copies all of src into the file and onto the disk.
func fill(file *os.File, src io.Reader) error {
	if _, err := io.Copy(file, src); err != nil {
		return err
	}
	return file.Sync()
}

// install moves a finished file to its place and makes the move last.
func (f *Folder) install(temp, path string) error {
	dir := filepath.Dir(path)
	const tries = 10
	for try := 1; ; try++ {
		if err := f.makeFolders(dir); err != nil {
			return err
		}
		err := os.Rename(temp, path)
		if err == nil {
			return ignoreMissing(syncFolder(dir)) // a Delete may be quick
		}
		// A Delete may have taken the folder, empty as it was, in between.
		if !errors.Is(err, fs.ErrNotExist) || try == tries {
			return err
		}
	}
}

// makeFolders makes the folders down to dir, each of which lasts once it is
// made.
func (f *Folder) makeFolders(dir string) error {
	if _, err := os.Stat(dir); err == nil || dir == f.root {
		return err
	}
	parent := filepath.Dir(dir)
	if err := f.makeFolders(parent); err != nil {
		return err
	}
	switch err := os.Mkdir(dir, 0o750); {
	case errors.Is(err, fs.ErrExist), errors.Is(err, fs.ErrNotExist):
		return nil // somebody else made it, or took its parent: install sees to that
	case err != nil:
		return err
	}
	return ignoreMissing(syncFolder(parent))
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// folderReader is a file that knows which blob it is.
type folderReader struct {
	*os.File
	info Info
}

func (r folderReader) Info() Info { return r.info }

// Open implements Store.
func (f *Folder) Open(_ context.Context, name string) (Reader, error) {
	if err := check(name); err != nil {
		return nil, err
	}
	file, err := os.Open(f.path(name))
	if err != nil {
		return nil, opening(err, name)
	}
	st, err := file.Stat()
	if err == nil && st.IsDir() {
		err = fs.ErrNotExist
	}
	if err != nil {
		_ = file.Close()
		return nil, opening(err, name)
	}
	return folderReader{file, Info{name, st.Size(), st.ModTime()}}, nil
}

// Stat implements Store.
func (f *Folder) Stat(_ context.Context, name string) (Info, error) {
	if err := check(name); err != nil {
		return Info{}, err
	}
	st, err := os.Stat(f.path(name))
	if err == nil && st.IsDir() {
		err = fs.ErrNotExist
	}
	if err != nil {
		return Info{}, opening(err, name)
	}
	return Info{name, st.Size(), st.ModTime()}, nil
}

func opening(err error, name string) error {
	// A part of the name may be another blob's whole name: not a folder then.
	if errors.Is(err, fs.ErrNotExist) || isNotFolder(err) {
		return missing(name)
	}
	return fmt.Errorf("opening the stored file %s: %w", name, err)
}

// Delete implements Store. Folders that become empty go too.
func (f *Folder) Delete(_ context.Context, name string) error {
	if err := check(name); err != nil {
		return err
	}
	path := f.path(name)
	if st, err := os.Lstat(path); err == nil && st.IsDir() {
		return nil // only a part of other blobs' names
	}
	if err := os.Remove(path); err != nil {
		if errors.Is(err, fs.ErrNotExist) || isNotFolder(err) {
			return nil
		}
		return fmt.Errorf("deleting the stored file %s: %w", name, err)
	}
	for dir := filepath.Dir(path); dir != f.root; dir = filepath.Dir(dir) {
		if os.Remove(dir) != nil {
			return ignoreMissing(syncFolder(dir)) // not empty: here it ends
		}
	}
	return syncFolder(f.root)
}

// List implements Store.
func (f *Folder) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		// Only the folder that the prefix ends in can hold anything.
		top := f.root
		if i := strings.LastIndexByte(prefix, '/'); i > 0 {
			if err := check(prefix[:i]); err != nil {
				yield(Info{}, err)
				return
			}
			top = f.path(prefix[:i])
		}
		err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err != nil {
				if isNotFolder(err) {
					return nil
				}
				return ignoreMissing(err) // deleted while we look
			}
			return f.listed(path, d, prefix, yield)
		})
		if err != nil {
			yield(Info{}, fmt.Errorf("listing stored files: %w", err))
		}
	}
}

// listed yields one entry of a walk, or says which way to go on.
func (f *Folder) listed(path string, d fs.DirEntry, prefix string, yield func(Info, error) bool) error {
	rel, err := filepath.Rel(f.root, path)
	if err != nil {
		return err
	}
	name := filepath.ToSlash(rel)
	if d.IsDir() {
		if name != "." && strings.HasPrefix(d.Name(), ".") ||
			name != "." && !strings.HasPrefix(name, prefix) && !strings.HasPrefix(prefix, name+"/") {
			return fs.SkipDir
		}
		return nil
	}
	if !strings.HasPrefix(name, prefix) || check(name) != nil {
		return nil
	}
	st, err := d.Info()
	if err != nil {
		return ignoreMissing(err)
	}
	if !yield(Info{name, st.Size(), st.ModTime()}, nil) {
		return fs.SkipAll
	}
	return nil
}

// isNotFolder reports whether a path leads through a file.
func isNotFolder(err error) bool { return errors.Is(err, syscall.ENOTDIR) }
