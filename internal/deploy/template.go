package deploy

import (
	"context"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/variable"
)

// ReleaseTemplate says what a release of a project needs.
type ReleaseTemplate struct {
	DeploymentProcessID            string            `json:"DeploymentProcessId"`
	LastReleaseVersion             string            `json:"LastReleaseVersion"`
	NextVersionIncrement           string            `json:"NextVersionIncrement"`
	VersioningPackageStepName      *string           `json:"VersioningPackageStepName"`
	VersioningPackageReferenceName *string           `json:"VersioningPackageReferenceName"`
	Packages                       []ReleasePackage  `json:"Packages"`
	GitResources                   []TemplateGit     `json:"GitResources"`
	Links                          map[string]string `json:"Links"`
}

// ReleasePackage is a package that a release needs a version of.
type ReleasePackage struct {
	StepName                   string `json:"StepName"`
	ActionName                 string `json:"ActionName"`
	PackageReferenceName       string `json:"PackageReferenceName"`
	PackageID                  string `json:"PackageId"`
	NuGetPackageID             string `json:"NuGetPackageId"`
	FeedID                     string `json:"FeedId"`
	NuGetFeedID                string `json:"NuGetFeedId"`
	FeedName                   string `json:"FeedName"`
	NuGetFeedName              string `json:"NuGetFeedName"`
	VersionSelectedLastRelease string `json:"VersionSelectedLastRelease"`
	FixedVersion               string `json:"FixedVersion,omitempty"`
	IsResolvable               bool   `json:"IsResolvable"`
}

// ReleaseTemplate says what a release of a project in a channel needs: the
// default channel if none is named. With a release's id it is about the
// process that this release is made of. Of a project in Git it is about what a
// reference means, the default branch if there is none.
func (s *Service) ReleaseTemplate(ctx context.Context, space, projectID, ref, channel, releaseID string) (*ReleaseTemplate, error) {
	d := &releaseDraft{NewRelease: NewRelease{Space: space}}
	var err error
	if d.revision, err = s.revision(ctx, space, projectID, ref, ""); err != nil {
		return nil, err
	}
	var t *ReleaseTemplate
	err = s.DB.View(ctx, func(tx *store.Tx) (err error) {
		t, err = s.releaseTemplate(tx, d, projectID, channel, releaseID)
		return err
	})
	return t, err
}

func (s *Service) releaseTemplate(tx *store.Tx, d *releaseDraft, projectID, channel, releaseID string) (*ReleaseTemplate, error) {
	var err error
	if d.project, err = catalog.Projects.Get(tx, projectID); err != nil {
		return nil, err
	}
	if err := d.current(tx); err != nil {
		return nil, err
	}
	processID := d.project.DeploymentProcessID
	if releaseID != "" {
		r, err := catalog.Releases.Get(tx, releaseID)
		if err != nil {
			return nil, err
		}
		processID = r.ProjectDeploymentProcessSnapshotID
		process, err := catalog.DeploymentProcesses.Get(tx, processID)
		if err != nil {
			return nil, err
		}
		d.steps = process.Steps
	}
	if d.channels, err = channelsOf(tx, d.project); err != nil {
		return nil, err
	}
	if err := d.templateChannel(channel); err != nil {
		return nil, err
	}
	d.slots = slotsOf(d.steps, d.values, inProject(d.project.ID, d.channel.ID))
	t := &ReleaseTemplate{DeploymentProcessID: processID, Packages: []ReleasePackage{}, GitResources: []TemplateGit{},
		Links: map[string]string{"Self": catalog.Projects.SelfPath(d.Space, projectID) + "/deploymentprocesses/template{?channel,releaseId}"}}
	if err := s.nextVersion(tx, d, t); err != nil {
		return nil, err
	}
	return t, d.templateChoices(tx, t)
}

func (d *releaseDraft) templateChannel(what string) (err error) {
	if what != "" {
		d.channel, err = pickChannel(d.channels, what, d.project.Name)
		return err
	}
	for _, c := range d.channels {
		if c.IsDefault {
			d.channel = c
		}
	}
	if d.channel == nil {
		return fault.New(fault.Invalid, "Project '%s' has no default channel.", d.project.Name)
	}
	return nil
}

// nextVersion says what the next release would be called, or which package
// decides it.
func (s *Service) nextVersion(tx *store.Tx, d *releaseDraft, t *ReleaseTemplate) error {
	if v := d.project.VersioningStrategy; v != nil && v.DonorPackage != nil {
		t.VersioningPackageStepName, t.VersioningPackageReferenceName = &v.DonorPackage.DeploymentAction, &v.DonorPackage.PackageReference
		return nil
	}
	number, err := s.number(tx, d)
	if fault.Is(err, fault.Invalid) {
		return nil // a template that does not lead to a version is told when a release is made
	}
	t.NextVersionIncrement = number
	return err
}

