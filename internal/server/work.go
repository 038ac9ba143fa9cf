package server

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/takodeploy/tako/internal/api"
	"github.com/takodeploy/tako/internal/console"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/feed"
	"github.com/takodeploy/tako/internal/gitproject"
	"github.com/takodeploy/tako/internal/gitrepo"
	"github.com/takodeploy/tako/internal/health"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/login"
	"github.com/takodeploy/tako/internal/retention"
	"github.com/takodeploy/tako/internal/run"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/subscription"
	"github.com/takodeploy/tako/internal/target"
	"github.com/takodeploy/tako/internal/task"
	"github.com/takodeploy/tako/internal/trigger"
)

// work is what carries tasks out: the services of deployments, and the ways to
// machines.
type work struct {
	login  *login.Login
	pool   *target.Pool
	pods   *target.Pods // nil without
	feeds  *feed.Feeds
	deploy *deploy.Service
	health *health.Schedule

	retention     *retention.Schedule
	triggers      *trigger.Watch
	subscriptions *subscription.Pump
}

// newWork makes the queue, the handlers of tasks and what they work with.
func (s *Server) newWork(ctx context.Context, installation string) (*task.Runner, *work, error) {
	pods, err := s.workerPods(ctx, installation)
	if err != nil {
		return nil, nil, err
	}
	w := &work{login: s.login, pods: pods, pool: target.NewPool(target.Options{}), feeds: &feed.Feeds{DB: s.db, Blobs: s.blobs}}
	s.queue = task.NewQueue(s.db, task.Options{
		Instance: installation,
		Blobs:    s.blobs,
		SmallLog: 16 << 10,
		Seal:     func(plain string) string { return kind.Seal(s.db.Key, plain) },
		Open:     func(sealed string) (string, error) { return kind.Unseal(s.db.Key, sealed) },
	})
	tools := step.NewTools(step.Kit{DB: s.db, Blobs: s.blobs, Dir: s.cfg.DataDir, Pool: w.pool, Pods: pods, Packages: w.feeds})
	tools.Installation, tools.Fate = installation, run.Fate(s.queue)
	w.deploy = &deploy.Service{DB: s.db, Queue: s.queue, Blobs: s.blobs, Feeds: w.feeds, Tools: tools, URL: s.cfg.Web.URL}
	w.deploy.Git = &gitproject.Service{DB: s.db, Repositories: gitrepo.New(filepath.Join(s.cfg.DataDir, "git"))}
	runner := task.NewRunner(s.queue, task.RunnerOptions{Node: s.cfg.NodeName, Cap: s.cfg.TaskCap, Log: slog.Default()})
	runner.Handle(deploy.TaskDeploy, &run.Runner{Source: w.deploy.Source(), Unseal: tools.Open, Quick: true})
	runner.Handle(deploy.TaskRunbookRun, &run.Runner{Source: w.deploy.RunbookSource(), Unseal: tools.Open})
	runner.Handle(health.TaskName, &health.Checker{Tools: tools})
	runner.Handle(console.TaskName, &run.Runner{Source: console.Source{Tools: tools}, Unseal: tools.Open})
	runner.Handle(step.MailTrialTask, tryMail(tools.Mail))
	w.health = &health.Schedule{DB: s.db, Queue: s.queue}
	runner.Handle(retention.TaskName, &retention.Keeper{DB: s.db, Deploy: w.deploy, Feed: w.feeds.BuiltIn(), Blobs: s.blobs})
	w.retention = &retention.Schedule{DB: s.db, Queue: s.queue}
	w.triggers = &trigger.Watch{DB: s.db, Deploy: w.deploy}
	w.subscriptions = &subscription.Pump{DB: s.db, Node: s.cfg.NodeName, URL: s.cfg.Web.URL, Document: api.EventDocument, Mail: tools.Mail}
	return runner, w, s.mail()
}

// run does what is due by the clock until ctx ends.
func (w *work) run(ctx context.Context) error {
	keys := time.NewTicker(time.Hour)
	defer keys.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-keys.C:
			if _, err := w.login.NoticeKeys(ctx); err != nil {
				slog.Warn("API keys that end soon were not looked for", "error", err)
			}
			if err := w.deploy.Reap(ctx); err != nil && ctx.Err() == nil {
				slog.Warn("ephemeral environments that nobody uses were not taken down", "error", err)
			}
			if err := w.feeds.Tidy(ctx, time.Now()); err != nil && ctx.Err() == nil {
				slog.Warn("packages were not tidied up", "error", err)
			}
		}
	}
}

func (w *work) close() {
	if err := w.pool.Close(); err != nil {
		slog.Debug("connections did not close", "error", err)
	}
}

// mail keeps the settings for e-mail that the server was started with; where
// there are none the stored ones stay.
func (s *Server) mail() error {
	c := s.cfg.SMTP
	if c.Host == "" {
		return nil
	}
	err := s.db.Do(context.Background(), func(tx *store.Tx) error {
		return step.PutMail(tx, step.Mail{Host: c.Host, Port: c.Port, Login: c.Username, Password: string(c.Password), From: c.From, Security: c.TLS, Timeout: c.Timeout})
	})
	if err != nil {
		return fmt.Errorf("keeping the settings for e-mail: %w", err)
	}
	return nil
}
