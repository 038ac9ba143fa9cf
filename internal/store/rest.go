package store

import (
	"context"
	"fmt"
	"math"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
	"modernc.org/libc"
)

// Rest has SQLite give back what it holds in memory: of the file, which is read
// again when it is needed, and for statements, which are prepared again.
func (db *DB) Rest(ctx context.Context) error {
	if db.Engine != SQLite {
		return nil
	}
	db.readers.shrink(0)
	if err := db.writer.rest(ctx); err != nil {
		return fmt.Errorf("giving back the database's memory: %w", err)
	}
	return giveBackRegions()
}

func (w *writer) rest(ctx context.Context) error {
	w.gate.Lock()
	defer w.gate.Unlock()
	if w.open != nil || w.conn == nil {
		return nil // it is at work after all, or closed
	}
	w.drop(math.MaxInt64)
	_, err := w.conn.ExecContext(ctx, "pragma shrink_memory")
	return err
}

const (
	// smallest is what SQLite's allocator takes from the system at a time, and
	// keeps some of when all in them is freed. Larger blocks have regions of
	// their own, of a power of two.
	smallest, largest = 64 << 10, 1 << 20
	// mostRegions is how many of a size are looked through.
	mostRegions = 256
)

// giveBackRegions returns the pages of the regions that SQLite's allocator keeps
// empty, a few MiB after some work. The allocator has no call for that. But who
// asks it for a block that fills a region gets one of these, those without pages
// last; and nobody expects anything in a new block, so its pages may go.
func giveBackRegions() error {
	tls := libc.NewTLS()
	defer tls.Close()
	page := unix.Getpagesize()
	for size := smallest; size <= largest && page < smallest; size *= 2 {
		var blocks []uintptr
		var err error
		for had := true; had && err == nil && len(blocks) < mostRegions; {
			block := libc.Xmalloc(tls, libc.Tsize_t(size-page/2))
			if block == 0 {
				break
			}
			blocks = append(blocks, block)
			had, err = giveBackPages(block, libc.UsableSize(block), page)
		}
		for _, block := range slices.Backward(blocks) {
			libc.Xfree(tls, block)
		}
		if err != nil {
			return fmt.Errorf("giving back what the database's memory keeps empty: %w", err)
		}
	}
	return nil
}

// giveBackPages returns the whole pages of a block, and says whether there were
// any.
func giveBackPages(block uintptr, size libc.Tsize_t, page int) (bool, error) {
	from := (block + uintptr(page) - 1) &^ uintptr(page-1)
	length := (block + uintptr(size) - from) &^ uintptr(page-1)
	present := make([]byte, length/uintptr(page))
	if _, _, failed := unix.Syscall(unix.SYS_MINCORE, from, length, uintptr(unsafe.Pointer(&present[0]))); failed != 0 {
		return false, failed
	}
	if !slices.ContainsFunc(present, func(b byte) bool { return b&1 != 0 }) {
		return false, nil
	}
	if _, _, failed := unix.Syscall(unix.SYS_MADVISE, from, length, unix.MADV_DONTNEED); failed != 0 {
		return false, failed
	}
	return true, nil
}
