package deploy

import (
	"fmt"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
)

// takeGit takes the references that are given for the Git dependencies of the
// process, and refuses those that mean none of them.
func (d *releaseDraft) takeGit() error {
	var wrong fault.Complaints
	for i, g := range d.SelectedGit {
		if !hasGit(d.steps, g.ActionName, g.GitResourceReferenceName) {
			wrong.Add("SelectedGitResources[%d]: the deployment process has no Git dependency '%s' of a step '%s'. %s", i, g.GitResourceReferenceName, g.ActionName, gitsOf(d.steps))
		}
	}
	for i, text := range d.GitResources {
		selected, ok := gitOverride(d.steps, text)
		if !ok {
			wrong.Add("GitResources[%d] is %q, which means no Git dependency of the deployment process: write {step}:{reference}, or {step}:{dependency}:{reference}. %s", i, text, gitsOf(d.steps))
			continue
		}
		d.SelectedGit = append(d.SelectedGit, selected)
	}
	return wrong.Err()
}

// eachGit calls f for the Git dependencies of a process.
func eachGit(steps []catalog.Step, f func(action *catalog.Action, name string)) {
	for i := range steps {
		for j := range steps[i].Actions {
			a := &steps[i].Actions[j]
			for _, g := range a.GitDependencies {
				f(a, g.Name)
			}
		}
	}
}

func hasGit(steps []catalog.Step, action, name string) (has bool) {
	eachGit(steps, func(a *catalog.Action, own string) {
		has = has || strings.EqualFold(own, name) && (strings.EqualFold(a.Name, action) || a.Slug == action || a.ID == action)
	})
	return has
}

// gitOverride reads a reference such as "Deploy web:main". Names may hold
// colons themselves, so the longest beginning that is one counts.
func gitOverride(steps []catalog.Step, text string) (found catalog.SelectedGitResource, ok bool) {
	best := 0
	eachGit(steps, func(a *catalog.Action, name string) {
		beginning := a.Name + ":"
		if name != "" {
			beginning += name + ":"
		}
		if len(beginning) <= best || len(text) <= len(beginning) || !strings.EqualFold(text[:len(beginning)], beginning) {
			return
		}
		reference := strings.TrimSpace(text[len(beginning):])
		if reference == "" {
			return
		}
		best, ok = len(beginning), true
		found = catalog.SelectedGitResource{ActionName: a.Name, GitResourceReferenceName: name, GitReferenceResource: &catalog.GitReference{GitRef: reference}}
	})
	return found, ok
}

// gitsOf tells which Git dependencies could have been meant.
func gitsOf(steps []catalog.Step) string {
	var all []string
	eachGit(steps, func(a *catalog.Action, name string) {
		title := "'" + a.Name + "'"
		if name != "" {
			title = fmt.Sprintf("'%s' of %s", name, title)
		}
		all = append(all, title)
	})
	if len(all) == 0 {
		return "It has none."
	}
	return "It has those of " + strings.Join(all, ", ") + "."
}
