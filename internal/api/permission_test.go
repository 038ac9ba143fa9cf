package api

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/takodeploy/tako/internal/catalog"
)

// spellings are the paths of the first space.
var spellings = []string{"/api/Spaces-1", "/api/spaces/Spaces-1", "/api"}

func TestAnonymous(t *testing.T) {
	w := newWorld(t)
	before := w.snapshot("")
	anonymous := &client{w.harness, ""}
	for _, r := range w.api.routes.all {
		for _, q := range w.requests(r, spellings...) {
			a := anonymous.ask(q, "")
			if r.Open {
				if a.status >= 500 {
					t.Errorf("%s %s: %d %s", q.method, q.path, a.status, a.body)
				}
				continue
			}
			var p problem
			if err := json.Unmarshal(a.body, &p); a.status != 401 || err != nil || p.ErrorMessage == "" {
				t.Errorf("%s %s: %d %s", q.method, q.path, a.status, a.body)
			}
		}
	}
	for _, path := range []string{"/api/nothing", "/api/Spaces-99/projects", "/api/Spaces-1/nothing"} {
		if a := anonymous.ask(request{method: "GET", path: path}, ""); a.status != 401 {
			t.Errorf("%s tells who is not signed in: %d", path, a.status)
		}
	}
	w.unchanged("", before)
}

// forEveryone are the routes that answer whoever is signed in, and why.
var forEveryone = map[string]string{
	"GET ":                               "the root document, where every client begins",
	"GET capabilities":                   "says what the server is, not what it holds",
	"GET configuration/feature-toggles":  "says what the server is, not what it holds",
	"GET octopusservernodes/ping":        "says that the server is there",
	"GET authentication":                 "how to sign in",
	"GET accounts/azureenvironments":     "facts of the world",
	"GET permissions/all":                "facts of the product",
	"GET M/tasks/tasktypes":              "facts of the product",
	"GET M/events/documenttypes":         "facts of the product",
	"GET M/events/categories":            "the names of sorts of events",
	"GET M/events/groups":                "the names of sorts of events",
	"GET communityactiontemplates":       "facts of the product",
	"GET communityactiontemplates/all":   "facts of the product",
	"GET ui/position":                    "how far the server's trails have come, not what is in them",
	"GET users/me":                       "the caller",
	"GET users/authentication":           "how the caller can sign in",
	"GET teammembership":                 "the caller's own teams",
	"GET serverstatus":                   "says what state the server is in, not what it holds",
	"GET serverstatus/health":            "says what state the server is in, not what it holds",
	"GET serverstatus/timezones":         "facts of the world",
	"GET serverstatus/extensions":        "says what the server is, not what it holds",
	"GET featuresconfiguration":          "what pages show and hide",
	"GET smtpconfiguration/isconfigured": "what pages show and hide",
}

func TestNobody(t *testing.T) {
	w := newWorld(t)
	before := w.snapshot("")
	for _, r := range w.api.routes.all {
		if r.Open || forEveryone[r.Method+" "+r.Pattern] != "" {
			continue
		}
		for _, q := range w.requests(r, spellings...) {
			a := w.nobody.ask(q, "")
			switch {
			case a.status == 403 || a.status == 404 || a.status == 405:
			case a.status == 200 && q.method == "GET" && empty(a):
			default:
				t.Errorf("%s %s: %d %s", q.method, q.path, a.status, a.body)
			}
			w.clean(q, a)
		}
	}
	w.unchanged("", before)
	own := "/api/users/" + w.self
	for _, path := range []string{own, own + "/permissions", own + "/permissions/configuration", own + "/teams", own + "/spaces", own + "/apikeys", "/api/users/me", "/api/teammembership"} {
		w.clean(request{method: "GET", path: path}, w.nobody.ask(request{method: "GET", path: path}, ""))
		w.nobody.get(path)
	}
	me := w.nobody.get(own).(thing)
	me["DisplayName"] = "New"
	w.nobody.put(own, me)
	for member, value := range map[string]any{"Username": "other", "IsActive": false} {
		me := w.nobody.get(own).(thing)
		me[member] = value
		if a := w.nobody.ask(request{method: "PUT", path: own, body: me}, ""); a.status == 200 {
			t.Errorf("nobody changed %s: %s", member, a.body)
		}
	}
	key := w.nobody.post(own+"/apikeys", thing{"Purpose": "mine"})
	w.nobody.delete(own + "/apikeys/" + w.text(key, "Id"))
	w.nobody.refused(404, "GET", own+"/apikeys/"+w.ids["apikeys"], nil)
	w.nobody.refused(404, "DELETE", own+"/apikeys/"+w.ids["apikeys"], nil)
}

