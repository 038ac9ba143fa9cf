package variable

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// everything is a deployment about which every fact is known.
func everything() Facts {
	at := time.Date(2026, 3, 4, 5, 6, 7, 80000000, time.FixedZone("", 3600))
	ref := func(kind string) Ref { return Ref{ID: kind + "-1", Name: "a " + kind} }
	git := GitFacts{BranchName: "main", CommitHash: "abc", Ref: "refs/heads/main"}
	pkg := PackageFacts{PackageID: "App", PackageVersion: "1.0", FeedID: "Feeds-1", InstallationDirectoryPath: "/app"}
	image := PackageFacts{Name: "img", PackageID: "nginx", PackageVersion: "2", FeedID: "Feeds-2", OriginalPath: "/o", ExtractedPath: "/e",
		PackageFilePath: "/f", PackageFileName: "f", Image: "r/nginx:2", Registry: "r", FeedUserName: "u", FeedPassword: "secret"}
	step := StepFacts{Ref: ref("Steps"), Number: "1", Status: StepFailed, Error: "e", ErrorDetail: "d"}
	action := ActionFacts{Ref: ref("Actions"), Number: "1.1", IsSkipped: true, TargetRoles: []string{"web"}, TemplateID: "T", TemplateVersion: "3",
		Error: "e", ErrorDetail: "d", ContainerImage: "box", Packages: []PackageFacts{pkg, image},
		Properties: map[string]Property{"Octopus.Action.Script.ScriptBody": {Value: "echo"}, "Secret": {Value: "x", Sensitive: true}}}
	return Facts{
		Space: ref("Spaces"), ProjectGroup: ref("ProjectGroups"), Project: ref("Projects"), WorkerPool: ref("WorkerPools"),
		Environment: &EnvironmentFacts{Ref: ref("Environments"), SortOrder: 3, MachinesInRole: map[string][]string{"web": {"Machines-1", "Machines-2"}}},
		Tenant:      &TenantFacts{Ref: ref("Tenants"), Tags: []string{"Ring/Alpha", "Region/EU"}},
		Release: &ReleaseFacts{ID: "Releases-1", Number: "1.0", Notes: "n", Created: at, CustomFields: map[string]string{"f": "v"}, ChannelName: "Default",
			Previous: ReleaseRef{"R", "0.9"}, PreviousForEnvironment: ReleaseRef{"R", "0.9"}, CurrentForEnvironment: ReleaseRef{"R", "0.9"}, Git: git,
			Package: "{}", Builds: "[]", WorkItems: "[]"},
		Deployment: &DeploymentFacts{ID: "Deployments-1", Name: "n", Comments: "c", Created: at, CreatedBy: Person{"U", "u", "User", "u@example.com"}, Error: "e", ErrorDetail: "d",
			PreviousSuccessfulID: "Deployments-0", Machines: []string{"Machines-1"}, Targets: []Ref{ref("Machines")}, Trigger: ref("ProjectTriggers"),
			Changes: "[]", WorkItems: "[]", PackageBuildInformation: "[]", ChangesMarkdown: "m", Link: "/d"},
		Runbook: &RunbookFacts{Runbook: ref("Runbooks"), Run: ref("RunbookRuns"), Created: at, Snapshot: ref("RunbookSnapshots"), SnapshotNotes: "n", Git: git, RunLink: "/r", SnapshotLink: "/s"},
		Task:    &TaskFacts{Ref: ref("ServerTasks"), QueueTime: at, QueueTimeExpiry: at, Arguments: map[string]string{"DeploymentId": "Deployments-1"}, ConcurrencyTag: "t"},
		Machine: &MachineFacts{Ref: ref("Machines"), Roles: []string{"web", "db"}, Hostname: "h", TargetedRoles: []string{"web"}, Endpoint: map[string]Property{"Ssh.Host": {Value: "h"}}},
		Tentacle: &TentacleFacts{ApplicationDirectoryPath: "/a", InstanceName: "i", ProgramDirectoryPath: "/p", CurrentPackageFilePath: "/c",
			PreviousPackageVersion: "0.9", PreviousPackageFilePath: "/pp", PreviousOriginalInstalled: "/po", PreviousCustomInstalledPath: "/pc"},
		Step: &step, Action: &action, Steps: []StepFacts{step}, Actions: []ActionFacts{action},
		Server: &ServerFacts{BaseURL: "b", ServerURI: "s", ProjectLink: "/p", ReleaseLink: "/r"},
	}
}

