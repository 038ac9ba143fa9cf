package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/takodeploy/tako/operator/directory"
	"github.com/takodeploy/tako/operator/gateway"
	"github.com/takodeploy/tako/operator/instance"
)

// front runs the gateway.
type front struct {
	Listen  string         `name:"listen" default:":8080" help:"Address that requests come to."`
	Agents  string         `name:"listen-agents" default:":10943" help:"Address that polling agents connect to, which are led by the name that they ask for with TLS; 'off' for none."`
	TLSCert string         `name:"tls-cert" type:"path" placeholder:"FILE" help:"Certificate chain in PEM of the instances' names; the gateway then speaks HTTPS."`
	TLSKey  string         `name:"tls-key" type:"path" placeholder:"FILE" help:"Private key of the certificate."`
	Proxies []netip.Prefix `name:"behind" placeholder:"CIDR" help:"Networks of proxies before the gateway whose X-Forwarded headers are believed."`
	Hold    time.Duration  `name:"hold" default:"30s" help:"How long a request waits for an instance to wake."`
	Tell    time.Duration  `name:"tell" default:"1m" help:"How often at most it is told that an instance is used; below a quarter of the shortest idle time."`
	Health  string         `name:"health" default:":8083" help:"Address of health checks."`
	Metrics string         `name:"metrics" default:":8084" help:"Address of metrics."`

	gateway *gateway.Gateway
}

// Run runs until ctx ends.
func (f *front) Run(ctx context.Context) error {
	ctrl.SetLogger(logr.FromSlogHandler(slog.Default().Handler()))
	s, err := scheme()
	if err != nil {
		return err
	}
	config, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("finding the cluster: %w", err)
	}
	kept, err := instance.Cache()
	if err != nil {
		return err
	}
	m, err := ctrl.NewManager(config, ctrl.Options{Scheme: s, Cache: kept, HealthProbeBindAddress: f.Health, Metrics: metricsserver.Options{BindAddress: f.Metrics}})
	if err != nil {
		return fmt.Errorf("setting the gateway up: %w", err)
	}
	if err := instance.Index(ctx, m); err != nil {
		return err
	}
	if err := directory.Warm(ctx, m.GetCache()); err != nil {
		return err
	}
	ready := func(*http.Request) error {
		if !m.GetCache().WaitForCacheSync(ctx) {
			return errors.New("the cluster has not been read yet")
		}
		return nil
	}
	if err := errors.Join(m.AddHealthzCheck("healthz", healthz.Ping), m.AddReadyzCheck("readyz", ready), m.Add(f)); err != nil {
		return fmt.Errorf("setting the gateway up: %w", err)
	}
	f.gateway = &gateway.Gateway{Directory: &directory.Directory{Client: m.GetClient()}, Hold: f.Hold, Tell: f.Tell, Proxies: f.Proxies, AgentPort: instance.AgentPort}
	return m.Start(ctx)
}

// Start serves, once the cluster has been read.
func (f *front) Start(ctx context.Context) error {
	if f.Agents != "off" {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", f.Agents)
		if err != nil {
			return fmt.Errorf("waiting for agents: %w", err)
		}
		inner, end := context.WithCancel(ctx)
		gone := make(chan struct{})
		defer func() { end(); <-gone }()
		go func() {
			defer close(gone)
			f.gateway.ServeAgents(inner, l)
		}()
	}
	server := &http.Server{Addr: f.Listen, Handler: f.gateway, ReadHeaderTimeout: 20 * time.Second, IdleTimeout: 2 * time.Minute}
	slog.Info("the gateway is ready", "address", f.Listen)
	return serve(ctx, server, f.Hold, func() error {
		if f.TLSCert != "" {
			return server.ListenAndServeTLS(f.TLSCert, f.TLSKey)
		}
		return server.ListenAndServe()
	})
}

// serve has a server listen until ctx ends, and gives requests so long to end.
func serve(ctx context.Context, server *http.Server, grace time.Duration, listen func() error) error {
	ended := make(chan error, 1)
	go func() { ended <- listen() }()
	select {
	case err := <-ended:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := server.Shutdown(end); err != nil {
		return server.Close()
	}
	return nil
}

// NeedLeaderElection lets every replica serve.
func (f *front) NeedLeaderElection() bool { return false }
