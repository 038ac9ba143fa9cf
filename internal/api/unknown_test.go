package api

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// ofSystem are routes of what belongs to the system, in which everybody can see
// that it is there.
var ofSystem = []string{"users", "userroles", "spaces"}

var counter = regexp.MustCompile(`[0-9]+(\D*)$`)

// never is an id of the form of another that nothing ever had.
func never(id string) string {
	if i := strings.LastIndex(id, "packages-"); i >= 0 {
		return "packages-Never.9.9.9"
	}
	return counter.ReplaceAllString(id, "98765432$1")
}

// alike is an answer without what the question has said itself.
func alike(q request, a reply, ids []string) string {
	text := strings.ReplaceAll(string(a.body), q.path, "PATH")
	for _, id := range ids {
		text = strings.ReplaceAll(text, id, "ID")
	}
	return fmt.Sprint(a.status, " ", text)
}

// pairs are the ids of what is in the world, others by the same names that
// nothing has, and all of them.
func (w *world) pairs() (known, unknown map[string]string, ids []string) {
	unknown = map[string]string{}
	for collection, id := range w.ids {
		unknown[collection] = never(id)
		ids = append(ids, id, unknown[collection])
	}
	slices.SortFunc(ids, func(a, b string) int { return len(b) - len(a) }) // some have others in them
	return w.ids, unknown, ids
}

// TestOtherSpaceStaysUnknown has the manager of the second space ask there for
// what the first one has, and for what nobody has: the answers are the same.
//
// Users, roles and spaces are of the system, and the ids of spaces are numbers
// that follow each other.
func TestOtherSpaceStaysUnknown(t *testing.T) {
	w := newWorld(t)
	known, unknown, ids := w.pairs()
	ask := func(r Route, about map[string]string, base string) (all []string) {
		w.ids = about
		defer func() { w.ids = known }()
		for _, q := range w.requests(r, base) {
			if q.method == "PUT" {
				q.body = thing{"Name": "Intruder"} // no stranger could send what is there
			}
			all = append(all, q.method+" "+q.path+": "+alike(q, w.second.ask(q, ""), ids))
		}
		return all
	}
	for _, r := range w.api.routes.all {
		first, _, _ := strings.Cut(r.Pattern, "/")
		if r.Open || slices.Contains(ofSystem, first) || !strings.Contains(r.Pattern, "{") {
			continue
		}
		for _, base := range []string{"/api/Spaces-1", "/api/Spaces-2"} {
			theirs, nobodys := ask(r, known, base), ask(r, unknown, base)
			for i := range theirs {
				_, one, _ := strings.Cut(theirs[i], ": ")
				if _, other, _ := strings.Cut(nobodys[i], ": "); one != other {
					t.Errorf("theirs: %.300s\nnobody's: %.300s", theirs[i], nobodys[i])
				}
			}
		}
	}
}

