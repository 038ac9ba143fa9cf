package main

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/takodeploy/tako/e2e/rest"
)

const space = "/api/Spaces-1"

func id(o rest.Object) string {
	s, _ := o["Id"].(string)
	return s
}

// first gives the first object of a list.
func (d *demo) first(path string) (rest.Object, error) {
	page, err := d.c.Get(path)
	if err != nil {
		return nil, err
	}
	items, _ := page["Items"].([]any)
	if len(items) == 0 {
		return nil, fmt.Errorf("%s is empty", path)
	}
	o, _ := items[0].(rest.Object)
	return o, nil
}

func (d *demo) describe() error {
	d.environments = map[string]string{}
	for _, name := range []string{"Development", "Production"} {
		e, err := d.c.Post(space+"/environments", rest.Object{"Name": name})
		if err != nil {
			return err
		}
		d.environments[name] = id(e)
	}
	lifecycle, err := d.c.Post(space+"/lifecycles", rest.Object{"Name": "Standard", "Phases": []rest.Object{
		{"Name": "Development", "OptionalDeploymentTargets": []string{d.environments["Development"]}},
		{"Name": "Production", "OptionalDeploymentTargets": []string{d.environments["Production"]}},
	}})
	if err != nil {
		return err
	}
	fmt.Println("   lifecycle Standard: Development, then Production, which takes a release once it has succeeded in Development")
	account, err := d.c.Post(space+"/accounts", rest.Object{"Name": "deploy", "AccountType": "SshKeyPair", "Username": d.machines[0].User,
		"PrivateKeyFile": rest.Object{"HasValue": true, "NewValue": base64.StdEncoding.EncodeToString([]byte(d.machines[0].PrivateKey))}})
	if err != nil {
		return err
	}
	if err := d.targets(id(account)); err != nil {
		return err
	}
	group, err := d.first(space + "/projectgroups?take=1")
	if err != nil {
		return err
	}
	project, err := d.c.Post(space+"/projects", rest.Object{"Name": "Acme Web", "ProjectGroupId": id(group), "LifecycleId": id(lifecycle)})
	if err != nil {
		return err
	}
	d.project = id(project)
	if err := d.variables(); err != nil {
		return err
	}
	return d.process()
}

