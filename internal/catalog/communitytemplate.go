package catalog

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// community holds step templates that come with the server, one file each.
//
//go:embed community/*.json
var community embed.FS

// A CommunityTemplate is a step template that comes with the server and can be
// installed in a space.
type CommunityTemplate struct {
	ID          string `json:"Id"`
	Slug        string `json:"Slug"`
	ExternalID  string `json:"ExternalId"`
	Type        string
	Name        string
	Author      string
	Description string
	Category    string
	Website     string
	HistoryURL  string `json:"HistoryUrl"`
	Version     int
	ActionType  string
	Packages    []PackageReference
	Properties  map[string]kind.Property
	Parameters  []Parameter
	Links       map[string]string `json:"Links"`
}

// CommunityTemplates lists what comes with the server, by name. The list is the
// caller's, what it holds is everybody's and must not be changed.
func CommunityTemplates() []*CommunityTemplate { return slices.Clone(communityTemplates()) }

// communityTemplates panics where a file cannot be read: they are part of the
// program.
var communityTemplates = sync.OnceValue(func() []*CommunityTemplate {
	files, err := community.ReadDir("community")
	if err != nil {
		panic(err)
	}
	var all []*CommunityTemplate
	for _, f := range files {
		data, err := community.ReadFile("community/" + f.Name())
		if err != nil {
			panic(err)
		}
		t := &CommunityTemplate{Type: "ActionTemplate", Author: "Tako", Packages: []PackageReference{}}
		if err := json.Unmarshal(data, t); err != nil {
			panic(fmt.Sprintf("community/%s: %v", f.Name(), err))
		}
		t.ID = "CommunityActionTemplates-" + t.Slug
		self := "/api/communityactiontemplates/" + t.ID
		t.Links = map[string]string{"Self": self, "Installation": self + "/installation{/spaceId}", "InstalledTemplate": self + "/actiontemplate{/spaceId}"}
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b *CommunityTemplate) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return all
})

// FindCommunityTemplate finds one by its id, what others call it or its name.
func FindCommunityTemplate(what string) (*CommunityTemplate, error) {
	for _, t := range communityTemplates() {
		if strings.EqualFold(t.ID, what) || strings.EqualFold(t.ExternalID, what) || strings.EqualFold(t.Slug, what) {
			return t, nil
		}
	}
	return nil, fault.New(fault.NotFound, "There is no community step template '%s'.", what)
}

// Installed finds the step template of a space that was made of it; nil if there
// is none.
func (t *CommunityTemplate) Installed(tx *store.Tx, space string) (*ActionTemplate, error) {
	all, _, err := ActionTemplates.List(tx, kind.Query{Space: space, Take: 1, Where: []store.Where{
		{SQL: "data ->> 'CommunityActionTemplateId' = ?", Args: []any{t.ID}}}})
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

// Install makes a step template of a space of it.
func (t *CommunityTemplate) Install(tx *store.Tx, space string) (*ActionTemplate, error) {
	there, err := t.Installed(tx, space)
	if err != nil {
		return nil, err
	}
	if there != nil {
		return nil, fault.New(fault.Invalid, "The community step template '%s' is installed already, as %s. Update that instead.", t.Name, there.ID)
	}
	made := &ActionTemplate{CommunityActionTemplateID: t.ID}
	made.SpaceID = space
	t.fill(made)
	return made, ActionTemplates.Put(tx, made)
}

// Update brings the step template of a space that was made of it up to date. One
// that is so already stays as it is.
func (t *CommunityTemplate) Update(tx *store.Tx, space string) (*ActionTemplate, error) {
	there, err := t.Installed(tx, space)
	if err != nil {
		return nil, err
	}
	if there == nil {
		return nil, fault.New(fault.NotFound, "The community step template '%s' is not installed in this space.", t.Name)
	}
	if !t.Newer(there) {
		return there, nil
	}
	t.fill(there)
	return there, ActionTemplates.Put(tx, there)
}

func (t *CommunityTemplate) fill(to *ActionTemplate) {
	to.Name, to.Description, to.ActionType = t.Name, t.Description, t.ActionType
	to.Packages, to.Properties, to.Parameters = slices.Clone(t.Packages), maps.Clone(t.Properties), slices.Clone(t.Parameters)
	for i := range to.Parameters {
		to.Parameters[i].DisplaySettings = maps.Clone(to.Parameters[i].DisplaySettings)
	}
	for i := range to.Packages {
		to.Packages[i].Properties = maps.Clone(to.Packages[i].Properties)
	}
}

// Newer says that a step template that was made of it is no longer like it.
func (t *CommunityTemplate) Newer(than *ActionTemplate) bool {
	if t.Name != than.Name || t.Description != than.Description || len(t.Parameters) != len(than.Parameters) || !reflect.DeepEqual(t.Properties, than.Properties) {
		return true
	}
	for i := range t.Parameters {
		a, b := t.Parameters[i], than.Parameters[i]
		if a.ID != b.ID || a.Name != b.Name || a.Label != b.Label || a.HelpText != b.HelpText || a.DefaultValue.Text != b.DefaultValue.Text || a.DisplaySettings[ControlType] != b.DisplaySettings[ControlType] {
			return true
		}
	}
	return false
}
