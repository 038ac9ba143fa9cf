package console_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/console"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/health"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/run"
	"github.com/takodeploy/tako/internal/runner"
	"github.com/takodeploy/tako/internal/secret"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/target"
	"github.com/takodeploy/tako/internal/task"
)

// site is a server with two targets, one of them not for scripts, one that is
// disabled, and a worker.
type site struct {
	t     *testing.T
	db    *store.DB
	queue *task.Queue
	ids   map[string]string // by name

	mu      sync.Mutex
	scripts map[string]string // by machine: what was started there
	spaces  map[string]string // by machine: the name of the space that the script was told
	codes   map[string]int    // by machine
}

func newSite(t *testing.T) *site {
	t.Helper()
	db, err := store.Open(t.Context(), t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.Key = secret.NewKey()
	if err := kind.Prepare(db); err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, db: db, queue: task.NewQueue(db, task.Options{Instance: "test"}), ids: map[string]string{}, scripts: map[string]string{}, spaces: map[string]string{}, codes: map[string]int{}}
	if err := db.Do(t.Context(), s.furnish); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) furnish(tx *store.Tx) error {
	if _, err := catalog.Seed(tx, catalog.AdminSeed{}); err != nil {
		return err
	}
	e := &catalog.Environment{}
	e.Name, e.SpaceID = "Production", kind.DefaultSpace
	password := kind.NewSensitive("x")
	a := &catalog.Account{AccountType: catalog.AccountPassword, Username: "me", Password: &password}
	a.Name, a.SpaceID = "account", kind.DefaultSpace
	if err := errors.Join(catalog.Environments.Put(tx, e), catalog.Accounts.Put(tx, a)); err != nil {
		return err
	}
	s.ids["Production"] = e.ID
	ssh := catalog.Endpoint{CommunicationStyle: catalog.StyleSSH, Host: "there", Fingerprint: "SHA256:x", AccountID: a.ID}
	for name, role := range map[string]string{"web": "web", "db": "db", "off": "web", "cloud": "web"} {
		m := &catalog.Machine{EnvironmentIDs: []string{e.ID}, Roles: []string{role}}
		m.Name, m.SpaceID, m.Endpoint = name, kind.DefaultSpace, ssh
		m.IsDisabled = name == "off"
		if name == "cloud" {
			m.Endpoint = catalog.Endpoint{CommunicationStyle: catalog.StyleNone}
		}
		if err := catalog.Machines.Put(tx, m); err != nil {
			return err
		}
		s.ids[name] = m.ID
	}
	pools, _, err := catalog.WorkerPools.List(tx, kind.Query{Space: kind.DefaultSpace})
	if err != nil {
		return err
	}
	w := &catalog.Worker{WorkerPoolIDs: []string{pools[0].ID}}
	w.Name, w.SpaceID, w.Endpoint = "worker", kind.DefaultSpace, ssh
	err = catalog.Workers.Put(tx, w)
	s.ids["worker"], s.ids["pool"] = w.ID, pools[0].ID
	return err
}

// work carries tasks out until the test ends.
func (s *site) work() {
	s.t.Helper()
	r := task.NewRunner(s.queue, task.RunnerOptions{Node: "one", Cap: 5, Poll: 20 * time.Millisecond, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	r.Handle(console.TaskName, &run.Runner{Source: console.Source{Tools: &step.Tools{Store: s.db, Reach: s}}})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- r.Run(ctx) }()
	s.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Error(err)
		}
	})
}

