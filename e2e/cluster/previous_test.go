package cluster

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// previous gives the server of the last release: the program that
// TAKO_PREVIOUS names, or one built from the newest tag, or as long as there is
// none from the commit before the newest migration. Where there is no history
// the test is skipped.
func previous(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("TAKO_PREVIOUS"); path != "" {
		return path
	}
	root := filepath.Join("..", "..")
	git := func(args ...string) (string, error) {
		out, err := exec.Command("git", append([]string{"-C", root}, args...)...).Output()
		return strings.TrimSpace(string(out)), err
	}
	commit, err := git("describe", "--tags", "--abbrev=0", "HEAD^")
	if err != nil {
		if commit, err = git("log", "-1", "--format=%H^", "--", "internal/store/migration"); err != nil || commit == "" {
			t.Skip("there is no history to build the previous release from, and TAKO_PREVIOUS names no program")
		}
	}
	hash, err := git("rev-parse", "--verify", commit+"^{commit}")
	if err != nil {
		t.Skipf("the history does not reach back to %s, and TAKO_PREVIOUS names no program", commit)
	}
	t.Logf("the previous release is %s", hash)
	return built(t, root, hash)
}

// built gives the server of a commit, which is built once and then kept.
func built(t *testing.T, root, hash string) string {
	t.Helper()
	kept, err := os.UserCacheDir()
	if err != nil {
		kept = t.TempDir()
	}
	kept = filepath.Join(kept, "tako-previous")
	path := filepath.Join(kept, hash)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if err := os.MkdirAll(kept, 0o700); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "tako")
	build := exec.Command("sh", "-c", `set -e; git -C "$1" archive "$2" | tar x -C "$3"; cd "$3"; go build -trimpath -o "$4" ./cmd/tako; cp "$4" "$5.$$"; mv "$5.$$" "$5"`, "sh", root, hash, dir, program, path)
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as the build of today's, so that much of it is there already
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", hash, err, out)
	}
	return path
}

// TestUpgrade replaces the nodes of the previous release one by one, while
// deployments run: the old nodes work on with the schema of the new ones, and
// no deployment fails.
func TestUpgrade(t *testing.T) {
	old := previous(t)
	count := scale("TAKO_CLUSTER_UPGRADE", 4, 200)
	c := newClusterOf(t, old, scale("TAKO_CLUSTER_NODES", 2, 3), fmt.Sprint("TASK_CAP=", 2*count+2))
	if long() {
		c.pace = "5" // so many scripts at once
	}
	c.furnish(1)
	var tasks []string
	deploy := func(count int) {
		for i := len(tasks); count > 0; i, count = i+1, count-1 {
			name := fmt.Sprint("Project ", i)
			c.project(name, script("Remote", c.ticking(3, "remote"), "web"), script("Last", c.ticking(2, ""), "web"))
			tasks = append(tasks, c.deploy(name))
		}
		c.until("all targets are at work", 10*time.Minute, func() bool { return c.begun("Remote") == len(tasks) })
	}
	deploy(count)
	for _, n := range c.nodes {
		had := n.held()
		n.stop()
		n.Program = program(t)
		n.start()
		t.Logf("%s was upgraded with %d of %d deployments in its hands", n.name, had, len(tasks))
		deploy(4) // by way of nodes of both releases
	}
	c.open("remote")
	var sum tally
	for _, task := range tasks {
		c.wait(task, "Success", 10*time.Minute)
		c.judge(task, []string{"Remote.web-1", "Last.web-1"}, &sum)
	}
	t.Logf("%d deployments, %d scripts: %d doubled, %d missing, %d differing lines of %d", len(tasks), sum.steps, sum.doubled, sum.missing, sum.differing, sum.lines)
}
