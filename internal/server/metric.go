package server

import (
	"context"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/takodeploy/tako/internal/api"
)

// What alerts ask for beside the metrics of requests and tasks; see
// docs/runbooks.
var (
	failures    = prometheus.NewDesc("tako_request_failures_total", "API requests that failed for reasons of the server's own.", nil, nil)
	databaseUp  = prometheus.NewDesc("tako_database_up", "Whether the database answers.", nil, nil)
	taskDue     = prometheus.NewDesc("tako_task_due", "Whether a task waits that this node could take up now.", nil, nil)
	diskFree    = prometheus.NewDesc("tako_data_free_bytes", "What may still be written under the data folder.", nil, nil)
	diskSize    = prometheus.NewDesc("tako_data_size_bytes", "Size of the file system of the data folder.", nil, nil)
	backupKept  = prometheus.NewDesc("tako_backup_in_sync", "Whether the continuous backup has all of the database.", nil, nil)
	trialWell   = prometheus.NewDesc("tako_backup_trial_ok", "Whether the last trial of the backup went well.", nil, nil)
	podsStarted = prometheus.NewDesc("tako_worker_pod_starts_total", "Worker pods by how their start ended.", []string{"result"}, nil)
	podsLost    = prometheus.NewDesc("tako_worker_pod_losses_total", "Worker pods that were gone before their job's end was known.", nil, nil)
	podsTime    = prometheus.NewDesc("tako_worker_pod_start_seconds_total", "Time that worker pods took until they could be given a job.", nil, nil)
)

// conditions are what the server finds out when it is asked.
type conditions struct {
	s   *Server
	api *api.API
}

// Describe leaves the choice to Collect: not every server has all.
func (c *conditions) Describe(chan<- *prometheus.Desc) {}

// Collect looks.
func (c *conditions) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	gauge := func(d *prometheus.Desc, value float64) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value)
	}
	count := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, value, labels...)
	}
	count(failures, float64(c.api.Failures()))
	gauge(databaseUp, yes(c.s.db.Ping(ctx) == nil))
	if due, _, err := c.s.queue.Due(ctx, c.s.cfg.NodeName); err == nil {
		gauge(taskDue, yes(due))
	}
	var disk syscall.Statfs_t
	if syscall.Statfs(c.s.cfg.DataDir, &disk) == nil {
		gauge(diskFree, float64(disk.Bavail)*float64(disk.Bsize))
		gauge(diskSize, float64(disk.Blocks)*float64(disk.Bsize))
	}
	if c.s.copy != nil {
		gauge(backupKept, yes(c.s.copy.InSync()))
	}
	if trial := c.s.trial.Load(); trial != nil {
		gauge(trialWell, yes(*trial))
	}
	if c.s.work.pods != nil {
		n := c.s.work.pods.Counts()
		count(podsStarted, float64(n.Started), "started")
		count(podsStarted, float64(n.Failed), "failed")
		count(podsTime, n.Took.Seconds())
		count(podsLost, float64(n.Lost))
	}
}

func yes(fact bool) float64 {
	if fact {
		return 1
	}
	return 0
}
