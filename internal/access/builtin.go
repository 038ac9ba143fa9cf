package access

import (
	"slices"
	"strings"
)

// The ids of the built-in teams and of the roles that the server itself hands
// out.
const (
	TeamAdministrators = "teams-administrators"
	TeamManagers       = "teams-managers"

	RoleSystemAdministrator = "userroles-systemadministrator"
	RoleSystemManager       = "userroles-systemmanager"
	RoleSpaceManager        = "userroles-spacemanager"
)

// TeamSpaceManagers is the id of the team that manages a space.
func TeamSpaceManagers(spaceID string) string { return "teams-spacemanagers-" + spaceID }

// BuiltInTeams gives the teams that every installation has from the start,
// without members, and the roles they have.
func BuiltInTeams() ([]Team, []ScopedRole) {
	return []Team{
			{ID: TeamEveryone, Name: "Everyone"},
			{ID: TeamAdministrators, Name: "Octopus Administrators"},
			{ID: TeamManagers, Name: "Octopus Managers"},
		}, []ScopedRole{
			{TeamID: TeamAdministrators, RoleID: RoleSystemAdministrator},
			{TeamID: TeamManagers, RoleID: RoleSystemManager},
		}
}

// SpaceManagers gives the team that manages a space and its role.
func SpaceManagers(spaceID string) (Team, ScopedRole) {
	id := TeamSpaceManagers(spaceID)
	return Team{ID: id, Name: "Space Managers", SpaceID: spaceID},
		ScopedRole{TeamID: id, RoleID: RoleSpaceManager, SpaceID: spaceID}
}

// BuiltInRoles gives the roles that every installation has from the start, by
// name.
func BuiltInRoles() []Role {
	roles := slices.Concat(projectRoles(), operationRoles(), systemRoles())
	slices.SortFunc(roles, func(a, b Role) int { return strings.Compare(a.Name, b.Name) })
	return roles
}

// The permissions that several project roles share; each list adds to the one
// before.
var (
	seeSystem = []Permission{TeamView, UserView, UserRoleView}

	seeProject = []Permission{
		ReleaseView, ProjectView, DeploymentView, ProcessView, EnvironmentView, ArtifactView, EventView,
		ProjectGroupView, LibraryVariableSetView, TeamView, TaskView, InterruptionView, LifecycleView,
		MachinePolicyView, TenantView, TriggerView, CertificateView, RunbookView, RunbookRunView,
	}
	editTemplates = []Permission{
		ActionTemplateView, ActionTemplateCreate, ActionTemplateEdit, ActionTemplateDelete,
		LibraryVariableSetCreate, LibraryVariableSetEdit, LibraryVariableSetDelete,
	}
	editProcess = []Permission{
		TaskCreate, InterruptionViewSubmitResponsible, VariableView, VariableEdit, TriggerCreate,
		TriggerEdit, TriggerDelete, RunbookEdit, ArtifactCreate, ProjectEdit, FeedView, MachineView,
	}
	contribute = slices.Concat(seeProject, editTemplates, editProcess,
		[]Permission{ProcessEdit, DefectReport, DefectResolve})
	consumeRunbooks = append(without(seeProject, ReleaseView, DeploymentView, ProcessView, LifecycleView),
		FeedView, MachineView, RunbookRunCreate)
	publish = []Permission{
		BuiltInFeedPush, BuiltInFeedDownload, BuiltInFeedAdminister, FeedView, BuildInformationPush,
		BuildInformationAdminister,
	}
)

// without gives a copy of the list that lacks some permissions.
func without(list []Permission, lack ...Permission) []Permission {
	return slices.DeleteFunc(slices.Clone(list), func(p Permission) bool { return slices.Contains(lack, p) })
}

