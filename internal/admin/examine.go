package admin

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/feed"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/masterkey"
	"github.com/takodeploy/tako/internal/store"
)

// integrity has the database look at itself.
func (d *doctor) integrity(ctx context.Context) {
	now, known, err := d.db.Schema(ctx)
	switch {
	case err != nil:
		d.bad("restore a backup into an empty folder", "the database cannot be read: %v", err)
		return
	case now > known:
		d.bad("use the newer program that this database was last used with", "the database is of a newer version (schema %d, this program knows %d)", now, known)
	case now < known:
		d.good("the database will be brought from schema %d to %d at the next start", now, known)
	}
	complaints, err := d.db.Integrity(ctx)
	if err != nil {
		complaints = append(complaints, err.Error())
	}
	if len(complaints) > 0 {
		d.bad("stop the server, keep a copy of the folder, and restore the newest backup into an empty folder", "the database is damaged: %s", strings.Join(complaints, "; "))
		return
	}
	d.good("the database is sound")
}

// keyAndSecrets sees that every secret can be read.
func (d *doctor) keyAndSecrets(ctx context.Context) {
	place := Key(d.db, d.cfg.Storage)
	key, err := place.Find(ctx)
	if err != nil {
		d.bad("give the server the key that the database was written with, in MASTER_KEY or the file master.key", "the master key: %v", err)
		return
	}
	if info, err := os.Stat(place.File()); err == nil && info.Mode().Perm()&0o077 != 0 {
		d.bad("chmod 600 "+place.File(), "the master key can be read by others (%s)", info.Mode().Perm())
	}
	all, lost, err := masterkey.Unreadable(ctx, d.db, key)
	if err != nil {
		d.bad("restore a backup", "the secrets cannot be looked at: %v", err)
		return
	}
	for _, l := range lost {
		d.bad("enter the secret again", "%d secrets in the %s %s cannot be read with master key %s", l.Values, l.Table, l.Row, key.ID())
	}
	if len(lost) == 0 {
		d.good("all %d secrets can be read with master key %s", all, key.ID())
	}
}

// files sees that every file the database speaks of is there.
func (d *doctor) files(ctx context.Context) {
	if d.blobs == nil {
		return
	}
	seen, missing, err := MissingBlobs(ctx, d.db, d.blobs)
	if err != nil {
		d.bad("see that the folder or bucket of --blob-store can be read", "the files cannot be looked at: %v", err)
		return
	}
	for _, m := range missing {
		if m.Sure {
			d.bad("push it again, or restore it from a backup", "%s", m.Text)
		} else {
			d.odd("collect it again if it is needed, or delete the artifact", "%s", m.Text)
		}
	}
	if len(missing) == 0 {
		d.good("all %d files of packages, artifacts and logs are there", seen)
	}
	d.contents(ctx)
}

// readMost is how many bytes of packages are read to see that they are as they
// came: a few seconds' worth.
const readMost = 4 << 30

// contents sees that the packages' files are as they came, where they lie at hand.
func (d *doctor) contents(ctx context.Context) {
	var packages []*catalog.BuiltInPackage
	err := d.db.View(ctx, func(tx *store.Tx) (err error) {
		packages, _, err = catalog.BuiltInPackages.List(tx, kind.Query{AnySpace: true})
		return err
	})
	if err != nil {
		d.bad("", "the packages cannot be looked at: %v", err)
		return
	}
	bytes := int64(0)
	for _, p := range packages {
		bytes += p.SizeBytes
	}
	if !blob.Local(d.blobs) || bytes > readMost {
		d.good("the contents of packages were not read, only that their files are there and how long they are (%d MiB)", bytes>>20)
		return
	}
	own, read, sound := &feed.BuiltIn{DB: d.db, Blobs: d.blobs}, 0, true
	for _, p := range packages {
		file, err := own.Open(ctx, p)
		if err != nil {
			continue // told with the files that are missing or of another length
		}
		read++
		err = errors.Join(file.Whole(), file.Close())
		sound = sound && err == nil
		if fault.Is(err, fault.Damaged) {
			d.bad("push it again, or restore it from a backup", "the file of package %s %s is damaged: it is not what came", p.PackageID, p.Version)
		} else if err != nil {
			d.bad("see that the disk of --blob-store is in order", "the file of package %s %s cannot be read: %v", p.PackageID, p.Version, err)
		}
	}
	if sound {
		d.good("the contents of %d packages are as they came", read)
	}
}