// targets registers the three machines: each sshd has its own key pair.
func (d *demo) targets(account string) error {
	for i, m := range d.machines {
		use := account
		if i > 0 {
			a, err := d.c.Post(space+"/accounts", rest.Object{"Name": fmt.Sprintf("deploy-%d", i+1), "AccountType": "SshKeyPair", "Username": m.User,
				"PrivateKeyFile": rest.Object{"HasValue": true, "NewValue": base64.StdEncoding.EncodeToString([]byte(m.PrivateKey))}})
			if err != nil {
				return err
			}
			use = id(a)
		}
		_, err := d.c.Post(space+"/machines", rest.Object{"Name": fmt.Sprintf("web-%d", i+1), "Roles": []string{"web"},
			"EnvironmentIds": []string{d.environments["Development"], d.environments["Production"]},
			"Endpoint":       rest.Object{"CommunicationStyle": "Ssh", "AccountId": use, "Host": m.Host, "Port": m.Port, "Fingerprint": m.Fingerprint, "DotNetCorePlatform": "linux-x64"}})
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) variables() error {
	set, err := d.c.Get(space + "/variables/variableset-" + d.project)
	if err != nil {
		return err
	}
	set["Variables"] = []rest.Object{
		{"Name": "Greeting", "Value": "Hello from Development", "Type": "String", "Scope": rest.Object{"Environment": []string{d.environments["Development"]}}},
		{"Name": "Greeting", "Value": "Hello from Production", "Type": "String", "Scope": rest.Object{"Environment": []string{d.environments["Production"]}}},
		{"Name": "Database:Password", "Value": "s3cret-" + random(5), "Type": "Sensitive", "IsSensitive": true, "Scope": rest.Object{}},
	}
	_, err = d.c.Put(space+"/variables/variableset-"+d.project, set)
	return err
}

func (d *demo) process() error {
	feed, err := d.first(space + "/feeds?feedType=BuiltIn&take=1")
	if err != nil {
		return err
	}
	p, err := d.c.Get(space + "/projects/" + d.project + "/deploymentprocesses")
	if err != nil {
		return err
	}
	step := func(name string, properties rest.Object, action rest.Object) rest.Object {
		action["Name"] = name
		return rest.Object{"Name": name, "Condition": "Success", "StartTrigger": "StartAfterPrevious", "Properties": properties, "Actions": []rest.Object{action}}
	}
	p["Steps"] = []rest.Object{
		step("Say what is coming", rest.Object{}, rest.Object{"ActionType": "Octopus.Script", "Properties": rest.Object{
			"Octopus.Action.RunOnServer": "true", "Octopus.Action.Script.ScriptSource": "Inline", "Octopus.Action.Script.Syntax": "Bash",
			"Octopus.Action.Script.ScriptBody": "echo \"Release $(get_octopusvariable Octopus.Release.Number) goes to $(get_octopusvariable Octopus.Environment.Name)\"\n" +
				"write_highlight \"$(get_octopusvariable Greeting)\"\necho \"the password is $(get_octopusvariable Database:Password)\"\n" +
				"set_octopusvariable Started \"$(date -u +%FT%TZ)\"\n"}}),
		step("Install Acme.Web", rest.Object{"Octopus.Action.TargetRoles": "web", "Octopus.Action.MaxParallelism": "1"}, rest.Object{"ActionType": "Octopus.TentaclePackage",
			"Packages": []rest.Object{{"Name": "", "PackageId": "Acme.Web", "FeedId": id(feed), "AcquisitionLocation": "Server", "Properties": rest.Object{}}},
			"Properties": rest.Object{
				"Octopus.Action.EnabledFeatures":                                                   "Octopus.Features.SubstituteInFiles,Octopus.Features.JsonConfigurationVariables,Octopus.Features.CustomDirectory",
				"Octopus.Action.Package.CustomInstallationDirectory":                               "#{Octopus.Tentacle.Agent.ApplicationDirectoryPath}/../www/#{Octopus.Environment.Name}",
				"Octopus.Action.Package.CustomInstallationDirectoryShouldBePurgedBeforeDeployment": "True",
				"Octopus.Action.SubstituteInFiles.TargetFiles":                                     "*.html",
				"Octopus.Action.Package.JsonConfigurationVariablesTargets":                         "appsettings.json",
			}}),
		step("Approve", rest.Object{}, rest.Object{"ActionType": "Octopus.Manual", "Properties": rest.Object{
			"Octopus.Action.Manual.Instructions": "Look at the pages, then proceed.", "Octopus.Action.Manual.BlockConcurrentDeployments": "False", "Octopus.Action.RunOnServer": "false"}}),
		step("Check the machines", rest.Object{"Octopus.Action.TargetRoles": "web"}, rest.Object{"ActionType": "Octopus.HealthCheck", "Properties": rest.Object{
			"Octopus.Action.HealthCheck.Type": "FullHealthCheck", "Octopus.Action.HealthCheck.ErrorHandling": "TreatExceptionsAsErrors",
			"Octopus.Action.HealthCheck.IncludeMachinesInDeployment": "DoNotAlterMachines", "Octopus.Action.RunOnServer": "false"}}),
	}
	_, err = d.c.Put(space+"/projects/"+d.project+"/deploymentprocesses", p)
	return err
}

func (d *demo) push() error {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range map[string]string{
		"index.html":       "<h1>#{Greeting}</h1>\n<p>release #{Octopus.Release.Number} on #{Octopus.Machine.Name}</p>\n",
		"appsettings.json": "{\n  \"Database\": {\n    \"Host\": \"localhost\",\n    \"Password\": \"\"\n  }\n}\n",
		"PostDeploy.sh":    "echo \"installed $(get_octopusvariable Octopus.Action.Package.PackageVersion) on $(get_octopusvariable Octopus.Machine.Name)\"\n",
	} {
		f, err := z.Create(name)
		if err != nil {
			return err
		}
		if _, err := f.Write([]byte(text)); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	p, err := d.c.Upload(space+"/packages/raw?overwriteMode=OverwriteExisting", "Acme.Web.1.0.0.zip", b.Bytes())
	if err != nil {
		return err
	}
	fmt.Printf("   %v %v, %v bytes\n", p["PackageId"], p["Version"], p["PackageSizeBytes"])
	return nil
}

func (d *demo) deploy(environment string) error {
	if d.release == "" {
		r, err := d.c.Post(space+"/releases/create/v1", rest.Object{"SpaceIdOrName": "Spaces-1", "ProjectName": "Acme Web", "PackageVersion": "1.0.0"})
		if err != nil {
			return err
		}
		d.release, _ = r["ReleaseVersion"].(string)
		fmt.Println("   release", d.release)
	}
	made, err := d.c.Post(space+"/deployments/create/untenanted/v1", rest.Object{"SpaceIdOrName": "Spaces-1", "ProjectName": "Acme Web",
		"ReleaseVersion": d.release, "EnvironmentNames": []string{environment}})
	if err != nil {
		return err
	}
	tasks, _ := made["DeploymentServerTasks"].([]any)
	if len(tasks) != 1 {
		return fmt.Errorf("%d tasks were made instead of one", len(tasks))
	}
	task, _ := tasks[0].(rest.Object)["ServerTaskId"].(string)
	if err := d.approve(task); err != nil {
		return err
	}
	done, err := d.c.Until("/api/tasks/"+task, 2*time.Minute, func(o rest.Object) bool { return o["IsCompleted"] == true })
	if err != nil {
		return err
	}
	var log string
	if err := d.c.Do("GET", "/api/tasks/"+task+"/raw", nil, &log); err != nil {
		return err
	}
	for _, line := range strings.Split(strings.TrimSpace(log), "\n") {
		fmt.Println("   |", line)
	}
	if done["State"] != "Success" {
		return fmt.Errorf("task %s ended as %v: %v", task, done["State"], done["ErrorMessage"])
	}
	fmt.Println("   task", task, "ended with Success")
	return nil
}

// approve plays the person who is asked.
func (d *demo) approve(task string) error {
	path := space + "/interruptions?regarding=" + task + "&pendingOnly=true"
	t, err := d.c.Until("/api/tasks/"+task, 2*time.Minute, func(o rest.Object) bool {
		return o["HasPendingInterruptions"] == true || o["IsCompleted"] == true
	})
	if err != nil {
		return err
	}
	if t["IsCompleted"] == true {
		return nil // its log says why
	}
	asked, err := d.first(path)
	if err != nil {
		return err
	}
	at := space + "/interruptions/" + id(asked)
	if _, err := d.c.Put(at+"/responsible", nil); err != nil {
		return err
	}
	fmt.Printf("   the task waits for a person: %v; proceeding\n", asked["Title"])
	_, err = d.c.Post(at+"/submit", rest.Object{"Result": "Proceed", "Notes": "seen in the demo", "Instructions": nil})
	return err
}

func (d *demo) installed() error {
	for i, m := range d.machines {
		for _, environment := range []string{"Development", "Production"} {
			path := filepath.Join(m.Home, ".tako", "www", environment, "index.html")
			page, err := os.ReadFile(path)
			if err != nil {
				return fmt.Errorf("looking at what was installed: %w", err)
			}
			fmt.Printf("   web-%d %-12s %s\n", i+1, environment, strings.ReplaceAll(strings.TrimSpace(string(page)), "\n", " "))
		}
	}
	return nil
}

func (d *demo) farewell() {
	fmt.Printf("\nThe server stays up. Portal:   %s/app\n", d.url)
	fmt.Printf("                     API:      %s/api\n", d.url)
	fmt.Printf("                     User:     admin\n                     Password: %s\n                     API key:  %s\n", d.secret, d.key)
	fmt.Printf("                     Log:      %s\nRunning the demo again starts afresh; make demo-stop ends it.\n", filepath.Join(d.dir, "server.log"))
}
