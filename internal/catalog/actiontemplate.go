package catalog

import (
	"fmt"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// An ActionTemplate is an action with parameters, for use in many processes.
type ActionTemplate struct {
	kind.Base
	Name                      string                   `json:"Name" kind:"required,max=200"`
	Description               string                   `json:"Description" kind:"max=100000"`
	ActionType                string                   `json:"ActionType" kind:"required,filter"`
	Version                   int                      `json:"Version" kind:"readonly"`
	CommunityActionTemplateID string                   `json:"CommunityActionTemplateId,omitempty" kind:"readonly"`
	Packages                  []PackageReference       `json:"Packages"`
	GitDependencies           []GitDependency          `json:"GitDependencies"`
	Properties                map[string]kind.Property `json:"Properties"`
	Parameters                []Parameter              `json:"Parameters"`
	StepPackageVersion        string                   `json:"StepPackageVersion,omitempty"`
	Inputs                    any                      `json:"Inputs,omitempty"`
}

// ActionTemplates holds the step templates of all spaces.
var ActionTemplates = kind.Register(kind.Kind[ActionTemplate]{
	Plural:      "ActionTemplates",
	Singular:    "Step template",
	Permissions: rights("ActionTemplate"),
	Links: map[string]string{
		"Versions":      "./versions{/version}",
		"Logo":          "./logo",
		"ActionsUpdate": "./actionsUpdate",
		"Usage":         "./usage",
	},
	Rules: actionTemplateRules,
	References: func(t *ActionTemplate) []store.Reference {
		return parameterReferences("Parameters", t.Parameters)
	},
	Changed:  keepTemplateVersion,
	Deleting: dropTemplateVersions,
})

func actionTemplateRules(tx *store.Tx, next, old *ActionTemplate, c *fault.Complaints) error {
	var before []Parameter
	if old != nil {
		next.ActionType, before = old.ActionType, old.Parameters
	}
	checkParameters("Parameters", next.Parameters, before, c)
	if next.CommunityActionTemplateID == "" { // whose author knows nothing of this space
		if err := checkDefaults(tx, next.SpaceID, next.Parameters, before, c); err != nil {
			return err
		}
	}
	refs := map[string]bool{}
	for i := range next.Packages {
		p := &next.Packages[i]
		if p.ID == "" {
			p.ID = newGUID()
		}
		if key := strings.ToLower(p.Name); refs[key] {
			c.Add("There is more than one package reference named '%s'.", p.Name)
		} else {
			refs[key] = true
		}
	}
	if old == nil {
		next.Version = 0
	} else {
		next.Version = old.Version + 1
	}
	return nil
}

// An ActionTemplateVersion is a step template as it was.
type ActionTemplateVersion struct {
	ActionTemplate
	TemplateID string `json:"TemplateId"`
}

// ActionTemplateVersions holds the former versions of step templates.
var ActionTemplateVersions = kind.Register(kind.Kind[ActionTemplateVersion]{
	Plural:      "ActionTemplateVersions",
	Singular:    "Step template version",
	Title:       "-", // all versions of one template have the same name
	Permissions: rights("ActionTemplate"),
	Hidden:      true,
	Silent:      true,
	Frozen:      func(*ActionTemplateVersion) bool { return true },
})

func templateVersionID(id string, version int) string {
	return fmt.Sprintf("%s-v-%d", strings.Replace(id, "ActionTemplates-", "ActionTemplateVersions-", 1), version)
}

// keepTemplateVersion keeps a step template as it was before it changed.
func keepTemplateVersion(tx *store.Tx, _, old *ActionTemplate) error {
	kept := &ActionTemplateVersion{ActionTemplate: *old, TemplateID: old.ID}
	kept.Base = kind.Base{ID: templateVersionID(old.ID, old.Version), SpaceID: old.SpaceID}
	return ActionTemplateVersions.Put(tx, kept)
}

func dropTemplateVersions(tx *store.Tx, gone *ActionTemplate) error {
	for v := range gone.Version {
		err := tx.Delete(&store.Document{ID: templateVersionID(gone.ID, v)})
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	return nil
}

// ActionTemplateAt gives a step template as it was at a version.
func ActionTemplateAt(tx *store.Tx, id string, version int) (*ActionTemplate, error) {
	live, err := kind.Of[ActionTemplate]().Get(tx, id)
	if err != nil || live.Version == version {
		return live, err
	}
	kept, err := ActionTemplateVersions.Get(tx, templateVersionID(id, version))
	if err != nil {
		return nil, fault.New(fault.NotFound, "Step template '%s' has no version %d.", live.Name, version)
	}
	was := kept.ActionTemplate
	was.Base = kind.Base{ID: id, SpaceID: live.SpaceID, Links: live.Links, LastModifiedOn: kept.LastModifiedOn, LastModifiedBy: kept.LastModifiedBy}
	return &was, nil
}
