package server

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/takodeploy/tako/internal/store"
)

// lookAtDisk is how often the room on the disk of the data folder is looked at.
const lookAtDisk = time.Minute

// noRoom says what is wrong with the disk of the data folder; "" when all is well.
// A server with a full disk goes on: what it has can be read, and to start it
// again frees nothing.
func (s *Server) noRoom() string {
	free, err := store.Free(s.cfg.DataDir)
	switch {
	case err != nil:
		return ""
	case free < 1<<20:
		return fmt.Sprintf("The disk of the data folder %s is full: nothing can be changed until there is room.", s.cfg.DataDir)
	case free < store.TightSpace:
		return fmt.Sprintf("Only %d MiB are free on the disk of the data folder %s: make room before it is full.", free>>20, s.cfg.DataDir)
	}
	return ""
}

// spendReserve makes the room that a start needs, if there is none and some was
// set aside.
func (s *Server) spendReserve() error {
	if s.cfg.DatabaseURL != "" {
		return nil
	}
	spent, err := store.SpendReserve(s.cfg.DataDir)
	if spent {
		slog.Error("the disk of the data folder is full: the server starts with the last room, which was set aside for that; make room now", "folder", s.cfg.DataDir)
	}
	return err
}

// keepReserve sets room aside for a later start, while there is plenty.
func (s *Server) keepReserve() {
	if s.cfg.DatabaseURL != "" {
		return
	}
	if err := store.KeepReserve(s.cfg.DataDir); err != nil {
		slog.Warn("no room is set aside for a start on a full disk", "error", err)
	}
}

// watchDisk says when room becomes scarce and when there is enough again, and
// sets some aside.
func (s *Server) watchDisk(ctx context.Context) error {
	tick := time.NewTicker(lookAtDisk)
	defer tick.Stop()
	for scarce := false; ; {
		switch trouble := s.noRoom(); {
		case trouble != "" && !scarce:
			slog.Error("room is scarce", "trouble", trouble)
			scarce = true
		case trouble == "" && scarce:
			slog.Info("there is room again on the disk of the data folder", "folder", s.cfg.DataDir)
			scarce = false
		}
		s.keepReserve()
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
