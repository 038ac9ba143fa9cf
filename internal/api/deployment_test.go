package api

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/takodeploy/tako/internal/catalog"
)

// shop is a project with a process, made through the API.
type shop struct {
	*client
	Project, Dev, Prod string
}

// manual is a step that waits for somebody.
var manual = thing{"Name": "Sign off", "Actions": []thing{{"Name": "Sign off", "ActionType": "Octopus.Manual", "Properties": thing{"Octopus.Action.Manual.Instructions": "Look at #{Octopus.Environment.Name}"}}}}

func newShop(t *testing.T, steps ...thing) *shop {
	s := &shop{client: newClient(t)}
	s.Dev = s.text(s.post("/api/Spaces-1/environments", thing{"Name": "Dev"}), "Id")
	s.Prod = s.text(s.post("/api/Spaces-1/environments", thing{"Name": "Prod"}), "Id")
	lifecycle := s.text(s.get("/api/Spaces-1/lifecycles/default-lifecycle"), "Id")
	group := s.text(s.get("/api/Spaces-1/projectgroups/default-project-group"), "Id")
	s.Project = s.text(s.post("/api/Spaces-1/projects", thing{"Name": "Web shop", "LifecycleId": lifecycle, "ProjectGroupId": group}), "Id")
	process := s.get("/api/Spaces-1/deploymentprocesses/deploymentprocess-" + s.Project).(thing)
	process["Steps"] = steps
	s.put("/api/Spaces-1/deploymentprocesses/deploymentprocess-"+s.Project, process)
	return s
}

// What nothing here carries out is kept in the process, and warned of before it
// fails: in the preview and where the log begins.
func TestUnknownActionTypeIsWarnedOf(t *testing.T) {
	s := newShop(t, thing{"Name": "Odd", "Actions": []thing{{"Name": "Odd", "ActionType": "Acme.Teleport", "Properties": thing{"Acme.Where": "far"}}}}, manual)
	kept := s.get("/api/Spaces-1/deploymentprocesses/deploymentprocess-" + s.Project)
	if s.text(kept, "Steps.0.Actions.0.ActionType") != "Acme.Teleport" {
		t.Error(kept)
	}
	release := s.text(s.post("/api/Spaces-1/releases", thing{"ProjectId": s.Project, "Version": "1.0.0"}), "Id")
	const warning = "Action 'Odd' has the type 'Acme.Teleport', which this server does not know; it will fail when its turn comes."
	preview := s.get("/api/Spaces-1/releases/" + release + "/deployments/preview/" + s.Dev)
	if s.text(preview, "StepsToExecute.0.Warning") != warning || at(preview, "StepsToExecute", 1, "Warning") != nil {
		t.Error(preview)
	}
	s.work()
	task := s.text(s.post("/api/Spaces-1/deployments", thing{"ReleaseId": release, "EnvironmentId": s.Dev}), "TaskId")
	s.until("/api/tasks/"+task, "State", "Failed")
	log := s.send("GET", "/api/tasks/"+task+"/raw", nil, "X-Octopus-ApiKey", s.as)
	if said, failed := strings.Index(string(log.body), warning), strings.Index(string(log.body), "nothing that carries out steps of the type Acme.Teleport"); said < 0 || failed < said {
		t.Errorf("%s", log.body)
	}
}

// Who looks before deploying is told of a freeze that would refuse it at that
// time, by both ways to ask.
func TestPreviewTellsOfFreezes(t *testing.T) {
	s := newShop(t, manual)
	release := s.text(s.post("/api/Spaces-1/releases", thing{"ProjectId": s.Project, "Version": "1.0.0"}), "Id")
	end := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	s.post("/api/deploymentfreezes", thing{"Name": "Holidays", "Description": "Nobody is here", "Start": end.Add(-2 * time.Hour), "End": end,
		"ProjectEnvironmentScope": thing{s.Project: []string{s.Prod}}})
	preview := "/api/Spaces-1/releases/" + release + "/deployments/preview/"
	frozen := s.get(preview + s.Prod)
	until, err := time.Parse(time.RFC3339, s.text(frozen, "Freezes.0.Until"))
	if s.text(frozen, "Freezes.0.Name") != "Holidays" || s.text(frozen, "Freezes.0.Description") != "Nobody is here" || err != nil || !until.Equal(end) {
		t.Error(frozen, err)
	}
	later := end.Add(time.Minute).Format(time.RFC3339)
	for where, path := range map[string]string{"elsewhere": preview + s.Dev, "afterwards": preview + s.Prod + "?queueTime=" + later} {
		if got := at(s.get(path), "Freezes"); len(got.([]any)) != 0 {
			t.Errorf("%s: %v", where, got)
		}
	}
	all := s.want(200, "POST", "/api/Spaces-1/releases/"+release+"/deployments/previews",
		thing{"DeploymentPreviews": []thing{{"EnvironmentId": s.Prod}, {"EnvironmentId": s.Prod, "QueueTime": later}}})
	if at(all, 0, "Freezes", 0, "Name") != "Holidays" || at(all, 1, "Freezes", 0) != nil {
		t.Error(all)
	}
	s.refused(400, "GET", preview+s.Prod+"?queueTime=soon", nil)
}

