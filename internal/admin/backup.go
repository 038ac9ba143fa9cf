package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/takodeploy/tako/internal/backup"
	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/config"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/masterkey"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/store"
)

// BackupPlace opens the folder or bucket of the continuous backup.
func BackupPlace(ctx context.Context, c config.Storage) (blob.Store, error) {
	b := c.Backup
	place, err := blob.Open(ctx, blob.Options{Store: b.To, Endpoint: b.Endpoint, Region: b.Region, AccessKey: b.AccessKey, SecretKey: b.SecretKey.Reveal()})
	if err != nil {
		return nil, fmt.Errorf("opening the backup %s: %w", b.To, err)
	}
	return place, nil
}

// Backup writes everything into one file, or to out when its name is "-". The
// server may go on with its work.
func Backup(ctx context.Context, c config.Storage, path string, withKey bool, version string, out io.Writer) (backup.Manifest, backup.Totals, error) {
	var from backup.Source
	db, err := Attach(ctx, c)
	if err != nil {
		return backup.Manifest{}, backup.Totals{}, err
	}
	defer db.Close()
	from.DB, from.Version = db, version
	if from.Blobs, err = Blobs(ctx, c.Blob); err != nil {
		return backup.Manifest{}, backup.Totals{}, err
	}
	if withKey {
		if from.Key, err = Key(db, c).Find(ctx); err != nil {
			return backup.Manifest{}, backup.Totals{}, err
		}
	}
	if path == "-" {
		return backup.Write(ctx, out, from)
	}
	return writeFile(ctx, path, from)
}

// writeFile makes the file appear when it is whole.
func writeFile(ctx context.Context, path string, from backup.Source) (m backup.Manifest, totals backup.Totals, err error) {
	if _, err := os.Stat(path); err == nil {
		return m, totals, fault.New(fault.Conflict, "%s is there already: give another name, or remove it.", path)
	}
	err = writeWhole(path, func(to io.Writer) (err error) {
		m, totals, err = backup.Write(ctx, to, from)
		return err
	})
	return m, totals, err
}

// Restored says what was brought back.
type Restored struct {
	From    string // what it was: one line
	Files   int64
	Missing []Missing
	KeyID   string // of the master key that the secrets are sealed with
	HasKey  bool   // that key is in the data folder or the settings
}

// Restore brings a backup back: an archive when path names one, else what is
// in the place of the continuous backup, as of a time. No server may run on the
// target.
func Restore(ctx context.Context, c config.Storage, path string, at time.Time) (r Restored, err error) {
	release, err := hold(c)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, release()) }()
	to := backup.Target{Dir: c.DataDir, DatabaseURL: c.DatabaseURL.Reveal()}
	if to.Blobs, err = Blobs(ctx, c.Blob); err != nil {
		return r, err
	}
	var key *secret.Key
	if path != "" {
		r, key, err = restoreArchive(ctx, path, to)
	} else {
		r, err = restoreFollowed(ctx, c, at, to)
	}
	if err != nil {
		return r, err
	}
	db, err := Attach(ctx, c)
	if err != nil {
		return r, err
	}
	defer db.Close()
	if key != nil && c.MasterKey == "" {
		if err := Key(db, c).Keep(key); err != nil {
			return r, err
		}
	}
	if r.KeyID, err = masterkey.ID(ctx, db); err != nil {
		return r, err
	}
	_, err = Key(db, c).Find(ctx)
	r.HasKey = err == nil
	_, r.Missing, err = MissingBlobs(ctx, db, to.Blobs)
	return r, err
}

func restoreArchive(ctx context.Context, path string, to backup.Target) (Restored, *secret.Key, error) {
	m, totals, err := backup.Restore(ctx, path, to)
	if err != nil {
		return Restored{}, nil, err
	}
	r := Restored{From: fmt.Sprintf("%s of %s by version %s", path, m.Made.Format(time.RFC3339), m.Version), Files: totals.Blobs}
	if !m.HasMasterKey {
		return r, nil, nil
	}
	key, err := backup.KeyOf(path)
	return r, key, err
}

func restoreFollowed(ctx context.Context, c config.Storage, at time.Time, to backup.Target) (Restored, error) {
	place, err := BackupPlace(ctx, c)
	if err != nil {
		return Restored{}, err
	}
	f, err := backup.Fetch(ctx, place, at, to)
	return Restored{From: fmt.Sprintf("%s as of %s", c.Backup.To, f.Last.Format(time.RFC3339)), Files: int64(f.Files)}, err
}

// Drilled is what a trial restore found.
type Drilled struct {
	Last   time.Time     // the newest that is in the backup
	Behind time.Duration // how long ago that was
	Took   time.Duration
	Events int64 // in the audit trail, so that somebody sees that it is theirs
	Files  int   // that the database speaks of, all of them there
}

// Drill restores the continuous backup into a folder of its own, looks whether
// the database is sound and every file there, and throws it away.
func Drill(ctx context.Context, c config.Storage) (Drilled, error) {
	began := time.Now()
	place, err := BackupPlace(ctx, c)
	if err != nil {
		return Drilled{}, err
	}
	dir, err := os.MkdirTemp(trialFolder(c), "tako-drill-")
	if err != nil {
		return Drilled{}, fmt.Errorf("making a folder for the trial: %w", err)
	}
	defer os.RemoveAll(dir)
	f, err := backup.FetchDatabase(ctx, place, time.Time{}, dir)
	if err != nil {
		return Drilled{}, err
	}
	r := Drilled{Last: f.Last, Behind: time.Since(f.Last).Round(time.Millisecond)}
	db, err := store.Attach(ctx, dir, "")
	if err != nil {
		return r, err
	}
	defer db.Close()
	files, err := Blobs(ctx, c.Blob)
	if err != nil {
		return r, err
	}
	if blob.Local(files) {
		files = backup.Files(place)
	}
	seen, missing, err := MissingBlobs(ctx, db, files)
	if err != nil {
		return r, err
	}
	for _, m := range missing {
		if m.Sure {
			return r, fault.New(fault.Conflict, "The backup is not whole: %s, and of %d files %d are not in order.", m.Text, seen, len(missing))
		}
	}
	r.Files = seen - len(missing)
	err = db.View(ctx, func(tx *store.Tx) error {
		_, err := tx.QueryRow([]any{&r.Events}, "select count(*) from event")
		return err
	})
	r.Took = time.Since(began).Round(time.Millisecond)
	return r, err
}

// trialFolder is where there is room for a copy of the database: beside it.
func trialFolder(c config.Storage) string {
	if _, err := os.Stat(c.DataDir); err == nil {
		return c.DataDir
	}
	return os.TempDir()
}

// drillSetting holds how the last trial went.
const drillSetting = "backup drill"

// DrillAndNote drills, and notes in the database how it went.
func DrillAndNote(ctx context.Context, db *store.DB, c config.Storage) (Drilled, error) {
	r, failed := Drill(ctx, c)
	word := "well"
	if failed != nil {
		word = "badly: " + failed.Error()
	}
	err := db.Do(ctx, func(tx *store.Tx) error {
		return tx.SetSetting(drillSetting, time.Now().UTC().Format(time.RFC3339)+" "+word)
	})
	if failed != nil {
		return r, failed
	}
	return r, err
}

// backupAge is how long ago the continuous backup was last written.
func backupAge(ctx context.Context, c config.Storage) (time.Duration, error) {
	place, err := BackupPlace(ctx, c)
	if err != nil {
		return 0, err
	}
	last, err := backup.Last(ctx, place)
	return time.Since(last), err
}
