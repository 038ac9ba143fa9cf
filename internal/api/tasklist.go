package api

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/takodeploy/tako/internal/access"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/task"
)

// taskFilter reads what lists of tasks can be narrowed by.
func (r *Request) taskFilter() (task.Filter, error) {
	f := task.Filter{
		IDs: r.List("ids"), Names: r.List("name"), ProjectIDs: r.List("project"), EnvironmentIDs: r.List("environment"),
		TenantIDs: r.List("tenant"), RunbookID: r.Q("runbook"), Node: r.Q("node"), Active: r.Bool("active"), Running: r.Bool("running"),
		PartialName: r.Q("partialName"), Regarding: r.Q("regarding"), ParentID: r.Q("parent"),
	}
	var wrong fault.Complaints
	for _, text := range r.List("states") {
		known := false
		for _, s := range task.States {
			if strings.EqualFold(string(s), text) {
				f.States, known = append(f.States, s), true
			}
		}
		if !known {
			wrong.Add("The query value states has %q, which is no state of a task.", text)
		}
	}
	for name, to := range map[string]**bool{"hasPendingInterruptions": &f.Interrupted, "hasWarningsOrErrors": &f.Warnings} {
		if r.Q(name) != "" {
			v := r.Bool(name)
			*to = &v
		}
	}
	for name, to := range map[string]*time.Time{"fromQueueDate": &f.From, "toQueueDate": &f.To} {
		if text := r.Q(name); text != "" {
			at, err := kind.ParseTime(text)
			if err != nil {
				wrong.Add("The query value %s: %s.", name, err)
			}
			*to = at.Time
		}
	}
	return f, wrong.Err()
}

// taskSpaces are the spaces whose tasks are asked for and may be seen; limited
// says that of some of them not every task may be.
func (r *Request) taskSpaces() (spaces []string, limited bool, err error) {
	wanted := r.List("spaces")
	all := len(wanted) == 0 || slices.Contains(wanted, "all")
	if r.Space != "" && !r.implicit {
		wanted, all = []string{r.Space}, false
	}
	for _, s := range r.Rights.Spaces() {
		if !all && !slices.Contains(wanted, s) {
			continue
		}
		reach := r.Rights.Reach(access.TaskView, s)
		if reach.None() {
			continue
		}
		spaces, limited = append(spaces, s), limited || !reach.All
	}
	system := r.Q("includeSystem") == "" && r.Space == "" && len(r.List("spaces")) == 0 || r.Bool("includeSystem")
	if system {
		ok, err := r.May("TaskView", At{System: true})
		if err != nil {
			return nil, false, err
		}
		if ok {
			spaces = append(spaces, "")
		}
	}
	if len(spaces) == 0 {
		return nil, false, r.nothingThere("TaskView", wanted)
	}
	return spaces, limited, nil
}

// taskPage is a page of tasks with the counts that one client reads.
type taskPage struct {
	Page
	TotalCounts map[string]int
}

func (a *API) tasks(r *Request) (any, error) {
	f, err := r.taskFilter()
	if err != nil {
		return nil, err
	}
	skip, take, err := r.Paging()
	if err != nil {
		return nil, err
	}
	spaces, limited, err := r.taskSpaces()
	if err != nil {
		return nil, err
	}
	f.Spaces, f.Skip, f.Take = spaces, skip, take
	if limited {
		f.Skip, f.Take = 0, 0
	}
	found, total, err := a.Tasks.List(r.Context(), f)
	if err != nil {
		return nil, err
	}
	if limited {
		if found, err = r.seen(found); err != nil {
			return nil, err
		}
		total = len(found)
		found = found[min(skip, total):]
		if take > 0 {
			found = found[:min(take, len(found))]
		}
	}
	items := make([][]byte, len(found))
	now := time.Now()
	for i, t := range found {
		if items[i], err = json.Marshal(taskOf(t, now)); err != nil {
			return nil, fmt.Errorf("encoding %s: %w", t.ID, err)
		}
	}
	page := taskPage{Page: r.PageOf("Task", items, total, skip, take)}
	page.TotalCounts, err = a.taskCounts(r, found, spaces, limited)
	return page, err
}

// seen leaves the tasks that the caller may see.
func (r *Request) seen(tasks []*task.Task) ([]*task.Task, error) {
	kept := tasks[:0]
	for _, t := range tasks {
		ok, err := r.May("TaskView", taskAt(t))
		if err != nil {
			return nil, err
		}
		if ok {
			kept = append(kept, t)
		}
	}
	return kept, nil
}

// taskCounts counts tasks by state: all of the spaces, or, for who may not see
// them all, those of the page.
func (a *API) taskCounts(r *Request, page []*task.Task, spaces []string, limited bool) (map[string]int, error) {
	counts := map[string]int{"Canceled": 0, "Cancelling": 0, "Executing": 0, "Failed": 0, "Queued": 0, "Success": 0, "TimedOut": 0, "Interrupted": 0}
	if limited {
		for _, t := range page {
			counts[string(t.State)]++
			if len(t.Pending) > 0 {
				counts["Interrupted"]++
			}
		}
		return counts, nil
	}
	byState, err := a.Tasks.Count(r.Context(), spaces...)
	if err != nil {
		return nil, err
	}
	for state, n := range byState {
		counts[string(state)] = n
	}
	interrupted := true
	_, counts["Interrupted"], err = a.Tasks.List(r.Context(), task.Filter{Spaces: spaces, Interrupted: &interrupted, Active: true, Take: 1})
	return counts, err
}
