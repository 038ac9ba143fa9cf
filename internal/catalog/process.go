package catalog

import (
	"fmt"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// A Step is one stage of a process: one action, or several that run on each
// target one after the other.
type Step struct {
	ID                           string                   `json:"Id"`
	Name                         string                   `json:"Name" kind:"required,max=200"`
	Slug                         string                   `json:"Slug"`
	RequiresPackagesToBeAcquired bool                     `json:"RequiresPackagesToBeAcquired"`
	PackageRequirement           string                   `json:"PackageRequirement" kind:"enum=LetOctopusDecide|BeforePackageAcquisition|AfterPackageAcquisition"`
	Properties                   map[string]kind.Property `json:"Properties"`
	Condition                    string                   `json:"Condition" kind:"enum=Success|Failure|Always|Variable"`
	StartTrigger                 string                   `json:"StartTrigger" kind:"enum=StartAfterPrevious|StartWithPrevious"`
	Actions                      []Action                 `json:"Actions"`
}

// An Action is a piece of work of some type. Types that this server does not
// know are kept as they are.
type Action struct {
	ID                            string                   `json:"Id"`
	Name                          string                   `json:"Name" kind:"required,max=200"`
	Slug                          string                   `json:"Slug"`
	ActionType                    string                   `json:"ActionType" kind:"required"`
	Notes                         string                   `json:"Notes"`
	IsDisabled                    bool                     `json:"IsDisabled"`
	IsRequired                    bool                     `json:"IsRequired"`
	CanBeUsedForProjectVersioning bool                     `json:"CanBeUsedForProjectVersioning"`
	Condition                     string                   `json:"Condition" kind:"enum=Success|Variable"`
	WorkerPoolID                  string                   `json:"WorkerPoolId" kind:"ref=WorkerPools"`
	WorkerPoolVariable            string                   `json:"WorkerPoolVariable"`
	Container                     ActionContainer          `json:"Container"`
	Environments                  []string                 `json:"Environments" kind:"ref=Environments"`
	ExcludedEnvironments          []string                 `json:"ExcludedEnvironments" kind:"ref=Environments"`
	Channels                      []string                 `json:"Channels" kind:"ref=Channels"`
	TenantTags                    []string                 `json:"TenantTags"`
	Packages                      []PackageReference       `json:"Packages"`
	GitDependencies               []GitDependency          `json:"GitDependencies"`
	Properties                    map[string]kind.Property `json:"Properties"`
	StepPackageVersion            string                   `json:"StepPackageVersion,omitempty"`
	Inputs                        any                      `json:"Inputs,omitempty"`
}

// ActionContainer is the container image that an action runs in, if any.
type ActionContainer struct {
	FeedID     string `json:"FeedId" kind:"ref=Feeds?"`
	Image      string `json:"Image"`
	GitURL     string `json:"GitUrl,omitempty"`
	Dockerfile string `json:"Dockerfile,omitempty"`
}

// PackageReference is a package that an action needs. The one without a name is
// the action's own.
type PackageReference struct {
	ID                           string            `json:"Id"`
	Name                         string            `json:"Name"`
	PackageID                    string            `json:"PackageId"`
	FeedID                       string            `json:"FeedId" kind:"ref=Feeds?"`
	AcquisitionLocation          string            `json:"AcquisitionLocation" kind:"default=Server"`
	Version                      string            `json:"Version,omitempty"`
	StepPackageInputsReferenceID string            `json:"StepPackageInputsReferenceId,omitempty"`
	Properties                   map[string]string `json:"Properties"`
}

// GitDependency is a Git repository that an action needs.
type GitDependency struct {
	Name                         string   `json:"Name"`
	RepositoryURI                string   `json:"RepositoryUri" kind:"required"`
	DefaultBranch                string   `json:"DefaultBranch" kind:"required"`
	FilePathFilters              []string `json:"FilePathFilters"`
	GitCredentialType            string   `json:"GitCredentialType"`
	GitCredentialID              string   `json:"GitCredentialId,omitempty" kind:"ref=GitCredentials?"`
	GitHubConnectionID           string   `json:"GitHubConnectionId,omitempty"`
	StepPackageInputsReferenceID string   `json:"StepPackageInputsReferenceId,omitempty"`
}

// The properties in which older clients name an action's own package.
const (
	propertyPackage  = "Octopus.Action.Package.PackageId"
	propertyFeed     = "Octopus.Action.Package.FeedId"
	propertyOnTarget = "Octopus.Action.Package.DownloadOnTentacle"
)

// checkSteps checks the steps of a process and completes them: ids and slugs
// that are missing, the own packages of actions that only name them in their
// properties, and what follows from packages.
func checkSteps(tx *store.Tx, space string, steps, old []Step, c *fault.Complaints) error {
	identifySteps(steps, old)
	names, actions := map[string]bool{}, map[string]bool{}
	for i := range steps {
		s := &steps[i]
		s.Name = strings.TrimSpace(s.Name)
		if s.Name == "" && len(s.Actions) > 0 {
			s.Name = strings.TrimSpace(s.Actions[0].Name)
		}
		unique(names, s.Name, c, "step")
		if len(s.Actions) == 0 {
			c.Add("Step '%s' has no action.", s.Name)
		}
		checkSettings("Step '"+s.Name+"'", s.Properties, c)
		s.RequiresPackagesToBeAcquired = false
		for j := range s.Actions {
			a := &s.Actions[j]
			a.Name = strings.TrimSpace(a.Name)
			unique(actions, a.Name, c, "action")
			told := a.Properties[propertyFeed].Text
			checkAction(a, c)
			checkSettings("Action '"+a.Name+"'", a.Properties, c)
			if err := checkSources(tx, space, fmt.Sprintf("Steps[%d].Actions[%d].", i, j), a, told, c); err != nil {
				return err
			}
			if err := checkTags(tx, space, "", "TenantTags of action '"+a.Name+"'", &a.TenantTags, c); err != nil {
				return err
			}
			s.RequiresPackagesToBeAcquired = s.RequiresPackagesToBeAcquired || len(a.Packages) > 0
		}
	}
	slugSteps(steps)
	return nil
}

// checkSources refuses feeds and Git credentials that are not there. They may be
// named by their ids, slugs or names, and by variables, whose values are only
// known when there is a release. The feed that a client tells by a property is not
// held against what is there, as no property is: it may come later, and without
// it no release is made.
func checkSources(tx *store.Tx, space, where string, a *Action, told string, c *fault.Complaints) error {
	lookup := func(field, what, value string, find func() error) error {
		if value == "" || strings.Contains(value, "#{") {
			return nil
		}
		err := find()
		if fault.Is(err, fault.NotFound) {
			c.Add("%s%s (of '%s') refers to '%s', which is no %s of this space. Give the id, slug or name of one that is there.", where, field, a.Name, value, what)
			return nil
		}
		return err
	}
	feed := func(field, value string) error {
		return lookup(field, "feed", value, func() error {
			_, err := Feeds.Find(tx, space, value)
			return err
		})
	}
	err := feed("Container.FeedId", a.Container.FeedID)
	for k := 0; k < len(a.Packages) && err == nil; k++ {
		if p := a.Packages[k]; p.Name != "" || p.FeedID != told {
			err = feed(fmt.Sprintf("Packages[%d].FeedId", k), p.FeedID)
		}
	}
	for k := 0; k < len(a.GitDependencies) && err == nil; k++ {
		value := a.GitDependencies[k].GitCredentialID
		err = lookup(fmt.Sprintf("GitDependencies[%d].GitCredentialId", k), "Git credential", value, func() error {
			_, err := GitCredentials.Find(tx, space, value)
			return err
		})
	}
	return err
}

// stepReferences keeps the tags that actions name from being taken away.
func stepReferences(space string, steps []Step) []store.Reference {
	var refs []store.Reference
	for _, s := range steps {
		for _, a := range s.Actions {
			refs = append(refs, tagReferences(space, "TenantTags", a.TenantTags)...)
		}
	}
	return refs
}

func unique(seen map[string]bool, name string, c *fault.Complaints, what string) {
	key := strings.ToLower(name)
	if name != "" && seen[key] {
		c.Add("The name '%s' is used by more than one %s. Each must have a name of its own.", name, what)
	}
	seen[key] = true
}

func checkAction(a *Action, c *fault.Complaints) {
	ownPackage(a)
	refs := map[string]bool{}
	a.CanBeUsedForProjectVersioning = false
	for i := range a.Packages {
		p := &a.Packages[i]
		if p.ID == "" {
			p.ID = newGUID()
		}
		key := strings.ToLower(p.Name)
		if refs[key] {
			c.Add("Action '%s' has more than one package reference named '%s'.", a.Name, p.Name)
		}
		refs[key] = true
		a.CanBeUsedForProjectVersioning = true
	}
	gits := map[string]bool{}
	for _, g := range a.GitDependencies {
		key := strings.ToLower(g.Name)
		if gits[key] {
			c.Add("Action '%s' has more than one Git dependency named '%s'.", a.Name, g.Name)
		}
		gits[key] = true
	}
}

// ownPackage keeps an action's own package and the properties that older
// clients know it by the same.
func ownPackage(a *Action) {
	for _, p := range a.Packages {
		if p.Name != "" {
			continue
		}
		if a.Properties == nil {
			a.Properties = map[string]kind.Property{}
		}
		if p.PackageID != "" {
			a.Properties[propertyPackage] = kind.Property{Text: p.PackageID}
		}
		if p.FeedID != "" {
			a.Properties[propertyFeed] = kind.Property{Text: p.FeedID}
		}
		return
	}
	id := a.Properties[propertyPackage].Text
	if id == "" {
		return
	}
	own := PackageReference{PackageID: id, FeedID: a.Properties[propertyFeed].Text, AcquisitionLocation: "Server"}
	if strings.EqualFold(a.Properties[propertyOnTarget].Text, "True") {
		own.AcquisitionLocation = "ExecutionTarget"
	}
	a.Packages = append([]PackageReference{own}, a.Packages...)
}

// identifySteps gives ids to steps and actions without one. What has the name
// of an old one takes its id, because secrets and variable scopes hang on it.
func identifySteps(steps, old []Step) {
	stepIDs, actionIDs := map[string]string{}, map[string]string{}
	for _, s := range old {
		stepIDs[strings.ToLower(s.Name)] = s.ID
		for _, a := range s.Actions {
			actionIDs[strings.ToLower(a.Name)] = a.ID
		}
	}
	taken := map[string]bool{}
	for _, s := range steps {
		taken[s.ID] = true
		for _, a := range s.Actions {
			taken[a.ID] = true
		}
	}
	used := map[string]bool{}
	identify := func(id *string, wish string) {
		if *id == "" && wish != "" && !taken[wish] {
			*id = wish
		}
		if *id == "" || used[*id] {
			*id = newGUID()
		}
		used[*id] = true
	}
	for i := range steps {
		s := &steps[i]
		identify(&s.ID, stepIDs[strings.ToLower(s.Name)])
		for j := range s.Actions {
			identify(&s.Actions[j].ID, actionIDs[strings.ToLower(s.Actions[j].Name)])
		}
	}
}

// slugSteps gives slugs to steps and actions without one. A slug is asked for
// by others, so those that are given come first.
func slugSteps(steps []Step) {
	stepSlugs, actionSlugs := map[string]bool{}, map[string]bool{}
	each := func(f func(slug *string, name string, taken map[string]bool)) {
		for i := range steps {
			f(&steps[i].Slug, steps[i].Name, stepSlugs)
			for j := range steps[i].Actions {
				f(&steps[i].Actions[j].Slug, steps[i].Actions[j].Name, actionSlugs)
			}
		}
	}
	each(func(slug *string, _ string, taken map[string]bool) {
		*slug = kind.Slugify(*slug)
		if taken[*slug] {
			*slug = ""
		}
		if *slug != "" {
			taken[*slug] = true
		}
	})
	each(func(slug *string, name string, taken map[string]bool) {
		if *slug != "" {
			return
		}
		wish := kind.Slugify(name)
		if wish == "" {
			wish = "step"
		}
		*slug = wish
		for n := 1; taken[*slug]; n++ {
			*slug = fmt.Sprintf("%s-%d", wish, n)
		}
		taken[*slug] = true
	})
}
