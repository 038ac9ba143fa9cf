package catalog

import (
	"slices"
	"strings"

	"github.com/dlclark/regexp2"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/version"
)

// A Channel decides which lifecycle and which versions of packages a release
// uses.
type Channel struct {
	kind.Named
	Description                              string                  `json:"Description" kind:"max=10000"`
	ProjectID                                string                  `json:"ProjectId" kind:"required,ref=Projects,filter,within=project"`
	LifecycleID                              string                  `json:"LifecycleId,omitempty" kind:"ref=Lifecycles"`
	IsDefault                                bool                    `json:"IsDefault"`
	Type                                     string                  `json:"Type" kind:"enum=Lifecycle|EphemeralEnvironment"`
	Rules                                    []ChannelRule           `json:"Rules"`
	GitReferenceRules                        []string                `json:"GitReferenceRules"`
	GitResourceRules                         []ChannelGitRule        `json:"GitResourceRules"`
	TenantTags                               []string                `json:"TenantTags"`
	CustomFieldDefinitions                   []CustomFieldDefinition `json:"CustomFieldDefinitions"`
	ParentEnvironmentID                      string                  `json:"ParentEnvironmentId,omitempty" kind:"ref=Environments"`
	EphemeralEnvironmentNameTemplate         string                  `json:"EphemeralEnvironmentNameTemplate,omitempty"`
	AutomaticEphemeralEnvironmentDeployments bool                    `json:"AutomaticEphemeralEnvironmentDeployments,omitempty"`

	gone bool // with its project
}

// EphemeralChannel is the type of channels whose releases go to ephemeral
// environments.
const EphemeralChannel = "EphemeralEnvironment"

// ChannelRule limits the versions of some packages of the process.
type ChannelRule struct {
	ID                 string          `json:"Id"`
	VersionRange       string          `json:"VersionRange"`
	Tag                string          `json:"Tag"`
	VersioningStrategy string          `json:"VersioningStrategy,omitempty"`
	VersionTagRegex    string          `json:"VersionTagRegex,omitempty"`
	ActionPackages     []ActionPackage `json:"ActionPackages"`
}

// ChannelGitRule limits the Git references of some Git dependencies.
type ChannelGitRule struct {
	ID                   string                `json:"Id"`
	GitDependencyActions []ActionGitDependency `json:"GitDependencyActions"`
	Rules                []string              `json:"Rules"`
}

// ActionGitDependency names a Git dependency of an action.
type ActionGitDependency struct {
	DeploymentActionSlug string `json:"DeploymentActionSlug"`
	GitDependencyName    string `json:"GitDependencyName"`
}

// CustomFieldDefinition is a further member that releases of a channel have.
type CustomFieldDefinition struct {
	FieldName   string `json:"FieldName" kind:"required"`
	Description string `json:"Description"`
}

// Channels holds the channels of all projects.
var Channels = kind.Register(kind.Kind[Channel]{
	Plural:      "Channels",
	Permissions: kind.All("ProcessView", "ProcessEdit"),
	Links: map[string]string{
		"Releases": "./releases{/version}{?skip,take,searchByVersion}",
		"Project":  "~/projects/<ProjectId>",
	},
	Owner:      func(c *Channel) string { return c.ProjectID },
	Rules:      channelRules,
	References: func(c *Channel) []store.Reference { return tagReferences(c.SpaceID, "TenantTags", c.TenantTags) },
	Created:    func(tx *store.Tx, made *Channel) error { return onlyDefault(tx, made) },
	Changed:    func(tx *store.Tx, now, _ *Channel) error { return onlyDefault(tx, now) },
	Deleting:   channelDeleting,
})

func channelRules(tx *store.Tx, next, old *Channel, c *fault.Complaints) error {
	if old != nil {
		next.ProjectID = old.ProjectID
	}
	others, err := defaultsBeside(tx, next)
	if err != nil {
		return err
	}
	switch {
	case len(others) > 0:
	case old == nil:
		next.IsDefault = true // a project is never without
	case old.IsDefault && !next.IsDefault:
		c.Add("A project must have a default channel. Make another channel the default instead.")
	}
	if err := checkTags(tx, next.SpaceID, "", "TenantTags", &next.TenantTags, c); err != nil {
		return err
	}
	next.GitReferenceRules = tidy(next.GitReferenceRules)
	if err := checkVersionRules(tx, next, old, c); err != nil {
		return err
	}
	if err := next.checkEphemeral(tx, c); err != nil {
		return err
	}
	fields := map[string]bool{}
	for _, f := range next.CustomFieldDefinitions {
		unique(fields, f.FieldName, c, "custom field")
	}
	return nil
}

// defaultsBeside lists the other default channels of a channel's project.
func defaultsBeside(tx *store.Tx, channel *Channel) ([]*Channel, error) {
	all, _, err := kind.Of[Channel]().List(tx, kind.Query{Space: channel.SpaceID, Match: map[string]string{"ProjectId": channel.ProjectID}})
	if err != nil {
		return nil, err
	}
	var others []*Channel
	for _, other := range all {
		if other.IsDefault && other.ID != channel.ID {
			others = append(others, other)
		}
	}
	return others, nil
}

// onlyDefault takes the default from the channel that had it before.
func onlyDefault(tx *store.Tx, now *Channel) error {
	if !now.IsDefault {
		return nil
	}
	others, err := defaultsBeside(tx, now)
	if err != nil {
		return err
	}
	for _, other := range others {
		other.IsDefault = false
		if err := kind.Of[Channel]().Put(tx, other); err != nil {
			return err
		}
	}
	return nil
}

