// Package server puts one server together as a value: storage, tasks, API.
// Tests start it in-process the same way as the program does.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/takodeploy/tako/internal/admin"
	"github.com/takodeploy/tako/internal/api"
	"github.com/takodeploy/tako/internal/backup"
	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/config"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/login"
	"github.com/takodeploy/tako/internal/masterkey"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

// Server is one node.
type Server struct {
	cfg     *config.Server
	version string
	lock    *store.Lock // of the data folder, where the database is in it
	db      *store.DB
	blobs   blob.Store
	hold    *backup.Hold         // of the continuous backup; nil without one
	copy    *backup.Follower     // nil without a continuous backup
	trial   atomic.Pointer[bool] // whether the last trial of it went well
	login   *login.Login
	queue   *task.Queue
	runner  *task.Runner
	work    *work
	http    *http.Server
	listen  net.Listener
	log     *recent
}

// New opens storage, creates what a first start creates, and begins to listen;
// nothing is answered before Run.
func New(ctx context.Context, cfg *config.Server, version string) (*Server, error) {
	s := &Server{cfg: cfg, version: version, log: setLog(cfg.Log)}
	if err := s.open(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *Server) open(ctx context.Context) (err error) {
	if err := store.MakeFolder(s.cfg.DataDir); err != nil {
		return err
	}
	if err := s.spendReserve(); err != nil {
		return err
	}
	if s.cfg.DatabaseURL == "" {
		if s.lock, err = store.TakeLock(s.cfg.DataDir); err != nil {
			return err
		}
	}
	if s.listen, err = net.Listen("tcp", s.cfg.Web.Listen); err != nil {
		return fmt.Errorf("listening on %s (setting listen): %w", s.cfg.Web.Listen, err)
	}
	if err := s.holdBackup(ctx); err != nil {
		return err
	}
	if err := s.bringBack(ctx); err != nil {
		return err
	}
	if s.db, err = store.Open(ctx, s.cfg.DataDir, string(s.cfg.DatabaseURL)); err != nil {
		return err
	}
	if s.hold != nil {
		s.db.Guard(s.hold.Check)
	}
	if s.blobs, err = admin.Blobs(ctx, s.cfg.Blob); err != nil {
		return err
	}
	if err := s.follow(ctx); err != nil {
		return err
	}
	var installation string
	err = s.db.Alone(ctx, func() (err error) {
		installation, err = s.prepare(ctx)
		return err
	})
	if err != nil {
		return err
	}
	s.keepReserve()
	if err := s.maintain(ctx); err != nil {
		return err
	}
	if s.runner, s.work, err = s.newWork(ctx, installation); err != nil {
		return err
	}
	return s.newHTTP(installation)
}

// prepare gives the database what a start needs of it, and the installation's
// id.
func (s *Server) prepare(ctx context.Context) (installation string, err error) {
	if s.db.Key, err = (masterkey.Place{DB: s.db, Dir: s.cfg.DataDir, Given: s.cfg.MasterKey}).Take(ctx); err != nil {
		return "", err
	}
	if err := kind.Prepare(s.db); err != nil {
		return "", err
	}
	return s.seed(ctx)
}

func (s *Server) newHTTP(installation string) error {
	proxies, err := login.ParseProxies(s.cfg.Web.TrustedProxies)
	if err != nil {
		return err
	}
	a, err := api.New(api.Options{DB: s.db, Login: s.login, Blobs: s.blobs, Tasks: s.queue, Deploy: s.work.deploy, Feeds: s.work.feeds,
		Version: s.version, Node: s.cfg.NodeName, URL: s.cfg.Web.URL, Proxies: proxies, Logs: s.log.latest, NoRoom: s.noRoom})
	if err != nil {
		return err
	}
	s.http = &http.Server{Handler: s.handler(a), ReadHeaderTimeout: 20 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug)}
	s.http.RegisterOnShutdown(a.Drain)
	return nil
}

// Addr is the address the server listens on.
func (s *Server) Addr() net.Addr { return s.listen.Addr() }

// Run answers requests and carries out tasks until ctx ends, then stops
// gracefully: requests under way are finished, tasks are put down so that they
// go on at the next start.
func (s *Server) Run(ctx context.Context) error {
	defer s.close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var parts sync.WaitGroup
	part := func(name string, run func(context.Context) error) {
		parts.Go(func() {
			if err := run(ctx); err != nil && ctx.Err() == nil {
				cancel(fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	part("tasks", s.runner.Run)
	part("logs", s.queue.KeepLogs)
	part("the schedule of retention", s.work.retention.Run)
	part("schedules", s.work.run)
	part("health schedules", s.work.health.Run)
	part("triggers", s.work.triggers.Run)
	part("subscriptions", s.work.subscriptions.Run)
	part("web", s.serve)
	part("memory", s.giveBack)
	part("the disk", s.watchDisk)
	if s.work.pods != nil {
		part("worker pods", s.sweepPods)
	}
	if s.copy != nil {
		part("backup", s.copy.Run)
		part("the hold of the backup", s.hold.Run)
		part("trials of the backup", s.drill)
	}
	portal := portalURL(s.cfg.Web.URL, s.listen.Addr(), s.cfg.Web.TLSCert != "")
	slog.Info("Tako is ready", "version", s.version, "portal", portal, "address", s.listen.Addr().String(), "database", s.db.Engine, "node", s.cfg.NodeName)
	<-ctx.Done()
	slog.Info("Tako is stopping")
	parts.Wait()
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func (s *Server) serve(ctx context.Context) error {
	failed := make(chan error, 1)
	go func() {
		var err error
		if s.cfg.Web.TLSCert != "" {
			err = s.http.ServeTLS(s.listen, s.cfg.Web.TLSCert, s.cfg.Web.TLSKey)
		} else {
			err = s.http.Serve(s.listen)
		}
		failed <- err
	}()
	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.DrainTimeout)
	defer cancel()
	if err := s.http.Shutdown(end); err != nil {
		slog.Warn("requests that did not end in time were cut off", "error", err)
		return s.http.Close()
	}
	return nil
}

func (s *Server) close() {
	if s.work != nil {
		s.work.close()
	}
	if s.listen != nil {
		s.listen.Close()
	}
	if s.db != nil {
		s.db.Close()
	}
	whole := true
	if s.copy != nil {
		// After the database: see there.
		if err := s.copy.Close(); err != nil {
			whole = false
			slog.Error("the backup lacks what was written last; the next start adds it", "error", err)
		}
	}
	if s.hold != nil && whole {
		s.release()
	}
	if s.lock != nil {
		s.lock.Release()
	}
}
