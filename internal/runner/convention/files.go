package convention

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var dollar = regexp.MustCompile(`\$(\w+|\{\w+\})`)

// expandDollars replaces $NAME and ${NAME} where the name has a value.
func expandDollars(text string, value func(string) string) string {
	return dollar.ReplaceAllStringFunc(text, func(s string) string {
		if v := value(strings.Trim(s, "${}")); v != "" {
			return v
		}
		return s
	})
}

// copyTree copies what is in one folder into another, links as links, and
// counts the files. Each file appears in one step, so that one that is running
// can be replaced.
func copyTree(ctx context.Context, from, to string) (int, error) {
	if err := os.MkdirAll(to, 0o777); err != nil {
		return 0, err
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return 0, err
	}
	count := 0
	for _, e := range entries {
		if ctx.Err() != nil {
			return count, context.Cause(ctx)
		}
		source, target := filepath.Join(from, e.Name()), filepath.Join(to, e.Name())
		n := 1
		switch {
		case e.IsDir():
			n, err = copyTree(ctx, source, target)
		case e.Type()&fs.ModeSymlink != 0:
			err = copyLink(source, target)
		default:
			var info fs.FileInfo
			if info, err = e.Info(); err == nil {
				err = copyFile(source, target, info.Mode().Perm())
			}
		}
		if count += n; err != nil {
			return count, err
		}
	}
	return count, nil
}

func copyLink(source, target string) error {
	to, err := os.Readlink(source)
	if err != nil {
		return err
	}
	if now, err := os.Readlink(target); err == nil && now == to {
		return nil
	}
	if info, err := os.Lstat(target); err == nil && !info.IsDir() {
		if err := os.Remove(target); err != nil {
			return err
		}
	}
	return os.Symlink(to, target)
}

// copyFile copies one file, to a link's target if there is a link.
func copyFile(source, target string, mode fs.FileMode) error {
	if real, err := filepath.EvalSymlinks(target); err == nil {
		target = real
	}
	in, err := os.Open(source)
	if err != nil {
		return err
	}
	defer in.Close()
	temp := filepath.Join(filepath.Dir(target), ".tako-"+strings.ToLower(rand.Text()))
	out, err := os.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = keepTime(in, temp)
	}
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temp, target)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("copy %s: %w", filepath.Base(source), err), os.Remove(temp))
	}
	return nil
}

// keepTime gives the copy the time of its source.
func keepTime(in *os.File, path string) error {
	info, err := in.Stat()
	if err != nil {
		return err
	}
	return os.Chtimes(path, info.ModTime(), info.ModTime())
}

// purgeFolder removes everything in a folder but what is to be kept, the
// content of kept folders included. Folders that become empty go too.
func purgeFolder(dir string, keep map[string]bool) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if keep[path] {
			continue
		}
		if !e.IsDir() {
			if err := os.Remove(path); err != nil {
				return err
			}
			continue
		}
		if err := purgeFolder(path, keep); err != nil {
			return err
		}
		left, err := os.ReadDir(path)
		if err != nil {
			return err
		}
		if len(left) == 0 {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	return nil
}
