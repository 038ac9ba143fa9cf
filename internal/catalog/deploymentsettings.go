package catalog

import (
	"encoding/json"
	"strings"

	"github.com/takodeploy/tako/internal/fault"
	"github.com/takodeploy/tako/internal/kind"
	"github.com/takodeploy/tako/internal/store"
)

// DeploymentSettings are how a project deploys. They are stored in the project
// and nowhere else, and so both always agree.
type DeploymentSettings struct {
	ID                              string              `json:"Id"`
	SpaceID                         string              `json:"SpaceId"`
	ProjectID                       string              `json:"ProjectId"`
	ConnectivityPolicy              ConnectivityPolicy  `json:"ConnectivityPolicy"`
	DefaultGuidedFailureMode        string              `json:"DefaultGuidedFailureMode"`
	VersioningStrategy              *VersioningStrategy `json:"VersioningStrategy"`
	ReleaseNotesTemplate            string              `json:"ReleaseNotesTemplate"`
	DefaultToSkipIfAlreadyInstalled bool                `json:"DefaultToSkipIfAlreadyInstalled"`
	DeploymentChangesTemplate       string              `json:"DeploymentChangesTemplate"`
	ForcePackageDownload            bool                `json:"ForcePackageDownload"`
	FailTargetDiscovery             bool                `json:"FailTargetDiscovery"`
	CancelQueuedTasks               bool                `json:"CancelQueuedTasks"`
	CancelRunningTasks              bool                `json:"CancelRunningTasks"`
	LastModifiedOn                  *kind.Time          `json:"LastModifiedOn,omitempty"`
	LastModifiedBy                  string              `json:"LastModifiedBy,omitempty"`
	Links                           map[string]string   `json:"Links"`
}

// DeploymentSettingsOf gives the settings of a project.
func DeploymentSettingsOf(p *Project) *DeploymentSettings {
	self := Projects.SelfPath(p.SpaceID, p.ID)
	s := &DeploymentSettings{
		ID: "deploymentsettings-" + p.ID, SpaceID: p.SpaceID, ProjectID: p.ID,
		ConnectivityPolicy:              p.ProjectConnectivityPolicy,
		DefaultGuidedFailureMode:        p.DefaultGuidedFailureMode,
		VersioningStrategy:              p.VersioningStrategy,
		ReleaseNotesTemplate:            p.ReleaseNotesTemplate,
		DefaultToSkipIfAlreadyInstalled: p.DefaultToSkipIfAlreadyInstalled,
		DeploymentChangesTemplate:       p.DeploymentChangesTemplate,
		ForcePackageDownload:            p.ForcePackageDownload,
		FailTargetDiscovery:             p.FailTargetDiscovery,
		CancelQueuedTasks:               p.CancelQueuedTasks,
		CancelRunningTasks:              p.CancelRunningTasks,
		LastModifiedOn:                  p.LastModifiedOn,
		LastModifiedBy:                  p.LastModifiedBy,
		Links:                           map[string]string{"Self": self + "/deploymentsettings", "Project": self},
	}
	if s.ConnectivityPolicy.TargetRoles == nil {
		s.ConnectivityPolicy.TargetRoles = []string{}
	}
	return s
}

// settingsMembers maps members of the settings to those of the project.
var settingsMembers = map[string]string{
	"connectivitypolicy":              "ProjectConnectivityPolicy",
	"defaultguidedfailuremode":        "DefaultGuidedFailureMode",
	"versioningstrategy":              "VersioningStrategy",
	"releasenotestemplate":            "ReleaseNotesTemplate",
	"defaulttoskipifalreadyinstalled": "DefaultToSkipIfAlreadyInstalled",
	"deploymentchangestemplate":       "DeploymentChangesTemplate",
	"forcepackagedownload":            "ForcePackageDownload",
	"failtargetdiscovery":             "FailTargetDiscovery",
	"cancelqueuedtasks":               "CancelQueuedTasks",
	"cancelrunningtasks":              "CancelRunningTasks",
}

// PutDeploymentSettings changes the settings of a project to a client's JSON;
// members that are absent stay as they are.
func PutDeploymentSettings(tx *store.Tx, projectID string, body []byte) (*DeploymentSettings, error) {
	var sent map[string]json.RawMessage
	if err := kind.Unmarshal(body, &sent); err != nil {
		return nil, err
	}
	part := map[string]json.RawMessage{}
	for name, value := range sent {
		if member, ok := settingsMembers[strings.ToLower(name)]; ok {
			part[member] = value
		}
	}
	merged, err := json.Marshal(part)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The request body could not be read.")
	}
	p, err := Projects.Get(tx, projectID)
	if err != nil {
		return nil, err
	}
	if err := Projects.Merge(merged, p); err != nil {
		return nil, err
	}
	if err := Projects.Put(tx, p); err != nil {
		return nil, err
	}
	return DeploymentSettingsOf(p), nil
}
