package api

import (
	"slices"
	"strings"
	"testing"
)

// TestMembers sees to it that documents have the members that clients read.
func TestMembers(t *testing.T) {
	s := newShop(t, manual)
	release := s.text(s.post("/api/Spaces-1/releases/create/v1", thing{"ProjectName": "Web shop", "ReleaseVersion": "1.0.0"}), "ReleaseId")
	made := s.post("/api/Spaces-1/deployments/create/untenanted/v1", thing{"ProjectName": "Web shop", "ReleaseVersion": "1.0.0", "EnvironmentNames": []string{"Dev"}})
	id, deployment := s.text(made, "DeploymentServerTasks.0.ServerTaskId"), s.text(made, "DeploymentServerTasks.0.DeploymentId")
	for path, want := range map[string]string{
		"/api/tasks/" + id: `Id Name Description Arguments State Completed QueueTime QueueTimeExpiry StartTime LastUpdatedTime CompletedTime ServerNode Duration
			ErrorMessage HasBeenPickedUpByProcessor IsCompleted FinishedSuccessfully HasPendingInterruptions CanRerun HasWarningsOrErrors ProjectId SpaceId
			EstimatedRemainingQueueDurationSeconds PendingInterruptionTypes PendingPreconditionTypes HasPendingPreconditions
			Links.Self Links.Web Links.Raw Links.Rerun Links.Cancel Links.State Links.Details Links.QueuedBehind Links.Prioritize Links.Artifacts Links.Interruptions`,
		"/api/tasks/" + id + "/details": `Task.Id ActivityLogs ActivityLog.Name Progress.ProgressPercentage Progress.EstimatedTimeRemaining PhysicalLogSize
			ActivityLogs.0.Name ActivityLogs.0.Started ActivityLogs.0.Ended ActivityLogs.0.Status ActivityLogs.0.Children ActivityLogs.0.ShowAtSummaryLevel
			ActivityLogs.0.LogElements ActivityLogs.0.ProgressPercentage ActivityLogs.0.ProgressMessage`,
		"/api/Spaces-1/releases/" + release: `Version ChannelId ReleaseNotes ProjectDeploymentProcessSnapshotId ProjectVariableSetSnapshotId IgnoreChannelRules BuildInformation
			Assembled ProjectId LibraryVariableSetSnapshotIds SelectedPackages SelectedGitResources SpaceId CustomFields
			Links.Self Links.Project Links.Deployments Links.DeploymentTemplate Links.Progression Links.SnapshotVariables Links.Artifacts Links.Defects
			Links.ReportDefect Links.ResolveDefect Links.ProjectVariableSnapshot Links.ProjectDeploymentProcessSnapshot Links.Web`,
		"/api/Spaces-1/deployments/" + deployment: `ReleaseId ChannelId DeploymentProcessId Changes ChangesMarkdown EnvironmentId ForcePackageDownload ForcePackageRedeployment
			SkipActions SpecificMachineIds ExcludedMachineIds SpecificTargetTagIds ExcludedTargetTagIds ManifestVariableSetId TaskId ProjectId UseGuidedFailure
			FailTargetDiscovery Priority Comments FormValues QueueTime QueueTimeExpiry Name Created SpaceId TentacleRetentionPeriod.Unit DeployedBy DeployedById
			FailureEncountered DeployedToMachineIds Links.Self Links.Task Links.Release Links.Project Links.Environment Links.Web Links.Artifacts Links.Interruptions`,
		"/api/Spaces-1/releases/" + release + "/progression": `Phases NextDeployments NextDeploymentsMinimumRequired Phases.0.Name Phases.0.Blocked Phases.0.Progress
			Phases.0.Deployments.0.Task.Id Phases.0.Deployments.0.Deployment.Id Phases.0.AutomaticDeploymentTargets Phases.0.OptionalDeploymentTargets
			Phases.0.MinimumEnvironmentsBeforePromotion Phases.0.IsOptionalPhase Phases.0.IsPriorityPhase`,
		"/api/Spaces-1/releases/" + release + "/deployments/template": `IsVariableSetModified IsLibraryVariableSetModified IsGitResourceModified PromoteTo TenantPromotions
			IsDeploymentProcessModified DeploymentNotes PromoteTo.0.Id PromoteTo.0.Name PromoteTo.0.Links.Preview`,
		"/api/Spaces-1/releases/" + release + "/deployments/preview/" + s.Dev: `StepsToExecute Form.Values Form.Elements UseGuidedFailureModeByDefault Changes ChangesMarkdown
			StepsToExecute.0.ActionId StepsToExecute.0.ActionName StepsToExecute.0.ActionNumber StepsToExecute.0.Roles StepsToExecute.0.MachineNames StepsToExecute.0.Machines
			StepsToExecute.0.CanBeSkipped StepsToExecute.0.HasNoApplicableMachines StepsToExecute.0.UnavailableMachines StepsToExecute.0.ExcludedMachines StepsToExecute.0.IsDisabled`,
		"/api/Spaces-1/projects/" + s.Project + "/deploymentprocesses/template": "Packages GitResources DeploymentProcessId LastReleaseVersion NextVersionIncrement VersioningPackageStepName VersioningPackageReferenceName",
		"/api/Spaces-1/projects/" + s.Project + "/progression": `Environments ChannelEnvironments LifecycleEnvironments Releases Releases.0.Release.Id Releases.0.Channel.Id
			Releases.0.Deployments Releases.0.NextDeployments Releases.0.HasUnresolvedDefect Releases.0.ReleaseRetentionPeriod.Unit Releases.0.TentacleRetentionPeriod.Unit`,
		"/api/Spaces-1/dashboard": `Projects ProjectGroups Environments Tenants Items PreviousItems ProjectLimit IsFiltered Projects.0.EnvironmentIds Projects.0.CanPerformUntenantedDeployment
			Items.0.ProjectId Items.0.EnvironmentId Items.0.ReleaseId Items.0.DeploymentId Items.0.TaskId Items.0.ChannelId Items.0.ReleaseVersion Items.0.Created Items.0.QueueTime
			Items.0.StartTime Items.0.CompletedTime Items.0.State Items.0.HasPendingInterruptions Items.0.HasWarningsOrErrors Items.0.ErrorMessage Items.0.Duration Items.0.IsCurrent
			Items.0.IsPrevious Items.0.IsCompleted Items.0.PendingInterruptionTypes Items.0.HasPendingPreconditions Items.0.PendingPreconditionTypes`,
	} {
		document := s.get(path)
		for _, member := range strings.Fields(want) {
			if !has(document, strings.Split(member, ".")) {
				t.Errorf("%s has no member %s", path, member)
			}
		}
	}
}

// has says whether a document has a member, null or not.
func has(v any, path []string) bool {
	for _, part := range path {
		switch at := v.(type) {
		case map[string]any:
			inner, ok := at[part]
			if !ok {
				return false
			}
			v = inner
		case []any:
			i := slices.Index([]string{"0", "1", "2"}, part)
			if i < 0 || i >= len(at) {
				return false
			}
			v = at[i]
		default:
			return false
		}
	}
	return true
}
