package plan

import (
	"github.com/takodeploy/tako/internal/task"
)

// Standing is how far a plan has come, as variables and conditions see it.
type Standing struct {
	Plan    *Plan
	Records []task.Record // must not be changed
}

// Failures lists the records that have failed for good, in the order of the
// plan: those that a retry or a person has not made good.
func (p Standing) Failures() []*task.Record {
	latest := map[spot]*task.Record{}
	for i := range p.Records {
		r := &p.Records[i]
		if old := latest[spot{r.Path, r.Target}]; old == nil || old.Attempt < r.Attempt {
			latest[spot{r.Path, r.Target}] = r
		}
	}
	var failed []*task.Record
	for i := range p.Records {
		r := &p.Records[i]
		bad := r.State == task.StepFailed || r.State == task.StepLost || r.State == task.StepCanceled
		if !bad || r.Ignored || latest[spot{r.Path, r.Target}] != r {
			continue
		}
		if _, a := p.Plan.Find(r.Path); a != nil && r.State != task.StepCanceled && r.Attempt <= a.Retries {
			continue // it will be tried again
		}
		failed = append(failed, r)
	}
	return failed
}

// Error is what Octopus.Deployment.Error says: empty while nothing has failed.
func (p Standing) Error() string {
	failed := p.Failures()
	if len(failed) == 0 {
		return ""
	}
	s, a := p.Plan.Find(failed[0].Path)
	w := walk{plan: p.Plan}
	for _, r := range failed {
		if a == nil {
			continue
		}
		w.failures = append(w.failures, failure{s, a, r})
	}
	if len(w.failures) == 0 {
		return "A step has failed."
	}
	return w.message()
}

// outline names a plan's steps for people.
func Outline(p *Plan) *task.Outline {
	o := &task.Outline{Targets: make(map[string]string, len(p.Targets))}
	for _, t := range p.Targets {
		o.Targets[t.ID] = t.Name
	}
	for i := range p.Steps {
		s := &p.Steps[i]
		place := task.Place{Path: s.Path, Name: s.label()}
		for j := range s.Actions {
			a := &s.Actions[j]
			place.Places = append(place.Places, task.Place{Path: a.Path, Name: "Step " + a.Path + ": " + a.Name})
		}
		o.Steps = append(o.Steps, place)
	}
	return o
}

func (s *Step) label() string {
	if s.Path == acquirePath {
		return s.Name
	}
	return "Step " + s.Path + ": " + s.Name
}