// empty reports whether an answer is a list without anything in it.
func empty(a reply) bool {
	if s := strings.TrimSpace(string(a.body)); s == "[]" || s == "{}" {
		return true
	}
	var page struct {
		TotalResults *int
		Items        []any
	}
	return json.Unmarshal(a.body, &page) == nil && page.TotalResults != nil && *page.TotalResults == 0 && len(page.Items) == 0
}

// clean complains of an answer that holds what is private or secret.
func (w *world) clean(q request, a reply) {
	w.Helper()
	text := string(a.body)
	// What the caller asked for by name may come back in an error.
	if a.status >= 400 {
		text = strings.ReplaceAll(text, q.path, "")
		text = strings.ReplaceAll(text, "packages-"+private, "")
		if strings.Contains(fmt.Sprint(q.body), private) { // so may the name of what the caller has sent
			text = strings.ReplaceAll(text, "(of '"+private+"')", "")
		}
	}
	for _, word := range []string{private, sealed, w.key[:40]} {
		if at := strings.Index(text, word); at >= 0 {
			w.Errorf("%s %s: %d tells …%s…", q.method, q.path, a.status, text[max(0, at-80):min(len(text), at+40)])
			return
		}
	}
	if a.status >= 500 {
		w.Errorf("%s %s: %d %s", q.method, q.path, a.status, a.body)
	}
}

// lines gives the lines that one text has and the other has not.
func lines(before, after string) string {
	var changed []string
	a, b := strings.Split(before, "\n"), strings.Split(after, "\n")
	for _, line := range a {
		if !slices.Contains(b, line) {
			changed = append(changed, "- "+line)
		}
	}
	for _, line := range b {
		if !slices.Contains(a, line) {
			changed = append(changed, "+ "+line)
		}
	}
	return strings.Join(changed, "\n")
}

// systemReads are the routes by which a manager of a space may look at what
// belongs to the system.
var systemReads = []string{"users", "userroles", "teammembership", "permissions"}

// TestOtherSpace has the manager of the second space try whatever the first
// holds, in every spelling, and from the second space as well.
func TestOtherSpace(t *testing.T) {
	w := newWorld(t)
	before := w.snapshot("Spaces-1")
	everything := "spaces=Spaces-1&includeSystem=true&regarding=" + w.ids["tasks"] + "&take=1000"
	for _, r := range w.api.routes.all {
		if r.Open || forEveryone[r.Method+" "+r.Pattern] != "" {
			continue
		}
		first, _, _ := strings.Cut(r.Pattern, "/")
		inSystem := first != "S" && first != "M"
		for i, q := range w.requests(r, append(slices.Clone(spellings), "/api/Spaces-2", "/api/spaces/Spaces-2")...) {
			a := w.second.ask(q, "")
			own := strings.Contains(q.path, "Spaces-2")
			if created := own && a.status == 201; !created && (!inSystem || !slices.Contains(systemReads, first)) {
				w.clean(q, a)
			}
			switch {
			case a.status >= 500:
				t.Errorf("%s %s: %d %s", q.method, q.path, a.status, a.body)
			case a.status < 300 && first == "S" && !own:
				t.Errorf("%s %s: %d %s", q.method, q.path, a.status, a.body)
			case a.status < 300 && strings.Contains(r.Pattern, "{id}") && (q.method != "GET" || !inSystem) && !slices.Contains([]string{"userroles"}, first):
				if !(own && known(q.path)) && !empty(a) {
					t.Errorf("%s %s: %d %s", q.method, q.path, a.status, a.body)
				}
			}
			if q.method == "GET" && !inSystem && i >= 0 {
				w.clean(q, w.second.ask(q, everything))
				w.clean(q, w.second.ask(q, "ids="+strings.Join(w.all(), ",")+"&projectId="+w.ids["projects"]+"&keyword="+strings.ToLower(private)))
			}
		}
	}
	w.unchanged("Spaces-1", before)
}

