package deploy_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/deploy"
	"github.com/takodeploy/tako/internal/feed"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/run"
	"github.com/takodeploy/tako/internal/step"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/target"
	"github.com/takodeploy/tako/internal/target/sshdtest"
	"github.com/takodeploy/tako/internal/task"
)

// agentDir is where buildAgent has put the agent.
var agentDir string

func TestMain(m *testing.M) {
	kind.Distrust()
	code := m.Run()
	if agentDir != "" {
		os.RemoveAll(agentDir)
	}
	os.Exit(code)
}

// buildAgent makes the program that runs on machines, once.
var buildAgent = sync.OnceValue(func() error {
	dir, err := os.MkdirTemp("", "deploy-agent-")
	if err != nil {
		return err
	}
	agentDir = dir
	agent := filepath.Join(dir, "tako-agent")
	if out, err := exec.Command("go", "build", "-o", agent, "github.com/takodeploy/tako/cmd/tako-agent").CombinedOutput(); err != nil {
		return fmt.Errorf("building the agent: %w\n%s", err, out)
	}
	os.Setenv("TAKO_AGENT", agent)
	os.Setenv("TAKO_AGENT_IDLE", "2s")
	return nil
})

// plant is an office whose steps run on real machines.
type plant struct {
	*office
	blobs blob.Store
	pool  *target.Pool
}