func TestCommands(t *testing.T) {
	s := newShop(t, manual)
	s.work()
	made := s.post("/api/Spaces-1/releases/create/v1", `{"spaceId":"Spaces-1","projectName":"Web shop","releaseVersion":"1.2.3","releaseNotes":"n","ignoreIfAlreadyExists":true,"unknown":1}`)
	if s.text(made, "ReleaseVersion") != "1.2.3" {
		t.Error(made)
	}
	again := s.want(200, "POST", "/api/Spaces-1/releases/create/v1", thing{"ProjectName": "web-shop", "ReleaseVersion": "1.2.3", "IgnoreIfAlreadyExists": true})
	if s.text(again, "ReleaseId") != s.text(made, "ReleaseId") {
		t.Error(again)
	}
	why := s.refused(400, "POST", "/api/spaces/Spaces-1/deployments/create/untenanted/v1", thing{"ProjectName": "Web shop", "ReleaseVersion": "1.2.3", "EnvironmentNames": []string{"Prod", "Nowhere"}})
	if !strings.Contains(why, "no environment 'Nowhere'") {
		t.Error(why)
	}
	why = s.refused(400, "POST", "/api/deployments/create/untenanted/v1", thing{"ProjectName": "Web shop", "ReleaseVersion": "1.2.3", "EnvironmentNames": []string{"Prod"}})
	if !strings.Contains(why, `first needs a successful deployment to "Dev"`) {
		t.Error(why)
	}
	started := s.post("/api/Spaces-1/deployments/create/untenanted/v1", `{"projectName":"Web shop","releaseVersion":"1.2.3","environmentNames":["dev"],"useGuidedFailure":null,"forcePackageDownload":false,"skipStepNames":[]}`)
	id := s.text(started, "DeploymentServerTasks.0.ServerTaskId")
	running := s.until("/api/tasks/"+id, "HasPendingInterruptions", "true")
	if s.text(running, "State") != "Executing" || s.text(running, "IsCompleted") != "false" || s.text(running, "PendingInterruptionTypes.0") != "ManualIntervention" {
		t.Error(running)
	}
	asked := s.get("/api/Spaces-1/interruptions?regarding=" + id + "&pendingOnly=true")
	question := s.text(asked, "Items.0.Id")
	if s.text(asked, "Items.0.Form.Elements.0.Control.Text") != "Look at Dev" || s.text(asked, "Items.0.CanTakeResponsibility") != "true" {
		t.Error(asked)
	}
	s.want(200, "PUT", "/api/Spaces-1/interruptions/"+question+"/responsible", nil)
	answered := s.want(200, "POST", "/api/Spaces-1/interruptions/"+question+"/submit", thing{"Notes": "fine", "Result": "Proceed", "Instructions": ""})
	if s.text(answered, "IsPending") != "false" {
		t.Error(answered)
	}
	end := s.until("/api/tasks?ids="+id, "Items.0.IsCompleted", "true")
	if s.text(end, "Items.0.FinishedSuccessfully") != "true" || s.text(end, "Items.0.State") != "Success" {
		t.Error(end)
	}
	details := s.get("/api/tasks/" + id + "/details?verbose=true")
	if s.text(details, "ActivityLogs.0.Children.0.Status") != "Success" {
		t.Error(details)
	}
	raw := s.send("GET", "/api/Spaces-1/tasks/"+id+"/raw", nil)
	if !strings.HasPrefix(raw.header.Get("Content-Type"), "text/plain") || !strings.Contains(string(raw.body), "proceeded") {
		t.Errorf("raw log: %s", raw.body)
	}
	s.post("/api/Spaces-1/deployments/create/untenanted/v1", thing{"ProjectName": "Web shop", "ReleaseVersion": "1.2.3", "EnvironmentNames": []string{s.Prod}})
}

