package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
	"github.com/takodeploy/tako/operator/slo"
)

// served says how instances served.
type served struct {
	Month string `name:"month" placeholder:"2026-11" help:"The month in UTC; this one unless given."`
	JSON  bool   `name:"json" help:"As JSON, for other programs."`
}

// Run prints a table.
func (v *served) Run(ctx context.Context) error {
	now := time.Now()
	month, err := slo.Month(v.Month, now)
	if err != nil {
		return err
	}
	s, err := scheme()
	if err != nil {
		return err
	}
	config, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("finding the cluster: %w", err)
	}
	c, err := client.New(config, client.Options{Scheme: s})
	if err != nil {
		return fmt.Errorf("finding the cluster: %w", err)
	}
	var list cloud.InstanceList
	if err := c.List(ctx, &list); err != nil {
		return fmt.Errorf("listing instances: %w", err)
	}
	each, all := slo.Of(list.Items, month, now)
	if v.JSON {
		return json.NewEncoder(os.Stdout).Encode(map[string]any{"month": month, "all": all, "items": each})
	}
	_, err = fmt.Print(slo.Table(each, all))
	return err
}
