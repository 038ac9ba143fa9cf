package deploy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
	"github.com/takodeploy/tako/internal/variable"
)

// packageBuild is where a package of a release comes from.
type packageBuild struct {
	PackageID        string               `json:"PackageId"`
	Version          string               `json:"Version"`
	BuildEnvironment string               `json:"BuildEnvironment,omitempty"`
	BuildNumber      string               `json:"BuildNumber,omitempty"`
	BuildURL         string               `json:"BuildUrl,omitempty"`
	Branch           string               `json:"Branch,omitempty"`
	VcsType          string               `json:"VcsType,omitempty"`
	VcsRoot          string               `json:"VcsRoot,omitempty"`
	VcsCommitNumber  string               `json:"VcsCommitNumber,omitempty"`
	VcsCommitURL     string               `json:"VcsCommitUrl,omitempty"`
	IssueTrackerName string               `json:"IssueTrackerName,omitempty"`
	WorkItems        []catalog.WorkItem   `json:"WorkItems"`
	Commits          []catalog.CommitLink `json:"Commits"`
}

// buildsOf finds where the packages of a release come from.
func buildsOf(tx *store.Tx, d *releaseDraft) ([]packageBuild, error) {
	var builds []packageBuild
	for i := range d.slots {
		p := &d.slots[i]
		known := func(b packageBuild) bool { return b.PackageID == p.PackageID && b.Version == d.chosen[i] }
		if !p.Resolvable || d.chosen[i] == "" || slices.ContainsFunc(builds, known) {
			continue
		}
		found, _, err := catalog.BuildInformations.List(tx, kind.Query{Space: d.Space, Take: 1, Where: []store.Where{
			{SQL: "owner = ?", Args: []any{strings.ToLower(p.PackageID)}}, {SQL: "name_key = ?", Args: []any{catalog.VersionKey(d.chosen[i])}}}})
		if err != nil {
			return nil, err
		}
		for _, b := range found {
			builds = append(builds, packageBuild{
				b.PackageID, b.Version, b.BuildEnvironment, b.BuildNumber, b.BuildURL, b.Branch, b.VcsType, b.VcsRoot, b.VcsCommitNumber,
				b.VcsCommitURL, b.IssueTrackerName, append([]catalog.WorkItem{}, b.WorkItems...), append([]catalog.CommitLink{}, b.Commits...),
			})
		}
	}
	return builds, nil
}

// describe gives a release its build information, and notes by the project's
// template if it has none.
func (d *releaseDraft) describe(tx *store.Tx, r *catalog.Release) error {
	builds, err := buildsOf(tx, d)
	if err != nil {
		return err
	}
	for _, b := range builds {
		r.BuildInformation = append(r.BuildInformation, b)
	}
	template := d.project.ReleaseNotesTemplate
	if strings.TrimSpace(r.ReleaseNotes) != "" || strings.TrimSpace(template) == "" {
		return nil
	}
	facts := &variable.ReleaseFacts{ID: r.ID, Number: r.Version, ChannelName: d.channel.Name, CustomFields: r.CustomFields, Package: jsonOf(builds)}
	values := append(slices.Clone(d.values), variable.System(variable.Facts{Release: facts, Project: variable.Ref{ID: d.project.ID, Name: d.project.Name}})...)
	text, err := variable.Resolve(values, variable.Context{Project: d.project.ID, ProcessOwner: d.project.ID, Channel: d.channel.ID}).Dictionary().Evaluate(template)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "The project's template for release notes cannot be evaluated")
	}
	r.ReleaseNotes = strings.TrimSpace(text)
	return nil
}

// jsonOf spells a value for a variable that templates look into; "" for none.
func jsonOf[T any](list []T) string {
	if len(list) == 0 {
		return ""
	}
	data, err := json.Marshal(list)
	if err != nil {
		return "" // texts only; cannot fail
	}
	return string(data)
}

// maxChanges is how many releases a deployment lists as its changes.
const maxChanges = 100

// changesOf lists what a deployment of a release brings to a place: the
// releases made since the one that is there, up to this one. Going back, or
// going somewhere for the first time, brings the release alone.
func changesOf(tx *store.Tx, r *catalog.Release, environment, tenant string) ([]catalog.ReleaseChanges, error) {
	last, err := successes(tx, r.ProjectID, environment, tenant, 1<<62, 1)
	if err != nil {
		return nil, err
	}
	releases := []*catalog.Release{r}
	if len(last) > 0 {
		since, err := releaseDeployed(tx, last[0])
		if err != nil {
			return nil, err
		}
		if since != nil && since.Created().Before(r.Created().Time) {
			releases, _, err = catalog.Releases.List(tx, kind.Query{Space: r.SpaceID, Take: maxChanges, Where: []store.Where{
				{SQL: "owner = ?", Args: []any{r.ProjectID}}, {SQL: "data ->> 'ChannelId' = ?", Args: []any{r.ChannelID}},
				{SQL: "created > ?", Args: []any{since.Created().UnixMilli()}}, {SQL: "created <= ?", Args: []any{r.Created().UnixMilli()}}}})
			if err != nil {
				return nil, err
			}
		}
	}
	changes := make([]catalog.ReleaseChanges, 0, len(releases))
	for _, one := range releases {
		changes = append(changes, changeOf(one))
	}
	return changes, nil
}

func releaseDeployed(tx *store.Tx, deployment string) (*catalog.Release, error) {
	d, err := catalog.Deployments.Peek(tx, deployment)
	if err == nil {
		var r *catalog.Release
		if r, err = catalog.Releases.Peek(tx, d.ReleaseID); err == nil {
			return r, nil
		}
	}
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return nil, err
}

// changeOf is what one release brings.
func changeOf(r *catalog.Release) catalog.ReleaseChanges {
	c := catalog.ReleaseChanges{Version: r.Version, ReleaseNotes: r.ReleaseNotes, BuildInformation: append([]any{}, r.BuildInformation...), WorkItems: []any{}, Commits: []any{}}
	seen := map[string]bool{}
	for _, b := range r.BuildInformation {
		build, _ := b.(map[string]any)
		for name, to := range map[string]*[]any{"WorkItems": &c.WorkItems, "Commits": &c.Commits} {
			items, _ := build[name].([]any)
			for _, item := range items {
				if key := fmt.Sprint(name, item); !seen[key] {
					seen[key] = true
					*to = append(*to, item)
				}
			}
		}
	}
	return c
}

// markdown describes changes by the project's template, or as a list of
// versions with their notes.
func (o *order) markdown(changes []catalog.ReleaseChanges, c variable.Context, p pair) (string, error) {
	if template := o.project.DeploymentChangesTemplate; strings.TrimSpace(template) != "" {
		facts := o.facts(p)
		facts.Deployment = &variable.DeploymentFacts{Changes: jsonOf(changes)}
		text, err := variable.Resolve(slices.Concat(o.values, variable.System(facts)), c).Dictionary().Evaluate(template)
		if err != nil {
			return "", fault.Wrap(fault.Invalid, err, "The project's template for deployment changes cannot be evaluated")
		}
		return strings.TrimSpace(text), nil
	}
	var b strings.Builder
	for _, change := range changes {
		fmt.Fprintf(&b, "### %s\n", change.Version)
		if notes := strings.TrimSpace(change.ReleaseNotes); notes != "" {
			b.WriteString(notes + "\n")
		}
		b.WriteString("\n")
	}
	return strings.TrimSpace(b.String()), nil
}