func TestSystemNames(t *testing.T) {
	got := map[string]string{}
	for _, v := range System(everything()) {
		if _, twice := got[v.Name]; twice {
			t.Errorf("%s is there twice", v.Name)
		}
		if !v.Scope.Private {
			t.Errorf("%s can be overridden", v.Name)
		}
		got[v.Name] = v.Value
	}
	for _, group := range []struct {
		prefix string
		names  []string
	}{
		{"Octopus.Release.", []string{"Id", "Number", "Notes", "Created", "CustomFields[f]", "Channel.Name", "Previous.Id", "Previous.Number", "PreviousForEnvironment.Id",
			"PreviousForEnvironment.Number", "CurrentForEnvironment.Id", "CurrentForEnvironment.Number", "Git.BranchName", "Git.CommitHash", "Git.Ref", "Package", "Builds", "WorkItems"}},
		{"Octopus.Deployment.", []string{"Id", "Name", "Comments", "Created", "CreatedBy.Id", "CreatedBy.Username", "CreatedBy.DisplayName", "CreatedBy.EmailAddress", "Error", "ErrorDetail",
			"ForcePackageDownload", "PreviousSuccessful.Id", "Machines", "SpecificMachines", "ExcludedMachines", "Targets[Machines-1].Id", "Targets[Machines-1].Name", "Tenant.Id", "Tenant.Name",
			"Tenant.Tags", "Trigger.Id", "Trigger.Name", "Changes", "WorkItems", "PackageBuildInformation", "ChangesMarkdown"}},
		{"Octopus.", []string{"Environment.Id", "Environment.Name", "Environment.SortOrder", "Environment.MachinesInRole[web]", "Machine.Id", "Machine.Name", "Machine.Roles", "Machine.Hostname",
			"Project.Id", "Project.Name", "ProjectGroup.Id", "ProjectGroup.Name", "Space.Id", "Space.Name", "Task.Id", "Task.Name", "Task.QueueTime", "Task.QueueTimeExpiry",
			"Task.Argument[DeploymentId]", "Task.ConcurrencyTag", "Endpoint.Ssh.Host", "WorkerPool.Id", "WorkerPool.Name"}},
		{"Octopus.Action.", []string{"Id", "Name", "Number", "IsSkipped", "TargetRoles", "Template.Id", "Template.Version", "Status.Error", "Status.ErrorDetail", "Script.ScriptBody",
			"Package.PackageId", "Package.PackageVersion", "Package.FeedId", "Package.InstallationDirectoryPath", "Package[img].PackageId", "Package[img].PackageVersion", "Package[img].FeedId",
			"Package[img].OriginalPath", "Package[img].ExtractedPath", "Package[img].PackageFilePath", "Package[img].PackageFileName", "Package[img].Image", "Package[img].Registry",
			"Package[img].Version", "Package[img].Feed.UserName", "Package[img].Feed.Password", "Container.Image"}},
		{"Octopus.Step.", []string{"Id", "Name", "Number", "Status.Code", "Status.Error", "Status.ErrorDetail"}},
		{"Octopus.Tentacle.", []string{"Agent.ApplicationDirectoryPath", "Agent.InstanceName", "Agent.ProgramDirectoryPath", "CurrentDeployment.PackageFilePath", "CurrentDeployment.TargetedRoles",
			"PreviousInstallation.PackageVersion", "PreviousInstallation.PackageFilePath", "PreviousInstallation.OriginalInstalledPath", "PreviousInstallation.CustomInstallationDirectory"}},
		{"Octopus.Runbook", []string{".Id", ".Name", "Run.Id", "Run.Name", "Run.Created", "Run.CreatedUtc", "Run.Git.BranchName", "Run.Git.CommitHash", "Run.Git.Ref", "Snapshot.Id", "Snapshot.Name", "Snapshot.Notes"}},
		{"Octopus.Web.", []string{"BaseUrl", "ServerUri", "ProjectLink", "ReleaseLink", "DeploymentLink", "RunbookRunLink", "RunbookSnapshotLink"}},
		{"Octopus.Step[a Steps].", []string{"Name", "Status.Code"}},
		{"Octopus.Action[a Actions].", []string{"Name", "Status.Error", "Package.PackageVersion", "Package[img].PackageVersion"}},
	} {
		for _, name := range group.names {
			if _, ok := got[group.prefix+name]; !ok {
				t.Errorf("6 %s%s is missing", group.prefix, name)
			}
		}
	}
	sample := map[string]string{}
	for _, name := range []string{"Octopus.Release.Created", "Octopus.RunbookRun.CreatedUtc", "Octopus.Environment.MachinesInRole[web]", "Octopus.Step.Status.Code", "Octopus.Deployment.ForcePackageDownload", "Octopus.Deployment.Tenant.Tags"} {
		sample[name] = got[name]
	}
	if diff := cmp.Diff(map[string]string{
		"Octopus.Release.Created":                 "2026-03-04T05:06:07.0800000+01:00",
		"Octopus.RunbookRun.CreatedUtc":           "2026-03-04T04:06:07.0800000+00:00",
		"Octopus.Environment.MachinesInRole[web]": "Machines-1,Machines-2",
		"Octopus.Step.Status.Code":                "Failed",
		"Octopus.Deployment.ForcePackageDownload": "False",
		"Octopus.Deployment.Tenant.Tags":          "Ring/Alpha,Region/EU",
	}, sample); diff != "" {
		t.Error(diff)
	}
}

func TestSystemOrderIsRepeatable(t *testing.T) {
	first := fmt.Sprint(System(everything()))
	for range 10 {
		if fmt.Sprint(System(everything())) != first {
			t.Fatal("the order changes")
		}
	}
	if got := System(Facts{}); len(got) != 0 {
		t.Errorf("nothing known gives %v", got)
	}
}

func TestSystemSecrets(t *testing.T) {
	for _, v := range System(everything()) {
		if want := v.Value == "secret" || v.Value == "x"; v.IsSensitive() != want {
			t.Errorf("%s sensitive %v, want %v", v.Name, v.IsSensitive(), want)
		}
	}
}