func newPlant(t *testing.T) *plant {
	t.Helper()
	if err := buildAgent(); err != nil {
		t.Fatal(err)
	}
	p := &plant{office: newOffice(t), pool: target.NewPool(target.Options{})}
	var err error
	if p.blobs, err = blob.OpenFolder(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	// The agent may still write there when the test has ended.
	dir, err := os.MkdirTemp("", "deploy-plant-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.pool.Close(); os.RemoveAll(dir) })
	feeds := &feed.Feeds{DB: p.db, Blobs: p.blobs}
	p.service.Blobs = p.blobs
	p.service.Tools = step.NewTools(step.Kit{DB: p.db, Blobs: p.blobs, Dir: dir, Pool: p.pool, Packages: feeds})
	return p
}

func (p *plant) machine(name string, s *sshdtest.Server) string {
	p.t.Helper()
	var id string
	p.do(func(tx *store.Tx) error {
		key := kind.NewSensitive(s.PrivateKey)
		a := &catalog.Account{AccountType: catalog.AccountSSH, Username: s.User, PrivateKeyFile: &key}
		a.Name, a.SpaceID = name, space
		if err := catalog.Accounts.Put(tx, a); err != nil {
			return err
		}
		m := &catalog.Machine{EnvironmentIDs: []string{p.dev.ID}, Roles: []string{"web"}}
		m.Name, m.SpaceID = name, space
		m.Endpoint = catalog.Endpoint{CommunicationStyle: catalog.StyleSSH, Host: s.Host, Port: s.Port, Fingerprint: s.Fingerprint, AccountID: a.ID}
		err := catalog.Machines.Put(tx, m)
		id = m.ID
		return err
	})
	return id
}

// push puts a package into the space's feed.
func (p *plant) push(id, version string, files ...string) {
	p.t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		if err != nil {
			p.t.Fatal(err)
		}
		_, _ = io.WriteString(f, files[i+1])
	}
	if err := w.Close(); err != nil {
		p.t.Fatal(err)
	}
	name := "packages/" + id
	written, err := p.blobs.Put(p.t.Context(), name, &b, -1)
	if err != nil {
		p.t.Fatal(err)
	}
	p.do(func(tx *store.Tx) error {
		pkg := &catalog.BuiltInPackage{PackageID: id, Version: version, FileExtension: ".zip", SizeBytes: written.Size, Hash: written.SHA256, Blob: name}
		pkg.SpaceID = space
		return catalog.BuiltInPackages.Put(tx, pkg)
	})
}

func script(name, body string, roles ...string) catalog.Step {
	s := catalog.Step{Name: name, Actions: []catalog.Action{{Name: name, ActionType: "Octopus.Script", Properties: map[string]kind.Property{
		"Octopus.Action.Script.ScriptBody":                 {Text: body},
		"Octopus.Action.Script.Syntax":                     {Text: "Bash"},
		"Octopus.Action.Script.SuppressEnvironmentLogging": {Text: "True"},
	}}}}
	if len(roles) > 0 {
		s.Properties = map[string]kind.Property{"Octopus.Action.TargetRoles": {Text: strings.Join(roles, ",")}}
	}
	return s
}

// info gives the lines of a task's log that people see first, in order of
// their places.
func (p *plant) info(id string) (all []string) {
	p.t.Helper()
	lines, err := p.queue.Lines(context.Background(), id, 0, 100000)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, l := range lines {
		if l.Category == task.Info && l.Path != "" && !strings.HasPrefix(l.Path, "acquire") {
			all = append(all, l.Path+"@"+l.Target+": "+l.Text)
		}
	}
	slices.Sort(all)
	return all
}

// wholeLog writes the log of a task as text.
func wholeLog(ctx context.Context, q *task.Queue, id string, to io.Writer) error {
	r, err := q.Raw(ctx, id)
	if err != nil {
		return err
	}
	return errors.Join(r.Copy(ctx, to), r.Close())
}

func (p *plant) log(id string) string {
	var b strings.Builder
	_ = wholeLog(context.Background(), p.queue, id, &b)
	return b.String()
}

// TestRealDeployment deploys a package to two machines, after a script on the
// built-in worker, with everything real but the network between.
func TestRealDeployment(t *testing.T) {
	servers := sshdtest.New(t, 2, "TAKO_AGENT_RECALL=1ns")
	p := newPlant(t)
	one, two := p.machine("web-1", servers[0]), p.machine("web-2", servers[1])
	p.push("Web", "1.2.0", "index.html", "#{Build}", "PostDeploy.sh", "echo \"$(get_octopusvariable Octopus.Machine.Name) has $(cat index.html)\"")
	p.variables(text("Octopus.Action.SubstituteInFiles.Unused", ""), catalog.Variable{Name: "Password", Type: catalog.VariableSensitive, Value: ptr("swordfish")})
	unpack := catalog.Step{Name: "Unpack", Properties: map[string]kind.Property{"Octopus.Action.TargetRoles": {Text: "web"}}, Actions: []catalog.Action{{
		Name: "Unpack", ActionType: "Octopus.TentaclePackage",
		Packages: []catalog.PackageReference{{PackageID: "Web", FeedID: catalog.BuiltInFeedID(space), AcquisitionLocation: "Server"}},
		Properties: map[string]kind.Property{
			"Octopus.Action.EnabledFeatures": {Text: "Octopus.Features.SubstituteInFiles"}, "Octopus.Action.SubstituteInFiles.Enabled": {Text: "True"},
			"Octopus.Action.SubstituteInFiles.TargetFiles": {Text: "index.html"},
		},
	}}}
	check := catalog.Step{Name: "Check", Properties: map[string]kind.Property{"Octopus.Action.TargetRoles": {Text: "web"}}, Actions: []catalog.Action{{Name: "Check", ActionType: "Octopus.HealthCheck"}}}
	p.process(
		script("Build", `set_octopusvariable Number 42; echo "password $(get_octopusvariable Password)"; echo report > r.txt; new_octopusartifact "$PWD/r.txt" >/dev/null; echo "##octopus[createArtifact path='$(encode_servicemessagevalue "$PWD/r.txt")' name='$(encode_servicemessagevalue report.txt)']"`),
		check, unpack,
		script("Tell", `echo "deployed #{Octopus.Action[Build].Output.Number} on #{Octopus.Machine.Name}"`, "web"))
	p.variables(text("Build", "build #{Octopus.Action[Build].Output.Number}"), catalog.Variable{Name: "Password", Type: catalog.VariableSensitive, Value: ptr("swordfish")})
	p.work()
	made := p.deploy(p.release(deploy.NewRelease{}), deploy.DeployOptions{}, "Dev")
	end := p.until(made[0].Task.ID, done)
	log := p.log(end.ID)
	if end.State != task.Success {
		t.Fatalf("%s: %s\n%s", end.State, end.Error, log)
	}
	if strings.Contains(log, "swordfish") {
		t.Error("the log shows the secret")
	}
	for _, want := range []string{"password ********", "web-1 has build 42", "web-2 has build 42", "deployed 42 on web-1", "deployed 42 on web-2", "Kept \"report.txt\" as an artifact, 7 bytes.",
		"Package Web 1.2.0: sent "} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not say %q", want)
		}
	}
	if n := strings.Count(log, "already there"); n != 2 {
		t.Errorf("packages were found on %d machines, want both\n%s", n, log)
	}
	for _, id := range []string{one, two} {
		p.do(func(tx *store.Tx) error {
			m, err := catalog.Machines.Get(tx, id)
			if err == nil && m.HealthStatus != catalog.Healthy && m.HealthStatus != catalog.HasWarnings {
				t.Errorf("%s is %s", m.Name, m.HealthStatus)
			}
			return err
		})
	}
	// The far ends forget what is on record.
	for _, s := range servers {
		tickets := func() []string {
			all, _ := filepath.Glob(filepath.Join(s.Home, ".tako", "work", "[^.]*"))
			return all
		}
		for end := time.Now().Add(time.Minute); len(tickets()) > 0 && time.Now().Before(end); {
			<-time.After(10 * time.Millisecond)
		}
		if left := tickets(); len(left) > 0 {
			t.Errorf("tickets that are left: %v", left)
		}
	}
}

