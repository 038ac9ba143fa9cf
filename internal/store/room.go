package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// TightSpace is how many bytes must be free on the disk of a data folder; with
// less, work will stop soon.
const TightSpace = 256 << 20

// Free gives the bytes that may still be written on the disk of a folder.
func Free(dir string) (int64, error) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		return 0, fmt.Errorf("asking how much room is on the disk of %s: %w", dir, err)
	}
	return int64(disk.Bavail) * disk.Bsize, nil
}

const (
	reserveFile = "tako.reserve"
	reserveSize = 8 << 20
	// startRoom is what SQLite needs at the least to open a database.
	startRoom = 1 << 20
)

// KeepReserve sets room aside in a data folder while there is plenty. A database
// needs some to be opened, even if only to be read: without it a server that is
// started on a full disk could not even say what is wrong.
func KeepReserve(dir string) error {
	path := filepath.Join(dir, reserveFile)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if free, err := Free(dir); err != nil || free < TightSpace {
		return err
	}
	// Only written bytes are sure to be there.
	if err := os.WriteFile(path, make([]byte, reserveSize), 0o600); err != nil {
		os.Remove(path)
		return fmt.Errorf("setting room aside in %s: %w", path, err)
	}
	return nil
}

// SpendReserve gives the room back that was set aside, if the disk is full, and
// reports whether it did.
func SpendReserve(dir string) (bool, error) {
	free, err := Free(dir)
	if err != nil || free >= startRoom {
		return false, err
	}
	if err := os.Remove(filepath.Join(dir, reserveFile)); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("giving back the room that was set aside: %w", err)
	}
	return true, nil
}
