package access

import (
	"slices"
	"strings"
)

// Dimension is a set of the ways in which a role can be limited.
type Dimension uint8

// The dimensions.
const (
	Projects Dimension = 1 << iota
	ProjectGroups
	Environments
	Tenants
)

// dimensionNames are the dimensions as the wire names them, in bit order.
var dimensionNames = [...]string{"Projects", "ProjectGroups", "Environments", "Tenants"}

// Names gives the wire's names of the dimensions in the set.
func (d Dimension) Names() []string {
	names := []string{}
	for i, name := range dimensionNames {
		if d&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// Level says where a permission can apply.
type Level uint8

// The levels; a permission may have both.
const (
	System Level = 1 << iota
	Space
)

// Definition is what there is to know of a permission.
type Definition struct {
	Permission  Permission
	Level       Level
	Restrict    Dimension // which limits of a role count for it; others are ignored
	Explicit    Dimension // of those, which refuse a resource that has no value there
	Description string
}

// Reads reports whether the permission only lets one look. Where a resource
// lies in several places, seeing one of them is enough to look at it, whereas
// changing it takes the permission in each.
func (d Definition) Reads() bool {
	return strings.HasSuffix(string(d.Permission), "View") || d.Permission == BuiltInFeedDownload
}

// Definitions gives every permission, system-wide ones first.
func Definitions() []Definition { return slices.Clone(definitions[:]) }

// Define finds the definition of a permission.
func Define(p Permission) (Definition, bool) {
	i, ok := position[p]
	if !ok {
		return Definition{}, false
	}
	return definitions[i], true
}

// Describe gives the descriptions of some permissions; unknown ones have none.
func Describe(permissions []Permission) []string {
	described := []string{}
	for _, p := range permissions {
		if d, ok := Define(p); ok {
			described = append(described, d.Description)
		}
	}
	return described
}

// Restrictions gives the dimensions in which a role can be limited: those that
// any of its space permissions knows. Whatever can be limited to projects can
// be limited to their groups as well.
func (r Role) Restrictions() Dimension {
	var all Dimension
	for _, p := range r.SpacePermissions {
		d, _ := Define(p)
		all |= d.Restrict
	}
	if all&Projects != 0 {
		all |= ProjectGroups
	}
	return all
}

// position is where each permission stands in definitions.
var position = func() map[Permission]int {
	at := make(map[Permission]int, len(definitions))
	for i, d := range definitions {
		at[d.Permission] = i
	}
	return at
}()

var definitions = [...]Definition{
	{AdministerSystem, System, 0, 0, "Run the installation itself: web hosting, public address, nodes, maintenance mode, diagnostics"},
	{ConfigureServer, System, 0, 0, "Change server-wide settings such as sign-in, mail and HTTP security headers"},
	{EventRetentionView, System, 0, 0, "List the archived audit files"},
	{EventRetentionDelete, System, 0, 0, "Delete archived audit files"},
	{TelemetryView, System, 0, 0, "See telemetry data"},
	{SpaceView, System, 0, 0, "See spaces"},
	{SpaceCreate, System, 0, 0, "Add spaces"},
	{SpaceEdit, System, 0, 0, "Change spaces"},
	{SpaceDelete, System, 0, 0, "Delete spaces"},
	{UserView, System, 0, 0, "See users"},
	{UserEdit, System, 0, 0, "Add, change and delete users"},
	{UserInvite, System, 0, 0, "Invite people to register"},
	{UserRoleView, System, 0, 0, "See user roles and who has them"},
	{UserRoleEdit, System, 0, 0, "Define user roles"},
	{EventView, System | Space, Projects | Environments | Tenants, Tenants, "See the audit trail"},
	{TeamView, System | Space, 0, 0, "See teams"},
	{TeamCreate, System | Space, 0, 0, "Add teams"},
	{TeamEdit, System | Space, 0, 0, "Change teams, their members and their roles"},
	{TeamDelete, System | Space, 0, 0, "Delete teams"},
	{TaskView, System | Space, Projects | Environments | Tenants, 0, "See tasks and their logs"},
	{TaskViewLog, System | Space, Projects | Environments | Tenants, 0, "See task logs; kept for older roles, TaskView includes it"},
	{TaskCreate, System | Space, Projects | Environments | Tenants, 0, "Start server tasks by hand"},
	{TaskCancel, System | Space, Projects | Environments | Tenants, 0, "Cancel tasks"},
	{TaskEdit, System | Space, Projects | Environments | Tenants, 0, "Change tasks, such as their recorded state"},
	{TaskPrioritize, Space, 0, 0, "Put a deployment at the head of the queue"},
	{ProjectView, Space, Projects | Tenants, 0, "See projects"},
	{ProjectCreate, Space, ProjectGroups, 0, "Add projects"},
	{ProjectEdit, Space, Projects | Tenants, 0, "Change project settings"},
	{ProjectDelete, Space, Projects | Tenants, 0, "Delete projects"},
	{ProjectGroupView, Space, ProjectGroups, 0, "See project groups"},
	{ProjectGroupCreate, Space, ProjectGroups, 0, "Add project groups"},
	{ProjectGroupEdit, Space, ProjectGroups, 0, "Change project groups"},
	{ProjectGroupDelete, Space, ProjectGroups, 0, "Delete project groups"},
	{ProcessView, Space, Projects, 0, "See deployment processes and channels"},
	{ProcessEdit, Space, Projects, 0, "Change deployment processes and channels"},
	{VariableView, Space, Projects | Environments, Environments, "See the variables of projects and variable sets"},
	{VariableViewUnscoped, Space, Projects, 0, "See variables that no environment limits"},
	{VariableEdit, Space, Projects | Environments, Environments, "Change the variables of projects"},
	{VariableEditUnscoped, Space, Projects, 0, "Change variables that no environment limits"},
	{ReleaseView, Space, Projects | Tenants, 0, "See releases"},
	{ReleaseCreate, Space, Projects | Tenants, 0, "Create releases"},
	{ReleaseEdit, Space, Projects | Tenants, 0, "Change releases"},
	{ReleaseDelete, Space, Projects | Tenants, 0, "Delete releases"},
	{DefectReport, Space, Projects, 0, "Stop a release from going further"},
	{DefectResolve, Space, Projects, 0, "Let a stopped release go on"},
	{DeploymentView, Space, Projects | Environments | Tenants, Tenants, "See deployments"},
	{DeploymentCreate, Space, Projects | Environments | Tenants, Tenants, "Deploy releases"},
	{DeploymentDelete, Space, Projects | Environments | Tenants, Tenants, "Delete deployments"},
	{DeploymentFreezeAdminister, Space, 0, 0, "Define deployment freezes and deploy in spite of them"},
	{TriggerView, Space, Projects, 0, "See triggers"},
	{TriggerCreate, Space, Projects, 0, "Add triggers"},
	{TriggerEdit, Space, Projects, 0, "Change triggers"},
	{TriggerDelete, Space, Projects, 0, "Delete triggers"},
	{RunbookView, Space, Projects, 0, "See runbooks"},
	{RunbookEdit, Space, Projects, 0, "Change runbooks and publish their snapshots"},
	{RunbookRunView, Space, Projects | Environments | Tenants, Tenants, "See runbook runs"},
	{RunbookRunCreate, Space, Projects | Environments | Tenants, Tenants, "Run runbooks"},
	{RunbookRunDelete, Space, Projects | Environments | Tenants, Tenants, "Delete runbook runs"},
	{InterruptionView, Space, Projects | Environments | Tenants, Tenants, "See what a deployment waits for"},
	{InterruptionSubmit, Space, Projects | Environments | Tenants, Tenants, "Take on and answer what a deployment waits for"},
	{InterruptionViewSubmitResponsible, Space, Projects | Environments | Tenants, Tenants, "Take on and answer what one's own team is responsible for"},
	{ArtifactView, Space, Projects | Environments | Tenants, Tenants, "See artifacts"},
	{ArtifactCreate, Space, Projects | Environments | Tenants, Tenants, "Add artifacts by hand"},
	{ArtifactEdit, Space, Projects | Environments | Tenants, Tenants, "Change what describes artifacts"},
	{ArtifactDelete, Space, Projects | Environments | Tenants, Tenants, "Delete artifacts"},
	{EnvironmentView, Space, Environments, 0, "See environments"},
	{EnvironmentCreate, Space, Environments, 0, "Add environments"},
	{EnvironmentEdit, Space, Environments, 0, "Change environments"},
	{EnvironmentDelete, Space, Environments, 0, "Delete environments"},
	{MachineView, Space, Environments | Tenants, 0, "See deployment targets"},
	{MachineCreate, Space, Environments | Tenants, 0, "Add deployment targets"},
	{MachineEdit, Space, Environments | Tenants, 0, "Change deployment targets"},
	{MachineDelete, Space, Environments | Tenants, 0, "Delete deployment targets"},
	{MachinePolicyView, Space, 0, 0, "See machine policies"},
	{MachinePolicyCreate, Space, 0, 0, "Add machine policies"},
	{MachinePolicyEdit, Space, 0, 0, "Change machine policies"},
	{MachinePolicyDelete, Space, 0, 0, "Delete machine policies"},
	{TargetTagView, Space, 0, 0, "See target tags"},
	{TargetTagAdminister, Space, 0, 0, "Add, change and delete target tags"},
	{WorkerView, Space, 0, 0, "See workers and worker pools"},
	{WorkerEdit, Space, 0, 0, "Change workers and worker pools"},
	{ProxyView, Space, 0, 0, "See proxies"},
	{ProxyCreate, Space, 0, 0, "Add proxies"},
	{ProxyEdit, Space, 0, 0, "Change proxies"},
	{ProxyDelete, Space, 0, 0, "Delete proxies"},
	{AccountView, Space, Environments, 0, "See accounts"},
	{AccountCreate, Space, Environments, 0, "Add accounts"},
	{AccountEdit, Space, Environments, 0, "Change accounts"},
	{AccountDelete, Space, Environments, 0, "Delete accounts"},
	{CertificateView, Space, Environments | Tenants, 0, "See certificates"},
	{CertificateCreate, Space, 0, 0, "Add certificates"},
	{CertificateEdit, Space, Environments | Tenants, 0, "Change certificates"},
	{CertificateDelete, Space, Environments | Tenants, 0, "Delete certificates"},
	{CertificateExportPrivateKey, Space, Environments | Tenants, 0, "Take a certificate out together with its private key"},
	{GitCredentialView, Space, 0, 0, "See Git credentials"},
	{GitCredentialEdit, Space, 0, 0, "Change Git credentials"},
	{TenantView, Space, Tenants, Tenants, "See tenants"},
	{TenantCreate, Space, Tenants, Tenants, "Add tenants"},
	{TenantEdit, Space, Tenants, Tenants, "Change tenants"},
	{TenantDelete, Space, Tenants, Tenants, "Delete tenants"},
	{TagSetCreate, Space, 0, 0, "Add tag sets"},
	{TagSetEdit, Space, 0, 0, "Change tag sets"},
	{TagSetDelete, Space, 0, 0, "Delete tag sets"},
	{LifecycleView, Space, 0, 0, "See lifecycles"},
	{LifecycleCreate, Space, 0, 0, "Add lifecycles"},
	{LifecycleEdit, Space, 0, 0, "Change lifecycles"},
	{LifecycleDelete, Space, 0, 0, "Delete lifecycles"},
	{LibraryVariableSetView, Space, 0, 0, "See library variable sets"},
	{LibraryVariableSetCreate, Space, 0, 0, "Add library variable sets"},
	{LibraryVariableSetEdit, Space, 0, 0, "Change library variable sets"},
	{LibraryVariableSetDelete, Space, 0, 0, "Delete library variable sets"},
	{ActionTemplateView, Space, 0, 0, "See step templates"},
	{ActionTemplateCreate, Space, 0, 0, "Add step templates"},
	{ActionTemplateEdit, Space, 0, 0, "Change step templates"},
	{ActionTemplateDelete, Space, 0, 0, "Delete step templates"},
	{FeedView, Space, 0, 0, "See package feeds and their packages"},
	{FeedEdit, Space, 0, 0, "Change package feeds"},
	{BuiltInFeedPush, Space, Projects, 0, "Push new packages to the built-in feed"},
	{BuiltInFeedDownload, Space, Projects, 0, "Download packages from the built-in feed"},
	{BuiltInFeedAdminister, Space, Projects, 0, "Replace and delete packages in the built-in feed"},
	{BuildInformationPush, Space, 0, 0, "Add build information"},
	{BuildInformationAdminister, Space, 0, 0, "Replace and delete build information"},
	{SubscriptionView, Space, 0, 0, "See subscriptions"},
	{SubscriptionCreate, Space, 0, 0, "Add subscriptions"},
	{SubscriptionEdit, Space, 0, 0, "Change subscriptions"},
	{SubscriptionDelete, Space, 0, 0, "Delete subscriptions"},
	{InsightsReportView, Space, 0, 0, "See insights reports"},
	{InsightsReportCreate, Space, 0, 0, "Add insights reports"},
	{InsightsReportEdit, Space, 0, 0, "Change insights reports"},
	{InsightsReportDelete, Space, 0, 0, "Delete insights reports"},
}
