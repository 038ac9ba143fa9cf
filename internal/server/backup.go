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

// follow has the database copied all the time, and the files too where they
// are in a folder of this machine.
func (s *Server) follow(ctx context.Context) error {
	c := s.cfg.Backup
	if c.To == "" {
		return nil
	}
	place, err := admin.BackupPlace(ctx, s.cfg.Storage)
	if err != nil {
		return err
	}
	o := backup.Options{DB: s.db, To: place, Keep: c.Keep}
	if blob.Local(s.blobs) {
		o.Files = s.blobs
	}
	if s.copy, err = backup.Follow(ctx, o); err != nil {
		return fmt.Errorf("keeping a backup in %s: %w", c.To, err)
	}
	if o.Files != nil {
		s.blobs = s.copy.Files()
	}
	return nil
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
