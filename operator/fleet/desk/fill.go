package main

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	cloud "github.com/takodeploy/tako/operator/cloud/v1alpha1"
	"github.com/takodeploy/tako/operator/cost"
)

const image = "registry.example.com/tako:2026.4."

// sample is an instance in one of the states that there are.
type sample struct {
	name, customer string
	phase          cloud.Phase
	well           bool
	says           string
	change         func(*cloud.Instance)
}

var samples = []sample{
	{"acme", "Acme Ltd", cloud.Ready, true, "It serves.", func(i *cloud.Instance) {
		i.Spec.MaintenanceWindow = &cloud.Window{Start: "02:00", Hours: 3, Days: []string{"Sat", "Sun"}}
	}},
	{"borealis", "Borealis Energy", cloud.Hibernated, false, "It sleeps; a request wakes it.", nil},
	{"cobalt", "Cobalt Mining", cloud.Upgrading, false, "It goes to " + image + "1.", nil},
	{"delta", "Delta Rail", cloud.Ready, true, "It serves. " + image + "1 did not become healthy here and was taken back; it is not tried again before another is given.", func(i *cloud.Instance) {
		i.Status.Refused = image + "1"
	}},
	{"ember", "Ember Foods", cloud.Suspended, false, "It is suspended: nothing wakes it.", func(i *cloud.Instance) { i.Spec.Suspended = true }},
	{"fjord", "Fjord Shipping", cloud.Ready, false, "Something could not be done and is tried again: applying NetworkPolicy closed: the API server does not answer.", nil},
	{"grove", "Grove Insurance", cloud.Provisioning, false, "Its first start: no node takes its pod: 0/3 nodes are available: 3 Insufficient memory.", func(i *cloud.Instance) {
		i.Spec.Channel, i.Spec.Image, i.Status.Image, i.Status.Prefix = "", image+"0", "", ""
	}},
}

func uses() map[string]cost.Use {
	return map[string]cost.Use{"acme": {Name: "acme", Awake: 1, Memory: 40}, "borealis": {Name: "borealis", Awake: 0.1, Memory: 18}, "delta": {Name: "delta", Awake: 1, Memory: 20}}
}

// fill makes the samples, with what an operator would have said of them.
func fill(ctx context.Context, c client.Client) error {
	for _, s := range samples {
		i := &cloud.Instance{ObjectMeta: metav1.ObjectMeta{Name: s.name}, Spec: cloud.InstanceSpec{Customer: s.customer, Hosts: []string{s.name + ".example.com"}, Channel: "stable", TaskCap: 5,
			DeletionGrace: metav1.Duration{Duration: 168 * time.Hour}, Hibernation: cloud.Hibernation{IdleAfter: metav1.Duration{Duration: 30 * time.Minute}},
			Storage: cloud.Storage{Volume: "Ephemeral", SizeGiB: 5, KeepBackups: metav1.Duration{Duration: 168 * time.Hour}}, Admin: cloud.Admin{Username: "admin"}}}
		status := cloud.InstanceStatus{Phase: s.phase, Image: image + "0", Prefix: s.name + "-5f2c", Since: metav1.Now()}
		i.Status = status
		if s.change != nil {
			s.change(i)
		}
		status = i.Status
		well := metav1.ConditionFalse
		if s.well {
			well = metav1.ConditionTrue
		}
		if s.phase != cloud.Provisioning {
			month := cloud.ServiceMonth{Month: time.Now().UTC().Format("2006-01"), UpSeconds: 2_000_000, PlannedSeconds: 95}
			if s.name == "fjord" {
				month.UnplannedSeconds, month.Outages = 3723, 2
			}
			status.Service = &cloud.Service{State: cloud.ServiceUp, Since: metav1.Now(), Months: []cloud.ServiceMonth{month}}
		}
		status.Conditions = []metav1.Condition{{Type: "Ready", Status: well, Reason: "Told", Message: s.says, LastTransitionTime: metav1.Now()}}
		if err := c.Create(ctx, i); err != nil {
			return fmt.Errorf("making %s: %w", s.name, err)
		}
		i.Status = status
		if err := c.Status().Update(ctx, i); err != nil {
			return fmt.Errorf("making %s: %w", s.name, err)
		}
	}
	stable := &cloud.Channel{ObjectMeta: metav1.ObjectMeta{Name: "stable"}, Spec: cloud.ChannelSpec{Image: image + "1", Waves: []int32{5, 25, 100}, Soak: metav1.Duration{Duration: 10 * time.Minute}}}
	if err := c.Create(ctx, stable); err != nil {
		return fmt.Errorf("making a channel: %w", err)
	}
	stable.Status = cloud.ChannelStatus{Image: image + "1", Good: image + "0", State: cloud.ChannelStopped, Wave: 1, Instances: 6, Failed: []string{"delta"},
		Message: "Stopped in wave 1: delta did not become healthy on " + image + "1. The wave goes back to " + image + "0; give another image to go on."}
	if err := c.Status().Update(ctx, stable); err != nil {
		return fmt.Errorf("making a channel: %w", err)
	}
	return nil
}
