package api

import "strings"

// systemLinks and spaceLinks are the names under which clients look for
// collections in the root documents, and where those lie. A link is shown only
// where the server has a route for it.
var systemLinks = map[string]string{
	"ArchivedEventFiles":                "/archivedeventfiles{/id}{?skip,take}",
	"Authentication":                    "/authentication",
	"AzureDevOpsConnectivityCheck":      "/azuredevopsissuetracker/connectivitycheck",
	"AzureEnvironments":                 "/accounts/azureenvironments",
	"BuiltInFeedStats":                  "/feeds/stats",
	"CertificateConfiguration":          "/configuration/certificates{/id}{?skip,take,ids,partialName}",
	"CloudTemplate":                     "/cloudtemplate/{id}/metadata{?packageId,feedId}",
	"CommunityActionTemplates":          "/communityactiontemplates{/id}{?skip,take,ids}",
	"Configuration":                     "/configuration{/id}",
	"CurrentLicense":                    "/licenses/licenses-current",
	"CurrentLicenseStatus":              "/licenses/licenses-current-status",
	"CurrentUser":                       "/users/me",
	"DynamicExtensionsFeaturesMetadata": "/dynamic-extensions/features/metadata",
	"DynamicExtensionsFeaturesValues":   "/dynamic-extensions/features/values",
	"DynamicExtensionsScripts":          "/dynamic-extensions/scripts",
	"EventAgents":                       "/events/agents",
	"EventCategories":                   "/events/categories{?appliesTo}",
	"EventDocumentTypes":                "/events/documenttypes",
	"EventGroups":                       "/events/groups{?appliesTo}",
	"Events":                            "/events{/id}{?skip,regarding,regardingAny,user,users,projects,projectGroups,environments,eventGroups,eventCategories,eventAgents,tags,tenants,from,to,internal,fromAutoId,toAutoId,documentTypes,asCsv,take,ids,spaces,includeSystem,excludeDifference}",
	"ExtensionStats":                    "/serverstatus/extensions",
	"ExternalSecurityGroupProviders":    "/externalsecuritygroupproviders",
	"ExternalUserSearch":                "/users/external-search{?partialName}",
	"FeaturesConfiguration":             "/featuresconfiguration",
	"Invitations":                       "/users/invitations",
	"IssueTrackers":                     "/issuetrackers{?skip,take,ids,partialName}",
	"JiraConnectAppCredentialsTest":     "/jiraintegration/connectivitycheck/connectapp",
	"JiraCredentialsTest":               "/jiraintegration/connectivitycheck/jira",
	"LetsEncryptConfiguration":          "/letsencryptconfiguration",
	"LoginInitiated":                    "/authentication/checklogininitiated",
	"MaintenanceConfiguration":          "/maintenanceconfiguration",
	"MigrationsImport":                  "/migrations/import",
	"MigrationsPartialExport":           "/migrations/partialexport",
	"OctopusServerClusterSummary":       "/octopusservernodes/summary",
	"OctopusServerNodes":                "/octopusservernodes{/id}{?skip,take,ids,partialName}",
	"OpenApi":                           "/openapi.json",
	"PerformanceConfiguration":          "/performanceconfiguration",
	"PermissionDescriptions":            "/permissions/all",
	"Permissions":                       "/permissions/all",
	"Register":                          "/users/register",
	"Scheduler":                         "/scheduler/{name}/logs{?verbose,tail}",
	"ScopedUserRoles":                   "/scopeduserroles{/id}{?skip,take,ids,partialName,spaces,includeSystem}",
	"ServerConfiguration":               "/serverconfiguration",
	"ServerConfigurationSettings":       "/serverconfiguration/settings",
	"ServerHealthStatus":                "/serverstatus/health",
	"ServerStatus":                      "/serverstatus",
	"SignIn":                            "/users/login{?returnUrl}",
	"SignOut":                           "/users/logout",
	"SmtpConfiguration":                 "/smtpconfiguration",
	"SmtpIsConfigured":                  "/smtpconfiguration/isconfigured",
	"Spaces":                            "/spaces{/id}{?name,skip,ids,take,partialName}",
	"TaskTypes":                         "/tasks/taskTypes",
	"Tasks":                             "/tasks{/id}{?skip,active,environment,tenant,runbook,project,name,node,running,states,hasPendingInterruptions,hasWarningsOrErrors,take,ids,partialName,spaces,includeSystem}",
	"TeamMembership":                    "/teammembership{?userId,spaces,includeSystem}",
	"TeamMembershipPreviewTeam":         "/teammembership/previewteam",
	"Teams":                             "/teams{/id}{?skip,take,ids,partialName,spaces,includeSystem}",
	"Timezones":                         "/serverstatus/timezones",
	"UpgradeConfiguration":              "/upgradeconfiguration",
	"UserAuthentication":                "/users/authentication{/userId}",
	"UserIdentityMetadata":              "/users/identity-metadata",
	"UserRoles":                         "/userroles{/id}{?skip,take,ids,partialName}",
	"Users":                             "/users{/id}{?skip,take,ids,filter}",
	"VersionControlClearCache":          "/configuration/versioncontrol/clear-cache",
	"WorkerToolsLatestImages":           "/workertoolslatestimages",
}

