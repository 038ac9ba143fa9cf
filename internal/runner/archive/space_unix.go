//go:build linux || darwin

package archive

import (
	"errors"
	"path/filepath"
	"syscall"
)

// FreeSpace is how many bytes we may still write on the disk of dir or of its
// nearest existing ancestor; negative when that cannot be told.
func FreeSpace(dir string) int64 {
	var s syscall.Statfs_t
	for {
		err := syscall.Statfs(dir, &s)
		if err == nil {
			return int64(s.Bavail) * int64(s.Bsize)
		}
		parent := filepath.Dir(dir)
		if !errors.Is(err, syscall.ENOENT) || parent == dir {
			return -1
		}
		dir = parent
	}
}

// isNotDir says that a path goes through something that is not a folder.
func isNotDir(err error) bool {
	return errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.ENOTEMPTY)
}
