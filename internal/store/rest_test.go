package store

import (
	"slices"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
	"modernc.org/libc"
)

func TestADatabaseAtRestKeepsNoStatements(t *testing.T) {
	db, err := Open(t.Context(), t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, value := range []string{"before", "after"} {
		if err := db.Do(t.Context(), func(tx *Tx) error { return tx.SetSetting("x", value) }); err != nil {
			t.Fatal(err)
		}
		got := ""
		read := func(tx *Tx) error {
			_, err := tx.QueryRow([]any{&got}, "select value from setting where name = $1", "x")
			return err
		}
		if err := db.View(t.Context(), read); err != nil || got != value {
			t.Errorf("what is read is %q, %v, and not %q", got, err, value)
		}
		if len(db.writer.kept) == 0 || len(db.readers.free) == 0 {
			t.Errorf("%d statements to write and %d connections to read are kept", len(db.writer.kept), len(db.readers.free))
		}
		if err := db.Rest(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(db.writer.kept) != 0 || len(db.readers.free) != 0 {
			t.Errorf("at rest %d statements to write and %d connections to read are kept", len(db.writer.kept), len(db.readers.free))
		}
	}
}

// TestFreedRegionsOfSQLiteAreGivenBack looks at where blocks of some sizes were
// that filled regions of SQLite's allocator.
func TestFreedRegionsOfSQLiteAreGivenBack(t *testing.T) {
	tls := libc.NewTLS()
	defer tls.Close()
	page := uintptr(unix.Getpagesize())
	if page >= smallest {
		t.Skip("the system's pages are as large as the allocator's regions")
	}
	var blocks, inside []uintptr
	for _, size := range []libc.Tsize_t{40 << 10, 40 << 10, 40 << 10, 100 << 10, 300 << 10} {
		block := libc.Xmalloc(tls, size)
		at := (block + page) &^ (page - 1)
		libc.Xmemset(tls, block, 1, size)
		if !present(t, at) {
			t.Fatal("what was just written is not in memory")
		}
		blocks, inside = append(blocks, block), append(inside, at)
	}
	used := libc.Xmalloc(tls, 40<<10)
	defer libc.Xfree(tls, used)
	libc.Xmemset(tls, used, 7, 40<<10)
	for _, block := range blocks {
		libc.Xfree(tls, block)
	}
	if kept := slices.ContainsFunc(inside, func(at uintptr) bool { return present(t, at) }); !kept {
		t.Fatal("the allocator keeps nothing by itself: giveBackRegions is not needed any more")
	}
	// A second time there is nothing.
	for range 2 {
		if err := giveBackRegions(); err != nil {
			t.Fatal(err)
		}
		for i, at := range inside {
			if present(t, at) {
				t.Errorf("freed block %d is still in memory", i)
			}
		}
	}
	if !slices.Equal(unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&used))), 40<<10), slices.Repeat([]byte{7}, 40<<10)) {
		t.Error("what is in use has changed")
	}
}

// present says whether a page is in memory; one that is not mapped is not.
func present(t *testing.T, at uintptr) bool {
	t.Helper()
	var is [1]byte
	_, _, failed := unix.Syscall(unix.SYS_MINCORE, at, uintptr(unix.Getpagesize()), uintptr(unsafe.Pointer(&is[0])))
	if failed != 0 && failed != unix.ENOMEM {
		t.Fatal(failed)
	}
	return failed == 0 && is[0]&1 != 0
}
