package catalog

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// A project can say by its own settings that a pushed package makes a release.
// A trigger of the project does it then, as if somebody had made one.

const creationTriggerName = "Built-in package repository"

func creationTriggerID(project string) string { return "ProjectTriggers-" + project }

// creationTrigger is the trigger that a project's settings ask for; nil for none.
func (p *Project) creationTrigger() *ProjectTrigger {
	s := p.ReleaseCreationStrategy
	if !p.AutoCreateRelease || s == nil || s.ReleaseCreationPackage == nil {
		return nil
	}
	t := &ProjectTrigger{ProjectID: p.ID,
		Filter: TriggerFilter{FilterType: FilterBuiltInFeed, Packages: []ActionSlugPackage{{s.ReleaseCreationPackage.DeploymentAction, s.ReleaseCreationPackage.PackageReference}}},
		Action: TriggerAction{ActionType: ActionCreateRelease, ChannelID: s.ChannelID}}
	t.ID, t.SpaceID, t.Name = creationTriggerID(p.ID), p.SpaceID, creationTriggerName
	return t
}

// keepCreationTrigger makes, changes or deletes the trigger with the settings.
// A project that has one of its own for the same keeps that.
func keepCreationTrigger(tx *store.Tx, p *Project) error {
	all, _, err := kind.Of[ProjectTrigger]().List(tx, kind.Query{Space: p.SpaceID, Match: map[string]string{"ProjectId": p.ID}})
	if err != nil {
		return err
	}
	want := p.creationTrigger()
	if at := slices.IndexFunc(all, func(t *ProjectTrigger) bool { return t.ID == creationTriggerID(p.ID) }); at >= 0 {
		have := all[at]
		if want == nil {
			return kind.Of[ProjectTrigger]().Remove(tx, have)
		}
		if reflect.DeepEqual(have.Filter.Packages, want.Filter.Packages) && have.Action.ChannelID == want.Action.ChannelID {
			return nil
		}
		have.Filter.Packages, have.Action.ChannelID = want.Filter.Packages, want.Action.ChannelID
		return kind.Of[ProjectTrigger]().Put(tx, have)
	}
	if want == nil || slices.ContainsFunc(all, func(t *ProjectTrigger) bool { return t.Filter.FilterType == FilterBuiltInFeed }) {
		return nil
	}
	for n := 2; slices.ContainsFunc(all, func(t *ProjectTrigger) bool { return strings.EqualFold(t.Name, want.Name) }); n++ {
		want.Name = fmt.Sprintf("%s %d", creationTriggerName, n)
	}
	return kind.Of[ProjectTrigger]().Put(tx, want)
}
