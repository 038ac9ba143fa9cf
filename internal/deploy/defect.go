package deploy

import (
	"context"
	"fmt"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// ReportDefect keeps a release from going further than it is.
func (s *Service) ReportDefect(ctx context.Context, releaseID, description string) (*catalog.Release, error) {
	if description = strings.TrimSpace(description); description == "" {
		return nil, fault.New(fault.Invalid, "Description must not be empty.")
	}
	return s.changeDefects(ctx, releaseID, func(r *catalog.Release, by string) error {
		if r.HasUnresolvedDefect() {
			return fault.New(fault.Invalid, "Release %s has an unresolved defect already.", r.Version)
		}
		r.Defects = append(r.Defects, catalog.Defect{
			ID: fmt.Sprintf("Defects-%s-%d", r.ID, len(r.Defects)+1), Description: description, Status: catalog.DefectUnresolved,
			Reported: kind.Now(), ReportedBy: by,
		})
		return nil
	})
}

// ResolveDefect lets a release go on.
func (s *Service) ResolveDefect(ctx context.Context, releaseID string) (*catalog.Release, error) {
	return s.changeDefects(ctx, releaseID, func(r *catalog.Release, by string) error {
		if !r.HasUnresolvedDefect() {
			return fault.New(fault.Invalid, "Release %s has no unresolved defect.", r.Version)
		}
		for i := range r.Defects {
			if d := &r.Defects[i]; d.Status == catalog.DefectUnresolved {
				d.Status, d.Resolved, d.ResolvedBy = catalog.DefectResolved, kind.Now(), by
			}
		}
		return nil
	})
}

func (s *Service) changeDefects(ctx context.Context, releaseID string, change func(r *catalog.Release, by string) error) (*catalog.Release, error) {
	var r *catalog.Release
	err := s.DB.Do(ctx, func(tx *store.Tx) (err error) {
		if r, err = catalog.Releases.Get(tx, releaseID); err != nil {
			return err
		}
		if err := change(r, store.ActorOf(tx.Context()).Username); err != nil {
			return err
		}
		return catalog.Releases.Put(tx, r)
	})
	return r, err
}