// TestOtherSpaceReferencesStayUnknown has the manager of the second space name
// what the first one has, and what nobody has, wherever something can be named.
func TestOtherSpaceReferencesStayUnknown(t *testing.T) {
	w := newWorld(t)
	s := w.second
	const base = "/api/Spaces-2/"
	group, lifecycle := s.text(s.get(base+"projectgroups"), "Items.0.Id"), s.text(s.get(base+"lifecycles"), "Items.0.Id")
	env := s.text(s.post(base+"environments", thing{"Name": "Mine"}), "Id")
	project := s.text(s.post(base+"projects", thing{"Name": "Mine", "ProjectGroupId": group, "LifecycleId": lifecycle, "TenantedDeploymentMode": "TenantedOrUntenanted"}), "Id")
	runbook := s.text(s.post(base+"runbooks", thing{"Name": "Mine", "ProjectId": project}), "Id")
	tenant := s.text(s.post(base+"tenants", thing{"Name": "Mine", "ProjectEnvironments": map[string][]string{project: {env}}}), "Id")
	team := s.text(s.post(base+"teams", thing{"Name": "Mine"}), "Id")
	process := s.get(base + "deploymentprocesses/deploymentprocess-" + project).(thing)
	process["Steps"] = []thing{manual}
	s.put(base+"deploymentprocesses/deploymentprocess-"+project, process)
	release := s.text(s.post(base+"releases", thing{"ProjectId": project, "Version": "1.0.0"}), "Id")
	action := func(more thing) thing {
		a := thing{"Name": "Mine", "ActionType": "Octopus.Script", "Properties": thing{"Octopus.Action.Script.ScriptBody": "true", "Octopus.Action.RunOnServer": "true"}}
		for k, v := range more {
			a[k] = v
		}
		doc := s.get(base + "deploymentprocesses/deploymentprocess-" + project).(thing)
		doc["Steps"] = []thing{{"Name": "Mine", "Properties": thing{}, "Actions": []thing{a}}}
		return doc
	}
	variables := func(v thing) thing {
		doc := s.get(base + "variables/variableset-" + project).(thing)
		doc["Variables"] = []thing{v}
		return doc
	}
	trigger := func(filter, act thing) thing {
		return thing{"Name": "Mine", "ProjectId": project, "Filter": filter, "Action": act}
	}
	daily := thing{"FilterType": "OnceDailySchedule", "StartTime": "2030-01-01T00:00:00Z", "DaysOfWeek": []string{"Monday"}, "Timezone": "UTC"}
	at := "deploymentprocesses/deploymentprocess-" + project
	set := "variables/variableset-" + project
	for _, c := range []struct {
		method, path string
		body         func(their map[string]string) any
	}{
		{"PUT", at, func(o map[string]string) any { return action(thing{"WorkerPoolId": o["workerpools"]}) }},
		{"PUT", at, func(o map[string]string) any { return action(thing{"Environments": []string{o["environments"]}}) }},
		{"PUT", at, func(o map[string]string) any {
			return action(thing{"ExcludedEnvironments": []string{o["environments"]}})
		}},
		{"PUT", at, func(o map[string]string) any { return action(thing{"Channels": []string{o["channels"]}}) }},
		{"PUT", at, func(o map[string]string) any {
			return action(thing{"Packages": []thing{{"PackageId": "p", "FeedId": o["feeds"], "AcquisitionLocation": "Server"}}})
		}},
		{"PUT", at, func(o map[string]string) any {
			return action(thing{"Container": thing{"Image": "i", "FeedId": o["feeds"]}})
		}},
		{"PUT", at, func(o map[string]string) any {
			return action(thing{"GitDependencies": []thing{{"Name": "", "RepositoryUri": "https://127.0.0.1:1/x", "DefaultBranch": "main", "GitCredentialType": "Library", "GitCredentialId": o["git-credentials"]}}})
		}},
		{"PUT", at, func(o map[string]string) any {
			return action(thing{"ActionType": "Octopus.Manual", "Properties": thing{"Octopus.Action.Manual.Instructions": "x", "Octopus.Action.Manual.ResponsibleTeamIds": o["teams"]}})
		}},
		{"PUT", at, func(o map[string]string) any {
			return action(thing{"Properties": thing{"Octopus.Action.Template.Id": o["actiontemplates"], "Octopus.Action.Template.Version": "1"}})
		}},
		{"PUT", at, func(o map[string]string) any {
			return action(thing{"ActionType": "Octopus.DeployRelease", "Properties": thing{"Octopus.Action.DeployRelease.ProjectId": o["projects"], "Octopus.Action.DeployRelease.DeploymentCondition": "Always"}})
		}},
		{"PUT", set, func(o map[string]string) any {
			return variables(thing{"Name": "A", "Value": "x", "Scope": thing{"Environment": []string{o["environments"]}}})
		}},
		{"PUT", set, func(o map[string]string) any {
			return variables(thing{"Name": "A", "Value": "x", "Scope": thing{"Machine": []string{o["machines"]}}})
		}},
		{"PUT", set, func(o map[string]string) any {
			return variables(thing{"Name": "A", "Value": "x", "Scope": thing{"Channel": []string{o["channels"]}}})
		}},
		{"PUT", set, func(o map[string]string) any {
			return variables(thing{"Name": "A", "Value": "x", "Scope": thing{"ProcessOwner": []string{o["runbooks"]}}})
		}},
		{"PUT", set, func(o map[string]string) any {
			return variables(thing{"Name": "A", "Value": o["accounts"], "Type": "UsernamePasswordAccount"})
		}},
		{"PUT", set, func(o map[string]string) any {
			return variables(thing{"Name": "A", "Value": o["certificates"], "Type": "Certificate"})
		}},
		{"PUT", set, func(o map[string]string) any {
			return variables(thing{"Name": "A", "Value": o["workerpools"], "Type": "WorkerPool"})
		}},
		{"POST", "projecttriggers", func(o map[string]string) any {
			return trigger(daily, thing{"ActionType": "DeployLatestRelease", "SourceEnvironmentIds": []string{o["environments"]}, "DestinationEnvironmentId": env})
		}},
		{"POST", "projecttriggers", func(o map[string]string) any {
			return trigger(daily, thing{"ActionType": "DeployLatestRelease", "SourceEnvironmentIds": []string{env}, "DestinationEnvironmentId": o["environments"]})
		}},
		{"POST", "projecttriggers", func(o map[string]string) any {
			return trigger(daily, thing{"ActionType": "DeployNewRelease", "EnvironmentId": env, "ChannelId": o["channels"]})
		}},
		{"POST", "projecttriggers", func(o map[string]string) any {
			return trigger(daily, thing{"ActionType": "DeployNewRelease", "EnvironmentId": env, "TenantIds": []string{o["tenants"]}})
		}},
		{"POST", "projecttriggers", func(o map[string]string) any {
			return trigger(daily, thing{"ActionType": "RunRunbook", "RunbookId": o["runbooks"], "EnvironmentIds": []string{env}})
		}},
		{"POST", "projecttriggers", func(o map[string]string) any {
			return trigger(thing{"FilterType": "FeedFilter", "Packages": []thing{{"DeploymentActionSlug": o["projects"]}}}, thing{"ActionType": "CreateRelease", "ChannelId": o["channels"]})
		}},
		{"POST", "subscriptions", func(o map[string]string) any {
			return thing{"Name": "Mine", "EventNotificationSubscription": thing{"WebhookURI": "https://127.0.0.1:1/", "Filter": thing{"Projects": []string{o["projects"]}, "Environments": []string{o["environments"]}, "Users": []string{}}}}
		}},
		{"POST", "subscriptions", func(o map[string]string) any {
			return thing{"Name": "Mine", "EventNotificationSubscription": thing{"EmailTeams": []string{o["teams"]}}}
		}},
		{"POST", "deployments", func(o map[string]string) any { return thing{"ReleaseId": release, "EnvironmentId": o["environments"]} }},
		{"POST", "deployments", func(o map[string]string) any {
			return thing{"ReleaseId": release, "EnvironmentId": env, "TenantId": o["tenants"]}
		}},
		{"POST", "deployments", func(o map[string]string) any {
			return thing{"ReleaseId": release, "EnvironmentId": env, "SpecificMachineIds": []string{o["machines"]}}
		}},
		{"POST", "deployments", func(o map[string]string) any {
			return thing{"ReleaseId": release, "EnvironmentId": env, "ExcludedMachineIds": []string{o["machines"]}}
		}},
		{"POST", "deployments", func(o map[string]string) any {
			return thing{"ReleaseId": release, "EnvironmentId": env, "DeploymentFreezeIds": []string{o["deploymentfreezes"]}, "OverrideReason": "x"}
		}},
		{"POST", "deployments/create/tenanted/v1", func(o map[string]string) any {
			return thing{"ProjectName": "Mine", "ReleaseVersion": "1.0.0", "EnvironmentName": env, "Tenants": []string{o["tenants"]}}
		}},
		{"POST", "releases/" + release + "/deployments/previews", func(o map[string]string) any {
			return thing{"DeploymentPreviews": []thing{{"EnvironmentId": o["environments"]}}}
		}},
		{"POST", "releases/" + release + "/deployments/previews", func(o map[string]string) any {
			return thing{"DeploymentPreviews": []thing{{"EnvironmentId": env, "TenantId": o["tenants"]}}}
		}},
		{"POST", "runbookRuns", func(o map[string]string) any { return thing{"RunbookId": o["runbooks"], "EnvironmentId": env} }},
		{"POST", "runbookRuns", func(o map[string]string) any {
			return thing{"RunbookId": runbook, "RunbookSnapshotId": o["runbooksnapshots"], "EnvironmentId": env}
		}},
		{"POST", "runbookSnapshots", func(o map[string]string) any { return thing{"RunbookId": o["runbooks"], "ProjectId": project} }},
		{"POST", "tasks", func(o map[string]string) any {
			return thing{"Name": "Health", "Arguments": thing{"MachineIds": []string{o["machines"]}}}
		}},
		{"POST", "tasks", func(o map[string]string) any {
			return thing{"Name": "Health", "Arguments": thing{"EnvironmentId": o["environments"]}}
		}},
		{"POST", "tasks", func(o map[string]string) any {
			return thing{"Name": "AdHocScript", "Arguments": thing{"MachineIds": []string{o["machines"]}, "ScriptBody": "true", "Syntax": "Bash"}}
		}},
		{"POST", "machines", func(o map[string]string) any {
			return with(tentacle("Mine", "AA"), "Roles", []string{"x"}, "EnvironmentIds", []string{env}, "Endpoint", thing{"CommunicationStyle": "None", "DefaultWorkerPoolId": o["workerpools"]})
		}},
		{"POST", "machines", func(o map[string]string) any {
			return thing{"Name": "Mine", "Roles": []string{"x"}, "EnvironmentIds": []string{env}, "Endpoint": thing{"CommunicationStyle": "Kubernetes", "ClusterUrl": "https://127.0.0.1:1", "Authentication": thing{"AuthenticationType": "KubernetesStandard", "AccountId": o["accounts"]}, "ClusterCertificate": o["certificates"]}}
		}},
		{"POST", "observability/kubernetes-monitors", func(o map[string]string) any {
			return thing{"InstallationId": "6bb1ae1c-5d3e-4a06-9a3e-3f3d4f1c5a11", "MachineId": o["machines"]}
		}},
		{"POST", "scopeduserroles", func(o map[string]string) any {
			return thing{"TeamId": o["teams"], "UserRoleId": "userroles-projectviewer"}
		}},
		{"POST", "scopeduserroles", func(o map[string]string) any {
			return thing{"TeamId": team, "UserRoleId": "userroles-projectviewer", "EnvironmentIds": []string{o["environments"]}, "ProjectIds": []string{o["projects"]}, "ProjectGroupIds": []string{o["projectgroups"]}, "TenantIds": []string{o["tenants"]}}
		}},
		{"POST", "projects?clone=", func(o map[string]string) any {
			return thing{"Name": "Other", "ProjectGroupId": group, "LifecycleId": o["lifecycles"], "AutoCreateRelease": false}
		}},
		{"PUT", "tenants/" + tenant, func(o map[string]string) any {
			return with(s.get(base+"tenants/"+tenant).(thing), "ProjectEnvironments", map[string][]string{project: {o["environments"]}})
		}},
		{"PUT", "teams/" + team, func(o map[string]string) any {
			return with(s.get("/api/teams/"+team).(thing), "Name", "Mine", "SpaceId", "Spaces-1")
		}},
		{"POST", "tenants/tag-test", func(o map[string]string) any { return thing{} }},
		{"PUT", "environments/sortorder", func(o map[string]string) any { return []string{o["environments"]} }},
		{"POST", "deploymentfreezes", func(o map[string]string) any {
			return thing{"Name": "Mine", "Start": "2030-01-01T00:00:00Z", "End": "2031-01-01T00:00:00Z", "ProjectEnvironmentScope": map[string][]string{o["projects"]: {o["environments"]}}}
		}},
		{"POST", "deploymentfreezes", func(o map[string]string) any {
			return thing{"Name": "Mine", "Start": "2030-01-01T00:00:00Z", "End": "2031-01-01T00:00:00Z", "ProjectEnvironmentScope": map[string][]string{project: {o["environments"]}}}
		}},
		{"POST", "accounts", func(o map[string]string) any {
			return thing{"Name": "Mine", "AccountType": "Token", "Token": hidden("x"), "TenantIds": []string{o["tenants"]}}
		}},
		{"POST", "feeds", func(o map[string]string) any {
			return thing{"Name": "Mine", "FeedType": "NuGet", "FeedUri": "https://127.0.0.1:1/", "PackageAcquisitionLocationOptions": []string{"Server"}, "AccountId": o["accounts"]}
		}},
	} {
		known, unknown, ids := w.pairs()
		var got []string
		for _, about := range []map[string]string{known, unknown} {
			q := request{method: c.method, path: base + c.path, body: c.body(about)}
			a := s.ask(q, "")
			if a.status == 201 && strings.Contains(string(a.body), `"Name":"Mine"`) {
				s.delete(base + c.path + "/" + s.text(a.json(w.harness), "Id"))
			}
			w.clean(q, a)
			answer := alike(q, a, ids)
			if a.status < 300 {
				answer = "it is taken" // with numbers and times of its own
			}
			got = append(got, answer)
		}
		if got[0] != got[1] {
			t.Errorf("%s %s %v\ntheirs:   %.400s\nnobody's: %.400s", c.method, c.path, c.body(known), got[0], got[1])
		}
	}
}
