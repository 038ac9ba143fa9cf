package journey

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// giveaway is a script that says values in every way that scripts know.
func giveaway(names ...string) string {
	var b strings.Builder
	b.WriteString(`tell() {
  local s="$1" n=$(( ${#1} / 2 ))
  echo "whole: $s"
  echo "whole, to standard error: $s" >&2
  printf '%s' "${s:0:n}"
  printf '%s\n' "${s:n}"
  printf '%s' "${s:0:n}" >&2
  printf '%s' "${s:n}" >&2
  printf '\n' >&2
  for c in $(seq 0 $(( ${#s} - 1 ))); do printf '%s' "${s:c:1}"; done; echo
  printf '%065526d%s\n' 0 "$s"
  printf 'no end of line: %s' "$s"
  echo
  write_verbose "$s"; write_warning "$s"; write_highlight "$s"; write_wait "$s"
  update_progress 50 "getting on with $s"
  echo "##octopus[$s]"
  echo "##octopus[unknown a='$s']"
  echo "##octopus[stdout-$s]"
  case "$s" in *[!A-Za-z0-9]*) ;; *) (set -x; : "$s") ;; esac # the shell quotes what is awkward, which no mask knows
}
`)
	for i, name := range names {
		fmt.Fprintf(&b, "s=$(get_octopusvariable %q)\n[ -n \"$s\" ] || { echo 'There is no value of %s.'; exit 9; }\ntell \"$s\"\n", name, name)
		fmt.Fprintf(&b, "set_octopusvariable Open%d \"open $s\"\n", i)
	}
	return b.String()
}

// everything says all the variables that there are.
const everything = `
for name in "${!octopus_parameters[@]}"; do echo "$name is ${octopus_parameters[$name]}"; done
env
tr '\0' '\n' < /proc/self/environ
for p in $PPID $(ps -o ppid= -p $PPID 2>/dev/null); do tr '\0' ' ' < /proc/$p/cmdline; done
true
`

