package journal

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/version"
)

// CachePolicy says what a machine's package cache may hold.
type CachePolicy struct {
	// Quantities keeps numbers of packages; otherwise a share of the disk is
	// kept free.
	Quantities bool
	// PercentFree is the share of the disk to keep free; 0 is 20.
	PercentFree int
	// Packages is how many ids to keep, the most recently used first; negative
	// is all.
	Packages int
	// Versions is how many versions to keep of an id, the most recently used
	// first.
	Versions int
}

// Disk is the space of the disk that a cache is on.
type Disk struct{ Free, Total uint64 }

// Clean removes the package files that a policy does not keep and that no task
// is using, and gives their paths.
func (c *Cache) Clean(p CachePolicy, disk Disk, now time.Time, log Log) ([]string, error) {
	var removed []string
	err := c.change(log, now, func(f *cacheFile) {
		f.Entries = slices.DeleteFunc(f.Entries, func(e cacheEntry) bool {
			_, err := os.Stat(e.Package.Path)
			return errors.Is(err, fs.ErrNotExist)
		})
		c.adopt(f, now)
		var doomed []cacheEntry
		if p.Quantities {
			doomed = overQuantity(f.Entries, p)
		} else {
			doomed = overSpace(*f, p, disk, log)
		}
		for _, e := range doomed {
			if len(e.Locks) > 0 {
				continue
			}
			log.Verbosef("Removing package file '%s'", e.Package.Path)
			if err := os.Remove(e.Package.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				log.Warnf("Could not remove package file '%s': %v", e.Package.Path, err)
				continue
			}
			removed = append(removed, e.Package.Path)
		}
		f.Entries = slices.DeleteFunc(f.Entries, func(e cacheEntry) bool { return slices.Contains(removed, e.Package.Path) })
	})
	return removed, err
}

// overQuantity picks the packages beyond the numbers to keep.
func overQuantity(entries []cacheEntry, p CachePolicy) []cacheEntry {
	recent := slices.Clone(entries)
	slices.SortStableFunc(recent, func(a, b cacheEntry) int { return b.lastUse().CacheAgeAtUsage - a.lastUse().CacheAgeAtUsage })
	var doomed []cacheEntry
	var ids []string
	versions := map[string]int{}
	for _, e := range recent {
		id := strings.ToLower(e.Package.ID)
		at := slices.Index(ids, id)
		if at < 0 {
			at = len(ids)
			ids = append(ids, id)
		}
		versions[id]++
		if p.Packages >= 0 && at >= p.Packages || versions[id] > p.Versions {
			doomed = append(doomed, e)
		}
	}
	return doomed
}

// overSpace picks the packages of least value until enough space would be free,
// and some more, so that not every deployment has to clean.
func overSpace(f cacheFile, p CachePolicy, disk Disk, log Log) []cacheEntry {
	percent := p.PercentFree
	if percent == 0 {
		percent = 20
	}
	wanted := disk.Total / 100 * uint64(percent)
	if disk.Free > wanted {
		return nil
	}
	needed := (wanted - disk.Free) / 100 * 130
	log.Verbosef("Cleaning %d bytes from the package cache.", needed)
	var doomed []cacheEntry
	var freed uint64
	for _, e := range byValue(f) {
		if freed >= needed {
			break
		}
		doomed = append(doomed, e)
		freed += uint64(max(e.FileSizeBytes, 0))
	}
	return doomed
}

// valued is an entry with what makes it worth keeping.
type valued struct {
	entry            cacheEntry
	hits, age, newer float64
}

// byValue orders the entries that nobody is using, the least valuable first:
// seldom used, long ago, with many newer versions beside them.
func byValue(f cacheFile) []cacheEntry {
	var all []valued
	for _, e := range f.Entries {
		if len(e.Locks) > 0 {
			continue
		}
		v := valued{entry: e, hits: float64(len(e.Usages)), age: float64(f.Cache.CacheAge - e.lastUse().CacheAgeAtUsage)}
		for _, o := range f.Entries {
			if strings.EqualFold(o.Package.ID, e.Package.ID) && newerVersion(o.Package.Version, e.Package.Version) {
				v.newer++
			}
		}
		all = append(all, v)
	}
	hits := norm(all, func(v valued) float64 { return v.hits })
	age := norm(all, func(v valued) float64 { return v.age })
	newer := norm(all, func(v valued) float64 { return v.newer })
	value := func(v valued) float64 { return hits(v) - age(v)*0.5 - newer(v) }
	slices.SortStableFunc(all, func(a, b valued) int { return cmp.Compare(value(a), value(b)) })
	entries := make([]cacheEntry, len(all))
	for i, v := range all {
		entries[i] = v.entry
	}
	return entries
}

// norm brings a property of the entries into the range from 0 to 1.
func norm(all []valued, of func(valued) float64) func(valued) float64 {
	if len(all) == 0 {
		return of
	}
	low, high := of(all[0]), of(all[0])
	for _, v := range all {
		low, high = min(low, of(v)), max(high, of(v))
	}
	span := high - low
	if span == 0 {
		span = 1
	}
	return func(v valued) float64 { return (of(v) - low) / span }
}

// newerVersion says that a is a higher version than b.
func newerVersion(a, b string) bool {
	va, errA := version.Parse(version.Octopus, a)
	vb, errB := version.Parse(version.Octopus, b)
	return errA == nil && errB == nil && va.Compare(vb) > 0
}

// adopt takes in the files of the cache that no task of ours has used, except
// those that are just arriving.
func (c *Cache) adopt(f *cacheFile, now time.Time) {
	files, err := os.ReadDir(c.dir)
	if err != nil {
		return
	}
	for _, d := range files {
		path := filepath.Join(c.dir, d.Name())
		info, err := d.Info()
		known := slices.ContainsFunc(f.Entries, func(e cacheEntry) bool { return e.Package.Path == path })
		if err != nil || known || !info.Mode().IsRegular() || strings.HasPrefix(d.Name(), ".") || now.Sub(info.ModTime()) < time.Hour {
			continue
		}
		f.Entries = append(f.Entries, cacheEntry{Package: Cached{ID: d.Name(), Path: path}, FileSizeBytes: info.Size()})
	}
}
