package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/takodeploy/tako/operator/control"
	"github.com/takodeploy/tako/operator/cost"
)

// desk is where people see and change instances.
type desk struct {
	Listen  string `name:"listen" default:":8080" help:"Address of the page and the API; put something that speaks HTTPS before it."`
	Users   string `name:"users" type:"existingfile" placeholder:"FILE" help:"Who may sign in with a token, a list in YAML with name, role (viewer or operator) and tokenSHA256."`
	Key     string `name:"session-key" type:"existingfile" placeholder:"FILE" help:"Secret of 32 bytes or more that sessions of the page are sealed with, the same for all replicas; made at each start unless given."`
	Home    string `name:"namespace" default:"tako-system" env:"TAKO_CLOUD_NAMESPACE" help:"Namespace of the operator, where the audit is kept."`
	Uses    string `name:"uses" type:"existingfile" placeholder:"FILE" help:"What instances were measured to use, as for 'cost'; without it no costs are shown."`
	Sharers int    `name:"sharers" default:"1000" help:"How many instances share what is shared."`

	control.OIDC
}

// Run serves until ctx ends.
func (d *desk) Run(ctx context.Context) error {
	ctrl.SetLogger(logr.FromSlogHandler(slog.Default().Handler()))
	c, err := d.control()
	if err != nil {
		return err
	}
	server := &http.Server{Addr: d.Listen, Handler: c.Handler(), ReadHeaderTimeout: 20 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute}
	slog.Info("the control plane is ready", "address", d.Listen, "users", len(c.Users), "issuer", d.Issuer)
	return serve(ctx, server, 10*time.Second, server.ListenAndServe)
}

func (d *desk) control() (*control.Control, error) {
	c := &control.Control{Home: d.Home, Now: time.Now, Uses: map[string]cost.Use{}, Sharers: d.Sharers}
	err := d.admit(c)
	if err != nil {
		return nil, err
	}
	if c.Prices, err = cost.Known(); err != nil {
		return nil, err
	}
	if d.Uses != "" {
		uses, err := measured(d.Uses)
		if err != nil {
			return nil, err
		}
		for _, u := range uses {
			c.Uses[u.Name] = u
		}
	}
	s, err := scheme()
	if err != nil {
		return nil, err
	}
	config, err := ctrl.GetConfig()
	if err != nil {
		return nil, fmt.Errorf("finding the cluster: %w", err)
	}
	if c.Client, err = client.New(config, client.Options{Scheme: s}); err != nil {
		return nil, fmt.Errorf("finding the cluster: %w", err)
	}
	return c, nil
}

// admit settles who may sign in and how.
func (d *desk) admit(c *control.Control) error {
	var err error
	if d.Users == "" && d.Issuer == "" {
		return errors.New("nobody could sign in: give --users, --oidc-issuer or both")
	}
	if d.Users != "" {
		if c.Users, err = control.ReadUsers(d.Users); err != nil {
			return err
		}
	}
	if d.Issuer != "" {
		if err := d.Check(); err != nil {
			return err
		}
		c.OIDC = &d.OIDC
	}
	if d.Key == "" {
		c.Key = []byte(rand.Text() + rand.Text())
		return nil
	}
	if c.Key, err = os.ReadFile(d.Key); err != nil {
		return fmt.Errorf("reading the key of sessions: %w", err)
	}
	if len(c.Key) < 32 {
		return fmt.Errorf("the key of sessions in %s has %d bytes: give 32 or more", d.Key, len(c.Key))
	}
	return nil
}