// templateChoices lists what is chosen, with what the last release has chosen.
func (d *releaseDraft) templateChoices(tx *store.Tx, t *ReleaseTemplate) error {
	last, _, err := catalog.Releases.List(tx, kind.Query{Space: d.Space, Take: 1, Where: []store.Where{
		{SQL: "owner = ?", Args: []any{d.project.ID}}, {SQL: "data ->> 'ChannelId' = ?", Args: []any{d.channel.ID}}}})
	if err != nil {
		return err
	}
	before := &catalog.Release{}
	if len(last) > 0 {
		before = last[0]
	}
	t.LastReleaseVersion = before.Version
	t.Packages, t.GitResources = d.templatePackages(tx, before.SelectedPackages), templateGit(d.steps, before.SelectedGitResources)
	return nil
}

// templatePackages lists the packages with the versions that were chosen last.
func (d *releaseDraft) templatePackages(tx *store.Tx, last []catalog.SelectedPackage) []ReleasePackage {
	before := map[[2]string]string{}
	for _, p := range last {
		before[[2]string{strings.ToLower(p.ActionName), strings.ToLower(p.PackageReferenceName)}] = p.Version
	}
	all := []ReleasePackage{}
	for i := range d.slots {
		p := &d.slots[i]
		name := p.FeedID
		if feed, err := catalog.Feeds.Get(tx, p.FeedID); err == nil {
			name = feed.Name
		}
		all = append(all, ReleasePackage{
			StepName: p.Action, ActionName: p.Action, PackageReferenceName: p.Reference, PackageID: p.PackageID, NuGetPackageID: p.PackageID,
			FeedID: p.FeedID, NuGetFeedID: p.FeedID, FeedName: name, NuGetFeedName: name, FixedVersion: p.Fixed, IsResolvable: p.Resolvable,
			VersionSelectedLastRelease: before[[2]string{strings.ToLower(p.Action), strings.ToLower(p.Reference)}],
		})
	}
	return all
}

// TemplateGit is a Git dependency that a release needs a reference of.
type TemplateGit struct {
	Name                           string                `json:"Name"`
	ActionName                     string                `json:"ActionName"`
	RepositoryURI                  string                `json:"RepositoryUri"`
	DefaultBranch                  string                `json:"DefaultBranch"`
	IsResolvable                   bool                  `json:"IsResolvable"`
	FilePathFilters                []string              `json:"FilePathFilters"`
	GitCredentialID                string                `json:"GitCredentialId,omitempty"`
	GitHubConnectionID             string                `json:"GitHubConnectionId,omitempty"`
	GitResourceSelectedLastRelease *catalog.GitReference `json:"GitResourceSelectedLastRelease,omitempty"`
}

// templateGit lists the Git dependencies with the references chosen last.
func templateGit(steps []catalog.Step, last []catalog.SelectedGitResource) []TemplateGit {
	all := []TemplateGit{}
	for i := range steps {
		for j := range steps[i].Actions {
			a := &steps[i].Actions[j]
			if a.IsDisabled {
				continue
			}
			for _, g := range a.GitDependencies {
				t := TemplateGit{
					Name: g.Name, ActionName: a.Name, RepositoryURI: g.RepositoryURI, DefaultBranch: g.DefaultBranch, FilePathFilters: append([]string{}, g.FilePathFilters...),
					IsResolvable: !strings.Contains(g.RepositoryURI, "#{"), GitCredentialID: g.GitCredentialID, GitHubConnectionID: g.GitHubConnectionID,
				}
				for _, s := range last {
					if strings.EqualFold(s.ActionName, a.Name) && strings.EqualFold(s.GitResourceReferenceName, g.Name) {
						t.GitResourceSelectedLastRelease = s.GitReferenceResource
					}
				}
				all = append(all, t)
			}
		}
	}
	return all
}

// MissingPackage is a package of a release that its feed does not have.
type MissingPackage struct {
	ID      string `json:"Id"`
	Version string `json:"Version"`
	FeedID  string `json:"FeedId"`
	Action  string `json:"ActionName"`
}

// MissingPackages lists the packages of a release that are not in their feeds
// any more.
func (s *Service) MissingPackages(ctx context.Context, r *catalog.Release) ([]MissingPackage, error) {
	var slots []slot
	err := s.DB.View(ctx, func(tx *store.Tx) error {
		process, err := catalog.DeploymentProcesses.Get(tx, r.ProjectDeploymentProcessSnapshotID)
		if err != nil {
			return err
		}
		set, err := catalog.VariableSets.Get(tx, r.ProjectVariableSetSnapshotID)
		if err != nil {
			return err
		}
		values, err := valuesOf(tx, set, variable.FromProject, "", 0, false)
		slots = slotsOf(process.Steps, values, inProject(r.ProjectID, r.ChannelID))
		return err
	})
	missing := []MissingPackage{}
	if err != nil || s.Feeds == nil {
		return missing, err
	}
	for i := range slots {
		p := &slots[i]
		for _, chosen := range r.SelectedPackages {
			if !p.Resolvable || !strings.EqualFold(chosen.ActionName, p.Action) || !strings.EqualFold(chosen.PackageReferenceName, p.Reference) {
				continue
			}
			found, err := s.Feeds.Has(ctx, r.SpaceID, p.FeedID, p.PackageID, chosen.Version)
			if err != nil {
				return missing, err
			}
			if !found {
				missing = append(missing, MissingPackage{p.PackageID, chosen.Version, p.FeedID, p.Action})
			}
		}
	}
	return missing, nil
}
