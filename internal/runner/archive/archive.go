// Package archive unpacks the archives that packages are: zip and its kin
// (nupkg, jar, war, ear) and tar, plain or compressed with gzip, bzip2 or zstd.
//
// A package comes from somebody else, so nothing in it is trusted: no entry may
// land outside the folder, no link may lead out of it, and what unpacks may not
// exceed what the disk or a sane compression ratio allows. What is unpacked
// appears at its final place in one rename, or not at all. Archives are
// streamed; memory does not grow with their size.
package archive

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/takodeploy/tako/internal/fault"
)

// Options bounds an extraction. The zero value is the safe default.
type Options struct {
	// MaxBytes is the most that may be unpacked; 0 leaves it to free space and
	// the compression ratio.
	MaxBytes int64
	// MaxEntries is the most entries an archive may have; 0 is one million.
	MaxEntries int
	// MaxRatio is how many times its own size an archive may unpack to, once
	// it is past 256 MiB; 0 is 250.
	MaxRatio int64
	// AnySpace leaves the disk's free space out of account beforehand.
	AnySpace bool
	// Name is what messages call the archive; "" leaves them its file's name.
	Name string
}

func (o Options) called(file string) string { return cmp.Or(o.Name, filepath.Base(file)) }

// Result says what an extraction wrote.
type Result struct {
	Files int   // regular files, links included
	Bytes int64 // their sizes together
}

// Extract unpacks the archive into dir, which must not exist or be empty. It is
// unpacked beside dir under another name first: when Extract fails or is
// killed, dir is as it was.
func Extract(ctx context.Context, file, dir string, o Options) (Result, error) {
	src, err := open(file)
	if err != nil {
		return Result{}, explain(o.called(file), err)
	}
	defer src.Close()
	near := filepath.Dir(dir)
	if o.AnySpace {
		near = ""
	}
	b, err := newBudget(src, near, o)
	if err != nil {
		return Result{}, explain(o.called(file), err)
	}
	temp, err := tempBeside(dir)
	if err != nil {
		return Result{}, explain(o.called(file), err)
	}
	result, err := unpack(ctx, src, temp, b)
	if err == nil {
		err = rename(temp, dir)
	}
	if err != nil {
		return Result{}, errors.Join(explain(o.called(file), err), os.RemoveAll(temp))
	}
	return result, nil
}

// ExtractInto unpacks the archive into a folder that may hold something already:
// folders are merged and files replaced. An archive that is refused changes
// nothing there, but unlike with Extract a crash may leave a part of it.
func ExtractInto(ctx context.Context, file, dir string, o Options) (Result, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return Result{}, explain(o.called(file), err)
	}
	aside := filepath.Join(dir, ".unpacked-"+strings.ToLower(rand.Text()))
	result, err := Extract(ctx, file, aside, o)
	if err != nil {
		return Result{}, err
	}
	if err := merge(aside, dir); err != nil {
		return Result{}, errors.Join(explain(o.called(file), err), os.RemoveAll(aside))
	}
	return result, nil
}

// merge moves what is in one folder into another on the same file system and
// removes the first.
func merge(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		source, target := filepath.Join(from, e.Name()), filepath.Join(to, e.Name())
		info, err := os.Lstat(target)
		if e.IsDir() && err == nil && info.IsDir() {
			err = merge(source, target)
		} else {
			err = os.Rename(source, target)
		}
		if err != nil {
			return err
		}
	}
	return os.Remove(from)
}

// tempBeside makes an empty folder next to dir, so that renaming it there stays
// within one file system, and clears away those that crashed runs left behind.
func tempBeside(dir string) (string, error) {
	parent, base := filepath.Split(filepath.Clean(dir))
	if parent == "" {
		parent = "."
	}
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return "", err
	}
	if len(base) > 100 {
		base = base[:100]
	}
	prefix := "." + base + ".partial-"
	sweep(parent, prefix, 24*time.Hour)
	temp := filepath.Join(parent, prefix+strings.ToLower(rand.Text()))
	return temp, os.Mkdir(temp, 0o777)
}

// sweep removes leftovers with the prefix that nothing has touched for a while;
// what cannot be removed is tried again at the next extraction.
func sweep(parent, prefix string, age time.Duration) {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), prefix) {
			continue
		}
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > age {
			_ = os.RemoveAll(filepath.Join(parent, e.Name()))
		}
	}
}

// rename puts the unpacked folder where it belongs; an empty folder gives way.
func rename(temp, dir string) error {
	if info, err := os.Lstat(dir); err == nil && info.IsDir() {
		_ = os.Remove(dir) // fails on what is not empty, and then so does the rename
	}
	err := os.Rename(temp, dir)
	if errors.Is(err, fs.ErrExist) || errors.Is(err, syscall.ENOTEMPTY) {
		return fault.Wrap(fault.Conflict, err, "The folder %s exists already", dir)
	}
	return err
}

// A refusal is a reason not to unpack an archive that lies in the archive.
type refusal struct {
	entry  string
	reason string
}

func (r *refusal) Error() string {
	if r.entry == "" {
		return r.reason
	}
	return fmt.Sprintf("its entry %q %s", r.entry, r.reason)
}

// refuse makes a refusal; entry is empty when the archive as a whole is meant.
func refuse(entry, format string, args ...any) error {
	return &refusal{entry: entry, reason: fmt.Sprintf(format, args...)}
}

// damaged makes a refusal of an error met while reading an archive, unless the
// error is the disk's and not the archive's.
func damaged(entry string, err error) error {
	var path *fs.PathError
	var known *refusal
	if errors.As(err, &path) || errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	if entry == "" {
		return refuse("", "it is damaged or incomplete (%v)", err)
	}
	return refuse(entry, "is damaged or incomplete (%v)", err)
}

// explain turns an error into what a person is told, with the archive's name.
func explain(name string, err error) error {
	var r *refusal
	switch {
	case errors.As(err, &r):
		return fault.New(fault.Invalid, "The archive %s cannot be used: %s", name, r)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fault.Wrap(fault.Unavailable, err, "There is not enough disk space to unpack %s", name)
	case fault.CodeOf(err) != fault.Internal:
		return err
	}
	return fmt.Errorf("unpack %s: %w", name, err)
}
