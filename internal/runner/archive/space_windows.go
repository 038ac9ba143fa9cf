package archive

import (
	"errors"
	"path/filepath"
	"syscall"
	"unsafe"
)

var getDiskFreeSpace = syscall.NewLazyDLL("kernel32.dll").NewProc("GetDiskFreeSpaceExW")

// FreeSpace is how many bytes we may still write on the disk of dir or of its
// nearest existing ancestor; negative when that cannot be told.
func FreeSpace(dir string) int64 {
	for {
		name, err := syscall.UTF16PtrFromString(dir)
		if err != nil {
			return -1
		}
		var free uint64
		ok, _, _ := getDiskFreeSpace.Call(uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&free)), 0, 0)
		if ok != 0 {
			return int64(free)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return -1
		}
		dir = parent
	}
}

// isNotDir says that a path goes through something that is not a folder.
func isNotDir(err error) bool {
	return errors.Is(err, syscall.ERROR_PATH_NOT_FOUND) || errors.Is(err, syscall.ENOTDIR)
}
