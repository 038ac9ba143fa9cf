package catalog

import "github.com/takodeploy/tako/internal/kind"

// A ProjectGroup gathers projects, for people and for permissions.
type ProjectGroup struct {
	kind.Named
	Description       string   `json:"Description" kind:"max=10000"`
	EnvironmentIDs    []string `json:"EnvironmentIds" kind:"ref=Environments?"`
	RetentionPolicyID string   `json:"RetentionPolicyId,omitempty"`
}

// ProjectGroups holds all project groups.
var ProjectGroups = kind.Register(kind.Kind[ProjectGroup]{
	Plural:      "ProjectGroups",
	Singular:    "Project group",
	Permissions: rights("ProjectGroup"),
	Links:       map[string]string{"Projects": "./projects"},
	Scopes:      map[string]string{"group": "Id"},
})