func (s *site) ended(a console.Arguments) *task.Task {
	s.t.Helper()
	made, err := s.queue.Enqueue(s.t.Context(), task.New{Name: console.TaskName, SpaceID: kind.DefaultSpace, Description: "Run a script", Arguments: a})
	if err != nil {
		s.t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; <-time.After(5 * time.Millisecond) {
		t, err := s.queue.Get(s.t.Context(), made.ID)
		if err != nil {
			s.t.Fatal(err)
		}
		if t.State.Final() {
			return t
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("task %s is %s", made.ID, t.Status)
		}
	}
}

// started lists the machines on which something was started.
func (s *site) started() (names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, id := range s.ids {
		if _, ok := s.scripts[id]; ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Reach gives a way to a machine that notes what is started on it.
func (s *site) Reach(_ context.Context, _ string, place step.Place) (target.Transport, func(), error) {
	return &end{site: s, id: place.ID}, func() {}, nil
}

// end is a machine.
type end struct {
	*site
	id string
}

func (e *end) Start(_ context.Context, _ string, job runner.Job) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, v := range job.Variables {
		switch v.Name {
		case "Octopus.Action.Script.ScriptBody":
			e.scripts[e.id] = v.Value
		case "Octopus.Space.Name":
			e.spaces[e.id] = v.Value
		}
	}
	return nil
}

func (e *end) Follow(_ context.Context, _ string, _ int64, emit func([]runner.Line) error) (runner.Exit, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	err := emit([]runner.Line{{Seq: 1, Stream: runner.Stdout, Text: "done"}})
	return runner.Exit{Code: e.codes[e.id], Last: 1}, err
}

func (e *end) Probe(context.Context) (target.Host, error) {
	return target.Host{OS: "linux", Arch: "amd64"}, nil
}
func (e *end) Reachable(context.Context) error                   { return nil }
func (e *end) Has(context.Context, runner.Package) (bool, error) { return false, nil }
func (e *end) Cancel(context.Context, string) error              { return nil }
func (e *end) Complete(context.Context, string) error            { return nil }
func (e *end) Close() error                                      { return nil }
func (e *end) Put(context.Context, runner.Package, func() (io.ReadCloser, error)) (bool, error) {
	return false, nil
}
func (e *end) Get(context.Context, string, string) (io.ReadCloser, int64, error) {
	return nil, 0, errors.ErrUnsupported
}

func TestScriptRunsWhereItIsMeantTo(t *testing.T) {
	tests := []struct {
		name string
		args func(id func(string) string) console.Arguments
		want []string
	}{
		{"named targets", func(id func(string) string) console.Arguments {
			return console.Arguments{MachineIDs: []string{id("web")}}
		}, []string{"web"}},
		{"an environment", func(id func(string) string) console.Arguments {
			return console.Arguments{EnvironmentIDs: []string{id("Production")}}
		}, []string{"db", "web"}},
		{"a tag in an environment", func(id func(string) string) console.Arguments {
			return console.Arguments{EnvironmentIDs: []string{id("Production")}, TargetRoles: []string{"WEB"}}
		}, []string{"web"}},
		{"a worker", func(id func(string) string) console.Arguments {
			return console.Arguments{WorkerIDs: []string{id("worker")}}
		}, []string{"worker"}},
		{"the workers of a pool", func(id func(string) string) console.Arguments {
			return console.Arguments{WorkerPoolIDs: []string{id("pool")}}
		}, []string{"worker"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t)
			s.work()
			args := test.args(func(name string) string { return s.ids[name] })
			args.ScriptBody, args.Syntax = "echo #{Octopus.Machine.Name}", "Bash"
			if got := s.ended(args); got.State != task.Success {
				t.Fatal(got.State, got.Error)
			}
			if diff := cmp.Diff(test.want, s.started()); diff != "" {
				t.Error(diff)
			}
			for _, name := range test.want {
				if got := s.scripts[s.ids[name]]; got != args.ScriptBody {
					t.Errorf("%s got %q", name, got)
				}
				if got := s.spaces[s.ids[name]]; got != "Default" {
					t.Errorf("%s is told the space %q", name, got)
				}
			}
		})
	}
}

// A script runs on what it was asked for, while that is where it was then: whoever
// asked may have no right where a machine has come to since.
func TestScriptIsConfined(t *testing.T) {
	for name, c := range map[string]struct {
		roles  health.IDList // that are chosen
		change func(s *site, web *catalog.Machine)
		want   []string
	}{
		"as it was":   {nil, func(*site, *catalog.Machine) {}, []string{"db", "web"}},
		"another tag": {nil, func(_ *site, web *catalog.Machine) { web.Roles = append(web.Roles, "more") }, []string{"db", "web"}},
		"came later":  {health.IDList{"db"}, func(_ *site, web *catalog.Machine) { web.Roles = []string{"db"} }, []string{"db"}},
		"in more places": {nil, func(s *site, web *catalog.Machine) {
			web.EnvironmentIDs = append(web.EnvironmentIDs, s.ids["Elsewhere"])
		}, []string{"db"}},
		"for a tenant instead": {nil, func(s *site, web *catalog.Machine) { web.TenantIDs = []string{s.ids["Tenant"]} }, []string{"db"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			args := console.Arguments{EnvironmentIDs: []string{s.ids["Production"]}, TargetRoles: c.roles, ScriptBody: "true", Syntax: "Bash"}
			err := s.db.Do(t.Context(), func(tx *store.Tx) error {
				elsewhere, tenant := &catalog.Environment{}, &catalog.Tenant{}
				elsewhere.Name, elsewhere.SpaceID, tenant.Name, tenant.SpaceID = "Elsewhere", kind.DefaultSpace, "Tenant", kind.DefaultSpace
				if err := errors.Join(catalog.Environments.Put(tx, elsewhere), catalog.Tenants.Put(tx, tenant)); err != nil {
					return err
				}
				s.ids["Elsewhere"], s.ids["Tenant"] = elsewhere.ID, tenant.ID
				machines, err := console.Machines(tx, kind.DefaultSpace, args)
				if err != nil {
					return err
				}
				args.Confine(machines)
				web, err := catalog.Machines.Get(tx, s.ids["web"])
				if err != nil {
					return err
				}
				c.change(s, web)
				return catalog.Machines.Put(tx, web)
			})
			if err != nil {
				t.Fatal(err)
			}
			s.work()
			if got := s.ended(args); got.State != task.Success {
				t.Fatal(got.State, got.Error)
			}
			if diff := cmp.Diff(c.want, s.started()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestScriptThatFailsOnOneMachineFailsTheTask(t *testing.T) {
	s := newSite(t)
	s.codes[s.ids["db"]] = 3
	s.work()
	got := s.ended(console.Arguments{EnvironmentIDs: []string{s.ids["Production"]}, ScriptBody: "exit 3", Syntax: "Bash"})
	if got.State != task.Failed || !slices.Equal(s.started(), []string{"db", "web"}) {
		t.Error(got.State, got.Error, s.started())
	}
}

// TestTargetTypeNarrows has what is named beside the type that is asked for left
// alone.
func TestTargetTypeNarrows(t *testing.T) {
	const named = `"ScriptBody":"x","MachineIds":["M"],"EnvironmentIds":["E"],"TargetRoles":["r"],"TenantIds":["T"],"WorkerIds":["W"],"WorkerPoolIds":["P"]`
	for of, want := range map[string]string{"": "M E r T W P", "Machines": "M E r T", "workers": "W P", "WorkerPools": "W P"} {
		a, err := console.Read(json.RawMessage(`{` + named + `,"TargetType":"` + of + `"}`))
		if err != nil {
			t.Error(err)
		}
		if got := strings.Join(slices.Concat(a.MachineIDs, a.EnvironmentIDs, a.TargetRoles, a.TenantIDs, a.WorkerIDs, a.WorkerPoolIDs), " "); got != want {
			t.Errorf("%q runs on %s, want %s", of, got, want)
		}
	}
}

func TestWhatCannotBeRun(t *testing.T) {
	s := newSite(t)
	tests := []struct{ name, raw, want string }{
		{"no script", `{"MachineIds":["Machines-1"]}`, "ScriptBody must not be empty"},
		{"a misspelt member", `{"ScriptBody":"x","MachineId":["Machines-1"],"EnvironmentIds":["` + s.ids["Production"] + `"]}`, "Arguments.MachineId is not known to scripts."},
		{"another language", `{"ScriptBody":"x","Syntax":"Perl"}`, `Syntax is "Perl"`},
		{"on the server itself", `{"ScriptBody":"x","TargetType":"OctopusServer"}`, `TargetType is "OctopusServer"`},
		{"nowhere", `{"ScriptBody":"x"}`, "There is no machine to run the script on"},
		{"a disabled target", `{"ScriptBody":"x","MachineIds":"` + s.ids["off"] + `"}`, "There is no machine to run the script on"},
		{"what is no machine", `{"ScriptBody":"x","MachineIds":["` + s.ids["cloud"] + `"]}`, "There is no machine to run the script on"},
		{"an unknown target", `{"ScriptBody":"x","MachineIds":["Machines-99"]}`, "Arguments.MachineIds refers to 'Machines-99', which does not exist in space "},
		{"an unknown pool", `{"ScriptBody":"x","WorkerPoolIds":["WorkerPools-99"]}`, "Arguments.WorkerPoolIds refers to 'WorkerPools-99', which does not exist in space "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			args, err := console.Read(json.RawMessage(test.raw))
			if err == nil {
				err = s.db.View(t.Context(), func(tx *store.Tx) error {
					_, err := console.Count(tx, kind.DefaultSpace, args)
					return err
				})
			}
			if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), test.want) {
				t.Error(err)
			}
		})
	}
}