func TestReleasesOverHTTP(t *testing.T) {
	s := newShop(t, manual)
	template := s.get("/api/Spaces-1/projects/" + s.Project + "/deploymentprocesses/template?channel=")
	if s.text(template, "NextVersionIncrement") != "0.0.1" {
		t.Error(template)
	}
	channel := s.text(s.get("/api/Spaces-1/projects/"+s.Project+"/channels"), "Items.0.Id")
	made := s.post("/api/Spaces-1/releases", thing{"ProjectId": s.Project, "ChannelId": channel, "Version": "0.0.i"})
	if s.text(made, "Version") == "" || s.text(made, "Assembled") == "<nil>" {
		t.Error(made)
	}
	s.post("/api/Spaces-1/releases", thing{"ProjectId": s.Project, "ChannelId": channel, "Version": "2.0.0-beta+5"})
	id := s.text(made, "Id")
	if got := s.get("/api/Spaces-1/projects/" + s.Project + "/releases/2.0.0-beta+5"); s.text(got, "Version") != "2.0.0-beta+5" {
		t.Error(got)
	}
	if got := s.get("/api/Spaces-1/projects/web-shop/releases?searchByVersion=beta"); s.text(got, "TotalResults") != "1" {
		t.Error(got)
	}
	if got := s.get("/api/Spaces-1/channels/" + channel + "/releases"); s.text(got, "TotalResults") != "2" {
		t.Error(got)
	}
	for _, path := range []string{"/deployments/template", "/progression", "/defects", "/deployments", "/missingpackages", "/deployments/preview/" + s.Dev} {
		s.get("/api/Spaces-1/releases/" + id + path)
	}
	if got := s.get("/api/Spaces-1/releases/" + id + "/progression"); s.text(got, "NextDeployments.0") != s.Dev || s.text(got, "Phases.0.Progress") != "Current" {
		t.Error(got)
	}
	if got := s.get("/api/Spaces-1/releases/" + id + "/deployments/template"); s.text(got, "PromoteTo.0.Name") != "Dev" || s.text(got, "PromoteTo.0.Links.Preview") == "" {
		t.Error(got)
	}
	s.post("/api/Spaces-1/releases/"+id+"/defects", thing{"Description": "broken"})
	if why := s.refused(400, "POST", "/api/Spaces-1/releases/"+id+"/defects", thing{"Description": "again"}); !strings.Contains(why, "already") {
		t.Error(why)
	}
	if got := s.get("/api/Spaces-1/releases/" + id + "/defects"); s.text(got, "Items.0.Status") != "Unresolved" {
		t.Error(got)
	}
	s.want(200, "POST", "/api/Spaces-1/releases/"+id+"/defects/resolve", thing{})
	s.want(200, "POST", "/api/Spaces-1/releases/"+id+"/snapshot-variables", nil)
	previews := s.want(200, "POST", "/api/Spaces-1/releases/"+id+"/deployments/previews", thing{"DeploymentPreviews": []thing{{"EnvironmentId": s.Dev}, {"EnvironmentId": s.Prod}}})
	if s.text(previews, "1.StepsToExecute.0.ActionName") != "Sign off" {
		t.Error(previews)
	}
	deployed := s.post("/api/Spaces-1/deployments", thing{"ReleaseId": id, "EnvironmentId": s.Dev})
	task := s.text(deployed, "TaskId")
	if got := s.get("/api/Spaces-1/deployments?projects=" + s.Project + "&taskState=queued&take=5"); s.text(got, "Items.0.TaskId") != task {
		t.Error(got)
	}
	if got := s.get(s.text(deployed, "Links.Task")); s.text(got, "State") != "Queued" {
		t.Error(got)
	}
	if why := s.refused(409, "DELETE", "/api/Spaces-1/releases/"+id, nil); !strings.Contains(why, "Cancel its task") {
		t.Error(why)
	}
	if got := s.want(200, "POST", "/api/spaces/Spaces-1/tasks/"+task+"/cancel", nil); s.text(got, "State") != "Canceled" {
		t.Error(got)
	}
	again := s.post("/api/tasks/rerun/"+task, thing{})
	if s.text(again, "State") != "Queued" || s.text(again, "Id") == task {
		t.Error(again)
	}
	s.want(200, "POST", "/api/tasks/"+s.text(again, "Id")+"/prioritize", nil)
	if why := s.get("/api/tasks/" + s.text(again, "Id") + "/why"); s.text(why, "Place") != "1" {
		t.Error(why)
	}
	s.get("/api/tasks/" + s.text(again, "Id") + "/queued-behind")
	s.want(200, "POST", "/api/tasks/"+s.text(again, "Id")+"/cancel", thing{})
	if why := s.refused(400, "POST", "/api/tasks/"+task+"/state", thing{"State": "success", "Reason": " "}); !strings.Contains(why, "Reason must say why") {
		t.Error(why)
	}
	if got := s.want(200, "POST", "/api/tasks/"+task+"/state", thing{"State": "success", "Reason": "by hand"}); s.text(got, "FinishedSuccessfully") != "true" {
		t.Error(got)
	}
	s.delete("/api/Spaces-1/releases/" + id)
	s.refused(404, "GET", "/api/tasks/"+task, nil)
}

