package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// tally is what became of the deployments.
type tally struct {
	kills, deployments       int
	lost, doubled, differing int
	scripts, artifacts       int // that were compared
	lines                    int
	vanished                 int // deployments in which an action vanished with its agent, and the log says so
	wrong                    []string
}

func (t tally) clean() bool { return t.lost+t.doubled+t.differing == 0 }

// String is the one line by which the trial is known.
func (t tally) String() string {
	return fmt.Sprintf("kills %d deployments %d lost %d doubled %d log lines differing %d", t.kills, t.deployments, t.lost, t.doubled, t.differing)
}

func (t *tally) blame(count *int, n int, format string, args ...any) {
	if n > 0 {
		*count += n
		t.wrong = append(t.wrong, fmt.Sprintf(format, args...))
	}
}

// log is what each element of a task's tree says, by the element's place.
type log map[string][]string

// judge compares a deployment with an undisturbed one of its shape.
func (w *world) judge(d deployment, calm log, sum *tally) error {
	s := w.shapes[d.shape]
	task, err := w.Get("/api/tasks/" + d.task)
	if err != nil {
		return err
	}
	if task["State"] != s.state {
		sum.blame(&sum.lost, 1, "%s of %s ended as %v instead of %s: %v", d.task, d.id, task["State"], s.state, task["ErrorMessage"])
	}
	for place, want := range s.ran() {
		text, err := os.ReadFile(filepath.Join(w.effects(), d.id+"."+place))
		if err != nil && !os.IsNotExist(err) {
			return err
		}
		sum.scripts += want
		sum.between(d.id+"."+place, strings.Fields(string(text)), want, want)
	}
	if err := w.judgeArtifacts(d, s.keeps(d.id), sum); err != nil {
		return err
	}
	now, err := w.log(d)
	if err != nil {
		return err
	}
	sum.compare(d.task, calm, now)
	return nil
}

// between counts what ran too often and what ran too seldom. Each run of a script
// left a line, different for each attempt.
func (t *tally) between(place string, lines []string, least, most int) {
	slices.Sort(lines)
	distinct := len(slices.Compact(slices.Clone(lines)))
	t.blame(&t.doubled, len(lines)-distinct+max(0, distinct-most), "%s ran %d times in %d attempts instead of %d", place, len(lines), distinct, most)
	t.blame(&t.lost, least-distinct, "%s ran %d times instead of %d", place, distinct, least)
}

// judgeArtifacts compares the artifacts of a deployment with what they should
// be. One that is missing is lost, one too many or with other contents doubled.
func (w *world) judgeArtifacts(d deployment, want map[string]string, sum *tally) error {
	list, err := w.Get(space + "/artifacts?take=100&regarding=" + d.task)
	if err != nil {
		return err
	}
	for _, a := range objects(list["Items"]) {
		name, _ := a["Filename"].(string)
		var content string
		if err := w.Do("GET", space+"/artifacts/"+id(a)+"/content", nil, &content); err != nil {
			content = err.Error()
		}
		if want[name] != content {
			sum.blame(&sum.doubled, 1, "artifact %s of %s holds %q instead of %q, or is there twice", name, d.task, content, want[name])
		}
		delete(want, name)
		sum.artifacts++
	}
	sum.blame(&sum.lost, len(want), "%s has no artifacts %v", d.task, slices.Sorted(maps.Keys(want)))
	return nil
}

// log reads a deployment's log, element by element.
func (w *world) log(d deployment) (log, error) {
	details, err := w.Get("/api/tasks/" + d.task + "/details?verbose=true")
	if err != nil {
		return nil, err
	}
	all := log{}
	all.add("", details["ActivityLogs"], func(text string) string {
		return alike(strings.NewReplacer(d.id, "<deployment>", d.task, "<task>").Replace(text))
	})
	return all, nil
}

func (l log) add(at string, elements any, alike func(string) string) {
	for _, e := range objects(elements) {
		name, _ := e["Name"].(string)
		place := at + "/" + alike(name)
		status, _ := e["Status"].(string)
		l[place] = append(l[place], "status "+status)
		for _, line := range objects(e["LogElements"]) {
			text, _ := line["MessageText"].(string)
			category, _ := line["Category"].(string)
			if text = alike(text); text != "" && category != "Wait" {
				l[place] = append(l[place], text)
			}
		}
		l.add(place, e["Children"], alike)
	}
}

// What two undisturbed runs of one process say differently: names of folders,
// and whether somebody else has brought a package before.
var (
	numbered = regexp.MustCompile(`\b(1\.0\.0)(_\d+)?\b`)
	brought  = regexp.MustCompile(`: (sent \d+ bytes|already there)\.$`)
	ticket   = regexp.MustCompile(`/work/[a-z2-7]{32}/`)
	project  = regexp.MustCompile(`((?:Project|Agent) \d+|Calm [a-z0-9-]+|Walk [a-z0-9:]+)`)
	number   = regexp.MustCompile(`(HostProcessID: |an artifact, )\d+`)
)

func alike(text string) string {
	text = brought.ReplaceAllString(text, ": there.")
	text = ticket.ReplaceAllString(text, "/work/<ticket>/")
	text = project.ReplaceAllString(text, "<project>")
	text = number.ReplaceAllString(text, "${1}<number>")
	return numbered.ReplaceAllString(text, "1.0.0")
}

// compare counts the lines that are not the same.
func (t *tally) compare(name string, calm, now log) {
	places := map[string]bool{}
	for place := range calm {
		places[place] = true
	}
	for place := range now {
		places[place] = true
	}
	for _, place := range slices.Sorted(maps.Keys(places)) {
		t.lines += len(calm[place])
		gaps, extra := differing(calm[place], now[place])
		t.blame(&t.differing, len(gaps)+len(extra), "%s: %s: missing %q, too many %q", name, place, gaps, extra)
	}
}

// differing gives the lines that only one of two lists has, or has at another
// place.
func differing(a, b []string) (onlyA, onlyB []string) {
	// common[i][j] is how many lines a[i:] and b[j:] have in common, in order.
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			onlyA = append(onlyA, a[i])
			i++
		default:
			onlyB = append(onlyB, b[j])
			j++
		}
	}
	return onlyA, onlyB
}
