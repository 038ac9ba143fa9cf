package archive

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"time"
)

// checkLimit is how much content Check reads. Somebody waits for its answer, and
// a small archive can be made to unpack for minutes.
const checkLimit = 4 << 30

// Check says whether a file is an archive that Extract would take, as far as
// can be told without writing anything: its kind, its completeness, where its
// entries would land, and whether the first 4 GiB of what is in them is what
// was packed.
func Check(ctx context.Context, file string) error {
	c := &checker{ctx: ctx, buffer: make([]byte, 128<<10), left: checkLimit}
	return inspect(file, func(*item) {}, c.read)
}

// checker reads what is in an archive and keeps nothing of it.
type checker struct {
	ctx    context.Context
	buffer []byte
	left   int64
}

func (c *checker) read(it *item) error {
	if it.body == nil {
		return c.ctx.Err()
	}
	for n := int64(0); ; {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		if c.left <= 0 {
			return errEnough
		}
		got, err := it.body.Read(c.buffer)
		c.left -= int64(got)
		switch n += int64(got); {
		case n > it.size:
			return refuse(it.name, "is longer than it says")
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return damaged(it.name, err)
		}
	}
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
	err := inspect(file, func(it *item) {
		entries = append(entries, Entry{Path: it.path, Size: it.size, Mode: it.mode, ModTime: it.time})
	}, nil)
	if err != nil {
		return nil, err
	}
	return entries, nil
}

// inspect walks an archive with the rules of an extraction and no disk. read is
// given the content of each file; nil leaves it where it is.
func inspect(file string, see func(*item), read func(*item) error) error {
	name := filepath.Base(file)
	src, err := open(file)
	if err != nil {
		return explain(name, err)
	}
	defer src.Close()
	b, err := newBudget(src, "", Options{})
	if err != nil {
		return explain(name, err)
	}
	look := func(it *item) error { return judge(it, b, see) }
	switch s := src.(type) {
	case *zipSource:
		// Its directory tells the most for the least, so all of it comes first.
		if err = s.walk(false, look); err == nil && read != nil {
			err = s.walk(true, read)
		}
	case *tarSource:
		err = s.each(func(it *item) error {
			if err := look(it); err != nil || read == nil {
				return err
			}
			return read(it)
		})
	}
	if err != nil && err != errEnough { //nolint:errorlint // errEnough is never wrapped
		return explain(name, err)
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
var errEnough = errors.New("enough was read")
