package main

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"time"

	"github.com/takodeploy/tako/e2e/rest"
)

const space = "/api/Spaces-1"

type object = rest.Object

func id(o object) string {
	s, _ := o["Id"].(string)
	return s
}

func objects(v any) (all []object) {
	list, _ := v.([]any)
	for _, item := range list {
		if o, ok := item.(object); ok {
			all = append(all, o)
		}
	}
	return all
}

// shape is what a deployment does: on which targets, and whether its unsteady
// step ever succeeds.
type shape struct {
	role    string
	targets []string
	state   string // how it ends
}

// deployment is one that was asked for.
type deployment struct {
	id, task string
	shape    int
}

// furnish makes what the deployments need: five shapes, one on all targets.
func (w *world) furnish() error {
	made, err := w.Post(space+"/environments", object{"Name": "Development"})
	if err != nil {
		return err
	}
	w.env1 = id(made)
	if made, err = w.Post(space+"/lifecycles", object{"Name": "One phase", "Phases": []object{{"Name": "Development", "OptionalDeploymentTargets": []string{w.env1}}}}); err != nil {
		return err
	}
	w.cycle = id(made)
	for path, to := range map[string]*string{"/projectgroups?take=1": &w.group, "/feeds?feedType=BuiltIn&take=1": &w.feed} {
		list, err := w.Get(space + path)
		if err != nil {
			return err
		}
		*to = id(objects(list["Items"])[0])
	}
	whole := shape{role: "all", state: "Failed"}
	for i, s := range w.targets {
		name, role := fmt.Sprintf("web-%d", i+1), fmt.Sprintf("pair-%d", i/2+1)
		key := object{"HasValue": true, "NewValue": base64.StdEncoding.EncodeToString([]byte(s.PrivateKey))}
		account, err := w.Post(space+"/accounts", object{"Name": name, "AccountType": "SshKeyPair", "Username": s.User, "PrivateKeyFile": key})
		if err != nil {
			return err
		}
		_, err = w.Post(space+"/machines", object{"Name": name, "Roles": []string{role, "all"}, "EnvironmentIds": []string{w.env1}, "Endpoint": object{
			"CommunicationStyle": "Ssh", "AccountId": id(account), "Host": s.Host, "Port": s.Port, "Fingerprint": s.Fingerprint, "DotNetCorePlatform": "linux-x64"}})
		if err != nil {
			return err
		}
		if i%2 == 0 {
			w.shapes = append(w.shapes, shape{role: role, state: "Success"})
		}
		last := &w.shapes[len(w.shapes)-1]
		last.targets, whole.targets = append(last.targets, name), append(whole.targets, name)
	}
	w.shapes = append(w.shapes, whole)
	return w.push()
}

