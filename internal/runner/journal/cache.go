package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Cache remembers how the packages kept on a machine are used, so that the
// right ones go when there are too many. It knows nothing of how they got there.
type Cache struct{ path, dir string }

// OpenCache names a cache journal's file, which need not exist yet, and the
// folder that the packages are in.
func OpenCache(path, dir string) *Cache { return &Cache{path, dir} }

// Cached is a package file in the cache.
type Cached struct {
	ID      string `json:"PackageId"`
	Version string `json:"Version"`
	Path    string `json:"Path"`
}

// lockLife is how long a task that never ended keeps its packages.
const lockLife = 14 * 24 * time.Hour

// cacheFile is the file's content. Age counts uses of anything, so that the
// age of an entry does not depend on clocks.
type cacheFile struct {
	Entries []cacheEntry `json:"JournalEntries"`
	Cache   struct {
		CacheAge int
	}
}

type cacheEntry struct {
	Package       Cached
	FileSizeBytes int64
	Locks         []cacheLock
	Usages        []cacheUsage
}

type cacheLock struct {
	DeploymentTaskID string `json:"DeploymentTaskId"`
	DateTime         time.Time
}

type cacheUsage struct {
	CacheAgeAtUsage  int
	DateTime         time.Time
	DeploymentTaskID string `json:"DeploymentTaskId"`
}

// Use notes that a task uses a package and keeps it until Release.
func (c *Cache) Use(task string, p Cached, size int64, now time.Time) error {
	return c.change(nil, now, func(f *cacheFile) {
		f.Cache.CacheAge++
		at := slices.IndexFunc(f.Entries, func(e cacheEntry) bool { return e.Package.Path == p.Path })
		if at < 0 {
			at = len(f.Entries)
			f.Entries = append(f.Entries, cacheEntry{})
		}
		e := &f.Entries[at]
		e.Package, e.FileSizeBytes = p, size
		e.Locks = append(e.Locks, cacheLock{task, now})
		e.Usages = append(e.Usages, cacheUsage{f.Cache.CacheAge, now, task})
		// The number and the ends of the uses count; a long tail in between
		// would only make the file grow.
		if len(e.Usages) > 100 {
			e.Usages = slices.Delete(e.Usages, 1, 2)
		}
	})
}

// Release lets go of everything a task uses.
func (c *Cache) Release(task string, now time.Time) error {
	return c.change(nil, now, func(f *cacheFile) {
		for i := range f.Entries {
			f.Entries[i].Locks = slices.DeleteFunc(f.Entries[i].Locks, func(l cacheLock) bool { return l.DeploymentTaskID == task })
		}
	})
}

// change rewrites the journal under its lock.
func (c *Cache) change(log Log, now time.Time, f func(*cacheFile)) error {
	unlock, err := lock(c.path)
	if err != nil {
		return err
	}
	defer unlock()
	file, err := c.read(log, now)
	if err != nil {
		return err
	}
	f(&file)
	content, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the package journal: %w", err)
	}
	return replace(c.path, content)
}

// read gives what the file holds. A journal that cannot be read is put aside:
// it only makes retention wiser, and must not stop a deployment.
func (c *Cache) read(log Log, now time.Time) (cacheFile, error) {
	var file cacheFile
	content, err := os.ReadFile(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return file, nil
	}
	if err != nil {
		return file, fmt.Errorf("read the package journal: %w", err)
	}
	if err := json.Unmarshal(content, &file); err != nil {
		extension := filepath.Ext(c.path)
		aside := strings.TrimSuffix(c.path, extension) + "_" + now.UTC().Format("20060102T150405") + extension
		if err := os.Rename(c.path, aside); err != nil {
			return file, fmt.Errorf("put the unreadable package journal aside: %w", err)
		}
		if log != nil {
			log.Warnf("The package journal could not be read and was moved to '%s': %v", aside, err)
		}
		file = cacheFile{}
	}
	for i := range file.Entries {
		file.Entries[i].Locks = slices.DeleteFunc(file.Entries[i].Locks, func(l cacheLock) bool { return now.Sub(l.DateTime) > lockLife })
	}
	return file, nil
}

func (e cacheEntry) lastUse() cacheUsage {
	if len(e.Usages) == 0 {
		return cacheUsage{}
	}
	return e.Usages[len(e.Usages)-1]
}
