package step

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/target"
	"github.com/takodeploy/tako/internal/target/sshdtest"
)

// examine checks a machine's health on an occasion and records it.
func (w *world) examine(id, run string) Health {
	w.t.Helper()
	var c Checkup
	w.do(func(tx *store.Tx) (err error) {
		c, err = CheckupOf(tx, id, run)
		return err
	})
	h, err := Examine(context.Background(), w.tools, c)
	must(w.t, err)
	w.do(func(tx *store.Tx) error { return RecordHealth(tx, id, h, time.Now()) })
	return h
}

func TestHealth(t *testing.T) {
	server := sshdtest.New(t, 1)[0] // first, so that it ends after the connections to it
	w := newWorld(t)
	id := w.machine("web-1", server)
	steps := []struct {
		name, status, summary string
		before                func()
	}{
		{"inherited", catalog.Healthy, "", func() {}},
		{"inline", catalog.Healthy, "The machine answers, and the health check found nothing wrong.", func() {
			w.policy(inline(`[ "$(get_octopusvariable Octopus.Machine.Name)" = web-1 ] && echo "#{Octopus.Machine.Roles}"`))
		}},
		{"warning", catalog.HasWarnings, "The health check ended with warnings: disk is filling.", func() { w.policy(inline(`write_warning "disk is filling"`)) }},
		{"error", catalog.Unhealthy, "The health check failed with exit code 1. no database.", func() { w.policy(inline(`fail_step "no database"`)) }},
		{"still", catalog.Unhealthy, "The health check failed with exit code 1. no database.", func() {}},
		{"connectivity", catalog.Healthy, "The machine answers.", func() {
			w.policy(func(h *catalog.HealthCheckPolicy) { h.HealthCheckType = "OnlyConnectivity" })
		}},
		{"another host key", catalog.Unavailable, "", func() { w.tools.Reach.(*Machines).Pool.Close(); must(t, server.ChangeHostKey()) }},
		{"away", catalog.Unavailable, "", server.Stop},
	}
	for _, tt := range steps {
		tt.before()
		h := w.examine(id, tt.name)
		m, _ := w.look(id)
		// A machine with little disk is healthy with a warning.
		if tt.name == "inherited" && h.Status == catalog.HasWarnings {
			continue
		}
		if h.Status != tt.status || tt.summary != "" && h.Summary != tt.summary {
			t.Errorf("%s: got %s %q\n%v", tt.name, h.Status, h.Summary, h.Lines)
		}
		if m.HealthStatus != h.Status || m.StatusSummary != h.Summary {
			t.Errorf("%s: the machine says %s %q", tt.name, m.HealthStatus, m.StatusSummary)
		}
		if tt.name == "another host key" {
			if want := "is not the expected one: expected " + m.Endpoint.Fingerprint + ", offered " + server.Fingerprint; !strings.Contains(h.Summary, want) {
				t.Errorf("got %q, want it to say %q", h.Summary, want)
			}
		}
		if tt.name == "away" && !strings.Contains(h.Summary, "refuses connections") {
			t.Errorf("got %q", h.Summary)
		}
	}
	m, events := w.look(id)
	if m.Architecture == "" || !strings.Contains(m.OperatingSystem, "i") || m.Status != "Offline" {
		t.Errorf("%+v", m.Condition)
	}
	var changes []string
	for _, e := range events {
		if strings.HasPrefix(e, "Machine") {
			changes = append(changes, e)
		}
	}
	want := []string{"MachineHealthy", "MachineHasWarnings", "MachineUnhealthy", "MachineHealthy", "MachineUnavailable"}
	if diff := cmp.Diff(want, changes[max(0, len(changes)-5):]); diff != "" {
		t.Error(diff)
	}
}

func TestHealthCheckStep(t *testing.T) {
	servers := sshdtest.New(t, 2)
	w := newWorld(t)
	good, bad := w.machine("good", servers[0]), w.machine("bad", servers[1])
	servers[1].Stop()
	w.policy(inline("echo fine"))
	run := func(machine string, properties map[string]string) Outcome {
		b := newBench(t, nil)
		job := b.job(Job{Action: "Check", StepName: "Check", Type: "Octopus.HealthCheck", Target: machine, Properties: properties, Ticket: "t" + machine}, false)
		job.Tools = w.tools
		job.Take = func(ctx context.Context, batch Batch) error {
			return w.db.Do(ctx, func(tx *store.Tx) error {
				for _, then := range batch.Then {
					if err := then(tx); err != nil {
						return err
					}
				}
				return nil
			})
		}
		o, err := HealthCheck.Run(context.Background(), job)
		must(t, err)
		return o
	}
	if o := run(good, nil); o.State != Succeeded || o.Revision != nil {
		t.Errorf("%+v", o)
	}
	o := run(good, map[string]string{"Octopus.Action.HealthCheck.IncludeMachinesInDeployment": "IncludeCheckedMachines"})
	if diff := cmp.Diff(&Revision{Include: []Included{{Target: Target{ID: good, Name: "good"}, Roles: []string{"web"}}}}, o.Revision); diff != "" {
		t.Error(diff)
	}
	o = run(bad, nil)
	if o.State != Failed || !strings.Contains(o.Error, "bad is unavailable. ") {
		t.Errorf("%+v", o)
	}
	o = run(bad, map[string]string{"Octopus.Action.HealthCheck.ErrorHandling": "TreatExceptionsAsWarnings"})
	if o.State != Succeeded || o.Revision == nil || !strings.Contains(o.Revision.Exclude[bad], "refuses connections") {
		t.Errorf("%+v", o)
	}
	if m, _ := w.look(bad); m.HealthStatus != catalog.Unavailable {
		t.Errorf("the machine says %s", m.HealthStatus)
	}
	if o := run("", nil); o.State != Failed {
		t.Errorf("%+v", o)
	}
}

// TestNoMachineIsUnwellWhileTheDatabaseIsAway finds no way to a machine because
// the way is written in a database that is away.
func TestNoMachineIsUnwellWhileTheDatabaseIsAway(t *testing.T) {
	away := fault.Wrap(fault.Invalid, fault.New(fault.Away, "the database is away"), "The account of web-1 cannot be used")
	reach := reachFunc(func(Place) (target.Transport, error) { return nil, away })
	h, err := Examine(t.Context(), &Tools{Reach: reach}, Checkup{ID: "Machines-1", Name: "web-1"})
	if !fault.Is(err, fault.Away) {
		t.Errorf("%s %q, %v", h.Status, h.Summary, err)
	}
}
