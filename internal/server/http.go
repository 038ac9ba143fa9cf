package server

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/takodeploy/tako/internal/api"
	"github.com/takodeploy/tako/internal/task"
	"github.com/takodeploy/tako/internal/webui"
)

// handler leads requests to the API, to what watches over servers, and to the
// portal.
func (s *Server) handler(a *api.API) http.Handler {
	portal := webui.New()
	m := newMetrics(s.queue)
	m.registry.MustRegister(&conditions{s, a})
	metrics := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.Path
		switch {
		case path == "/api" || strings.HasPrefix(path, "/api/"):
			began := time.Now()
			m.use.begin()
			a.ServeHTTP(w, r)
			m.request(r.Method, time.Since(began))
			m.use.end()
		case path == "/livez":
			w.Write([]byte("ok\n"))
		case path == "/healthz":
			s.healthz(w, r)
		case path == "/statusz":
			s.statusz(w, r, &m.use, a.Failures())
		case path == "/metrics":
			metrics.ServeHTTP(w, r)
		case strings.HasPrefix(path, "/.well-known/"):
			a.ServeHTTP(w, r)
		case !portal.Serve(w, r):
			http.NotFound(w, r)
		}
	})
}

// healthz answers 200 when the server can be asked, which it cannot without its
// database. A full disk is told and no more: what is there can be read, and who
// takes the server for ill and starts it again frees nothing.
func (s *Server) healthz(w http.ResponseWriter, r *http.Request) {
	if err := s.db.Ping(r.Context()); err != nil {
		http.Error(w, "the database cannot be reached", http.StatusServiceUnavailable)
		return
	}
	w.Write([]byte("ok\n"))
	if trouble := s.noRoom(); trouble != "" {
		w.Write([]byte(trouble + "\n"))
	}
}

type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	use      use
}

func newMetrics(q *task.Queue) *metrics {
	m := &metrics{registry: prometheus.NewRegistry(), requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "tako_request_seconds", Help: "Time to answer API requests.", Buckets: []float64{.001, .005, .02, .1, .5, 2, 10},
	}, []string{"method"})}
	m.registry.MustRegister(m.requests, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &taskMetrics{q})
	return m
}

func (m *metrics) request(method string, took time.Duration) {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodHead:
	default:
		method = "other" // a client must not be able to make up label values
	}
	m.requests.WithLabelValues(method).Observe(took.Seconds())
}

// taskMetrics counts tasks by state when it is asked.
type taskMetrics struct{ queue *task.Queue }

var tasksDescription = prometheus.NewDesc("tako_task_count", "Tasks by state.", []string{"state"}, nil)

// Describe tells what Collect gives.
func (t *taskMetrics) Describe(c chan<- *prometheus.Desc) { c <- tasksDescription }

// Collect counts.
func (t *taskMetrics) Collect(c chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	counts, err := t.queue.Count(ctx)
	if err != nil {
		c <- prometheus.NewInvalidMetric(tasksDescription, err)
		return
	}
	for state, n := range counts {
		c <- prometheus.MustNewConstMetric(tasksDescription, prometheus.GaugeValue, float64(n), string(state))
	}
}