// succeed deploys a project whose steps give away what they know.
func (s *story) succeed() {
	s.Helper()
	s.mail, s.output, s.mask = s.note(s.world, "value said to a script"), s.note(s.world, "sensitive output"), s.note(s.world, "masked value")
	s.child()
	outputs := fmt.Sprintf("set_octopusvariable Hidden \"$(cat %[1]s)\" -sensitive\ncat %[1]s; echo\nm=$(cat %[2]s)\necho \"##octopus[mask value='$(encode_servicemessagevalue \"$m\")']\"\necho \"$m\"; echo \"$m\" >&2\nset_octopusvariable Masked \"$m\"\n", s.output, s.mask)
	artifact := "s=$(get_octopusvariable Secret.Project)\necho content > \"kept-$s.txt\"\nnew_octopusartifact \"$PWD/kept-$s.txt\" \"kept-$s.txt\"\nset_octopusvariable \"Name$s\" value\n"
	p := s.project("Leaky", script("Echo", giveaway("Secret.Project", "Secret.Awkward", "Secret.Lines", "Secret.Library", "Secret.Prompted", "Indirect")+everything, ""),
		script("Outputs", outputs+artifact, ""),
		script("Read", giveaway("Octopus.Action[Outputs].Output.Hidden", "Octopus.Action[Echo].Output.Open0")+everything, ""),
		script("Typed", giveaway("Aws.SecretKey", "Azure.Password", "Google.JsonKey", "Login.Password", "Cert.PrivateKeyPem", "Cert.Password", "Cert.Pfx")+everything, ""))
	s.put(space+"/projects/"+p, s.including(p))
	s.variables(p, s.projectVariables()...)
	s.push("Leaky.Web.1.0.0.zip", zipped("settings.json", `{"password": "x", "other": "y"}`, "plain.txt", "#{Secret.Project} #{Secret.Awkward}\n",
		"web.config", `<configuration><appSettings><add key="Secret.Project" value="x"/></appSettings></configuration>`,
		"PreDeploy.sh", giveaway("Secret.Project", "Secret.Awkward"), "PostDeploy.sh", giveaway("Secret.Library", "Secret.Lines")+everything))
	install := s.unpack("Install", "Leaky.Web", "web")
	properties := objects([]any{install["Actions"].([]object)[0]})[0]["Properties"].(object)
	for name, value := range map[string]any{
		"Octopus.Action.EnabledFeatures":                                            "Octopus.Features.SubstituteInFiles,Octopus.Features.JsonConfigurationVariables,Octopus.Features.ConfigurationVariables",
		"Octopus.Action.SubstituteInFiles.TargetFiles":                              "plain.txt",
		"Octopus.Action.Package.JsonConfigurationVariablesTargets":                  "settings.json",
		"Octopus.Action.Package.AutomaticallyUpdateAppSettingsAndConnectionStrings": "True",
		"Leaky.Password": newValue(s.add("property of an action")),
	} {
		properties[name] = value
	}
	process := s.get(space + "/projects/" + p + "/deploymentprocesses")
	steps := append(objects(process["Steps"]), install, script("Remote", giveaway("Secret.Project", "Secret.Awkward")+everything, "web"), s.templated(), s.manual(), s.conditional(), s.deployRelease(),
		given("Given", "#{Secret.Project} '#{Secret.Library}'", "echo \"$1 $2\"; echo '#{Secret.Project}'"), script("Last", everything+"cat "+s.mask+" "+s.output, ""))
	process["Steps"] = steps
	s.put(space+"/projects/"+p+"/deploymentprocesses", process)
	version := s.release("Leaky", object{"ReleaseNotes": "Notes with #{Secret.Project}"})
	s.task = s.deploy("Leaky", version, "Development", object{"Variables": object{"Secret.Prompted": s.add("prompted value"), "Open.Prompted": "anything"}})
	s.asked(s.task)
	// What scripts have made secret stays so in the next life of the server.
	s.kill()
	s.start()
	s.answer(s.task, object{"Result": "Proceed", "Notes": "looks good"})
	s.wait(s.task, "Success")
	s.tells(s.raw(s.task), "whole: ********", "PATH=", "before ******** after ", "kept-********.txt", "******** ********\n", "The service message")
	s.tasks = append(s.tasks, s.task)
}

func (s *story) including(project string) object {
	s.Helper()
	p := s.get(space + "/projects/" + project)
	p["IncludedLibraryVariableSetIds"] = []string{s.library}
	return p
}

func (s *story) projectVariables() []object {
	typed := func(name, kind, value string) object {
		return object{"Name": name, "Value": value, "Type": kind, "Scope": object{}}
	}
	prompted := hidden("Secret.Prompted", s.add("default of a prompted value"))
	prompted["Prompt"] = object{"Label": "A secret", "Required": true, "DisplaySettings": object{"Octopus.ControlType": "Sensitive"}}
	asked := text("Open.Prompted", "")
	asked["Prompt"] = object{"Label": "No secret", "Required": false}
	elsewhere := hidden("Secret.Elsewhere", s.add("variable for another environment"))
	elsewhere["Scope"] = object{"Environment": []string{s.prod}}
	return []object{
		hidden("Secret.Project", s.add("project variable")), hidden("Secret.Awkward", s.awkward("awkward variable")), hidden("Secret.Lines", s.several("variable of several lines")),
		elsewhere, prompted, asked, text("Indirect", "before #{Secret.Project} after #{Secret.Library | ToUpper}"), hidden("password", s.add("structured variable")),
		text("OctopusPrintVariables", "True"), text("OctopusPrintEvaluatedVariables", "True"),
		typed("Aws", "AmazonWebServicesAccount", s.aws), typed("Azure", "AzureAccount", s.azure), typed("Google", "GoogleCloudAccount", s.google),
		typed("Login", "UsernamePasswordAccount", s.keepers.password), typed("Cert", "Certificate", s.keepers.certificate),
	}
}

