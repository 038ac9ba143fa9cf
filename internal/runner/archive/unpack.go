package archive

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// unpacker writes items below a root that no path leads out of.
type unpacker struct {
	ctx    context.Context
	root   *os.Root
	budget *budget
	buffer []byte
	made   map[string]bool // folders known to exist
	links  []*item         // put in place last, see unpack
	result Result
}

// unpack writes everything in src below the existing empty folder dir.
//
// Invariant: no symbolic link exists while files are being written, so no entry
// can be written through one that an earlier entry planted. Links follow at the
// end and each is then resolved below the root.
func unpack(ctx context.Context, src source, dir string, b *budget) (Result, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Result{}, err
	}
	defer root.Close()
	u := &unpacker{ctx: ctx, root: root, budget: b, buffer: make([]byte, 128<<10), made: map[string]bool{".": true}}
	if err := src.each(u.put); err != nil {
		return Result{}, err
	}
	if err := u.placeLinks(); err != nil {
		return Result{}, err
	}
	return u.result, nil
}

func (u *unpacker) put(it *item) error {
	if err := u.ctx.Err(); err != nil {
		return err
	}
	if it.path == "" {
		return nil
	}
	if err := u.budget.admit(it); err != nil {
		return err
	}
	switch {
	case it.mode.IsDir():
		return u.dir(it)
	case it.mode&fs.ModeSymlink != 0:
		if !linkInside(it.path, it.link) {
			return refuse(it.name, "is a link to %q, outside the folder", it.link)
		}
		u.links = append(u.links, it)
		return nil
	case it.hard:
		return u.hardLink(it)
	case it.mode.IsRegular():
		return u.file(it)
	}
	return refuse(it.name, "is neither file, folder nor link (%s)", it.mode)
}

// parent makes sure that the folder of an item exists.
func (u *unpacker) parent(it *item) error {
	dir := path.Dir(it.path)
	if u.made[dir] {
		return nil
	}
	if err := u.root.MkdirAll(filepath.FromSlash(dir), 0o777); err != nil {
		return u.conflict(it, err)
	}
	u.made[dir] = true
	return nil
}

func (u *unpacker) dir(it *item) error {
	if u.made[it.path] {
		return nil
	}
	if err := u.parent(it); err != nil {
		return err
	}
	// We must be able to write into it and to remove it later.
	err := u.root.Mkdir(filepath.FromSlash(it.path), it.mode.Perm()|0o700)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return u.conflict(it, err)
	}
	if err != nil {
		if info, statErr := u.root.Lstat(filepath.FromSlash(it.path)); statErr != nil || !info.IsDir() {
			return u.conflict(it, err)
		}
	}
	u.made[it.path] = true
	return nil
}

func (u *unpacker) file(it *item) error {
	if err := u.parent(it); err != nil {
		return err
	}
	name := filepath.FromSlash(it.path)
	f, err := u.create(name, it.mode.Perm()|0o400)
	if err != nil {
		return u.conflict(it, err)
	}
	n, err := u.copy(f, it)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	if !it.time.IsZero() {
		if err := u.root.Chtimes(name, it.time, it.time); err != nil {
			return err
		}
	}
	u.result.Files++
	u.result.Bytes += n
	return nil
}

// create makes a new file; of two entries with one name the later wins.
func (u *unpacker) create(name string, mode fs.FileMode) (*os.File, error) {
	const flags = os.O_CREATE | os.O_EXCL | os.O_WRONLY
	f, err := u.root.OpenFile(name, flags, mode)
	if errors.Is(err, fs.ErrExist) {
		if info, err := u.root.Lstat(name); err == nil && info.IsDir() {
			return nil, fs.ErrExist
		}
		if err := u.root.Remove(name); err != nil {
			return nil, err
		}
		u.result.Files--
		f, err = u.root.OpenFile(name, flags, mode)
	}
	return f, err
}

// copy writes an item's content and notices when there is more than declared.
func (u *unpacker) copy(w io.Writer, it *item) (int64, error) {
	var n int64
	for {
		if err := u.ctx.Err(); err != nil {
			return n, err
		}
		got, err := it.body.Read(u.buffer)
		if n += int64(got); n > it.size {
			return n, refuse(it.name, "is longer than it says")
		}
		if _, err := w.Write(u.buffer[:got]); err != nil {
			return n, err
		}
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, damaged(it.name, err)
		}
	}
}

func (u *unpacker) hardLink(it *item) error {
	if err := u.parent(it); err != nil {
		return err
	}
	if err := u.root.Link(filepath.FromSlash(it.link), filepath.FromSlash(it.path)); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return refuse(it.name, "is a link to %q, which does not come before it", it.link)
		}
		return u.conflict(it, err)
	}
	u.result.Files++
	return nil
}

// placeLinks makes the symbolic links and checks that each, followed through
// all the others, ends below the root or nowhere.
func (u *unpacker) placeLinks() error {
	for _, it := range u.links {
		if err := u.parent(it); err != nil {
			return err
		}
		if err := u.root.Symlink(filepath.FromSlash(it.link), filepath.FromSlash(it.path)); err != nil {
			return u.conflict(it, err)
		}
		u.result.Files++
	}
	for _, it := range u.links {
		if _, err := u.root.Stat(filepath.FromSlash(it.path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return refuse(it.name, "is a link to %q, which leads outside the folder or to itself", it.link)
		}
	}
	return nil
}

// conflict tells two entries that cannot both exist from a failing disk.
func (u *unpacker) conflict(it *item, err error) error {
	if errors.Is(err, fs.ErrExist) || isNotDir(err) {
		return refuse(it.name, "is in the way of another entry or goes through a link")
	}
	return err
}
