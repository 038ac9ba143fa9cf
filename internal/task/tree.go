package task

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/store"
)

// Outline names a task's steps and targets for people, also those that have
// not begun. It is stored with the plan.
type Outline struct {
	Steps   []Place
	Targets map[string]string `json:",omitempty"` // id → name
}

// Place is one place of an outline: a step, or an action in it.
type Place struct {
	Path   string
	Name   string
	Places []Place `json:",omitempty"`
}

// Element is a node of the tree that shows a task, in the wire's form.
type Element struct {
	ID                 string       `json:"Id"`
	Name               string       `json:"Name"`
	Started            *time.Time   `json:"Started"`
	Ended              *time.Time   `json:"Ended"`
	Status             string       `json:"Status"`
	Children           []*Element   `json:"Children"`
	ShowAtSummaryLevel bool         `json:"ShowAtSummaryLevel"`
	LogElements        []LogElement `json:"LogElements"`
	ProgressPercentage int          `json:"ProgressPercentage"`
	ProgressMessage    string       `json:"ProgressMessage"`
}

// LogElement is a line of the log in the wire's form.
type LogElement struct {
	Category    Category  `json:"Category"`
	OccurredAt  time.Time `json:"OccurredAt"`
	MessageText string    `json:"MessageText"`
	Detail      string    `json:"Detail"`
	Number      int64     `json:"Number"`
}

// Details are a task with its tree.
type Details struct {
	Task *Task
	Root *Element
	// Percent is how much of its actions has ended.
	Percent int
	LogSize int64
	Unread  bool // the log could not be read
}

// What Details gives of a log at most, its end: so many lines, as many when the
// caller names no number, and about so many bytes of text.
const (
	detailLines   = 50_000
	detailDefault = 10_000
	detailBytes   = 16 << 20
	detailLine    = 64 << 10
)

