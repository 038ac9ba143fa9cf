package server

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/takodeploy/tako/internal/admin"
	"github.com/takodeploy/tako/internal/backup"
	"github.com/takodeploy/tako/internal/blob"
)

// holdBackup makes this server the one that writes to its backup, and so the one that
// writes to its database: elsewhere there may be a copy of it.
func (s *Server) holdBackup(ctx context.Context) error {
	c := s.cfg.Backup
	if c.To == "" || s.cfg.DatabaseURL != "" {
		return nil
	}
	place, err := admin.BackupPlace(ctx, s.cfg.Storage)
	if err != nil {
		return err
	}
	s.hold, err = backup.Take(ctx, backup.Claim{Place: place, Dir: s.cfg.DataDir, Node: s.cfg.NodeName, Truth: c.Restore != backup.StartNever})
	if err != nil {
		return fmt.Errorf("taking the backup %s: %w", c.To, err)
	}
	return nil
}

// release lets another server have the backup.
func (s *Server) release() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.hold.Release(ctx); err != nil {
		slog.Warn("the backup was not given up; the next server waits a few seconds", "error", err)
	}
}

// follow has the database copied all the time, and the files too where they
// are in a folder of this machine.
func (s *Server) follow(ctx context.Context) error {
	c := s.cfg.Backup
	if c.To == "" {
		return nil
	}
	o := backup.Options{DB: s.db, Hold: s.hold, Keep: c.Keep}
	if blob.Local(s.blobs) {
		o.Files = s.blobs
	}
	var err error
	if s.copy, err = backup.Follow(ctx, o); err != nil {
		return fmt.Errorf("keeping a backup in %s: %w", c.To, err)
	}
	if o.Files != nil {
		s.blobs = s.copy.Files()
	}
	return nil
}

// bringBack restores what a start is to begin with, before the database is
// opened.
func (s *Server) bringBack(ctx context.Context) error {
	if s.hold == nil {
		return nil
	}
	c, began := s.cfg.Backup, time.Now()
	start, to, err := s.startFrom(ctx)
	if err != nil {
		return err
	}
	f, done, err := start.Bring(ctx, to)
	if err != nil {
		return fmt.Errorf("restoring from %s at the start: %w", c.To, err)
	}
	if done {
		slog.Info("the backup was restored", "generation", f.Generation, "until", f.Last, "files", f.Files, "took", time.Since(began))
	}
	return nil
}

func (s *Server) startFrom(ctx context.Context) (start backup.Start, to backup.Target, err error) {
	c := s.cfg.Backup
	start.Mode, start.Name = c.Restore, c.Return.Name
	start.Place, start.Hold = s.hold.Place(), s.hold
	to.Dir = s.cfg.DataDir
	if c.Return.At != "" {
		if start.At, err = time.Parse(time.RFC3339, c.Return.At); err != nil {
			return start, to, fmt.Errorf("reading backup-restore-at: %w", err)
		}
	}
	if c.Return.From != "" {
		other := s.cfg.Storage
		other.Backup.To = c.Return.From
		if start.From, err = admin.BackupPlace(ctx, other); err != nil {
			return start, to, err
		}
	}
	blobs, err := admin.Blobs(ctx, s.cfg.Blob)
	if err != nil {
		return start, to, err
	}
	if c.Return.Files != "" {
		b := s.cfg.Blob
		b.Store = c.Return.Files
		if start.FromFiles, err = admin.Blobs(ctx, b); err != nil {
			return start, to, err
		}
	}
	// Files in a bucket outlive the machine: they are there already.
	if blob.Local(blobs) || start.FromFiles != nil {
		to.Blobs = blobs
	}
	return start, to, nil
}

// drill restores the backup again and again, to know that it can be.
func (s *Server) drill(ctx context.Context) error {
	every := s.cfg.Backup.Drill
	if s.copy == nil || every == 0 {
		return nil
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		r, err := admin.DrillAndNote(ctx, s.db, s.cfg.Storage)
		if well := err == nil; ctx.Err() == nil {
			s.trial.Store(&well)
		}
		if err != nil && ctx.Err() == nil {
			slog.Error("the backup could not be restored for a trial; see 'tako admin drill'", "error", err)
		} else if err == nil {
			slog.Info("the backup was restored for a trial", "took", r.Took, "behind", r.Behind, "files", r.Files)
		}
	}
}
