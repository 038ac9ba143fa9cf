package parcel

import (
	"slices"
	"strings"
)

// carried lists the kinds that a parcel holds, in an order in which each is made
// after what it must refer to, where that is possible.
var carried = []string{
	"UserRoles", "Users", "Teams", "TagSets", "Proxies", "MachinePolicies", "WorkerPools", "GitCredentials", "Environments", "Lifecycles", "ProjectGroups",
	"LibraryVariableSets", "Feeds", "Projects", "Channels", "Tenants", "Accounts", "Certificates", "ActionTemplates",
	"Machines", "Workers", "DeploymentProcesses", "Runbooks", "RunbookProcesses", "VariableSets", "TenantVariables", "ProjectTriggers",
	"ScopedUserRoles",
}

// rank is the place of a kind in that order; -1 when it is not carried.
func rank(plural string) int { return slices.Index(carried, plural) }

// ofProject are the kinds of what belongs to one project alone; variable sets
// belong to projects or to library variable sets.
var ofProject = []string{"Projects", "Channels", "DeploymentProcesses", "Runbooks", "RunbookProcesses", "ProjectTriggers"}

// withOwner are kinds of which each goes with another document, whose id is in
// the member.
var withOwner = map[string]string{
	"Channels": "ProjectId", "DeploymentProcesses": "ProjectId", "Runbooks": "ProjectId", "RunbookProcesses": "RunbookId",
	"ProjectTriggers": "ProjectId", "VariableSets": "OwnerId", "TenantVariables": "TenantId",
}

// left are members that speak of history, or of the server that they are from.
var left = map[string][]string{
	"Projects":            {"AutoDeployReleaseOverrides", "ClonedFromProjectId", "VariableSetId", "DeploymentProcessId"},
	"Tenants":             {"ClonedFromTenantId"},
	"Runbooks":            {"PublishedRunbookSnapshotId", "RunbookProcessId"},
	"DeploymentProcesses": {"LastSnapshotId", "Settings"},
	"RunbookProcesses":    {"LastSnapshotId"},
	"Certificates":        {"ReplacedBy"},
	"LibraryVariableSets": {"VariableSetId"},
	"VariableSets":        {"ScopeValues"},
}

// late are members of new resources that wait until what they name is there.
var late = map[string][]string{
	"Projects": {"AutoCreateRelease", "ReleaseCreationStrategy", "ProvisioningRunbookId", "DeprovisioningRunbookId"},
}

// everywhere are members of every resource that each installation has of its own.
var everywhere = []string{"Id", "SpaceId", "Links", "LastModifiedOn", "LastModifiedBy", "Version"}

// marks tell, in kinds of which every space is born with one, which one that is.
var marks = map[string]func(map[string]any) bool{
	"Channels":        isDefault,
	"MachinePolicies": isDefault,
	"WorkerPools":     isDefault,
	"Feeds": func(f map[string]any) bool {
		t, _ := f["FeedType"].(string)
		return strings.EqualFold(t, "BuiltIn") || strings.EqualFold(t, "OctopusProject")
	},
}

func isDefault(r map[string]any) bool { return r["IsDefault"] == true }
