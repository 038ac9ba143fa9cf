package host

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/runner/wire"
)

// cache keeps packages by the hash of their contents.
type cache struct {
	dir string

	mu     sync.Mutex
	taking map[string]chan struct{} // file name to the end of its transfer
}

const partPrefix = ".part-"

func newCache(dir string) (*cache, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the package folder: %w", err)
	}
	return &cache{dir: dir, taking: map[string]chan struct{}{}}, nil
}

// has reports whether the package is there as it was packed, and notes that it
// was wanted: what was not wanted for long is what retention removes first. Reading
// it all costs little beside unpacking it, and what a disk, a power cut or a person
// has done to it would else be deployed.
func (c *cache) has(pkg *runner.Package) (bool, error) {
	name, err := pkg.FileName()
	if err != nil {
		return false, wire.Errorf(wire.CodeInvalid, "%v", err)
	}
	path := filepath.Join(c.dir, name)
	whole, err := intact(path, pkg)
	if !whole || err != nil {
		return false, err
	}
	now := time.Now()
	_ = os.Chtimes(path, now, now)
	return true, nil
}

// intact reports whether a file is there and has a package's content.
func intact(path string, pkg *runner.Package) (bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() != pkg.Size {
		return false, err
	}
	sum := sha256.New()
	if _, err := io.CopyBuffer(sum, struct{ io.Reader }{f}, make([]byte, 64<<10)); err != nil {
		return false, nil //nolint:nilerr // what cannot be read is brought again
	}
	return hex.EncodeToString(sum.Sum(nil)) == pkg.Hash, nil
}

// claim waits for a transfer of the same package that is under way, then
// reports whether the package is there. If not, the caller is to bring it
// and to call the returned function when it has, or has not.
func (c *cache) claim(pkg *runner.Package, gone <-chan struct{}) (have bool, release func(), err error) {
	name, err := pkg.FileName()
	if err != nil {
		return false, nil, wire.Errorf(wire.CodeInvalid, "%v", err)
	}
	for {
		c.mu.Lock()
		other := c.taking[name]
		if other == nil {
			mine := make(chan struct{})
			c.taking[name] = mine
			c.mu.Unlock()
			release = func() {
				c.mu.Lock()
				delete(c.taking, name)
				c.mu.Unlock()
				close(mine)
			}
			if have, err = c.has(pkg); have || err != nil {
				release()
				return have, nil, err
			}
			return false, release, nil
		}
		c.mu.Unlock()
		select {
		case <-other:
		case <-gone:
			return false, nil, wire.ErrClosed
		}
	}
}

// take stores a package from r: under another name, checked, renamed.
func (c *cache) take(pkg *runner.Package, r io.Reader) error {
	name, err := pkg.FileName()
	if err != nil {
		return wire.Errorf(wire.CodeInvalid, "%v", err)
	}
	if err := c.room(pkg.Size); err != nil {
		return err
	}
	f, err := os.CreateTemp(c.dir, partPrefix+"*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	sum := sha256.New()
	n, err := io.CopyBuffer(io.MultiWriter(f, sum), io.LimitReader(r, pkg.Size+1), make([]byte, 64<<10))
	if err != nil {
		f.Close()
		return fmt.Errorf("storing package %s %s: %w", pkg.ID, pkg.Version, err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); n != pkg.Size || got != pkg.Hash {
		f.Close()
		return wire.Errorf(wire.CodeInvalid,
			"Package %s %s is damaged where the server keeps it: %d bytes with SHA-256 %s arrived, and it had %d bytes with %s when it came. Push it again, or restore it from a backup.",
			pkg.ID, pkg.Version, n, got, pkg.Size, pkg.Hash)
	}
	if err := os.Rename(f.Name(), filepath.Join(c.dir, name)); err != nil {
		f.Close()
		return fmt.Errorf("storing package %s %s: %w", pkg.ID, pkg.Version, err)
	}
	// The disk may take its time: until then a power cut costs a transfer,
	// since a file with other content does not count as there.
	go func() {
		_ = unix.Fdatasync(int(f.Fd()))
		f.Close()
	}()
	return nil
}

// room refuses what cannot fit before a byte is sent.
func (c *cache) room(size int64) error {
	var fs unix.Statfs_t
	if err := unix.Statfs(c.dir, &fs); err != nil {
		return nil
	}
	if free := int64(fs.Bavail) * int64(fs.Bsize); free < size {
		return wire.Errorf(wire.CodeDiskFull, "The machine's disk is full: the package takes %d bytes and %d are free under %s.", size, free, c.dir)
	}
	return nil
}

// sweep removes transfers that were cut off long ago.
func (c *cache) sweep(before time.Time) {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && strings.HasPrefix(e.Name(), partPrefix) && info.ModTime().Before(before) {
			os.Remove(filepath.Join(c.dir, e.Name()))
		}
	}
}
