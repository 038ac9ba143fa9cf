package catalog

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/version"
)

// A Release is a version of a project: its process, its variables and the
// versions of its packages as they were when it was made.
type Release struct {
	kind.Base
	Version                            string                `json:"Version" kind:"required,max=349"`
	ProjectID                          string                `json:"ProjectId" kind:"required,ref=Projects,filter,within=project"`
	ChannelID                          string                `json:"ChannelId" kind:"required,ref=Channels,filter"`
	ReleaseNotes                       string                `json:"ReleaseNotes"`
	IgnoreChannelRules                 bool                  `json:"IgnoreChannelRules"`
	Assembled                          kind.Time             `json:"Assembled" kind:"readonly"`
	ProjectDeploymentProcessSnapshotID string                `json:"ProjectDeploymentProcessSnapshotId" kind:"readonly,ref=DeploymentProcesses"`
	ProjectVariableSetSnapshotID       string                `json:"ProjectVariableSetSnapshotId" kind:"readonly,ref=VariableSets"`
	LibraryVariableSetSnapshotIDs      []string              `json:"LibraryVariableSetSnapshotIds" kind:"readonly,ref=VariableSets"`
	SelectedPackages                   []SelectedPackage     `json:"SelectedPackages"`
	SelectedGitResources               []SelectedGitResource `json:"SelectedGitResources"`
	BuildInformation                   []any                 `json:"BuildInformation"`
	VersionControlReference            *GitReference         `json:"VersionControlReference,omitempty" kind:"readonly"`
	CustomFields                       map[string]string     `json:"CustomFields"`
	// Defects are the reasons why the release must not go further.
	Defects []Defect `json:"Defects,omitempty" kind:"readonly"`
}

// SelectedPackage is the version chosen for a package of the process. StepName
// is what older clients call the action.
type SelectedPackage struct {
	StepName             string `json:"StepName"`
	ActionName           string `json:"ActionName"`
	PackageReferenceName string `json:"PackageReferenceName"`
	Version              string `json:"Version"`
}

// SelectedGitResource is the commit chosen for a Git dependency of the process.
type SelectedGitResource struct {
	ActionName                string        `json:"ActionName"`
	GitReferenceResource      *GitReference `json:"GitReferenceResource"`
	GitResourceReferenceName  string        `json:"GitResourceReferenceName"`
	ResourceVersioningRuleTag string        `json:"ResourceVersioningRuleTag,omitempty"`
}

// GitReference names a commit, and the branch or tag that led to it.
type GitReference struct {
	GitRef    string `json:"GitRef"`
	GitCommit string `json:"GitCommit"`
}

// Defect is a reason why a release must not go further.
type Defect struct {
	ID          string    `json:"Id"`
	Description string    `json:"Description"`
	Status      string    `json:"Status"`
	Reported    kind.Time `json:"Reported"`
	ReportedBy  string    `json:"ReportedBy"`
	Resolved    kind.Time `json:"Resolved"`
	ResolvedBy  string    `json:"ResolvedBy"`
}

// The states of a defect.
const (
	DefectUnresolved = "Unresolved"
	DefectResolved   = "Resolved"
)

// newestFirst lists by age; ids grow with it when times tie.
const newestFirst = "created desc, length(id) desc, id desc"

// Releases holds the releases of all projects.
var Releases = kind.Register(kind.Kind[Release]{
	Plural:      "Releases",
	Table:       "release",
	Order:       newestFirst,
	Title:       "Version",
	Permissions: rights("Release"),
	Links: map[string]string{
		"Project":                          "~/projects/<ProjectId>",
		"Channel":                          "~/channels/<ChannelId>",
		"Deployments":                      "./deployments{?skip,take}",
		"DeploymentTemplate":               "./deployments/template",
		"Progression":                      "./progression",
		"SnapshotVariables":                "./snapshot-variables",
		"Artifacts":                        "~/artifacts?regarding=<Id>",
		"Defects":                          "./defects",
		"ReportDefect":                     "./defects",
		"ResolveDefect":                    "./defects/resolve",
		"ProjectVariableSnapshot":          "~/variables/<ProjectVariableSetSnapshotId>",
		"ProjectDeploymentProcessSnapshot": "~/deploymentprocesses/<ProjectDeploymentProcessSnapshotId>",
		"Web":                              "/app#/<SpaceId>/releases/<Id>",
	},
	Owner:    func(r *Release) string { return r.ProjectID },
	Key:      func(r *Release) string { return ReleaseKey(r.Version) },
	Rules:    releaseRules,
	Changed:  releaseChanged,
	Deleting: releaseDeleting,
})

