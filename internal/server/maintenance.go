package server

import (
	"context"
	"fmt"

	"github.com/takodeploy/tako/internal/setting"
	"github.com/takodeploy/tako/internal/store"
)

// maintain begins in maintenance mode if the server was started so. An
// administrator ends it; a later start without the flag does not.
func (s *Server) maintain(ctx context.Context) error {
	if !s.cfg.Maintenance {
		return nil
	}
	err := s.db.Do(ctx, func(tx *store.Tx) error {
		return setting.Maintenance.Put(tx, setting.MaintenanceValues{IsInMaintenanceMode: true})
	})
	if err != nil {
		return fmt.Errorf("beginning in maintenance mode: %w", err)
	}
	return nil
}
