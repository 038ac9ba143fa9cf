package api

import (
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/task"
)

var _ = area(func(a *API) []Route {
	return []Route{
		{Method: "GET", Pattern: "M/tasks/{id}/details", Handle: a.taskDetails, Query: []string{"tail", "verbose"}, Summary: "A task with what it does and its log", Answer: taskDetails{}},
		{Method: "GET", Pattern: "M/tasks/{id}/raw", Handle: a.taskRaw, Summary: "The log of a task as text"},
		{Method: "GET", Pattern: "M/tasks/{id}/log", Handle: a.taskLog, Query: []string{"from", "level", "limit", "path", "q", "target"}, Summary: "Lines of the log of a task, from any of them on; with q those that have a text", Answer: logPage{}},
	}
})

// taskDetails are a task with the tree of what it does.
type taskDetails struct {
	Task            taskDocument
	ActivityLogs    []*task.Element
	ActivityLog     *task.Element
	PhysicalLogSize int64
	Progress        taskProgress
	Links           map[string]string
}

type taskProgress struct {
	ProgressPercentage     int
	EstimatedTimeRemaining string
}

func (a *API) taskDetails(r *Request) (any, error) {
	t, err := a.taskFor(r, "TaskView")
	if err != nil {
		return nil, err
	}
	tail, err := r.Int("tail", 0)
	if err != nil {
		return nil, err
	}
	var n task.Narrow
	if !r.Bool("verbose") && r.Q("verbose") != "" {
		n.Level = task.Info
	}
	if r.unchanged(t, fmt.Sprint("details-", tail, n.Level)) {
		return Done{}, nil
	}
	d, err := a.Tasks.Details(r.Context(), r.Param("id"), tail, n)
	if err != nil {
		return nil, err
	}
	if d.Unread {
		r.W.Header().Del("ETag")
	}
	now := time.Now()
	return taskDetails{
		Task: taskOf(d.Task, now), ActivityLogs: []*task.Element{d.Root}, ActivityLog: d.Root, PhysicalLogSize: d.LogSize,
		Progress: taskProgress{d.Percent, left(d, now)},
		Links:    map[string]string{"Self": "/api/tasks/" + d.Task.ID + "/details{?verbose,tail,ranges}"},
	}, nil
}

// unchanged tells a client that has what it asks for of an ended task that it
// has. What a task that goes on looks like also depends on the time.
func (r *Request) unchanged(t *task.Task, what string) bool {
	if !t.State.Final() {
		return false
	}
	form := fnv.New64a()
	_, _ = form.Write([]byte(what)) // a hash takes everything
	tag := fmt.Sprintf(`"%s-%d-%d-%x"`, t.ID, t.Updated.UnixMilli(), t.LogLines, form.Sum64())
	r.W.Header().Set("ETag", tag)
	if !strings.Contains(r.Header.Get("If-None-Match"), tag) {
		return false
	}
	r.W.Header().Set("Cache-Control", "no-cache")
	r.written = true
	r.W.WriteHeader(http.StatusNotModified)
	return true
}

// left estimates how long a task still takes, from how far it has come.
func left(d *task.Details, now time.Time) string {
	if d.Task.State.Final() || d.Percent == 0 {
		return ""
	}
	spent := d.Task.Duration(now)
	return lasted(spent * time.Duration(100-d.Percent) / time.Duration(d.Percent))
}

// taskRaw gives a whole log as text. That of an ended task can be had in
// parts, so that a download that broke off can go on.
func (a *API) taskRaw(r *Request) (any, error) {
	t, err := a.taskFor(r, "TaskView")
	if err != nil {
		return nil, err
	}
	raw, err := a.Tasks.Raw(r.Context(), t.ID)
	if err != nil {
		return nil, err
	}
	defer raw.Close()
	h := r.W.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Disposition", `inline; filename="`+t.ID+`.log.txt"`)
	h.Set("Cache-Control", "no-cache")
	r.written = true
	to := &patient{w: r.W, control: http.NewResponseController(r.W)}
	if text := raw.Seeker(); text != nil {
		h.Set("ETag", fmt.Sprintf(`"%s-%d-%d"`, t.ID, raw.Lines, raw.Size))
		source := &remembering{ReadSeeker: text}
		http.ServeContent(to, r.Request, "", t.Completed, source)
		if source.err != nil {
			return nil, source.err
		}
		return Done{}, nil
	}
	r.W.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return Done{}, nil
	}
	return Done{}, raw.Copy(r.Context(), to)
}

// readerPatience is how long a client may take nothing before it is given up.
const readerPatience = time.Minute

// patient writes to a client as long as that takes anything.
type patient struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (p *patient) Header() http.Header    { return p.w.Header() }
func (p *patient) WriteHeader(status int) { p.w.WriteHeader(status) }

func (p *patient) Write(data []byte) (int, error) {
	if err := p.control.SetWriteDeadline(time.Now().Add(readerPatience)); err != nil {
		slog.Debug("a connection has no deadlines", "error", err)
	}
	return p.w.Write(data)
}

// remembering keeps the error that its user hides.
type remembering struct {
	io.ReadSeeker
	err error
}

func (r *remembering) Read(p []byte) (int, error) {
	n, err := r.ReadSeeker.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

// logPage is a part of a log.
type logPage struct {
	TaskID string `json:"TaskId"`
	From   int64
	Next   int64 // what to ask for next
	// Done says that the log goes no further at present.
	Done  bool
	Ended bool // and never will
	Total int64
	Lines []logLine
}

type logLine struct {
	Number      int64
	Node        string // the id of the element that it belongs to
	Path        string
	Target      string
	Category    task.Category
	OccurredAt  kind.Time
	MessageText string
}

func logLines(id string, names *task.Outline, lines []task.PlacedLine) []logLine {
	list := make([]logLine, len(lines))
	for i, l := range lines {
		list[i] = logLine{l.Number, names.Node(id, l.Path, l.Target), l.Path, l.Target, l.Category, kind.Time{Time: l.Time}, l.Text}
	}
	return list
}

// The most and the usual number of lines in an answer.
const (
	mostLogLines  = 10_000
	usualLogLines = 2000
)

func (a *API) taskLog(r *Request) (any, error) {
	t, err := a.taskFor(r, "TaskView")
	if err != nil {
		return nil, err
	}
	from, err := r.Int("from", 1)
	if err != nil {
		return nil, err
	}
	limit, err := r.Int("limit", usualLogLines)
	if err != nil {
		return nil, err
	}
	limit = max(1, min(limit, mostLogLines))
	n := task.Narrow{Path: r.Q("path"), Target: r.Q("target"), Level: task.Category(r.Q("level")), Text: r.Q("q")}
	if n.Level != "" && !n.Level.Known() {
		return nil, fault.New(fault.Invalid, "The query value level is %q; it can be Verbose, Info, Warning, Error or Fatal.", string(n.Level))
	}
	if r.unchanged(t, "log-"+r.URL.RawQuery) {
		return Done{}, nil
	}
	page := logPage{TaskID: t.ID, From: int64(max(from, 1)), Ended: t.State.Final(), Total: t.LogLines}
	found, err := a.Tasks.Log(r.Context(), t.ID, page.From, limit, n)
	if err != nil {
		return nil, err
	}
	names, err := a.Tasks.Outline(r.Context(), t.ID)
	if err != nil {
		return nil, err
	}
	page.Next, page.Done = found.Next, found.Done
	page.Lines = logLines(t.ID, &names, found.Lines)
	return page, nil
}
