// Package footprint has a process take less of its machine: memory when it has
// come to rest, and turns of the processor when it is at work.
package footprint

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
)

// Shrink gives free memory, and the pages of the program itself, back to the
// system. What of the program is needed again comes back page by page from the
// system's file cache.
func Shrink() error {
	runtime.GC() // what pools hold is free after the second time
	debug.FreeOSMemory()
	return releaseProgram()
}

// span is a range of addresses.
type span struct{ from, to uintptr }

// releaseProgram unmaps the pages of the program's code and constants, which
// the system reads again from the program's file when they are touched: a
// start and a burst of work leave tens of MiB mapped that rest does not need.
func releaseProgram() error {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return fmt.Errorf("finding the program: %w", err)
	}
	maps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return fmt.Errorf("finding the program in memory: %w", err)
	}
	defer maps.Close()
	for _, s := range unchanged(maps, program) {
		if _, _, failed := syscall.Syscall(syscall.SYS_MADVISE, s.from, s.to-s.from, syscall.MADV_DONTNEED); failed != 0 {
			return fmt.Errorf("giving back pages of the program: %w", failed)
		}
	}
	return nil
}

// unchanged finds the mappings of a file that cannot be written to and of which
// no page differs from the file: only those may be dropped.
func unchanged(smaps io.Reader, file string) []span {
	var found []span
	var current span
	for lines := bufio.NewScanner(smaps); lines.Scan(); {
		f := strings.Fields(lines.Text())
		if from, to, ok := addresses(f); ok {
			current = span{}
			if len(f) >= 6 && f[5] == file && strings.HasPrefix(f[1], "r-") {
				current = span{from, to}
			}
			continue
		}
		if len(f) == 3 && f[0] == "Anonymous:" && f[1] == "0" && current.to > current.from {
			found = append(found, current)
		}
	}
	return found
}

// addresses reads the first field of a mapping's first line.
func addresses(fields []string) (from, to uintptr, ok bool) {
	if len(fields) < 5 {
		return 0, 0, false
	}
	low, high, ok := strings.Cut(fields[0], "-")
	if !ok {
		return 0, 0, false
	}
	a, err1 := strconv.ParseUint(low, 16, 64)
	b, err2 := strconv.ParseUint(high, 16, 64)
	return uintptr(a), uintptr(b), err1 == nil && err2 == nil
}
