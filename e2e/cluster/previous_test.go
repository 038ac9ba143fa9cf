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
// TAKO_PREVIOUS names, or, in the long form, one built from the newest tag, or
// as long as there is none from the commit before the newest migration. Where
// there is no history the test is skipped.
func previous(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("TAKO_PREVIOUS"); path != "" {
		return path
	}
	if !long() {
		t.Skip("TAKO_PREVIOUS names no program, and TAKO_CLUSTER_LONG is not set to have one built")
	}
	root := filepath.Join("..", "..")
	git := func(args ...string) (string, error) {
		out, err := exec.Command("git", append([]string{"-C", root}, args...)...).Output()
		return strings.TrimSpace(string(out)), err
	}
	commit, err := git("describe", "--tags", "--abbrev=0", "HEAD^")
	if err != nil {
		if commit, err = git("log", "-1", "--format=%H^", "--", "internal/store/migration"); err != nil || commit == "" {
			t.Skip("there is no history to build the previous release from")
		}
	}
	if _, err := git("cat-file", "-e", commit+"^{tree}"); err != nil {
		t.Skipf("the history does not reach back to %s", commit)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "tako")
	build := exec.Command("sh", "-c", `git -C "$1" archive "$2" | tar x -C "$3" && cd "$3" && go build -o "$4" ./cmd/tako`, "sh", root, commit, dir, path)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", commit, err, out)
	}
	t.Logf("the previous release is %s", commit)
	return path
}

// TestUpgrade replaces the nodes of the previous release one by one, while
// deployments run: the old nodes work on with the schema of the new ones, and
// no deployment fails.
func TestUpgrade(t *testing.T) {
	old := previous(t)
	c := newClusterOf(t, old, 2, "TASK_CAP=10")
	c.furnish(1)
	const count = 4
	var tasks []string
	deploy := func(from int) {
		for i := from; i < from+count; i++ {
			name := fmt.Sprint("Project ", i)
			c.project(name, script("Remote", c.ticking(3, "remote"), "web"), script("Last", c.ticking(2, ""), "web"))
			tasks = append(tasks, c.deploy(name))
		}
		c.until("all targets are at work", time.Minute, func() bool { return c.begun("Remote") == len(tasks) })
	}
	deploy(0)
	for i, n := range c.nodes {
		n.stop()
		n.Program = program(t)
		n.start()
		deploy(count * (i + 1)) // by way of nodes of both releases
	}
	c.open("remote")
	var sum tally
	for _, task := range tasks {
		c.wait(task, "Success", time.Minute)
		c.judge(task, []string{"Remote.web-1", "Last.web-1"}, &sum)
	}
	t.Logf("%d deployments, %d scripts: %d doubled, %d missing, %d differing lines of %d", len(tasks), sum.steps, sum.doubled, sum.missing, sum.differing, sum.lines)
}