func channelDeleting(_ *store.Tx, channel *Channel) error {
	if channel.IsDefault && !channel.gone {
		return fault.New(fault.Invalid, "Channel '%s' is the default channel of its project and cannot be deleted. Make another channel the default first.", channel.Name)
	}
	return nil
}

// checkVersionRules refuses ranges and patterns that cannot be read, packages
// that the process does not have, and packages that are in more than one rule,
// since no version might then do.
func checkVersionRules(tx *store.Tx, channel, old *Channel, c *fault.Complaints) error {
	steps, known, err := stepsOf(tx, channel.ProjectID)
	if err != nil {
		return err
	}
	inRule := map[any]bool{}
	for i := range channel.Rules {
		r := &channel.Rules[i]
		if r.ID == "" {
			r.ID = newGUID()
		}
		r.VersionRange, r.Tag = strings.TrimSpace(r.VersionRange), strings.TrimSpace(r.Tag)
		format, err := ruleFormat(tx, steps, r)
		if err != nil {
			return err
		}
		if _, err := version.ParseRange(format, r.VersionRange); r.VersionRange != "" && err != nil {
			c.Add("Version rule %d: the version range '%s' cannot be read: %v.", i+1, r.VersionRange, err)
		}
		checkPattern(i+1, "Tag", r.Tag, c)
		checkPattern(i+1, "VersionTagRegex", r.VersionTagRegex, c)
		for _, p := range r.ActionPackages {
			var key any = ActionPackage{strings.ToLower(p.DeploymentAction), strings.ToLower(p.PackageReference)}
			if found := PackageIn(steps, p); found != nil {
				key = found // however the rules spell it
			} else if known && !old.names(p) {
				c.Add("Version rule %d: the deployment process has no package '%s' of a step '%s'. %s", i+1, p.PackageReference, p.DeploymentAction, PackagesOf(steps))
			}
			if inRule[key] {
				c.Add("The package '%s' of step '%s' is in more than one version rule. A package can be in one rule of a channel only.", p.PackageReference, p.DeploymentAction)
			}
			inRule[key] = true
		}
	}
	for i := range channel.GitResourceRules {
		if channel.GitResourceRules[i].ID == "" {
			channel.GitResourceRules[i].ID = newGUID()
		}
	}
	return nil
}

// names says whether a rule of the channel names a package already. What the
// process has lost since stays in the rule, and holds again when it comes back.
func (c *Channel) names(p ActionPackage) bool {
	return c != nil && slices.ContainsFunc(c.Rules, func(r ChannelRule) bool { return slices.Contains(r.ActionPackages, p) })
}

// stepsOf reads the process of a project, unless that is in Git.
func stepsOf(tx *store.Tx, project string) (steps []Step, known bool, err error) {
	p, err := found(kind.Of[Project]().Get(tx, project))
	if err != nil || p == nil || p.IsVersionControlled {
		return nil, false, err
	}
	process, err := found(kind.Of[DeploymentProcess]().Get(tx, p.DeploymentProcessID))
	if err != nil || process == nil {
		return nil, false, err
	}
	return process.Steps, true, nil
}

// followNames keeps the rules of channels with the actions that they name when
// those are given other names.
func followNames(tx *store.Tx, now, before *DeploymentProcess) error {
	called := map[string]string{} // an action's old name to its new one
	for _, s := range before.Steps {
		for _, a := range s.Actions {
			if to := actionName(now.Steps, a.ID); to != "" && to != a.Name {
				called[strings.ToLower(a.Name)] = to
			}
		}
	}
	if len(called) == 0 {
		return nil
	}
	channels, _, err := kind.Of[Channel]().List(tx, kind.Query{Space: now.SpaceID, Match: map[string]string{"ProjectId": now.ProjectID}})
	if err != nil {
		return err
	}
	for _, channel := range channels {
		changed := false
		for i := range channel.Rules {
			for j := range channel.Rules[i].ActionPackages {
				p := &channel.Rules[i].ActionPackages[j]
				if to, ok := called[strings.ToLower(p.DeploymentAction)]; ok {
					p.DeploymentAction, changed = to, true
				}
			}
		}
		if !changed {
			continue
		}
		if err := kind.Of[Channel]().Put(tx, channel); err != nil {
			return err
		}
	}
	return nil
}

// ruleFormat gives the notation of a rule's range, which the feed of its first
// package decides.
func ruleFormat(tx *store.Tx, steps []Step, r *ChannelRule) (version.Format, error) {
	if r.VersionRange == "" || len(r.ActionPackages) == 0 {
		return version.SemVer, nil
	}
	p := PackageIn(steps, r.ActionPackages[0])
	if p == nil {
		return version.SemVer, nil
	}
	feed, err := Feeds.Get(tx, p.FeedID)
	if err == nil && feed.FeedType == "Maven" {
		return version.Maven, nil
	}
	if fault.Is(err, fault.NotFound) {
		err = nil // the feed may be named by a variable
	}
	return version.SemVer, err
}

func checkPattern(number int, member, text string, c *fault.Complaints) {
	if text == "" {
		return
	}
	if _, err := regexp2.Compile(text, regexp2.None); err != nil {
		c.Add("Version rule %d: %s '%s' is not a regular expression: %v.", number, member, text, err)
	}
}
