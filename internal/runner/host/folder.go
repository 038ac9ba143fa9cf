package host

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// folders lends the tickets' folders. A folder that was given back is used
// again, with the files in it: some file systems take a hundred times longer
// to make a file than to rename one, above all where many were removed a
// moment ago, and a server that runs thousands of small jobs would feel it.
type folders struct {
	work string

	mu   sync.Mutex
	free []string
	next int
}

const (
	freePrefix = ".free-"
	freeMost   = 64

	stateFile = "state"
	logFile   = "log"
	filesName = "files"
)

func newFolders(work string) (*folders, error) {
	if err := os.MkdirAll(work, 0o700); err != nil {
		return nil, fmt.Errorf("making the work folder: %w", err)
	}
	entries, err := os.ReadDir(work)
	if err != nil {
		return nil, fmt.Errorf("reading the work folder: %w", err)
	}
	f := &folders{work: work}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), freePrefix) { // an earlier host's, of unknown contents
			if err := os.RemoveAll(filepath.Join(work, e.Name())); err != nil {
				return nil, fmt.Errorf("tidying the work folder: %w", err)
			}
		}
	}
	return f, nil
}

// take gives a folder with an empty log, an empty state, and an empty folder
// for files.
func (f *folders) take() (string, error) {
	f.mu.Lock()
	if n := len(f.free); n > 0 {
		dir := f.free[n-1]
		f.free = f.free[:n-1]
		f.mu.Unlock()
		return dir, nil
	}
	dir := f.name()
	f.mu.Unlock()
	if err := os.MkdirAll(filepath.Join(dir, filesName), 0o700); err != nil {
		return "", err
	}
	for _, name := range []string{stateFile, logFile} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			os.RemoveAll(dir)
			return "", err
		}
	}
	return dir, nil
}

// name is a new free folder's; the caller holds f.mu.
func (f *folders) name() string {
	f.next++
	return filepath.Join(f.work, fmt.Sprintf("%s%d-%d", freePrefix, os.Getpid(), f.next))
}

// usage is what became of a folder while it was lent.
type usage struct {
	lingers bool // something may still be at work in it
	logged  bool // the log holds something, or is gone
}

// give takes a ticket's folder back. It is removed and not lent again when
// there are enough, or when something may still be at work in it.
func (f *folders) give(dir string, u usage) error {
	f.mu.Lock()
	name, enough := f.name(), u.lingers || len(f.free) >= freeMost
	f.mu.Unlock()
	// Under its new name it is no ticket any more, whatever happens next.
	if err := os.Rename(dir, name); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return err
	}
	if enough || reset(name, u) != nil {
		return os.RemoveAll(name)
	}
	f.mu.Lock()
	f.free = append(f.free, name)
	f.mu.Unlock()
	return nil
}

// isEmpty reports whether a folder is there and has nothing in it.
func isEmpty(dir string) bool {
	open, err := os.Open(dir)
	if err != nil {
		return false
	}
	defer open.Close()
	_, err = open.Readdirnames(1)
	return errors.Is(err, io.EOF)
}

// reset empties a folder for the next ticket.
func reset(dir string, u usage) error {
	files := filepath.Join(dir, filesName)
	if !isEmpty(files) {
		if err := os.RemoveAll(files); err != nil {
			return err
		}
		if err := os.Mkdir(files, 0o700); err != nil {
			return err
		}
	}
	if info, err := os.Lstat(files); err != nil || info.Mode().Perm() != 0o700 {
		return errors.New("the folder for files was changed")
	}
	// How a job ended is in its own words, which may hold a secret.
	if err := os.Truncate(filepath.Join(dir, stateFile), 0); err != nil {
		return err
	}
	if !u.logged {
		return nil
	}
	return os.WriteFile(filepath.Join(dir, logFile), nil, 0o600)
}
