package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/takodeploy/tako/operator/channel"
	"github.com/takodeploy/tako/operator/chart"
	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
	"github.com/takodeploy/tako/operator/instance"
	"github.com/takodeploy/tako/operator/restore"
)

// operate runs the operator.
type operate struct {
	instance.Cloud

	Workers int     `name:"workers" default:"8" help:"How many instances are worked on at once."`
	QPS     float32 `name:"qps" default:"100" help:"How many requests a second the API server is asked at most."`
	Listen  string  `name:"listen" default:":8081" help:"Address of health checks."`
	Metrics string  `name:"metrics" default:":8082" help:"Address of metrics."`
	Elect   bool    `name:"elect" default:"true" negatable:"" help:"Let only one of several operators work."`
}

// scheme is every kind that is read or written.
func scheme() (*runtime.Scheme, error) {
	s := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(s); err != nil {
		return nil, fmt.Errorf("learning Kubernetes' kinds: %w", err)
	}
	return s, cloud.AddToScheme(s)
}

// Run runs until ctx ends.
func (o *operate) Run(ctx context.Context) error {
	ctrl.SetLogger(logr.FromSlogHandler(slog.Default().Handler()))
	s, err := scheme()
	if err != nil {
		return err
	}
	config, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("finding the cluster: %w", err)
	}
	config.QPS, config.Burst = o.QPS, int(2*o.QPS)
	kept, err := instance.Cache()
	if err != nil {
		return err
	}
	resync := 12 * time.Hour
	kept.SyncPeriod = &resync
	m, err := ctrl.NewManager(config, ctrl.Options{
		Scheme: s, Cache: kept, HealthProbeBindAddress: o.Listen, Metrics: metricsserver.Options{BindAddress: o.Metrics},
		LeaderElection: o.Elect, LeaderElectionID: "tako-operator", LeaderElectionNamespace: o.Home, LeaderElectionReleaseOnCancel: true,
	})
	if err != nil {
		return fmt.Errorf("setting the operator up: %w", err)
	}
	for name, add := range map[string]func(string, healthz.Checker) error{"healthz": m.AddHealthzCheck, "readyz": m.AddReadyzCheck} {
		if err := add(name, healthz.Ping); err != nil {
			return fmt.Errorf("setting the operator up: %w", err)
		}
	}
	if err := o.controllers(ctx, m); err != nil {
		return err
	}
	return m.Start(ctx)
}

func (o *operate) controllers(ctx context.Context, m ctrl.Manager) error {
	err := instance.Index(ctx, m)
	if err != nil {
		return err
	}
	var system corev1.Namespace
	if err = m.GetAPIReader().Get(ctx, types.NamespacedName{Name: metav1.NamespaceSystem}, &system); err != nil {
		return fmt.Errorf("asking which cluster this is: %w", err)
	}
	o.Cluster = string(system.UID)
	if o.Authority, err = authority(m.GetConfig()); err != nil {
		return err
	}
	r := &instance.Reconciler{
		Client: m.GetClient(), Direct: m.GetAPIReader(), Cloud: o.Cloud, Events: m.GetEventRecorder("tako-operator"),
		Now: time.Now, Began: time.Now(), Ask: instance.AskByHTTP, Forget: o.Cloud.Forget, Mark: o.Mark,
	}
	if err := r.SetupWithManager(m, o.Workers); err != nil {
		return err
	}
	if err := (&channel.Reconciler{Client: m.GetClient(), Now: time.Now}).SetupWithManager(ctx, m); err != nil {
		return err
	}
	return (&restore.Reconciler{Client: m.GetClient(), Now: time.Now}).SetupWithManager(m)
}

// authority is what the API server is known by, where that is not one of those that
// everybody knows.
func authority(c *rest.Config) (string, error) {
	if len(c.CAData) > 0 || c.CAFile == "" {
		return string(c.CAData), nil
	}
	text, err := os.ReadFile(c.CAFile)
	if err != nil {
		return "", fmt.Errorf("reading what the API server is known by: %w", err)
	}
	return string(text), nil
}

// crds prints definitions.
type crds struct{}

// Run prints them.
func (crds) Run() error {
	text, err := chart.CRDs()
	if err != nil {
		return err
	}
	_, err = fmt.Print(text)
	return err
}
