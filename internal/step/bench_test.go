package step

import (
	"context"
	"encoding/json"
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

	"github.com/takodeploy/tako/internal/blob"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/target"
	"github.com/takodeploy/tako/internal/variable"
)

// TestMain builds the agent once, so that jobs run in real processes.
func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "step-agent-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		agent := filepath.Join(dir, "tako-agent")
		build := exec.Command("go", "build", "-o", agent, "github.com/takodeploy/tako/cmd/tako-agent")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building the agent: %v\n%s", err, out)
			return 1
		}
		os.Setenv("TAKO_AGENT", agent)
		os.Setenv("TAKO_AGENT_IDLE", "1s")
		os.Setenv("TAKO_AGENT_GRACE", "500ms")
		return m.Run()
	}())
}

// patience is how long tests wait for what must happen.
const patience = 30 * time.Second

// bench stands for the engine: it keeps what a record keeps, and can fail as
// an engine whose process dies does.
type bench struct {
	t     *testing.T
	reach Reach

	mu       sync.Mutex
	batches  []Batch
	cursor   int64
	data     json.RawMessage
	lines    []Line
	outputs  []Output
	blobs    blob.Store
	kept     []Artifact
	reserved int
	secrets  []string
	changed  chan struct{} // closed and renewed with each batch
	// dieAt makes the Take after so many fail, as if the process had died.
	dieAt int
}

func newBench(t *testing.T, reach Reach) *bench {
	blobs, err := blob.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &bench{t: t, reach: reach, blobs: blobs, changed: make(chan struct{}), dieAt: -1}
}

var errDied = errors.New("the process is dead")

func (b *bench) take(_ context.Context, batch Batch) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.dieAt == 0 {
		return errDied
	}
	b.dieAt--
	b.batches = append(b.batches, batch)
	if batch.Cursor != 0 {
		if batch.Cursor < b.cursor {
			b.t.Errorf("the cursor went back from %d to %d", b.cursor, batch.Cursor)
		}
		b.cursor = batch.Cursor
	}
	if batch.Data != nil {
		b.data = batch.Data
	}
	b.lines = append(b.lines, batch.Lines...)
	b.outputs = append(b.outputs, batch.Outputs...)
	b.secrets = append(b.secrets, batch.Secrets...)
	for _, then := range batch.Then {
		if err := then(nil); err != nil {
			return err
		}
	}
	close(b.changed)
	b.changed = make(chan struct{})
	return nil
}

// Reserve, Blob and Keep are the bench as Artifacts; take holds the lock when
// it calls Keep.
func (b *bench) Reserve(context.Context) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reserved++
	return fmt.Sprint("Artifacts-", b.reserved), nil
}

func (b *bench) Blob(id string) string { return "artifacts/" + id }

func (b *bench) Keep(_ *store.Tx, a Artifact) error {
	b.kept = append(b.kept, a)
	return nil
}

// content gives the artifacts with what they hold.
func (b *bench) content() map[string]string {
	b.t.Helper()
	all := map[string]string{}
	for _, a := range b.kept {
		r, err := b.blobs.Open(context.Background(), b.Blob(a.ID))
		if err != nil {
			b.t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			b.t.Fatal(err)
		}
		r.Close()
		all[a.Name] += string(data)
	}
	return all
}

// job makes a job of the record as it is now; again when it was run before.
func (b *bench) job(job Job, again bool) *Job {
	b.mu.Lock()
	defer b.mu.Unlock()
	job.TaskID, job.SpaceID = "ServerTasks-1", "Spaces-1"
	if job.Path == "" {
		job.Path = "1.1"
	}
	if job.Ticket == "" {
		job.Ticket = "ticket" + strings.Map(letters, b.t.Name())
	}
	job.Attempt, job.Again, job.Cursor, job.Data, job.Take = 1, again, b.cursor, b.data, b.take
	if job.Started.IsZero() {
		job.Started = time.Now()
	}
	if job.Tools == nil {
		job.Tools = &Tools{}
	}
	tools := *job.Tools
	tools.Reach, tools.Blob, tools.Artifacts = b.reach, b.blobs, b
	job.Tools = &tools
	return &job
}

func letters(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
		return r
	}
	return '-'
}

// text gives the log of a category, or of all, one line each.
func (b *bench) text(categories ...Category) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all strings.Builder
	for _, l := range b.lines {
		if len(categories) == 0 || slices.Contains(categories, l.Category) {
			fmt.Fprintf(&all, "%s: %s\n", l.Category, l.Text)
		}
	}
	return all.String()
}

// await waits until the record is as wanted.
func (b *bench) await(what string, ok func() bool) {
	b.t.Helper()
	deadline := time.After(patience)
	for {
		b.mu.Lock()
		done, changed := ok(), b.changed
		b.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			b.t.Fatalf("%s did not happen; log:\n%s", what, b.text())
		}
	}
}

// run runs a job to its end, and does what the engine does after it.
func (b *bench) run(e Executor, job Job) Outcome {
	b.t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	o, err := e.Run(ctx, b.job(job, false))
	if err != nil {
		b.t.Fatalf("Run: %v; log:\n%s", err, b.text())
	}
	b.finish(o)
	return o
}

func (b *bench) finish(o Outcome) {
	if len(o.Lines) > 0 {
		_ = b.take(context.Background(), Batch{Lines: o.Lines})
	}
	if o.Done != nil {
		o.Done(context.Background())
	}
}

// reachFunc is a function as a Reach.
type reachFunc func(place Place) (target.Transport, error)

func (f reachFunc) Reach(_ context.Context, _ string, place Place) (target.Transport, func(), error) {
	t, err := f(place)
	return t, func() {}, err
}

// localReach leads every place to a folder on this machine. The folder is not
// the test's own: the agent may still write there when the test has ended.
func localReach(t *testing.T) Reach {
	dir, err := os.MkdirTemp("", "step-local-")
	if err != nil {
		t.Fatal(err)
	}
	way, err := target.OpenLocal(target.Local{Dir: dir}, target.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		way.Close()
		os.RemoveAll(dir)
	})
	return reachFunc(func(Place) (target.Transport, error) { return way, nil })
}

func bash(body string, more ...variable.Value) Job {
	values := append([]variable.Value{
		{Name: "Octopus.Action.Script.Syntax", Value: "Bash"},
		{Name: "Octopus.Action.Script.ScriptBody", Value: body},
		{Name: "Octopus.Action.Script.SuppressEnvironmentLogging", Value: "True"},
	}, more...)
	return Job{Action: "Run", Type: "Octopus.Script", Variables: variable.Resolve(values, variable.Context{})}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