func projectRoles() []Role {
	with := func(list []Permission, more ...Permission) []Permission { return slices.Concat(list, more) }
	return []Role{
		{"userroles-projectviewer", "Project Viewer",
			"Sees projects with their releases, deployments and runbooks.",
			seeProject, seeSystem},
		{"userroles-projectcontributor", "Project Contributor",
			"What a viewer sees, and changes processes, variables, triggers and runbooks; neither creates nor deploys releases.",
			contribute, seeSystem},
		{"userroles-projectdeployer", "Project Deployer",
			"What a contributor does, and deploys releases that others created.",
			with(contribute, DeploymentCreate, InterruptionSubmit, TaskCancel, RunbookRunCreate), seeSystem},
		{"userroles-projectlead", "Project Lead",
			"What a contributor does, and creates releases for others to deploy.",
			with(contribute, ReleaseCreate, ReleaseEdit, ReleaseDelete, ArtifactEdit, ArtifactDelete), seeSystem},
		{"userroles-projectinitiator", "Project Initiator",
			"What a viewer sees, and adds, changes and deletes projects.",
			with(seeProject, ProjectCreate, ProjectEdit, ProjectDelete, DefectReport, DefectResolve), seeSystem},
		{"userroles-releasecreator", "Release Creator",
			"Creates releases and runbook snapshots.",
			[]Permission{EnvironmentView, FeedView, ProcessView, ProjectView, ReleaseCreate, ReleaseView, RunbookView, RunbookEdit}, nil},
		{"userroles-deploymentcreator", "Deployment Creator",
			"Deploys releases and runs runbooks.",
			[]Permission{
				DeploymentCreate, DeploymentView, EnvironmentView, LifecycleView, ProcessView, ProjectView, ReleaseView,
				TaskView, TenantView, LibraryVariableSetView, RunbookView, RunbookRunView, RunbookRunCreate,
			}, nil},
		{"userroles-runbookconsumer", "Runbook Consumer",
			"Sees and runs runbooks.",
			consumeRunbooks, nil},
		{"userroles-runbookproducer", "Runbook Producer",
			"Writes and runs runbooks, and keeps the projects they are in.",
			slices.Concat(consumeRunbooks, editTemplates, without(editProcess, FeedView, MachineView), []Permission{
				ProjectCreate, ProjectDelete, LifecycleView, TaskCancel, RunbookRunDelete, ArtifactEdit, ArtifactDelete,
				InterruptionSubmit,
			}), nil},
	}
}

func operationRoles() []Role {
	seeEnvironment := []Permission{
		EnvironmentView, MachineView, TaskView, TeamView, AccountView, MachinePolicyView, CertificateView, ProxyView,
		WorkerView, TargetTagView,
	}
	return []Role{
		{"userroles-buildserver", "Build Server",
			"Pushes packages and build information; creates releases, deployments, runbook snapshots and runs.",
			slices.Concat(publish, []Permission{
				DeploymentCreate, DeploymentView, EnvironmentView, LibraryVariableSetView, LifecycleView, ProcessView,
				ProjectView, ReleaseCreate, ReleaseView, TaskView, TenantView, RunbookView, RunbookEdit, RunbookRunView,
				RunbookRunCreate,
			}), nil},
		{"userroles-packagepublisher", "Package Publisher",
			"Pushes packages and build information.",
			publish, nil},
		{"userroles-certificatemanager", "Certificate Manager",
			"Keeps certificates and exports their private keys.",
			[]Permission{
				CertificateView, CertificateCreate, CertificateEdit, CertificateDelete, CertificateExportPrivateKey,
				EnvironmentView, TenantView,
			}, nil},
		{"userroles-environmentviewer", "Environment Viewer",
			"Sees environments and what is in them.",
			seeEnvironment, []Permission{TeamView}},
		{"userroles-environmentmanager", "Environment Manager",
			"Keeps environments, deployment targets, workers, accounts, proxies and machine policies.",
			slices.Concat(seeEnvironment, []Permission{
				EnvironmentCreate, EnvironmentEdit, EnvironmentDelete, MachineCreate, MachineEdit, MachineDelete,
				TaskCreate, TaskCancel, AccountCreate, AccountEdit, AccountDelete, ProxyCreate, ProxyEdit, ProxyDelete,
				MachinePolicyCreate, MachinePolicyEdit, MachinePolicyDelete, WorkerEdit, TargetTagAdminister,
			}), []Permission{TeamView}},
		{"userroles-tenantmanager", "Tenant Manager",
			"Keeps tenants.",
			[]Permission{TenantView, TenantCreate, TenantEdit, TenantDelete}, nil},
		{"userroles-insightsreportmanager", "Insights Report Manager",
			"Keeps insights reports.",
			[]Permission{
				InsightsReportView, InsightsReportCreate, InsightsReportEdit, InsightsReportDelete, EnvironmentView,
				ProcessView, ProjectGroupView, ProjectView, TenantView,
			}, nil},
	}
}

func systemRoles() []Role {
	manage := []Permission{
		ConfigureServer, EventRetentionDelete, EventRetentionView, EventView, TeamCreate, TeamView, TeamEdit, TeamDelete,
		TaskView, TaskCreate, TaskCancel, TaskEdit, SpaceView, SpaceEdit, SpaceCreate, SpaceDelete, UserView, UserInvite,
		UserRoleView, UserRoleEdit, UserEdit,
	}
	var everything []Permission
	for _, d := range Definitions() {
		if d.Level&Space != 0 && d.Permission != TaskViewLog {
			everything = append(everything, d.Permission)
		}
	}
	return []Role{
		{RoleSystemAdministrator, "System Administrator",
			"Does everything in the system; what is in a space takes a role there.",
			nil, append([]Permission{AdministerSystem}, manage...)},
		{RoleSystemManager, "System Manager",
			"Does everything in the system except what runs the installation itself.",
			nil, manage},
		{RoleSpaceManager, "Space Manager",
			"Does everything in a space.",
			everything, seeSystem},
	}
}
