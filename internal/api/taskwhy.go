package api

import (
	"regexp"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/task"
)

var anID = regexp.MustCompile(`\b[A-Za-z]+-\d+\b`)

// whyWaits says why a task waits, with the names of what it is about in the place
// of ids: who may see the task may know these. A task that is in its way is
// called by what it does where the caller may see that.
func (a *API) whyWaits(r *Request, t *task.Task) (task.Why, error) {
	why, err := a.Tasks.WhyWaiting(r.Context(), t.ID)
	if err != nil || len(why.Sentences) == 0 {
		return why, err
	}
	names := map[string]string{}
	err = r.View(func(tx *store.Tx) error {
		project, err := catalog.Projects.Get(tx, t.ProjectID)
		if err == nil {
			names[t.ProjectID] = project.Name
		} else if !fault.Is(err, fault.NotFound) {
			return err
		}
		environment, err := catalog.Environments.Get(tx, t.EnvironmentID)
		if err == nil {
			names[t.EnvironmentID] = environment.Name
		} else if !fault.Is(err, fault.NotFound) {
			return err
		}
		tenant, err := catalog.Tenants.Get(tx, t.TenantID)
		if err == nil {
			names[t.TenantID] = tenant.Name
		} else if !fault.Is(err, fault.NotFound) {
			return err
		}
		return nil
	})
	if err != nil {
		return why, err
	}
	for i, sentence := range why.Sentences {
		why.Sentences[i] = anID.ReplaceAllStringFunc(sentence, func(id string) string {
			if name := names[id]; name != "" {
				return name
			}
			if other, e := a.Tasks.Get(r.Context(), id); e == nil {
				if ok, e := r.May("TaskView", taskAt(other)); e == nil && ok && other.Description != "" {
					return id + " (" + other.Description + ")"
				}
			}
			return id
		})
	}
	return why, nil
}