func TestBoards(t *testing.T) {
	s := newShop(t, manual)
	made := s.post("/api/Spaces-1/releases/create/v1", thing{"ProjectName": "Web shop", "ReleaseVersion": "1.0.0"})
	s.post("/api/Spaces-1/deployments/create/untenanted/v1", thing{"ProjectName": "Web shop", "ReleaseVersion": "1.0.0", "EnvironmentNames": []string{"Dev"}})
	board := s.get("/api/Spaces-1/dashboard")
	if s.text(board, "Items.0.ReleaseVersion") != "1.0.0" || s.text(board, "Items.0.State") != "Queued" || s.text(board, "Projects.0.Id") != s.Project || s.text(board, "Environments.1.Name") != "Prod" {
		t.Error(board)
	}
	s.get("/api/Spaces-1/dashboard/dynamic?projects=" + s.Project + "&environments=" + s.Dev + "&includePrevious=true")
	progress := s.get("/api/Spaces-1/projects/" + s.Project + "/progression")
	if s.text(progress, "Releases.0.Release.Id") != s.text(made, "ReleaseId") || s.text(progress, "Releases.0.Deployments."+s.Dev+".0.ReleaseVersion") != "1.0.0" {
		t.Error(progress)
	}
	config := s.get("/api/Spaces-1/dashboardconfiguration").(thing)
	config["IncludedProjectIds"] = []string{s.Project}
	s.put("/api/Spaces-1/dashboardconfiguration", config)
	if got := s.get("/api/Spaces-1/dashboardconfiguration"); s.text(got, "IncludedProjectIds.0") != s.Project {
		t.Error(got)
	}
}

// A board of some tenants has what is deployed to none only if it is asked for
// that too.
func TestBoardOfTenants(t *testing.T) {
	s := newShop(t, manual)
	shop := s.get("/api/Spaces-1/projects/" + s.Project).(thing)
	shop["TenantedDeploymentMode"] = "TenantedOrUntenanted"
	s.put("/api/Spaces-1/projects/"+s.Project, shop)
	connected := thing{s.Project: []string{s.Dev}}
	release := s.text(s.post("/api/Spaces-1/releases", thing{"ProjectId": s.Project, "Version": "1.0.0"}), "Id")
	deploy := func(tenant string) {
		s.post("/api/Spaces-1/deployments", thing{"ReleaseId": release, "EnvironmentId": s.Dev, "TenantId": tenant})
	}
	var tenants []string
	for _, name := range []string{"Acme", "Bolt"} {
		id := s.text(s.post("/api/Spaces-1/tenants", thing{"Name": name, "ProjectEnvironments": connected}), "Id")
		deploy(id)
		tenants = append(tenants, id)
	}
	deploy("")
	for selected, want := range map[string][]string{
		"":                         {"", tenants[0], tenants[1]},
		tenants[0]:                 {tenants[0]},
		"untenanted":               {""},
		"Untenanted," + tenants[1]: {"", tenants[1]},
	} {
		for _, project := range []string{"", s.Project} {
			board := boardOf(t, s.harness, "/api/Spaces-1/dashboard?projectId="+project+"&selectedTenants="+selected, s.as)
			got := []string{}
			for _, item := range board.Items {
				got = append(got, item.TenantID)
			}
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("selected %q of project %q: %s", selected, project, diff)
			}
		}
	}
}

