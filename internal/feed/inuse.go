package feed

import (
	"context"
	"fmt"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// Unused complains when releases or runbook snapshots of the space have chosen
// one of the packages: deployed again, they would lack it.
func (b *BuiltIn) Unused(ctx context.Context, space string, packages ...*catalog.BuiltInPackage) error {
	var used *uses
	err := b.DB.View(ctx, func(tx *store.Tx) error {
		feeds, _, err := catalog.Feeds.List(tx, kind.Query{Space: space})
		if err != nil {
			return err
		}
		elsewhere := map[string]bool{}
		for _, f := range feeds {
			elsewhere[f.ID] = f.FeedType != catalog.FeedBuiltIn
		}
		used, err = chosen(tx, space, elsewhere)
		return err
	})
	if err != nil {
		return err
	}
	var message string
	var details []string
	for _, p := range packages {
		by := used.by(p.PackageID, p.Version)
		if by.first == "" {
			continue
		}
		if message == "" {
			message = fmt.Sprintf("Package %s version %s cannot be deleted because it is in use. Delete what uses it first, or add force=true to the query to delete the package all the same.", p.PackageID, p.Version)
		}
		more := ""
		if by.more > 0 {
			more = fmt.Sprintf(", and so do %d others", by.more)
		}
		if by.more == 1 {
			more = ", and so does one other"
		}
		details = append(details, fmt.Sprintf("%s uses package %s version %s%s.", by.first, p.PackageID, p.Version, more))
	}
	if message == "" {
		return nil
	}
	return &fault.Error{Code: fault.Invalid, Message: message, Details: details}
}

// uses are packages and versions that something has chosen.
type uses struct {
	elsewhere map[string]bool // feeds whose packages do not count
	found     map[string]user
}

// user is who has chosen a package: one in words, and how many more there are.
type user struct {
	first string
	more  int
}

func (u *uses) has(p *catalog.BuiltInPackage) bool { return u.hasVersion(p.PackageID, p.Version) }

func (u *uses) hasVersion(id, version string) bool { return u.by(id, version).first != "" }

func (u *uses) by(id, version string) user {
	key := catalog.VersionKey(version)
	if by := u.found[strings.ToLower(id)+"\x00"+key]; by.first != "" {
		return by
	}
	return u.found["\x00"+key]
}

func (u *uses) note(id, version, who string) {
	key := id + "\x00" + catalog.VersionKey(version)
	by := u.found[key]
	if by.first == "" {
		by.first = who
	} else {
		by.more++
	}
	u.found[key] = by
}

// add notes what a release or snapshot has chosen for the steps of its process.
func (u *uses) add(who string, steps []catalog.Step, packages []catalog.SelectedPackage) {
	for _, s := range packages {
		action := s.ActionName
		if action == "" {
			action = s.StepName
		}
		for i := range steps {
			for j := range steps[i].Actions {
				a := &steps[i].Actions[j]
				if !strings.EqualFold(a.Name, action) {
					continue
				}
				for _, p := range a.Packages {
					if !strings.EqualFold(p.Name, s.PackageReferenceName) || u.elsewhere[p.FeedID] {
						continue
					}
					id := strings.ToLower(p.PackageID)
					if strings.Contains(id, "#{") {
						id = "" // known only when it is deployed: it may be any
					}
					u.note(id, s.Version, who)
				}
			}
		}
	}
}

// choice is what a release or snapshot has chosen, and the process it is for.
func (u *uses) choice(who string, packages []catalog.SelectedPackage, process func() ([]catalog.Step, error)) error {
	if len(packages) == 0 {
		return nil
	}
	steps, err := process()
	if fault.Is(err, fault.NotFound) {
		for _, s := range packages { // whose packages they are cannot be told
			u.note("", s.Version, who)
		}
		return nil
	}
	if err != nil {
		return err
	}
	u.add(who, steps, packages)
	return nil
}

// chosen lists what the releases and runbook snapshots of a space have chosen,
// without what comes from some feeds.
func chosen(tx *store.Tx, space string, elsewhere map[string]bool) (*uses, error) {
	used := &uses{elsewhere: elsewhere, found: map[string]user{}}
	releases, _, err := catalog.Releases.List(tx, kind.Query{Space: space})
	if err != nil {
		return nil, err
	}
	for _, r := range releases {
		err := used.choice(fmt.Sprintf("The release %s (%s)", r.Version, r.ID), r.SelectedPackages, func() ([]catalog.Step, error) {
			process, err := catalog.DeploymentProcesses.Get(tx, r.ProjectDeploymentProcessSnapshotID)
			if err != nil {
				return nil, err
			}
			return process.Steps, nil
		})
		if err != nil {
			return nil, err
		}
	}
	snapshots, _, err := catalog.RunbookSnapshots.List(tx, kind.Query{Space: space})
	if err != nil {
		return nil, err
	}
	for _, s := range snapshots {
		err := used.choice(fmt.Sprintf("The runbook snapshot '%s' (%s)", s.Name, s.ID), s.SelectedPackages, func() ([]catalog.Step, error) {
			process, err := catalog.RunbookProcesses.Get(tx, s.FrozenRunbookProcessID)
			if err != nil {
				return nil, err
			}
			return process.Steps, nil
		})
		if err != nil {
			return nil, err
		}
	}
	return used, nil
}
