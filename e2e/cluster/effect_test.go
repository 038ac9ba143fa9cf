package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ticking is a script that notes its run and each of its lines in files of its
// own, outside the product, and says line after line: at least some, and until
// a gate opens where one is named.
func (c *cluster) ticking(least int, gate string) string {
	more := "false"
	if gate != "" {
		more = fmt.Sprintf("[ ! -e %q ]", c.gate(gate))
	}
	return fmt.Sprintf(`key="$(get_octopusvariable Octopus.Task.Id).$(get_octopusvariable Octopus.Action.Name).$(get_octopusvariable Octopus.Machine.Name)"
echo run >> "%[1]s/$key.runs"
i=0
while [ $i -lt %[2]d ] || %[3]s; do
  i=$((i+1))
  echo "$key line $i" >> "%[1]s/$key.lines"
  echo "$key line $i"
  sleep %[4]s
done
echo "$key ended after $i"
echo "$key ended after $i" >> "%[1]s/$key.lines"
`, c.effect, least, more, c.pace)
}

func (c *cluster) gate(name string) string { return filepath.Join(c.dir, "gate-"+name) }

func (c *cluster) open(gate string) {
	c.Helper()
	if err := os.WriteFile(c.gate(gate), nil, 0o600); err != nil {
		c.Fatal(err)
	}
}

// begun is how many scripts of an action have begun.
func (c *cluster) begun(action string) int {
	found, _ := filepath.Glob(filepath.Join(c.effect, "*."+action+".*.runs"))
	return len(found)
}

// tally is what became of the steps of tasks.
type tally struct{ steps, doubled, missing, lines, differing int }

// judge compares what the scripts of a task did with what its log says. Each
// of want, an action and a machine as "Install.web-1", must have run once, and
// the log must have the lines that it wrote, once and in order.
func (c *cluster) judge(task string, want []string, sum *tally) {
	c.Helper()
	log := c.raw(task)
	for _, place := range want {
		key := task + "." + place
		sum.steps++
		runs, err := os.ReadFile(filepath.Join(c.effect, key+".runs"))
		switch n := strings.Count(string(runs), "run\n"); {
		case err != nil:
			sum.missing++
			c.Errorf("%s did not run", key)
			continue
		case n > 1:
			sum.doubled++
			c.Errorf("%s ran %d times", key, n)
		}
		text, err := os.ReadFile(filepath.Join(c.effect, key+".lines"))
		if err != nil {
			c.Error(err)
			continue
		}
		wrote := strings.Split(strings.TrimSpace(string(text)), "\n")
		var logged []string
		for line := range strings.Lines(log) {
			if at := strings.Index(line, key+" "); at >= 0 {
				logged = append(logged, strings.TrimSpace(line[at:]))
			}
		}
		sum.lines += len(wrote)
		if d := differing(wrote, logged); d > 0 {
			sum.differing += d
			c.Errorf("%s: %d lines differ: %d were written, %d are in the log", key, d, len(wrote), len(logged))
		}
	}
}

// differing counts the places at which two lists are not the same.
func differing(a, b []string) (n int) {
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			n++
		}
	}
	return n
}