// templated is a step made from the step template.
func (s *story) templated() object {
	made := script("Templated", giveaway("Template.Secret")+everything, "")
	properties := made["Actions"].([]object)[0]["Properties"].(object)
	properties["Octopus.Action.Template.Id"], properties["Octopus.Action.Template.Version"] = s.template, "0"
	properties["Template.Secret"] = newValue(s.add("parameter of a templated step"))
	made["Properties"] = object{"Step.Secret": newValue(s.add("property of a step"))}
	made["Actions"].([]object)[0]["Inputs"] = object{"password": newValue(s.add("input of a step package"))}
	return made
}

func (s *story) manual() object {
	return step("Approve", object{}, object{"ActionType": "Octopus.Manual", "Properties": object{
		"Octopus.Action.Manual.Instructions": "Compare #{Secret.Project} with #{Octopus.Action[Outputs].Output.Masked} and #{Secret.Library}.", "Octopus.Action.RunOnServer": "false"}})
}

// conditional is a step whose condition is a secret.
func (s *story) conditional() object {
	one := script("Perhaps", "echo it runs", "")
	one["Condition"] = "Variable"
	one["Properties"] = object{"Octopus.Step.ConditionVariableExpression": "#{if Secret.Project == \"x\"}#{Secret.Project}#{/if}#{Secret.Library}"}
	return one
}

// child makes a project that another deploys.
func (s *story) child() {
	s.Helper()
	p := s.project("Child", script("Below", fmt.Sprintf("set_octopusvariable Hidden \"$(cat %s)\" -sensitive\necho \"$(get_octopusvariable FromAbove)\"\n", s.mail), ""))
	s.variables(p, hidden("Secret.Child", s.add("variable of a deployment below another")))
	s.release("Child", object{"ReleaseVersion": "1.0.0"})
}

func (s *story) deployRelease() object {
	child := id(objects(s.get(space + "/projects?partialName=Child")["Items"])[0])
	feed := id(objects(s.get(space + "/feeds?feedType=OctopusProject&take=1")["Items"])[0])
	return step("Below", object{}, object{"ActionType": "Octopus.DeployRelease",
		"Packages": []object{{"Name": "", "PackageId": child, "FeedId": feed, "AcquisitionLocation": "NotAcquired", "Properties": object{}}},
		"Properties": object{"Octopus.Action.DeployRelease.ProjectId": child, "Octopus.Action.DeployRelease.DeploymentCondition": "Always",
			"Octopus.Action.DeployRelease.Variables": `{"FromAbove": "#{Secret.Project} #{Octopus.Action[Outputs].Output.Hidden}"}`}})
}

// given is a script with parameters.
func given(name, parameters, body string) object {
	one := script(name, body, "")
	one["Actions"].([]object)[0]["Properties"].(object)["Octopus.Action.Script.ScriptParameters"] = parameters
	return one
}

// tells checks parts of a text.
func (s *story) tells(text string, parts ...string) {
	s.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			s.Errorf("it does not say %q: %.200q…", part, text)
		}
	}
}

// asked waits until a task asks.
func (s *story) asked(task string) {
	s.Helper()
	s.until(task+" asks", 2*time.Minute, func() bool {
		t := s.get("/api/tasks/" + task)
		if t["IsCompleted"] == true {
			s.Fatalf("%s ended instead of asking: %v\n%.5000s", task, t["ErrorMessage"], s.raw(task))
		}
		return t["HasPendingInterruptions"] == true
	})
}

func (s *story) answer(task string, with object) {
	s.Helper()
	s.asked(task)
	s.get("/api/tasks/" + task + "/details?verbose=true")
	asked := objects(s.get(space + "/interruptions?pendingOnly=true&regarding=" + task)["Items"])[0]
	s.put(space+"/interruptions/"+id(asked)+"/responsible", nil)
	s.post(space+"/interruptions/"+id(asked)+"/submit", with)
}

