package backup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"github.com/benbjohnson/litestream"

	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
)

// Fetched says what was brought back.
type Fetched struct {
	Generation string
	Last       time.Time // when what was restored was copied last
	Files      int
	Bytes      int64
}

// Fetch brings back what a Follower has copied, as it was at a time; the newest
// when that is zero. The target must not have a server's data.
func Fetch(ctx context.Context, from blob.Store, at time.Time, to Target) (Fetched, error) {
	if to.DatabaseURL != "" {
		return Fetched{}, fault.New(fault.Invalid, "A continuous backup is of a database file and comes back as one: restore it into a folder, then move it with 'tako admin backup' and 'restore --database'.")
	}
	if err := to.vacant(ctx); err != nil {
		return Fetched{}, err
	}
	var f Fetched
	err := to.stage(func(dir string) (err error) {
		if f, err = FetchDatabase(ctx, from, at, dir); err != nil {
			return err
		}
		return f.files(ctx, from, at, to.Blobs)
	})
	return f, err
}

// FetchDatabase brings back the database alone, into a folder that has none,
// and has it checked.
func FetchDatabase(ctx context.Context, from blob.Store, at time.Time, dir string) (Fetched, error) {
	generation, err := generationAt(ctx, from, at)
	if err != nil {
		return Fetched{}, err
	}
	c := &copies{from, databaseFolder + generation + "/"}
	f := Fetched{Generation: generation}
	log := slog.New(slog.DiscardHandler)
	plan, err := litestream.CalcRestorePlan(ctx, c, 0, at, log)
	if errors.Is(err, litestream.ErrTxNotAvailable) {
		return f, fault.New(fault.NotFound, "The backup does not reach back to %s: give a later time.", at.Format(time.RFC3339))
	}
	if err != nil {
		return f, fmt.Errorf("planning the restore: %w", err)
	}
	for _, piece := range plan {
		if piece.CreatedAt.After(f.Last) {
			f.Last = piece.CreatedAt
		}
	}
	o := litestream.NewRestoreOptions()
	o.OutputPath, o.Timestamp = filepath.Join(dir, "tako.db"), at
	if err := litestream.NewReplicaWithClient(nil, c).Restore(ctx, o); err != nil {
		return f, fmt.Errorf("restoring the database: %w", err)
	}
	return f, sound(ctx, dir)
}

// sound has a restored database checked.
func sound(ctx context.Context, dir string) error {
	db, err := store.Attach(ctx, dir, "")
	if err != nil {
		return err
	}
	complaints, err := db.Integrity(ctx)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	if len(complaints) > 0 {
		return fault.New(fault.Invalid, "The restored database is damaged (%s): restore to an earlier time.", strings.Join(complaints, "; "))
	}
	return nil
}

// generationAt finds the history that was being written at a time.
func generationAt(ctx context.Context, from blob.Store, at time.Time) (string, error) {
	list, err := generations(ctx, from)
	if err != nil {
		return "", err
	}
	if len(list) == 0 {
		return "", fault.New(fault.NotFound, "There is no continuous backup here: name the folder or bucket that a server was given as --backup-to.")
	}
	if at.IsZero() {
		return list[len(list)-1], nil
	}
	for i := len(list) - 1; i >= 0; i-- {
		if start, _ := began(list[i]); !start.After(at) {
			return list[i], nil
		}
	}
	first, _ := began(list[0])
	return "", fault.New(fault.NotFound, "The backup begins at %s: give a later time.", first.Format(time.RFC3339))
}

// files brings the files back that were there at the time.
func (f *Fetched) files(ctx context.Context, from blob.Store, at time.Time, to blob.Store) error {
	if to == nil {
		return nil
	}
	gone, err := listed(ctx, from, goneFolder)
	if err != nil {
		return err
	}
	all, err := listed(ctx, from, fileFolder)
	if err != nil {
		return err
	}
	for name, info := range all {
		if g, isGone := gone[name]; isGone && (at.IsZero() || g.Modified.Before(at)) {
			continue
		}
		if have, err := to.Stat(ctx, name); err == nil && have.Size == info.Size {
			continue // of a restore that was broken off
		}
		if err := copyBlob(ctx, from, fileFolder+name, to, name); err != nil {
			return err
		}
		f.Files++
		f.Bytes += info.Size
	}
	return nil
}

func copyBlob(ctx context.Context, from blob.Store, name string, to blob.Store, as string) error {
	r, err := from.Open(ctx, name)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = to.Put(ctx, as, r, r.Info().Size)
	return err
}

// Last is when the newest history in a backup was last written to.
func Last(ctx context.Context, from blob.Store) (time.Time, error) {
	generation, err := generationAt(ctx, from, time.Time{})
	if err != nil {
		return time.Time{}, err
	}
	return (&copies{from, databaseFolder + generation + "/"}).newest(ctx)
}

// Files gives the copies of the files in a backup, under their own names.
func Files(from blob.Store) blob.Store { return copied{from} }

// copied is a store whose files are looked for among the copies.
type copied struct{ blob.Store }

// Stat implements blob.Store.
func (c copied) Stat(ctx context.Context, name string) (blob.Info, error) {
	return c.Store.Stat(ctx, fileFolder+name)
}

// Open implements blob.Store.
func (c copied) Open(ctx context.Context, name string) (blob.Reader, error) {
	return c.Store.Open(ctx, fileFolder+name)
}