func TestDeploymentRights(t *testing.T) {
	s := newShop(t, manual)
	s.post("/api/Spaces-1/releases/create/v1", thing{"ProjectName": "Web shop", "ReleaseVersion": "1.0.0"})
	all := s.role("ProjectView", "ReleaseView", "DeploymentView", "DeploymentCreate", "TaskView", "EnvironmentView")
	prod := s.who(all, func(r *catalog.ScopedUserRole) { r.EnvironmentIDs = []string{s.Prod} })
	why := prod.refused(403, "POST", "/api/Spaces-1/deployments/create/untenanted/v1", thing{"ProjectName": "Web shop", "ReleaseVersion": "1.0.0", "EnvironmentNames": []string{"Dev"}})
	if !strings.Contains(why, "DeploymentCreate") {
		t.Error(why)
	}
	prod.refused(403, "POST", "/api/Spaces-1/releases/create/v1", thing{"ProjectName": "Web shop"})
	dev := s.who(all, func(r *catalog.ScopedUserRole) { r.EnvironmentIDs = []string{s.Dev} })
	made := dev.post("/api/Spaces-1/deployments/create/untenanted/v1", thing{"ProjectName": "Web shop", "ReleaseVersion": "1.0.0", "EnvironmentNames": []string{"Dev"}})
	id := s.text(made, "DeploymentServerTasks.0.ServerTaskId")
	dev.get("/api/tasks/" + id)
	prod.refused(403, "GET", "/api/tasks/"+id, nil)
	dev.refused(403, "POST", "/api/tasks/"+id+"/cancel", nil)
	if got := prod.get("/api/tasks"); s.text(got, "TotalResults") != "0" {
		t.Error(got)
	}
	if got := dev.get("/api/Spaces-1/tasks"); s.text(got, "TotalResults") != "1" {
		t.Error(got)
	}
}

func TestArtifactsOverHTTP(t *testing.T) {
	s := newShop(t, manual)
	made := s.post("/api/Spaces-1/artifacts", thing{"Filename": "report.txt", "ServerTaskId": ""})
	id := s.text(made, "Id")
	content := strings.Repeat("0123456789", 1000)
	s.want(200, "PUT", "/api/Spaces-1/artifacts/"+id+"/content", content)
	got := s.send("GET", s.text(made, "Links.Content"), nil)
	if string(got.body) != content || !strings.Contains(got.header.Get("Content-Disposition"), "report.txt") {
		t.Errorf("got %d bytes, %v", len(got.body), got.header)
	}
	if got := s.get("/api/Spaces-1/artifacts?partialName=report"); s.text(got, "TotalResults") != "1" {
		t.Error(got)
	}
	s.delete("/api/Spaces-1/artifacts/" + id)
	s.refused(404, "GET", "/api/Spaces-1/artifacts/"+id+"/content", nil)
}

func TestTasksCanBeStarted(t *testing.T) {
	s := newShop(t, manual)
	made := s.post("/api/tasks", thing{"Name": "health", "SpaceId": "Spaces-1", "Arguments": thing{"Timeout": "00:05:00"}})
	if s.text(made, "Name") != "Health" || s.text(made, "SpaceId") != "Spaces-1" || s.text(made, "Arguments.Timeout") != "00:05:00" {
		t.Error(made)
	}
	if why := s.refused(400, "POST", "/api/Spaces-1/tasks", thing{"Name": "Deploy"}); !strings.Contains(why, "the tasks that can be started are") {
		t.Error(why)
	}
}

