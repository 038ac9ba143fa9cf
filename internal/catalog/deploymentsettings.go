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

// apply gives a project the settings.
func (s *DeploymentSettings) apply(p *Project) {
	p.ProjectConnectivityPolicy = s.ConnectivityPolicy
	p.DefaultGuidedFailureMode = s.DefaultGuidedFailureMode
	p.VersioningStrategy = s.VersioningStrategy
	if v := p.VersioningStrategy; v == nil || v.Template == "" && v.DonorPackage == nil {
		p.VersioningStrategy = &VersioningStrategy{Template: defaultVersioning}
	}
	p.ReleaseNotesTemplate = s.ReleaseNotesTemplate
	p.DefaultToSkipIfAlreadyInstalled = s.DefaultToSkipIfAlreadyInstalled
	p.DeploymentChangesTemplate = s.DeploymentChangesTemplate
	p.ForcePackageDownload = s.ForcePackageDownload
	p.FailTargetDiscovery = s.FailTargetDiscovery
	p.CancelQueuedTasks = s.CancelQueuedTasks
	p.CancelRunningTasks = s.CancelRunningTasks
}

// MergeDeploymentSettings changes settings of a project that are stored
// elsewhere to a client's JSON; members that are absent stay as they are.
func MergeDeploymentSettings(tx *store.Tx, p *Project, now *DeploymentSettings, body []byte) (*DeploymentSettings, error) {
	governed := *p
	now.apply(&governed)
	old := governed
	if err := mergeSettings(&governed, body); err != nil {
		return nil, err
	}
	if err := Projects.Check(tx, &governed, &old); err != nil {
		return nil, err
	}
	return DeploymentSettingsOf(&governed), nil
}

func mergeSettings(p *Project, body []byte) error {
	var sent map[string]json.RawMessage
	if err := kind.Unmarshal(body, &sent); err != nil {
		return err
	}
	part := map[string]json.RawMessage{}
	for name, value := range sent {
		if member, ok := settingsMembers[strings.ToLower(name)]; ok {
			part[member] = value
		}
	}
	merged, err := json.Marshal(part)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "The request body could not be read.")
	}
	return Projects.Merge(merged, p)
}

// PutDeploymentSettings changes the settings of a project to a client's JSON;
// members that are absent stay as they are.
func PutDeploymentSettings(tx *store.Tx, projectID string, body []byte) (*DeploymentSettings, error) {
	if err := refuseInGit(tx, projectID, "settings"); err != nil {
		return nil, err
	}
	p, err := Projects.Get(tx, projectID)
	if err != nil {
		return nil, err
	}
	if err := mergeSettings(p, body); err != nil {
		return nil, err
	}
	if err := Projects.Put(tx, p); err != nil {
		return nil, err
	}
	return DeploymentSettingsOf(p), nil
}