// Details reads a task and the tree of what it does. The tree comes from its
// records and its outline, never from the text of its log. tail is how many
// lines of those that n does not exclude to put into it, the last ones; 0 is
// as many as are good for an answer, and a negative one none.
func (q *Queue) Details(ctx context.Context, id string, tail int, n Narrow) (*Details, error) {
	d := &Details{}
	var records []Record
	var outline Outline
	err := q.store.View(ctx, func(tx *store.Tx) (err error) {
		if d.Task, err = GetTx(tx, id); err != nil {
			return err
		}
		if records, err = q.readRecords(tx, id); err != nil {
			return err
		}
		outline, err = readOutline(tx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	b := builder{task: d.Task, outline: &outline, records: map[string][]*Record{}, at: map[string]*Element{}}
	for i := range records {
		b.records[records[i].Path] = append(b.records[records[i].Path], &records[i])
	}
	d.Root = b.root()
	d.Percent, d.LogSize = b.percent(), d.Task.LogBytes
	d.Root.ProgressPercentage = d.Percent
	asked := tail
	if tail = min(tail, detailLines); tail == 0 {
		tail = detailDefault
	}
	if tail < 0 || d.Task.LogLines == 0 {
		return d, nil
	}
	lines, whole, err := q.last(ctx, id, tail, detailBytes, n)
	if err == nil && !whole && len(lines) != asked {
		lines = append([]PlacedLine{leftOut(id, lines)}, lines...)
	}
	if err != nil && ctx.Err() == nil {
		// What the task has done is known all the same.
		d.Unread = true
		slog.Warn("the log of a task cannot be read", "task", id, "error", err)
		lines, err = []PlacedLine{{Line: Line{Category: Warning, Time: d.Task.Updated, Text: "The log of this task cannot be read at present."}}}, nil
	}
	b.log(lines)
	return d, err
}

// leftOut says before the first line that is shown that it is not the log's.
func leftOut(id string, lines []PlacedLine) PlacedLine {
	l := PlacedLine{Line: Line{Category: Warning}}
	what := "The log"
	if len(lines) > 0 {
		l.Path, l.Target, l.Time = lines[0].Path, lines[0].Target, lines[0].Time
		what = fmt.Sprintf("What the log has before line %d", lines[0].Number)
	}
	l.Text = fmt.Sprintf("%s is left out here. /api/tasks/%s/raw has all of it, /api/tasks/%s/log?from=1 a page at a time.", what, id, id)
	return l
}

// Outline reads the names of a task's steps.
func (q *Queue) Outline(ctx context.Context, id string) (o Outline, err error) {
	err = q.store.View(ctx, func(tx *store.Tx) (err error) {
		o, err = readOutline(tx, id)
		return err
	})
	return o, err
}

// Node gives the id of the element that shows what a place has written.
func (o *Outline) Node(id, path, target string) string {
	for i := range o.Steps {
		s := &o.Steps[i]
		for _, a := range s.Places {
			if a.Path == path && len(s.Places) == 1 {
				path, target = s.Path, cmp.Or(target, "server")
			}
		}
	}
	if path == "" {
		return id
	}
	if target != "" {
		target = "@" + target
	}
	return id + "/" + path + target
}

// readOutline reads a task's outline; the zero one before it has a plan.
func readOutline(tx *store.Tx, id string) (o Outline, err error) {
	var text string
	if _, err := tx.QueryRow([]any{&text}, "select outline from task_plan where task = $1", id); err != nil {
		return o, fmt.Errorf("read the outline of %s: %w", id, err)
	}
	if text != "" && text != "null" {
		err = json.Unmarshal([]byte(text), &o)
	}
	return o, err
}

// title names a place of the log for people; "" for the task as a whole.
func (o *Outline) title(path, target string) string {
	if path == "" && target == "" {
		return "The task" // what it says itself, after its steps
	}
	for _, s := range o.Steps {
		name := ""
		if s.Path == path {
			name = s.Name
		}
		for _, a := range s.Places {
			if a.Path == path {
				name = a.Name
				if len(s.Places) == 1 {
					name = s.Name
				}
			}
		}
		switch {
		case name == "":
			continue
		case target == "":
			return name
		case o.Targets[target] != "":
			return name + " (" + o.Targets[target] + ")"
		}
		return name + " (" + target + ")"
	}
	return ""
}

// builder makes the tree of one task.
type builder struct {
	task        *Task
	outline     *Outline
	records     map[string][]*Record // by path, attempts in order
	at          map[string]*Element  // by "path@target": where lines go
	ended, open int
}

func (b *builder) root() *Element {
	root := &Element{ID: b.task.ID, Name: b.task.Description, Status: b.status(), ShowAtSummaryLevel: true}
	root.Started, root.Ended = moment(b.task.Started), moment(b.task.Completed)
	for i := range b.outline.Steps {
		root.Children = append(root.Children, b.step(&b.outline.Steps[i]))
	}
	b.at["@"] = root
	b.fill(root)
	return root
}

// fill makes empty lists of absent ones, which some clients do not bear.
func (b *builder) fill(e *Element) {
	if e.Children == nil {
		e.Children = []*Element{}
	}
	if e.LogElements == nil {
		e.LogElements = []LogElement{}
	}
	for _, c := range e.Children {
		b.fill(c)
	}
}

func (b *builder) status() string {
	switch b.task.State {
	case Queued:
		return "Pending"
	case Executing, Cancelling:
		return "Running"
	case Success:
		if b.task.Warnings {
			return "SuccessWithWarning"
		}
		return "Success"
	case Canceled:
		return "Canceled"
	}
	return "Failed"
}

// step makes the element of a step, with one for each of its targets that has
// begun, and within these one for each action if there are several.
func (b *builder) step(p *Place) *Element {
	e := b.element(p.Path, "", p.Name)
	e.ShowAtSummaryLevel = true
	var parts []*Element
	for _, target := range b.targets(p) {
		inner := e
		switch {
		case target != "":
			inner = b.element(p.Path, target, b.label(target))
			e.Children = append(e.Children, inner)
		case b.ranOnServer(p):
			inner = &Element{ID: e.ID + "@server", Name: "Server", Status: "Pending"}
			e.Children = append(e.Children, inner)
		}
		for i := range p.Places {
			a := &p.Places[i]
			leaf := inner
			if len(p.Places) > 1 {
				leaf = b.element(a.Path, target, a.Name)
				inner.Children = append(inner.Children, leaf)
			}
			b.at[a.Path+"@"+target] = leaf
			b.judge(leaf, b.latest(a.Path, target), b.all(a.Path, target))
			parts = append(parts, leaf)
		}
		if r := b.latest(p.Path, target); r != nil {
			b.judge(inner, r, nil)
			parts = append(parts, inner)
		}
		if inner != e && len(inner.Children) > 0 {
			combine(inner, inner.Children)
		}
	}
	if len(parts) != 1 || parts[0] != e {
		combine(e, parts)
	}
	if len(parts) == 1 {
		e.ProgressPercentage, e.ProgressMessage = parts[0].ProgressPercentage, parts[0].ProgressMessage
	}
	if e.Status == "Pending" && b.task.State.Final() {
		e.Status = "Skipped"
		if b.task.State == Canceled {
			e.Status = "Canceled"
		}
	}
	return e
}

// ranOnServer tells whether a step's only action has a record and no target. It
// then gets an element of its own below the step: there are clients that print
// the lines of what is below a step, and not the step's.
func (b *builder) ranOnServer(p *Place) bool {
	return len(p.Places) == 1 && b.latest(p.Places[0].Path, "") != nil
}

func (b *builder) element(path, target, name string) *Element {
	id := b.task.ID + "/" + path
	if target != "" {
		id += "@" + target
	}
	e := &Element{ID: id, Name: name, Status: "Pending"}
	b.at[path+"@"+target] = e
	return e
}

func (b *builder) label(target string) string {
	if name := b.outline.Targets[target]; name != "" {
		return name
	}
	return target
}

// targets lists the targets on which a step has records, in the order of its
// first action's.
func (b *builder) targets(p *Place) []string {
	var targets []string
	seen := map[string]bool{}
	add := func(path string) {
		for _, r := range b.records[path] {
			if !seen[r.Target] && (r.Target != "" || path != p.Path) {
				seen[r.Target] = true
				targets = append(targets, r.Target)
			}
		}
	}
	for i := range p.Places {
		add(p.Places[i].Path)
	}
	add(p.Path)
	if len(targets) == 0 {
		return []string{""}
	}
	return targets
}

func (b *builder) all(path, target string) []*Record {
	var found []*Record
	for _, r := range b.records[path] {
		if r.Target == target {
			found = append(found, r)
		}
	}
	return found
}

func (b *builder) latest(path, target string) *Record {
	if all := b.all(path, target); len(all) > 0 {
		return all[len(all)-1]
	}
	return nil
}

// judge gives an element the state of its record.
func (b *builder) judge(e *Element, r *Record, all []*Record) {
	if r == nil {
		b.open++
		return
	}
	switch r.State {
	case StepStarting, StepRunning, StepPaused:
		e.Status = "Running"
		b.open++
	case StepSucceeded:
		e.Status = "Success"
		if r.Warnings {
			e.Status = "SuccessWithWarning"
		}
		b.ended++
	case StepSkipped:
		e.Status = "Skipped"
		e.ProgressMessage = r.Reason
		b.ended++
	case StepCanceled:
		e.Status = "Canceled"
		b.ended++
	default:
		e.Status = "Failed"
		if r.Ignored {
			e.Status = "SuccessWithWarning"
		}
		b.ended++
	}
	first := r
	if len(all) > 0 {
		first = all[0]
	}
	e.Started, e.Ended = moment(first.Started), moment(r.Ended)
	e.ProgressPercentage = r.Progress
	if r.State.Ended() {
		e.ProgressPercentage = 100
	}
	if r.Message != "" {
		e.ProgressMessage = r.Message
	}
}

// weight orders what the parts of an element may be by what it says of the
// whole.
var weight = map[string]int{"Skipped": 1, "Success": 2, "SuccessWithWarning": 3, "Canceled": 4, "Failed": 5}

// combine gives an element the state that follows from its parts.
func combine(e *Element, parts []*Element) {
	pending, running, worst := 0, false, ""
	for _, p := range parts {
		switch p.Status {
		case "Pending":
			pending++
		case "Running":
			running = true
		default:
			if weight[p.Status] > weight[worst] {
				worst = p.Status
			}
		}
		if p.Started != nil && (e.Started == nil || p.Started.Before(*e.Started)) {
			e.Started = p.Started
		}
		if p.Ended != nil && (e.Ended == nil || p.Ended.After(*e.Ended)) {
			e.Ended = p.Ended
		}
	}
	switch {
	case running, pending > 0 && worst != "" && worst != "Failed":
		e.Status, e.Ended = "Running", nil
	case worst == "":
		e.Status = "Pending"
	default:
		e.Status = worst
	}
}

func (b *builder) percent() int {
	if b.task.State.Final() {
		return 100
	}
	if b.ended+b.open == 0 {
		return 0
	}
	return 100 * b.ended / (b.ended + b.open)
}

// log puts lines where they were written. Lines of a place that the outline
// does not know go to the nearest one that it does.
func (b *builder) log(lines []PlacedLine) {
	for _, l := range lines {
		e := b.at[l.Path+"@"+l.Target]
		for path := l.Path; e == nil; {
			cut := strings.LastIndexByte(path, '.')
			if cut < 0 {
				e = b.at["@"]
				break
			}
			path = path[:cut]
			e = b.at[path+"@"+l.Target]
			if e == nil {
				e = b.at[path+"@"]
			}
		}
		e.LogElements = append(e.LogElements, LogElement{Category: l.Category, OccurredAt: l.Time, MessageText: b.shown(l.Text), Number: l.Number})
	}
}

// shown is as much of a line as anybody reads here.
func (b *builder) shown(text string) string {
	if len(text) <= detailLine {
		return text
	}
	text, more := strings.ToValidUTF8(text[:detailLine], ""), len(text)-detailLine
	return fmt.Sprintf("%s … (%d more bytes: /api/tasks/%s/raw has all of the line)", text, more, b.task.ID)
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
