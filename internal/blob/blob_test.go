package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/takodeploy/tako/internal/fault"
)

// opened gives a store and a way to see everything it holds, leftovers of
// failed writes included.
type opened struct {
	Store
	leftovers func(t *testing.T) []string
}

func folder(t *testing.T) opened {
	t.Helper()
	root := t.TempDir()
	s, err := Open(t.Context(), Options{Store: root})
	if err != nil {
		t.Fatal(err)
	}
	return opened{s, func(t *testing.T) []string { return files(t, filepath.Join(root, tempFolder)) }}
}

// files gives the files under a folder.
func files(t *testing.T, root string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func bucket(t *testing.T) opened {
	t.Helper()
	server := httptest.NewServer(gofakes3.New(s3mem.New(), gofakes3.WithAutoBucket(true)).Server())
	t.Cleanup(server.Close)
	o := Options{Store: "s3://blobs/some/prefix", Endpoint: server.URL, Region: "us-east-1", AccessKey: "id", SecretKey: "key"}
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	b := s.(*Bucket)
	return opened{s, func(t *testing.T) []string {
		var open []string
		for u := range b.client.ListIncompleteUploads(context.Background(), b.bucket, "", true) {
			if u.Err != nil {
				t.Fatal(u.Err)
			}
			open = append(open, u.Key)
		}
		return open
	}}
}

var stores = map[string]func(*testing.T) opened{"folder": folder, "bucket": bucket}

// each runs a test against every kind of store.
func each(t *testing.T, test func(t *testing.T, s opened)) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func content(size int) []byte {
	b := make([]byte, size)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(b)
	return b
}

func put(t *testing.T, s Store, name string, b []byte) {
	t.Helper()
	if _, err := s.Put(t.Context(), name, bytes.NewReader(b), int64(len(b))); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, s Store, name string) []byte {
	t.Helper()
	r, err := s.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func names(t *testing.T, s Store, prefix string) []string {
	t.Helper()
	all := []string{}
	for info, err := range s.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, info.Name)
	}
	slices.Sort(all)
	return all
}

func TestPutAndRead(t *testing.T) {
	each(t, func(t *testing.T, s opened) {
		for _, size := range []int{0, 1, 1000, smallSize - 1, smallSize, smallSize + 1, partSize + 17} {
			b := content(size)
			sum := sha256.Sum256(b)
			for _, announced := range []int64{int64(size), -1} {
				name := fmt.Sprintf("packages/Acme.Web/Acme Web+ü.%d.%d.zip", size, announced)
				// Without the other methods of bytes.Reader, as a request's body is.
				got, err := s.Put(t.Context(), name, io.MultiReader(bytes.NewReader(b)), announced)
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(Written{int64(size), hex.EncodeToString(sum[:])}, got); d != "" {
					t.Error(d)
				}
				if !bytes.Equal(b, get(t, s, name)) {
					t.Errorf("%d bytes came back otherwise", size)
				}
				info, err := s.Stat(t.Context(), name)
				if err != nil || info.Name != name || info.Size != int64(size) || time.Since(info.Modified) > time.Hour {
					t.Errorf("Stat: %+v, %v", info, err)
				}
			}
		}
		if left := s.leftovers(t); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	})
}