// known reports whether a path names something that every space has.
func known(path string) bool { return strings.Contains(path, "feeds-builtin") }

// all are the ids of all that the first space holds.
func (w *world) all() (ids []string) {
	for _, id := range w.ids {
		if !strings.Contains(id, private) { // else it would come back in links
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// TestOtherSpaceReferences has the manager of the second space create what
// refers to the first.
func TestOtherSpaceReferences(t *testing.T) {
	w := newWorld(t)
	s := w.second
	base := "/api/Spaces-2/"
	group := s.text(s.get(base+"projectgroups"), "Items.0.Id")
	lifecycle := s.text(s.get(base+"lifecycles"), "Items.0.Id")
	env := s.text(s.post(base+"environments", thing{"Name": "Mine"}), "Id")
	project := s.text(s.post(base+"projects", thing{"Name": "Mine", "ProjectGroupId": group, "LifecycleId": lifecycle}), "Id")
	team := s.text(s.post(base+"teams", thing{"Name": "Mine"}), "Id")
	pool := s.text(s.get(base+"workerpools"), "Items.0.Id")
	their := w.ids
	ssh := func(account string) thing {
		return thing{"CommunicationStyle": "Ssh", "Host": "h", "Fingerprint": "SHA256:abc", "AccountId": account}
	}
	for i, c := range []struct {
		path string
		body thing
	}{
		{"projects", thing{"Name": "A", "ProjectGroupId": their["projectgroups"], "LifecycleId": lifecycle}},
		{"projects", thing{"Name": "A", "ProjectGroupId": group, "LifecycleId": their["lifecycles"]}},
		{"projects", thing{"Name": "A", "ProjectGroupId": group, "LifecycleId": lifecycle, "IncludedLibraryVariableSetIds": []string{their["libraryvariablesets"]}}},
		{"projects?clone=" + their["projects"], thing{"Name": "A", "ProjectGroupId": group}},
		{"projects?clone=" + project, thing{"Name": "A", "ProjectGroupId": their["projectgroups"]}},
		{"tenants", thing{"Name": "A", "ProjectEnvironments": map[string][]string{their["projects"]: {their["environments"]}}}},
		{"tenants", thing{"Name": "A", "ProjectEnvironments": map[string][]string{project: {their["environments"]}}}},
		{"tenants", thing{"Name": "A", "TenantTags": []string{private + " tagsets/" + private + " tag"}}},
		{"tenants?clone=" + their["tenants"], thing{"Name": "A"}},
		{"machines", with(tentacle("a", "AA"), "Roles", []string{"x"}, "EnvironmentIds", []string{their["environments"]})},
		{"machines", with(tentacle("a", "AA"), "Roles", []string{"x"}, "EnvironmentIds", []string{env}, "TenantIds", []string{their["tenants"]})},
		{"machines", with(tentacle("a", "AA"), "Roles", []string{"x"}, "EnvironmentIds", []string{env}, "MachinePolicyId", their["machinepolicies"])},
		{"machines", thing{"Name": "a", "Roles": []string{"x"}, "EnvironmentIds": []string{env}, "Endpoint": ssh(their["accounts"])}},
		{"machines", thing{"Name": "a", "Roles": []string{"x"}, "EnvironmentIds": []string{env}, "Endpoint": with(tentacle("a", "AA")["Endpoint"].(thing), "ProxyId", their["proxies"])}},
		{"workers", with(tentacle("a", "AA"), "WorkerPoolIds", []string{their["workerpools"]})},
		{"workers", thing{"Name": "a", "WorkerPoolIds": []string{pool}, "Endpoint": ssh(their["accounts"])}},
		{"lifecycles", thing{"Name": "A", "Phases": []thing{{"Name": "p", "OptionalDeploymentTargets": []string{their["environments"]}}}}},
		{"channels", thing{"Name": "A", "ProjectId": their["projects"]}},
		{"channels", thing{"Name": "A", "ProjectId": project, "LifecycleId": their["lifecycles"]}},
		{"runbooks", thing{"Name": "A", "ProjectId": their["projects"]}},
		{"projecttriggers", thing{"Name": "A", "ProjectId": their["projects"], "Filter": thing{"FilterType": "MachineFilter"}, "Action": thing{"ActionType": "AutoDeploy"}}},
		{"projecttriggers", thing{"Name": "A", "ProjectId": project, "Filter": thing{"FilterType": "MachineFilter", "EnvironmentIds": []string{their["environments"]}}, "Action": thing{"ActionType": "AutoDeploy"}}},
		{"accounts", thing{"Name": "A", "AccountType": "Token", "Token": hidden("x"), "EnvironmentIds": []string{their["environments"]}}},
		{"certificates", thing{"Name": "A", "CertificateData": hidden(w.key), "EnvironmentIds": []string{their["environments"]}}},
		{"artifacts", thing{"Filename": "a", "ServerTaskId": their["tasks"]}},
		{"releases", thing{"ProjectId": their["projects"], "Version": "9.0.0"}},
		{"releases", thing{"ProjectId": project, "Version": "9.0.0", "ChannelId": their["channels"]}},
		{"releases/create/v1", thing{"ProjectName": their["projects"], "ReleaseVersion": "9.0.0"}},
		{"deployments", thing{"ReleaseId": their["releases"], "EnvironmentId": env}},
		{"deployments/create/untenanted/v1", thing{"ProjectName": their["projects"], "ReleaseVersion": "1.0.0", "EnvironmentNames": []string{env}}},
		{"scopeduserroles", thing{"TeamId": their["teams"], "UserRoleId": "userroles-projectviewer"}},
		{"scopeduserroles", thing{"TeamId": "teams-spacemanagers-Spaces-1", "UserRoleId": "userroles-projectviewer"}},
		{"scopeduserroles", thing{"TeamId": team, "UserRoleId": "userroles-projectviewer", "ProjectIds": []string{their["projects"]}}},
		{"deploymentfreezes", thing{"Name": "A", "Start": "2030-01-01T00:00:00Z", "End": "2031-01-01T00:00:00Z", "ProjectEnvironmentScope": map[string][]string{their["projects"]: {their["environments"]}}}},
	} {
		q := request{method: "POST", path: base + c.path, body: c.body}
		a := s.ask(q, "")
		if a.status < 400 || a.status >= 500 {
			t.Errorf("%d: POST %s %v: %d %s", i, q.path, c.body, a.status, a.body)
		}
		if !strings.Contains(fmt.Sprint(c.body), private) {
			w.clean(q, a)
		}
	}
	// A space in the body, against the one of the path.
	for _, path := range []string{"/api/teams", "/api/scopeduserroles", "/api/environments", "/api/tasks"} {
		q := request{method: "POST", path: path, body: thing{"Name": "Intruder", "SpaceId": "Spaces-1", "TeamId": team, "UserRoleId": "userroles-projectviewer"}}
		if a := s.ask(q, ""); a.status < 400 || a.status >= 500 {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	moved := s.get(base + "environments/" + env).(thing)
	moved["SpaceId"] = "Spaces-1"
	if got := s.put(base+"environments/"+env, moved); s.text(got, "SpaceId") != "Spaces-2" {
		t.Errorf("moved: %v", got)
	}
	s.steal(t, w, project, env)
}

// steal types the ids of the first space's account and certificate into
// variables of the second, and has a process write them out.
func (c *client) steal(t *testing.T, w *world, project, env string) {
	base := "/api/Spaces-2/"
	set := c.get(base + "variables/variableset-" + project).(thing)
	set["Variables"] = []thing{{"Name": "A", "Type": "UsernamePasswordAccount", "Value": w.ids["accounts"]}, {"Name": "C", "Type": "Certificate", "Value": w.ids["certificates"]}}
	if a := c.ask(request{method: "PUT", path: base + "variables/variableset-" + project, body: set}, ""); a.status != 200 {
		return // refusing to store it is as good
	}
	process := c.get(base + "deploymentprocesses/deploymentprocess-" + project).(thing)
	process["Steps"] = []thing{{"Name": "Ask", "Actions": []thing{{"Name": "Ask", "ActionType": "Octopus.Manual", "Properties": thing{"Octopus.Action.Manual.Instructions": "#{A.Password} #{C.PrivateKeyPem} #{C.Name}"}}}}}
	c.put(base+"deploymentprocesses/deploymentprocess-"+project, process)
	c.post(base+"releases/create/v1", thing{"ProjectName": project, "ReleaseVersion": "1.0.0"})
	made := c.post(base+"deployments/create/untenanted/v1", thing{"ProjectName": project, "ReleaseVersion": "1.0.0", "EnvironmentNames": []string{env}})
	id := c.text(made, "DeploymentServerTasks.0.ServerTaskId")
	var d any
	soon(t, "the deployment has ended or asks", func() bool {
		d = c.get("/api/tasks/" + id)
		return at(d, "IsCompleted") == true || at(d, "HasPendingInterruptions") == true
	})
	if at(d, "IsCompleted") != true {
		got := fmt.Sprint(c.get(base + "interruptions?regarding=" + id))
		if strings.Contains(got, sealed) || strings.Contains(got, "PRIVATE KEY") || strings.Contains(got, private) {
			c.Errorf("the second space reads secrets of the first: %s", got)
		}
		return
	}
	for _, path := range []string{"/api/tasks/" + id + "/raw", "/api/tasks/" + id + "/details"} {
		q := request{method: "GET", path: path}
		w.clean(q, c.ask(q, ""))
	}
}

// TestRoles samples what built-in roles may do within limits.
func TestRoles(t *testing.T) {
	w := newWorld(t)
	group, lifecycle := w.ids["projectgroups"], w.ids["lifecycles"]
	other := w.text(w.post("/api/Spaces-1/projects", thing{"Name": "Other", "ProjectGroupId": group, "LifecycleId": lifecycle}), "Id")
	process := w.get("/api/Spaces-1/projects/" + other + "/deploymentprocesses").(thing)
	process["Steps"] = []thing{manual}
	w.put("/api/Spaces-1/projects/"+other+"/deploymentprocesses", process)
	w.post("/api/Spaces-1/releases/create/v1", thing{"ProjectName": other, "ReleaseVersion": "1.0.0"})
	dev, prod := w.ids["environments"], w.ids["prod"]
	deploy := func(project, env string) thing {
		return thing{"ProjectName": project, "ReleaseVersion": "1.0.0", "EnvironmentNames": []string{env}}
	}
	const command = "/api/Spaces-1/deployments/create/untenanted/v1"

	t.Run("Project Viewer", func(t *testing.T) {
		v := w.who("userroles-projectviewer", func(s *catalog.ScopedUserRole) { s.ProjectIDs = []string{other} })
		for path, want := range map[string]string{
			"projects": "Other", "projects/all": "Other", "projectgroups/" + group + "/projects": "Other",
			"lifecycles/" + lifecycle + "/projects": "Other", "search?keyword=e": "",
		} {
			got := v.get("/api/Spaces-1/" + path)
			if path == "search?keyword=e" {
				if text := fmt.Sprint(got); strings.Contains(text, w.ids["projects"]) {
					t.Errorf("%s finds %s", path, text)
				}
				continue
			}
			if names := each(got, "Name"); names != want {
				t.Errorf("%s: %s", path, names)
			}
		}
		for _, path := range []string{"releases", "deployments", "tasks", "channels", "runbooks", "artifacts", "interruptions", "deploymentprocesses", "projecttriggers", "dashboard"} {
			if got := v.send("GET", "/api/Spaces-1/"+path, nil, "X-Octopus-ApiKey", v.as); got.status != 200 || strings.Contains(string(got.body), `"ProjectId":"`+w.ids["projects"]+`"`) {
				t.Errorf("%s: %d %s", path, got.status, got.body)
			}
		}
		for _, path := range []string{"projects/" + w.ids["projects"], "releases/" + w.ids["releases"], "releases/" + w.ids["releases"] + "/progression", "deployments/" + w.ids["deployments"],
			"tasks/" + w.ids["tasks"], "tasks/" + w.ids["tasks"] + "/raw", "artifacts/" + w.ids["artifacts"] + "/content", "interruptions/" + w.ids["interruptions"], "variables/" + w.ids["variables"],
			"projects/" + w.ids["projects"] + "/progression", "projects/" + w.ids["projects"] + "/variables", "accounts", "variables/variableset-" + other} {
			v.refused(403, "GET", "/api/Spaces-1/"+path, nil)
		}
		v.refused(403, "POST", command, deploy(other, dev))
		v.refused(403, "POST", "/api/Spaces-1/releases/create/v1", thing{"ProjectName": other, "ReleaseVersion": "2.0.0"})
	})
	t.Run("Deployment Creator", func(t *testing.T) {
		d := w.who("userroles-deploymentcreator", func(s *catalog.ScopedUserRole) { s.EnvironmentIDs = []string{dev} })
		d.refused(403, "POST", command, deploy(other, prod))
		d.refused(403, "POST", "/api/Spaces-1/deployments", thing{"ReleaseId": w.ids["releases"], "EnvironmentId": prod})
		d.post(command, deploy(other, dev))
		if got := each(d.get("/api/Spaces-1/environments"), "Id"); got != dev {
			t.Errorf("sees the environments %s", got)
		}
	})
	t.Run("Environment Viewer", func(t *testing.T) {
		e := w.who("userroles-environmentviewer", func(s *catalog.ScopedUserRole) { s.EnvironmentIDs = []string{prod} })
		if got := each(e.get("/api/Spaces-1/machines"), "Name"); got != "" {
			t.Errorf("sees the machines %s", got)
		}
		e.refused(403, "GET", "/api/Spaces-1/machines/"+w.ids["machines"], nil)
		e.refused(403, "GET", "/api/Spaces-1/machines/"+w.ids["machines"]+"/connection", nil)
		e.refused(403, "GET", "/api/Spaces-1/projects", nil)
		e.refused(403, "DELETE", "/api/Spaces-1/environments/"+prod, nil)
		if got := each(e.get("/api/Spaces-1/environments"), "Id"); got != prod {
			t.Errorf("sees the environments %s", got)
		}
	})
	t.Run("Package Publisher", func(t *testing.T) {
		p := w.who("userroles-packagepublisher", everywhereThere)
		if a := w.push("file", "Some.1.0.0.zip", "", zipOf(t, "a", "b"), "X-Octopus-ApiKey", p.as); a.status != 201 {
			t.Errorf("%d %s", a.status, a.body)
		}
		p.get("/api/Spaces-1/packages")
		p.get("/api/spaces")
		for _, path := range []string{"projects", "environments", "releases", "variables/" + w.ids["variables"], "tasks", "machines", "accounts", "events"} {
			p.refused(403, "GET", "/api/Spaces-1/"+path, nil)
		}
		p.refused(403, "PUT", "/api/Spaces-1/feeds/"+w.ids["feeds"], p.get("/api/Spaces-1/feeds/"+w.ids["feeds"]))
	})
	t.Run("Build Server", func(t *testing.T) {
		b := w.who("userroles-buildserver", everywhereThere)
		if got := each(b.get("/api/spaces"), "Id"); got != "Spaces-1" {
			t.Errorf("sees the spaces %s", got)
		}
		b.post("/api/Spaces-1/releases/create/v1", thing{"ProjectName": other, "ReleaseVersion": "3.0.0"})
		b.post(command, thing{"ProjectName": other, "ReleaseVersion": "3.0.0", "EnvironmentNames": []string{dev}})
		b.refused(403, "GET", "/api/Spaces-1/projects/"+other+"/variables", nil)
		b.refused(403, "POST", "/api/Spaces-1/projects", thing{"Name": "X", "ProjectGroupId": group, "LifecycleId": lifecycle})
		b.refused(403, "POST", "/api/tasks/"+w.ids["tasks"]+"/cancel", nil)
		b.refused(403, "DELETE", "/api/Spaces-1/projects/"+other, nil)
	})
	t.Run("Release Creator", func(t *testing.T) {
		r := w.who("userroles-releasecreator", everywhereThere)
		got := r.get("/api/Spaces-1/releases/" + w.ids["releases"] + "/progression")
		if text := fmt.Sprint(got); strings.Contains(text, w.ids["tasks"]) || strings.Contains(text, w.ids["deployments"]) {
			t.Errorf("sees deployments and tasks: %s", text)
		}
		r.refused(403, "GET", "/api/Spaces-1/releases/"+w.ids["releases"]+"/deployments", nil)
	})
	t.Run("limited to an environment", func(t *testing.T) {
		role := w.role("VariableView", "VariableViewUnscoped", "ProjectView", "EventView")
		v := w.who(role, func(s *catalog.ScopedUserRole) { s.EnvironmentIDs = []string{dev} })
		for _, path := range []string{"variables/" + w.ids["variables"], "variables/all", "variables", "projects/" + w.ids["projects"] + "/variables"} {
			if a := v.send("GET", "/api/Spaces-1/"+path, nil, "X-Octopus-ApiKey", v.as); strings.Contains(string(a.body), private+"InProd") {
				t.Errorf("%s tells a variable of another environment", path)
			}
		}
		for _, path := range []string{"/api/events", "/api/Spaces-1/events", "/api/events?spaces=Spaces-2"} {
			v.refused(403, "GET", path, nil)
		}
	})
}

// everywhereThere limits a role to nothing but its space.
func everywhereThere(*catalog.ScopedUserRole) {}

func TestPermissionsAsCSV(t *testing.T) {
	h := newHarness(t)
	environment := h.make("environments", map[string]any{"Name": "Dev"})[0]
	c := &client{harness: h, as: h.key}
	limited := c.who(c.role("EnvironmentView"), func(r *catalog.ScopedUserRole) { r.EnvironmentIDs = []string{environment} })
	me := at(h.call(200, "GET", "/api/users/me", nil, "X-Octopus-ApiKey", limited.as), "Id").(string)
	for _, key := range []string{h.key, limited.as} {
		set := h.call(200, "GET", "/api/users/"+me+"/permissions", nil, "X-Octopus-ApiKey", key)
		link, _, _ := strings.Cut(at(set, "Links", "Export").(string), "{")
		got := h.send("GET", link, nil, "X-Octopus-ApiKey", key)
		if got.status != 200 || !strings.HasPrefix(string(got.body), "Permission,Space,ProjectGroups,Projects,Environments,Tenants\n") || !strings.Contains(string(got.body), "\nEnvironmentView,Spaces-1,,,"+environment+",\n") {
			t.Errorf("%d %s", got.status, got.body)
		}
	}
	h.call(403, "GET", "/api/users/Users-1/permissions/export", nil, "X-Octopus-ApiKey", limited.as)
}