func releaseRules(tx *store.Tx, next, old *Release, c *fault.Complaints) error {
	next.Version = strings.TrimSpace(next.Version)
	if next.Version != "" && ReleaseKey(next.Version) == "" {
		c.Add("'%s' is not a version number. Use one such as 1.2.3 or 2.0.0-beta.1.", next.Version)
	}
	if old != nil {
		next.ProjectID = old.ProjectID
	}
	if next.Assembled.IsZero() {
		next.Assembled = kind.Now()
	}
	for i := range next.SelectedPackages {
		p := &next.SelectedPackages[i]
		if p.ActionName == "" {
			p.ActionName = p.StepName
		}
		if p.StepName == "" {
			p.StepName = p.ActionName
		}
	}
	if old != nil {
		if err := selectedPackages(tx, next, old, c); err != nil {
			return err
		}
	}
	if next.ChannelID == "" {
		return nil // the tags complain
	}
	channel, err := Channels.Get(tx, next.ChannelID)
	if fault.Is(err, fault.NotFound) {
		return nil // the tags complain
	}
	if err != nil {
		return err
	}
	if channel.ProjectID != next.ProjectID {
		c.Add("Channel '%s' (%s) belongs to another project.", channel.Name, channel.ID)
	}
	for name := range next.CustomFields {
		known := func(f CustomFieldDefinition) bool { return strings.EqualFold(f.FieldName, name) }
		if !slices.ContainsFunc(channel.CustomFieldDefinitions, known) {
			c.Add("Channel '%s' has no custom field '%s'.", channel.Name, name)
		}
	}
	return nil
}

// selectedPackages checks that a changed release still says a version of every
// package, and of nothing else.
func selectedPackages(tx *store.Tx, next, old *Release, c *fault.Complaints) error {
	if slices.Equal(next.SelectedPackages, old.SelectedPackages) {
		return nil
	}
	process, err := found(kind.Of[DeploymentProcess]().Get(tx, old.ProjectDeploymentProcessSnapshotID))
	if err != nil || process == nil {
		return err
	}
	chosen := map[*PackageReference]bool{}
	for i, p := range next.SelectedPackages {
		meant := PackageIn(process.Steps, ActionPackage{p.ActionName, p.PackageReferenceName})
		switch {
		case meant == nil:
			c.Add("SelectedPackages[%d]: the deployment process of the release has no package '%s' of a step '%s'. %s", i, p.PackageReferenceName, p.ActionName, PackagesOf(process.Steps))
		case strings.TrimSpace(p.Version) == "":
			c.Add("SelectedPackages[%d].Version must not be empty.", i)
		}
		chosen[meant] = true
	}
	for _, p := range old.SelectedPackages {
		if meant := PackageIn(process.Steps, ActionPackage{p.ActionName, p.PackageReferenceName}); meant != nil && !chosen[meant] {
			c.Add("SelectedPackages must keep a version of the package '%s' of step '%s'.", p.PackageReferenceName, p.ActionName)
		}
	}
	return nil
}

// snapshots lists the copies of variables and process that a release uses.
func (r *Release) snapshots() []string {
	return append([]string{r.ProjectDeploymentProcessSnapshotID, r.ProjectVariableSetSnapshotID}, r.LibraryVariableSetSnapshotIDs...)
}

// releaseChanged deletes the snapshots that a release no longer uses, such as
// after its variables were updated.
func releaseChanged(tx *store.Tx, now, old *Release) error {
	kept := now.snapshots()
	left := slices.DeleteFunc(old.snapshots(), func(id string) bool { return slices.Contains(kept, id) })
	return dropSnapshots(tx, now.ID, left...)
}

// releaseDeleting deletes a release's deployments and what it alone uses.
func releaseDeleting(tx *store.Tx, r *Release) error {
	if err := removeAll(tx, Deployments, kind.Query{Space: r.SpaceID, Match: map[string]string{"ReleaseId": r.ID}}, nil); err != nil {
		return err
	}
	return dropSnapshots(tx, r.ID, r.snapshots()...)
}

// HasUnresolvedDefect says whether the release must not go further.
func (r *Release) HasUnresolvedDefect() bool {
	return slices.ContainsFunc(r.Defects, func(d Defect) bool { return d.Status == DefectUnresolved })
}

// ReleaseKey gives what two versions of the same meaning have in common, such
// as 1.0 and 1.0.0.0; "" for what is no version.
func ReleaseKey(text string) string {
	text = strings.TrimSpace(text)
	if strings.ContainsFunc(text, unicode.IsSpace) || !unicode.IsDigit(firstRune(strings.TrimLeft(text, "vV"))) {
		return ""
	}
	v, err := version.Parse(version.Octopus, text)
	if err != nil {
		return ""
	}
	key := fmt.Sprintf("%d.%d.%d.%d", v.Major, v.Minor, v.Patch, v.Revision)
	if v.Prerelease != "" {
		labels := strings.FieldsFunc(v.Prerelease, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		for i, l := range labels {
			if short := strings.TrimLeft(l, "0"); strings.Trim(l, "0123456789") == "" {
				labels[i] = max(short, "0")
			}
		}
		key += "-" + strings.Join(labels, "-")
	}
	if v.Metadata != "" {
		key += "+" + v.Metadata
	}
	return strings.ToLower(key)
}

func firstRune(s string) rune {
	for _, r := range s {
		return r
	}
	return 0
}

// FindRelease finds a project's release by version, however it is spelt; nil
// when there is none.
func FindRelease(tx *store.Tx, space, project, text string) (*Release, error) {
	key := ReleaseKey(text)
	if key == "" {
		return nil, nil
	}
	found, _, err := kind.Of[Release]().List(tx, kind.Query{Space: space, Take: 1, Where: []store.Where{
		{SQL: "owner = ?", Args: []any{project}}, {SQL: "name_key = ?", Args: []any{key}}}})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}
