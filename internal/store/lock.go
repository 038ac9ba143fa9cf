package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/takodeploy/tako/internal/fault"
)

// LockFile lies in a data folder whose database one process has for itself.
const LockFile = "tako.lock"

// Lock is one process's hold on a data folder.
type Lock struct{ file *os.File }

// MakeFolder makes the data folder if it is not there.
func MakeFolder(dir string) error {
	err := os.MkdirAll(dir, 0o700)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOTDIR):
		return fault.New(fault.Invalid, "The data folder cannot be %s, which is a file or lies in one. Name a folder with --data (TAKO_DATA), such as the one that the file is in.", dir)
	case errors.Is(err, fs.ErrPermission):
		return fault.New(fault.Invalid, "%s may not make the data folder %s. Make it and give it to that account (mkdir, chown), or name another folder with --data (TAKO_DATA).", account(), dir)
	}
	return fmt.Errorf("making the data folder: %w", err)
}

// account is whom this process runs as.
func account() string {
	name := fmt.Sprint(os.Geteuid())
	if u, err := user.LookupId(name); err == nil {
		name = u.Username
	}
	return "The account " + name
}

// TakeLock takes the data folder for this process. Two processes that each
// believe to be the only one would do every task twice. The system gives the
// hold back when its process ends, however that comes about, so that a lock
// never outlives its owner; the file says who has it, for people.
func TakeLock(dir string) (*Lock, error) {
	path := filepath.Join(dir, LockFile)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrPermission) {
		return nil, fault.New(fault.Invalid, "%s may not write to the data folder %s. Give it all of that folder (chown -R), or name another folder with --data (TAKO_DATA).", account(), dir)
	}
	if err != nil {
		return nil, fmt.Errorf("taking the data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("taking the data folder by locking %s: %w", path, err)
		}
		return nil, fault.New(fault.Conflict, "The data folder %s is in use by %s. Stop that first, or name another folder with --data; several servers work together on a PostgreSQL database only.", dir, holder(f))
	}
	if err := giveTo(dir, f); err != nil {
		f.Close()
		return nil, fmt.Errorf("taking the data folder: %w", err)
	}
	host, _ := os.Hostname()
	text := fmt.Sprintf("process %d on %s since %s\n", os.Getpid(), host, time.Now().UTC().Format(time.DateTime+" UTC"))
	if err := errors.Join(f.Truncate(0), write(f, text)); err != nil {
		f.Close()
		return nil, fmt.Errorf("taking the data folder: %w", err)
	}
	return &Lock{f}, nil
}

func write(f *os.File, text string) error {
	_, err := f.WriteAt([]byte(text), 0)
	return err
}

// giveTo leaves a file that root made to whom the folder belongs: the server,
// which is not root, must be able to open it.
func giveTo(dir string, f *os.File) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	owner := info.Sys().(*syscall.Stat_t)
	return f.Chown(int(owner.Uid), int(owner.Gid))
}

// holder is what the owner of a lock wrote of itself.
func holder(f *os.File) string {
	text, err := io.ReadAll(io.LimitReader(f, 300))
	if who := strings.TrimSpace(string(text)); err == nil && who != "" {
		return who
	}
	return "another process" // which has not got around to saying so
}

// Release gives the folder back.
func (l *Lock) Release() error { return l.file.Close() }
