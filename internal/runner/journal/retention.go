package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/fault"
)

// Log is where retention says what it does; a job's surroundings are one.
type Log interface {
	Printf(format string, args ...any)
	Verbosef(format string, args ...any)
	Warnf(format string, args ...any)
}

// Policy says what to keep of a series: deployments of the last Days, or the
// current one and Releases successful ones before it. Days counts if both are
// set.
type Policy struct {
	Days     int
	Releases int
}

// Clean removes the folders of the deployments of a series that a policy does
// not keep, forgets them and gives their ids. What another kept deployment
// uses stays, and so does an entry whose folder cannot be removed.
func (j *Journal) Clean(set string, p Policy, now time.Time, log Log) ([]string, error) {
	if strings.TrimSpace(set) == "" {
		return nil, fault.New(fault.Invalid, "No retention policy set was named")
	}
	if p.Days <= 0 && p.Releases <= 0 {
		return nil, fault.New(fault.Invalid, "A retention policy needs a number of days or of releases")
	}
	entries, err := j.Entries()
	if err != nil {
		return nil, err
	}
	var gone, kept []Entry
	if p.Days > 0 {
		gone, kept = byAge(entries, set, p.Days, now)
		log.Printf("Keeping deployments from the last %d days", p.Days)
	} else {
		gone, kept = byCount(entries, set, p.Releases)
		log.Printf("Keeping this deployment and the previous %d successful deployments", p.Releases)
	}
	if len(gone) == 0 {
		log.Printf("Did not find any deployments to clean up")
	}
	var ids []string
	for _, e := range gone {
		if err := removeFolder(e, kept, log); err != nil {
			log.Warnf("Could not delete the directory '%s': %v", e.ExtractedTo, err)
			continue
		}
		ids = append(ids, e.ID)
	}
	return ids, j.Remove(ids)
}

// byAge parts the entries of a series older than so many days from the rest.
func byAge(entries []Entry, set string, days int, now time.Time) (gone, kept []Entry) {
	for _, e := range entries {
		age := now.Sub(e.InstalledOn)
		if e.RetentionPolicySet == set && age > time.Duration(days)*24*time.Hour {
			gone = append(gone, e)
		} else {
			kept = append(kept, e)
		}
	}
	return gone, kept
}

// byCount keeps the newest successful entries of a series: the current one and
// so many more. Failed ones go, unless there are too few successes to spare.
func byCount(entries []Entry, set string, releases int) (gone, kept []Entry) {
	var series []Entry
	for _, e := range entries {
		if e.RetentionPolicySet == set {
			series = append(series, e)
		} else {
			kept = append(kept, e)
		}
	}
	slices.Reverse(series) // so that of equally old ones the later counts as newer
	slices.SortStableFunc(series, func(a, b Entry) int { return b.InstalledOn.Compare(a.InstalledOn) })
	successes := 0
	for _, e := range series {
		if e.Successful && successes <= releases {
			successes++
			kept = append(kept, e)
		} else {
			gone = append(gone, e)
		}
	}
	if successes <= releases {
		return nil, entries
	}
	return gone, kept
}

// removeFolder deletes where a deployment was unpacked, unless it is in use.
func removeFolder(e Entry, kept []Entry, log Log) error {
	dir := e.ExtractedTo
	if strings.TrimSpace(dir) == "" {
		return nil
	}
	if slices.ContainsFunc(kept, func(k Entry) bool { return k.ExtractedTo == dir }) {
		log.Verbosef("Leaving '%s', which another deployment that is kept uses", dir)
		return nil
	}
	// Never follow a slip of the journal out of a deployment's own folder.
	if clean := filepath.Clean(dir); !filepath.IsAbs(clean) || filepath.Dir(clean) == clean {
		return fmt.Errorf("it is not the folder of a deployment")
	}
	if _, err := os.Lstat(dir); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	log.Printf("Removing directory '%s'", dir)
	if err := makeRemovable(dir); err != nil {
		return err
	}
	return os.RemoveAll(dir)
}

// makeRemovable gives us the right to empty the folders of a tree.
func makeRemovable(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o700 != 0o700 {
		if err := os.Chmod(dir, info.Mode().Perm()|0o700); err != nil {
			return err
		}
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		if err := makeRemovable(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}