// TestRealRestart lets node after node stop while scripts run. Every script
// runs once, and every line is there once.
func TestRealRestart(t *testing.T) {
	servers := sshdtest.New(t, 2)
	p := newPlant(t)
	p.machine("web-1", servers[0])
	p.machine("web-2", servers[1])
	runs := filepath.Join(t.TempDir(), "runs")
	body := `echo "$(get_octopusvariable Octopus.Machine.Name)" >> ` + runs + `; for i in $(seq 20); do echo "line $i"; sleep 0.05; done; set_octopusvariable Last "$i"`
	p.process(script("First", body), script("Second", body+`; echo "first said #{Octopus.Action[First].Output.Last}"`, "web"))
	made := p.deploy(p.release(deploy.NewRelease{}), deploy.DeployOptions{}, "Dev")
	id := made[0].Task.ID
	var end *task.Task
	for n := 0; end == nil && n < 40; n++ {
		// Each gets a little further than the one before, however slow the machine is.
		end = p.workFor(fmt.Sprint("node", n), time.Duration(700+100*n)*time.Millisecond, id)
	}
	if end == nil || end.State != task.Success {
		t.Fatalf("%+v\n%s", end, p.log(id))
	}
	data, err := os.ReadFile(runs)
	if err != nil {
		t.Fatal(err)
	}
	ran := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	slices.Sort(ran)
	if diff := cmp.Diff([]string{"", "web-1", "web-2"}, ran); diff != "" {
		t.Error(diff)
	}
	count := map[string]int{}
	for _, line := range p.info(id) {
		count[line]++
	}
	for line, n := range count {
		if n != 1 && strings.Contains(line, ": line ") {
			t.Errorf("%q is there %d times", line, n)
		}
	}
	if !strings.Contains(p.log(id), "first said 20") || len(count) < 62 {
		t.Errorf("%d different lines\n%s", len(count), p.log(id))
	}
}

// workFor carries tasks out for a time, or until the task has ended.
func (p *plant) workFor(node string, how time.Duration, id string) *task.Task {
	p.t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), how)
	defer stop()
	r := task.NewRunner(p.queue, task.RunnerOptions{Node: node, Poll: 10 * time.Millisecond})
	r.Handle(deploy.TaskDeploy, &run.Runner{Source: p.service.Source(), Unseal: p.service.Tools.Open})
	r.Handle(deploy.TaskRunbookRun, &run.Runner{Source: p.service.RunbookSource(), Unseal: p.service.Tools.Open})
	if err := r.Run(ctx); err != nil {
		p.t.Fatal(err)
	}
	t, err := p.queue.Get(context.Background(), id)
	if err != nil {
		p.t.Fatal(err)
	}
	if t.State.Final() {
		return t
	}
	return nil
}