func TestReadAnywhere(t *testing.T) {
	each(t, func(t *testing.T, s opened) {
		b := content(100_000)
		put(t, s, "a", b)
		r, err := s.Open(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if r.Info().Size != 100_000 || r.Info().Name != "a" {
			t.Errorf("Info %+v", r.Info())
		}
		part := make([]byte, 100)
		for _, at := range []int64{99_900, 0, 50_000, 10} {
			if _, err := r.Seek(at, io.SeekStart); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(r, part); err != nil || !bytes.Equal(part, b[at:at+100]) {
				t.Errorf("after Seek to %d: %v", at, err)
			}
		}
		if end, err := r.Seek(0, io.SeekEnd); err != nil || end != 100_000 {
			t.Errorf("Seek to the end: %d, %v", end, err)
		}
		if n, err := r.Read(part); n != 0 || err != io.EOF {
			t.Errorf("Read at the end: %d, %v", n, err)
		}
		if n, err := r.ReadAt(part, 99_950); n != 50 || err != io.EOF || !bytes.Equal(part[:50], b[99_950:]) {
			t.Errorf("ReadAt over the end: %d, %v", n, err)
		}
	})
}

func TestReplaceAndDelete(t *testing.T) {
	each(t, func(t *testing.T, s opened) {
		put(t, s, "x/y/z", []byte("one"))
		old, err := s.Open(t.Context(), "x/y/z")
		if err != nil {
			t.Fatal(err)
		}
		defer old.Close()
		put(t, s, "x/y/z", []byte("two!"))
		if got := get(t, s, "x/y/z"); string(got) != "two!" {
			t.Errorf("after replacing: %q", got)
		}
		for range 2 {
			if err := s.Delete(t.Context(), "x/y/z"); err != nil {
				t.Error(err)
			}
		}
		if err := s.Delete(t.Context(), "x"); err != nil {
			t.Error(err)
		}
		for _, name := range []string{"x/y/z", "x/y", "never", "never/at/all"} {
			if _, err := s.Open(t.Context(), name); !fault.Is(err, fault.NotFound) {
				t.Errorf("Open %s: %v", name, err)
			}
			if _, err := s.Stat(t.Context(), name); !fault.Is(err, fault.NotFound) {
				t.Errorf("Stat %s: %v", name, err)
			}
		}
		if got := names(t, s, ""); len(got) != 0 {
			t.Errorf("still there: %q", got)
		}
	})
}

func TestList(t *testing.T) {
	each(t, func(t *testing.T, s opened) {
		for _, name := range []string{"a/b/1", "a/b/2", "a/b-1/3", "a/bc", "ab", "z/1"} {
			put(t, s, name, []byte(name))
		}
		for prefix, want := range map[string][]string{
			"":         {"a/b-1/3", "a/b/1", "a/b/2", "a/bc", "ab", "z/1"},
			"a":        {"a/b-1/3", "a/b/1", "a/b/2", "a/bc", "ab"},
			"a/":       {"a/b-1/3", "a/b/1", "a/b/2", "a/bc"},
			"a/b":      {"a/b-1/3", "a/b/1", "a/b/2", "a/bc"},
			"a/b/":     {"a/b/1", "a/b/2"},
			"a/b/2":    {"a/b/2"},
			"ab":       {"ab"},
			"ab/":      {},
			"a/bc/d":   {},
			"nothing/": {},
		} {
			if d := cmp.Diff(want, names(t, s, prefix)); d != "" {
				t.Errorf("prefix %q: %s", prefix, d)
			}
		}
		n := 0
		for range s.List(t.Context(), "") {
			n++
			break
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, err := range s.List(ctx, "") {
			if n++; err == nil {
				t.Error("a cancelled listing goes on")
			}
		}
		if n != 2 {
			t.Errorf("%d steps", n)
		}
	})
}

func TestBadNames(t *testing.T) {
	each(t, func(t *testing.T, s opened) {
		for _, name := range []string{"", ".", "..", "/a", "a/", "a//b", "a/../b", "../b", ".tmp/x", "a/.hidden", `a\b`, "a\nb", "a\x00b",
			"a\xff", strings.Repeat("x", 251), strings.Repeat("x/", 460) + "x"} {
			_, err := s.Put(t.Context(), name, strings.NewReader("x"), 1)
			_, err2 := s.Open(t.Context(), name)
			_, err3 := s.Stat(t.Context(), name)
			err4 := s.Delete(t.Context(), name)
			for _, err := range []error{err, err2, err3, err4} {
				if !fault.Is(err, fault.Invalid) {
					t.Errorf("name %.20q: %v", name, err)
				}
			}
		}
		if got := names(t, s, ""); len(got) != 0 {
			t.Errorf("stored %q", got)
		}
	})
}

// TestBrokenInput breaks off the input in several ways and sizes; what was
// there before stays, and nothing else.
func TestBrokenInput(t *testing.T) {
	broken := errors.New("the line went dead")
	each(t, func(t *testing.T, s opened) {
		put(t, s, "kept", []byte("before"))
		for _, size := range []int{0, 10, smallSize + 1, partSize + smallSize + 5} {
			b := content(size)
			with := func(after ...io.Reader) func() io.Reader {
				return func() io.Reader {
					for _, r := range after {
						if s, ok := r.(io.Seeker); ok {
							_, _ = s.Seek(0, io.SeekStart)
						}
					}
					return io.MultiReader(append([]io.Reader{bytes.NewReader(b)}, after...)...)
				}
			}
			cancelled, cancel := context.WithCancel(t.Context())
			for _, c := range []struct {
				name string
				ctx  context.Context
				r    func() io.Reader
				size int64
				want func(error) bool
			}{
				{"error", t.Context(), with(iotest.ErrReader(broken)), -1, func(err error) bool { return errors.Is(err, broken) }},
				{"error after the announced size", t.Context(), with(iotest.ErrReader(broken)), int64(size), func(err error) bool { return errors.Is(err, broken) }},
				{"too short", t.Context(), with(), int64(size) + 1, func(err error) bool { return fault.Is(err, fault.Invalid) && errors.Is(err, io.ErrUnexpectedEOF) }},
				{"too long", t.Context(), with(strings.NewReader("x")), int64(size), func(err error) bool { return fault.Is(err, fault.Invalid) }},
				{"cancelled", cancelled, with(readerFunc(func([]byte) (int, error) { cancel(); return 0, nil })), -1, func(err error) bool { return errors.Is(err, context.Canceled) }},
			} {
				for _, name := range []string{"kept", "fresh/name"} {
					if _, err := s.Put(c.ctx, name, c.r(), c.size); err == nil || !c.want(err) {
						t.Errorf("%d bytes, %s: %v", size, c.name, err)
					}
				}
			}
			cancel()
			if got := get(t, s, "kept"); string(got) != "before" {
				t.Fatalf("%d bytes: what was there before is %.20q", size, got)
			}
			if d := cmp.Diff([]string{"kept"}, names(t, s, "")); d != "" {
				t.Error(d)
			}
		}
		if left := s.leftovers(t); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestManyAtOnce writes, reads and deletes the same few names from many sides;
// each read sees one whole version or none.
func TestManyAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s opened) {
		var wg sync.WaitGroup
		for worker := range 8 {
			wg.Go(func() {
				for i := range 25 {
					name := fmt.Sprintf("d%d/e/f", i%2)
					b := bytes.Repeat([]byte{byte('a' + worker)}, 2000)
					if _, err := s.Put(t.Context(), name, bytes.NewReader(b), 2000); err != nil {
						t.Error(err)
					}
					r, err := s.Open(t.Context(), name)
					if err == nil {
						got, err := io.ReadAll(r)
						if gone := fault.Is(err, fault.NotFound) || err != nil && strings.Contains(err.Error(), "key does not exist"); !gone &&
							(err != nil || len(got) != 2000 || bytes.Count(got, got[:1]) != 2000) {
							t.Errorf("read %d bytes, %v", len(got), err)
						}
						_ = r.Close()
					} else if !fault.Is(err, fault.NotFound) {
						t.Error(err)
					}
					if i%3 == worker%3 {
						if err := s.Delete(t.Context(), name); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		wg.Wait()
	})
}

func TestFullDisk(t *testing.T) {
	root := t.TempDir()
	if err := syscall.Mount("tmpfs", root, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("a small file system cannot be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(root, 0) })
	s, err := OpenFolder(root)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "kept", []byte("before"))
	for range 3 { // what a failed write took is free again
		_, err := s.Put(t.Context(), "kept", bytes.NewReader(content(2<<20)), 2<<20)
		if !fault.Is(err, fault.Unavailable) || !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("error %v", err)
		}
		if d := cmp.Diff([]string{filepath.Join(root, "kept")}, files(t, root)); d != "" {
			t.Error(d)
		}
		put(t, s, "most", content(900<<10))
		if err := s.Delete(t.Context(), "most"); err != nil {
			t.Error(err)
		}
	}
	if got := get(t, s, "kept"); string(got) != "before" {
		t.Errorf("%q", got)
	}
}

func TestFolderClearsOldLeftovers(t *testing.T) {
	root := t.TempDir()
	temp := filepath.Join(root, tempFolder)
	if err := os.Mkdir(temp, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, age := range map[string]time.Duration{"put-old": 3 * staleAfter, "put-new": time.Minute} {
		path := filepath.Join(temp, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := OpenFolder(root); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{filepath.Join(temp, "put-new")}, files(t, root)); d != "" {
		t.Error(d)
	}
}

func TestFolderDropsEmptyFolders(t *testing.T) {
	s := folder(t)
	put(t, s, "a/b/c", nil)
	put(t, s, "a/d", nil)
	if err := s.Delete(t.Context(), "a/b/c"); err != nil {
		t.Fatal(err)
	}
	root := s.Store.(*Folder).root
	if _, err := os.Stat(filepath.Join(root, "a", "b")); !os.IsNotExist(err) {
		t.Errorf("the empty folder is there: %v", err)
	}
	if d := cmp.Diff([]string{"a/d"}, names(t, s, "")); d != "" {
		t.Error(d)
	}
}

func TestOpenErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(s3mem.New()).Server())
	t.Cleanup(server.Close)
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Store: file}, "opening the folder"},
		{Options{Store: "s3://absent", Endpoint: server.URL, AccessKey: "id", SecretKey: "key"}, "There is no bucket absent"},
		{Options{Store: "s3://b", Endpoint: "nowhere", AccessKey: "id", SecretKey: "key"}, "is not a URL"},
		{Options{Store: "s3://B AD", Endpoint: server.URL, AccessKey: "id", SecretKey: "key"}, "B AD"},
	} {
		if _, err := Open(t.Context(), c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.o.Store, err)
		}
	}
}