// stumble deploys steps each of which fails with a secret on its lips.
func (s *story) stumble() {
	s.Helper()
	get := "s=$(get_octopusvariable Secret.Broken)\nt=$(get_octopusvariable Secret.Awkward)\n"
	steps := []object{
		script("Message", get+`fail_step "it failed with $s and $t"`, ""),
		script("Error", get+"echo \"last words $s\" >&2\nexit 3\n", ""),
		script("Shell", get+": ${UNSET_VARIABLE:?without $s}\n", ""),
		script("Command", get+"set -eu\n\"no-such-command-$s\"\n", ""),
		script("On the target", get+`fail_step "it failed with $s and $t"`, "web"),
		script("Unfinished", get+"printf '%s' \"$s\"\nkill -9 $$\n", ""),
		python("Python", "raise Exception('it failed with ' + get_octopusvariable('Secret.Broken') + get_octopusvariable('Secret.Awkward'))"),
		step("Mail", object{}, object{"ActionType": "Octopus.Email", "Properties": object{"Octopus.Action.Email.To": "a@leak.example, #{Secret.Broken}", "Octopus.Action.Email.Subject": "#{Secret.Broken}", "Octopus.Action.Email.Body": "#{Secret.Awkward}"}}),
		step("More mail", object{}, object{"ActionType": "Octopus.Email", "Properties": object{"Octopus.Action.Email.To": "a@leak.example", "Octopus.Action.Email.Subject": "#{Secret.Broken}", "Octopus.Action.Email.Body": "#{Secret.Awkward}"}}),
		s.spoilt(), script("Expression", "echo '#{Secret.Broken | NoSuchFilter}'; cd \"/$(get_octopusvariable Secret.Broken)\" || exit 4", ""),
	}
	for _, one := range steps[1:] {
		one["Condition"] = "Always"
	}
	p := s.project("Broken", steps...)
	s.variables(p, hidden("Secret.Broken", s.add("secret on the lips of failures")), hidden("Secret.Awkward", s.awkward("awkward secret on the lips of failures")))
	task := s.deploy("Broken", s.release("Broken", nil), "Development", object{"UseGuidedFailure": false})
	s.wait(task, "Failed")
	s.tasks = append(s.tasks, task)
	s.tells(s.raw(task), "Fatal    |   it failed with ******** and ********", "last words ********", "without ********", "no-such-command-********", "Info     |   ********\n",
		"Exception: it failed with ****************", `mail address "********"`, "535 \"not with  tako ********\"", "could not be parsed as JSON", "/********: No such file")
}

func python(name, body string) object {
	one := script(name, body, "")
	one["Actions"].([]object)[0]["Properties"].(object)["Octopus.Action.Script.Syntax"] = "Python"
	return one
}

// spoilt deploys a package whose files are no longer what they should be once
// secrets have been put into them.
func (s *story) spoilt() object {
	s.push("Leaky.Spoilt.1.0.0.zip", zipped("settings.json", `{"password": #{Secret.Broken} #{Secret.Awkward}, "other": "y"}`))
	install := s.unpack("Spoilt", "Leaky.Spoilt", "web")
	properties := install["Actions"].([]object)[0]["Properties"].(object)
	properties["Octopus.Action.EnabledFeatures"] = "Octopus.Features.SubstituteInFiles,Octopus.Features.JsonConfigurationVariables"
	properties["Octopus.Action.SubstituteInFiles.TargetFiles"] = "settings.json"
	properties["Octopus.Action.Package.JsonConfigurationVariablesTargets"] = "settings.json"
	return install
}