// push stores the package that is installed.
func (w *world) push() error {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range map[string]string{"index.html": "<p>#{Octopus.Deployment.Id}</p>\n", "Deploy.sh": w.script("Install", 1)} {
		f, err := z.Create(name)
		if err == nil {
			_, err = f.Write([]byte(text))
		}
		if err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	_, err := w.Upload(space+"/packages/raw", "Acme.Web.1.0.0.zip", b.Bytes())
	return err
}

// script notes in a file that it ran, says lines for some seconds, and sets an
// output variable. The file of a step on a target has one line for each run,
// with the folder that the run was given, which is another for each attempt.
func (w *world) script(step string, weight int) string {
	return fmt.Sprintf(`d="$(get_octopusvariable Octopus.Deployment.Id)"
m="$(get_octopusvariable Octopus.Machine.Name)"
ran="%[1]s/$d.%[2]s.$m"
echo "$PWD" >> "$ran"
i=0
while [ $i -lt %[3]d ]; do i=$((i+1)); echo "%[2]s $m says line $i"; sleep 0.15; done
set_octopusvariable Word "%[2]s-$m-$d"
set_octopusvariable Hidden "hidden-%[2]s-$m-$d" -sensitive
`, w.effects(), step, weight*w.o.lines)
}

// kept makes an artifact.
func kept(step string) string {
	return fmt.Sprintf(`echo "%[1]s on $m in $d" > kept.txt
new_octopusartifact "$PWD/kept.txt" "%[1]s-$m.txt"
echo "%[1]s $m is done"
`, step)
}

// reading is a script that says what the steps before have set.
func reading(s shape) string {
	text := `echo "Prepare says $(get_octopusvariable "Octopus.Action[Prepare].Output.Word")"
[ "$(get_octopusvariable "Octopus.Action[Prepare].Output.Hidden")" = "hidden-Prepare--$d" ] && echo "and what it hides"
`
	for _, step := range []string{"Install", "Work"} {
		for _, t := range s.targets {
			text += fmt.Sprintf(`echo "%[1]s says $(get_octopusvariable "Octopus.Action[%[1]s].Output[%[2]s].Word")"
[ "$(get_octopusvariable "Octopus.Action[%[1]s].Output[%[2]s].Hidden")" = "hidden-%[1]s-%[2]s-$d" ] && echo "and what it hides"
`, step, t)
		}
	}
	return text
}

// unsteady fails: always, or on the first attempt only.
func unsteady(s shape) string {
	if s.state == "Failed" {
		return "exit 7\n"
	}
	return `if [ "$(sort -u "$ran" | wc -l)" -lt 2 ]; then echo "not yet"; exit 7; fi
`
}

func step(name string, of, action object) object {
	action["Name"] = name
	return object{"Name": name, "Condition": "Success", "StartTrigger": "StartAfterPrevious", "Properties": of, "Actions": []object{action}}
}

// bash is a step with a script on the built-in worker, or on a role's targets.
func bash(name, body, role string, more object) object {
	of := object{}
	if role != "" {
		of["Octopus.Action.TargetRoles"] = role
	}
	properties := object{"Octopus.Action.RunOnServer": fmt.Sprint(role == ""), "Octopus.Action.Script.ScriptSource": "Inline",
		"Octopus.Action.Script.Syntax": "Bash", "Octopus.Action.Script.ScriptBody": body}
	maps.Copy(properties, more)
	return step(name, of, object{"ActionType": "Octopus.Script", "Properties": properties})
}

// steps are the six steps of a shape.
func (w *world) steps(s shape) []object {
	final := bash("Final", w.script("Final", 1), "", nil)
	final["Condition"] = "Always"
	return []object{
		bash("Prepare", w.script("Prepare", 1)+kept("Prepare"), "", nil),
		step("Install", object{"Octopus.Action.TargetRoles": s.role, "Octopus.Action.MaxParallelism": "1"}, object{"ActionType": "Octopus.TentaclePackage",
			"Packages":   []object{{"Name": "", "PackageId": "Acme.Web", "FeedId": w.feed, "AcquisitionLocation": "Server", "Properties": object{}}},
			"Properties": object{}}),
		bash("Work", w.script("Work", 1)+kept("Work"), s.role, nil),
		bash("Read", w.script("Read", 1)+reading(s), "", nil),
		bash("Unsteady", w.script("Unsteady", 1)+unsteady(s), "", object{"Octopus.Action.AutoRetry.MaximumCount": "1"}),
		final,
	}
}

// project makes a project of a shape with one release.
func (w *world) project(name string, s shape) error {
	p, err := w.Post(space+"/projects", object{"Name": name, "ProjectGroupId": w.group, "LifecycleId": w.cycle})
	if err != nil {
		return err
	}
	path := space + "/projects/" + id(p) + "/deploymentprocesses"
	process, err := w.Get(path)
	if err != nil {
		return err
	}
	process["Steps"] = w.steps(s)
	if _, err := w.Put(path, process); err != nil {
		return err
	}
	_, err = w.Post(space+"/releases/create/v1", object{"SpaceIdOrName": "Spaces-1", "ProjectName": name, "ReleaseVersion": "1.0.0"})
	return err
}

func (w *world) deploy(project string, shape int, more object) (deployment, error) {
	body := object{"SpaceIdOrName": "Spaces-1", "ProjectName": project, "ReleaseVersion": "1.0.0", "EnvironmentNames": []string{"Development"}}
	maps.Copy(body, more)
	made, err := w.Post(space+"/deployments/create/untenanted/v1", body)
	if err != nil {
		return deployment{}, err
	}
	tasks := objects(made["DeploymentServerTasks"])
	if len(tasks) != 1 {
		return deployment{}, fmt.Errorf("%d tasks were made instead of one", len(tasks))
	}
	d := deployment{shape: shape}
	d.id, _ = tasks[0]["DeploymentId"].(string)
	d.task, _ = tasks[0]["ServerTaskId"].(string)
	return d, nil
}

// deployAll asks for all deployments, each of a project of its own: of one
// project, what waits is given up for what is asked for later.
func (w *world) deployAll(prefix string, n int) ([]deployment, error) {
	var all []deployment
	for i := range n {
		at := i % len(w.shapes[1:]) // all but the last are on few targets
		if i%8 == 7 {
			at = len(w.shapes) - 1
		}
		name := fmt.Sprintf("%s %d", prefix, i)
		if err := w.project(name, w.shapes[at]); err != nil {
			return nil, err
		}
		d, err := w.deploy(name, at, nil)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

// undisturbed runs each shape once in peace and gives its log.
func (w *world) undisturbed() ([]log, error) {
	var all []deployment
	shapes := w.shapes
	if n := w.o.shapes; n > 0 {
		shapes = shapes[:n]
	}
	for i, s := range shapes {
		name := "Calm " + s.role
		if err := w.project(name, s); err != nil {
			return nil, err
		}
		d, err := w.deploy(name, i, nil)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	err := w.until("the undisturbed deployments have ended", 5*time.Minute, func() (bool, error) {
		n, err := w.left()
		return n == 0, err
	})
	if err != nil {
		return nil, err
	}
	var sum tally
	var logs []log
	for _, d := range all {
		l, err := w.log(d)
		if err != nil {
			return nil, err
		}
		logs = append(logs, l)
		if err := w.judge(d, l, &sum); err != nil {
			return nil, err
		}
	}
	if !sum.clean() {
		return nil, fmt.Errorf("even undisturbed: %s: %q", sum, sum.wrong)
	}
	return logs, nil
}

// ran is how often each step runs on each of its places.
func (s shape) ran() map[string]int {
	all := map[string]int{"Prepare.": 1, "Read.": 1, "Unsteady.": 2, "Final.": 1}
	for _, t := range s.targets {
		all["Install."+t], all["Work."+t] = 1, 1
	}
	return all
}

// keeps are the artifacts of a deployment and what is in them.
func (s shape) keeps(deployment string) map[string]string {
	all := map[string]string{"Prepare-.txt": "Prepare on  in " + deployment + "\n"}
	for _, t := range s.targets {
		all["Work-"+t+".txt"] = "Work on " + t + " in " + deployment + "\n"
	}
	return all
}
