package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kube"
	"github.com/takodeploy/tako/internal/target"
)

// workerPods are what takes the place of the built-in worker, if anything.
func (s *Server) workerPods(ctx context.Context, installation string) (*target.Pods, error) {
	path := s.cfg.WorkerPods
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the manifest of worker pods (setting worker-pods): %w", err)
	}
	manifest, err := target.ParsePodManifest(text)
	if err != nil {
		return nil, fmt.Errorf("reading %s (setting worker-pods): %w", path, err)
	}
	cluster, err := kube.InCluster()
	if errors.Is(err, kube.ErrOutside) {
		return nil, fault.New(fault.Invalid, "worker-pods is set, but this server is in no pod with a service account: leave the setting out, or give the pod a service account and let its token be mounted.")
	}
	if err != nil {
		return nil, err
	}
	pods := &target.Pods{Cluster: cluster, Manifest: manifest, Instance: installation}
	if s.copy != nil {
		pods.Kept = s.copy.Sync
	}
	if err := pods.FindOwner(ctx); err != nil {
		// Then they stay for their deadline when the server is uninstalled.
		slog.Warn("worker pods will not be removed together with this server", "error", err)
	}
	return pods, nil
}

// sweepEvery is how often what is left of worker pods is looked at.
const sweepEvery = 2 * time.Minute

// sweepPods removes the pods of tasks that have ended, until ctx ends.
func (s *Server) sweepPods(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		err := s.work.pods.Sweep(ctx, func(id string) (time.Time, bool, error) {
			t, err := s.queue.Get(ctx, id)
			if fault.Is(err, fault.NotFound) {
				return time.Time{}, false, nil
			}
			if err != nil || !t.State.Final() {
				return time.Time{}, true, err
			}
			return t.Completed, true, nil
		})
		if err != nil && ctx.Err() == nil {
			slog.Warn("worker pods were not swept", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