// clock sees that nothing stored is of the future.
func (d *doctor) clock(ctx context.Context) {
	ahead, err := d.db.Ahead(ctx)
	switch {
	case err != nil:
		d.odd("", "the clock cannot be compared: %v", err)
	case ahead > time.Minute:
		d.bad("set the machine's clock (timedatectl, chrony); schedules and leases go by it", "the clock is %s behind what is stored", ahead.Round(time.Second))
	default:
		d.good("the clock")
	}
}

// stuckAfter is how long a task may stay where it is before somebody should look.
const stuckAfter = time.Hour

// tasks finds what does not move.
func (d *doctor) tasks(ctx context.Context) {
	now := time.Now()
	stuck := 0
	err := d.db.View(ctx, func(tx *store.Tx) error {
		return tx.Query(func(scan func(...any) error) error {
			var id, name, state, hold, why string
			var lease, queued int64
			if err := scan(&id, &name, &state, &hold, &why, &lease, &queued); err != nil {
				return err
			}
			stuck++
			since := time.UnixMilli(queued).UTC().Format(time.RFC3339)
			if hold == "Held" {
				d.odd("start a server on this database: it takes the task up where it was", "%s (%s) was left by a server that is gone", id, name)
				return nil
			}
			d.odd("see on its page what it waits for, or cancel it", "%s (%s, %s) waits since %s: %s", id, name, state, since, why)
			return nil
		}, `select id, name, state, hold, why, lease, queue_time from task
			where hold = 'Held' and lease < $1 or hold = 'Waiting' and queue_time < $2 order by num limit 20`,
			now.Add(-time.Minute).UnixMilli(), now.Add(-stuckAfter).UnixMilli())
	})
	if err != nil {
		d.bad("", "the tasks cannot be looked at: %v", err)
	} else if stuck == 0 {
		d.good("no task is stuck")
	}
}

// Missing is a file that the database speaks of and that is not there.
type Missing struct {
	Text string
	Sure bool // it was there; an artifact may never have been sent
}

// MissingBlobs compares what the database speaks of with the files there are.
func MissingBlobs(ctx context.Context, db *store.DB, blobs blob.Store) (seen int, missing []Missing, err error) {
	look := func(what, name string, size int64, sure bool) error {
		seen++
		info, err := blobs.Stat(ctx, name)
		switch {
		case fault.Is(err, fault.NotFound):
			missing = append(missing, Missing{fmt.Sprintf("the file of %s is missing (%s)", what, name), sure})
		case err != nil:
			return err
		case size > 0 && info.Size != size:
			missing = append(missing, Missing{fmt.Sprintf("the file of %s has %d bytes instead of %d (%s)", what, info.Size, size, name), true})
		}
		return nil
	}
	err = db.View(ctx, func(tx *store.Tx) error {
		packages, _, err := catalog.BuiltInPackages.List(tx, kind.Query{AnySpace: true})
		if err != nil {
			return err
		}
		for _, p := range packages {
			if err := look("package "+p.PackageID+" "+p.Version, p.Blob, p.SizeBytes, true); err != nil {
				return err
			}
		}
		artifacts, _, err := catalog.Artifacts.List(tx, kind.Query{AnySpace: true})
		if err != nil {
			return err
		}
		for _, a := range artifacts {
			if err := look("artifact "+a.ID+" ("+a.Filename+")", a.Blob(), 0, false); err != nil {
				return err
			}
		}
		return tx.Query(func(scan func(...any) error) error {
			var task, name string
			var size int64
			if err := scan(&task, &name, &size); err != nil {
				return err
			}
			return look("the log of "+task, name, size, true)
		}, "select task, name, size from task_archive where lines > 0")
	})
	return seen, missing, err
}

// healthy asks a server how it is.
func healthy(ctx context.Context, address string, secure bool) bool {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	scheme := "http"
	if secure {
		scheme = "https"
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+address+"/healthz", nil)
	if err != nil {
		return false
	}
	// The certificate is for the server's name, and this asks by address.
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}