var spaceLinks = map[string]string{
	"Accounts":                      "/accounts{/id}{?skip,take,ids,partialName,accountType}",
	"ActionTemplateLogo":            "/actiontemplates/{typeOrId}/logo{?cb}",
	"ActionTemplateVersionedLogo":   "/actiontemplates/{typeOrId}/versions/{version}/logo{?cb}",
	"ActionTemplates":               "/actiontemplates{/id}{?skip,take,ids,partialName}",
	"ActionTemplatesCategories":     "/actiontemplates/categories",
	"ActionTemplatesSearch":         "/actiontemplates/search",
	"Artifacts":                     "/artifacts{/id}{?skip,take,regarding,ids,partialName,order}",
	"BuildInformation":              "/build-information{/id}{?filter,packageId,latest,skip,take,overwriteMode}",
	"BuildInformationBulk":          "/build-information/bulk{?ids}",
	"Certificates":                  "/certificates{/id}{?skip,take,search,archived,tenant,firstResult,orderBy,ids,partialName}",
	"Channels":                      "/channels{/id}{?skip,take,ids,partialName}",
	"Dashboard":                     "/dashboard{?projectId,releaseId,selectedTenants,selectedTags,showAll,highestLatestVersionPerProjectAndEnvironment}",
	"DashboardConfiguration":        "/dashboardconfiguration",
	"DashboardDynamic":              "/dashboard/dynamic{?projects,environments,includePrevious}",
	"DeploymentFreezes":             "/deploymentfreezes{/id}{?skip,take,ids,partialName}",
	"DeploymentProcesses":           "/deploymentprocesses{/id}{?skip,take,ids}",
	"Deployments":                   "/deployments{/id}{?skip,take,ids,projects,environments,tenants,channels,taskState,partialName}",
	"DiscoverMachine":               "/machines/discover{?host,port,type,proxyId}",
	"DiscoverWorker":                "/workers/discover{?host,port,type,proxyId}",
	"EnvironmentSortOrder":          "/environments/sortorder",
	"Environments":                  "/environments{/id}{?name,skip,ids,take,partialName}",
	"EnvironmentsSummary":           "/environments/summary{?ids,partialName,machinePartialName,roles,isDisabled,healthStatuses,commStyles,tenantIds,tenantTags,hideEmptyEnvironments,shellNames}",
	"Feeds":                         "/feeds{/id}{?skip,take,ids,partialName,feedType}",
	"GitCredentials":                "/git-credentials{/id}{?skip,take,name}",
	"KubernetesMonitors":            "/observability/kubernetes-monitors{/id}",
	"Interruptions":                 "/interruptions{/id}{?skip,take,regarding,pendingOnly,ids}",
	"LibraryVariables":              "/libraryvariablesets{/id}{?skip,contentType,take,ids,partialName}",
	"Lifecycles":                    "/lifecycles{/id}{?skip,take,ids,partialName}",
	"MachineOperatingSystems":       "/machines/operatingsystem/names/all",
	"MachinePolicies":               "/machinepolicies{/id}{?skip,take,ids,partialName}",
	"MachinePolicyTemplate":         "/machinepolicies/template",
	"MachineRoles":                  "/machineroles/all",
	"MachineShells":                 "/machines/operatingsystem/shells/all",
	"Machines":                      "/machines{/id}{?skip,take,name,ids,partialName,roles,isDisabled,healthStatuses,commStyles,tenantIds,tenantTags,environmentIds,thumbprint,deploymentId,shellNames,deploymentTargetTypes}",
	"PackageDeltaSignature":         "/packages/{packageId}/{version}/delta-signature",
	"PackageDeltaUpload":            "/packages/{packageId}/{baseVersion}/delta{?replace,overwriteMode}",
	"PackageMetadata":               "/package-metadata{/id}{?filter,latest,skip,take,replace,overwriteMode}",
	"PackageNotesList":              "/packages/notes{?packageIds}",
	"PackageUpload":                 "/packages/raw{?replace,overwriteMode}",
	"Packages":                      "/packages{/id}{?nuGetPackageId,filter,latest,skip,take,includeNotes}",
	"PackagesBulk":                  "/packages/bulk{?ids}",
	"ProjectGroups":                 "/projectgroups{/id}{?skip,take,ids,partialName}",
	"ProjectPulse":                  "/projects/pulse{?projectIds}",
	"ProjectTriggers":               "/projecttriggers{/id}{?skip,take,ids,runbooks}",
	"Projects":                      "/projects{/id}{?name,skip,ids,clone,take,partialName,clonedFromProjectId}",
	"ProjectsExperimentalSummaries": "/projects/experimental/summaries{?ids}",
	"Proxies":                       "/proxies{/id}{?skip,take,ids,partialName}",
	"Releases":                      "/releases{/id}{?skip,ignoreChannelRules,take,ids}",
	"RetentionPolicies":             "/retentionpolicies{/id}{?RetentionType}",
	"RunbookProcesses":              "/runbookProcesses{/id}{?skip,take,ids}",
	"RunbookRuns":                   "/runbookRuns{/id}{?skip,take,ids,projects,environments,tenants,runbooks,taskState,partialName}",
	"RunbookSnapshots":              "/runbookSnapshots{/id}{?skip,take,ids,publish}",
	"Runbooks":                      "/runbooks{/id}{?skip,take,ids,partialName,clone,projectIds}",
	"ScheduledProjectTriggers":      "/scheduledprojecttriggers{/id}{?skip,take,ids}",
	"SpaceSearch":                   "/search{?keyword}",
	"Subscriptions":                 "/subscriptions{/id}{?skip,take,ids,partialName,spaces}",
	"TagSetSortOrder":               "/tagsets/sortorder",
	"TagSets":                       "/tagsets{/id}{?skip,take,ids,partialName}",
	"TenantTagTest":                 "/tenants/tag-test{?tenantIds,tags}",
	"TenantVariables":               "/tenantvariables/all{?projectId}",
	"Tenants":                       "/tenants{/id}{?skip,projectId,name,tags,take,ids,clone,partialName,clonedFromTenantId}",
	"TenantsMissingVariables":       "/tenants/variables-missing{?tenantId,projectId,environmentId,includeDetails}",
	"TenantsStatus":                 "/tenants/status",
	"Triggers":                      "/projecttriggers{/id}{?skip,take,ids,runbooks}",
	"UserOnboarding":                "/useronboarding",
	"VariableNames":                 "/variables/names{?project,runbook,projectEnvironmentsFilter}",
	"VariablePreview":               "/variables/preview{?project,runbook,environment,channel,tenant,action,machine,role}",
	"Variables":                     "/variables{/id}{?ids}",
	"VersionRuleTest":               "/channels/rule-test{?version,versionRange,preReleaseTag,feetType}",
	"WorkerOperatingSystems":        "/workers/operatingsystem/names/all",
	"WorkerPoolSortOrder":           "/workerpools/sortorder",
	"WorkerPools":                   "/workerpools{/id}{?name,skip,ids,take,partialName}",
	"WorkerPoolsDynamicWorkerTypes": "/workerpools/dynamicworkertypes",
	"WorkerPoolsSortOrder":          "/workerpools/sortorder",
	"WorkerPoolsSummary":            "/workerpools/summary{?ids,partialName,machinePartialName,isDisabled,healthStatuses,commStyles,hideEmptyWorkerPools,shellNames}",
	"WorkerPoolsSupportedTypes":     "/workerpools/supportedtypes",
	"WorkerShells":                  "/workers/operatingsystem/shells/all",
	"Workers":                       "/workers{/id}{?skip,take,name,ids,partialName,isDisabled,healthStatuses,commStyles,workerPoolIds,thumbprint,shellNames}",
}

// links adds those of the table whose paths have a route.
func (a *API) links(into map[string]string, table map[string]string, base string, routes *node) {
	for name, path := range table {
		plain := path
		if cut := strings.Index(plain, "{?"); cut >= 0 {
			plain = plain[:cut]
		}
		plain = strings.NewReplacer("{/id}", "", "{/userId}", "").Replace(plain)
		at, params := routes.find(strings.Split(strings.Trim(plain, "/"), "/"), nil)
		if at != nil && allPlaceholders(params) {
			into[name] = base + path
		}
	}
}

// allPlaceholders reports whether what a link gives for a route's parameters is
// to be filled in. What is not would be taken for the id of a document, as
// "register" at /users/{id}, and the link would lead nowhere.
func allPlaceholders(params []string) bool {
	for i := 1; i < len(params); i += 2 {
		if !strings.HasPrefix(params[i], "{") {
			return false
		}
	}
	return true
}
