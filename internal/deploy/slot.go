package deploy

import (
	"context"
	"fmt"
	"github.com/takodeploy/tako/internal/fault"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/variable"
	"github.com/takodeploy/tako/octostache"
	"github.com/takodeploy/tako/version"
)

// slot is a place in a process that takes a package, as a release or a snapshot of a runbook fills it.
type slot struct {
	rule.PackageSlot
	FeedID string
	// Fixed is the version that the process itself names; it is not chosen.
	Fixed string
	// Resolvable says that feed and package are known already, and not only
	// when an environment is.
	Resolvable bool
}

// slotsOf lists the packages of a process. Ids that are templates are evaluated
// with what holds everywhere.
func slotsOf(steps []catalog.Step, values []variable.Value, c variable.Context) []slot {
	d := variable.Resolve(values, c).Dictionary()
	var slots []slot
	for i := range steps {
		for j := range steps[i].Actions {
			a := &steps[i].Actions[j]
			if a.IsDisabled {
				continue
			}
			for _, p := range a.Packages {
				id, known := settled(d, p.PackageID)
				feed, feedKnown := settled(d, p.FeedID)
				fixed, _ := settled(d, p.Version)
				slots = append(slots, slot{
					PackageSlot: rule.PackageSlot{Step: steps[i].Name, Action: a.Name, Reference: p.Name, PackageID: id, Format: version.SemVer},
					FeedID:      feed, Fixed: fixed, Resolvable: known && feedKnown && id != "" && feed != "",
				})
			}
		}
	}
	return slots
}

// settled evaluates a text and says whether nothing of it is left open.
func settled(d *octostache.Dictionary, text string) (string, bool) {
	if !strings.Contains(text, "#{") {
		return strings.TrimSpace(text), true
	}
	result, err := d.Evaluate(text)
	if err != nil || strings.Contains(result, "#{") {
		return text, false
	}
	return strings.TrimSpace(result), true
}

// formats asks the feeds how the versions of the slots are compared. A process
// is kept from naming feeds that are not there, but one may have gone that it
// has by its name, by a variable, or from a repository.
func (s *Service) formats(ctx context.Context, space string, slots []slot) error {
	if s.Feeds == nil {
		return nil
	}
	known := map[string]version.Format{}
	var wrong fault.Complaints
	for i := range slots {
		p := &slots[i]
		if !p.Resolvable {
			continue
		}
		format, ok := known[p.FeedID]
		if !ok {
			var err error
			format, err = s.Feeds.Format(ctx, space, p.FeedID)
			if fault.Is(err, fault.NotFound) {
				wrong.Add("%s: its feed '%s' is not there (any more). Choose another feed in that step.", rule.Capital(p.Title()), p.FeedID)
				continue
			}
			if err != nil {
				return err
			}
			known[p.FeedID] = format
		}
		p.Format = format
	}
	return wrong.Err()
}

// plainSlots are the slots whose versions are chosen.
func plainSlots(slots []slot) []rule.PackageSlot {
	plain := make([]rule.PackageSlot, len(slots))
	for i := range slots {
		plain[i] = slots[i].PackageSlot
	}
	return plain
}

// takeGit takes the references that are given for the Git dependencies of the
// process, and refuses those that mean none of them.
func (d *releaseDraft) takeGit() error {
	var wrong fault.Complaints
	for i, g := range d.SelectedGit {
		if !hasGit(d.steps, g.ActionName, g.GitResourceReferenceName) {
			wrong.Add("SelectedGitResources[%d]: the process has no Git dependency '%s' of a step '%s'. %s", i, g.GitResourceReferenceName, g.ActionName, gitsOf(d.steps))
		}
	}
	for i, text := range d.GitResources {
		selected, ok := gitOverride(d.steps, text)
		if !ok {
			wrong.Add("GitResources[%d] is %q, which means no Git dependency of the process: write {step}:{reference}, or {step}:{dependency}:{reference}. %s", i, text, gitsOf(d.steps))
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

// Selection gives the versions of packages that a release would take now.
func (s *Service) Selection(ctx context.Context, in NewRelease) ([]catalog.SelectedPackage, error) {
	d := &releaseDraft{NewRelease: in}
	if existing, err := s.gather(ctx, d); err != nil || existing != nil {
		return nil, err
	}
	if err := s.choosePackages(ctx, d); err != nil {
		return nil, err
	}
	return d.packages(), nil
}
