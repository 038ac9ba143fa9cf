package archive

import (
	"io/fs"
	"time"
)

// fullCheckLimit is how large a compressed tar may be for Check to read all of
// it: such an archive has no directory, so nothing less shows a lost tail.
const fullCheckLimit = 256 << 20

// Check says whether a file is an archive that Extract would take, as far as
// can be told without writing anything: its kind, its completeness and where
// its entries would land. A zip is judged by its directory alone.
func Check(file string) error {
	return inspect(file, false, func(*item) {})
}

// Entry describes one thing in an archive for a listing.
type Entry struct {
	Path    string
	Size    int64
	Mode    fs.FileMode
	ModTime time.Time
}

// List gives the entries of an archive in its order, folders included. NuGet
// metadata, which is not content, is left out.
func List(file string) ([]Entry, error) {
	var entries []Entry
	err := inspect(file, true, func(it *item) {
		entries = append(entries, Entry{Path: it.path, Size: it.size, Mode: it.mode, ModTime: it.time})
	})
	if err != nil {
		return nil, err
	}
	return entries, nil
}

// inspect walks an archive with the rules of an extraction and no disk. Unless
// all of it is wanted, a big one is only looked into.
func inspect(file string, all bool, see func(*item)) error {
	src, err := open(file)
	if err != nil {
		return explain(file, err)
	}
	defer src.Close()
	b, err := newBudget(src, "", Options{})
	if err != nil {
		return explain(file, err)
	}
	look := func(it *item) error { return judge(it, b, see) }
	switch s := src.(type) {
	case *zipSource:
		err = s.walk(false, look)
	case *tarSource:
		if all || s.inflate == nil || s.length <= fullCheckLimit {
			err = s.each(look)
		} else {
			err = firstItem(s, look)
		}
	}
	if err != nil {
		return explain(file, err)
	}
	return nil
}

// judge applies what can be judged of an item without a disk.
func judge(it *item, b *budget, see func(*item)) error {
	if it.path == "" {
		return nil
	}
	if err := b.admit(it); err != nil {
		return err
	}
	if it.mode&fs.ModeSymlink != 0 && it.link != "" && !linkInside(it.path, it.link) {
		return refuse(it.name, "is a link to %q, outside the folder", it.link)
	}
	see(it)
	return nil
}

// errEnough stops a walk that has seen what it came for.
var errEnough = &refusal{reason: "enough"}

// firstItem looks at the first entry of an archive only.
func firstItem(src source, visit func(*item) error) error {
	err := src.each(func(it *item) error {
		if err := visit(it); err != nil {
			return err
		}
		return errEnough
	})
	if err == errEnough { //nolint:errorlint // it is never wrapped
		return nil
	}
	return err
}