func TestPromptsOverHTTP(t *testing.T) {
	s := newShop(t, manual)
	set := s.get("/api/Spaces-1/variables/variableset-" + s.Project).(thing)
	set["Variables"] = []thing{
		{"Name": "Reason", "Value": "none", "Type": "String", "Prompt": thing{"Label": "Why", "Required": true, "DisplaySettings": thing{"Octopus.ControlType": "SingleLineText"}}},
		{"Name": "Pin", "Type": "Sensitive", "Prompt": thing{"Label": "A pin", "Required": true}},
	}
	s.put("/api/Spaces-1/variables/variableset-"+s.Project, set)
	s.post("/api/Spaces-1/releases/create/v1", thing{"ProjectName": "Web shop", "ReleaseVersion": "1.0.0"})
	id := s.text(s.get("/api/Spaces-1/projects/"+s.Project+"/releases/1.0.0"), "Id")
	preview := s.get("/api/Spaces-1/releases/" + id + "/deployments/preview/" + s.Dev)
	if s.text(preview, "Form.Elements.0.Control.Name") != "Pin" || s.text(preview, "Form.Elements.1.Control.Type") != "VariableValue" ||
		s.text(preview, "Form.Elements.1.Control.DisplaySettings.Octopus") == "" || s.text(preview, "StepsToExecute.0.CanBeSkipped") != "true" {
		t.Error(preview)
	}
	command := thing{"ProjectName": "Web shop", "ReleaseVersion": "1.0.0", "EnvironmentNames": []string{"Dev"}}
	if why := s.refused(400, "POST", "/api/Spaces-1/deployments/create/untenanted/v1", command); !strings.Contains(why, `"A pin"`) {
		t.Error(why)
	}
	command["variables"] = thing{"Pin": "hunter22", "Nonsense": "x"}
	if why := s.refused(400, "POST", "/api/Spaces-1/deployments/create/untenanted/v1", command); !strings.Contains(why, "'Nonsense' is not a prompted variable") {
		t.Error(why)
	}
	command["variables"] = thing{"Pin": "hunter22"}
	made := s.post("/api/Spaces-1/deployments/create/untenanted/v1", command)
	deployment := s.send("GET", "/api/Spaces-1/deployments/"+s.text(made, "DeploymentServerTasks.0.DeploymentId"), nil)
	manifest := s.send("GET", s.text(deployment.json(s.harness), "Links.Variables"), nil)
	if manifest.status != 200 || strings.Contains(string(deployment.body)+string(manifest.body), "hunter22") || !strings.Contains(string(deployment.body), "none") {
		t.Errorf("%s\n%d %s", deployment.body, manifest.status, manifest.body)
	}
}

func TestScheduledOverHTTP(t *testing.T) {
	s := newShop(t, manual)
	s.post("/api/Spaces-1/releases/create/v1", thing{"ProjectName": "Web shop", "ReleaseVersion": "1.0.0"})
	at := time.Now().Add(time.Hour)
	command := thing{"projectName": "Web shop", "releaseVersion": "1.0.0", "environmentNames": []string{"Dev"}, "runAt": at.Format(time.RFC3339), "noRunAfter": at.Add(time.Minute).Format(time.RFC3339)}
	id := s.text(s.post("/api/Spaces-1/deployments/create/untenanted/v1", command), "DeploymentServerTasks.0.ServerTaskId")
	got := s.get("/api/tasks/" + id)
	if !strings.Contains(s.text(got, "Why"), "It is scheduled for") || s.text(got, "QueueTimeExpiry") == "<nil>" || s.text(got, "EstimatedRemainingQueueDurationSeconds") == "0" {
		t.Error(got)
	}
	if why := s.get("/api/tasks/" + id + "/why"); !strings.Contains(s.text(why, "Sentences.0"), "It is scheduled for") {
		t.Error(why)
	}
	command["runAt"] = "tomorrow"
	if why := s.refused(400, "POST", "/api/Spaces-1/deployments/create/untenanted/v1", command); !strings.Contains(why, "tomorrow") {
		t.Error(why)
	}
}

// A project is not deleted under a deployment that still needs it.
func TestBusyProjectStays(t *testing.T) {
	s := newShop(t, manual)
	channel := s.text(s.get("/api/Spaces-1/projects/"+s.Project+"/channels"), "Items.0.Id")
	release := s.text(s.post("/api/Spaces-1/releases", thing{"ProjectId": s.Project, "ChannelId": channel, "Version": "1.0.0"}), "Id")
	task := s.text(s.post("/api/Spaces-1/deployments", thing{"ReleaseId": release, "EnvironmentId": s.Dev}), "TaskId")
	if why := s.refused(409, "DELETE", "/api/Spaces-1/projects/"+s.Project, nil); !strings.Contains(why, task) {
		t.Error(why)
	}
	s.want(200, "POST", "/api/tasks/"+task+"/cancel", nil)
	s.delete("/api/Spaces-1/projects/" + s.Project)
}