// guide lets people decide about a failure that names a secret.
func (s *story) guide() {
	s.Helper()
	p := s.project("Guided", script("Fail", `fail_step "guided by $(get_octopusvariable Secret.Guided)"`, ""))
	s.variables(p, hidden("Secret.Guided", s.add("secret in a guided failure")))
	task := s.deploy("Guided", s.release("Guided", nil), "Development", object{"UseGuidedFailure": true})
	s.answer(task, object{"Guidance": "Fail", "Notes": "too bad"})
	t := s.wait(task, "Failed")
	s.tasks = append(s.tasks, task)
	s.tells(fmt.Sprint(t["ErrorMessage"]), "guided by ********")
	told := false
	for _, e := range objects(s.get(space + "/events?take=1000&eventCategories=DeploymentFailed")["Items"]) {
		told = told || strings.Contains(fmt.Sprint(e["Message"], e["Details"]), "guided by ********")
	}
	if !told {
		s.Error("no event tells how the deployment failed")
	}
}

// tenants deploys for a tenant with secrets of its own.
func (s *story) tenants() {
	s.Helper()
	p := s.project("Tenanted", script("Tell", giveaway("Project.Tenant", "Library.Tenant")+everything, ""))
	project := s.including(p)
	project["TenantedDeploymentMode"] = "Tenanted"
	project["Templates"] = []object{{"Name": "Project.Tenant", "DefaultValue": newValue(s.add("default of a project template")), "DisplaySettings": object{"Octopus.ControlType": "Sensitive"}}}
	template := id(objects(s.put(space+"/projects/"+p, project)["Templates"])[0])
	tenant := id(s.post(space+"/tenants", object{"Name": "Ten", "ProjectEnvironments": object{p: []string{s.dev}}}))
	values := s.get(space + "/tenants/" + tenant + "/variables")
	values["ProjectVariables"].(object)[p].(object)["Variables"] = object{s.dev: object{template: newValue(s.add("tenant's value for a project"))}}
	values["LibraryVariables"].(object)[s.library].(object)["Variables"] = object{s.set: newValue(s.add("tenant's value for a library set"))}
	s.put(space+"/tenants/"+tenant+"/variables", values)
	version := s.release("Tenanted", nil)
	made := s.post(space+"/deployments/create/tenanted/v1", object{"SpaceIdOrName": "Spaces-1", "ProjectName": "Tenanted", "ReleaseVersion": version, "EnvironmentName": "Development", "Tenants": []string{"Ten"}})
	task, _ := objects(made["DeploymentServerTasks"])[0]["ServerTaskId"].(string)
	s.wait(task, "Success")
	s.tasks = append(s.tasks, task)
	for _, path := range []string{"/tenantvariables/all", "/tenants/" + tenant + "/commonvariables", "/tenants/" + tenant + "/projectvariables", "/tenants/variables-missing"} {
		s.request("GET", space+path, "", "")
	}
}

