package deploy

import (
	"context"
	"log/slog"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// RemoveTask removes a task that has ended with its log, its questions and its
// artifacts.
func (s *Service) RemoveTask(tx *store.Tx, t *task.Task) error {
	if t.Hold != task.Done {
		return fault.New(fault.Conflict, "Task %s has not ended. Cancel it before it is deleted.", t.ID)
	}
	mine := kind.Query{Space: t.SpaceID, Match: map[string]string{"TaskId": t.ID}}
	questions, _, err := catalog.Interruptions.List(tx, mine)
	if err != nil {
		return err
	}
	for _, i := range questions {
		if err := catalog.Interruptions.Remove(tx, i); err != nil {
			return err
		}
	}
	mine.Match = map[string]string{"ServerTaskId": t.ID}
	artifacts, _, err := catalog.Artifacts.List(tx, mine)
	if err != nil {
		return err
	}
	for _, a := range artifacts {
		if err := catalog.Artifacts.Remove(tx, a); err != nil {
			return err
		}
		tx.After(func() { s.discard(a.Blob()) })
	}
	return task.Purge(tx, t.ID)
}

// discard removes a file that nothing refers to any more. One that stays is
// found and removed by retention.
func (s *Service) discard(name string) {
	if s.Blobs == nil {
		return
	}
	if err := s.Blobs.Delete(context.Background(), name); err != nil {
		slog.Warn("a file that is not needed any more stays for a while", "file", name, "error", err)
	}
}