// ask asks for all that the server has to say.
func (s *story) ask() {
	s.Helper()
	for _, task := range s.tasks {
		for _, path := range []string{"", "/details?verbose=true", "/details?verbose=true&tail=100000", "/raw", "/why", "/queued-behind"} {
			s.request("GET", "/api/tasks/"+task+path, "", "")
		}
	}
	for _, path := range []string{"/metrics", "/healthz", "/api", "/.well-known/openid-configuration", "/api/events?take=5000&excludeDifference=false", space + "/events?take=5000&excludeDifference=false", space + "/search?keyword=secret",
		space + "/variables/all", space + "/variables/names", space + "/build-information", space + "/packages?take=1000", space + "/environments/" + s.dev + "/singlyScopedVariableDetails"} {
		s.request("GET", path, "", "")
	}
	kinds := []string{"accounts", "actiontemplates", "artifacts", "certificates", "channels", "deployments", "deploymentprocesses", "environments", "events", "feeds", "git-credentials", "interruptions", "libraryvariablesets", "lifecycles", "machines", "machinepolicies", "projects", "projectgroups", "projecttriggers",
		"proxies", "releases", "runbooks", "scopeduserroles", "subscriptions", "tagsets", "tasks", "teams", "tenants", "users", "userroles", "variables", "workers", "workerpools"}
	from := []string{"/api", space}
	for _, k := range kinds {
		from = append(from, space+"/"+k+"?take=2000", space+"/"+k+"/all")
	}
	n := s.recorder.crawl(s.world, from...)
	if n < 300 {
		s.Errorf("the server has only %d addresses", n)
	}
	for _, r := range objects(s.get(space + "/releases?take=100")["Items"]) {
		for _, path := range []string{"/deployments/template", "/deployments/preview/" + s.dev, "/deployments/preview/" + s.prod, "/progression", "/defects", "/missingpackages"} {
			s.request("GET", space+"/releases/"+id(r)+path, "", "")
		}
	}
	// What a job leaves on a machine is forgotten once its end is known.
	s.until("the machines forget the jobs", 2*time.Minute, func() bool {
		return len(s.tickets(s.server.Home)) == 0 && len(s.tickets(filepath.Join(s.data, "worker"))) == 0
	})
}

// tickets lists the folders of jobs that a machine remembers.
func (s *story) tickets(dir string) (names []string) {
	entries, err := os.ReadDir(filepath.Join(dir, ".tako", "work"))
	if err != nil {
		s.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names
}

// expose tries to turn what is sensitive into what is not.
func (s *story) expose() {
	s.Helper()
	p := id(objects(s.get(space + "/projects?partialName=Leaky")["Items"])[0])
	set := s.get(space + "/variables/variableset-" + p)
	for _, v := range objects(set["Variables"]) {
		if v["IsSensitive"] == true {
			v["IsSensitive"], v["Type"] = false, "String"
		}
	}
	s.send("PUT", space+"/variables/variableset-"+p, set)
	t := s.get(space + "/actiontemplates/" + s.template)
	for _, parameter := range objects(t["Parameters"]) {
		parameter["DisplaySettings"] = object{"Octopus.ControlType": "SingleLineText"}
	}
	s.send("PUT", space+"/actiontemplates/"+s.template, t)
	library := s.get(space + "/libraryvariablesets/" + s.library)
	for _, parameter := range objects(library["Templates"]) {
		parameter["DisplaySettings"] = object{"Octopus.ControlType": "SingleLineText"}
	}
	s.send("PUT", space+"/libraryvariablesets/"+s.library, library)
	account := s.get(space + "/accounts/" + s.token)
	account["AccountType"] = "UsernamePassword"
	s.send("PUT", space+"/accounts/"+s.token, account)
	s.send("POST", space+"/projects?clone="+p, object{"Name": "Cloned", "ProjectGroupId": s.group, "LifecycleId": s.lifecycle})
}

// send sends what may be taken or refused.
func (s *story) send(method, path string, body any) {
	s.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		s.Fatal(err)
	}
	s.request(method, path, "application/json", string(text))
}

// excuses are the places that rightly hold a secret.
func (s *story) excuses() []excuse {
	all := []excuse{
		{"an API key", "^the answer 201 to POST /api/users/" + s.user + "/apikeys$", "a key is shown once, when it is made"},
		{"the session's cookie", "^the header Set-Cookie of the answer to POST /api/users/login$", "it is how the browser gets it"},
	}
	for _, name := range []string{"project variable", "awkward variable", "structured variable"} {
		all = append(all, excuse{name, "^the target/.tako/Applications/.*/Leaky.Web/", "its user has put it into the files that are deployed"})
	}
	for _, name := range []string{"secret on the lips of failures", "awkward secret on the lips of failures"} {
		all = append(all, excuse{name, "^the target/.tako/Applications/.*/Leaky.Spoilt/.*/settings.json$", "its user has put it into the file that is deployed"})
	}
	return all
}
